"""What the first shares of an index consist of: docs/index-math.md."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from ssi.constants import BPS, RAY


def units_for(share_price: Decimal, weight: int, price: int, decimals: int) -> int:
    """D27{tok/base} of a constituent with `weight` bp of a share of `share_price` USD; `price` is D18{USD/whole token}.

    Rounded down.
    """
    value = Fraction(share_price) * weight / BPS
    return int(value / Fraction(price, 10**18) * 10**decimals * 10**9)


def seed_amounts(units: Sequence[int], shares: int, mint_fee: int) -> list[int]:
    """{tok} of the first mint, docs/index-math.md "Mint": rounded up, with mint fee and dead shares, at the multiplier
    one.
    """
    base = -(-shares * BPS // (BPS - mint_fee)) + 10**16
    return [-(-unit * base // RAY) for unit in units]
