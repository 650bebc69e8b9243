"""Rebalances of the deployed protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ssi.chain.evm import Deployed
from ssi.governance.proposal import execution
from ssi.registry.system import System
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


def govern_all(system: System, target: Deployed, calls: Sequence[bytes]) -> None:
    """Schedules several calls of one contract, waits, and executes them together."""
    manager, safe = system.manager, system.record.contracts["Safe"]
    manager.multicall([manager.schedule.encode(target, call, 0) for call in calls], sender=safe)
    wait(system)
    system.evm.send(safe, manager, execution(manager, [(target.address, call) for call in calls]))
