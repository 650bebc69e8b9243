"""What docs/oracle-math.md says about averages and costs is what the tools compute, and what they compute is what
happens.
"""

from __future__ import annotations

import re
from random import Random

import pytest

from forks import control
from minimainnet import prices
from ssi.build import ROOT
from ssi.constants import BLOCK
from tests.support.manipulation import Thief
from tests.support.prices import WINDOW
from tools import oracle_averages, oracle_costs

PAGE = (ROOT / "docs/oracle-math.md").read_text()
TOLERANCE = 0.02


def row(name: str) -> list[list[float]]:
    """The figures of every cell of a row of the page."""
    [line] = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", PAGE, re.MULTILINE)
    return [
        [float(figure.replace(",", "")) for figure in re.findall(r"\d[\d,]*\.?\d*", cell)] for cell in line.split("|")
    ]


@pytest.mark.minimainnet  # depths are those of the miniature's pools
def test_the_table_of_costs_is_what_the_tool_computes(system):
    computed = oracle_costs.rows(system)
    assert len(computed) == len(system.assets.twaps) == 13
    for name, *cells in computed:
        figures = [[float(figure.replace(",", "")) for figure in re.findall(r"\d[\d,]*", cell)] for cell in cells]
        for written, found in zip(row(name), figures, strict=True):
            assert written == pytest.approx(found, rel=TOLERANCE), name


@pytest.mark.minimainnet  # no other trader is there
@pytest.mark.parametrize("name", ["SOSO", "FLOKI"])
def test_holding_a_pool_costs_what_the_table_says(system, evm, name):
    """Five parts of the window move the feed by one percent, four do not; capital and fees are those of the table."""
    fee = {"SOSO": 3_000, "FLOKI": 10_000}[name]
    thief, feed = Thief(evm, name, fee), system.contract(f"{name}/WETH twap", "UniswapV3TwapFeed")
    usd = [prices.USD[each] / 10 ** prices.decimals(each) for each in thief.pair]
    before, fair, start = thief.holdings(), feed.latestRoundData().answer, thief.pool.slot0().sqrtPriceX96
    evm.warp(BLOCK)
    pushed = 1.0099**0.5 if thief.token_is_0 else 1 / 1.0099**0.5
    thief.push(int(start * pushed))
    paid = float(max((was - now) * each for was, now, each in zip(before, thief.holdings(), usd, strict=True)))
    begin = evm.now
    control.refresh_feeds(evm.rpc)
    part = WINDOW // 9
    assert feed.latestRoundData.call(at=begin + 4 * part).answer == fair
    assert feed.latestRoundData.call(at=begin + 5 * part).answer == pytest.approx(fair * 1.0099, rel=2e-4)
    evm.next_at(begin + 5 * part)
    thief.push(start)
    lost = float(sum((was - now) * each for was, now, each in zip(before, thief.holdings(), usd, strict=True)))
    capital, undisturbed, _ = row(f"{name}/WETH")[2]
    assert paid == pytest.approx(capital * 0.99, rel=TOLERANCE)
    assert lost == pytest.approx(undisturbed * 0.99, rel=TOLERANCE)


def test_the_table_of_averages_is_what_the_simulation_finds():
    """One row and one market of it, and thieves of one block."""
    name, market = "median of 9, settled and near", "150 % a year"
    histories = oracle_averages.markets(Random(10))
    average = oracle_averages.CANDIDATES[name]
    refused, typical, most = oracle_averages.lag(average, histories[market])
    [cells, thefts] = re.findall(rf"^\| {name} \|(.*)\|$", PAGE, re.MULTILINE)
    written = f"{oracle_averages.percent(typical)} / {oracle_averages.percent(most)} / {refused:.1%}"
    assert cells.split("|")[list(histories).index(market)].strip() == written
    pools = list(oracle_averages.moments(histories[market], 5_000))[:2]
    moved, _ = oracle_averages.worst(average, pools, 1, 10)
    assert 0 < moved <= oracle_averages.SPREAD, "W8 the tick"
    assert float(thefts.split("%")[0]) <= 1
    assert oracle_averages.worst(oracle_averages.mean, pools, 1, 10)[0] > 5_000, "the mean that was deployed first"
