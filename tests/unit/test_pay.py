"""What a record has to be worth to a keeper, and who is recorded by whom: without a chain."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssi.constants import BPS
from ssi.points.pay import DUST, GAS_OF_CLAIM, GAS_OF_RECORD, Policy, Worth, least_points
from tools.gas_report import SNAPSHOT
from tools.recording_page import PAGE, PART, Case, Shares, refreshed

GAS = json.loads(SNAPSHOT.read_text())
USD = st.integers(0, 10**30)


@given(
    recorders=USD,
    accounts=USD,
    points=st.integers(1, 10**32),
    cost=st.integers(0, 10**24),
    subsidy=st.integers(0, BPS),
    told=st.one_of(st.none(), st.integers(0, 10**24)),
)
def test_the_least_points_are_the_first_that_pay(recorders, accounts, points, cost, subsidy, told):
    gain, wanted = recorders + accounts * subsidy // BPS, cost if told is None else told
    least = least_points(Worth(recorders, accounts), points, cost, Policy(subsidy, told))
    if not gain:
        assert least == (DUST if subsidy else None)
        return
    assert least is not None
    assert least * gain >= wanted * points
    assert least == 0 or (least - 1) * gain < wanted * points


def test_a_stranger_counts_no_gain_but_the_pay():
    pots = Worth(recorders=5, accounts=95)
    assert [pots.to_keeper(Policy(bps)) for bps in (0, 5_000, 10_000)] == [5, 52, 100]


def test_gas_is_what_was_measured():
    """Estimates are not below the snapshot, and not more than a tenth above."""
    for said, measured in ((GAS_OF_RECORD, "record_batch_touched"), (GAS_OF_CLAIM, "points_claim")):
        assert GAS[measured] <= said <= GAS[measured] * 1.1


def test_every_figure_of_the_page_is_worked_out_from_the_snapshot():
    """`make gas` writes both."""
    assert PAGE.read_text() == refreshed(PAGE.read_text(), GAS)


@pytest.mark.parametrize("key", ["record_batch_touched", "record_and_claim"])
def test_another_figure_is_another_page(key):
    assert PAGE.read_text() != refreshed(PAGE.read_text(), GAS | {key: GAS[key] + 20_000})


@pytest.mark.parametrize("gwei", [0.1, 1, 10, 300])
def test_who_records_whom_is_each_account_asked_by_itself(gwei):
    """Against one account after the other."""
    shares = Shares.of(2_000)
    case = Case(shares, gwei, 65_000, 120_000)
    strangers = [share for share in shares.each if PART * share >= case.usd(65_000)]
    themselves = [share for share in shares.each[len(strangers) :] if share >= case.usd(120_000)]
    assert (case.strangers, case.worth_it) == (len(strangers), len(strangers) + len(themselves))
    assert case.by_strangers()[3:5] == [f"{len(strangers):,}", f"{sum(strangers) / sum(shares.each):.1%}"]
    assert case.by_themselves()[3:5] == [f"{len(themselves):,}", f"{sum(themselves) / sum(shares.each):.1%}"]
    assert PART * sum(strangers) >= case.usd(65_000 * len(strangers)), "pay is more than the gas"


def test_the_largest_fifth_has_four_fifths():
    for holders in (10_000, 1_000_000):
        shares = Shares.of(holders)
        assert 0.7 < shares.sums[holders // 5] / shares.sums[holders] < 0.9
