"""An upgrade takes two signatures and the notice; nothing shorter leads there."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak

from ssi.chain.evm import Deployed, Evm
from ssi.constants import GOVERNOR, IMPLEMENTATION_SLOT, NOTICE
from ssi.registry.system import System
from tests.support.governance import SigningSafe, govern, schedule, wait
from tests.support.reverts import error, reverts


@pytest.fixture
def implementation(evm: Evm, project: Any, owner: str) -> Deployed:
    return evm.deploy(project.CounterV1, sender=owner)


@pytest.fixture
def successor(evm: Evm, project: Any, owner: str) -> Deployed:
    return evm.deploy(project.CounterV2, sender=owner)


@pytest.fixture
def counter(evm: Evm, system: System, project: Any, owner: str, implementation: Deployed) -> Deployed:
    """A contract behind its proxy, upgradeable by the governor as the role table says of all of them, with a little
    state.
    """
    initialization = implementation.initialize.encode(system.manager.address)
    proxy = evm.deploy(project.ProtocolProxy, implementation.address, initialization, sender=owner)
    counter = evm.at(project.CounterV1, proxy.address)
    selectors = [counter.interface["upgradeToAndCall"].hash[:4]]
    govern(system, system.manager, "setTargetFunctionRole", [counter.address, selectors, GOVERNOR])
    counter.increase(sender=owner)
    return counter


def behind(evm: Evm, proxy: Deployed) -> int:
    """The implementation of a proxy."""
    return int(evm.rpc.call("eth_getStorageAt", proxy.address, IMPLEMENTATION_SLOT, "latest"), 16)


def test_the_slot_is_that_of_erc1967():
    assert int(IMPLEMENTATION_SLOT, 16) == int.from_bytes(keccak(text="eip1967.proxy.implementation"), "big") - 1


def test_an_upgrade_by_the_multisig_keeps_the_state(evm, system, project, counter, successor, owner, alice):
    """Two real signatures schedule, sixteen days pass, two more execute: new code, old state."""
    safe, manager = SigningSafe(evm, system.record.contracts["Safe"]), system.manager
    data = counter.upgradeToAndCall.encode(successor.address, b"")
    before = behind(evm, counter)
    receipt = safe.execute(manager, manager.schedule.encode(counter.address, data, 0), signers=2)
    (scheduled,) = receipt.events(manager, "OperationScheduled")

    execution = manager.execute.encode(counter.address, data)
    early = scheduled.values["schedule"] - 1
    with reverts(error(project.ProtocolManager, "AccessManagerNotReady"), operationId=scheduled.values["operationId"]):
        evm.call(manager.address, execution, sender=safe.safe.address, at=early)
    wait(system)
    assert behind(evm, counter) == before
    safe.execute(manager, execution, signers=2)

    assert behind(evm, counter) == int(successor.address, 16)
    upgraded = evm.at(project.CounterV2, counter.address)
    assert (upgraded.count(), upgraded.countOf(owner), upgraded.last()) == (1, 1, owner)
    upgraded.reset(sender=alice)
    assert (upgraded.count(), upgraded.resets()) == (0, 1)
    assert upgraded.authority() == manager.address


def test_only_the_multisig_can_upgrade(system, project, counter, implementation, successor, owner, bob):
    """A stranger, the deployer, the guardian, the implementation itself, the Safe without its notice."""
    unauthorized = error(project.CounterV1, "AccessManagedUnauthorized")
    for caller in (bob, owner, system.record.contracts["GuardianSafe"], implementation.address, counter.address):
        with reverts(unauthorized, caller=caller):
            counter.upgradeToAndCall(successor.address, b"", sender=caller)
        data = counter.upgradeToAndCall.encode(successor.address, b"")
        with reverts(
            error(project.ProtocolManager, "AccessManagerUnauthorizedCall"),
            caller=caller,
            target=counter.address,
            selector=data[:4],
        ):
            system.manager.schedule(counter.address, data, 0, sender=caller)
    safe = system.record.contracts["Safe"]
    operation = system.manager.hashOperation(
        safe, counter.address, counter.upgradeToAndCall.encode(successor.address, b"")
    )
    with reverts(error(project.ProtocolManager, "AccessManagerNotScheduled"), operationId=operation):
        counter.upgradeToAndCall(successor.address, b"", sender=safe)


def test_the_guardian_cancels_an_upgrade(evm, system, project, counter, successor):
    data = counter.upgradeToAndCall.encode(successor.address, b"")
    operation, safe = schedule(system, counter, data), system.record.contracts["Safe"]
    guardian = SigningSafe(evm, system.record.contracts["GuardianSafe"])
    guardian.execute(system.manager, system.manager.cancel.encode(safe, counter.address, data), signers=1)
    wait(system)
    with reverts(error(project.ProtocolManager, "AccessManagerNotScheduled"), operationId=operation):
        system.manager.execute(counter.address, data, sender=safe)


def test_implementations_are_inert(project, counter, implementation, successor, bob):
    """No account can initialise one, upgrade one, or initialise the proxy a second time."""
    for contract in (implementation, successor, counter):
        with reverts(error(project.CounterV1, "InvalidInitialization")):
            contract.initialize(bob, sender=bob)
    for contract in (implementation, successor):
        assert int(contract.authority(), 16) == 0
        with reverts(error(project.CounterV1, "UUPSUnauthorizedCallContext")):
            contract.upgradeToAndCall(successor.address, b"", sender=bob)


def test_an_authority_is_needed_at_birth(evm, project, implementation, owner):
    zero = "0x" + "00" * 20
    with reverts(error(project.CounterV1, "GovernedUUPS_ZeroAuthority")):
        evm.deploy(project.ProtocolProxy, implementation.address, implementation.initialize.encode(zero), sender=owner)


def test_a_proxy_is_not_born_without_being_initialised(evm, project, implementation, owner):
    """OpenZeppelin's proxy refuses empty initialisation data, so that no other account can come first."""
    with reverts(error(project.ProtocolProxy, "ERC1967ProxyUninitialized")):
        evm.deploy(project.ProtocolProxy, implementation.address, b"", sender=owner)


@pytest.mark.parametrize("what", ["a plain contract", "no contract", "another proxy"])
def test_what_cannot_be_upgraded_further_is_refused(evm, system, project, counter, owner, implementation, what):
    """Two signatures and the notice do not help: an implementation without UUPS would be the last one."""
    if what == "a plain contract":
        target = evm.deploy(project.RoleTable, sender=owner).address
        expected, inputs = error(project.CounterV1, "ERC1967InvalidImplementation"), {"implementation": target}
    elif what == "no contract":
        target = evm.account("nothing here")
        expected, inputs = error(project.ProtocolManager, "FailedCall"), {}  # nothing answers
    else:
        initialization = implementation.initialize.encode(system.manager.address)
        target = evm.deploy(project.ProtocolProxy, implementation.address, initialization, sender=owner).address
        expected, inputs = error(project.CounterV1, "ERC1967InvalidImplementation"), {"implementation": target}
    data = counter.upgradeToAndCall.encode(target, b"")
    schedule(system, counter, data)
    wait(system, NOTICE)
    with reverts(expected, **inputs):
        system.manager.execute(counter.address, data, sender=system.record.contracts["Safe"])


def test_the_new_version_can_be_set_up_in_the_same_transaction(evm, system, project, counter, successor, owner):
    data = successor.reset.encode()
    govern(system, counter, "upgradeToAndCall", [successor.address, data])
    upgraded = evm.at(project.CounterV2, counter.address)
    assert (upgraded.count(), upgraded.resets(), upgraded.countOf(owner)) == (0, 1, 1)
