"""The figures of a report from samples made by hand, and the page as a file that asks no host for anything."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from statistics import stdev
from typing import Any

import pytest

from ssi.constants import DAY, RAY, WAD
from ssi.failure import Impossible
from ssi.report import page as pages
from ssi.report.facts import Day, Fees, Holders, IndexReport, Owner, Rebalance, RebalanceTrade, Risk, Tracking
from ssi.report.owners import balances
from ssi.report.risks import Feed, Seen, risks
from ssi.report.source import Logged, Part, Sample
from ssi.report.tracking import Target, tracking

ONE, TWO = "0x" + "11" * 20, "0x" + "22" * 20
ACCOUNTED = 100 * WAD
HOLDERS = Holders(1, 1, 0, (Owner(ONE, WAD, WAD // 10),), WAD // 10, ())


def sample(
    day: int, prices: tuple[int | None, int | None], units: tuple[int, int] = (RAY, RAY), multiplier: int = RAY,
    supply: int = ACCOUNTED, **others: Any,
) -> Sample:  # fmt: skip
    """An index of 100 base shares that holds ONE (18 decimals) and TWO (6), so many whole tokens a share."""
    parts = []
    for place, (address, decimals) in enumerate(((ONE, 18), (TWO, 6))):
        held = units[place] * ACCOUNTED // RAY // 10 ** (18 - decimals)
        price = prices[place]
        parts.append(
            Part(("ONE", "TWO")[place], address, decimals, units[place] // 10 ** (18 - decimals), held, held, 0, price)
        )
    known = {part.address: part.price_d18 for part in parts if part.price_d18 is not None}
    return Sample(day * DAY, day * 10, supply, 0, ACCOUNTED, multiplier, 0, tuple(parts), known, **others)


# ---------------------------------------------------------------- tracking


def tracked(
    samples: Sequence[Sample], starts: Sequence[Target] = (), costs: Sequence[tuple[int, int]] = ()
) -> tuple[Tracking, list[int | None]]:
    """Where there is something to say."""
    found, relative = tracking(samples, starts, costs)
    assert found is not None
    return found, relative


def test_an_index_that_only_holds_is_its_methodology():
    samples = [sample(day, (10 * WAD + day * WAD, 5 * WAD)) for day in range(9)]
    found, relative = tracked(samples)
    assert relative == [int((15 + day) * WAD // 15) for day in range(9)]
    assert (found.index_d18, found.difference_d18, found.error_d18) == (8 * WAD // 15, 0, 0)


def test_the_fee_is_told_apart():
    """A tenth of each share is gone at the end, and nothing else happened."""
    samples = [sample(0, (WAD, WAD)), sample(1, (WAD, WAD), multiplier=RAY * 9 // 10, supply=ACCOUNTED * 10 // 9)]
    found, _ = tracked(samples)
    assert found.index_d18 == pytest.approx(-WAD // 10, rel=1e-15)
    assert found.fee_d18 == -WAD // 10
    assert abs(found.rest_d18) < 10
    assert found.error_d18 is None, "one day has no deviation"


def test_a_start_moves_the_methodology_to_its_targets_for_nothing():
    """From half and half to nine tenths of ONE, which then doubles: 10 becomes 19. The index paid 1 % and stated it."""
    before = [sample(0, (WAD, WAD), (5 * RAY, 5 * RAY))]
    held = (9 * RAY * 99 // 100, RAY * 99 // 100)
    after = [sample(1, (WAD, WAD), held), sample(2, (2 * WAD, WAD), held)]
    start = Target(5, {ONE: 9 * RAY, TWO: RAY // 10**12}, {ONE: WAD, TWO: WAD}, {ONE: 18, TWO: 6})
    found, relative = tracked([*before, *after], [start], [(7, WAD // 100)])
    assert relative == [WAD, WAD, WAD * 19 // 10]
    assert found.methodology_d18 == WAD * 9 // 10
    assert found.difference_d18 == pytest.approx(-WAD // 100, rel=1e-12)
    assert (found.cost_d18, abs(found.rest_d18) < 10) == (-WAD // 100, True)


def test_the_error_is_the_deviation_of_a_year():
    """The index gains 1 bp on every second day, which its methodology does not."""
    samples, units = [], RAY
    for day in range(11):
        units = units * 10_001 // 10_000 if day % 2 else units
        samples.append(sample(day, (WAD, WAD), (units, units)))
    found, _ = tracked(samples)
    expected = stdev([0.0001, 0.0] * 5) * 365**0.5
    assert found.error_d18 is not None
    assert found.error_d18 / WAD == pytest.approx(expected, rel=1e-7), "to the tenth of a wei in a share price"


def test_a_day_without_a_price_is_left_out():
    samples = [sample(0, (WAD, WAD)), sample(1, (None, WAD)), sample(2, (2 * WAD, WAD))]
    found, relative = tracked(samples)
    assert relative == [WAD, None, WAD * 3 // 2]
    assert found.index_d18 == WAD // 2
    assert tracking([samples[1]], [], []) == (None, [None])


# ---------------------------------------------------------------- holders and risks


def moved(block: int, source: str, target: str, wei: int) -> Logged:
    return Logged("Transfer", {"from": source, "to": target, "value": wei}, block, 0, "0x")


def test_balances_are_those_after_a_block():
    zero = "0x" + "00" * 20
    events = [moved(1, zero, ONE, 10), moved(2, ONE, TWO, 10), moved(3, TWO, zero, 4)]
    assert balances(events, 1) == {ONE: 10}
    assert balances(events, 2) == {TWO: 10}
    assert balances(events, 3) == {TWO: 6}


CALM = Seen((Feed("ONE", "ONE/USD", 50, 100),), 100 * WAD, 100 * WAD)


def levels(last: Sample, seen: Seen = CALM, holders: Holders = HOLDERS) -> dict[tuple[str, str], str]:
    return {(risk.level, risk.title): risk.fact for risk in risks(last, holders, seen)}


def test_an_even_index_raises_no_alarm():
    found = levels(sample(1, (WAD, WAD * 21 // 20), (10 * RAY, 10 * RAY)))
    assert {level for level, title in found} == {"calm", "watch"}
    assert [title for level, title in found if level == "watch"] == ["Concentration"]


@pytest.mark.parametrize(
    ("change", "key", "fact"),
    [
        ({"seen": replace(CALM, feeds=(Feed("ONE", "ONE/USD", 101, 100),))}, ("alarm", "Feed"), "101 s ago; 100 s"),
        ({"seen": replace(CALM, feeds=(Feed("ONE", "ONE/USD", None, 100),))}, ("alarm", "Feed"), "gives no answer"),
        ({"seen": replace(CALM, brought_usd_d18=98 * WAD)}, ("watch", "Liquidity"), "2.00 % less"),
        ({"seen": replace(CALM, brought_usd_d18=90 * WAD)}, ("alarm", "Liquidity"), "10.00 % less"),
        ({"seen": replace(CALM, brought_usd_d18=None)}, ("alarm", "Liquidity"), "cannot be sold"),
        ({"seen": replace(CALM, announced=(("USSI.sync", 4 * DAY),))}, ("watch", "Announced"), "USSI.sync in 3 days"),
        ({"last": sample(1, (9 * WAD, WAD))}, ("alarm", "Concentration"), "ONE is 90.0 %"),
        ({"last": sample(1, (None, WAD))}, ("alarm", "No price"), "for ONE"),
        ({"last": sample(1, (WAD, WAD), paused=True)}, ("watch", "Minting"), "Minting is paused"),
        ({"holders": replace(HOLDERS, largest=(Owner(ONE, WAD, WAD // 2),))}, ("watch", "Holders"), "50.0 %"),
    ],
)  # fmt: skip
def test_a_fact_becomes_a_risk(change, key, fact):
    assert fact in levels(**{"last": sample(1, (WAD, WAD))} | change)[key]


def test_what_is_missing_and_what_is_owed_are_told():
    last = sample(1, (WAD, WAD))
    short = replace(last.parts[0], available_wei=last.parts[0].accounted_wei - WAD)
    owed = replace(last.parts[1], claimed_wei=2_500_000)
    found = levels(replace(last, parts=(short, owed)))
    assert found["alarm", "Shortfall"].startswith("1 ONE")
    assert "2.50 TWO" in found["watch", "Claims"]
    assert ("calm", "Accounted balances") not in found


def test_the_gravest_stands_first():
    found = risks(sample(1, (None, WAD)), HOLDERS, CALM)
    order = [("alarm", "watch", "calm").index(risk.level) for risk in found]
    assert order == sorted(order)


# ---------------------------------------------------------------- the page


def made(**changes: Any) -> IndexReport:
    """A report of two days with one rebalance."""
    days = [
        Day(n * DAY, n, 100 * WAD, 10**22, ACCOUNTED, ACCOUNTED // 4, WAD, WAD, {"ONE": WAD}, {"ONE": WAD}, n * WAD)
        for n in range(2)
    ]
    trade = RebalanceTrade(
        DAY, 60, "ONE", WAD, 18, "TWO", 10**6, 6, WAD, -WAD // 100, "UniswapFiller", ONE, "0x" + "ab" * 32
    )
    rebalance = Rebalance(1, DAY, DAY + 60, "completed", {"ONE": WAD}, WAD // 10, WAD // 1_000, -WAD // 100, (trade,))
    fees = Fees(WAD, WAD, WAD, 0, WAD, 0, 10**14, 10)
    whole = IndexReport(
        "ONE.ssi", "</script><b>One", 0, DAY, tuple(days), (), None, (rebalance,), fees, (), HOLDERS,
        (Risk("watch", "Feed", "a < b & c"),), {"Chain": "1"},
    )  # fmt: skip
    return replace(whole, **changes)


class Tags(HTMLParser):
    """Everything with attributes, and what stands in scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.inside, self.data = list[tuple[str, dict[str, Any]]](), "", list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.data.append(data)


