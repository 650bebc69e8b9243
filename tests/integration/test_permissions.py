"""What the documents say about who can do and stop what is what the deployed manager answers.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

import pytest

from ssi.build import ROOT
from ssi.chain.evm import Evm
from ssi.constants import ADMIN, DAY
from ssi.governance.safe import Multisig
from ssi.registry.system import System
from tests.support.governance import deployed
from tools.permissions import PAGE, page

# What the documents call each thing that the guardian can do at once.
WORDS = MappingProxyType(
    {
        "IndexToken.pauseMinting": "pause minting",
        "Rebalancer.cancel": "end a rebalance",
        "ProtocolManager.cancel": "cancel every scheduled call",
    }
)
# The ways out. No permission is needed to take one.
WAYS_OUT = MappingProxyType(
    {
        "IndexToken": {"redeem", "claim"},
        "StakedToken": {"requestRedeem", "cancelRequest", "redeem", "withdraw"},
        "LpLocker": {
            "requestUnlock",
            "cancelUnlock",
            "unlock",
            "requestUnlockTokens",
            "cancelUnlockTokens",
            "unlockTokens",
            "collect",
        },
        "PointsLedger": {"claim", "claimMany"},
    }
)
# Every claim about the guardian, the veto and the notice, page by page, with what the deployed manager says filled in.
CLAIMS = MappingProxyType(
    {
        "README.md": (
            "no key that can move a basket without {notice} days of notice",
            "Governance waits {notice} days",
            "A guardian acts at once, but only to stop: they may {powers}",
            "share no owner with the multisig, and cannot veto their own replacement for ever",
        ),
        "SECURITY.md": (
            "Governance chooses them, {notice} days ahead",
            "waits {notice} days in public",
            "that are not near those that were proposed {notice} days before",
            "that price is governance's word, which the guardian can cancel",
            "The Safe ({safe}) is administrator and governor with a delay of {notice} days",
            "is the notice, in which every holder can redeem, stakers included, and the guardian's veto",
            "given up after one notice, by a public proposal that can be vetoed like every other",
            (
                "**The guardian** ({guardian}, and no owner of the Safe: the deployment refuses it, `status` shows it)"
                " may {powers}"
            ),
            (
                "One veto runs out, that on the guardian's own replacement (`ProtocolManager.replaceGuardian`): from"
                " the first such veto on they can veto every attempt for {contest} days, then none for {truce} days"
            ),
            (
                "a stolen guardian key holds governance up for {stolen_guardian} days at most: a notice until the first"
                " veto, {contest} days,"
            ),
            (
                "Two stolen keys of the Safe need {stolen_safe} days for anything that a watchful guardian would stop:"
                " {contest} days,"
            ),
            (
                "Where the guardian lost such a contest in the {truce} days before, they need {two_notices} days, two"
                " notices"
            ),
            "A change without a veto takes {notice}.",
            "waits {notice} days and can be vetoed too",
        ),
        "docs/architecture.md": (
            "Safe {safe_short} ──{notice} days──┐ guardian Safe ──at once, only to stop──┐",
            "with a complete veto: there the guardian of a function's role cancels it",
            (
                "a function outside the role table has no guardian; here the guardian cancels everything, "
                "but their own replacement only for a while"
            ),
            "(`replaceGuardian`, SECURITY.md)",
            "| GUARDIAN | guardian Safe | none | {powers} |",
            "| ADMIN | Safe; the factory (for the roles of an index at its birth) | {notice} days; none |",
            "| GOVERNOR | Safe | {notice} days |",
            "replace the guardian",
            "complete its veto and let one veto run out",
        ),
        "docs/operations.md": (
            "| Safe, {safe} | everything in the role table that is GOVERNOR's, and the table itself | {notice} days |",
            "| guardian Safe, {guardian} | {powers} | at once |",
            "one at least {notice} days later that executes it",
            "by the guardian's owners",
            "Their own replacement is the one call that the guardian cannot cancel for ever",
            "Replacing the guardian",
            "the new guardian Safe",
            "A guardian who does not agree can cancel it: from their first veto on for {contest} days",
            "In the {truce} days after that they cannot: propose it then, and {notice} days later it is executed",
            "put the new address under `GuardianSafe`",
            "guardian: `ape run cancel`",
            (
                "guardian: `pauseMinting` on every index that holds it, `cancel` of its running rebalance: calls of the"
                " guardian Safe"
            ),
            "the guardian's keys are stolen | the thief can {powers}, nothing else",
            "The other owner replaces the stolen key in the guardian Safe at once",
            "[replace the guardian](#replacing-the-guardian), after {stolen_guardian} days at most",
            "the thief has to wait {notice} days for anything",
            "The guardian cancels everything that they schedule",
            "the attempt to replace the guardian for {contest} days",
            "they have {stolen_safe} days, {two_notices} after a contest that the guardian has just lost",
            "propose call ProtocolManager replaceGuardian GuardianSafe",
        ),
    }
)


@pytest.fixture
def facts(evm: Evm, system: System) -> dict[str, Any]:
    """What the chain says, as the claims want it filled in."""
    manager, contracts = system.manager, system.record.contracts
    safe, guardian = (Multisig(evm, contracts[name]) for name in ("Safe", "GuardianSafe"))
    powers = {"ProtocolManager.cancel"}  # TestAllThatIsScheduled in test_veto.py
    for kind, contract in deployed(system):
        for entry in contract.interface.kinds("function"):
            if manager.canCall(guardian.address, contract.address, entry.hash[:4]).immediate:
                powers.add(f"{kind}.{entry.name}")
    *some, last = [WORDS[power] for power in WORDS if power in powers]
    assert powers == set(WORDS), "the guardian can do something that the documents have no words for"
    notice, contest, truce = (
        seconds // DAY
        for seconds in (manager.hasRole(ADMIN, safe.address).executionDelay, manager.CONTEST(), manager.TRUCE())
    )
    return {
        "powers": f"{', '.join(some)} and {last}",
        "notice": notice,
        "contest": contest,
        "truce": truce,
        "two_notices": 2 * notice,
        "stolen_guardian": notice + contest + notice,
        "stolen_safe": contest + 2 * notice,
        "safe": f"{safe.threshold} of {len(safe.owners)}",
        "safe_short": f"{safe.threshold}-of-{len(safe.owners)}",
        "guardian": f"{guardian.threshold} of {len(guardian.owners)}",
    }


def test_the_table_of_permissions_is_what_the_deployed_manager_answers(system):
    assert PAGE.read_text() == page(system), "`make permissions` writes it anew"


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_about_the_guardian_and_the_notice_is_true(facts, name):
    """G1, G3, G4: with the deployed manager's figures in them, all claims are on the page; and the page speaks of
    guardian, veto and notice in no other sentence.
    """
    text = " ".join((ROOT / name).read_text().split()).replace(
        "**Governance waits 16 days**", "Governance waits 16 days"
    )
    for claim in CLAIMS[name]:
        told = claim.format(**facts)
        assert told in text, f"{name} does not say: {told}"
        text = text.replace(told, "§")
    for sentence in re.split(r"(?<=[.;])\s|\s\|\s", text):
        unchecked = re.search(
            rf"guardian|veto|\b({facts['notice']}|{facts['contest']}|{facts['truce']}) days", sentence, re.IGNORECASE
        )
        assert not unchecked, f"no test has checked this claim in {name}: {sentence}"


def test_leaving_needs_no_permission(system):
    """What README says of redemption and staking: no way out is restricted, and each of them exists."""
    restricted: dict[str, Any] = {}
    existing: dict[str, Any] = {}
    kinds = dict(deployed(system))
    for row in system.contract("RoleTable").rows():
        (name,) = (
            entry.name for entry in kinds[row.target].interface.kinds("function") if entry.hash[:4] == row.selector
        )
        restricted.setdefault(row.target, set()).add(name)
    for kind, ways in WAYS_OUT.items():
        existing[kind] = {entry.name for entry in kinds[kind].interface.kinds("function") if not entry.reads}
        assert ways <= existing[kind], kind
        assert not ways & restricted[kind], f"{kind} is not open to all who leave"
    for name, claim in (
        ("README.md", "**No role can stop a redemption.**"),
        ("README.md", "**No role can hold a staker back.**"),
    ):
        assert claim in (ROOT / name).read_text()
