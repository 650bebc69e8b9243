"""Who may do what after how long, and who can stop it, asked of the deployed manager: `make permissions` writes
docs/permissions.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from ssi.build import ROOT, fresh_project
from ssi.chain.evm import Deployed, Evm, Reverted
from ssi.constants import ADMIN, DAY
from ssi.governance.decoder import IMPLEMENTATION, Decoder
from ssi.registry.system import System

PAGE = ROOT / "docs" / "permissions.md"
_ARGUMENTS = b"\0" * 32 * 24  # enough for every function
_HEAD = """# Permissions

Every function that needs a permission, by the answers of the deployed manager. `make permissions`
writes this page, and a test compares it with a deployment. Every account may call all other
functions, and `tests/integration/test_governance.py` says of each of them why it is harmless. No
contract can change the manager that it obeys.

| contract | function | who | after | who can cancel it until then |
|---|---|---|---|---|
"""
_TAIL = """
* The veto on `replaceGuardian` runs out: from the first veto on, the guardian can veto every
  attempt for {contest} days, then none for {truce} days, then all begins anew.
* Functions and contracts outside the table are the Safe's as administrator, after {notice} days,
  and the guardian can cancel each call.
* The factory is an administrator without delay. Its code uses that for one thing: the roles of an
  index, in the transaction that creates it.
"""


def page(system: System) -> str:
    """The whole text."""
    rows = [
        f"| {kind} | `{function}` | {who} | {after} | {stop} |"
        for kind, function, who, after, stop in permissions(system)
    ]
    manager, safe = system.manager, system.record.contracts["Safe"]
    _, notice = manager.hasRole(ADMIN, safe)
    tail = _TAIL.format(contest=manager.CONTEST() // DAY, truce=manager.TRUCE() // DAY, notice=notice // DAY)
    return _HEAD + "\n".join(rows) + "\n" + tail


def permissions(system: System) -> Iterator[tuple[str, str, str, str, str]]:
    """Contract, function, who, after how long, who can cancel.

    One row for a function, the same on all contracts of that kind.

    Raises:
        AssertionError: two contracts of a kind differ.
    """
    kinds: dict[str, list[Deployed]] = {}
    for name, contract in Decoder(system).deployed.items():
        if not name.endswith(IMPLEMENTATION):
            kinds.setdefault(contract.interface.name, []).append(contract)
    for row in system.contract("RoleTable").rows():
        targets = kinds[row.target]
        answers = {_answer(system, target, row.selector) for target in targets}
        assert len(answers) == 1, f"{row.target} is not governed alike everywhere: {answers}"
        (name,) = (entry.name for entry in targets[0].interface.kinds("function") if entry.hash[:4] == row.selector)
        yield (row.target, name, *answers.pop())


def _answer(system: System, target: Deployed, selector: bytes) -> tuple[str, str, str]:
    people = {"Safe": system.record.contracts["Safe"], "guardian": system.record.contracts["GuardianSafe"]}
    ways = {who: system.manager.canCall(account, target.address, selector) for who, account in people.items()}
    ((who, (at_once, delay)),) = ((who, way) for who, way in ways.items() if any(way))
    if at_once:
        return who, "at once", "no role"
    return who, f"{delay // DAY} days", " and ".join(_cancelling(system, target, selector, people))


def _cancelling(system: System, target: Deployed, selector: bytes, people: dict[str, str]) -> list[str]:
    """Which of them can cancel it once the Safe has scheduled it; a stranger cannot."""
    manager, safe, data = system.manager, people["Safe"], selector + _ARGUMENTS
    found = []
    with system.evm.isolated():
        manager.schedule(target.address, data, 0, sender=safe)
        for who, account in {**people, "a stranger": system.evm.account("a stranger")}.items():
            try:
                manager.cancel.call(safe, target.address, data, sender=account)
            except Reverted:
                continue
            found.append(who)
    return found


def main() -> int:
    """Deploys on the fork and writes the page."""
    from ape import networks

    from forks.seeding import deploy
    from ssi.chain.network import quiet

    quiet()
    project = fresh_project()
    with networks.parse_network_choice("ethereum:mainnet-fork:foundry"):
        PAGE.write_text(page(System(Evm(os.environ["APE_FOUNDRY_HOST"]), project, deploy())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
