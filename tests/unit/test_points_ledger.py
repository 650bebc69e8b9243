"""PointsLedger: what the product says of points, who counts, what is fixed when, and who is paid.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from eth_account import Account
from eth_utils import keccak

from ssi.constants import WAD, ZERO
from tests.model.points import LEAST
from tests.support.points import DOLLARS, WEEK, PointsWorld, ReferralsMode, new_ledger
from tests.support.reverts import error, reverts

NO_CODE = b"\0" * 32


class TestJoining:
    def test_by_oneself(self, world, alice, refused):
        receipt = world.ledger.join(sender=alice)
        assert [event.values for event in receipt.events(world.ledger)] == [{"account": alice}]
        assert world.ledger.joinedAt(alice) == world.evm.now
        with reverts(refused("AlreadyJoined"), account=alice):
            world.ledger.join(sender=alice)

    def signed(self, world: PointsWorld, key: str, account: str, deadline: int, **changes: Any) -> Any:
        types = {
            "Join": [
                {"name": n, "type": t}
                for n, t in (("account", "address"), ("nonce", "uint256"), ("deadline", "uint256"))
            ]
        }
        message = {"account": account, "nonce": world.ledger.nonces(account), "deadline": deadline}
        domain = {
            "name": "SSI PointsLedger",
            "version": "1",
            "chainId": 1,
            "verifyingContract": world.ledger.address,
            **changes,
        }
        return Account.sign_typed_data(key, domain, types, message)

    def test_by_signature(self, world, bob, refused):
        signer, deadline = Account.from_key(keccak(text="a signer")), world.evm.now + 100
        signature = self.signed(world, signer.key, signer.address, deadline).signature
        for wrong in (
            self.signed(world, keccak(text="another"), signer.address, deadline).signature,
            self.signed(world, signer.key, signer.address, deadline + 1).signature,
            self.signed(world, signer.key, signer.address, deadline, chainId=5).signature,
            self.signed(world, signer.key, signer.address, deadline, verifyingContract=bob).signature,
        ):
            with reverts(refused("InvalidSignature"), account=signer.address):
                world.ledger.joinWithSignature(signer.address, deadline, wrong, sender=bob)
        with reverts(refused("SignatureExpired"), deadline=deadline, timestamp=deadline + 1):
            world.ledger.joinWithSignature.call(signer.address, deadline, signature, sender=bob, at=deadline + 1)
        world.ledger.joinWithSignature(signer.address, deadline, signature, sender=bob)
        assert world.ledger.joinedAt(signer.address) == world.evm.now
        assert world.ledger.nonces(signer.address) == 1
        with reverts(refused("InvalidSignature"), account=signer.address):
            world.ledger.joinWithSignature(signer.address, deadline, signature, sender=bob)

    def test_a_contract_signs_by_erc1271(self, world, project, bob, refused):
        safe = world.evm.deploy(project.SignerMock, sender=bob)
        deadline = world.evm.now
        with reverts(refused("InvalidSignature"), account=safe.address):
            world.ledger.joinWithSignature(safe, deadline, b"", sender=bob)
        hashed = self.signed(world, keccak(text="any key"), safe.address, deadline).message_hash
        safe.approve(bytes(hashed), sender=bob)
        world.ledger.joinWithSignature(safe, deadline, b"", sender=bob)
        assert world.ledger.joinedAt(safe) == world.evm.now

    def test_by_buying(self, world, alice, bob, refused):
        with reverts(refused("NotTheRouter"), caller=alice):
            world.ledger.onBuy(alice, NO_CODE, sender=alice)
        world.ledger.onBuy(alice, NO_CODE, sender=world.router)
        assert world.ledger.joinedAt(alice) == world.evm.now
        assert world.referrals.referrerOf(alice).referrer == ZERO
        world.ledger.onBuy(alice, bytes(12) + bytes.fromhex(bob[2:]), sender=world.router)
        assert world.referrals.referrerOf(alice).referrer == bob
        assert world.ledger.joinedAt(alice) == world.evm.now

    @pytest.mark.parametrize("mode", [ReferralsMode.REFUSING, ReferralsMode.GREEDY])
    def test_a_binding_that_fails_does_not_undo_the_join(self, world, alice, bob, mode):
        """With no more gas than the router gives, also where the registry burns all of it."""
        world.referrals.setMode(mode, sender=bob)
        data = world.ledger.onBuy.encode(alice, bytes(12) + bytes.fromhex(bob[2:]))
        receipt = world.evm.send(world.router, world.ledger.address, data, gas=300_000 + 21_000)
        assert [event.name for event in receipt.events(world.ledger)] == ["Joined", "BindingFailed"]
        assert world.ledger.joinedAt(alice) == world.evm.now

    def test_buying_goes_on_without_referrals(self, world, alice):
        world.prices.setSources(world.sources(referrals=ZERO), sender=world.owner)
        world.ledger.onBuy(alice, b"\1" * 32, sender=world.router)
        assert world.ledger.joinedAt(alice) == world.evm.now

    def test_only_those_who_joined_count(self, world, alice, bob, carol, refused):
        """P9: pools and vaults do not join, so they take nothing from those who did. A late joiner counts
        from then on.
        """
        for person in (alice, bob, carol):
            world.hold(person, DOLLARS)
        world.join(alice)
        world.sample_slots(LEAST)
        world.go(world.end(0) - 1)
        world.join(carol)
        world.close(0)
        world.join(bob)
        with reverts(refused("NotJoined"), account=bob, epoch=0):
            world.ledger.record(bob, 0, sender=alice)
        with reverts(refused("NotJoined"), account=world.pool.address, epoch=0):
            world.ledger.record(world.pool, 0, sender=alice)
        assert world.ledger.recordMany.call([bob, alice, carol], 0, sender=bob) == 2
        world.ledger.recordMany([bob, alice, carol], 0, sender=bob)
        assert world.ledger.totalRecorded(0) == sum(world.ledger.pointsOf(person, 0) for person in (alice, carol)), "P9"


class TestSettings:
    def test_governed(self, world, project, alice, bob):
        with reverts(error(project.PointsLedger, "AccessManagedUnauthorized"), caller=alice):
            world.ledger.setRouter(alice, sender=alice)
        world.ledger.setRouter(bob, sender=world.owner)
        assert world.ledger.router() == bob
        world.ledger.onBuy(alice, NO_CODE, sender=bob)

    def test_initialisation(self, world, evm, project, alice):
        for authority, prices, name in (
            (world.authority, ZERO, "PointsLedger_ZeroAddress"),
            (ZERO, world.prices, "GovernedUUPS_ZeroAuthority"),
        ):
            with reverts(error(project.PointsLedger, name)):
                new_ledger(evm, project, authority, prices, ZERO, alice)
        with reverts(error(project.PointsLedger, "InvalidInitialization")):
            world.ledger.initialize(world.authority, world.prices, ZERO, sender=alice)
        assert (world.ledger.epochGenesis(), world.ledger.epochLength()) == (world.genesis, world.length)
        assert (world.ledger.prices(), world.ledger.currentEpoch()) == (world.prices.address, 0)


class TestRecording:
    @pytest.fixture
    def over(self, world: PointsWorld, alice: str, bob: str, carol: str) -> PointsWorld:
        """Epoch 0 with three who joined; bob and carol were referred by alice, who has less than them."""
        for person, dollars in ((alice, 100), (bob, 800), (carol, 400)):
            world.hold(person, dollars * WAD)
        world.join(alice, bob, carol)
        world.referrals.bind(bob, alice, sender=bob)
        world.referrals.bind(carol, alice, sender=carol)
        world.close(0)
        return world

    def test_once_and_within_the_week(self, over, alice, bob, refused):
        end = over.end(0)
        for at, right in ((end - 1, False), (end, True), (end + WEEK - 1, True), (end + WEEK, False)):
            for method, who in ((over.ledger.record, alice), (over.ledger.recordMany, [alice])):
                if right:
                    assert method.call(who, 0, sender=bob, at=at)
                else:
                    with reverts(refused("OutsideWindow"), epoch=0, opens=end, closes=end + WEEK, timestamp=at):
                        method.call(who, 0, sender=bob, at=at)
        receipt = over.ledger.record(alice, 0, sender=bob)
        points = over.ledger.pointsOf(alice, 0)
        assert receipt.events(over.ledger)[0].values == {"epoch": 0, "account": alice, "points": points}
        with reverts(refused("AlreadyRecorded"), account=alice, epoch=0):
            over.ledger.record(alice, 0, sender=bob)
        assert over.ledger.recordMany.call([alice, alice, bob, bob], 0, sender=bob) == 1
        assert over.ledger.recordedPoints(alice, 0) == over.ledger.totalRecorded(0) == points == 28 * 300 * WAD

    def test_many_at_once_are_asked_for_what_recording_would_write(self, over, alice, bob, carol, refused):
        """Keepers learn which accounts are not worth a transaction before they send one."""
        people, stranger = [alice, bob, carol], over.evm.account("stranger")
        over.hold(stranger, DOLLARS)
        points = [over.ledger.pointsOf(person, 0) for person in people]
        assert over.ledger.recordable([*people, stranger], 0) == [*points, 0]
        over.ledger.record(bob, 0, sender=bob)
        assert over.ledger.recordable([*people, stranger], 0) == [points[0], 0, points[2], 0]
        with reverts(
            refused("OutsideWindow"), epoch=1, opens=over.end(1), closes=over.end(1) + WEEK, timestamp=over.evm.now
        ):
            over.ledger.recordable([alice], 1)

    def test_the_first_record_settles_the_prices(self, over, alice, bob):
        assert not over.prices.isSettled(0)
        receipt = over.ledger.record(alice, 0, sender=bob)
        assert len(receipt.events(over.prices, "EpochSettled")) == 1
        assert not over.ledger.record(bob, 0, sender=bob).events(over.prices)

    def test_both_sides_of_a_referral_are_paid(self, over, alice, bob):
        """A tenth of bob's points for alice, a twentieth for bob."""
        over.ledger.recordMany([bob, alice], 0, sender=bob)
        alices, bobs = over.ledger.pointsOf(alice, 0), over.ledger.pointsOf(bob, 0)
        assert over.ledger.recordedPoints(alice, 0) == alices + bobs // 10
        assert over.ledger.recordedPoints(bob, 0) == bobs + bobs // 20

    def test_the_referrers_bonus_ends_at_the_points_of_the_referrer(self, over, alice, bob, carol):
        """Two referees with twelve times the referrer's points bring them 100, not 120 percent."""
        over.ledger.recordMany([bob, alice, carol], 0, sender=bob)
        assert over.ledger.recordedPoints(alice, 0) == 2 * over.ledger.pointsOf(alice, 0)

    def test_the_order_of_records_does_not_matter(self, over, evm, alice, bob, carol):
        """P8: in every order of records, every account's bonus and the sum are the same."""
        outcomes = set()
        for n, order in enumerate(permutations((alice, bob, carol))):
            keeper = evm.account(f"keeper {n}")  # another one each time: no transaction is sent twice
            with evm.isolated():
                for person in order:
                    over.ledger.record(person, 0, sender=keeper)
                shares = tuple(over.ledger.recordedPoints(person, 0) for person in (alice, bob, carol))
                assert sum(shares) == over.ledger.totalRecorded(0), "P8"
                outcomes.add(shares)
        assert len(outcomes) == 1, "P8"

    def test_a_referrer_without_a_record_gets_nothing(self, over, alice, bob, carol):
        over.ledger.recordMany([bob, carol], 0, sender=bob)
        assert over.ledger.recordedPoints(alice, 0) == 0
        assert over.ledger.totalRecorded(0) == sum(over.ledger.recordedPoints(person, 0) for person in (bob, carol))

    def test_a_referrer_who_never_joined_gets_nothing(self, world, alice, bob):
        for person in (alice, bob):
            world.hold(person, DOLLARS)
        world.referrals.bind(bob, alice, sender=bob)
        world.join(bob)
        world.close(0)
        receipt = world.ledger.recordMany([alice, bob], 0, sender=bob)
        assert not receipt.events(world.ledger, "ReferralCredited")
        assert world.ledger.recordedPoints(alice, 0) == 0
        assert world.ledger.totalRecorded(0) == world.ledger.recordedPoints(bob, 0) == 28 * 3 * DOLLARS * 21 // 20

    @pytest.mark.parametrize(("offset", "bound"), [(-1, True), (0, False)])
    def test_a_referral_counts_from_the_epoch_of_its_binding(self, world, alice, bob, offset, bound):
        for person in (alice, bob):
            world.hold(person, DOLLARS)
        world.join(alice, bob)
        world.sample_slots(LEAST)
        world.go(world.end(0) + offset)
        world.referrals.bind(bob, alice, sender=bob)
        if offset < 0:
            world.close(0)
        world.ledger.recordMany([alice, bob], 0, sender=bob)
        raw = 28 * 3 * DOLLARS
        assert world.ledger.totalRecorded(0) == (2 * raw + (raw // 10 + raw // 20 if bound else 0))

    def test_bonuses_do_not_compound(self, world, alice, bob, carol):
        """Carol by bob, bob by alice: alice has a tenth of bob's own points, none of carol's, none of bob's bonus."""
        for person in (alice, bob, carol):
            world.hold(person, DOLLARS)
        world.referrals.bind(carol, bob, sender=carol)
        world.referrals.bind(bob, alice, sender=bob)
        world.join(alice, bob, carol)
        world.close(0)
        world.ledger.recordMany([carol, bob, alice], 0, sender=bob)
        raw = 28 * 3 * DOLLARS
        assert [world.ledger.recordedPoints(person, 0) for person in (alice, bob, carol)] == [
            raw + raw // 10, raw + raw // 20 + raw // 10, raw + raw // 20,
        ]  # fmt: skip

    def test_recording_an_account_without_points_emits_and_counts_nothing(self, world, alice, carol):
        world.join(carol)
        world.close(0)
        receipt = world.ledger.record(carol, 0, sender=alice)
        assert receipt.events(world.ledger) == []
        assert world.ledger.recordMany.call([carol], 0, sender=alice) == 0

    def test_closed_epochs_never_change(self, over, alice, bob, carol):
        """P7: after the week no call moves what was recorded, nor what the view says."""
        over.ledger.recordMany([alice, bob, carol], 0, sender=bob)

        def said():
            people = (alice, bob, carol)
            return [
                (over.ledger.recordedPoints(p, 0), over.ledger.pointsOf(p, 0), tuple(over.ledger.statement(p, 0)))
                for p in people
            ]

        before, total = said(), over.ledger.totalRecorded(0)
        over.go(over.end(0) + WEEK)
        over.sample()
        over.indexes[0].transfer(carol, WAD, sender=bob)
        over.set_price("T0", 9)
        over.prices.setSources(over.sources(pairs=[], referrals=ZERO), sender=over.owner)
        over.referrals.bind(alice, carol, sender=alice)
        over.close(1)
        over.sample()
        assert said() == before, "P7"
        assert over.ledger.totalRecorded(0) == total, "P7"
