"""Amounts that people type: exact, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssi.amounts import LARGEST, Amount, AmountInvalid, TooLarge, TooManyDecimals, dollars, exact, readable, written
from ssi.failure import Misused

WEI = st.integers(0, LARGEST)
DECIMALS = st.integers(0, 36)
UNITS = st.sampled_from(["USDC", "MAG7.ssi", "sMAG7.ssi", "ETH", "MAG7.ssi/WETH", "0x" + "aB" * 20])


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No chain is needed here."""


@given(WEI, DECIMALS, UNITS)
def test_what_is_written_is_read_to_the_wei(wei, decimals, unit):
    typed = written(f"{exact(wei, decimals)} {unit}")
    assert (typed.wei(decimals), typed.unit) == (wei, unit)


@given(WEI, DECIMALS, st.data())
def test_underscores_between_digits_and_zeros_at_the_ends_mean_nothing(wei, decimals, data):
    whole, _, fraction = exact(wei, decimals).partition(".")
    text = "0" * data.draw(st.integers(0, 3)) + whole + "." + fraction + "0" * data.draw(st.integers(1, 3))
    for place in sorted(data.draw(st.sets(st.integers(1, len(text) - 1))), reverse=True):
        if text[place - 1].isdigit() and text[place].isdigit():
            text = text[:place] + "_" + text[place:]
    assert written(text).wei(decimals) == wei


@given(WEI, DECIMALS, st.integers(1, 9), st.integers(0, 5))
def test_a_digit_too_many_is_refused_and_never_rounded(wei, decimals, digit, zeros):
    whole, _, fraction = exact(wei, decimals).partition(".")
    text = f"{whole}.{fraction.ljust(decimals, '0')}{'0' * zeros}{digit}"
    with pytest.raises(TooManyDecimals, match=f"which has {decimals}:") as refused:
        written(f"{text} USDC").wei(decimals)
    assert refused.value.decimals == decimals


@given(st.integers(LARGEST + 1, 10**90), DECIMALS)
def test_more_than_256_bits_is_refused(wei, decimals):
    with pytest.raises(TooLarge):
        written(exact(wei, decimals)).wei(decimals)


def test_a_million_digits_are_refused_at_once():
    with pytest.raises(TooLarge, match="…"):
        written("9" * 1_000_000).wei(18)


@pytest.mark.parametrize(
    "text",
    ["", " ", "1,5 ETH", "1,000 USDC", "-1 ETH", "+1 ETH", "1e18 ETH x", "1.", "1. ETH", ".", "_1", "1__0 ETH",
     "1_ ETH", "1._5", "1 2",
     "1 2 ETH", "NaN USDC", "all of it", "0x12 ETH"],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(AmountInvalid) as refused:
        written(text).wei(18)
    assert isinstance(refused.value, Misused), "a command ends with exit code 2"


@pytest.mark.parametrize(
    ("text", "number", "everything", "unit"),
    [
        ("1_000.50 USDC", "1000.50", False, "USDC"), ("  2   MAG7.ssi ", "2", False, "MAG7.ssi"),
        ("2MAG7.ssi", "2", False, "MAG7.ssi"),
        (".5 ETH", ".5", False, "ETH"), ("all", None, True, None), ("all MAG7.ssi", None, True, "MAG7.ssi"),
        ("USDC", None, False, "USDC"),
        ("allies", None, False, "allies"), ("12", "12", False, None), ("0x" + "1" * 40, None, False, "0x" + "1" * 40),
        ("1 0x" + "a" * 40, "1", False, "0x" + "a" * 40),
    ],
)  # fmt: skip
def test_what_can_be_typed(text, number, everything, unit):
    typed = written(text)
    assert (typed.number, typed.everything, typed.unit) == (number, everything, unit)


def test_all_is_what_there_is():
    assert written("all ETH").wei(18, 123) == 123
    with pytest.raises(AmountInvalid, match="how much"):
        written("ETH").wei(18, 123)


@given(WEI, DECIMALS)
def test_what_people_read_is_cut_and_never_more(wei, decimals):
    text = readable(wei, decimals)
    if text.startswith("<"):
        assert 0 < Decimal(wei) / 10**decimals < Decimal(text[1:])
        return
    shown, true = Decimal(text.replace(",", "")), Decimal(exact(wei, decimals))
    assert 0 <= true - shown <= max(true / 100, Decimal("1e-12"))
    assert (shown == 0) == (wei == 0)


@pytest.mark.parametrize(
    ("wei", "decimals", "text"),
    [
        (0, 18, "0"), (1, 18, "<0.000000000001"), (10**12, 18, "0.000001"), (1_000_500_000, 6, "1,000.50"),
        (1_234_567_890_123, 6, "1,234,567.89"),
        (12_345_678, 6, "12.3456"), (-5 * 10**17, 18, "-0.50"), (7, 0, "7"),
    ],
)  # fmt: skip
def test_how_it_reads(wei, decimals, text):
    assert readable(wei, decimals) == text
    assert str(Amount(wei, decimals, "X")) == f"{text} X"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "$0.00"),
        (1, "<$0.01"),
        (10**16, "$0.01"),
        (1_234_567_890 * 10**15, "$1,234,567.89"),
        (-15 * 10**17, "-$1.50"),
    ],
)
def test_dollars(value, text):
    assert dollars(value) == text
