"""PointsLedger: who is paid for recording others, and recording oneself together with a claim.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ssi.chain.evm import Deployed, Evm, Receipt
from ssi.constants import CLAIMING, MAX
from tests.model.points import MOST_FOR_RECORDERS
from tests.support.points import DOLLARS, WEEK, PointsWorld
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import reverts

POT = 1_000_001


@pytest.fixture
def keeper(evm: Evm) -> str:
    return evm.account("a keeper")


@pytest.fixture
def give(world: PointsWorld, reward: Deployed, alice: str) -> Callable[[int, int, int], Receipt]:
    """Puts an amount of `reward` into a pot, a part of it for recorders."""

    def put(epoch: int, amount: int, bps: int) -> Receipt:
        reward.mint(alice, amount, sender=alice)
        reward.approve(world.ledger, MAX, sender=alice)
        return world.ledger.fund(epoch, reward, amount, bps, sender=alice)

    return put


@pytest.fixture
def over(world: PointsWorld, give: Callable[[int, int, int], Receipt], bob: str, carol: str) -> PointsWorld:
    """Epoch 0 is over: bob has twice as much as carol, and of a pot of 1,000,001 wei five percent are for recorders."""
    world.hold(bob, 2 * DOLLARS)
    world.hold(carol, DOLLARS)
    world.join(bob, carol)
    give(0, POT, 500)
    world.close(0)
    return world


def paid(world: PointsWorld, reward: Deployed, *people: str) -> Iterator[int]:
    """What the claims of these people bring each, {tok}."""
    for person in people:
        before = reward.balanceOf(person)
        due = world.ledger.claimable(person, 0, reward)
        world.ledger.claim(0, reward, sender=person)
        assert reward.balanceOf(person) - before == due, "P1"
        yield due


class TestFunding:
    def test_a_part_is_set_aside_for_recorders(self, world, give, reward):
        """Rounded down, of what arrives; each funding has its own part."""
        receipt = give(0, 19_999, 1)
        assert [event.name for event in receipt.events(world.ledger)] == ["RecordersFunded", "Funded"]
        assert receipt.events(world.ledger)[0].values == {"epoch": 0, "token": reward.address, "amount": 1}
        give(0, 1_000, 500)
        assert world.ledger.recorderPart(0, reward) == 1 + 50
        assert tuple(world.ledger.potOf(0, reward)) == (20_999, 0)

    def test_none_unless_asked_for(self, world, give, reward):
        for amount, bps in ((1_000, 0), (19, 500)):
            assert [event.name for event in give(0, amount, bps).events(world.ledger)] == ["Funded"]
        assert world.ledger.recorderPart(0, reward) == 0

    def test_of_what_arrives(self, world, give, reward, alice):
        reward.setQuirk(Quirk.FEE, sender=alice)
        give(0, 1_000, 500)
        assert tuple(world.ledger.potOf(0, reward)) == (990, 0)
        assert world.ledger.recorderPart(0, reward) == 49

    def test_no_more_than_a_twentieth(self, world, give, refused):
        assert world.ledger.MAX_RECORDER_BPS() == MOST_FOR_RECORDERS
        give(0, 1_000, 500)
        for bps in (501, 10_000, MAX):
            with reverts(refused("RecorderPartTooLarge"), bps=bps, maximum=500):
                give(0, 1_000, bps)


class TestPay:
    def test_by_the_points_recorded(self, over, reward, alice, bob, carol, keeper):
        """P14: alice records two thirds of the points, the keeper one. Neither has points."""
        receipt = over.ledger.record(bob, 0, sender=alice)
        points = over.ledger.pointsOf(bob, 0)
        assert receipt.events(over.ledger, "RecordedBy")[0].values == {"epoch": 0, "recorder": alice, "points": points}
        over.ledger.recordMany([carol, bob, carol], 0, sender=keeper)
        assert over.ledger.pointsRecordedBy(alice, 0) == 2 * over.ledger.pointsRecordedBy(keeper, 0) == points
        over.go(over.end(0) + WEEK)
        assert list(paid(over, reward, bob, carol, alice, keeper)) == [633_334, 316_667, 33_333, 16_666], "P14"
        assert tuple(over.ledger.potOf(0, reward)) == (POT, POT - 1), "P1"

    def test_who_records_themselves_loses_nothing(self, over, reward, bob, carol):
        """P14: one wei for a second rounding at most, against a pot without a part for recorders."""
        for person in (bob, carol):
            over.ledger.record(person, 0, sender=person)
        over.go(over.end(0) + WEEK)
        whole = [POT * 2 // 3, POT // 3]
        assert [a - b for a, b in zip(whole, paid(over, reward, bob, carol), strict=True)] == [0, 0], "P14"

    def test_a_batch_counts_once_for_all_of_it(self, over, bob, carol, keeper):
        receipt = over.ledger.recordMany([bob, carol, bob], 0, sender=keeper)
        assert [event.name for event in receipt.events(over.ledger)] == ["Recorded", "Recorded", "RecordedBy"]
        total = over.ledger.totalRecorded(0)
        assert receipt.events(over.ledger)[-1].values["points"] == over.ledger.pointsRecordedBy(keeper, 0) == total

    def test_a_batch_reads_of_each_what_one_record_reads(self, world, alice, bob, carol, keeper):
        """P11: one with everything, one with a part, one whose balances moved since, and an empty one."""
        for person, size in ((alice, 7), (bob, 1)):
            world.hold(person, size * DOLLARS)
            world.stake(person, size * DOLLARS // 2, 1)
            world.boost(person, size * DOLLARS // 4)
        world.lock(alice, 1_000)
        world.hold(carol, DOLLARS, 1)
        world.join(alice, bob, carol, keeper)
        world.close(0)
        world.indexes[1].transfer(bob, DOLLARS // 3, sender=carol)
        world.boost(carol, DOLLARS)
        people = [keeper, alice, bob, carol]
        points = [world.ledger.pointsOf(person, 0) for person in people]
        assert world.ledger.recordable(people, 0) == points, "P11"
        world.ledger.recordMany(people, 0, sender=keeper)
        assert [world.ledger.recordedPoints(person, 0) for person in people] == points, "P11"
        assert len(set(points)) == 4
        assert points[0] == 0

    def test_who_comes_second_is_paid_nothing(self, over, refused, bob, carol, alice, keeper):
        over.ledger.recordMany([bob, carol], 0, sender=keeper)
        assert over.ledger.recordMany.call([bob, carol], 0, sender=alice) == 0
        assert over.ledger.recordMany([bob, carol], 0, sender=alice).events(over.ledger) == []
        with reverts(refused("AlreadyRecorded"), account=bob, epoch=0):
            over.ledger.record(bob, 0, sender=alice)
        assert over.ledger.pointsRecordedBy(alice, 0) == 0

    def test_a_bonus_counts_for_the_later_of_two_records(self, over, bob, carol, alice, keeper):
        """P14: carol was bound to bob. The second record brings bob the tenth, in both orders; the sum is the same."""
        over.referrals.bind(carol, bob, sender=carol)  # after the end of epoch 0: counts from epoch 1 on
        over.close(1)
        bobs, carols = (over.ledger.pointsOf(person, 1) for person in (bob, carol))
        first, second = bobs, carols + carols // 20
        for order, shares in (
            ((bob, carol), (first, second + carols // 10)),
            ((carol, bob), (second, first + carols // 10)),
        ):
            with over.evm.isolated():
                for person, recorder in zip(order, (alice, keeper), strict=True):
                    over.ledger.record(person, 1, sender=recorder)
                got = tuple(over.ledger.pointsRecordedBy(recorder, 1) for recorder in (alice, keeper))
                assert got == shares, "P14"
                assert sum(got) == over.ledger.totalRecorded(1), "P14"

    def test_once(self, over, reward, refused, bob, keeper):
        over.ledger.record(bob, 0, sender=keeper)
        over.go(over.end(0) + WEEK)
        over.ledger.claim(0, reward, sender=keeper)
        with reverts(refused("AlreadyClaimed"), account=keeper, epoch=0, token=reward.address):
            over.ledger.claim(0, reward, sender=keeper)

    def test_not_before_all_records_are_known(self, over, reward, refused, bob, keeper):
        over.ledger.record(bob, 0, sender=keeper)
        opens = over.end(0) + WEEK
        with reverts(refused("OutsideWindow"), epoch=0, opens=opens, closes=opens + CLAIMING, timestamp=opens - 1):
            over.ledger.claim.call(0, reward, sender=keeper, at=opens - 1)
        assert over.ledger.claim.call(0, reward, sender=keeper, at=opens) == 50_000

    def test_nothing_without_a_part_for_recorders(self, world, give, reward, refused, bob, keeper):
        world.hold(bob, DOLLARS)
        world.join(bob)
        give(0, POT, 0)
        world.close(0)
        world.ledger.record(bob, 0, sender=keeper)
        world.go(world.end(0) + WEEK)
        with reverts(refused("NothingToClaim"), account=keeper, epoch=0, token=reward.address):
            world.ledger.claim(0, reward, sender=keeper)
        assert list(paid(world, reward, bob)) == [POT]

    def test_what_is_left_stays_divided_as_it_was(self, over, reward, alice, bob, carol, keeper):
        """P14: of the 366,668 wei that stay behind, five percent go to the recorders of the next pot."""
        over.ledger.recordMany([bob, carol], 0, sender=keeper)
        over.go(over.end(0) + WEEK)
        over.ledger.claim(0, reward, sender=bob)
        over.go(over.end(0) + WEEK + CLAIMING)
        receipt = over.ledger.rollOver(0, reward, sender=alice)
        now, left = over.epoch, POT - 633_334
        kept = left * 50_000 // POT
        assert [event.name for event in receipt.events(over.ledger)] == ["RecordersFunded", "RolledOver"]
        assert tuple(over.ledger.potOf(now, reward)) == (left, 0)
        assert over.ledger.recorderPart(now, reward) == kept <= left * 500 // 10_000, "P14"


class TestRecordAndClaim:
    @pytest.fixture
    def next_one(
        self, over: PointsWorld, give: Callable[[int, int, int], Receipt], bob: str, carol: str
    ) -> PointsWorld:
        """Epoch 0 can be claimed, epoch 1 be recorded."""
        over.ledger.recordMany([bob, carol], 0, sender=carol)
        over.sample()
        give(1, 999, 500)
        over.close(1)
        return over

    def test_both_in_one_transaction(self, next_one, reward, bob):
        world = next_one
        points, due = world.ledger.pointsOf(bob, 1), world.ledger.claimable(bob, 0, reward)
        receipt = world.ledger.recordAndClaim(1, [0], [reward], sender=bob)
        assert [event.name for event in receipt.events(world.ledger)] == ["Recorded", "RecordedBy", "Claimed"]
        assert world.ledger.recordedPoints(bob, 1) == world.ledger.pointsRecordedBy(bob, 1) == points > 0
        assert reward.balanceOf(bob) == due == 633_334

    def test_it_says_what_it_did(self, next_one, reward, bob):
        said = next_one.ledger.recordAndClaim.call(1, [0], [reward], sender=bob)
        assert (said.points, said.amounts) == (next_one.ledger.pointsOf(bob, 1), [633_334])

    def test_a_faster_keeper_does_not_stop_the_claim(self, next_one, reward, bob, keeper):
        next_one.ledger.record(bob, 1, sender=keeper)
        assert next_one.ledger.recordAndClaim.call(1, [0], [reward], sender=bob).points == 0
        next_one.ledger.recordAndClaim(1, [0], [reward], sender=bob)
        assert reward.balanceOf(bob) == 633_334
        assert next_one.ledger.pointsRecordedBy(bob, 1) == 0

    def test_without_any_pot_it_records(self, next_one, bob):
        next_one.ledger.recordAndClaim(1, [], [], sender=bob)
        assert next_one.ledger.recordedPoints(bob, 1) == next_one.ledger.pointsOf(bob, 1)

    def test_refused(self, next_one, reward, refused, alice, bob):
        world, opens = next_one, next_one.end(1)
        for at, epoch, right in ((opens + WEEK - 1, 1, True), (opens + WEEK, 1, False)):
            if right:
                assert world.ledger.recordAndClaim.call(epoch, [], [], sender=bob, at=at).points > 0
                continue
            with reverts(refused("OutsideWindow"), epoch=1, opens=opens, closes=opens + WEEK, timestamp=at):
                world.ledger.recordAndClaim.call(epoch, [], [], sender=bob, at=at)
        with reverts(refused("NotJoined"), account=alice, epoch=1):
            world.ledger.recordAndClaim(1, [], [], sender=alice)
        with reverts(refused("LengthMismatch"), epochs=1, tokens=0):
            world.ledger.recordAndClaim(1, [0], [], sender=bob)
        with reverts(
            refused("OutsideWindow"), epoch=1, opens=opens + WEEK, closes=opens + WEEK + CLAIMING,
            timestamp=world.evm.now + 1,
        ):  # fmt: skip
            world.ledger.recordAndClaim.call(1, [1], [reward], sender=bob, at=world.evm.now + 1)
        assert world.ledger.recordedPoints(bob, 1) == 0, "one that reverts undoes all"
