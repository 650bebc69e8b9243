"""The oracle's guards: feeds that jump, rates that leap, sequencers that stop. Ids are those of docs/invariants.md."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ssi.constants import DAY, HOUR, WAD, ZERO
from tests.model import oracle as model
from tests.support.prices import LEAST, MOST, FeedMode, Flaw, PriceBench, SourceKind, leg, rate_leg
from tests.support.reverts import error, reverts


def guarded(bench: PriceBench, answer: int = 10**8, max_move: int = 1_000, heartbeat: int = DAY) -> tuple[Any, Any]:
    """A token priced by a feed with two rounds that agree."""
    token, feed = bench.token(), bench.feed(answer)
    feed.setAnswer(answer, bench.evm.now, sender=bench.owner)
    bench.route(token, leg(feed, heartbeat, max_move=max_move))
    return token, feed


def say(bench: PriceBench, feed: Any, answer: int) -> None:
    feed.setAnswer(answer, bench.evm.now, sender=bench.owner)


# ---------------------------------------------------------------- jumps


@given(
    before=st.integers(1, 10**30), part=st.integers(0, 20_000), nudge=st.integers(-2, 2), max_move=st.integers(1, 9_999)
)
@example(before=10**18, part=11_000, nudge=0, max_move=1_000)
@example(before=10**18, part=11_000, nudge=1, max_move=1_000)
@example(before=10**18, part=9_000, nudge=-1, max_move=1_000)
@example(before=3, part=10_000, nudge=1, max_move=3_333)
@example(before=3, part=10_000, nudge=1, max_move=3_334)
def test_a_round_is_compared_with_the_one_before(
    bench: PriceBench, before: int, part: int, nudge: int, max_move: int
) -> None:
    """W5, at and around the bound, as the model."""
    with bench.evm.isolated():
        answer = max(1, before * part // 10_000 + nudge)
        token, feed = bench.token(), bench.feed(before, 18)
        feed.setAnswer(before, bench.evm.now, sender=bench.owner)
        bench.route(token, leg(feed, DAY, 1, 34 * 10**37, max_move))
        say(bench, feed, answer)
        if model.jumped(answer, before, max_move):
            inputs = {"token": token, "source": feed, "answer": answer, "before": before, "maxMove": max_move}
            with bench.refuses("PriceOracle_Jumped", **inputs):
                bench.oracle.price(token)
        else:
            assert bench.oracle.price(token) == answer


def test_a_second_round_confirms_and_a_return_needs_a_second_round_too(bench: PriceBench) -> None:
    """W5."""
    token, feed = guarded(bench)
    for there, confirmed in ((2 * 10**8, 201 * 10**6), (10**8, 10**8)):
        say(bench, feed, there)
        assert bench.oracle.tryPrice(token) == (False, 0)
        say(bench, feed, confirmed)
        assert bench.oracle.price(token) == confirmed * 10**10


def test_decimals_do_not_matter_to_a_jump(bench: PriceBench) -> None:
    for decimals in (0, 6, 18):
        token, feed = bench.token(), bench.feed(100 * 10**decimals // 100 or 1, decimals)
        say(bench, feed, 100 * 10**decimals)
        say(bench, feed, 100 * 10**decimals)
        bench.route(token, leg(feed, max_move=500))
        say(bench, feed, 105 * 10**decimals)
        assert bench.oracle.price(token) == 105 * WAD
        say(bench, feed, 99 * 10**decimals)
        assert not bench.oracle.tryPrice(token).ok


@pytest.mark.parametrize("past", [(0, 1), (-5, 1), (10**8, 0)])
def test_a_round_before_that_is_no_answer(bench: PriceBench, past: tuple[int, int]) -> None:
    answer, updated_at = past
    token, feed = guarded(bench)
    feed.setPast((1, answer, updated_at, updated_at, 1), sender=bench.owner)
    with bench.refuses("PriceOracle_NoRoundBefore", token=token, source=feed, roundId=2):
        bench.oracle.price(token)


@pytest.mark.parametrize("round_id", [0, 2**64 + 1, 2**80, 2**256 - 1])
def test_the_first_round_of_a_phase_waits_for_the_next(bench: PriceBench, round_id: int) -> None:
    """A proxy numbers rounds `phase << 64 | round`: the first of a phase has none before it.

    Invalid ids are refused alike.
    """
    token, feed = guarded(bench)
    feed.setRound((round_id, 10**8, bench.evm.now, bench.evm.now, 1), sender=bench.owner)
    with bench.refuses("PriceOracle_NoRoundBefore", token=token, source=feed, roundId=round_id):
        bench.oracle.price(token)
    if 0 < round_id < 2**80:
        say(bench, feed, 10**8)
        assert bench.oracle.price(token) == WAD


@pytest.mark.parametrize(
    "mode", [FeedMode.REFUSING, FeedMode.REFUSING_AT_LENGTH, FeedMode.SHORT, FeedMode.SILENT, FeedMode.GREEDY]
)
def test_a_past_that_cannot_be_read(bench: PriceBench, mode: int) -> None:
    token, feed = guarded(bench)
    feed.setPastMode(mode, sender=bench.owner)
    with bench.refuses("PriceOracle_NoRoundBefore", token=token, source=feed, roundId=2):
        bench.oracle.price(token)
    assert bench.oracle.tryPrice(token) == (False, 0)
    for well in (FeedMode.VERBOSE, FeedMode.HONEST):
        feed.setPastMode(well, sender=bench.owner)
        assert bench.oracle.price(token) == WAD


def test_an_enormous_past_is_a_jump(bench: PriceBench) -> None:
    token, feed = guarded(bench)
    feed.setPast((1, 2**255 - 1, 1, 1, 1), sender=bench.owner)
    inputs = {"token": token, "source": feed, "answer": WAD, "before": 2**256 - 1, "maxMove": 1_000}
    with bench.refuses("PriceOracle_Jumped", **inputs):
        bench.oracle.price(token)


def test_the_past_is_not_asked_where_it_is_not_wanted(bench: PriceBench) -> None:
    """A leg without a bound never reads the past, so averages need none."""
    token, feed = bench.token(), bench.feed(10**8)
    bench.route(token, leg(feed))
    feed.setPastMode(FeedMode.GREEDY, sender=bench.owner)
    say(bench, feed, 10**12)
    assert bench.oracle.price(token) == 10_000 * WAD


def test_a_feed_without_a_past_cannot_be_guarded(bench: PriceBench) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    with bench.refuses("PriceOracle_NoRoundBefore", token=token, source=feed, roundId=1):
        bench.route(token, leg(feed, max_move=1_000))


def test_every_leg_has_its_own_bound(bench: PriceBench) -> None:
    """W5: the second leg of a composed price is checked like the first."""
    token, (_, calm), (_, wild) = bench.token(), guarded(bench), guarded(bench)
    bench.route(token, leg(calm, max_move=1_000), leg(wild, max_move=2_000))
    say(bench, wild, 121 * 10**6)
    inputs = {"token": token, "source": wild, "answer": 121 * WAD // 100, "before": WAD, "maxMove": 2_000}
    with bench.refuses("PriceOracle_Jumped", **inputs):
        bench.oracle.price(token)


# ---------------------------------------------------------------- rates


def vaulted(bench: PriceBench, rate: int = WAD, max_move: int = 5) -> tuple[Any, Any, int]:
    """A token priced by a vault's rate; its checkpoint is of now."""
    token, vault = bench.token(), bench.vault(rate)
    bench.route(token, rate_leg(vault, max_move=max_move))
    return token, vault, bench.evm.now


