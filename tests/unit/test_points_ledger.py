"""PointsLedger: what the product says of points, who counts, what is fixed when, and who is paid.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from itertools import permutations

import pytest
from eth_account import Account
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.model.points import LEAST, Values
from tests.support.indexes import DAY, MAX
from tests.support.points import CLAIMING, NOBODY, WAD, WEEK, World, new_ledger
from tests.support.reverts import error, reverts

NO_CODE = b"\0" * 32
DOLLARS = 1000 * WAD


@pytest.fixture
def world(evm, project, owner):
    world = World(evm, project, owner)
    world.sample()
    return world


@pytest.fixture(scope="session")
def carol(evm):
    return evm.account("carol")


@pytest.fixture
def refused(project):
    return lambda name: error(project.PointsLedger, f"PointsLedger_{name}")


def after_a_day(world, account):
    """Points of the running epoch after a whole day."""
    world.evm.warp(DAY)
    return world.ledger.pointsOf(account, world.epoch)


class TestMultipliers:
    """The product's own description."""

    def test_held_is_3x(self, world, alice):
        world.hold(alice, DOLLARS)
        assert after_a_day(world, alice) == 3 * DOLLARS

    def test_staked_is_15x(self, world, alice):
        world.stake(alice, DOLLARS)
        assert after_a_day(world, alice) == 15 * DOLLARS

    def test_locked_liquidity_is_20x(self, world, alice):
        world.lock(alice, 1000)
        assert after_a_day(world, alice) == 20 * DOLLARS

    def test_held_with_soso_is_33x(self, world, alice):
        world.hold(alice, DOLLARS)
        world.boost(alice, DOLLARS)
        assert after_a_day(world, alice) == 33 * DOLLARS

    def test_staked_with_soso_is_165x(self, world, alice):
        world.stake(alice, DOLLARS)
        world.boost(alice, DOLLARS)
        assert after_a_day(world, alice) == 165 * DOLLARS

    def test_locked_with_soso_is_220x(self, world, alice):
        world.lock(alice, 1000)
        world.boost(alice, DOLLARS)
        assert after_a_day(world, alice) == 220 * DOLLARS

    def test_more_soso_than_positions_adds_nothing(self, world, alice):
        world.lock(alice, 1000)
        world.boost(alice, 5 * DOLLARS)
        assert after_a_day(world, alice) == 220 * DOLLARS

    def test_soso_alone_is_worth_no_points(self, world, alice):
        world.boost(alice, DOLLARS)
        assert after_a_day(world, alice) == 0

    def test_the_more_soso_relative_to_holdings_the_higher(self, world, alice):
        """Linear from 3X to 33X as SOSO grows to what is held, and flat from there."""
        world.hold(alice, DOLLARS)
        multipliers = []
        for tenth in range(12):
            with world.evm.isolated():
                if tenth:
                    world.boost(alice, tenth * DOLLARS // 10)
                world.evm.warp(DAY)
                multipliers.append(world.ledger.statement(alice, 0).held.multiplier / WAD)
        assert multipliers == [3.0 * (1 + tenth) for tenth in range(11)] + [33.0]

    def test_soso_goes_where_it_brings_most(self, world, alice):
        """1,000 dollars in each class, SOSO for one and a half: all of the locked, half of the staked, none of the
        held.
        """
        world.hold(alice, DOLLARS)
        world.stake(alice, DOLLARS)
        world.lock(alice, 1000)
        world.boost(alice, 3 * DOLLARS // 2)
        assert after_a_day(world, alice) == (220 + 15 * 6 + 3) * DOLLARS

    def test_the_statement_says_it_all(self, world, alice):
        world.hold(alice, DOLLARS)
        world.stake(alice, DOLLARS)
        world.lock(alice, 1000)
        world.boost(alice, 3 * DOLLARS // 2)
        world.evm.warp(2 * DAY)
        said = world.ledger.statement(alice, 0)
        assert tuple(said.held) == (2 * DOLLARS, 0, 6 * DOLLARS, 3 * WAD)
        assert tuple(said.staked) == (2 * DOLLARS, DOLLARS, 2 * 90 * DOLLARS, 90 * WAD)
        assert tuple(said.locked) == (2 * DOLLARS, 2 * DOLLARS, 440 * DOLLARS, 220 * WAD)
        assert said.soso == 3 * DOLLARS
        assert said.points == world.ledger.pointsOf(alice, 0) == 2 * 313 * DOLLARS
        assert said.multiplier == 313 * WAD // 3
        assert said.sosoMissing == 3 * DOLLARS
        assert said.sharesMissing == 3 * DOLLARS // 2
        assert said.counts is False
        world.join(alice)
        assert world.ledger.statement(alice, 0).counts is True

    def test_what_is_missing_is_what_lifts_to_the_full_boost(self, world, alice, bob):
        """Bob has the same as alice and from the start that many shares more: full boost.

        With one share less the boost is not full.
        """
        for person in (alice, bob):
            world.hold(person, 1012 * WAD)
            world.stake(person, 77 * WAD + 1)
            world.boost(person, 3 * WAD)
        with world.evm.isolated():
            world.evm.warp(DAY)
            missing = world.ledger.statement(alice, 0).sharesMissing
            assert missing == 1086 * WAD + 1
        for shares, lacking in ((missing, 0), (missing - 1, 1)):
            with world.evm.isolated():
                world.staked_soso.mint(bob, shares, sender=alice)
                world.evm.warp(DAY)
                said = world.ledger.statement(bob, 0)
                assert (said.sosoMissing, said.sharesMissing) == (lacking, lacking)
                assert (said.held.multiplier == 33 * WAD) == (lacking == 0)

    @pytest.mark.parametrize("what", ["hold", "stake", "lock", "boost"])
    def test_more_of_anything_is_more(self, world, alice, bob, what):
        """P3, on chain: bob has what alice has and a little more of one thing."""
        for person in (alice, bob):
            world.hold(person, DOLLARS)
            world.stake(person, DOLLARS)
            world.lock(person, 1000)
            world.boost(person, 1500 * WAD)
        getattr(world, what)(bob, 2 if what == "lock" else 2 * WAD)
        world.evm.warp(DAY)
        assert world.ledger.pointsOf(bob, 0) > world.ledger.pointsOf(alice, 0), "P3"

    def test_an_empty_account(self, world, bob):
        said = world.ledger.statement(bob, 0)
        assert [c.multiplier for c in (said.held, said.staked, said.locked)] == [3 * WAD, 15 * WAD, 20 * WAD]
        assert (said.points, said.multiplier, said.sosoMissing, said.sharesMissing, said.counts) == (0, 0, 0, 0, False)

    def test_staked_shares_are_worth_their_lowest_rate_of_the_epoch(self, world, alice):
        """What they earn counts from the next epoch on; what they lose counts at once."""
        world.stake(alice, DOLLARS)
        world.staked[0].setRate(2 * WAD, sender=alice)
        assert after_a_day(world, alice) == 15 * DOLLARS
        world.close(0)
        world.sample()
        world.staked[0].setRate(9 * WAD, sender=alice)
        world.evm.warp(DAY)
        assert world.ledger.pointsOf(alice, 1) == 30 * DOLLARS
        world.staked[0].setRate(WAD, sender=alice)
        assert world.ledger.pointsOf(alice, 1) == 15 * DOLLARS

    def test_time_weights_everything(self, world, alice, bob):
        """A part of the day counts as a part."""
        world.hold(alice, DOLLARS)
        world.evm.warp(DAY // 4)
        world.indexes[0].transfer(bob, DOLLARS, sender=alice)
        world.evm.warp(DAY // 2)
        assert world.ledger.pointsOf(alice, 0) == 3 * DOLLARS // 4
        assert world.ledger.pointsOf(bob, 0) == 3 * DOLLARS // 2


AMOUNT = st.one_of(st.integers(0, 50), st.integers(0, 10**30))
VALUES = st.builds(Values, AMOUNT, AMOUNT, AMOUNT, AMOUNT)


def add(a, b):
    return Values(a.held + b.held, a.staked + b.staked, a.locked + b.locked, a.soso + b.soso)


class TestFunction:
    """What the specification proves of the function, tried on the model; the machine shows that the contract is the
    model.
    """

    @given(VALUES, VALUES)
    def test_splitting_never_gains(self, a, b):
        assert add(a, b).points() >= a.points() + b.points(), "P4 superadditive"

    @given(VALUES, VALUES)
    def test_more_is_never_less(self, a, b):
        for one in (Values(b.held), Values(0, b.staked), Values(0, 0, b.locked), Values(0, 0, 0, b.soso)):
            assert add(a, one).points() >= a.points(), "P3 monotone"

    @given(VALUES, st.integers(1, 1000))
    def test_alike_wallets_gain_nothing_from_being_one(self, a, n):
        a = Values(*(DAY * value for value in (a.held, a.staked, a.locked, a.soso)))
        whole = Values(n * a.held, n * a.staked, n * a.locked, n * a.soso)
        assert whole.points() == n * a.points(), "P4 homogeneous"

    @given(VALUES)
    def test_multipliers_stay_in_range(self, a):
        base = 3 * a.held + 15 * a.staked + 20 * a.locked
        assert base // DAY <= a.points() <= 11 * base // DAY, "P2"

    @given(VALUES, st.integers(1, 10**6))
    def test_the_greedy_choice_is_the_best(self, a, seed):
        """Against any other way to spend the same SOSO."""
        left = a.soso
        other = {}
        for name in sorted(("held", "staked", "locked"), key=lambda n: hash((n, seed))):
            other[name] = min(getattr(a, name), left)
            left -= other[name]
        assert (
            a.points()
            >= (
                3 * (a.held + 10 * other["held"])
                + 15 * (a.staked + 10 * other["staked"])
                + 20 * (a.locked + 10 * other["locked"])
            )
            // DAY
        )


class TestWhoGains:
    def test_splitting_a_wallet_never_gains(self, world, alice, bob, carol):
        """P4: positions and SOSO of one wallet against the same in two, split unevenly."""
        for hold, stake, lock, soso, people in (
            (DOLLARS + 7, 33 * WAD + 1, 500, 700 * WAD + 3, (alice,)),
            (DOLLARS // 3 + 7, 33 * WAD + 1, 400, 100 * WAD, (bob,)),
            (DOLLARS - DOLLARS // 3, 0, 100, 600 * WAD + 3, (carol,)),
        ):
            for person in people:
                world.hold(person, hold)
                if stake:
                    world.stake(person, stake)
                world.lock(person, lock)
                world.boost(person, soso)
        world.evm.warp(DAY + 1)
        one, *parts = (world.ledger.pointsOf(person, 0) for person in (alice, bob, carol))
        assert one >= sum(parts), "P4"

    def test_flash_positions_earn_nothing(self, world, alice, bob):
        """P5: a balance that comes and goes within a second weighs nothing, SOSO for the boost included."""
        world.hold(alice, DOLLARS)
        world.evm.warp(DAY)
        before = world.ledger.pointsOf(alice, 0)
        for token in (world.staked[0], world.staked_soso, world.pool):
            token.mint(alice, 10**9 * WAD, sender=bob)
            token.burn(alice, 10**9 * WAD, sender=bob)
        world.hold(bob, 10**5 * WAD)
        world.indexes[0].transfer(alice, 10**5 * WAD, sender=bob)
        world.indexes[0].transfer(bob, 10**5 * WAD, sender=alice)
        assert world.ledger.pointsOf(alice, 0) == before, "P5"
        assert world.ledger.pointsOf(bob, 0) == 0, "P5"
        world.evm.warp(1)
        assert world.ledger.statement(alice, 0).held.boosted == 0, "P5"

    def test_dust_and_pokes_of_strangers_change_nothing(self, world, alice, bob):
        """P6: a wei more counts as a wei, and a transfer of zero changes no points."""
        world.hold(alice, DOLLARS)
        world.hold(bob, WAD)
        world.evm.warp(DAY)
        before = world.ledger.pointsOf(alice, 0)
        world.indexes[0].transfer(alice, 0, sender=bob)
        world.indexes[0].transferFrom(alice, bob, 0, sender=bob)
        world.go(world.slot_start(0, 2))
        before = world.ledger.pointsOf(alice, 0)
        world.prices.sample(sender=bob)
        assert world.ledger.pointsOf(alice, 0) == before, "P6"
        world.indexes[0].transfer(alice, 1, sender=bob)
        assert world.ledger.pointsOf(alice, 0) == before, "P6"

    def test_a_second_wallet_as_referrer_gains_15_percent_at_most(self, world, alice, bob):
        """The known bound: a tenth to the referrer's wallet, a twentieth to the referee's."""
        world.hold(alice, DOLLARS)
        world.hold(bob, 10 * DOLLARS)
        world.referrals.bind(bob, alice, sender=bob)
        world.join(alice, bob)
        world.close(0)
        world.ledger.recordMany([alice, bob], 0, sender=bob)
        raw = sum(world.ledger.pointsOf(person, 0) for person in (alice, bob))
        assert raw < world.ledger.totalRecorded(0) <= raw * 115 // 100, "P10"


class TestJoining:
    def test_by_oneself(self, world, alice, refused):
        receipt = world.ledger.join(sender=alice)
        assert [event.values for event in receipt.events(world.ledger)] == [{"account": alice}]
        assert world.ledger.joinedAt(alice) == world.evm.now
        with reverts(refused("AlreadyJoined"), account=alice):
            world.ledger.join(sender=alice)

    def signed(self, world, key, account, deadline, **changes):
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
        assert world.referrals.referrerOf(alice).referrer == NOBODY
        world.ledger.onBuy(alice, bytes(12) + bytes.fromhex(bob[2:]), sender=world.router)
        assert world.referrals.referrerOf(alice).referrer == bob
        assert world.ledger.joinedAt(alice) == world.evm.now

    @pytest.mark.parametrize("mode", [1, 2])
    def test_a_binding_that_fails_does_not_undo_the_join(self, world, alice, bob, mode):
        """With no more gas than the router gives, also where the registry burns all of it."""
        world.referrals.setMode(mode, sender=bob)
        data = world.ledger.onBuy.encode(alice, bytes(12) + bytes.fromhex(bob[2:]))
        receipt = world.evm.send(world.router, world.ledger.address, data, gas=300_000 + 21_000)
        assert [event.name for event in receipt.events(world.ledger)] == ["Joined", "BindingFailed"]
        assert world.ledger.joinedAt(alice) == world.evm.now

    def test_buying_goes_on_without_referrals(self, world, alice):
        world.prices.setSources(world.sources(referrals=NOBODY), sender=world.owner)
        world.ledger.onBuy(alice, b"\1" * 32, sender=world.router)
        assert world.ledger.joinedAt(alice) == world.evm.now

    def test_nobody_else_counts(self, world, alice, bob, carol, refused):
        """P9: pools and vaults do not join, so they take nothing from those who did. A late joiner counts from then on."""
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
        for args, name in (
            ((world.authority, NOBODY, NOBODY), "PointsLedger_ZeroAddress"),
            ((NOBODY, world.prices, NOBODY), "GovernedUUPS_ZeroAuthority"),
        ):
            with reverts(error(project.PointsLedger, name)):
                new_ledger(evm, project, *args, alice)
        with reverts(error(project.PointsLedger, "InvalidInitialization")):
            world.ledger.initialize(world.authority, world.prices, NOBODY, sender=alice)
        assert (world.ledger.epochGenesis(), world.ledger.epochLength()) == (world.genesis, world.length)
        assert (world.ledger.prices(), world.ledger.currentEpoch()) == (world.prices.address, 0)


class TestRecording:
    @pytest.fixture
    def over(self, world, alice, bob, carol):
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

    def test_the_referrers_bonus_ends_at_his_own_points(self, over, alice, bob, carol):
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

    def test_nothing_to_record(self, world, alice, carol):
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
        over.prices.setSources(over.sources(pairs=[], referrals=NOBODY), sender=over.owner)
        over.referrals.bind(alice, carol, sender=alice)
        over.close(1)
        over.sample()
        assert said() == before, "P7"
        assert over.ledger.totalRecorded(0) == total, "P7"


class TestPots:
    @pytest.fixture
    def reward(self, evm, project, owner):
        """A token with a quirk that the test chooses; alice has plenty of it."""
        return evm.deploy(project.QuirkToken, 18, sender=owner)

    @pytest.fixture
    def funded(self, world, reward, alice, bob, carol):
        """A pot of 1,000,001 wei in epoch 0, with bob and carol recorded at two to one."""
        world.hold(bob, 2 * DOLLARS)
        world.hold(carol, DOLLARS)
        world.join(bob, carol)
        self.give(world, reward, alice, 0, 1_000_001)
        world.close(0)
        world.ledger.recordMany([bob, carol], 0, sender=alice)
        world.go(world.end(0) + WEEK)
        return world

    def give(self, world, token, funder, epoch, amount, bps=0):
        token.mint(funder, amount, sender=funder)
        token.approve(world.ledger, amount, sender=funder)
        return world.ledger.fund(epoch, token, amount, bps, sender=funder)

    def test_paid_pro_rata_and_rounded_down(self, funded, reward, bob, carol):
        assert funded.ledger.claimable(bob, 0, reward) == 666_667
        receipt = funded.ledger.claim(0, reward, sender=bob)
        assert receipt.events(funded.ledger)[0].values == {
            "epoch": 0,
            "token": reward.address,
            "account": bob,
            "amount": 666_667,
        }
        funded.ledger.claim(0, reward, sender=carol)
        assert (reward.balanceOf(bob), reward.balanceOf(carol)) == (666_667, 333_333)
        assert tuple(funded.ledger.potOf(0, reward)) == (1_000_001, 1_000_000), "P1"
        assert funded.ledger.claimable(bob, 0, reward) == 0

    def test_once(self, funded, reward, bob, refused):
        funded.ledger.claim(0, reward, sender=bob)
        with reverts(refused("AlreadyClaimed"), account=bob, epoch=0, token=reward.address):
            funded.ledger.claim(0, reward, sender=bob)

    def test_nobody_without_points(self, funded, reward, alice, bob, refused):
        with reverts(refused("NothingToClaim"), account=alice, epoch=0, token=reward.address):
            funded.ledger.claim(0, reward, sender=alice)
        with reverts(refused("NothingToClaim"), account=bob, epoch=0, token=bob):
            funded.ledger.claim(0, bob, sender=bob)

    def test_not_before_the_week_and_not_after_the_180_days(self, funded, reward, bob, refused):
        opens = funded.end(0) + WEEK
        for at, right in ((opens - 1, False), (opens, True), (opens + CLAIMING - 1, True), (opens + CLAIMING, False)):
            if right:
                assert funded.ledger.claim.call(0, reward, sender=bob, at=at) == 666_667
                continue
            with reverts(refused("OutsideWindow"), epoch=0, opens=opens, closes=opens + CLAIMING, timestamp=at):
                funded.ledger.claim.call(0, reward, sender=bob, at=at)
        assert funded.ledger.claimable.call(bob, 0, reward, at=opens + CLAIMING) == 0

    def test_several_at_once(self, world, evm, project, alice, bob, refused):
        tokens = [evm.deploy(project.QuirkToken, 18, sender=alice) for _ in range(3)]
        world.hold(bob, DOLLARS)
        world.join(bob)
        for n, token in enumerate(tokens):
            self.give(world, token, alice, 0, n + 1)
        world.close(0)
        world.ledger.record(bob, 0, sender=bob)
        world.go(world.end(0) + WEEK)
        with reverts(refused("LengthMismatch"), epochs=1, tokens=3):
            world.ledger.claimMany([0], tokens, sender=bob)
        assert world.ledger.claimMany.call([0] * 3, tokens, sender=bob) == [1, 2, 3]
        world.ledger.claimMany([0] * 3, tokens, sender=bob)
        assert [token.balanceOf(bob) for token in tokens] == [1, 2, 3]

    def test_a_token_that_takes_a_wei_more_does_not_lock_up_the_last_claim(
        self, funded, reward, alice, bob, carol, refused
    ):
        """It pays what is there. What is missing can be claimed once it is there again, and never twice."""
        funded.ledger.claim(0, reward, sender=bob)
        reward.burn(funded.ledger, 2, sender=alice)  # there were 1,000,001 and a wei of rounding is left
        assert funded.ledger.claimable(carol, 0, reward) == 333_333
        receipt = funded.ledger.claim(0, reward, sender=carol)
        assert receipt.events(funded.ledger)[0].values["amount"] == reward.balanceOf(carol) == 333_332
        assert tuple(funded.ledger.potOf(0, reward)) == (1_000_001, 999_999)
        assert funded.ledger.claimable(carol, 0, reward) == 1
        with reverts(refused("NothingToClaim"), account=carol, epoch=0, token=reward.address):
            funded.ledger.claim(0, reward, sender=carol)
        reward.mint(funded.ledger, 5, sender=alice)
        funded.ledger.claim(0, reward, sender=carol)
        assert reward.balanceOf(carol) == 333_333
        with reverts(refused("AlreadyClaimed"), account=carol, epoch=0, token=reward.address):
            funded.ledger.claim(0, reward, sender=carol)
        assert tuple(funded.ledger.potOf(0, reward)) == (1_000_001, 1_000_000), "P1"

    def test_only_the_running_epoch_and_the_next_are_funded(self, world, reward, alice, refused):
        world.close(0)
        for epoch in (1, 2):
            receipt = self.give(world, reward, alice, epoch, 5)
            assert receipt.events(world.ledger)[0].values == {
                "epoch": epoch,
                "token": reward.address,
                "funder": alice,
                "amount": 5,
            }
            assert tuple(world.ledger.potOf(epoch, reward)) == (5, 0)
        for epoch in (0, 3):
            with reverts(refused("FundingClosed"), epoch=epoch, currentEpoch=1):
                self.give(world, reward, alice, epoch, 5)

    def test_what_arrives_counts(self, world, reward, alice, refused):
        reward.setQuirk(3, sender=alice)
        self.give(world, reward, alice, 0, 1000)
        assert tuple(world.ledger.potOf(0, reward)) == (990, 0)
        reward.mint(world.ledger, 12345, sender=alice)
        assert tuple(world.ledger.potOf(0, reward)) == (990, 0)
        with reverts(refused("ZeroAmount")):
            self.give(world, reward, alice, 0, 0)
        reward.setQuirk(2, sender=alice)
        with reverts(error(world.project.PointsLedger, "SafeERC20FailedOperation"), token=reward.address):
            self.give(world, reward, alice, 0, 10)

    def test_a_pot_has_an_end(self, world, reward, alice, refused):
        self.give(world, reward, alice, 0, 2**128 - 1)
        with reverts(refused("PotOverflow"), amount=1):
            self.give(world, reward, alice, 0, 1)

    def test_what_is_left_rolls_over(self, funded, reward, alice, bob, carol, refused):
        funded.ledger.claim(0, reward, sender=bob)
        closes = funded.end(0) + WEEK + CLAIMING
        with reverts(refused("OutsideWindow"), epoch=0, opens=closes, closes=MAX, timestamp=closes - 1):
            funded.ledger.rollOver.call(0, reward, sender=alice, at=closes - 1)
        funded.go(closes)
        now = funded.epoch
        receipt = funded.ledger.rollOver(0, reward, sender=alice)
        moved = {"fromEpoch": 0, "toEpoch": now, "token": reward.address, "amount": 333_334}
        assert receipt.events(funded.ledger)[0].values == moved
        assert tuple(funded.ledger.potOf(now, reward)) == (333_334, 0)
        with reverts(refused("NothingToRollOver"), epoch=0, token=reward.address):
            funded.ledger.rollOver(0, reward, sender=alice)
        with reverts(refused("OutsideWindow"), epoch=0, opens=closes - CLAIMING, closes=closes, timestamp=closes):
            funded.ledger.claim(0, reward, sender=carol)

    def test_a_pot_without_points_rolls_over_after_the_week(self, world, reward, alice, refused):
        self.give(world, reward, alice, 0, 77)
        from_ = world.end(0) + WEEK
        with reverts(refused("OutsideWindow"), epoch=0, opens=from_, closes=MAX, timestamp=from_ - 1):
            world.ledger.rollOver.call(0, reward, sender=alice, at=from_ - 1)
        world.go(from_)
        world.ledger.rollOver(0, reward, sender=alice)
        assert tuple(world.ledger.potOf(1, reward)) == (77, 0)

    def test_a_hostile_token_harms_no_other_pot(self, world, reward, evm, project, alice, bob, carol):
        """It re-enters while it is claimed, then freezes: the other pot pays what it owes, and its own once it works
        again.
        """
        good, ledger = evm.deploy(project.QuirkToken, 18, sender=alice), world.ledger
        world.hold(bob, 2 * DOLLARS)
        world.hold(carol, DOLLARS)
        world.join(bob, carol)
        for token in (reward, good):
            self.give(world, token, alice, 0, 900)
        world.close(0)
        ledger.recordMany([bob, carol], 0, sender=alice)
        world.go(world.end(0) + WEEK)

        reward.setQuirk(6, sender=alice)
        for payload in (
            ledger.claim.encode(0, good), ledger.rollOver.encode(0, good), ledger.fund.encode(1, good, 1, 0),
            ledger.claimMany.encode([0], [good.address]),
        ):  # fmt: skip
            with evm.isolated():
                reward.setReentry(ledger, payload, sender=alice)
                ledger.claim(0, reward, sender=bob)
                assert not reward.reentered()
                assert reward.answer() == error(project.PointsLedger, "ReentrancyGuardReentrantCall").encode([])
                assert ledger.claim.call(0, good, sender=carol) == 300

        reward.setQuirk(5, sender=alice)
        with reverts(error(project.QuirkToken, "QuirkToken_Frozen")):
            ledger.claim(0, reward, sender=bob)
        for person, amount in ((bob, 600), (carol, 300)):
            ledger.claim(0, good, sender=person)
            assert good.balanceOf(person) == amount
        reward.setQuirk(0, sender=alice)
        ledger.claim(0, reward, sender=bob)
        assert tuple(ledger.potOf(0, good)) == (900, 900), "P1"
