"""Fixtures that several files of unit tests share. Where a file needs another `vault` or `world`, it has its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ssi.chain.evm import Deployed, Entry, Evm
from tests.support.reverts import error
from tests.support.staking import Vault


@pytest.fixture
def vault(evm: Evm, project: Any, authority: Deployed, owner: str, alice: str, bob: str) -> Vault:
    """A staked token without stakers; alice and bob have plenty of its asset."""
    return Vault(evm, project, authority, owner, [alice, bob])


@pytest.fixture
def alice_stakes(vault: Vault, alice: str) -> Vault:
    """`vault`, with a stake of alice's."""
    vault.stake(alice)
    return vault


@pytest.fixture
def staked(vault: Vault) -> Deployed:
    """The staked token of `vault`."""
    return vault.token


@pytest.fixture
def refused(project: Any) -> Callable[[str], Entry]:
    """An error of the points ledger, by the name behind the underscore."""
    return lambda name: error(project.PointsLedger, f"PointsLedger_{name}")
