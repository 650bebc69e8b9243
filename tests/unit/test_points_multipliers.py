"""What the product says of points, and who could gain from rearranging positions.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssi.constants import DAY, WAD
from tests.model.points import Values
from tests.support.points import DOLLARS, PointsWorld


def after_a_day(world: PointsWorld, account: str) -> int:
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


def add(a: Values, b: Values) -> Values:
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
