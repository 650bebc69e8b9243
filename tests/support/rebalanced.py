"""A rebalancer for the deployed protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minimainnet import control
from minimainnet.addresses import CONTRACTS
from scripts._lib.deployer import GOVERNOR, GUARDIAN, REBALANCER
from scripts._lib.evm import Deployed
from scripts._lib.proposal import execution
from scripts._lib.system import System
from tests.support.governance import wait

GOVERNED = ("setMethodology", "setTerms", "startRebalance", "upgradeToAndCall")


@contextmanager
def with_rebalancer(system: System) -> Iterator[System]:
    """The system with a rebalancer and fixed weights, in its record too, so that commands find them. Undone at the end."""
    record, evm, project = system.record, system.evm, system.project
    known = dict(record.contracts)
    if "Rebalancer" not in known:
        owner = evm.account("owner")
        implementation = evm.deploy(project.Rebalancer, system.oracle, sender=owner)
        initialization = implementation.initialize.encode(system.manager)
        proxy = evm.deploy(project.ProtocolProxy, implementation, initialization, sender=owner)
        filler = evm.deploy(project.UniswapFiller, proxy, CONTRACTS["SwapRouter02"], sender=owner)
        methodology = evm.deploy(project.MethodologyMock, sender=owner)
        record.contracts |= {
            "RebalancerImplementation": implementation.address, "Rebalancer": proxy.address, "UniswapFiller": filler.address,
            "FixedWeights": methodology.address,
        }  # fmt: skip
        _give_roles(system, system.contract("Rebalancer"))
    record.save()
    try:
        yield system
    finally:
        record.contracts = known
        record.save()


def _give_roles(system: System, rebalancer: Deployed) -> None:
    manager, functions = system.manager, rebalancer.interface
    calls = [
        manager.setTargetFunctionRole.encode(rebalancer, [functions[name].hash[:4] for name in GOVERNED], GOVERNOR),
        manager.setTargetFunctionRole.encode(rebalancer, [functions["cancel"].hash[:4]], GUARDIAN),
        manager.grantRole.encode(REBALANCER, rebalancer, 0),
    ]
    govern_all(system, manager, calls)


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
