"""Where things are on Ethereum mainnet: what the parameters of a deployment and `ssi/constants.py` name, and what only
a copy of the chain has besides.

Sources: Uniswap's default token list, Chainlink's list of Ethereum feeds, Uniswap's and Safe's deployment records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ssi import places
from ssi.constants import MULTI_SEND, MULTICALL3, PERMIT2, QUOTER, SWAP_ROUTER

_PARAMS = places.COMMITTED / "params"
_ASSETS = json.loads((_PARAMS / "assets.json").read_text())
_EXTERNAL = json.loads((_PARAMS / "protocol.json").read_text())["contracts"]

# Those that are committed, also where `SSI_PARAMS` names others: they are of the chain, not of one deployment.
TOKENS: Mapping[str, str] = MappingProxyType(
    {
        **{name: asset["address"] for name, asset in _ASSETS["assets"].items()},
        "MKR": "0x9f8F72aA9304c8B593d555F12eF6589cC3A579A2",  # retired
    }
)

FEEDS: Mapping[str, str] = MappingProxyType(_ASSETS["feeds"])

CONTRACTS: Mapping[str, str] = MappingProxyType(
    {
        "UniswapV2Factory": _EXTERNAL["uniswapV2Factory"],
        "UniswapV2Router02": "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D",
        "UniswapV3Factory": _EXTERNAL["uniswapV3Factory"],
        "NonfungiblePositionManager": _EXTERNAL["positionManager"],
        "SwapRouter02": SWAP_ROUTER,
        "QuoterV2": QUOTER,
        "Permit2": PERMIT2,
        "Multicall3": MULTICALL3,
        "Safe": _EXTERNAL["safeSingleton"],
        "SafeL2": "0x29fcB43b46531BcA003ddC8FCB67FFE91900C762",
        "SafeProxyFactory": _EXTERNAL["safeProxyFactory"],
        "MultiSend": "0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526",
        "MultiSendCallOnly": MULTI_SEND,
        "CompatibilityFallbackHandler": _EXTERNAL["safeFallbackHandler"],
    }
)

# Owners on mainnet, whom the build impersonates.
UNISWAP_V3_OWNER = "0x1a9C8182C09F50C8318d769245beA52c32BE35BC"
UNISWAP_V2_FEE_SETTER = UNISWAP_V3_OWNER
FEEDS_OWNER = "0x21f73D42Eb58Ba49dDB685dc29D3bF5c0f0373CA"
USDC_ADMIN = "0x807a96288A1A408dBC13DE2b1d087d10356395d2"
USDC_MASTER = "0xE982615d461DD5cD06575BbeA87624fda4e3de17"
USDC_IMPLEMENTATION = "0x43506849D7C04F9138D1A2050bbF3A0c054402dd"
USDC_LIBRARY = "0x800C32EaA2a6c93cF4CB51794450ED77fBfbB172"


class UniswapPool(NamedTuple):
    """A Uniswap v3 pool with one position of `depth` USD on each side, from `1/spread` to `spread` times the price."""

    a: str
    b: str
    fee: int
    depth: int
    spread: float = 2.0


POOLS = (
    UniswapPool("USDC", "WETH", 500, 60_000_000),
    UniswapPool("USDC", "WETH", 3000, 30_000_000),
    UniswapPool("WETH", "USDT", 500, 30_000_000),
    UniswapPool("WBTC", "WETH", 500, 40_000_000),
    UniswapPool("WBTC", "WETH", 3000, 60_000_000),
    UniswapPool("WBTC", "USDC", 3000, 20_000_000),
    UniswapPool("USDC", "USDT", 100, 20_000_000, 1.02),
    UniswapPool("DAI", "USDC", 100, 20_000_000, 1.02),
    UniswapPool("USDS", "USDC", 100, 20_000_000, 1.02),
    UniswapPool("sDAI", "DAI", 100, 10_000_000, 1.02),
    UniswapPool("sUSDS", "USDS", 100, 10_000_000, 1.02),
    UniswapPool("SOL", "WETH", 3000, 5_000_000),
    UniswapPool("BNB", "WETH", 3000, 3_000_000),
    UniswapPool("LINK", "WETH", 3000, 20_000_000),
    UniswapPool("UNI", "WETH", 3000, 15_000_000),
    UniswapPool("AAVE", "WETH", 3000, 10_000_000),
    UniswapPool("SKY", "WETH", 3000, 900_000),
    UniswapPool("LDO", "WETH", 3000, 4_000_000),
    UniswapPool("CRV", "WETH", 3000, 4_000_000),
    UniswapPool("COMP", "WETH", 3000, 3_000_000),
    UniswapPool("SHIB", "WETH", 3000, 6_000_000),
    UniswapPool("PEPE", "WETH", 3000, 10_000_000),
    UniswapPool("FLOKI", "WETH", 10000, 2_000_000),
    UniswapPool("SOSO", "WETH", 3000, 2_000_000),
)

# Pools whose time-weighted average serves as a price: they remember more than the last second.
OBSERVED = frozenset(
    {("USDC", "WETH"), ("WBTC", "WETH")}
    | {
        (token, "WETH")
        for token in ("LINK", "UNI", "AAVE", "SKY", "LDO", "CRV", "COMP", "SHIB", "PEPE", "FLOKI", "SOSO")
    }
)
