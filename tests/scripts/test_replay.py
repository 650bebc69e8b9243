"""A synthetic quarter through the deployed contracts, as a person types it; and what its report says of its trades."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from replay.model import Ideal
from replay.setup import rule
from replay.synthetic import ENTERS, LEAVES, SILENT, synthetic
from replay.timetable import Timetable
from ssi.constants import WAD
from ssi.places import ROOT

DAYS = 91
Completed = subprocess.CompletedProcess[str]
DUST = Decimal("0.00005")  # of NAV, that may be left over: 50 ppm by the terms


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Completed]:
    """The folder of a replay, and what it said."""
    folder = tmp_path_factory.mktemp("replay")
    command = ["ape", "run", "replay", "--days", str(DAYS), "--out", str(folder), "--json"]
    own = {"SSI_DEPLOYMENTS": str(folder / "deployments"), "SSI_STATE": str(folder / "state")}
    done = subprocess.run(
        [sys.executable, "tools/with_chain.py", *command],
        cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True, timeout=1_500, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return folder, json.loads(done.stdout), done


def test_a_quarter_holds_every_bar(replayed):
    _, said, done = replayed
    assert done.returncode == 0, said
    assert all(said["holds"].values())
    assert len(said["holds"]) == 3
    assert said["days"] == DAYS
    assert 0 < said["error_bp"] < said["error_with_costs_bp"] < 200
    assert said["cost_a_year_bp"] > 1
    assert said["fee_bp"] == pytest.approx(-(DAYS - 1), rel=0.01), "a basis point a day"
    assert f"· day 90 of {DAYS}" in done.stderr, "progress, beside JSON alone on standard output"


def test_starts_are_on_the_days_on_which_the_methodology_moves(replayed):
    """The timetable knows the file alone; what the contracts refuse, and what is proposed anew, it foresees."""
    folder, said, _ = replayed
    market, ideal = synthetic(DAYS), Ideal(*rule("MAG7.ssi"))
    ideal.execute(market.last(0), market.posted(0))
    table = Timetable(market, ideal)
    for day in range(DAYS):
        table.day(day)
    report = json.loads((folder / "report.json").read_text())
    started = [datetime.fromtimestamp(one["started_at_s"], timezone.utc).date() for one in report["rebalances"]]
    assert started == [market.days[day] for day in table.moved]
    assert started
    anew = [halt for halt in said["halted"] if halt["what"] == "a proposal is out of its bounds, and is made anew"]
    assert anew, "the delisting and the crashes of a quarter are faster than the notice"


def test_a_silent_feed_halts_a_start_and_says_why(replayed):
    _, said, _ = replayed
    refused = [halt["why"] for halt in said["halted"] if halt["what"] == "the start is refused"]
    stale = [why for why in refused if why.startswith("PriceOracle_Stale")]
    assert len(stale) == 3, "silent for four days, of which three are days of a start"
    assert all(f"token={SILENT} " in why for why in stale)
    assert all(why.startswith("Rebalancer_PriceOff") for why in refused if why not in stale)


def test_the_constituent_that_leaves_is_sold_and_the_one_that_enters_is_bought(replayed):
    folder, _, _ = replayed
    report = json.loads((folder / "report.json").read_text())
    first, last = report["days"][0]["weights_d18"], report["days"][-1]["weights_d18"]
    assert first.keys() - last.keys() == {LEAVES}
    assert last.keys() - first.keys() == {ENTERS}


def test_a_rebalance_ends_at_its_targets(replayed):
    """Weights of the day after, at the closes of the start. What the rebalance has cost is missing at some token."""
    folder, _, _ = replayed
    report, market = json.loads((folder / "report.json").read_text()), synthetic(DAYS)
    for rebalance in report["rebalances"]:
        start = market.days.index(datetime.fromtimestamp(rebalance["started_at_s"], timezone.utc).date())
        day = next(n for n, one in enumerate(report["days"]) if one["time_s"] >= rebalance["ended_at_s"])
        then = {
            name: Decimal(weight) * market.close(name, start) / market.close(name, day)
            for name, weight in report["days"][day]["weights_d18"].items()
        }
        whole, targets = sum(then.values()), rebalance["targets_d18"]
        assert min(weight for weight in targets.values() if weight) >= WAD // 10 - 10, "the floor"
        off = {name: abs(weight / whole - Decimal(targets[name]) / WAD) for name, weight in then.items()}
        assert max(off.values()) <= Decimal(rebalance["cost_d18"]) / WAD + DUST, off


def test_trades_are_at_the_premium_that_the_report_states(replayed):
    """Amounts by the closes of the day, apart from the auction's own formula; the tenth of a bp is rounding."""
    folder, _, _ = replayed
    report = json.loads((folder / "report.json").read_text())
    market, seen = synthetic(DAYS), 0
    for rebalance in report["rebalances"]:
        assert rebalance["phase"] == "completed"
        day = market.days.index(datetime.fromtimestamp(rebalance["started_at_s"], timezone.utc).date())
        closes = {name: float(market.close(name, day)) for name in market.closes}
        for trade in rebalance["trades"]:
            sold = trade["sold_wei"] / 10 ** trade["sold_decimals"] * closes[trade["sold"]]
            bought = trade["bought_wei"] / 10 ** trade["bought_decimals"] * closes[trade["bought"]]
            assert bought / sold - 1 == pytest.approx(trade["premium_d18"] / WAD, abs=1e-5)
            assert trade["usd_d18"] / WAD == pytest.approx(sold, rel=1e-6)
            assert trade["bidder"] == "UniswapFiller"
            seen += 1
    assert seen > 10


def test_the_page_tells_of_the_replay(replayed):
    folder, _, _ = replayed
    text = (folder / "report.html").read_text()
    for said in ("What halted, and why", "PriceOracle_Stale", "cost of rebalancing a year", "1 January 2025"):
        assert said in text, said
    assert len(text) < 250_000
