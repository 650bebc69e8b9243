"""What is written in the contracts or stands on every chain that they are deployed on.

A test compares each with where it comes from.
"""

from __future__ import annotations

WAD, RAY = 10**18, 10**27  # D18 and D27: one whole
BPS = 10_000  # basis points in one whole
MAX = 2**256 - 1  # of an unsigned integer
HOUR, DAY = 3_600, 86_400  # seconds
YEAR = 365 * DAY
NEVER = 2**40  # Unix seconds: no block is so late

ZERO = "0x" + "00" * 20
SENTINEL = "0x" + "00" * 19 + "01"  # where a Safe's lists begin and end
BLOCK = 12  # seconds between two blocks

ADMIN, GOVERNOR, GUARDIAN = range(3)  # roles, `Roles.sol`
NOTICE = 16 * DAY  # from an announcement of governance to its execution, `Roles.sol`
RECORDING = 7 * DAY  # after an epoch, for its points to be recorded, `PointsLedger.sol`
CLAIMING = 180 * DAY  # after that, for its pots to be claimed, `PointsLedger.sol`
MAX_COOLDOWN = 14 * DAY  # of a staked token, `StakedToken.sol`
LOCK_COOLDOWN = 14 * DAY  # of locked liquidity, `LpLocker.sol`

HELD, STAKED, LOCKED = 3, 15, 20  # points for a dollar and a day, `PointsMath.sol`
BOOST = 10  # times as many besides where SOSO backs it, `PointsMath.sol`
REFEREE_PART = 20  # a referee gets one part of so many of the own points, `PointsLedger.sol`
SLOTS = 28  # samples of a price in an epoch, `ReferencePrices.sol`

MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
SWAP_ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"  # Uniswap's SwapRouter02
MULTI_SEND = "0x9641d764fc13c8B624c04430C7356C1C7C8102e2"  # Safe's MultiSendCallOnly 1.4.1
CREATE2 = "0x4e59b44847b379578588920cA78FbF26c0B4956C"  # the deployer that makes an address of a salt and code
QUOTER = "0x61fFE014bA17989E743c5F6cB21bF9697530B21e"  # Uniswap's QuoterV2

# keccak256("eip1967.proxy.implementation") - 1
IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
