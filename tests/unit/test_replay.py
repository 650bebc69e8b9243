"""Markets are checked strictly; the replay's own model of the methodology; the synthetic market."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.market import Market, read, write
from replay.model import Ideal, yearly_error
from replay.recorded import moved
from replay.setup import rule
from replay.synthetic import ENTERS, LEAVES, SILENT, synthetic
from replay.timetable import AHEAD, TRIES, Timetable, due
from ssi.constants import WAD
from ssi.failure import Misused
from ssi.index.weighing import basis_points, capped, floored
from ssi.report.facts import EpochYield
from tests.model import weights as exact
from tools.replay_page import PAGE, SNAPSHOT, refreshed

HEAD = "date,symbol,close_usd,circulating_supply\n"


def rows(change: Callable[[int, str, str], str | None] = lambda _n, _name, row: row) -> str:
    """A file of two tokens and 40 days, with each row as `change` makes it; None leaves it out."""
    lines = []
    for n in range(40):
        for name in ("BTC", "ETH"):
            row = change(n, name, f"{date(2024, 1, 1) + timedelta(n)},{name},{100 + n},{1_000 + n}")
            lines += [row] if row is not None else []
    return HEAD + "\n".join(lines) + "\n"


def file(folder: Path, text: str, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_is_read_by_the_names_of_tokens(tmp_path):
    market = read(file(tmp_path, rows()))
    assert (len(market.days), list(market.closes)) == (40, ["WBTC", "WETH"])
    assert market.closes["WBTC"][3] == 103
    assert market.supplies["WETH"][39] == 1_039


def test_supplies_of_another_file_replace_those_of_the_first(tmp_path):
    prices, days = file(tmp_path, rows()), [line.split(",")[0] for line in rows().splitlines()[1::2]]
    other = "date,symbol,circulating_supply\n" + "".join(f"{day},ETH,5\n" for day in days)
    market = read(prices, file(tmp_path, other, "supplies.csv"))
    assert set(market.supplies["WETH"]) == {Decimal(5)}
    assert market.supplies["WBTC"][0] == 1_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column date"),
        ("date,symbol\n2024-01-01,ETH\n", "has no column close_usd"),
        (HEAD.replace("\n", ",volume\n"), "has a column 'volume', which means nothing here"),
        (HEAD + "2024-01-01,ETH,1\n", "line 2: it has not as many fields"),
        (HEAD + "2024-01-01,ETH,1,1,1\n", "line 2: it has not as many fields"),
        (HEAD + "2024-13-01,ETH,1,1\n", "line 2: '2024-13-01' is no day"),
        (HEAD + "2024-01-01,DOGE,1,1\n", "line 2: 'DOGE' is no token here"),
        (HEAD + "2024-01-01,ETH,NaN,1\n", "line 2: close_usd 'NaN' is no number"),
        (HEAD + "2024-01-01,ETH,-1,1\n", "line 2: close_usd '-1' is no number"),
        (HEAD + "2024-01-01,ETH,1,0\n", "line 2: circulating_supply '0' is no number"),
        (HEAD + "2024-01-01,ETH,1,1e40\n", "line 2: circulating_supply '1e40' is no number"),
        (HEAD + "2024-01-01,ETH,1,1\n2024-01-01,ETH,1,1\n", "line 3: WETH has had a row on 2024-01-01 already"),
        (HEAD + "2024-01-01,ETH,1,1\n", "has 1 days, and a replay needs 35"),
        (rows(lambda n, _, row: None if n == 5 else row), "no row is of 2024-01-06"),
        (rows(lambda n, name, row: None if (n, name) == (5, "BTC") else row), "WBTC has no row of 2024-01-06"),
        (rows(lambda n, name, row: None if n > 30 and name == "BTC" else row), "WBTC ends on 2024-01-31, before"),
        (rows(lambda _, name, row: row.replace(",100,", ",,") if name == "BTC" else row), "begins on 2024-01-01"),
        (rows(lambda _, name, row: row.replace(",107,", ",,") if name == "ETH" else row), "no price on 2024-01-08"),
        (rows(lambda _, __, row: row.replace("BTC", "SOL").replace("ETH", "BTC")), "no rows of ETH"),
        (rows(lambda _, name, row: row.rpartition(",")[0] + "," if name == "BTC" else row), "fewer than two tokens"),
    ],
    ids=lambda value: "" if "," in value or not value else value,
)  # fmt: skip
def test_what_cannot_be_meant_is_told_with_its_place(tmp_path, text, message):
    with pytest.raises(Misused) as told:
        read(file(tmp_path, text))
    assert message in str(told.value)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(Misused, match="cannot be read: No such file"):
        read(tmp_path / "nothing.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misused, match="cannot be read: it is no text"):
        read(tmp_path / "binary.csv")


# ---------------------------------------------------------------- the synthetic market


def test_the_synthetic_market_is_one_of_the_format(tmp_path):
    """It is written and read without a difference, so that docs/replay.md describes it as well."""
    market = synthetic(91)
    write(market, tmp_path / "market.csv")
    assert read(tmp_path / "market.csv") == Market(market.days, market.closes, market.supplies)
    assert synthetic(91) == market
    assert synthetic(91, seed=1) != market


@pytest.mark.parametrize("days", [91, 365])
def test_everything_happens_in_the_synthetic_market(days):
    market = synthetic(days)
    firsts = [n for n, day in enumerate(market.days) if day.day == 1]
    silent = [n for n, close in enumerate(market.closes[SILENT]) if close is None]
    assert set(firsts) & set(silent), "on the day of a start"
    assert not {n for name, closes in market.closes.items() if name != SILENT for n in range(days) if closes[n] is None}
    assert market.supplies[LEAVES][0]
    assert market.supplies[LEAVES][-1] is None
    assert market.supplies[ENTERS][0] is None
    assert market.supplies[ENTERS][-1]
    assert min(close for close in market.closes["USDC"] if close) < Decimal("0.95")
    falls = [market.close("WETH", n) / market.close("WETH", n - 1) for n in range(1, days)]
    assert sorted(falls)[1] < Decimal("0.85"), "two crashes at least"
    assert {len(market.members(n)) for n in range(days)} == {7}


# ---------------------------------------------------------------- the model


@given(st.lists(st.tuples(st.integers(1, 10**24), st.integers(1, 10**24)), min_size=2, max_size=10), st.integers(0, 9))
def test_weights_are_those_of_the_exact_model(market: list[tuple[int, int]], tenths: int):
    """Written apart from each other, and apart by rounding alone."""
    caps = {str(n): Decimal(price) * supply for n, (price, supply) in enumerate(market)}
    whole = exact.market_caps([price for price, _ in market], [supply for _, supply in market])
    floor = WAD * tenths // 10 // len(market)
    pairs: list[tuple[dict[str, Decimal], list[int]]] = []
    pairs.append((floored(caps, Decimal(floor) / WAD), exact.floor_and_market_cap(whole, floor)))
    cap = WAD // len(market) + (WAD - WAD // len(market)) * (tenths + 1) // 10
    pairs.append((capped(caps, Decimal(cap) / WAD), exact.capped_market_cap(whole, cap)))
    for ours, theirs in pairs:
        assert abs(sum(ours.values(), Decimal(0)) - 1) < Decimal("1e-24")
        for mine, other in zip(ours.values(), theirs, strict=True):
            assert abs(mine * WAD - other) <= len(market)


def test_a_rebalance_of_the_ideal_costs_nothing():
    ideal = Ideal("FloorAndMarketCap", Decimal("0.1"))
    supplies = {"A": Decimal(3), "B": Decimal(1)}
    assert ideal.execute({"A": Decimal(1), "B": Decimal(1)}, supplies) == 0
    moved_ = {"A": Decimal(1), "B": Decimal(3)}
    worth = ideal.worth(moved_)
    assert worth == Decimal("0.7") + 3 * Decimal("0.3")
    sold = ideal.execute(moved_, supplies)
    assert abs(ideal.worth(moved_) - worth) < Decimal("1e-24")
    assert abs(sold - (Decimal("0.9") / Decimal("1.6") - Decimal("0.5"))) < Decimal("1e-24")


def moves(change: Callable[[int, str], Decimal | None], days: int = 120) -> list[tuple[int, set[str]]]:
    """Days on which an ideal portfolio of two tokens changes, and what it has then; `change` says closes other than 1.

    BOTH is a member throughout; LATE comes on day 50, in the place of EARLY.
    """
    names = ("BOTH", "EARLY", "LATE")
    closes = {name: [change(n, name) for n in range(days)] for name in names}
    one = Decimal(1)
    supplies: dict[str, list[Decimal | None]] = {
        "BOTH": [one] * days, "EARLY": [one if n < 50 else None for n in range(days)],
        "LATE": [None if n < 50 else one for n in range(days)],
    }  # fmt: skip
    market = Market([date(2025, 1, 1) + timedelta(n) for n in range(days)], closes, supplies)
    ideal = Ideal("FloorAndMarketCap", Decimal("0.1"))
    ideal.execute(market.last(0), market.posted(0))
    table, found = Timetable(market, ideal), []
    for n in range(days):
        before = dict(ideal.units)
        table.day(n)
        if ideal.units != before:
            found.append((n, set(ideal.units)))
    return found


def rising(n: int) -> Decimal:
    """So that each rebalance changes something, and few prices are 50 % apart within a proposal's time."""
    return 1 + Decimal(n) / 200