def test_the_page_asks_no_host_for_anything():
    text = pages.page(made())
    tags = Tags(text).tags
    assert not [attrs for _, attrs in tags if {"src", "href", "srcset", "action", "data"} & attrs.keys()]
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(", text)
    policies = [attrs["content"] for tag, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"]
    assert 60_000 < len(text) < 120_000, "the library, and no more than it"


def test_the_page_says_what_is_in_the_report():
    text = pages.page(made())
    for said in (
        "UniswapFiller",
        "−100.0 bp",
        "cost 10.00 bp",
        "sold 1000 bp",
        "a &lt; b &amp; c",
        "Permission is hereby",
    ):
        assert said in text, said
    figures = json.loads(next(data for data in Tags(text).data if data.startswith("{")))
    assert figures["times"] == [0, DAY]
    assert figures["fees"][0]["values"] == [0.0, 100.0]


def test_no_name_becomes_markup():
    """Names come from the chain, where any account writes what it likes."""
    text = pages.page(made(symbol="</script><i>", days=tuple(
        replace(day, weights_d18={"</script><u>": WAD}) for day in made().days
    )))  # fmt: skip
    assert not {"b", "i", "u"} & {
        tag for tag, _ in Tags(text.split("<section>")[0] + text.split("figures")[-1]).tags
    } - {"b"}
    assert "<b>One" not in text
    assert "</script><" not in text.split('id="figures">')[1].split("<!--")[0].replace("</script>\n", "")


def test_without_the_library_there_is_no_page(monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "LIBRARY", tmp_path)
    with pytest.raises(Impossible, match="`make setup` installs it"):
        pages.page(made())


def test_json_has_all_digits():
    assert json.loads(json.dumps(pages.plain(made())))["fees"]["earned_wei"] == WAD
