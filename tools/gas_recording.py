"""Gas of recording many accounts: a batch of 64 on real rooms, four indexes with their staked tokens, staked SOSO, a
pool and the registry of referrals.
"""

from __future__ import annotations

from typing import Any

from ssi.chain.evm import Evm
from tests.support.indexes import DAY, MAX
from tests.support.points import WAD
from tests.support.rooms import Rooms

BATCH = 64


def settle(world: Rooms, person: str) -> None:
    """Holds a hundred shares of an index and stakes a hundred."""
    world.hold(person, 200 * WAD)
    world.indexes[0].approve(world.staked[0], MAX, sender=person)
    world.staked[0].deposit(100 * WAD, person, sender=person)
    world.join(person)


def measure_recording(evm: Evm, project: Any) -> dict[str, int]:
    with evm.isolated(), evm.standstill():
        world = Rooms(evm, project, evm.account("gas recording"), count=4)
        people = [evm.account(f"gas recording {n}") for n in range(BATCH)]
        keeper = evm.account("gas recording keeper")
        for person in people:
            settle(world, person)
        world.sample()
        world.close(0)
        world.prices.settle(0, sender=keeper)
        evm.warp(DAY)
        figures = {}
        with evm.isolated():
            figures["record_batch"] = world.ledger.recordMany(people, 0, sender=keeper).gas_used // BATCH
        for person in people:
            for token in (world.indexes[0], world.staked[0]):
                token.transfer(keeper, 1, sender=person)
        figures["record_batch_touched"] = world.ledger.recordMany(people, 0, sender=keeper).gas_used // BATCH
        return figures
