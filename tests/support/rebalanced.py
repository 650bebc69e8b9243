"""Rebalances of the deployed protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minimainnet import control
from scripts._lib.evm import Deployed
from scripts._lib.proposal import execution
from scripts._lib.system import System
from tests.support.governance import wait


@contextmanager
def recorded(system: System, **contracts: str | None) -> Iterator[System]:
    """The system with contracts added to its record, or left out of it where None, so that commands see it so. Undone at the end."""
    record = system.record
    known = dict(record.contracts)
    record.contracts = {name: address for name, address in (known | contracts).items() if address is not None}
    record.save()
    try:
        yield system
    finally:
        record.contracts = known
        record.save()


def fixed_weights(system: System) -> str:
    """Where a methodology is that says its parameters back."""
    if "FixedWeights" in system.record.contracts:
        return system.record.contracts["FixedWeights"]
    return str(system.evm.deploy(system.project.MethodologyMock, sender=system.evm.account("owner")).address)


def govern_all(system: System, target: Deployed, calls: Sequence[bytes]) -> None:
    """Schedules several calls of one contract, waits, and executes them together."""
    manager, safe = system.manager, system.record.contracts["Safe"]
    manager.multicall([manager.schedule.encode(target, call, 0) for call in calls], sender=safe)
    wait(system)
    system.evm.send(safe, manager, execution(manager, [(target.address, call) for call in calls]))


def invest(system: System, symbol: str, who: str, shares: int) -> None:
    """Mints shares in kind, {share}, with constituents from nowhere, so that no pool moves."""
    index = system.index(symbol)
    amounts = index.previewMint(shares)
    for token, amount in zip(index.basket().tokens, amounts, strict=True):
        name = next(name for name, asset in system.assets.assets.items() if asset.address.lower() == token.lower())
        control.deal(system.evm.rpc, name, who, system.token(token).balanceOf(who) + amount)
        system.token(token).approve(index, amount, sender=who)
    index.mint(shares, who, amounts, sender=who)
