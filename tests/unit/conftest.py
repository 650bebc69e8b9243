"""Fixtures that several files of unit tests share. Where a file needs another `vault` or `world`, it has its own."""

from __future__ import annotations

import pytest

from tests.support.points import PointsWorld
from tests.support.reverts import error
from tests.support.staking import Vault


@pytest.fixture
def vault(evm, project, authority, owner, alice, bob):
    """A staked token without stakers; alice and bob have plenty of its asset."""
    return Vault(evm, project, authority, owner, [alice, bob])


@pytest.fixture
def staked(vault):
    """The staked token of `vault`."""
    return vault.token


@pytest.fixture
def world(evm, project, owner):
    """The points ledger with indexes, prices and a pool, after its first sample of prices."""
    world = PointsWorld(evm, project, owner)
    world.sample()
    return world


@pytest.fixture
def refused(project):
    """An error of the points ledger, by the name behind the underscore."""
    return lambda name: error(project.PointsLedger, f"PointsLedger_{name}")
