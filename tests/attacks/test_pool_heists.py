"""A pool is held off its price, and a rebalance buys what it prices: from the swap to the loot.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from forks import control
from forks.seeding import invest
from ssi.constants import BLOCK, DAY, MAX
from ssi.governance.starting import Bounds
from ssi.registry.system import System
from tests.support.governance import wait
from tests.support.manipulation import Thief
from tests.support.prices import WINDOW
from tests.support.rebalanced import DeployedRebalance

SHARE, BP = 10**18, 10**14
FLOKI_FEE = 10_000


class PoolHeist:
    """MEME.ssi, worth some five million dollars, is to buy five percent of that of FLOKI, by the terms that it was
    deployed with.
    """

    def __init__(self, system: System, project: Any) -> None:
        self.rebalance = DeployedRebalance(system, project, "MEME.ssi", SHARE)
        self.evm, self.oracle, self.index = system.evm, system.oracle, self.rebalance.index
        invest(system, "MEME.ssi", self.evm.account("fund"), 50_000 * SHARE)
        weights = {name: now for name, (now, _) in self.rebalance.weights().items()}
        weights["FLOKI"] += 5 * 10**16
        weights["SHIB"] -= 25 * 10**15
        weights["PEPE"] += SHARE - sum(weights.values())
        calls = self.rebalance.propose(weights, tuple(self.rebalance.rebalancer.planOf(self.index).terms), Bounds())
        wait(system)
        self.rebalance.execute(calls)
        self.rebalance.later(DAY // 3)  # bids are at the oracle's prices: what is lost is lost by those
        assert self.rebalance.rebalancer.status(self.index).premium == 0
        decimals = {token: system.token(self.rebalance.names[token]).decimals() for token in self.index.basket().tokens}
        self.right = {token: self.oracle.price(token) * 10 ** (18 - places) for token, places in decimals.items()}
        self.loot = 0

    def value(self) -> int:
        """D18 USD of the basket, at the prices before the theft."""
        accounted = self.index.holdings().accounted
        return (
            sum(amount * self.right[token] for token, amount in zip(self.index.basket().tokens, accounted, strict=True))
            // SHARE
        )

    def rob(self) -> None:
        """Takes every offer that pays."""
        for offer in self.rebalance.offers():
            gain = (offer.amountOut * self.right[offer.tokenOut] - offer.amountIn * self.right[offer.tokenIn]) // SHARE
            if gain > 0:
                self.loot += gain
                self.rebalance.bid(offer, MAX)


@pytest.mark.parametrize("dearer", [True, False])
def test_a_pool_that_is_held_for_a_block_robs_no_index(system, project, dearer):
    """W8, R9: FLOKI said 1.65 times its price; 98,755 dollars were taken, 197 bp of NAV, and 0.00 bp of 50 were
    counted.

    Now the price stays, or is none for a while.
    """
    heist = PoolHeist(system, project)
    evm, thief, before = heist.evm, Thief(heist.evm, "FLOKI", FLOKI_FEE), heist.value()
    assert 4_900_000 * SHARE < before < 5_500_000 * SHARE
    floki = heist.rebalance.token("FLOKI").address
    fair = heist.oracle.price(floki)
    evm.warp(BLOCK)
    thief.hold(thief.far(dearer, 10**22), BLOCK)
    for _ in range(0, WINDOW + 1, 120):
        control.refresh_feeds(evm.rpc)
        assert tuple(heist.oracle.tryPrice(floki)) in ((True, fair), (False, 0)), "W8 the price"
        heist.rob()
        evm.warp(120)
    lost = (before - heist.value()) / before * 10_000
    assert lost < 1, f"R9 {lost:.2f} bp, {heist.loot / SHARE:,.0f} dollars"
