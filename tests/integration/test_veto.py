"""The guardian stops all that is scheduled, and cannot stop their own replacement for ever.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssi.chain.evm import Reverted
from ssi.constants import ADMIN, GOVERNOR, GUARDIAN, NOTICE
from ssi.governance.decoder import Decoder
from ssi.registry.system import System
from tests.model.veto import CONTEST, DAY, TRUCE, Dispute
from tests.support.governance import govern, schedule, wait
from tests.support.reverts import error, reverts

COOLDOWN = 14 * DAY
UNKNOWN = b"\xde\xad\xbe\xef"
NOTHING = b"\0" * 32 * 24  # enough arguments for every function


class Office:
    """The Safe, which announces and executes, and the guardian, who vetoes. Each says whether it could."""

    def __init__(self, system: System, project: Any, successor: str) -> None:
        self.system, self.manager, self.successor = system, system.manager, successor
        self.safe, self.guardian = system.record.contracts["Safe"], system.record.contracts["GuardianSafe"]
        self.replacement = self.manager.replaceGuardian.encode(self.guardian, successor)
        self.unauthorized = error(project.ProtocolManager, "AccessManagerUnauthorizedCancel")
        self.ran_out = error(project.ProtocolManager, "ProtocolManager_VetoRanOut")

    def announce(self) -> bool:
        return self._possible(self.manager.schedule, self.manager.address, self.replacement, 0, sender=self.safe)

    def veto(self) -> bool:
        return self._possible(
            self.manager.cancel, self.safe, self.manager.address, self.replacement, sender=self.guardian
        )

    def execute(self) -> bool:
        return self._possible(self.manager.execute, self.manager.address, self.replacement, sender=self.safe)

    def _possible(self, method: Any, *args: Any, sender: str) -> bool:
        try:
            method(*args, sender=sender)
        except Reverted:
            return False
        return True

    def guards(self, account: str) -> bool:
        return self.manager.hasRole(GUARDIAN, account).isMember

    def open_contest(self) -> int:
        """The first veto of a replacement. Returns its time."""
        assert self.announce()
        assert self.veto()
        return self.system.evm.now


@pytest.fixture
def office(system: System, project: Any, bob: str) -> Office:
    return Office(system, project, bob)


def calls(system: System, bob: str) -> Iterator[tuple[str, str, bytes]]:
    """Every function of every contract that the record names, one that none has, and calls of contracts that are not
    the protocol's.
    """
    deployed = Decoder(system).deployed
    assert set(deployed) == set(system.record.addresses), "every address of the record is of a known kind"
    for name, contract in deployed.items():
        for entry in contract.interface.kinds("function"):
            yield f"{name}.{entry.signature}", contract.address, entry.hash[:4]
        yield f"{name}.{UNKNOWN.hex()}", contract.address, UNKNOWN
    token = system.token("WETH")
    yield "WETH.transfer", token.address, token.interface["transfer"].hash[:4]
    yield "a stranger", bob, UNKNOWN


class TestAllThatIsScheduled:
    """G3: the veto is complete."""

    @pytest.mark.parametrize("truce", [False, True])
    def test_the_guardian_cancels_every_call(self, system, project, office, bob, truce):
        """What the Safe cannot schedule is exactly what the guardian does at once.

        What the guardian cannot cancel is their own replacement once a contest over it is lost, and nothing else ever.
        """
        manager, safe = system.manager, office.safe
        if truce:
            office.open_contest()
            wait(system, CONTEST)
        unschedulable, uncancellable, cancelled = set[str](), set[str](), 0
        for where, target, selector in calls(system, bob):
            data = selector + NOTHING
            try:
                manager.schedule(target, data, 0, sender=safe)
            except Reverted as reverted:
                call = {"caller": safe, "target": target, "selector": selector}
                with reverts(error(project.ProtocolManager, "AccessManagerUnauthorizedCall"), **call):
                    raise reverted from None
                unschedulable.add(where)
                continue
            operation = manager.hashOperation(safe, target, data)
            assert manager.getSchedule(operation) != 0, where
            try:
                manager.cancel(safe, target, data, sender=office.guardian)
            except Reverted:
                uncancellable.add(where)
                continue
            assert manager.getSchedule(operation) == 0, f"G3 {where}"
            cancelled += 1
        stops = {f"{symbol}.pauseMinting()" for symbol in system.record.indexes} | {"Rebalancer.cancel(address)"}
        assert unschedulable == stops, "G3"
        assert uncancellable == ({"ProtocolManager.replaceGuardian(address,address)"} if truce else set()), "G3"
        assert cancelled > 800

    @pytest.mark.parametrize("role", [ADMIN, GOVERNOR, 7])
    def test_by_any_scheduler(self, system, office, bob, role):
        """G3: another governor, another administrator, a role that no account had and that has no guardian."""
        index, manager = system.index("MAG7.ssi"), system.manager
        selector = index.interface["setMintFee"].hash[:4]
        schedule(system, manager, grant := manager.grantRole.encode(role, bob, NOTICE))
        schedule(system, manager, give := manager.setTargetFunctionRole.encode(index, [selector], role))
        wait(system)
        for data in (grant, give):
            manager.execute(manager.address, data, sender=office.safe)
        data = index.setMintFee.encode(20)
        manager.schedule(index.address, data, 0, sender=bob)
        manager.cancel(bob, index.address, data, sender=office.guardian)
        assert manager.getSchedule(manager.hashOperation(bob, index.address, data)) == 0, "G3"

    @pytest.mark.parametrize(
        ("when", "waits"),
        [(0, 0), (0, NOTICE - 1), (0, NOTICE), (0, NOTICE + 7 * DAY), (1000 * DAY, 0), (1000 * DAY, 1000 * DAY)],
    )
    def test_at_any_time(self, system, project, office, when, waits):
        """G3: from the second in which it is scheduled until it is void, however far ahead that is."""
        index, manager = system.index("MAG7.ssi"), system.manager
        data = index.setMintFee.encode(20)
        manager.schedule(index.address, data, when and system.evm.now + when, sender=office.safe)
        wait(system, waits)
        manager.cancel(office.safe, index.address, data, sender=office.guardian)
        operation = manager.hashOperation(office.safe, index.address, data)
        with reverts(error(project.ProtocolManager, "AccessManagerNotScheduled"), operationId=operation):
            manager.execute(index.address, data, sender=office.safe)

    @pytest.mark.parametrize(
        ("method", "args"),
        [
            ("setTargetClosed", lambda index: (index.address, True)),
            ("setRoleGuardian", lambda _: (GOVERNOR, 99)),
            ("setRoleAdmin", lambda _: (GUARDIAN, GOVERNOR)),
            ("setGrantDelay", lambda _: (GUARDIAN, 1000 * DAY)),
            ("setTargetAdminDelay", lambda index: (index.address, 0)),
        ],
    )
    def test_with_any_setting_of_the_manager(self, system, office, method, args):
        """G3: no setting takes the veto away, not even after its own notice.

        Scheduled before or after: it is cancelled.
        """
        index, manager = system.index("MAG7.ssi"), system.manager
        before, after = index.setMintFee.encode(20), index.setMintFee.encode(30)
        schedule(system, manager, setting := getattr(manager, method).encode(*args(index)))
        schedule(system, index, before)
        wait(system)
        manager.execute(manager.address, setting, sender=office.safe)
        manager.cancel(office.safe, index.address, before, sender=office.guardian)
        if method != "setTargetClosed":  # nothing of a closed target can be scheduled
            schedule(system, index, after)
            manager.cancel(office.safe, index.address, after, sender=office.guardian)

    def test_the_veto_is_the_guardians_alone(self, system, office, bob, alice):
        """G3: besides who scheduled it and administrators. A governor cannot cancel what another has scheduled."""
        index, manager = system.index("MAG7.ssi"), system.manager
        govern(system, manager, "grantRole", [GOVERNOR, bob, NOTICE])
        data = index.setMintFee.encode(20)
        schedule(system, index, data)
        for stranger in (bob, alice):
            call = {"msgsender": stranger, "caller": office.safe, "target": index.address, "selector": data[:4]}
            with reverts(office.unauthorized, **call):
                manager.cancel(office.safe, index.address, data, sender=stranger)
        manager.cancel(office.safe, index.address, data, sender=office.safe)


class TestReplacement:
    """G4: the veto on the guardian's own replacement runs out."""

    def test_a_guardian_who_agrees_is_replaced_after_the_notice(self, system, office):
        manager = system.manager
        assert office.announce()
        wait(system, NOTICE - 1)
        assert not office.execute()
        wait(system, 1)
        receipt = manager.execute(manager.address, office.replacement, sender=office.safe)
        (replaced,) = receipt.events(manager, "GuardianReplaced")
        assert replaced.values == {"from": office.guardian, "to": office.successor}
        assert (office.guards(office.guardian), office.guards(office.successor)) == (False, True)
        assert manager.getAccess(GUARDIAN, office.successor).currentDelay == 0, "the new guardian acts at once"
        index = system.index("MAG7.ssi")
        schedule(system, index, data := index.setMintFee.encode(20))
        manager.cancel(office.safe, index.address, data, sender=office.successor)

    def test_a_stolen_guardian_is_out_after_62_days_at_most(self, system, office):
        """G4: the thief vetoes as late as possible and as often as possible. 16 days until the first veto, 30 of
        contest, 16 of notice.
        """
        manager, evm = system.manager, system.evm
        announced = evm.now
        assert office.announce()
        wait(system, NOTICE - 1)
        assert office.veto()
        first_veto = evm.now
        assert tuple(manager.contest()) == (first_veto + CONTEST, first_veto + CONTEST + TRUCE)
        for _ in range(3):  # attempts within the contest are in vain
            assert office.announce()
            wait(system, 9 * DAY)
            assert office.veto()
        wait(system, first_veto + CONTEST - evm.now)
        assert office.announce()
        with reverts(office.ran_out, returnsAt=first_veto + CONTEST + TRUCE):
            manager.cancel(office.safe, manager.address, office.replacement, sender=office.guardian)
        wait(system)
        assert not office.veto()
        assert office.execute()
        assert evm.now - announced == (16 + 30 + 16) * DAY - 1, "G4"
        assert (office.guards(office.guardian), office.guards(office.successor)) == (False, True), "G4"
        assert tuple(manager.contest()) == (0, 0), "the new guardian's veto is as new"

    def test_a_stolen_safe_needs_62_days_for_anything_that_a_watchful_guardian_would_stop(self, system, office):
        """G4: it announces every day, the guardian vetoes while they can; then the thief's first call has the whole
        notice before it.

        Four times as long as a holder needs to leave.
        """
        evm, began, index = system.evm, system.evm.now, system.index("MAG7.ssi")
        harm = index.setMintFee.encode(100)
        while not office.execute():
            if office.announce():
                office.veto()
            wait(system, DAY)
        assert evm.now - began == 46 * DAY, "G4"
        assert evm.now - began > 3 * COOLDOWN
        schedule(system, index, harm)  # in the same block
        wait(system)
        office.manager.execute(index.address, harm, sender=office.safe)
        assert evm.now - began == 62 * DAY, "G4"

    def test_even_when_the_veto_has_run_out_already_a_thief_needs_32_days(self, system, office):
        """G4: a contest that one side lost, keys stolen right after it.

        Still two notices, and each is longer than the way out.
        """
        evm = system.evm
        office.open_contest()
        wait(system, CONTEST)
        began = evm.now
        assert office.announce()
        assert not office.veto()
        wait(system)
        assert office.execute()
        index = system.index("MAG7.ssi")
        schedule(system, index, data := index.setMintFee.encode(100))
        wait(system)
        office.manager.execute(index.address, data, sender=office.safe)
        assert evm.now - began == 2 * NOTICE > 2 * COOLDOWN, "G4"

    def test_the_veto_returns(self, system, office):
        """G4: what governance does not use within the truce, it loses: the next veto opens a contest anew."""
        manager, evm = system.manager, system.evm
        first_veto = office.open_contest()
        wait(system, CONTEST + TRUCE - 1)
        assert office.announce()
        assert not office.veto()
        wait(system, 1)
        assert tuple(manager.contest()) == (0, 0)
        assert office.veto()
        assert manager.contest().runsOutAt == evm.now + CONTEST > first_veto + CONTEST + TRUCE

    def test_the_safe_opens_no_contest_by_taking_back_what_it_announced(self, office):
        manager = office.manager
        assert office.announce()
        manager.cancel(office.safe, manager.address, office.replacement, sender=office.safe)
        assert tuple(manager.contest()) == (0, 0)

    def test_a_veto_of_nothing_opens_no_contest(self, office, project):
        manager = office.manager
        operation = manager.hashOperation(office.safe, manager.address, office.replacement)
        with reverts(error(project.ProtocolManager, "AccessManagerNotScheduled"), operationId=operation):
            manager.cancel(office.safe, manager.address, office.replacement, sender=office.guardian)
        assert tuple(manager.contest()) == (0, 0)

    def test_what_has_expired_is_tidied_up_without_a_contest(self, office):
        """It opened one, and halved the time that two stolen keys of the Safe need afterwards."""
        manager = office.manager
        assert office.announce()
        office.system.evm.warp(16 * DAY + manager.expiration())
        assert not office.execute(), "it has expired"
        assert office.veto()
        assert tuple(manager.contest()) == (0, 0)

    def test_the_event_of_a_contest_says_its_times(self, office):
        manager = office.manager
        assert office.announce()
        receipt = manager.cancel(office.safe, manager.address, office.replacement, sender=office.guardian)
        now = office.system.evm.now
        (opened,) = receipt.events(manager, "ContestOpened")
        assert opened.values == {"guardian": office.guardian, "runsOutAt": now + 30 * DAY, "returnsAt": now + 120 * DAY}
        assert (manager.CONTEST(), manager.TRUCE()) == (CONTEST, TRUCE)

    def test_no_other_account_replaces_the_guardian(self, office, project, bob):
        manager = office.manager
        for caller in (bob, office.guardian):
            with reverts(
                error(project.ProtocolManager, "AccessManagerUnauthorizedAccount"), msgsender=caller, roleId=ADMIN
            ):
                manager.replaceGuardian(office.guardian, bob, sender=caller)

    def test_who_can_leave_and_who_can_follow(self, system, office, project, alice, bob):
        """Refused are a guardian who is none and a follower who could veto their own calls, or no calls at all."""
        zero = "0x" + "00" * 20
        invalid = error(project.ProtocolManager, "ProtocolManager_InvalidGuardian")
        with reverts(error(project.ProtocolManager, "ProtocolManager_NotGuardian"), account=alice):
            govern(system, office.manager, "replaceGuardian", [alice, bob])
        for follower in (zero, office.guardian, office.safe, system.factory.address):
            with reverts(invalid, account=follower):
                govern(system, office.manager, "replaceGuardian", [office.guardian, follower])

    def test_a_guardian_who_is_not_in_office_at_once_cannot_follow(self, system, office, project, alice):
        """A guardian who was appointed with a grant delay would leave the seat empty until it has passed."""
        govern(system, office.manager, "setGrantDelay", [GUARDIAN, 100 * DAY])
        wait(system, 5 * DAY)
        govern(system, office.manager, "grantRole", [GUARDIAN, alice, 0])
        assert not office.guards(alice)
        with reverts(error(project.ProtocolManager, "ProtocolManager_InvalidGuardian"), account=alice):
            govern(system, office.manager, "replaceGuardian", [office.guardian, alice])
        assert office.announce()
        wait(system)
        assert office.execute()
        assert office.guards(office.successor), "the delay of the role does not count for who follows"

    @settings(max_examples=60)
    @given(
        steps=st.lists(
            st.tuples(
                st.sampled_from(["announce", "announce", "veto", "execute"]),
                st.sampled_from([0, 1, 5, 15, 16, 30, 80, 120]),
            ),
            min_size=4,
            max_size=16,
        )
    )
    def test_every_course_of_a_dispute_is_the_models(self, system, office, steps):
        """G4: who can do what after what, to the second."""
        evm = system.evm
        with evm.isolated():
            model = Dispute()
            for what, days in steps:
                expected = getattr(model, what)(evm.now)
                assert getattr(office, what)() == expected, f"G4 {what} after {days} days"
                assert office.guards(office.successor) == model.replaced, "G4"
                evm.warp(days * DAY)