FIRSTS = [31, 59, 90]  # of February, March and April, from the first of January
OLD, NEW = {"BOTH", "EARLY"}, {"BOTH", "LATE"}


def test_proposals_fall_due_before_each_first_that_leaves_time():
    assert due(synthetic(91)) == {first - AHEAD for first in FIRSTS}, "none for the first of January"


def test_an_undisturbed_methodology_moves_on_each_first():
    """A member that is known on the day of the proposal comes in; AHEAD days before April LATE is one."""
    found = moves(lambda n, name: rising(n) if name == "BOTH" else Decimal(1))
    assert found == list(zip(FIRSTS, [OLD, OLD, NEW], strict=True))


@pytest.mark.parametrize(
    ("silent", "wanted"),
    [
        (range(30, 34), [34, 59, 90]),  # until the feed is back
        (range(12, 18), [18 + AHEAD, 59, 90]),  # the proposal waits for the feed
        (range(30, 31 + TRIES), [31 + TRIES + AHEAD, 31 + TRIES + 2 * AHEAD + 1, 31 + TRIES + 3 * AHEAD + 2]),
    ],
)  # fmt: skip
def test_silence_delays_a_move_and_for_longer_than_the_tries_makes_it_anew(silent, wanted):
    """One that is made anew is in the way of the next, which is made on the day after its start."""
    found = moves(
        lambda n, name: None if name == "EARLY" and n in silent else rising(n) if name == "BOTH" else Decimal(1)
    )
    assert [day for day, _ in found] == wanted


