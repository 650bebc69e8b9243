"""Whole rebalances on the deployed system, through the multisig and its notice, against real pools and feeds.

Ids: docs/invariants.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from forks import control
from ssi.chain.evm import Receipt, Reverted
from ssi.constants import DAY, MAX
from ssi.governance.starting import start_call
from ssi.keeper.rebalance import Phase
from ssi.registry.system import System
from tests.support.governance import wait
from tests.support.rebalanced import BOUNDS, BP, DeployedRebalance
from tests.support.reverts import error, reverts


def percent(**weights: int) -> dict[str, int]:
    assert sum(weights.values()) == 100
    return {name: part * 10**16 for name, part in weights.items()}


def test_a_month_later(mag7, evm):
    """Prices move, AAVE makes room for COMP, and everything arrives within 25 bp of its target, for a cost that the
    budget allows.
    """
    calls = mag7.propose(percent(WBTC=30, WETH=20, BNB=10, SOL=10, LINK=10, UNI=10, COMP=10))
    wait(mag7.system)
    # Where there are two sources, only as far as the pools may lag behind.
    for feed, part in (("BTC/USD", 101), ("ETH/USD", 99), ("BNB/USD", 96), ("SOL/USD", 104)):
        control.set_feed(evm.rpc, feed, control.read_feed(evm.rpc, feed)[0] * part // 100)
    mag7.execute(calls)
    before = mag7.status()
    assert before.phase == Phase.RUNNING
    assert mag7.weights()["COMP"][0] == 0

    mag7.later(DAY * 37 // 100)  # eleven bp under the oracle price
    mag7.bid_all()
    after = mag7.status()
    assert after.phase == Phase.COMPLETED, "R7 it ends by itself"
    assert 0 < after.cost <= after.budget, "R1 the loss stays in the budget"
    assert after.cost < 10 * BP
    mag7.near(25)
    held = [mag7.names[token] for token in mag7.index.basket().tokens]
    assert "COMP" in held
    assert "AAVE" not in held, "what leaves is sold out"
    mag7.holder.sell("MAG7.ssi", "USDC", 100 * 10**18)


def test_a_keeper_without_capital_runs_it_on_uniswap(mag7, evm, system, project):
    """The filler buys what is missing with what is too much; what is left is the keeper's, and nothing stays in the
    filler.
    """
    calls = mag7.propose(
        percent(WBTC=30, WETH=17, BNB=11, SOL=11, LINK=11, UNI=10, AAVE=10), (100, 300, DAY, 100, 50, 5000, 5000, 2500)
    )
    wait(system)
    mag7.execute(calls)
    profit = evm.account("profit")
    unpaid = {
        error(project.UniswapFiller, f"UniswapFiller_{name}").hash[:4] for name in ("NotCovered", "NothingToFill")
    }

    def quiet_fill(arguments):
        """What it would return; None where it does not pay yet."""
        try:
            return system.filler.fill.call(*arguments, sender=mag7.keeper)
        except Reverted as reverted:
            if reverted.data[:4] in unpaid:
                return None
            raise

    filled = set()
    for _ in range(24):
        mag7.later(DAY // 25)
        for offer in mag7.offers():
            out, in_ = mag7.names[offer.tokenOut], mag7.names[offer.tokenIn]
            held = mag7.token(out).balanceOf(profit)
            arguments = (mag7.index, offer.tokenOut, offer.tokenIn, offer.amountOut, mag7.path(in_, out), 0, profit)
            expected = quiet_fill(arguments)
            if expected is None:
                continue
            receipt = system.filler.fill(*arguments, sender=mag7.keeper)
            (event,) = receipt.events(system.filler, "Filled")
            assert (event.values["amountOut"], event.values["amountIn"], event.values["profit"]) == tuple(expected)
            assert mag7.token(out).balanceOf(profit) - held == event.values["profit"], "the profit is the receiver's"
            filled.add((out, in_))
            for name in (out, in_):
                assert mag7.token(name).balanceOf(system.filler.address) == 0, "the filler holds nothing"
                assert mag7.token(name).allowance(system.filler.address, system.rebalancer.address) == 0
    assert filled
    status = mag7.status()
    assert status.phase == Phase.COMPLETED
    assert status.cost <= status.budget, "R1 the loss stays in the budget"
    mag7.near(25)


class TestFiller:
    @pytest.fixture
    def running(self, mag7: DeployedRebalance, system: System) -> DeployedRebalance:
        calls = mag7.propose(
            percent(WBTC=30, WETH=17, BNB=11, SOL=11, LINK=11, UNI=10, AAVE=10),
            (0, 300, DAY, 100, 50, 5000, 5000, 2500),
        )
        wait(system)
        mag7.execute(calls)
        return mag7

    def fill(self, rebalance: DeployedRebalance, **changes: Any) -> Receipt:
        order = {
            "index": rebalance.index,
            "out": "WBTC",
            "in_": "WETH",
            "amount": MAX,
            "path": rebalance.path("WETH", "WBTC"),
            "least": 0,
            "receiver": rebalance.keeper,
            **changes,
        }
        return rebalance.system.filler.fill(
            order["index"],
            rebalance.token(order["out"]),
            rebalance.token(order["in_"]),
            order["amount"],
            order["path"],
            order["least"],
            order["receiver"],
            sender=rebalance.keeper,
        )

    def test_it_does_not_pay_before_it_pays(self, running, project):
        """At the oracle price the pools' fees are not covered, so the whole is undone."""
        with pytest.raises(Reverted) as caught:
            self.fill(running)
        assert caught.value.data[:4] == error(project.UniswapFiller, "UniswapFiller_NotCovered").hash[:4]
        assert running.status().cost == 0

    def test_the_least_profit_is_asked_for(self, running, project):
        running.later(DAY * 9 // 10)
        with pytest.raises(Reverted) as caught:
            self.fill(running, least=10**30)
        assert caught.value.data[:4] == error(project.UniswapFiller, "UniswapFiller_ProfitTooLow").hash[:4]

    def test_a_path_must_lead_from_one_to_the_other(self, running, project):
        invalid = error(project.UniswapFiller, "UniswapFiller_InvalidPath")
        names = {"tokenOut": running.token("WBTC").address, "tokenIn": running.token("WETH").address}
        good = running.path("WETH", "WBTC")
        for path in (
            b"",
            good[:-1],
            good[:40],
            running.path("WBTC", "WETH"),
            running.path("WETH", "UNI"),
            good + b"\0",
        ):
            with reverts(invalid, **names):
                self.fill(running, path=path)

    def test_nothing_to_fill(self, running, project):
        nothing = error(project.UniswapFiller, "UniswapFiller_NothingToFill")
        other = running.system.index("DEFI.ssi")
        names = {"tokenOut": running.token("WBTC").address, "tokenIn": running.token("WETH").address}
        with reverts(nothing, index=other.address, **names):
            self.fill(running, index=other)

    def test_only_the_rebalancer_calls_its_callback(self, running, project, bob):
        """Neither a stranger, nor the rebalancer when the filler has not bid."""
        unexpected = error(project.UniswapFiller, "UniswapFiller_UnexpectedCallback")
        arguments = (running.index, running.token("WBTC"), 1, running.token("WETH"), 1, running.path("WETH", "WBTC"))
        for caller in (bob, running.rebalancer.address):
            with reverts(unexpected, caller=caller):
                running.system.filler.onBid(*arguments, sender=caller)

    def test_a_zero_receiver(self, running, project):
        with reverts(error(project.UniswapFiller, "UniswapFiller_ZeroAddress")):
            self.fill(running, receiver="0x" + "00" * 20)


def test_yield_bearing_dollars(system, project):
    """USSI: savings tokens whose price is a rate that grows by the second."""
    ussi = DeployedRebalance(system, project, "USSI", 300 * 10**18)
    calls = ussi.propose(percent(sUSDS=40, sDAI=30, USDC=30))
    wait(system)
    ussi.execute(calls)
    ussi.later(DAY * 55 // 100)
    ussi.bid_all()
    assert ussi.status().phase == Phase.COMPLETED
    assert ussi.status().cost <= ussi.status().budget, "R1 the loss stays in the budget"
    ussi.near(25)


def test_a_feed_off_the_market_costs_no_more_than_the_budget(mag7, evm, system):
    """BTC's feed says less than the market, so all bidders want WBTC for less; losses count against the oracle until
    they halt it.
    """
    calls = mag7.propose(
        percent(WBTC=10, WETH=30, BNB=12, SOL=12, LINK=12, UNI=12, AAVE=12), (100, 500, DAY, 20, 50, 5000, 5000, 2500)
    )
    wait(system)
    mag7.execute(calls)
    mag7.later(DAY - 600)
    control.set_feed(evm.rpc, "BTC/USD", control.read_feed(evm.rpc, "BTC/USD")[0] * 97 // 100)
    mag7.bid_all()
    status = mag7.status()
    assert status.phase == Phase.HALTED, "R1 the budget halts it"
    assert status.budget == 20 * BP
    assert status.budget * 99 // 100 < status.cost <= status.budget, "R1 used up and not passed"
    assert mag7.offers() == []
    mag7.holder.sell("MAG7.ssi", "USDC", 100 * 10**18)


def test_the_guardian_stops_it(mag7, system):
    calls = mag7.propose(percent(WBTC=30, WETH=17, BNB=11, SOL=11, LINK=11, UNI=10, AAVE=10))
    wait(system)
    mag7.execute(calls)
    mag7.rebalancer.cancel(mag7.index, sender=system.record.contracts["GuardianSafe"])
    assert mag7.offers() == []
    assert mag7.status().phase == Phase.CANCELLED


def test_a_start_is_announced_sixteen_days_before(mag7, project):
    """R8: no account starts one at once, not even the multisig."""
    call, _ = start_call(mag7.rebalancer, mag7.index, mag7.evm.now + DAY, BOUNDS)
    with pytest.raises(Reverted) as caught:
        mag7.evm.send(mag7.safe, mag7.rebalancer, call)
    assert caught.value.data[:4] == error(project.ProtocolManager, "AccessManagerNotScheduled").hash[:4]
