"""Attackers who choose the second, the price or the rate that they are judged by. Ids are those of
docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssi.chain.evm import Evm
from ssi.constants import DAY, MAX, WAD
from tests.model.points import LEAST, SLOTS
from tests.support.points import PointsWorld, RealStaking
from tests.support.reverts import error, reverts

DOLLARS = 1000 * WAD
MOST = 220  # points for a dollar and a day


@pytest.fixture
def world(evm: Evm, project: Any, owner: str) -> PointsWorld:
    return PointsWorld(evm, project, owner)


@pytest.fixture
def real(evm: Evm, project: Any, owner: str) -> RealStaking:
    return RealStaking(evm, project, owner)


def sample_all(world: PointsWorld, held_off: Sequence[int] = (), prices: Mapping[str, float] | None = None) -> None:
    """Every slot of the running epoch, with other prices in those where a trader holds them off; then to its end."""
    epoch = world.epoch
    for slot in range(SLOTS):
        world.go(max(world.evm.now, world.slot_start(epoch, slot)))
        before = {name: world.answer(name) / 10**8 for name in prices or {}}
        for name, price in (prices or {}).items():
            if slot in held_off:
                world.set_price(name, price)
        world.sample()
        for name, price in before.items():
            world.set_price(name, price)
    world.go(world.end(epoch))


class TestPricesOfAMoment:
    """One call used to fix a price for 28 days, in a second of the caller's choice."""

    @pytest.mark.parametrize("held_off", [range(1), range(13), range(15, 28), range(0, 26, 2)])
    def test_soso_held_off_in_a_minority_of_slots_lifts_no_points(self, world, alice, held_off):
        """P13: SOSO × 1.31, in one slot or in 13 of 28: 18X as honest.

        It was 22.65X for one transaction in the right half hour.
        """
        world.hold(alice, DOLLARS)
        world.boost(alice, DOLLARS // 2)
        sample_all(world, held_off, {"SOSO": 1.31})
        assert world.ledger.pointsOf(alice, 0) == 28 * 18 * DOLLARS, "P13"

    def test_it_takes_a_majority(self, world, alice):
        """What the median cannot stand: the price held off in more than half of all slots, on 15 days of 28."""
        world.hold(alice, DOLLARS)
        world.boost(alice, DOLLARS // 2)
        sample_all(world, range(15), {"SOSO": 1.31})
        assert world.ledger.pointsOf(alice, 0) == 28 * 2265 * DOLLARS // 100

    def test_all_tokens_are_judged_in_the_same_seconds(self, world, alice, bob):
        """P13: equal holdings of two indexes, each at its best or worst in turn.

        Scores were 6.0 : 1 with a second for each token.
        """
        world.hold(alice, DOLLARS, 0)
        world.hold(bob, DOLLARS, 1)
        for slot in range(LEAST + 1):
            world.go(max(world.evm.now, world.slot_start(0, slot)))
            up, down = (2.45, 1) if slot % 2 else (1, 1 / 2.45)
            world.set_price("T0", up)
            world.set_price("T1", up)
            seconds = {event.values["slot"] for event in world.sample().events(world.prices, "PriceSampled")}
            assert seconds == {slot}
            world.set_price("T0", down)
            world.set_price("T1", down)
        world.go(world.end(0))
        assert world.ledger.pointsOf(alice, 0) == world.ledger.pointsOf(bob, 0), "P13"

    def test_honest_samples_that_miss_prices_are_outvoted_by_none(self, world, alice):
        """P13: who makes the feed fail in some slots and lifts the price in others needs as many of both."""
        world.hold(alice, DOLLARS)
        world.boost(alice, DOLLARS // 2)
        epoch = world.epoch
        for slot in range(SLOTS):
            world.go(max(world.evm.now, world.slot_start(epoch, slot)))
            world.set_price("SOSO", 1.31 if slot < 6 else 0 if slot < 13 else 1)
            world.sample()
            world.set_price("SOSO", 1)
        world.go(world.end(0))
        assert world.ledger.pointsOf(alice, 0) == 28 * 18 * DOLLARS, "P13"


class TestRatesThatFall:
    """What a share was worth in the epoch's first second used to price all share-seconds of the epoch."""

    def test_a_rate_that_starts_anew_multiplies_nothing(self, world, alice):
        """P12: 100 dollars, a rate of 10^8 that falls to one and is back at the end.

        It was 4,050,000,001,500 points, 6.6 million times the bound.
        """
        vault = world.staked[0]
        vault.setRate(10**8 * WAD, sender=alice)
        world.stake(alice, 10**12)
        world.close(0)
        vault.setRate(WAD, sender=alice)
        vault.burn(alice, 10**12, sender=alice)
        world.stake(alice, 100 * WAD)
        world.sample_slots(LEAST)
        world.go(world.end(1) - DAY)
        vault.burn(alice, 100 * WAD - 10**12, sender=alice)
        vault.setRate(10**8 * WAD, sender=alice)
        world.close(1)
        assert 27 * 15 * 100 * WAD <= world.ledger.pointsOf(alice, 1) <= 28 * 15 * 100 * WAD, "P12"

    def test_a_vault_that_lies_about_its_lowest_rate_is_seen(self, world, alice, bob):
        """P12: it says ten, and a sample sees two.

        From then on all of the epoch counts at two, of the next at what is told again.
        """
        world.stake(alice, DOLLARS)
        vault = world.staked[0]
        vault.setRate(10 * WAD, sender=bob)
        world.close(0)
        vault.setLowestRate(10 * WAD, sender=bob)
        world.sample()
        assert world.price(1, vault) == 10 * WAD
        vault.setRate(2 * WAD, sender=bob)
        world.go(world.slot_start(1, 1))
        seen = world.sample().events(world.prices, "LowRateSeen")
        assert [event.values for event in seen] == [{"epoch": 1, "staked": vault.address, "rate": 2 * WAD}]
        vault.setRate(3 * WAD, sender=bob)
        world.go(world.slot_start(1, 2))
        assert not world.sample().events(world.prices, "LowRateSeen"), "not lower"
        vault.setRate(0, sender=bob)
        world.go(world.slot_start(1, 3))
        assert world.sample().events(world.prices, "LowRateSeen")[0].values["rate"] == 0
        assert world.price(1, vault) == 0
        vault.setRate(10 * WAD, sender=bob)
        world.close(1)
        world.close(2)
        assert world.price(2, vault) == 10 * WAD

    STEPS = st.lists(
        st.tuples(st.integers(0, 9 * DAY), st.sampled_from(["rate", "stake", "leave"]), st.integers(1, 10**6)),
        min_size=1,
        max_size=12,
    )

    @settings(max_examples=25)
    @given(STEPS)
    def test_no_path_of_the_rate_is_worth_more_than_the_most_dollars_held(self, evm, project, owner, steps):
        """P12: rates up and down by factors of a million, shares in and out in between.

        SOSO without end lifts everything to the full.
        """
        with evm.isolated():
            world, alice = PointsWorld(evm, project, owner, count=1), evm.account("alice")
            vault, rate, shares, most = world.staked[0], WAD, 0, 0
            world.boost(alice, 10**10 * WAD)
            world.sample_slots(LEAST)
            for wait, what, size in steps:
                evm.warp(min(wait, max(0, world.end(0) - evm.now - 1)))
                if what == "rate":
                    rate = size * WAD // 1000
                    vault.setRate(rate, sender=owner)
                elif what == "stake":
                    shares += size * WAD
                    vault.mint(alice, size * WAD, sender=owner)
                elif shares:
                    vault.burn(alice, shares - shares // (1 + size % 5), sender=owner)
                    shares //= 1 + size % 5
                most = max(most, shares * rate // WAD)
            world.go(max(evm.now, world.end(0)))
            assert world.ledger.pointsOf(alice, 0) <= MOST * 28 * most, "P12"

    @pytest.mark.parametrize("boost", [False, True])
    def test_a_sole_staker_of_a_real_vault_multiplies_nothing(self, real, alice, boost):
        """P12: 10^12 wei staked, 99 shares given to them as rewards, the epoch crossed, and all requested and cancelled
        at once; with SOSO likewise.

        Where the vault starts anew at a rate of one, the first sample after that sees it.
        """
        vault = real.staked_soso if boost else real.staked[0]
        asset = real.soso if boost else real.indexes[0]
        if boost:
            real.soso.mint(alice, 200 * WAD, sender=real.owner)
            real.hold(alice, 10**4 * WAD)
        else:
            real.hold(alice, 100 * WAD)
        asset.approve(vault, MAX, sender=alice)
        real.sample_slots(LEAST)
        real.go(real.end(0) - DAY)
        vault.deposit(10**12, alice, sender=alice)
        vault.addRewards(99 * WAD, sender=alice)
        real.close(0)
        vault.requestRedeem(vault.balanceOf(alice), alice, alice, sender=alice)
        vault.cancelRequest(alice, sender=alice)
        real.close(1)
        said = real.ledger.statement(alice, 1)
        dollars = said.soso if boost else said.staked.value
        assert dollars <= 28 * 200 * WAD, "P12"


class TestBoostByTime:
    """SOSO counts by dollar-seconds, as everything does: much for an hour is as good as little for long, and costs
    more.
    """

    def test_an_hour_of_672_times_the_soso(self, real, alice, bob):
        """33X for both, and the same dollar-seconds of SOSO.

        But what was staked for an hour leaves after 14 days: bob binds 672 dollars for 337 hours where alice binds
        one for 1,008, her own cooldown included: 225 times the capital and time.
        """
        for person in (alice, bob):
            real.hold(person, DOLLARS)
        real.soso.mint(alice, DOLLARS, sender=real.owner)
        real.soso.mint(bob, 672 * DOLLARS, sender=real.owner)
        real.stake_real(real.staked_soso, alice, DOLLARS)
        real.sample_slots(LEAST)
        real.go(real.end(0) - 3600)
        real.stake_real(real.staked_soso, bob, 672 * DOLLARS)
        real.close(0)
        for person in (alice, bob):
            said = real.ledger.statement(person, 0)
            assert said.held.multiplier // 10**14 in (329_999, 330_000), "33X"
            assert abs(said.soso - 28 * DOLLARS) <= DOLLARS // 1000
        vault = real.staked_soso
        vault.requestRedeem(vault.balanceOf(bob), bob, bob, sender=bob)
        matures = real.evm.now + 14 * DAY
        with reverts(
            error(real.project.StakedToken, "StakedToken_ExceedsClaimable"), controller=bob, amount=1, claimable=0
        ):
            vault.redeem.call(1, bob, bob, sender=bob, at=matures - 1)
        assert vault.redeem.call(1, bob, bob, sender=bob, at=matures) == 1

    def test_sold_on_it_boosts_by_what_is_left_of_time(self, real, alice, bob):
        """All accounts together are boosted by no more dollar-seconds than there were: what is lent is missing where it
        came from.
        """
        for person in (alice, bob):
            real.hold(person, DOLLARS)
        real.soso.mint(alice, DOLLARS, sender=real.owner)
        real.stake_real(real.staked_soso, alice, DOLLARS)
        real.sample_slots(LEAST)
        real.go(real.end(0) - 14 * DAY)
        real.staked_soso.transfer(bob, real.staked_soso.balanceOf(alice), sender=alice)
        real.close(0)
        boosts = [real.ledger.statement(person, 0).held.boosted for person in (alice, bob)]
        assert sum(boosts) <= 28 * DOLLARS
        assert abs(boosts[0] - boosts[1]) <= DOLLARS // 1000
