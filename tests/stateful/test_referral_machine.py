"""ReferralRegistry against its rules: after any registrations and bindings in any order, the graph is a forest.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from ssi.chain.permits import referral
from tests.stateful.machine import ChainMachine
from tests.support.reverts import reverts
from tests.support.trading import ETHER

# Private keys of all people, so that each can sign.
KEYS = [f"0x{n + 1:064x}" for n in range(8)]
WHO = st.integers(0, len(KEYS) - 1)
CODES = st.integers(0, len(KEYS) + 2)


def word(n: int) -> bytes:
    return f"CODE{n}".encode().ljust(32, b"\0")


class ReferralMachine(ChainMachine):
    """Eight accounts, eleven codes."""

    world: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__(self.world)
        w = self.world
        self.registry, self.ledger, self.people = w["registry"], w["ledger"], w["people"]
        self.owners: dict[int, int] = {}  # of codes, in the order of registration
        self.bonds: dict[int, tuple[int, int]] = {}
        self.signed: dict[int, int] = {}

    def rank(self, person: int) -> int:
        """Older codes are lower; no code is above all."""
        order = list(self.owners.values())
        return order.index(person) if person in order else len(KEYS)

    def refusal(self, referee: int, code: int) -> tuple[str, dict[str, Any]] | None:
        """The error that a binding must meet, and its arguments."""
        if code not in self.owners:
            return "UnknownCode", {"code": word(code)}
        referrer = self.owners[code]
        people = {"referee": self.people[referee], "referrer": self.people[referrer]}
        if referrer == referee:
            return "SelfReferral", {"account": self.people[referee]}
        if referee in self.bonds:
            return "AlreadyBound", {**people, "referrer": self.people[self.bonds[referee][0]]}
        if self.rank(referee) < self.rank(referrer):
            return "YoungerReferrer", people
        return None

    @rule(person=WHO, code=CODES)
    def register(self, person: int, code: int) -> None:
        who = self.people[person]
        self.evm.next_at(self.now)
        if code in self.owners:
            expected = "CodeTaken", {"code": word(code), "owner": self.people[self.owners[code]]}
        elif person in self.owners.values():
            own = next(code for code, owner in self.owners.items() if owner == person)
            expected = "AlreadyRegistered", {"account": who, "code": word(own)}
        else:
            self.registry.register(word(code), sender=who)
            self.owners[code] = person
            return
        with reverts(self.registry.interface[f"ReferralRegistry_{expected[0]}"], **expected[1]):
            self.registry.register(word(code), sender=who)

    @rule(
        person=WHO,
        code=CODES,
        way=st.sampled_from(["oneself", "signature", "ledger"]),
        bringer=WHO,
        seconds=st.integers(0, 10**6),
    )
    def bind(self, person: int, code: int, way: str, bringer: int, seconds: int) -> None:
        refused, who = self.refusal(person, code), self.people[person]
        self.now += seconds
        self.evm.next_at(self.now)

        def call() -> None:
            if way == "oneself":
                self.registry.bind(word(code), sender=who)
            elif way == "ledger":
                self.registry.bindFor(who, word(code), sender=self.ledger)
            else:
                nonce = self.signed.get(person, 0)
                signature = referral(KEYS[person], self.registry.address, word(code), nonce, self.now)
                self.registry.bindWithSignature(who, word(code), self.now, signature, sender=self.people[bringer])

        if refused is None:
            call()
            self.bonds[person] = self.owners[code], self.now
            self.signed[person] = self.signed.get(person, 0) + (way == "signature")
            return
        with reverts(self.registry.interface[f"ReferralRegistry_{refused[0]}"], **refused[1]):
            call()

    @invariant()
    def both_agree(self) -> None:
        registry = self.registry
        got = self.evm.batch([(registry.referrerOf, (person,)) for person in self.people])
        bonds = [
            (self.people[self.bonds[n][0]], self.bonds[n][1]) if n in self.bonds else (ETHER, 0)
            for n in range(len(KEYS))
        ]
        assert [tuple(bond) for bond in got] == bonds, "F2 a bond never changes"
        for before in {at for _, at in bonds} | {self.now}:
            early = [referrer if at < before else ETHER for referrer, at in bonds]
            assert registry.referrersOf(self.people, before) == early, "F2 of many accounts in one call"
        owners = self.evm.batch([(registry.ownerOf, (word(code),)) for code in range(len(KEYS) + 3)])
        expected = [self.people[self.owners[code]] if code in self.owners else ETHER for code in range(len(KEYS) + 3)]
        assert owners == expected, "F4 a code never changes hands"

    @invariant()
    def the_graph_is_a_forest(self) -> None:
        """Read from the chain and walked by brute force."""
        up = {person: self.registry.referrerOf(person).referrer for person in self.people}
        for person in self.people:
            seen, at = {person}, up[person]
            while at != ETHER:
                assert at not in seen, "F1 no cycles of any length"
                seen.add(at)
                at = up[at]

    @invariant()
    def accounts_without_a_code_can_be_bound(self) -> None:
        """F3: after all that others have done."""
        for person in range(len(KEYS)):
            if person not in self.bonds and person not in self.owners.values():
                for code in self.owners:
                    self.registry.bind.call(word(code), sender=self.people[person])


def test_referrals_are_a_forest(evm, project, authority, owner):
    from eth_account import Account
    from hypothesis.stateful import run_state_machine_as_test

    registry = evm.deploy(project.ReferralRegistry, authority, sender=owner)
    ledger = evm.account("points ledger")
    registry.setLedger(ledger, sender=owner)
    people = [Account.from_key(key).address for key in KEYS]
    for person in people:
        evm.fund(person)
    ReferralMachine.world = {"evm": evm, "registry": registry, "ledger": ledger, "people": people, "now": evm.now}
    run_state_machine_as_test(ReferralMachine)
