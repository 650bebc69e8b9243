"""What a deployment does about prices: histories that are too short, bounds that are derived, bounds that
mean nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ape import accounts
from pydantic import ValidationError

from ssi.constants import BLOCK
from ssi.deploy.deployer import Deployer
from ssi.deploy.steps import oracle
from ssi.registry import params
from ssi.registry.record import Record
from tests.model import oracle as model
from tests.support.manipulation import Thief
from tests.support.prices import WINDOW

SOL = params.Twap(base="SOL", quote="WETH", fee=3_000, window=WINDOW)


def leg(**bounds: Any) -> params.Leg:
    return params.Leg(source="A/B", kind="Aggregator", heartbeat=60, maxMove=0, **bounds)


@pytest.mark.minimainnet  # the real pool may remember more
def test_a_deployment_pays_for_a_pool_s_history_and_waits_until_trades_have_used_it(evm, project, tmp_path):
    record = Record(tmp_path / "record.json", 1)
    deployer = Deployer(project, accounts.test_accounts[9], record, lambda _: None)
    thief = Thief(evm, "SOL", 3_000)
    for _ in range(2):  # paid for once
        with pytest.raises(
            oracle.HistoryTooShort, match=r"keeps 1 of 151 observations.*once 1 more blocks.*30 minutes"
        ):
            oracle._twap(deployer, "SOL/WETH twap", SOL)
        assert record.steps == ["history of SOL/WETH twap"]
        assert thief.pool.slot0().observationCardinalityNext == 151
    evm.warp(BLOCK)
    thief.push(thief.pool.slot0().sqrtPriceX96 * 9_999 // 10_000)
    feed = evm.at(project.UniswapV3TwapFeed, oracle._twap(deployer, "SOL/WETH twap", SOL))
    assert feed.window() == WINDOW
    assert abs(feed.minLiquidity() - thief.pool.liquidity() // 10) <= 1_000


def test_pools_as_deployed_have_minima_and_bounds_of_their_own(system):
    """They were 147 to 43,000,000 times below the pool's liquidity, and PEPE's bounds six decades apart."""
    for name in system.assets.twaps:
        feed = system.contract(name, "UniswapV3TwapFeed")
        liquidity = system.evm.at(Thief(system.evm, "SOSO", 3_000).pool.interface, feed.pool()).liquidity()
        assert 8 * feed.minLiquidity() <= liquidity <= 12 * feed.minLiquidity(), name
    for asset in system.assets.assets.values():
        for entry in [*system.oracle.route(asset.address), *system.oracle.secondRoute(asset.address).legs]:
            least, most = entry.named()["min"], entry.named()["max"]
            assert most <= 10_000 * least, "two decades around the price at most, on either side"
            if entry.source in [system.record.contracts[name] for name in system.assets.twaps]:
                answer = system.evm.at(system.project.UniswapV3TwapFeed, entry.source).latestRoundData().answer
                assert (least, most) == (model.bounds_around(answer // 10)[0], model.bounds_around(answer * 10)[1])


@pytest.mark.parametrize("answer", [2_121_212_121, 10**18, 999_949_999 * 10**9, 31_415])
def test_derived_bounds_are_those_of_the_model(answer):
    *_, least, most = leg(within=10).onchain("0x", answer)
    assert (least, most) == (model.bounds_around(answer // 10)[0], model.bounds_around(answer * 10)[1])
    assert least * 10 <= answer <= most // 10


def test_bounds_that_mean_nothing_are_refused():
    price = 10**18
    assert leg(min=Decimal("0.01"), max=Decimal(100)).onchain("0x", price)[4:] == (10**16, 10**20)
    for least, most in (("0.009", "100"), ("0.01", "101"), ("0.000001", "1000000")):
        with pytest.raises(ValueError, match="mean nothing around"):
            leg(min=Decimal(least), max=Decimal(most)).onchain("0x", price)
    with pytest.raises(ValueError, match="only of a feed can bounds be derived"):
        leg(within=10).onchain("0x", None)
    for wrong in ({}, {"min": "1"}, {"min": "1", "max": "2", "within": 10}, {"within": 1}, {"within": 101}):
        with pytest.raises(ValidationError):
            leg(**wrong)