@given(
    rate=st.integers(10**14, 10**24), max_move=st.integers(1, 100), elapsed=st.integers(0, 60 * DAY),
    pick=st.sampled_from(["least", "most"]), nudge=st.integers(-1, 1),
)  # fmt: skip
@example(rate=WAD, max_move=5, elapsed=0, pick="most", nudge=1)
@example(rate=WAD, max_move=100, elapsed=30 * DAY + 1, pick="most", nudge=0)
@example(rate=MOST - 1, max_move=1, elapsed=DAY, pick="least", nudge=1)
def test_a_rate_is_believed_within_what_time_may_add(
    bench: PriceBench, rate: int, max_move: int, elapsed: int, pick: str, nudge: int
) -> None:
    """W6, at and around both ends, as the model."""
    with bench.evm.isolated():
        token, vault, since = vaulted(bench, rate, max_move)
        least, most = model.believable(rate, max_move, elapsed)
        answer = (least if pick == "least" else most) + nudge
        vault.setRate(answer, sender=bench.owner)
        if answer > MOST:
            return
        if least <= answer <= most:
            assert bench.oracle.price.call(token, at=since + elapsed) == answer
        else:
            with bench.refuses("PriceOracle_RateMoved", token=token, source=vault, rate=answer, least=least, most=most):
                bench.oracle.price.call(token, at=since + elapsed)


