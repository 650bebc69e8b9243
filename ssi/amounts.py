"""Amounts as people type and read them, exact in both directions: `1_000.50 USDC`, `0.5 ETH`, `all MAG7.ssi`,
`USDC`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ssi.constants import MAX
from ssi.failure import Misused

LARGEST = MAX  # token-wei
_ADDRESS = re.compile(r"0x[0-9a-fA-F]*")
_NUMBER = r"\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?|\.\d+(?:_\d+)*"
_UNIT = r"[^\s\d.,_+-]\S*"
# A number may stand right before a unit that begins with a letter, or apart from any.
_WRITTEN = re.compile(
    rf"(?:(?P<number>{_NUMBER}|all)(?:\s+(?P<apart>{_UNIT}|0x[0-9a-fA-F]+)|(?P<joined>(?<=\d)[A-Za-z]\S*))?|(?P<unit>{_UNIT}))"
)


class AmountInvalid(Misused):
    """The input is not a valid amount. The message says what would be."""


class TooManyDecimals(AmountInvalid):
    """The number is finer than the token's smallest part. Nothing is rounded silently."""

    def __init__(self, text: str, decimals: int, unit: str) -> None:
        super().__init__(f"{text} has more decimals than {unit}, which has {decimals}: leave the last ones away.")
        self.decimals = decimals


class TooLarge(AmountInvalid):
    """The number does not fit into 256 bits of token-wei."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text if len(text) <= 40 else text[:40] + '…'} is more than there can be of any token.")


@dataclass(frozen=True)
class Written:
    """What was typed, before it is known how many decimals its token has.

    Args:
        number: digits with at most one point, without underscores; None for `all` and for a unit alone.
        unit: the token's name or address; None where none was said.
    """

    text: str
    number: str | None
    everything: bool
    unit: str | None

    @property
    def said(self) -> bool:
        """Whether it says how much: a number, or all."""
        return self.number is not None or self.everything

    def wei(self, decimals: int, everything: int = 0) -> int:
        """Token-wei of a token with so many decimals; `everything` is what `all` stands for.

        Raises:
            AmountInvalid: it says a token and not how much.
            TooManyDecimals, TooLarge: see there.
        """
        if self.everything:
            return everything
        if self.number is None:
            raise AmountInvalid(
                f"{self.text!r} does not say how much: write a number before it, such as 1_000.50 {self.text}."
            )
        whole, _, fraction = self.number.partition(".")
        if len(fraction.rstrip("0")) > decimals:
            raise TooManyDecimals(self.number, decimals, self.unit or "the token")
        digits = (whole + fraction.rstrip("0").ljust(decimals, "0")).lstrip("0")
        # Of long numbers it is the length that counts: Python would take its time for a million digits.
        if len(digits) > 78 or int(digits or "0") > LARGEST:
            raise TooLarge(self.number)
        return int(digits or "0")


def written(text: str) -> Written:
    """Reads what a person typed: `NUMBER`, `NUMBER UNIT`, `all`, `all UNIT` or `UNIT`.

    Raises:
        AmountInvalid: it is none of these. A comma is none: it means thousands to some and decimals to others.
    """
    clean = " ".join(text.split())
    if _ADDRESS.fullmatch(clean):
        return Written(clean, None, False, clean)
    found = _WRITTEN.fullmatch(clean)
    if found is None:
        raise AmountInvalid(
            f"{text!r} is not a valid amount. Write 1_000.50 USDC, 0.5 ETH or all MAG7.ssi: a point before"
            " decimals, underscores between thousands."
        )
    number, unit = found["number"], found["apart"] or found["joined"] or found["unit"]
    if number is None and unit == "all":
        return Written(clean, None, True, None)
    return Written(clean, None if number in (None, "all") else number.replace("_", ""), number == "all", unit)


def exact(wei: int, decimals: int) -> str:
    """All digits that are not zero, as `written` reads them: "1000.5"."""
    digits = str(abs(wei)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return ("-" if wei < 0 else "") + whole + (f".{fraction}" if fraction else "")


def readable(wei: int, decimals: int) -> str:
    """For people: as many places as matter at that size, cut towards zero, thousands separated: "1,000.50"."""
    if not wei:
        return "0"
    whole, _, fraction = exact(abs(wei), decimals).partition(".")
    places = 2 if len(whole) > 3 else 4 if whole != "0" else 6 if not fraction.startswith("0000") else 12
    cut = fraction[:places].rstrip("0")
    if whole == "0" and not cut:
        return f"<0.{'0' * (places - 1)}1"
    return ("-" if wei < 0 else "") + f"{int(whole):,}" + (f".{cut.ljust(2, '0')}" if cut else "")


@dataclass(frozen=True)
class Amount:
    """So many token-wei of a token."""

    wei: int
    decimals: int
    symbol: str

    @property
    def exact(self) -> str:
        """Whole tokens, all digits."""
        return exact(self.wei, self.decimals)

    def __str__(self) -> str:
        return f"{readable(self.wei, self.decimals)} {self.symbol}"


def dollars(value: int | None) -> str:
    """D18{USD} for people, a dash where there is no price."""
    if value is None:
        return "–"
    cents = abs(value) // 10**16
    if value and not cents:
        return "<$0.01"
    return ("-" if value < 0 else "") + f"${cents // 100:,}.{cents % 100:02d}"
