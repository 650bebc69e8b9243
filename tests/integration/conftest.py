"""Fixtures of trades through the router, and the role table."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from eth_account import Account

from ssi.registry.system import System
from tests.support.reverts import error, reverts
from tests.support.trading import KEY, Trader


@pytest.fixture
def trader(system: System) -> Trader:
    """A trader who can sign, with ether."""
    account = Account.from_key(KEY).address
    system.evm.fund(account)
    return Trader(system, account)


@pytest.fixture
def refuse(project: Any) -> Callable[..., AbstractContextManager[None]]:
    """The block must revert with this error of the router: `refuse("TooLittle", amountOut=…, minimum=…)`."""

    def refuse(name, **inputs):
        return reverts(error(project.IndexRouter, f"IndexRouter_{name}"), **inputs)

    return refuse


@pytest.fixture(scope="session")
def table(system: System) -> list[tuple[str, bytes, int]]:
    """The rows of the role table: contract, function, role."""
    return [(row.target, row.selector, row.role) for row in system.contract("RoleTable").rows()]
