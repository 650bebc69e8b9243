"""The rebalancer, function by function. Ids are those of docs/invariants.md."""

from __future__ import annotations

import pytest

from tests.support.indexes import DAY, MAX
from tests.support.rebalancing import World

USD = 10**8
DECIMALS = (18, 8, 6, 18)
PRICES = (100 * USD, 90_000 * USD, USD, 25 * USD)


@pytest.fixture
def world(evm, project, authority, owner):
    """Three constituents in equal parts, a fourth token outside, a thousand shares."""
    world = World(evm, project, authority, owner, DECIMALS, PRICES, 3)
    world.mint("alice", 1000 * 10**18)
    return world


def weights(*percent):
    return {str(n): p * 10**16 for n, p in enumerate(percent)}


def test_first_run(world):
    world.set_plan(weights(50, 30, 20))
    receipt = world.start()
    print(receipt.gas_used)
    world.agree()
    world.warp(DAY // 2)
    got, paid = world.both_bid("bob", 2, 0, MAX)
    assert min(got, paid) > 0
    world.agree()
    world.both_bid("bob", 1, 0, MAX)
    world.agree()
    assert world.model.phase_at(world.evm.now) == "completed"