@pytest.mark.parametrize(("close", "moved_on"), [("1.5", 31), ("1.51", 20 + AHEAD)])
def test_a_price_that_leaves_the_bounds_makes_a_proposal_anew_on_that_day(close, moved_on):
    """The methodology's own bounds: 50 % over the close of the proposal, no less and no more."""
    found = moves(lambda n, name: Decimal(close) if name == "EARLY" and n >= 20 else Decimal(1))
    assert found[0][0] == moved_on


def test_a_token_without_a_price_leaves_by_its_last_one():
    """EARLY is silent from the proposal of its end on."""
    found = moves(lambda n, name: None if name == "EARLY" and n >= 60 else rising(n) if name == "BOTH" else Decimal(1))
    assert found[-1] == (90, NEW)


def test_the_yearly_error_is_the_library_s():
    index, ideal = [Decimal(n) for n in (10, 11, 12, 11)], [Decimal(n) for n in (10, 11, 11, 12)]
    apart = [float(index[n] / index[n - 1] / (ideal[n] / ideal[n - 1])) for n in range(1, 4)]
    assert float(yearly_error(index, ideal)) == pytest.approx(stdev(apart) * 365**0.5)


def test_whole_basis_points_sum_to_the_whole():
    found = basis_points({"A": Decimal("0.33335"), "B": Decimal("0.33335"), "C": Decimal("0.33330")})
    assert found == {"A": 3334, "B": 3333, "C": 3333}


def test_fixed_weights_cannot_be_replayed():
    assert rule("MAG7.ssi") == ("FloorAndMarketCap", Decimal("0.1"))
    with pytest.raises(Misused, match="fixed weights"):
        rule("USSI")
    with pytest.raises(Misused, match=r"no index MAG9\.ssi"):
        rule("MAG9.ssi")


def test_moments_are_moved_and_nothing_else():
    assert moved((EpochYield(7, 10, 20, True, 30, 40), None), 5) == (EpochYield(7, 15, 25, True, 30, 40), None)


def test_the_page_has_the_figures_of_a_replay():
    """`make deep` writes both, and every bar held."""
    figures = json.loads(SNAPSHOT.read_text())
    assert PAGE.read_text() == refreshed(PAGE.read_text(), figures)
    assert (figures["days"], figures["seconds"] < 300) == (365, True), "a year in under five minutes"
    assert all(figures["holds"].values())
