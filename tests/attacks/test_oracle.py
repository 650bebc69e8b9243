"""What has gone wrong with oracles elsewhere, through Chainlink's own proxies where they matter.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from forks import control
from forks.addresses import FEEDS
from forks.placing import OWNER, encode
from ssi.constants import BLOCK, DAY, WAD
from ssi.registry.system import System
from tests.model import oracle as model
from tests.support.governance import govern
from tests.support.manipulation import Thief
from tests.support.prices import WINDOW, leg, rate_leg
from tests.support.reverts import error, reverts

SLOW = "BNB/USD"


@pytest.fixture
def refuses(project: Any) -> Callable[..., AbstractContextManager[None]]:
    return lambda name, **inputs: reverts(error(project.PriceOracle, f"PriceOracle_{name}"), **inputs)


@pytest.fixture
def bnb(system: System) -> str:
    return system.token("BNB").address


class TestWildRound:
    """W5: one wrong answer of a feed that is updated once a day would stand for a day."""

    def test_one_wild_round_is_no_price_and_a_second_one_is(self, system, evm, bnb, refuses):
        before, _ = control.read_feed(evm.rpc, SLOW)
        fair = system.oracle.price(bnb)
        for wild in (before * 2, before // 2):
            with evm.isolated():
                control.set_feed(evm.rpc, SLOW, wild, rounds=1)
                inputs = {
                    "token": bnb,
                    "source": FEEDS[SLOW],
                    "answer": wild * 10**10,
                    "before": fair,
                    "maxMove": 2_000,
                }
                with refuses("Jumped", **inputs):
                    system.oracle.price(bnb)
                with evm.isolated():
                    control.set_feed(evm.rpc, SLOW, before, rounds=1)
                    assert system.oracle.tryPrice(bnb) == (False, 0), "the way back is a jump too"
                    control.set_feed(evm.rpc, SLOW, before, rounds=1)
                    assert system.oracle.price(bnb) == fair
                control.set_feed(evm.rpc, SLOW, wild * 101 // 100, rounds=1)
                assert system.oracle.price(bnb) == wild * 101 // 100 * 10**10, "confirmed"

    def test_a_fifth_is_not_wild(self, system, evm, bnb):
        before, _ = control.read_feed(evm.rpc, SLOW)
        control.set_feed(evm.rpc, SLOW, before * 6 // 5, rounds=1)
        assert system.oracle.price(bnb) == before * 6 // 5 * 10**10

    def test_weights_wait_too(self, system, evm, bnb, refuses):
        before, _ = control.read_feed(evm.rpc, SLOW)
        control.set_feed(evm.rpc, SLOW, before * 3, rounds=1)
        inputs = {
            "token": bnb,
            "source": FEEDS[SLOW],
            "answer": before * 3 * 10**10,
            "before": before * 10**10,
            "maxMove": 2_000,
        }
        with refuses("Jumped", **inputs):
            system.rebalancer.previewStart(system.index("MAG7.ssi"), [], 0)

    def test_governance_can_lift_the_guard(self, system, evm, bnb):
        legs = system.oracle.route(bnb)
        lifted = [(*entry[:3], 0, *entry[4:]) for entry in legs]
        govern(system, system.oracle, "setRoute", [bnb, lifted])
        before, _ = control.read_feed(evm.rpc, SLOW)
        control.set_feed(evm.rpc, SLOW, before * 2, rounds=1)
        assert system.oracle.price(bnb) == before * 2 * 10**10

    def test_the_first_round_of_a_new_aggregator(self, system, evm, bnb, project, refuses):
        """Chainlink exchanges the aggregator behind a proxy: its first round has none before it, and the second heals
        that.
        """
        price, proxy = system.oracle.price(bnb), FEEDS[SLOW]
        answer, _ = control.read_feed(evm.rpc, SLOW)
        fresh = evm.deploy(project.SettableAggregator, "BNB / USD", 8, answer, sender=evm.account("chainlink"))
        owner = "0x" + evm.rpc.call("eth_call", {"to": proxy, "data": encode("owner()")}, "latest")[-40:]
        evm.fund(owner)
        for step in ("proposeAggregator(address)", "confirmAggregator(address)"):
            evm.rpc.send(owner, proxy, encode(step, fresh.address))
        phase = int(evm.rpc.call("eth_call", {"to": proxy, "data": encode("phaseId()")}, "latest"), 16)
        with refuses("NoRoundBefore", token=bnb, source=proxy, roundId=(phase << 64) + 1):
            system.oracle.price(bnb)
        fresh.set(answer, evm.now, sender=OWNER)
        assert system.oracle.price(bnb) == price


class TestDonation:
    """W6: a rate that any account moves within a block."""

    def test_one_block_brings_no_more_than_time_may_have_added(self, bench):
        token, vault = bench.token(), bench.vault(WAD)
        bench.route(token, rate_leg(vault, max_move=5))
        most = model.grown(WAD, 5, DAY)
        vault.setRate(most + 1, sender=bench.owner)
        with bench.refuses("PriceOracle_RateMoved", token=token, source=vault, rate=most + 1, least=WAD, most=most):
            bench.oracle.price(token)
        assert (most - WAD) * 10_000 == 5 * WAD, "five bp are all that a donation can be believed for"

    def test_poking_does_not_launder_a_donation(self, bench):
        """W6: the checkpoint takes no more of it than time allows, however often it is poked."""
        token, vault, thief = bench.token(), bench.vault(WAD), bench.evm.account("thief")
        bench.route(token, rate_leg(vault, max_move=5))
        start = bench.evm.now
        vault.setRate(2 * WAD, sender=thief)
        for n in range(1, 41):
            bench.evm.mine_at(start + n * DAY // 4)
            bench.oracle.poke(token, sender=thief)
            assert bench.oracle.tryPrice(token) == (False, 0), "W6"
        rate = bench.oracle.checkpoint(token, vault).rate
        assert rate <= WAD * 1_005_013 // 1_000_000, "W6: ten days at five bp, compounded"

    def test_neglect_is_bounded(self, bench):
        """W6: a checkpoint that is not moved for years allows 31 days' growth."""
        token, vault = bench.token(), bench.vault(WAD)
        bench.route(token, rate_leg(vault, max_move=5))
        most, later = model.grown(WAD, 5, 31 * DAY), bench.evm.now + 3_650 * DAY
        vault.setRate(most + 1, sender=bench.owner)
        assert bench.oracle.tryPrice.call(token, at=later) == (False, 0)
        vault.setRate(most, sender=bench.owner)
        assert bench.oracle.price.call(token, at=later) == most

    @pytest.mark.parametrize("name", ["sDAI", "sUSDS"])
    def test_the_savings_tokens_of_the_deployment_stay_believable(self, system, evm, name):
        """A poke a month is enough, and between two none is needed."""
        token = system.token(name).address
        for _ in range(4):
            before = system.oracle.price(token)
            control.warp(evm.rpc, 30 * DAY)
            assert system.oracle.price(token) > before
            system.oracle.poke(token, sender=evm.account("a stranger"))


