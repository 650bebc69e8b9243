"""ReferralRegistry: every function, every event, every error. Ids are those of docs/invariants.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_account import Account

from ssi.chain.evm import Deployed, Entry, Evm
from ssi.chain.permits import referral
from tests.support.reverts import error, reverts
from tests.support.trading import ETHER

LEDGER = "points ledger"


def word(text: str) -> bytes:
    """A code as the registry takes it."""
    return text.encode().ljust(32, b"\0")


@pytest.fixture
def registry(evm: Evm, project: Any, authority: Deployed, owner: str) -> Deployed:
    registry = evm.deploy(project.ReferralRegistry, authority, sender=owner)
    registry.setLedger(evm.account(LEDGER), sender=owner)
    return registry


@pytest.fixture
def wrong(project: Any) -> Callable[[str], Entry]:
    return lambda name: error(project.ReferralRegistry, f"ReferralRegistry_{name}")


@pytest.fixture
def coded(registry: Deployed, alice: str) -> bytes:
    """Alice's code."""
    registry.register(word("ALICE"), sender=alice)
    return word("ALICE")


class TestCodes:
    @pytest.mark.parametrize("code", ["ABC", "ZZZ", "000", "999", "A1B2C3D4E5F6G7H8"])
    def test_registering(self, registry, alice, code):
        receipt = registry.register(word(code), sender=alice)
        (event,) = receipt.events(registry)
        assert (event.name, event.values) == ("CodeRegistered", {"owner": alice, "code": word(code), "rank": 1})
        assert (registry.codeOf(alice), registry.ownerOf(word(code)), registry.rankOf(alice)) == (word(code), alice, 1)

    @pytest.mark.parametrize(
        "code",
        [
            b"", b"AB", b"abc", b"ABC!", b"AB C", b"A" * 17, b"A" * 32, b"AB\0", b"AB\0C", b"ABC\0D", b"\0ABC",
            b"ABC".rjust(32, b"\0"),
            b"AB@", b"AB[", b"AB/", b"AB:", b"AB\xff", b"A" * 16 + b"\0B", b"ABC" + b"\0" * 28 + b"\1",
        ],
    )  # fmt: skip
    def test_what_is_no_code(self, registry, wrong, alice, code):
        with reverts(wrong("InvalidCode"), code=code.ljust(32, b"\0")):
            registry.register(code.ljust(32, b"\0"), sender=alice)

    def test_first_come_and_once(self, registry, wrong, coded, alice, bob):
        with reverts(wrong("CodeTaken"), code=coded, owner=alice):
            registry.register(coded, sender=bob)
        with reverts(wrong("AlreadyRegistered"), account=alice, code=coded):
            registry.register(word("OTHER"), sender=alice)
        registry.register(word("BOB"), sender=bob)
        assert registry.rankOf(bob) == 2


class TestBinding:
    def test_by_oneself(self, registry, coded, alice, bob, evm):
        assert tuple(registry.referrerOf(bob)) == (ETHER, 0)
        receipt = registry.bind(coded, sender=bob)
        (event,) = receipt.events(registry)
        assert (event.name, event.values) == ("Bound", {"referee": bob, "referrer": alice, "code": coded})
        assert tuple(registry.referrerOf(bob)) == (alice, evm.now)

    def test_refusals(self, registry, wrong, coded, alice, bob, evm):
        with reverts(wrong("UnknownCode"), code=word("NOONE")):
            registry.bind(word("NOONE"), sender=bob)
        with reverts(wrong("UnknownCode"), code=word("")):
            registry.bind(word(""), sender=bob)
        with reverts(wrong("SelfReferral"), account=alice):
            registry.bind(coded, sender=alice)
        registry.bind(coded, sender=bob)
        carol = evm.account("carol")
        registry.register(word("CAROL"), sender=carol)
        for code in (coded, word("CAROL")):
            with reverts(wrong("AlreadyBound"), referee=bob, referrer=alice):
                registry.bind(code, sender=bob)

    def test_only_to_older_codes(self, registry, wrong, coded, alice, bob):
        registry.register(word("BOB"), sender=bob)
        with reverts(wrong("YoungerReferrer"), referee=alice, referrer=bob):
            registry.bind(word("BOB"), sender=alice)
        registry.bind(coded, sender=bob)

    def test_registering_does_not_prevent_being_bound(self, registry, coded, alice, bob, evm):
        """An account that has referred another can still be bound."""
        registry.register(word("BOB"), sender=bob)
        carol = evm.account("carol")
        registry.bind(word("BOB"), sender=carol)
        registry.bind(coded, sender=bob)
        assert registry.referrerOf(bob).referrer == alice

    def test_by_the_ledger(self, registry, wrong, coded, alice, bob, evm):
        with reverts(wrong("NotLedger"), caller=bob):
            registry.bindFor(bob, coded, sender=bob)
        registry.bindFor(bob, coded, sender=evm.account(LEDGER))
        assert tuple(registry.referrerOf(bob)) == (alice, evm.now)

    def test_the_ledger_is_set_once(self, evm, project, authority, registry, wrong, owner, bob):
        fresh = evm.deploy(project.ReferralRegistry, authority, sender=owner)
        assert fresh.ledger() == ETHER
        with reverts(wrong("NotLedger"), caller=bob):
            fresh.bindFor(bob, word("ABC"), sender=bob)
        with reverts(error(project.ReferralRegistry, "AccessManagedUnauthorized"), caller=bob):
            fresh.setLedger(bob, sender=bob)
        with reverts(wrong("ZeroAddress")):
            fresh.setLedger(ETHER, sender=owner)
        receipt = fresh.setLedger(bob, sender=owner)
        (event,) = receipt.events(fresh)
        assert (event.name, event.values) == ("LedgerSet", {"ledger": bob})
        with reverts(wrong("LedgerAlreadySet"), ledger=bob):
            fresh.setLedger(owner, sender=owner)
        assert registry.ledger() == evm.account(LEDGER)

    def test_no_authority(self, evm, project, wrong, owner):
        with reverts(wrong("ZeroAddress")):
            evm.deploy(project.ReferralRegistry, ETHER, sender=owner)