@given(steps=st.lists(st.tuples(st.integers(6 * HOUR, 40 * DAY), st.integers(0, 900)), min_size=1, max_size=6))
def test_checkpoints_follow_the_model(bench: PriceBench, steps: list[tuple[int, int]]) -> None:
    """W6: however far the rate rises, and however often it is poked, a checkpoint rises by no more than time allows."""
    with bench.evm.isolated():
        token, vault, at = vaulted(bench)
        checkpoint = rate = WAD
        for seconds, growth in steps:
            rate += rate * growth // 10_000
            vault.setRate(rate, sender=bench.owner)
            bench.evm.mine_at(at + seconds)
            stranger = bench.evm.account("stranger")
            receipt = bench.oracle.poke(token, sender=stranger)
            checkpoint, at = model.poked(checkpoint, rate, 5, seconds), bench.evm.now
            assert tuple(bench.oracle.checkpoint(token, vault)) == (checkpoint, at), "W6 the checkpoint"
            [event] = receipt.events(bench.oracle)
            assert event.values == {"token": token.address, "source": vault.address, "rate": checkpoint}
            least, most = model.believable(checkpoint, 5, 0)
            assert bench.oracle.tryPrice(token) == ((True, rate) if least <= rate <= most else (False, 0))


def test_pokes_six_hours_apart(bench: PriceBench) -> None:
    token, vault, since = vaulted(bench)
    bench.evm.mine_at(since + 6 * HOUR - 1)
    with bench.refuses("PriceOracle_PokedTooSoon", token=token, source=vault, earliest=since + 6 * HOUR):
        bench.oracle.poke(token, sender=bench.owner)
    bench.evm.mine_at(since + 6 * HOUR)
    bench.oracle.poke(token, sender=bench.owner)
    assert bench.oracle.checkpoint(token, vault).at == since + 6 * HOUR


def test_a_fall_is_for_governance(bench: PriceBench) -> None:
    token, vault, since = vaulted(bench)
    vault.setRate(WAD - 1, sender=bench.owner)
    bench.evm.mine_at(since + 10 * DAY)
    most = model.grown(WAD, 5, 10 * DAY)
    with bench.refuses("PriceOracle_RateMoved", token=token, source=vault, rate=WAD - 1, least=WAD, most=most):
        bench.oracle.poke(token, sender=bench.owner)
    assert bench.oracle.tryPrice(token) == (False, 0)
    bench.route(token, rate_leg(vault, max_move=5))
    assert bench.oracle.price(token) == WAD - 1


def test_a_checkpoint_keeps_to_the_bounds(bench: PriceBench) -> None:
    token, vault = bench.token(), bench.vault(WAD)
    bench.route(token, rate_leg(vault, WAD, 1_001 * 10**15))
    since = bench.evm.now
    vault.setRate(1_001 * 10**15 + 1, sender=bench.owner)
    bench.evm.mine_at(since + DAY)
    inputs = {"token": token, "source": vault, "answer": 1_001 * 10**15 + 1, "min": WAD, "max": 1_001 * 10**15}
    for call in (lambda: bench.oracle.poke(token, sender=bench.owner), lambda: bench.oracle.price(token)):
        with bench.refuses("PriceOracle_OutOfBounds", **inputs):
            call()


