"""Gas of recording many accounts, and of recording oneself together with a claim.

On the real modules: four indexes with their staked tokens, staked SOSO, a pool and the registry of referrals.
"""

from __future__ import annotations

from typing import Any

from ssi.chain.evm import Evm
from ssi.constants import DAY, MAX, WAD
from tests.support.points_system import PointsSystem

BATCH = 64
BARS = {"record_batch": 75_000, "record_batch_touched": 75_000, "record_and_claim": 250_000}


def settle(world: PointsSystem, person: str) -> None:
    """Holds a hundred shares of an index and stakes a hundred."""
    world.hold(person, 200 * WAD)
    world.indexes[0].approve(world.staked[0], MAX, sender=person)
    world.staked[0].deposit(100 * WAD, person, sender=person)
    world.join(person)


def measure_recording(evm: Evm, project: Any) -> dict[str, int]:
    """An account that holds and stakes one index, in a batch of 64, by a keeper who has recorded before; prices are
    settled. `record_batch_touched`: its balances lie behind a later touch. `record_and_claim`: an account that is paid
    out of a pot records itself in the next epoch, as `points_claim` with that on top.
    """
    with evm.isolated(), evm.frozen_time():
        world = PointsSystem(evm, project, evm.account("gas recording"), count=4)
        people = [evm.account(f"gas recording {n}") for n in range(BATCH)]
        keeper = evm.account("gas recording keeper")
        for person in people:
            settle(world, person)
        world.soso.mint(keeper, 10**24, sender=keeper)
        world.soso.approve(world.ledger, MAX, sender=keeper)
        world.soso.transfer(people[0], 1, sender=keeper)
        world.ledger.fund(0, world.soso, 10**23, 500, sender=keeper)
        world.sample()
        world.close(0)
        world.prices.settle(0, sender=keeper)
        evm.warp(DAY)
        figures = {}
        with evm.isolated():
            figures["record_batch"] = world.ledger.recordMany(people, 0, sender=keeper).gas_used // BATCH
        with evm.isolated():
            for person in people:
                for token in (world.indexes[0], world.staked[0]):
                    token.transfer(keeper, 1, sender=person)
            figures["record_batch_touched"] = world.ledger.recordMany(people, 0, sender=keeper).gas_used // BATCH
        world.ledger.recordMany(people, 0, sender=keeper)
        world.close(1)
        world.ledger.recordMany(people[1:], 1, sender=keeper)
        both = world.ledger.recordAndClaim(1, [0], [world.soso], sender=people[0])
        figures["record_and_claim"] = both.gas_used
        return figures
