"""`ape run status` says who governs, and that nothing has changed unnoticed.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scripts import status
from ssi.chain.evm import Evm
from ssi.cli.overview import governance
from ssi.constants import ADMIN, GOVERNOR, NOTICE, SENTINEL, ZERO
from ssi.governance.safe import Multisig
from ssi.registry.record import Record
from ssi.registry.system import System
from tests.support.governance import ours, schedule, wait


@pytest.fixture(autouse=True)
def record(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """The record that the command reads; what it writes is forgotten after the test."""
    content = {name: value for name, value in vars(system.record).items() if name not in ("path", "chain_id")}
    mine = Record(tmp_path / "record.json", 1, **content)
    monkeypatch.setattr(system, "record", mine)
    monkeypatch.setattr(Record, "load", lambda *_: mine)
    return mine


@pytest.fixture
def safe(evm: Evm, system: System) -> Multisig:
    return Multisig(evm, system.record.contracts["Safe"])


@pytest.fixture
def guardian(evm: Evm, system: System) -> Multisig:
    return Multisig(evm, system.record.contracts["GuardianSafe"])


def run(*args: str) -> tuple[int, str]:
    """The command in this process: exit code and output."""
    done = CliRunner().invoke(status.cli, [*args], standalone_mode=True)
    return done.exit_code, done.output


def alarms() -> Any:
    code, said = run("--json")
    found = json.loads(said)["governance"]["alarms"]
    assert code == bool(found)
    return found


def test_a_deployment_is_as_it_was_recorded(system, safe, guardian):
    code, said = run()
    assert code == 0, said
    for owner in [*safe.owners, *guardian.owners]:
        assert owner in said
    assert "✗" not in said
    assert governance(system)["contest"] == {"runsOutAt": 0, "returnsAt": 0}


def test_a_module_that_was_enabled_unnoticed_is_shown(safe, bob):
    ours(safe).enableModule(bob, sender=safe.address)
    assert alarms() == [f"Safe: modules is {bob}, recorded is none"]
    code, said = run()
    assert code == 1
    assert f"✗ Safe: modules is {bob}, recorded is none" in said


@pytest.mark.parametrize(
    ("method", "args", "setting"),
    [
        ("setGuard", [ZERO], None),
        ("setFallbackHandler", ["0x" + "11" * 20], "fallbackHandler is 0x1111"),
        ("changeThreshold", [1], "threshold is 1, recorded is"),
        ("addOwnerWithThreshold", ["0x" + "22" * 20, 2], "owners is "),
    ],
)
def test_every_setting_is_compared(safe, method, args, setting):
    """A setting that stays what it was is no alarm."""
    getattr(ours(safe), method)(*args, sender=safe.address)
    found = alarms()
    assert len(found) == (setting is not None)
    assert not setting or f"Safe: {setting}" in found[0]


@pytest.mark.parametrize(
    ("setting", "slot"),
    [
        ("singleton", "0x0"),
        ("guard", "0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8"),
        ("moduleGuard", "0xb104e0b93118902c651344349b610029d694cfdec91c589c91ebafbcd0289947"),
        ("fallbackHandler", "0x6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5"),
    ],
)
def test_what_a_delegatecall_can_write_is_compared(evm, guardian, setting, slot):
    """The slots are those of Safe's own sources. The new singleton is the one for rollups: it answers like the old."""
    other = "0x29fcB43b46531BcA003ddC8FCB67FFE91900C762"
    evm.rpc.call("anvil_setStorageAt", guardian.address, slot, "0x" + other[2:].rjust(64, "0").lower())
    (alarm,) = alarms()
    assert alarm.startswith(f"GuardianSafe: {setting} is {other}, recorded is ")


def test_a_shared_owner_is_an_alarm_even_when_it_is_recorded(safe, guardian):
    """G3"""
    shared = safe.owners[0]
    ours(guardian).swapOwner(SENTINEL, guardian.owners[0], shared, sender=guardian.address)
    assert len(alarms()) == 2
    assert run("--accept")[0] == 1
    assert alarms() == [f"Safe and GuardianSafe share an owner, so that the veto goes with its keys: {shared}"]


def test_a_change_on_purpose_is_written_down(record, safe, bob):
    ours(safe).swapOwner(SENTINEL, safe.owners[0], bob, sender=safe.address)
    assert len(alarms()) == 1
    assert run("--accept")[0] == 0
    assert bob in json.loads(record.path.read_text())["safes"]["Safe"]["owners"]
    assert alarms() == []


def test_a_lost_role_and_a_shorter_notice_are_alarms(system, bob):
    manager, contracts = system.manager, system.record.contracts
    for method, args in (
        ("grantRole", [ADMIN, contracts["Safe"], 1]), ("revokeRole", [GOVERNOR, contracts["Safe"]]),
        ("replaceGuardian", [contracts["GuardianSafe"], bob]),
    ):  # fmt: skip
        schedule(system, manager, getattr(manager, method).encode(*args))
    wait(system)
    manager.execute(
        manager.address, manager.replaceGuardian.encode(contracts["GuardianSafe"], bob), sender=contracts["Safe"]
    )
    manager.execute(manager.address, manager.revokeRole.encode(GOVERNOR, contracts["Safe"]), sender=contracts["Safe"])
    manager.execute(manager.address, manager.grantRole.encode(ADMIN, contracts["Safe"], 1), sender=contracts["Safe"])
    wait(system, NOTICE)
    assert alarms() == [
        "Safe is ADMIN after 1 s, not 1382400 s",
        "Safe is no GOVERNOR of the manager",
        "GuardianSafe is no GUARDIAN of the manager",
    ]


def test_a_contest_is_shown(system, bob):
    manager, contracts = system.manager, system.record.contracts
    data = manager.replaceGuardian.encode(contracts["GuardianSafe"], bob)
    schedule(system, manager, data)
    manager.cancel(contracts["Safe"], manager.address, data, sender=contracts["GuardianSafe"])
    code, said = run()
    assert code == 0
    assert "contested: the veto on it runs out on " in said
    wait(system, 30 * 86_400)
    assert "contested: the veto on it has run out until " in run()[1]