def test_what_cannot_be_poked(bench: PriceBench) -> None:
    token, feed, stranger = bench.token(), bench.feed(10**8), bench.token()
    bench.route(token, leg(feed))
    with bench.refuses("PriceOracle_NoRate", token=token):
        bench.oracle.poke(token, sender=bench.owner)
    with bench.refuses("PriceOracle_NoRoute", token=stranger):
        bench.oracle.poke(stranger, sender=bench.owner)
    assert tuple(bench.oracle.checkpoint(token, feed)) == (0, 0)


# ---------------------------------------------------------------- a second route


def paired(bench: PriceBench, price: int = 10**8, other: int = 10**8, deviation: int = 200) -> tuple[Any, Any, Any]:
    """A token with two routes, of one feed each."""
    token, first, second = bench.token(), bench.feed(price), bench.feed(other)
    bench.route(token, leg(first))
    bench.second_route(token, leg(second), deviation=deviation)
    return token, first, second


@given(
    price=st.integers(1, 10**30), part=st.integers(8_000, 12_500), nudge=st.integers(-2, 2),
    deviation=st.integers(1, 2_000), swapped=st.booleans(),
)  # fmt: skip
@example(price=10**18, part=10_200, nudge=0, deviation=200, swapped=False)
@example(price=10**18, part=10_200, nudge=1, deviation=200, swapped=True)
@example(price=10**18, part=10_200, nudge=1, deviation=200, swapped=False)
@example(price=10**18, part=9_800, nudge=0, deviation=200, swapped=False)
@example(price=34 * 10**37, part=10_000, nudge=0, deviation=1, swapped=False)
def test_two_routes_agree_as_the_model(
    bench: PriceBench, price: int, part: int, nudge: int, deviation: int, swapped: bool
) -> None:
    """W8, at and around the bound, with either of the two as the lower."""
    with bench.evm.isolated():
        other = min(max(1, price * part // 10_000 + nudge), 34 * 10**37)
        price, other = (other, price) if swapped else (price, other)
        token, first, second = bench.token(), bench.feed(price, 18), bench.feed(price, 18)
        wide = (DAY, 1, 34 * 10**37)
        bench.route(token, leg(first, *wide))
        bench.second_route(token, leg(second, *wide), deviation=deviation)
        say(bench, second, other)
        assert bench.oracle.price(token) == price, "the plain price does not ask the second route"
        if model.agree(price, other, deviation):
            assert bench.oracle.agreedPrice(token) == price
            assert bench.oracle.agreedPrices([token]) == [price]
        else:
            inputs = {"token": token, "price": price, "other": other, "maxDeviationBps": deviation}
            for ask in (lambda: bench.oracle.agreedPrice(token), lambda: bench.oracle.agreedPrices([token])):
                with bench.refuses("PriceOracle_Disagreement", **inputs):
                    ask()


def test_one_route_agrees_with_itself(bench: PriceBench) -> None:
    token, _ = guarded(bench)
    pair, _, _ = paired(bench, 3 * 10**8, 3 * 10**8)
    assert bench.oracle.agreedPrice(token) == bench.oracle.price(token) == WAD
    assert bench.oracle.agreedPrices([token, pair, token]) == [WAD, 3 * WAD, WAD]
    assert bench.oracle.agreedPrices([]) == []
    stranger = bench.token()
    with bench.refuses("PriceOracle_NoRoute", token=stranger):
        bench.oracle.agreedPrices([token, stranger])


def test_a_second_route_that_fails_agrees_with_nothing(bench: PriceBench) -> None:
    """W8: a second source that does not answer is no consent; the plain price stays."""
    token, _, second = paired(bench)
    second.setMode(FeedMode.REFUSING, sender=bench.owner)
    with bench.refuses("PriceOracle_SourceFailed", token=token, source=second):
        bench.oracle.agreedPrice(token)
    assert bench.oracle.price(token) == WAD
    second.setMode(FeedMode.HONEST, sender=bench.owner)
    old = bench.evm.now - DAY - 100
    second.setAnswer(10**8, old, sender=bench.owner)
    with bench.refuses("PriceOracle_Stale", token=token, source=second, updatedAt=old, heartbeat=DAY):
        bench.oracle.agreedPrice(token)


def test_second_routes_are_read_back_replaced_and_removed(bench: PriceBench) -> None:
    token, first, second = paired(bench, deviation=2_000)
    third = bench.feed(101 * 10**6)

    def members(*sources: Any) -> list[Any]:
        return [(source.address, *leg(source)[1:]) for source in sources]

    assert tuple(bench.oracle.secondRoute(token)) == (members(second), 2_000)
    receipt = bench.second_route(token, leg(third), leg(second), deviation=100)
    [event] = receipt.events(bench.oracle)
    assert (event.name, event.values) == (
        "SecondRouteSet", {"token": token.address, "legs": members(third, second), "maxDeviationBps": 100},
    )  # fmt: skip
    assert bench.oracle.agreedPrice(token) == WAD
    bench.second_route(token, leg(second), deviation=100)
    assert tuple(bench.oracle.secondRoute(token)) == (members(second), 100), "nothing is left of the longer one"

    bench.route(token, leg(third))
    assert bench.oracle.agreedPrice(token) == 101 * WAD // 100, "a new first route keeps the second"
    say(bench, third, 102 * 10**6)
    assert bench.oracle.price(token) == 102 * WAD // 100
    inputs = {"token": token, "price": 102 * WAD // 100, "other": WAD, "maxDeviationBps": 100}
    with bench.refuses("PriceOracle_Disagreement", **inputs):
        bench.oracle.agreedPrice(token)

    receipt = bench.oracle.removeSecondRoute(token, sender=bench.owner)
    removed = ("SecondRouteRemoved", {"token": token.address})
    assert [(event.name, event.values) for event in receipt.events(bench.oracle)] == [removed]
    assert tuple(bench.oracle.secondRoute(token)) == ([], 0)
    assert bench.oracle.agreedPrice(token) == 102 * WAD // 100
    with bench.refuses("PriceOracle_NoSecondRoute", token=token):
        bench.oracle.removeSecondRoute(token, sender=bench.owner)

    bench.second_route(token, leg(second), deviation=200)
    receipt = bench.oracle.removeRoute(token, sender=bench.owner)
    events = [(event.name, event.values) for event in receipt.events(bench.oracle)]
    assert events == [removed, ("RouteRemoved", {"token": token.address})]
    assert tuple(bench.oracle.secondRoute(token)) == ([], 0)
    bench.route(token, leg(first))
    assert bench.oracle.agreedPrice(token) == WAD, "an old second route does not come back"


def test_second_routes_that_cannot_be(bench: PriceBench) -> None:
    token, feed = guarded(bench)
    stranger = bench.token()
    with bench.refuses("PriceOracle_NoRoute", token=stranger):
        bench.second_route(stranger, leg(feed))
    for deviation in (0, 2_001, 2**256 - 1):
        with bench.flaw(token, Flaw.DEVIATION):
            bench.second_route(token, leg(feed), deviation=deviation)
    for legs in ([], [leg(feed)] * 4):
        with bench.flaw(token, Flaw.LEG_COUNT):
            bench.second_route(token, *legs)
    with bench.flaw(token, Flaw.RATE_TWICE):
        bench.second_route(token, leg(feed), rate_leg(bench.vault(WAD)))
    with bench.flaw(token, Flaw.BOUNDS):
        bench.second_route(token, leg(feed, DAY, WAD + 1, WAD))
    far = bench.feed(103 * 10**6)
    inputs = {"token": token, "price": WAD, "other": 103 * WAD // 100, "maxDeviationBps": 200}
    with bench.refuses("PriceOracle_Disagreement", **inputs):
        bench.second_route(token, leg(far), deviation=200)
    assert tuple(bench.oracle.secondRoute(token)) == ([], 0)

    thief = bench.evm.account("thief")
    for call in (
        lambda: bench.oracle.setSecondRoute(token, [leg(feed)], 200, sender=thief),
        lambda: bench.oracle.removeSecondRoute(token, sender=thief),
    ):
        with bench.refuses("AccessManagedUnauthorized", caller=thief):
            call()


# ---------------------------------------------------------------- sequencers


class TestSequencer:
    """W7."""

    GRACE = HOUR

    @pytest.fixture
    def rollup(self, bench: PriceBench, authority: Any) -> tuple[PriceBench, Any, Any]:
        uptime = bench.evm.deploy(
            bench.project.MockAggregator, "L2 Sequencer Uptime Status Feed", 0, 0, sender=bench.owner
        )
        oracle = bench.evm.deploy(bench.project.PriceOracle, authority, uptime, self.GRACE, sender=bench.owner)
        there = PriceBench(bench.evm, bench.project, bench.owner, oracle)
        bench.evm.warp(self.GRACE + 1)
        token = there.token()
        there.route(token, leg(there.feed(10**8), 7 * DAY))
        return there, uptime, token

    def asks(self, bench: PriceBench, token: Any) -> list[Any]:
        """Every way to a price."""
        return [
            lambda: bench.oracle.price(token),
            lambda: bench.oracle.prices([token]),
            lambda: bench.oracle.value(token, 1),
            lambda: bench.oracle.agreedPrice(token),
            lambda: bench.oracle.agreedPrices([token]),
        ]

    def test_no_price_while_it_is_down(self, rollup: Any) -> None:
        bench, uptime, token = rollup
        assert bench.oracle.price(token) == WAD
        for status in (1, 2, -1):
            say(bench, uptime, status)
            for ask in self.asks(bench, token):
                with bench.refuses("PriceOracle_SequencerDown", sequencer=uptime, status=status):
                    ask()
            assert bench.oracle.tryPrice(token) == (False, 0)

    def test_no_price_before_others_had_time_to_act(self, rollup: Any) -> None:
        bench, uptime, token = rollup
        say(bench, uptime, 0)
        since = bench.evm.now
        for after in (0, 1, self.GRACE):
            with bench.refuses("PriceOracle_SequencerRestarted", sequencer=uptime, since=since, grace=self.GRACE):
                bench.oracle.price.call(token, at=since + after)
        assert bench.oracle.price.call(token, at=since + self.GRACE + 1) == WAD

    def test_a_feed_that_has_not_begun_or_fails(self, rollup: Any) -> None:
        bench, uptime, token = rollup
        uptime.setRound((1, 0, 0, 0, 1), sender=bench.owner)
        with bench.refuses("PriceOracle_SequencerDown", sequencer=uptime, status=0):
            bench.oracle.price(token)
        uptime.setMode(FeedMode.REFUSING, sender=bench.owner)
        with bench.refuses("PriceOracle_SourceFailed", token=ZERO, source=uptime):
            bench.oracle.price(token)

    def test_a_feed_and_a_grace_or_neither(self, bench: PriceBench, authority: Any) -> None:
        for sequencer, grace in ((ZERO, 1), (bench.oracle.address, 0), (bench.oracle.address, DAY + 1)):
            expected = error(bench.project.PriceOracle, "PriceOracle_InvalidSequencer")
            with reverts(expected, sequencer=sequencer, grace=grace):
                bench.evm.deploy(bench.project.PriceOracle, authority, sequencer, grace, sender=bench.owner)
        assert (bench.oracle.sequencer(), bench.oracle.grace()) == (ZERO, 0)


@pytest.mark.parametrize(("heartbeat", "max_move"), [(4_321, 1_234), (7 * DAY, 9_999), (60, 0)])
def test_leg_constants_are_those_of_the_contract(bench: PriceBench, heartbeat: int, max_move: int) -> None:
    """The order of a leg's members, read back by name, at their limits too: they share a slot."""
    token, feed = guarded(bench, max_move=max_move, heartbeat=heartbeat)
    (stored,) = bench.oracle.route(token)
    members = {
        "source": feed.address,
        "kind": SourceKind.FEED,
        "heartbeat": heartbeat,
        "maxMove": max_move,
        "min": LEAST,
        "max": MOST,
    }
    assert stored.named() == members
