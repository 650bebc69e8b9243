"""Gas of points: one account with everything recorded, a pot claimed, and SOSO staked for the boost."""

from __future__ import annotations

from typing import Any

from forks import control
from ssi.chain.evm import Evm
from ssi.constants import DAY, MAX, WAD
from ssi.registry.system import System
from tests.support.points import WEEK, RealStaking

BARS = {"record_account": 260_000, "points_claim": 110_000, "soso_stake": 66_000}


class PointsGas(RealStaking):
    """Indexes with real staked tokens, staked SOSO and one pool, and people who have some of each."""

    def settle(self, person: str) -> None:
        for n, vault in enumerate(self.staked):
            self.hold(person, 200 * WAD, n)
            self.stake_real(vault, person, 100 * WAD)
        self.soso.mint(person, 500 * WAD, sender=person)
        self.stake_real(self.staked_soso, person, 500 * WAD)
        self.lock(person, 100)

    def touch(self, person: str, other: str) -> None:
        """Moves a wei of everything, so that the closed epoch is behind a saved slot."""
        for token in (*self.indexes, *self.staked, self.staked_soso, self.pool):
            token.transfer(other, 1, sender=person)


def measure_points(evm: Evm, project: Any) -> dict[str, int]:
    """Four indexes held and staked, a pool, SOSO, a referrer; the epoch's prices are settled.

    `record_account`: everything lies behind a later touch, and the referrer has no credit yet. `points_claim`: of a
    token that the account holds already.
    """
    with evm.isolated(), evm.frozen_time():
        bench = PointsGas(evm, project, evm.account("gas points"), count=4)
        user, friend, keeper = (evm.account(f"gas points {name}") for name in ("user", "friend", "keeper"))
        for person in (user, friend):
            bench.settle(person)
        bench.join(user, friend)
        bench.referrals.bind(user, friend, sender=user)
        bench.sample()
        bench.soso.mint(keeper, 10**24, sender=keeper)
        bench.soso.transfer(user, 1, sender=keeper)
        bench.soso.approve(bench.ledger, MAX, sender=keeper)
        bench.ledger.fund(0, bench.soso, 10**23, 500, sender=keeper)
        bench.close(0)
        bench.prices.settle(0, sender=keeper)
        evm.warp(DAY)
        bench.touch(user, friend)
        figures = {"record_account": bench.ledger.record(user, 0, sender=keeper).gas_used}
        bench.ledger.record(friend, 0, sender=keeper)
        bench.go(bench.end(0) + WEEK)
        figures["points_claim"] = bench.ledger.claim(0, bench.soso, sender=user).gas_used
        return figures


def measure_boost(system: System) -> dict[str, int]:
    """A staker of SOSO stakes more, on the deployed system."""
    evm, soso, staked = system.evm, system.token("SOSO"), system.staked("SOSO")
    user = evm.account("gas booster")
    with evm.isolated():
        control.deal(evm.rpc, "SOSO", user, 1000 * WAD)
        soso.approve(staked.address, MAX, sender=user)
        staked.deposit(100 * WAD, user, sender=user)
        evm.warp(DAY)
        return {"soso_stake": staked.deposit(100 * WAD, user, sender=user).gas_used}
