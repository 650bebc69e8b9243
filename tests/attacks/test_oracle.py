"""What has gone wrong with oracles elsewhere, through Chainlink's own proxies where they matter. Ids are those of docs/invariants.md."""

from __future__ import annotations

import pytest

from minimainnet import control
from minimainnet.addresses import FEEDS
from minimainnet.build import OWNER, encode
from tests.model import oracle as model
from tests.support.governance import govern
from tests.support.prices import WAD, leg, rate_leg
from tests.support.reverts import error, reverts

DAY = 86_400
SLOW = "BNB/USD"


@pytest.fixture
def refuses(project):
    return lambda name, **inputs: reverts(error(project.PriceOracle, f"PriceOracle_{name}"), **inputs)


@pytest.fixture
def bnb(system):
    return system.token("BNB").address


class TestWildRound:
    """W5: one wrong answer of a feed that is updated once a day would stand for a day."""

    def test_one_wild_round_is_no_price_and_a_second_one_is(self, system, evm, bnb, refuses):
        before, _ = control.read_feed(evm.rpc, SLOW)
        fair = system.oracle.price(bnb)
        for wild in (before * 2, before // 2):
            with evm.isolated():
                control.set_feed(evm.rpc, SLOW, wild, rounds=1)
                inputs = {"token": bnb, "source": FEEDS[SLOW], "answer": wild * 10**10, "before": fair, "maxMove": 2_000}
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
        inputs = {"token": bnb, "source": FEEDS[SLOW], "answer": before * 3 * 10**10, "before": before * 10**10, "maxMove": 2_000}
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
        """Chainlink exchanges the aggregator behind a proxy: its first round has none before it, and the second heals that."""
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
    """W6: a rate that anybody moves within a block."""

    def test_one_block_brings_no_more_than_time_may_have_added(self, bench):
        token, vault = bench.token(), bench.vault(WAD)
        bench.route(token, rate_leg(vault, max_move=5))
        most = model.grown(WAD, 5, DAY)
        vault.setRate(most + 1, sender=bench.owner)
        with bench.refuses("PriceOracle_RateMoved", token=token, source=vault, rate=most + 1, least=WAD, most=most):
            bench.oracle.price(token)
        assert (most - WAD) * 10_000 == 5 * WAD, "five bp are all that a donation can be believed for"

    def test_poking_does_not_launder_a_donation(self, bench):
        """W6: the checkpoint takes no more of it than time allows, however often anybody pokes."""
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
        """W6: a checkpoint that nobody moves for years allows 31 days' growth."""
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
            system.oracle.poke(token, sender=evm.account("anybody"))


def test_answers_pinned_at_an_aggregator_s_limit(system, evm, refuses):
    """An aggregator that stops at its own minimum while the market falls on: our bounds are narrower."""
    comp = system.token("COMP").address
    (entry,) = system.oracle.route(comp)
    control.set_feed(evm.rpc, "COMP/USD", 10**6)
    inputs = {"token": comp, "source": FEEDS["COMP/USD"], "answer": 10**16, "min": entry.min, "max": entry.named()["max"]}
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
