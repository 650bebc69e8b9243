"""The prices of the miniature mainnet: plausible, and round on purpose."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from types import MappingProxyType

# USD a whole token.
USD = MappingProxyType(
    {
        name: Fraction(price)
        for name, price in {
            "WETH": "3300",
            "USDC": "1",
            "USDT": "1",
            "DAI": "1",
            "USDS": "1",
            "sDAI": "1.17",
            "sUSDS": "1.07",
            "WBTC": "95000",
            "BNB": "900",
            "SOL": "180",
            "LINK": "20",
            "UNI": "9",
            "AAVE": "250",
            "MKR": "1700",
            "SKY": "0.07",
            "LDO": "1.1",
            "CRV": "0.75",
            "COMP": "45",
            "SHIB": "0.0000095",
            "PEPE": "0.000007",
            "FLOKI": "0.000075",
            "SOSO": "0.65",
        }.items()
    }
)

DECIMALS = MappingProxyType({"USDC": 6, "USDT": 6, "WBTC": 8, "SOL": 9, "FLOKI": 9})

# Which token's price a feed's base stands for.
_FEED_TOKEN = MappingProxyType({"BTC": "WBTC", "ETH": "WETH"})


def decimals(token: str) -> int:
    """Decimals of a token by name."""
    return DECIMALS.get(token, 18)


def wei(token: str, usd: int | Fraction) -> int:
    """Token-wei worth that many USD, rounded down."""
    return int(Fraction(usd) / USD[token] * 10 ** decimals(token))


def feed_decimals(feed: str) -> int:
    """Chainlink's habit: 8 against USD, 18 against ETH."""
    return 8 if feed.endswith("/USD") else 18


def feed_answer(feed: str) -> int:
    """The answer of a feed such as "LDO/ETH"."""
    base, quote = feed.split("/")
    price = USD[_FEED_TOKEN.get(base, base)]
    if quote == "ETH":
        price /= USD["WETH"]
    return int(price * 10 ** feed_decimals(feed))


def sqrt_price_x96(token0: str, token1: str, scale: Fraction = Fraction(1)) -> int:
    """sqrt(token1-wei per token0-wei) * 2^96 at these prices times `scale`, rounded down."""
    ratio = USD[token0] / USD[token1] * Fraction(10) ** (decimals(token1) - decimals(token0)) * scale
    return isqrt((ratio.numerator << 192) // ratio.denominator)
