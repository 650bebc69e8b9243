"""ReferencePrices: when samples are taken, what their median is, what follows from it, and where points come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forks import control
from ssi.chain.evm import Deployed, Entry, Evm, Receipt
from ssi.constants import DAY, WAD, ZERO
from ssi.registry.system import System
from tests.model.points import LEAST, NONE, SLOTS, PointsModel, Sources
from tests.support.points import DOLLARS, HEARTBEAT, PointsWorld
from tests.support.prices import FeedMode, leg
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import error, reverts


@pytest.fixture
def refused(project: Any) -> Callable[[str], Entry]:
    return lambda name: error(project.ReferencePrices, f"ReferencePrices_{name}")


def sampled(world: PointsWorld, receipt: Receipt) -> dict[str, int]:
    """Prices of a sample, by token."""
    return {event.values["token"]: event.values["price"] for event in receipt.events(world.prices, "PriceSampled")}


class TestSampling:
    def test_what_is_sampled(self, world):
        """Indexes, SOSO, and the dollar of the pool: each once, in the first sample of the first epoch."""
        tokens = [index.address for index in world.indexes] + [world.soso.address, world.dollar.address]
        assert world.prices.sampledTokens(0) == tokens
        world.go(world.slot_start(0, 1))
        receipt = world.sample()
        assert sampled(world, receipt) == dict(zip(tokens, [WAD, WAD, WAD, 10**30], strict=True))
        assert [event.values for event in receipt.events(world.prices, "SampleTaken")] == [
            {"epoch": 0, "slot": 1, "missing": 0}
        ]
        for token in tokens:
            assert world.prices.samplesOf(0, token)[:3] == [sampled(world, receipt)[token]] * 2 + [0]

    def test_a_pool_of_staked_tokens_needs_no_more_prices(self, evm, project, owner):
        """The pool of an index and its staked token, and that of SOSO and staked SOSO."""
        world = PointsWorld(evm, project, owner)
        one, other = (evm.deploy(project.TimeWeightedMock, world.genesis, world.length, sender=owner) for _ in range(2))
        world.locker.addPool(one, world.staked[0], world.indexes[0], sender=owner)
        world.locker.addPool(other, world.soso, world.staked_soso, sender=owner)
        world.staked[0].setRate(4 * WAD, sender=owner)
        tokens = [index.address for index in world.indexes] + [world.soso.address, world.dollar.address]
        assert world.prices.sampledTokens(0) == tokens
        world.close(0)
        world.sample()
        assert [world.price(1, pool) for pool in (one, other)] == [4 * WAD, 2 * WAD], "at 1 and 4, at 1 and 1"

    def test_once_a_slot(self, world, alice, refused):
        """A second sample is refused, at better prices too, until the second in which the next slot begins."""
        world.set_price("T0", 5)
        with reverts(refused("AlreadySampled"), epoch=0, slot=0, missing=0):
            world.prices.sample(sender=alice)
        running = world.prices.runningSlot()
        assert tuple(running) == (0, 0, world.genesis + DAY, True, 0)
        with reverts(refused("AlreadySampled"), epoch=0, slot=0, missing=0):
            world.prices.sample.call(sender=alice, at=running.end - 1)
        world.go(running.end)
        assert tuple(world.prices.runningSlot()) == (0, 1, world.genesis + 2 * DAY, False, 0)
        world.prices.sample(sender=alice)
        assert world.prices.samplesOf(0, world.indexes[0])[:3] == [WAD, 5 * WAD, 0]
        assert world.prices.slotsOf(0)[:3] == [1, 1, 0]

    def test_slots_of_any_length(self, evm, project, owner):
        """28 of them, for every length of an epoch: the model's, at their edges."""
        for length in (1, 27, 5 * DAY, 28 * DAY + 13):
            prices = evm.deploy(project.ReferencePrices, owner, owner, evm.now, length, sender=owner)
            model = PointsModel(prices.epochGenesis(), length)
            for second in {0, length - 1, length // 28, length // 28 + 1, length // 3, length // 2} & set(
                range(length)
            ):
                now = model.genesis + 3 * length + second
                running = prices.runningSlot.call(at=now)
                assert (running.epoch, running.slot) == (3, model.slot(now))
                after = prices.runningSlot.call(at=running.end)
                assert (after.epoch, after.slot) > (running.epoch, running.slot)
                assert prices.runningSlot.call(at=running.end - 1)[:2] == running[:2]

    def test_only_a_sample_that_misses_less_replaces_one(self, world, alice, refused):
        """It replaces the whole sample, so that all prices of a slot are of one second."""
        world.go(world.slot_start(0, 1))
        for name in ("T0", "SOSO"):
            world.feeds[name].setMode(FeedMode.REFUSING, sender=alice)
        receipt = world.sample()
        assert [token for token, price in sampled(world, receipt).items() if not price] == [
            world.indexes[0].address,
            world.soso.address,
        ]
        slot = world.prices.runningSlot()
        assert (slot.sampled, slot.missing) == (True, 2)
        for name, mode in (("T1", FeedMode.REFUSING), ("T0", FeedMode.HONEST)):  # others fail, as many
            world.feeds[name].setMode(mode, sender=alice)
        with reverts(refused("AlreadySampled"), epoch=0, slot=1, missing=2):
            world.prices.sample(sender=alice)
        world.feeds["SOSO"].setMode(FeedMode.HONEST, sender=alice)
        for name in ("SOSO", "USD"):
            world.set_price(name, 3)
        receipt = world.sample()
        assert receipt.events(world.prices, "SampleTaken")[0].values == {"epoch": 0, "slot": 1, "missing": 1}
        assert [world.prices.samplesOf(0, token)[1] for token in (*world.indexes, world.soso, world.dollar)] == [
            WAD, 0, 3 * WAD, 3 * 10**30,
        ]  # fmt: skip

    def test_where_nothing_has_a_price_there_is_no_sample(self, evm, project, owner, refused):
        """So a caller cannot make sources wait for the next epoch, or use up a slot, while there is no price
        to find.
        """
        world = PointsWorld(evm, project, owner)
        for feed in world.feeds.values():
            feed.setMode(FeedMode.REFUSING, sender=owner)
        with reverts(refused("NoPriceFound"), epoch=0, slot=0):
            world.sample()
        world.prices.setSources([[], ZERO, ZERO, ZERO], sender=owner)
        with reverts(refused("NoPriceFound"), epoch=0, slot=0):
            world.sample()

    def test_in_the_middle_of_something_there_is_no_sample(self, world, project, evm, alice, refused):
        """Within a transfer of a mint the index refuses reads.

        The sample reverts then, and does not count the index as without a price.
        """
        quirk = evm.deploy(project.QuirkToken, 6, sender=alice)
        feed = evm.deploy(project.MockAggregator, "Q", 8, 10**8, sender=alice)
        world.oracle.setRoute(quirk, [leg(feed, HEARTBEAT, 10**6, 10**24)], sender=world.owner)
        world.tokens.append(quirk)
        world.add_index(2)
        world.prices.setSources(world.sources(), sender=world.owner)
        world.close(0)
        feed.setAnswer(10**8, evm.now, sender=alice)
        quirk.setReentry(world.prices, world.prices.sample.encode(), sender=alice)
        quirk.setQuirk(Quirk.REENTERS, sender=alice)
        world.hold(alice, WAD, 2)
        assert not quirk.reentered()
        assert quirk.answer() == refused("Busy").encode([world.indexes[2].address])
        world.sample()
        assert world.price(1, world.indexes[2]) == WAD

    def test_little_gas_makes_no_sample(self, world, bob):
        """With too little gas for the feeds or the rates, sampling reverts: it neither loses prices nor overlooks a
        rate that fell.
        """
        world.go(world.slot_start(0, 1))
        world.staked_soso.setLowestRate(WAD, sender=bob)
        world.staked_soso.setRate(WAD // 2, sender=bob)
        assert world.prices.sample.call(sender=bob) == 0
        taken = 0
        for gas in range(150_000, 700_000, 10_000):
            with world.evm.isolated():
                try:
                    receipt = world.evm.send(bob, world.prices.address, world.prices.sample.encode(), gas=gas)
                except Exception:
                    continue
                taken += 1
                assert all(sampled(world, receipt).values())
                assert receipt.events(world.prices, "LowRateSeen")
        assert 0 < taken < 55

    @pytest.fixture
    def real(self, system: System, evm: Evm, project: Any, owner: str) -> tuple[Deployed, list[Deployed]]:
        """Prices of all real indexes of a deployment, with real routes."""
        authority, epochs = evm.deploy(project.ProtocolManager, owner, sender=owner), system.factory
        prices = evm.deploy(
            project.ReferencePrices, authority, system.oracle, epochs.epochGenesis(), epochs.epochLength(), sender=owner
        )
        indexes = [system.index(symbol) for symbol in sorted(system.record.indexes)]
        prices.setSources([[(index.address, ZERO) for index in indexes], ZERO, ZERO, ZERO], sender=owner)
        return prices, indexes

    def test_the_price_of_an_index_is_that_of_the_lens(self, real, system, owner):
        prices, indexes = real
        assert prices.sample.call(sender=owner) == 0
        assert prices.sample(sender=owner).gas_used < 12_000_000
        for index in indexes:
            assert prices.medianOf(prices.currentEpoch(), index) == (system.lens.overview(index).sharePrice, 1)

    def test_one_constituent_without_a_price_is_an_index_without_one(self, real, system, evm, owner):
        """Its other constituents alone do not make its price."""
        prices, indexes = real
        control.set_feed(evm.rpc, "LINK/USD", 0)
        without = [index for index in indexes if system.token("LINK").address in index.basket().tokens]
        assert 0 < len(without) < len(indexes)
        assert prices.sample(sender=owner).events(prices, "SampleTaken")[0].values["missing"] == len(without)
        for index in indexes:
            assert (prices.medianOf(prices.currentEpoch(), index).samples == 0) == (index in without), index.symbol()

    def test_an_index_that_cannot_be_read_has_no_price(self, world, evm):
        """It counts as missing, as one with a constituent without a price does, and blocks no other."""
        broken, sound = (index.address for index in world.indexes[:2])
        evm.rpc.call("anvil_setCode", broken, "0x5f5ffd")  # reverts with nothing
        world.go(world.slot_start(0, 1))
        receipt = world.sample()
        assert (sampled(world, receipt)[broken], sampled(world, receipt)[sound]) == (0, WAD)
        assert receipt.events(world.prices, "SampleTaken")[0].values["missing"] == 1


class TestMedian:
    @settings(max_examples=12)
    @given(st.dictionaries(st.integers(0, SLOTS - 1), st.integers(0, 10**12), min_size=1, max_size=6))
    def test_the_median_is_that_of_the_model_for_any_samples(self, evm, project, owner, by_slot):
        """The model's median and count, with empty slots and samples that missed it."""
        with evm.isolated():
            world = PointsWorld(evm, project, owner)
            model = PointsModel(world.genesis, world.length)
            name, other = world.soso.address, world.dollar.address
            model.set_sources(
                world.genesis, Sources(soso=(world.staked_soso.address, name), pools=(("pool", name, other),))
            )
            world.prices.setSources(world.sources(pairs=[]), sender=owner)
            for slot, answer in sorted(by_slot.items()):
                world.go(max(world.evm.now, world.slot_start(0, slot)))
                world.feeds["SOSO"].setAnswer(answer, evm.now, sender=owner)
                world.sample()
                price = answer * 10**10
                model.sample(
                    evm.now,
                    {name: price if 10**6 <= price <= 10**24 else 0, other: 10**30, world.indexes[0].address: WAD},
                )
            assert tuple(world.prices.medianOf(0, name)) == model.median(0, name)

    @given(
        st.lists(st.integers(1, 10**6), min_size=1, max_size=SLOTS),
        st.lists(st.one_of(st.none(), st.integers(1, NONE - 1)), max_size=SLOTS - 1),
    )
    def test_a_minority_of_slots_cannot_move_the_median_out_of_the_honest_range(self, honest, others):
        """P13, on the model: the other samples may have any price, or none."""
        others = others[: len(honest) - 1]
        model = PointsModel(0, SLOTS)
        for slot, price in enumerate([*honest, *others]):
            model.samples[0][slot] = {"T": price or 0}
        median, _ = model.median(0, "T")
        assert min(honest) <= median <= max(honest), "P13"


class TestSettling:
    def test_nav_and_fair_price(self, world, alice):
        """u(index), u(SOSO), u(staked), u(pool) of the specification by hand."""
        world.close(0)
        world.set_price("T0", 4)
        world.set_price("SOSO", 0.5)
        world.staked[0].setRate(3 * WAD, sender=alice)
        world.sample()
        named = {
            world.indexes[0].address: 4 * WAD,
            world.indexes[1].address: WAD,
            world.staked[0].address: 4 * WAD,
            world.staked[1].address: WAD,
            world.staked_soso.address: WAD // 2,
            world.pool.address: 2 * 2 * 10**24,
        }
        for token, price in named.items():
            assert world.price(1, token) == price
        sheet = world.prices.sheetOf(1)
        assert {item.token: item.price for item in (*sheet.held, *sheet.staked, *sheet.locked, sheet.soso)} == named
        assert (sheet.locker, sheet.referrals) == (world.locker.address, world.referrals.address)

    def test_once_and_when_the_epoch_is_over(self, world, alice, bob, refused):
        """P7: what it says is what the views said before, and nothing changes it."""
        world.stake(alice, DOLLARS)
        world.sample_slots(LEAST)
        with reverts(refused("EpochRunning"), epoch=0, end=world.end(0)):
            world.prices.settle.call(0, sender=alice, at=world.end(0) - 1)
        world.close(0)
        before = world.prices.sheetOf(0)
        receipt = world.prices.settle(0, sender=bob)
        assert receipt.events(world.prices)[0].values == {"epoch": 0, "sheet": before}
        assert world.prices.isSettled(0)
        world.set_price("T0", 5)
        world.staked[0].setRate(0, sender=bob)
        world.locker.addPool(world.soso, world.indexes[0], world.indexes[1], sender=bob)
        world.prices.setSources(world.sources(pairs=[]), sender=world.owner)
        assert world.prices.settle(0, sender=alice).logs == []
        assert world.prices.sheetOf(0) == before, "P7"

    def test_settling_late_finds_the_same(self, world, alice):
        """P7: nothing that happens after the epoch's end changes them."""
        world.stake(alice, DOLLARS)
        world.close(0)
        before = world.prices.sheetOf(0)
        world.set_price("T0", 5)
        world.staked[0].setRate(WAD // 3, sender=alice)
        world.close(1)
        world.prices.settle(0, sender=alice)
        assert world.prices.sheetOf(0) == before, "P7"

    def test_the_running_epoch_is_worth_what_its_samples_say_so_far(self, world, alice):
        """Before the first sample it is worth what the epoch before was; then the median of its samples,
        however few.
        """
        world.hold(alice, DOLLARS)
        world.close(0)
        assert world.price(1, world.indexes[0]) == WAD
        for slot, (dollars, median) in enumerate(((9, 9), (3, 3), (7, 7), (8, 7))):
            world.go(world.slot_start(1, slot))
            world.set_price("T0", dollars)
            world.sample()
            assert world.price(1, world.indexes[0]) == median * WAD

    def test_too_few_samples_are_the_price_of_the_epoch_before(self, world, alice):
        """That price counts for one epoch more and no longer. A missing SOSO price boosts no account to the full."""
        world.hold(alice, DOLLARS)
        world.boost(alice, DOLLARS // 2)
        for epoch in range(3):
            with world.evm.isolated():
                world.sample_slots(LEAST - 1)
                world.close(epoch, sampled=False)
                assert world.ledger.pointsOf(alice, epoch) == (0, 18, 3)[epoch] * 28 * DOLLARS
            if epoch:
                world.feeds["SOSO"].setAnswer(0, world.evm.now, sender=alice)
            world.close(epoch)
            assert world.price(epoch, world.staked_soso) == (WAD if epoch < 2 else 0)
            assert world.ledger.pointsOf(alice, epoch) == (18 if epoch < 2 else 3) * 28 * DOLLARS
            world.ledger.statement(alice, epoch)

    def test_an_epoch_without_samples(self, world, alice):
        """Has the prices of the one before; without samples in that either, it is worth nothing.

        Sampling later does not help.
        """
        world.hold(alice, DOLLARS)
        world.join(alice)
        world.close(0)
        world.close(1, sampled=False)
        assert world.ledger.pointsOf(alice, 1) == 3 * 28 * DOLLARS
        world.close(2, sampled=False)
        assert world.ledger.pointsOf(alice, 2) == 0
        world.sample()
        assert world.ledger.pointsOf(alice, 2) == 0, "P7"
        assert world.ledger.record.call(alice, 2, sender=alice) == 0

    def test_a_pool_of_a_token_without_a_price_counts_nothing(self, world, alice):
        world.lock(alice, 1000)
        world.close(0)
        world.set_price("USD", 0)
        world.close(1)
        world.close(2)
        assert [world.price(epoch, world.pool) > 0 for epoch in range(3)] == [True, True, False]
        assert world.ledger.pointsOf(alice, 2) == 0

    def test_a_broken_rate_blocks_no_other(self, world, alice, bob):
        world.stake(alice, DOLLARS)
        world.stake(bob, DOLLARS, 1)
        world.close(0)
        world.staked[0].setBroken(True, sender=alice)
        world.close(1)
        world.prices.settle(1, sender=alice)
        assert [world.price(1, staked) for staked in world.staked] == [0, WAD]
        assert (world.ledger.pointsOf(alice, 1), world.ledger.pointsOf(bob, 1)) == (0, 28 * 15 * DOLLARS)

    def test_a_price_beyond_128_bits_is_none(self, world, alice):
        """A share worth 2^128 whole tokens and more, or a rate of 2^256 - 1."""
        for rate, price in ((2**128 - 1, 2**128 - 1), (2**128, 0), (2**256 - 1, 0)):
            with world.evm.isolated():
                world.staked[0].setRate(rate, sender=alice)
                world.close(0)
                world.sample()
                assert world.price(1, world.staked[0]) == price

    def test_no_epoch_before_its_time(self, world, alice, refused):
        for method, args in (
            (world.ledger.pointsOf, (alice, 1)),
            (world.ledger.statement, (alice, 1)),
            (world.prices.sheetOf, (1,)),
        ):
            with reverts(refused("FutureEpoch"), epoch=1, currentEpoch=0):
                method(*args)


class TestSources:
    def test_a_change_counts_from_the_next_epoch(self, world, alice):
        """P7: neither the running nor a closed epoch knows of it; a second change before then replaces the first."""
        world.hold(alice, DOLLARS)
        world.hold(alice, DOLLARS, 1)
        world.evm.warp(DAY)
        before = world.ledger.pointsOf(alice, 0)
        only = [(world.indexes[0].address, ZERO)]
        world.prices.setSources(world.sources(pairs=[]), sender=world.owner)
        receipt = world.prices.setSources(world.sources(pairs=only), sender=world.owner)
        assert receipt.events(world.prices)[0].values["fromEpoch"] == 1
        assert world.ledger.pointsOf(alice, 0) == before == 6 * DOLLARS, "P7"
        assert len(world.prices.sourcesOf(0).pairs) == 2
        assert len(world.prices.sourcesOf(1).pairs) == 1
        world.close(0)
        whole = world.ledger.pointsOf(alice, 0)
        world.sample()
        world.evm.warp(DAY)
        assert world.ledger.pointsOf(alice, 1) == 3 * DOLLARS
        world.prices.setSources(world.sources(pairs=[]), sender=world.owner)
        world.close(1)
        assert world.ledger.pointsOf(alice, 0) == whole == 28 * 6 * DOLLARS, "P7"

    def test_before_any_sample_it_counts_at_once(self, evm, project, owner):
        world = PointsWorld(evm, project, owner)
        world.prices.setSources(world.sources(pairs=[]), sender=owner)
        world.prices.setSources(world.sources(), sender=owner)
        assert len(world.prices.sourcesOf(0).pairs) == 2
        world.sample()
        world.prices.setSources(world.sources(pairs=[]), sender=owner)
        assert len(world.prices.sourcesOf(0).pairs) == 2

    def test_the_newest_referrals_bind(self, world):
        world.prices.setSources(world.sources(referrals=ZERO), sender=world.owner)
        assert (world.prices.referrals(), world.prices.sourcesOf(0).referrals) == (ZERO, world.referrals.address)

    def test_what_cannot_be_a_source(self, world, evm, project, alice, refused):
        pair = (world.indexes[0].address, world.staked[0].address)
        other = (world.indexes[1].address, world.staked[1].address)
        elsewhere = evm.deploy(project.TimeWeightedMock, world.genesis - 1, world.length, sender=alice)
        longer = evm.deploy(project.TimeWeightedMock, world.genesis, world.length + 1, sender=alice)
        mute = world.new_staked(world.indexes[0])
        mute.setBroken(True, sender=alice)
        for pairs, soso, wrong in (
            ([(ZERO, ZERO)], ZERO, ZERO),
            ([(alice, ZERO)], ZERO, alice),
            ([pair, other, pair], ZERO, pair[0]),
            ([(pair[0], other[1])], ZERO, other[1]),
            ([pair, (pair[1], ZERO)], ZERO, pair[1]),
            ([pair], pair[1], pair[1]),
            ([(elsewhere.address, ZERO)], ZERO, elsewhere.address),
            ([(longer.address, ZERO)], ZERO, longer.address),
            ([(pair[0], mute.address)], ZERO, mute.address),
            ([], mute.address, mute.address),
        ):
            with reverts(refused("InvalidSource"), token=wrong):
                world.prices.setSources([pairs, soso, ZERO, ZERO], sender=world.owner)
        with reverts(refused("TooManyPairs"), count=9, maximum=8):
            world.prices.setSources([[pair] * 9, ZERO, ZERO, ZERO], sender=world.owner)

    def test_governed(self, world, project, alice):
        with reverts(error(project.ReferencePrices, "AccessManagedUnauthorized"), caller=alice):
            world.prices.setSources(world.sources(), sender=alice)

    def test_construction(self, world, evm, project, alice):
        for args, name, inputs in (
            ((world.authority, ZERO, 1, 1), "ZeroAddress", {}),
            ((ZERO, world.oracle, 1, 1), "ZeroAddress", {}),
            ((world.authority, world.oracle, 1, 0), "InvalidEpochGrid", {"genesis": 1, "length": 0}),
            ((world.authority, world.oracle, 2**40, 1), "InvalidEpochGrid", {"genesis": 2**40, "length": 1}),
            ((world.authority, world.oracle, 1, 2**32), "InvalidEpochGrid", {"genesis": 1, "length": 2**32}),
        ):
            with reverts(error(project.ReferencePrices, f"ReferencePrices_{name}"), **inputs):
                evm.deploy(project.ReferencePrices, *args, sender=alice)
        assert (world.prices.epochGenesis(), world.prices.epochLength()) == (world.genesis, world.length)
        assert (world.prices.oracle(), world.prices.currentEpoch()) == (world.oracle.address, 0)
        assert (world.prices.SLOTS(), world.prices.LEAST_SAMPLES()) == (SLOTS, LEAST)