def test_answers_pinned_at_an_aggregator_s_limit(system, evm, refuses):
    """An aggregator that stops at its own minimum while the market falls on: our bounds are narrower."""
    comp = system.token("COMP").address
    (entry,) = system.oracle.route(comp)
    control.set_feed(evm.rpc, "COMP/USD", 10**6)
    inputs = {
        "token": comp,
        "source": FEEDS["COMP/USD"],
        "answer": 10**16,
        "min": entry.min,
        "max": entry.named()["max"],
    }
    with refuses("OutOfBounds", **inputs):
        system.oracle.price(comp)


@pytest.mark.parametrize("stale", ["LDO/ETH", "ETH/USD"])
def test_every_leg_of_a_composed_price_must_be_live(system, evm, refuses, stale):
    ldo = system.token("LDO").address
    heartbeat = {"LDO/ETH": 90_000, "ETH/USD": 4_500}[stale]
    answer, _ = control.read_feed(evm.rpc, stale)
    control.set_feed(evm.rpc, stale, answer, evm.now - heartbeat - 1)
    with refuses("Stale", token=ldo, source=FEEDS[stale], updatedAt=evm.now - heartbeat - 1, heartbeat=heartbeat):
        system.oracle.price(ldo)


def test_a_feed_that_jumps_hides_in_no_composition(bench):
    """W5: a wild first leg and a wild second leg that cancel out are two refusals, not one price."""
    token, up, down = bench.token(), bench.feed(10**8), bench.feed(10**8)
    for feed in (up, down):
        feed.setAnswer(10**8, bench.evm.now, sender=bench.owner)
    bench.route(token, leg(up, max_move=1_000), leg(down, max_move=1_000))
    up.setAnswer(2 * 10**8, bench.evm.now, sender=bench.owner)
    down.setAnswer(10**8 // 2, bench.evm.now, sender=bench.owner)
    inputs = {"token": token, "source": up, "answer": 2 * WAD, "before": WAD, "maxMove": 1_000}
    with bench.refuses("PriceOracle_Jumped", **inputs):
        bench.oracle.price(token)


# Fees of their pools with WETH.
POOLED = {"PEPE": 3_000, "FLOKI": 10_000, "SOSO": 3_000}


class TestHeldPool:
    """W8: a pool held off its price by a trader with any capital, who makes the far end deep with a few wei.

    The mean over half an hour, which these feeds were before, said for one block: PEPE x 1.93 or x 0.68, FLOKI x 1.65
    or x 0.58, SOSO x 1.78 or x 0.63; for five blocks: x 26 or x 0.14, x 12 or x 0.07, x 18 or x 0.10; and went on
    saying so for half an hour.
    """

    @pytest.mark.parametrize("dearer", [True, False])
    @pytest.mark.parametrize("blocks", [1, 5])
    @pytest.mark.parametrize("name", POOLED)
    def test_blocks_in_a_row_move_nothing(self, system, evm, name, blocks, dearer):
        token, thief = system.token(name).address, Thief(evm, name, POOLED[name])
        fair = system.oracle.price(token)
        evm.warp(BLOCK)
        thief.hold(thief.far(dearer, 10**22), blocks * BLOCK)
        answers = []
        for _ in range(0, WINDOW + 1, 60):
            control.refresh_feeds(evm.rpc)
            answers.append(system.oracle.tryPrice(token))
            evm.warp(60)
        assert set(answers) <= {(True, fair), (False, 0)}, "W8 the price"
        # While the blocks lie in the last of nine parts, the feed cannot tell them from a jump.
        assert all(ok for ok, _ in answers[200 // 60 + 1 :]), "W8 silence"

    @pytest.mark.parametrize("name", POOLED)
    def test_a_swap_in_every_block_silences_nothing(self, system, evm, name):
        """As deployed. What pools that keep less would do is in test_silenced_feeds.py."""
        token, thief = system.token(name).address, Thief(evm, name, POOLED[name])
        start, fair = thief.pool.slot0().sqrtPriceX96, system.oracle.price(token)
        for n in range(2 * WINDOW // BLOCK):
            evm.next_at(evm.now + BLOCK)
            thief.push(start * (10_000 + n % 2) // 10_000)
            if n % 50 == 0:
                control.refresh_feeds(evm.rpc)
                ok, price = system.oracle.tryPrice(token)
                assert ok
                assert abs(price - fair) * 1_000 < fair, "W8 the price"


class TestSecondSource:
    """W8: where two sources exist, both must agree."""

    TWICE = ("WETH", "WBTC", "LINK", "UNI", "AAVE", "SKY", "LDO", "CRV", "COMP", "SHIB")

    def test_every_asset_with_a_second_source_agrees_as_deployed(self, system):
        twice = {name: system.token(name).address for name, asset in system.assets.assets.items() if asset.second}
        assert set(twice) == set(self.TWICE)
        assert system.oracle.agreedPrices([*twice.values()]) == system.oracle.prices([*twice.values()])
        for name, token in twice.items():
            legs, deviation = system.oracle.secondRoute(token)
            assert legs[0].source == system.record.contracts[system.assets.assets[name].second.price[0].source]
            assert deviation == (300 if name in ("WETH", "WBTC") else 500)

    @pytest.mark.parametrize("part", [94, 106])
    def test_a_feed_that_is_wrong_alone_is_not_agreed(self, system, evm, refuses, part):
        uni = system.token("UNI").address
        fair, (answer, _) = system.oracle.price(uni), control.read_feed(evm.rpc, "UNI/USD")
        control.set_feed(evm.rpc, "UNI/USD", answer * part // 100)
        wrong, other = system.oracle.price(uni), fair
        with refuses("Disagreement", token=uni, price=wrong, other=_second(system, uni), maxDeviationBps=500):
            system.oracle.agreedPrice(uni)
        assert abs(_second(system, uni) - other) * 100 < other
        assert wrong == fair * part // 100, "the plain price cannot know"

    def test_a_pool_that_is_held_is_not_agreed_or_does_not_count(self, system, evm):
        uni, thief = system.token("UNI").address, Thief(evm, "UNI", 3_000)
        fair = system.oracle.agreedPrice(uni)
        evm.warp(BLOCK)
        thief.hold(thief.far(True, 10**22), 5 * BLOCK)
        for _ in range(4):
            evm.warp(60)
        control.refresh_feeds(evm.rpc)
        assert system.oracle.agreedPrice(uni) == fair


def _second(system: System, token: str) -> int:
    """The price of the second route, out of its legs."""
    price = WAD
    for entry in system.oracle.secondRoute(token).legs:
        feed = system.evm.at(system.project.UniswapV3TwapFeed, entry.source)
        price = price * feed.latestRoundData().answer * 10 ** (18 - feed.decimals()) // WAD
    return price
