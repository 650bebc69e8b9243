"""How exact the miniature mainnet is, contract by contract."""

from __future__ import annotations

import json
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from eth_utils import keccak

from forks.addresses import CONTRACTS, FEEDS, TOKENS, USDC_IMPLEMENTATION
from forks.artifacts import MODULES
from ssi.chain.rpc import Rpc


class Exactness(Enum):
    """What a contract's code has to do with mainnet's."""

    HASH = "byte-exact: the code's hash is mainnet's"
    REAL = "the real contract, in a published build that may differ from mainnet's in settings or metadata"
    STANDIN = "a stand-in of our own with the real contract's quirks"


class Checked(NamedTuple):
    """One contract. `hash` is the keccak of its code, `expected` how it must begin if the code is exact."""

    name: str
    address: str
    exactness: Exactness
    hash: str
    expected: str

    @property
    def holds(self) -> bool:
        """There is code, and if it claims to be exact it is."""
        return self.hash != EMPTY and self.hash.startswith(self.expected)


EMPTY = keccak(b"").hex()

# keccak of the code on mainnet, as block explorers and Uniswap's, Maker's and multicall's records have it; the first
# four bytes at least.
_HASHES = MappingProxyType(
    {
        "WETH": "d0a06b12ac47863b5c7be4185c2deaad1c61557033f56c7d4ea74429cbb25e23",
        "UniswapV2Router02": "a324bc7d",
        "UniswapV3Factory": "4d7b8525",
        "NonfungiblePositionManager": "692e658b",
        "SwapRouter02": "6ec798e8",
        "QuoterV2": "06148f47",
        "Permit2": "c67d1657",
        "Multicall3": "d5c15df6",
        "UNI": "deba17f1",
    }
)

_SAFE_RECORDS = MappingProxyType(
    {
        "Safe": "safe",
        "SafeL2": "safe_l2",
        "SafeProxyFactory": "safe_proxy_factory",
        "MultiSend": "multi_send",
        "MultiSendCallOnly": "multi_send_call_only",
        "CompatibilityFallbackHandler": "compatibility_fallback_handler",
    }
)

_STANDINS = frozenset(
    {"USDT", "DAI", "USDS", "sDAI", "sUSDS", "WBTC", "BNB", "SOL", "MKR", "SKY", "SHIB", "PEPE", "FLOKI", "SOSO"}
)


def expected_hashes() -> dict[str, str]:
    """How the hash of every byte-exact contract begins. Those of Safe come from Safe's own record of deployments."""
    records = MODULES / "@safe-global/safe-deployments/dist/assets/v1.4.1"
    safe = {
        name: (
            json.loads((records / f"{file}.json").read_text())["deployments"]["canonical"]["codeHash"].removeprefix(
                "0x"
            )
        )
        for name, file in _SAFE_RECORDS.items()
    }
    return {**_HASHES, **safe}


def check(rpc: Rpc) -> list[Checked]:
    """Every contract at its mainnet address."""
    expected = expected_hashes()
    places = {
        **CONTRACTS,
        **TOKENS,
        "USDC implementation": USDC_IMPLEMENTATION,
        **{f"feed {name}": at for name, at in FEEDS.items()},
    }
    result = []
    for name, address in places.items():
        found = keccak(bytes.fromhex(rpc.call("eth_getCode", address, "latest")[2:])).hex()
        exactness = Exactness.HASH if name in expected else Exactness.STANDIN if name in _STANDINS else Exactness.REAL
        result.append(Checked(name, address, exactness, found, expected.get(name, "")))
    return result
