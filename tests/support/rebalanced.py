"""Rebalances of the deployed protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import eth_abi

from forks.seeding import invest
from ssi.chain.evm import Deployed
from ssi.governance.proposal import execution
from ssi.registry.system import System
from tests.support.governance import wait

TERMS = (100, 200, 86_400, 50, 50, 5_000, 5_000, 2_500)
EQUAL = {"WBTC": 1600, "WETH": 1400, "BNB": 1400, "SOL": 1400, "LINK": 1400, "UNI": 1400, "AAVE": 1400}  # bp


@contextmanager
def recorded(system: System, **contracts: str | None) -> Iterator[System]:
    """The system with contracts added to its record, or left out of it where None, so that commands see it so.

    Undone at the end.
    """
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


def unbalanced(system: System) -> None:
    """Gives MAG7.ssi, worth about 200,000 USD, a plan that wants other weights than it has."""
    rebalancer, index = system.contract("Rebalancer"), system.index("MAG7.ssi")
    tokens, weights = [system.token(name) for name in EQUAL], [weight * 10**14 for weight in EQUAL.values()]
    parameters = eth_abi.encode(["uint256[]"], [weights])
    plan = rebalancer.setMethodology.encode(index, system.record.contracts["FixedWeights"], tokens, parameters)
    govern_all(system, rebalancer, [plan, rebalancer.setTerms.encode(index, TERMS)])
    invest(system, "MAG7.ssi", system.evm.account("investor"), 2_000 * 10**18)
