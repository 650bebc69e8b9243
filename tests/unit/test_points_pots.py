"""Pots of points: how they are funded, when they are paid, to whom, and what happens to what is left."""

from __future__ import annotations

import pytest

from ssi.chain.evm import Deployed, Receipt
from ssi.constants import CLAIMING, MAX
from tests.support.points import DOLLARS, WEEK, PointsWorld
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import error, reverts


class TestPots:
    @pytest.fixture
    def funded(self, world: PointsWorld, reward: Deployed, alice: str, bob: str, carol: str) -> PointsWorld:
        """A pot of 1,000,001 wei in epoch 0, with bob and carol recorded at two to one."""
        world.hold(bob, 2 * DOLLARS)
        world.hold(carol, DOLLARS)
        world.join(bob, carol)
        self.give(world, reward, alice, 0, 1_000_001)
        world.close(0)
        world.ledger.recordMany([bob, carol], 0, sender=alice)
        world.go(world.end(0) + WEEK)
        return world

    def give(self, world: PointsWorld, token: Deployed, funder: str, epoch: int, amount: int, bps: int = 0) -> Receipt:
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

    def test_accounts_without_points_get_nothing(self, funded, reward, alice, bob, refused):
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
        reward.setQuirk(Quirk.FEE, sender=alice)
        self.give(world, reward, alice, 0, 1000)
        assert tuple(world.ledger.potOf(0, reward)) == (990, 0)
        reward.mint(world.ledger, 12345, sender=alice)
        assert tuple(world.ledger.potOf(0, reward)) == (990, 0)
        with reverts(refused("ZeroAmount")):
            self.give(world, reward, alice, 0, 0)
        reward.setQuirk(Quirk.FALSE, sender=alice)
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

        reward.setQuirk(Quirk.REENTERS, sender=alice)
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

        reward.setQuirk(Quirk.FROZEN, sender=alice)
        with reverts(error(project.QuirkToken, "QuirkToken_Frozen")):
            ledger.claim(0, reward, sender=bob)
        for person, amount in ((bob, 600), (carol, 300)):
            ledger.claim(0, good, sender=person)
            assert good.balanceOf(person) == amount
        reward.setQuirk(Quirk.NONE, sender=alice)
        ledger.claim(0, reward, sender=bob)
        assert tuple(ledger.potOf(0, good)) == (900, 900), "P1"