class TestSignatures:
    @pytest.fixture
    def key(self) -> str:
        return "0x" + "17" * 32

    @pytest.fixture
    def referee(self, key: str) -> str:
        return Account.from_key(key).address

    def test_any_account_brings_it(self, registry, coded, key, referee, alice, bob, evm):
        signature = referral(key, registry.address, coded, 0, evm.now)
        assert registry.nonces(referee) == 0
        registry.bindWithSignature(referee, coded, evm.now, signature, sender=bob)
        assert registry.referrerOf(referee).referrer == alice
        assert registry.nonces(referee) == 1

    def test_refusals(self, registry, wrong, coded, key, referee, bob, evm):
        now = evm.now
        good = referral(key, registry.address, coded, 0, now + 10)
        with reverts(wrong("SignatureExpired"), deadline=now - 1):
            registry.bindWithSignature(
                referee, coded, now - 1, referral(key, registry.address, coded, 0, now - 1), sender=bob
            )
        registry.register(word("BOB"), sender=bob)
        for person, code, deadline, signature in (
            (bob, coded, now + 10, good),
            (referee, word("BOB"), now + 10, good),
            (referee, coded, now + 11, good),
            (referee, coded, now + 10, good[:-1]),
            (referee, coded, now + 10, referral(key, bob, coded, 0, now + 10)),
            (referee, coded, now + 10, referral(key, registry.address, coded, 1, now + 10)),
            (ETHER, coded, now + 10, b"\0" * 65),
        ):
            with reverts(wrong("InvalidSignature"), referee=person):
                registry.bindWithSignature(person, code, deadline, signature, sender=bob)
        registry.bindWithSignature(referee, coded, now + 10, good, sender=bob)

    def test_revoking(self, registry, wrong, coded, key, referee, bob, evm):
        signature = referral(key, registry.address, coded, 0, evm.now + 10)
        receipt = registry.revokeSignatures(sender=referee)
        (event,) = receipt.events(registry)
        assert (event.name, event.values) == ("SignaturesRevoked", {"referee": referee, "nonce": 0})
        with reverts(wrong("InvalidSignature"), referee=referee):
            registry.bindWithSignature(referee, coded, evm.now + 10, signature, sender=bob)

    def test_contracts_sign_too(self, evm, project, registry, wrong, coded, key, referee, alice, bob):
        """ERC-1271: a wallet that accepts what its owner has signed."""
        wallet = evm.deploy(project.WalletMock, referee, sender=bob)
        deadline = evm.now + 10
        signature = referral(key, registry.address, coded, 0, deadline, referee=wallet.address)
        with reverts(wrong("InvalidSignature"), referee=wallet.address):
            registry.bindWithSignature(wallet.address, coded, deadline + 1, signature, sender=bob)
        registry.bindWithSignature(wallet.address, coded, deadline, signature, sender=bob)
        assert registry.referrerOf(wallet.address).referrer == alice


class TestStrangersToIt:
    """F3: strangers cannot change whether an account can be bound."""

    def test_being_referred_to_does_not_block(self, registry, coded, alice, bob, evm):
        """Strangers name Bob's code in every way there is; Bob is still bound to Alice."""
        registry.register(word("BOB"), sender=bob)
        for n in range(5):
            registry.bind(word("BOB"), sender=evm.account(f"stranger {n}"))
        registry.bind(coded, sender=bob)
        assert registry.referrerOf(bob).referrer == alice

    def test_a_code_taken_by_another_account_moves_no_binding(self, registry, wrong, coded, alice, bob, evm):
        """Mallory sees Bob's registration coming and takes the same word.

        Bob takes another; bound accounts stay bound as they are.
        """
        carol, mallory = evm.account("carol"), evm.account("mallory")
        registry.bind(coded, sender=carol)
        registry.register(word("BOB"), sender=mallory)
        with reverts(wrong("CodeTaken"), code=word("BOB"), owner=mallory):
            registry.register(word("BOB"), sender=bob)
        registry.register(word("BOB2"), sender=bob)
        registry.bind(coded, sender=bob)
        referrers = [registry.referrerOf(each).referrer for each in (carol, bob)]
        assert referrers == [alice, alice], "F2 a bond never changes"

    def test_an_old_signature_cannot_be_used_after_another_binding(self, registry, wrong, coded, alice, bob, evm):
        key = "0x" + "17" * 32
        referee = Account.from_key(key).address
        signature = referral(key, registry.address, coded, 0, evm.now + 10)
        registry.register(word("BOB"), sender=bob)
        registry.bind(word("BOB"), sender=referee)
        with reverts(wrong("AlreadyBound"), referee=referee, referrer=bob):
            registry.bindWithSignature(referee, coded, evm.now + 10, signature, sender=alice)
