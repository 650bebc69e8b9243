"""PriceOracle against the model, honest and hostile sources.

The feed over Uniswap v3 pools has `test_price_averages.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ssi.chain.evm import Reverted
from ssi.constants import DAY, WAD, ZERO
from tests.model import oracle as model
from tests.support.prices import LEAST, MOST, FeedMode, Flaw, PriceBench, SourceKind, leg, rate_leg

# ---------------------------------------------------------------- figures


def test_one_feed(bench: PriceBench) -> None:
    token, feed = bench.token(8), bench.feed(61_234_56789012)
    bench.route(token, leg(feed))
    assert bench.oracle.price(token) == 61_234_56789012 * 10**10
    assert bench.oracle.tryPrice(token) == (True, 61_234_56789012 * 10**10)
    assert bench.oracle.value(token, 25_000_000) == 61_234_56789012 * 10**10 // 4


def test_a_price_in_ether(bench: PriceBench) -> None:
    token, in_ether, ether = bench.token(), bench.feed(4_321_000_007, 18), bench.feed(3_210_12345678)
    bench.route(token, leg(in_ether, DAY, 10**9, WAD), leg(ether))
    assert bench.oracle.price(token) == 4_321_000_007 * 321_012_345_678 * 10**10 // WAD


@pytest.mark.parametrize(("share", "asset"), [(18, 18), (18, 6), (6, 18), (0, 0), (8, 18)])
def test_a_rate_is_asked_for_one_whole_share(bench: PriceBench, share: int, asset: int) -> None:
    token, vault = bench.token(share), bench.vault(10**asset * 5 // 4 + 1, share, asset)
    bench.route(token, rate_leg(vault), leg(bench.feed(99_990_000)))
    assert bench.oracle.price(token) == (10**asset * 5 // 4 + 1) * 10 ** (18 - asset) * 9_999 // 10_000


@given(
    sources=st.lists(st.tuples(st.integers(1, 10**26), st.integers(0, 18), st.booleans()), min_size=1, max_size=3),
    decimals=st.integers(0, 18),
    amount=st.integers(0, 2**128),
)
@example(sources=[(1, 18, False)] * 1, decimals=18, amount=10**18 - 1)
def test_every_route_and_value_as_the_model(bench: PriceBench, sources: Any, decimals: int, amount: int) -> None:
    with bench.evm.isolated():
        sources = [(min(answer, 10 ** (8 + unit)), unit, rate) for answer, unit, rate in sources]
        expected = model.route_price([(answer, unit) for answer, unit, _ in sources])
        around = [model.bounds_around(model.leg_price(answer, unit)) for answer, unit, _ in sources]
        token, legs = bench.token(decimals), []
        for (answer, unit, rate), bounds in zip(sources, around, strict=True):
            if rate:
                legs.append(rate_leg(bench.vault(answer, 18, unit), *bounds))
            else:
                legs.append(leg(bench.feed(answer, unit), DAY, *bounds))
        if not model.bounds_are_sound(around):
            with bench.flaw(token, Flaw.BOUNDS):
                bench.route(token, *legs)
            return
        bench.route(token, *legs)
        assert bench.oracle.price(token) == expected
        assert bench.oracle.value(token, amount) == model.value(amount, expected, decimals)


def test_prices_of_several(bench: PriceBench) -> None:
    tokens = [bench.token() for _ in range(3)]
    for i, token in enumerate(tokens):
        bench.route(token, leg(bench.feed(10**8 * (i + 1))))
    assert bench.oracle.prices(tokens) == [WAD, 2 * WAD, 3 * WAD]
    assert bench.oracle.prices([]) == []
    stranger = bench.token()
    with bench.refuses("PriceOracle_NoRoute", token=stranger):
        bench.oracle.prices([*tokens, stranger])


def test_a_value_beyond_256_bits_is_refused(bench: PriceBench) -> None:
    token = bench.token()
    bench.route(token, leg(bench.feed(2 * 10**8)))
    assert bench.oracle.value(token, 2**255 - 1) == 2**256 - 2
    with pytest.raises(Reverted) as caught:
        bench.oracle.value(token, 2**255)
    assert caught.value.data == bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big")


# ---------------------------------------------------------------- freshness


@pytest.mark.parametrize("heartbeat", [60, 4_500, 7 * DAY])
def test_stale_one_second_after_the_heartbeat(bench: PriceBench, heartbeat: int) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    bench.route(token, leg(feed, heartbeat))
    now = bench.evm.now
    feed.setAnswer(10**8, now, sender=bench.owner)
    assert bench.oracle.price.call(token, at=now + heartbeat) == WAD
    with bench.refuses("PriceOracle_Stale", token=token, source=feed, updatedAt=now, heartbeat=heartbeat):
        bench.oracle.price.call(token, at=now + heartbeat + 1)
    assert bench.oracle.tryPrice.call(token, at=now + heartbeat + 1) == (False, 0)


def test_every_leg_has_its_own_heartbeat(bench: PriceBench) -> None:
    token, slow, quick = bench.token(), bench.feed(10**8), bench.feed(10**8)
    bench.route(token, leg(slow, 2 * DAY), leg(quick, 3_600))
    now = bench.evm.now
    for feed in (slow, quick):
        feed.setAnswer(10**8, now, sender=bench.owner)
    with bench.refuses("PriceOracle_Stale", token=token, source=quick, updatedAt=now, heartbeat=3_600):
        bench.oracle.price.call(token, at=now + 3_601)


def test_a_rate_never_gets_old(bench: PriceBench) -> None:
    token = bench.token()
    bench.route(token, rate_leg(bench.vault(11 * 10**17)))
    assert bench.oracle.price.call(token, at=bench.evm.now + 10**9) == 11 * 10**17


# ---------------------------------------------------------------- what is not an answer


@pytest.mark.parametrize("answer", [0, -1, -(2**255)])
def test_no_price_without_a_positive_answer(bench: PriceBench, answer: int) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    bench.route(token, leg(feed))
    now = bench.evm.now
    feed.setAnswer(answer, now, sender=bench.owner)
    with bench.refuses("PriceOracle_InvalidAnswer", token=token, source=feed, answer=answer, updatedAt=now):
        bench.oracle.price(token)
    assert bench.oracle.tryPrice(token) == (False, 0)


def test_no_price_out_of_an_unfinished_round(bench: PriceBench) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    bench.route(token, leg(feed))
    feed.setRound((2, 10**8, bench.evm.now, 0, 1), sender=bench.owner)
    with bench.refuses("PriceOracle_InvalidAnswer", token=token, source=feed, answer=10**8, updatedAt=0):
        bench.oracle.price(token)


@pytest.mark.parametrize("ahead", [1, 3_600, 2**255])
def test_no_price_from_the_future(bench: PriceBench, ahead: int) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    bench.route(token, leg(feed))
    now = bench.evm.now + 10
    feed.setAnswer(10**8, now + ahead, sender=bench.owner)
    with bench.refuses("PriceOracle_InvalidAnswer", token=token, source=feed, answer=10**8, updatedAt=now + ahead):
        bench.oracle.price.call(token, at=now)
    if ahead == 1:
        assert bench.oracle.price.call(token, at=now + 1) == WAD


def test_a_round_that_does_not_fit_its_type_is_read_all_the_same(bench: PriceBench) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    bench.route(token, leg(feed))
    feed.setRound((2**256 - 1, 3 * 10**8, 2**256 - 1, bench.evm.now, 2**256 - 1), sender=bench.owner)
    assert bench.oracle.price(token) == 3 * WAD


# ---------------------------------------------------------------- bounds


def test_bounds_are_inclusive(bench: PriceBench) -> None:
    least, most = 8 * WAD // 10, 12 * WAD // 10
    token, feed = bench.token(), bench.feed(10**18, 18)
    bench.route(token, leg(feed, DAY, least, most))
    for answer, good in ((least - 1, False), (least, True), (most, True), (most + 1, False)):
        feed.setAnswer(answer, bench.evm.now, sender=bench.owner)
        assert bench.oracle.tryPrice(token) == ((True, answer) if good else (False, 0))
        if not good:
            inputs = {"token": token, "source": feed, "answer": answer, "min": least, "max": most}
            with bench.refuses("PriceOracle_OutOfBounds", **inputs):
                bench.oracle.price(token)


@pytest.mark.parametrize("decimals", [0, 8, 18])
@pytest.mark.parametrize("answer", [2**255 - 1, 2**200])
def test_an_enormous_answer_is_out_of_bounds(bench: PriceBench, decimals: int, answer: int) -> None:
    token, feed = bench.token(), bench.feed(10**decimals, decimals)
    bench.route(token, leg(feed))
    feed.setAnswer(answer, bench.evm.now, sender=bench.owner)
    said = model.leg_price(answer, decimals)
    with bench.refuses("PriceOracle_OutOfBounds", token=token, source=feed, answer=said, min=LEAST, max=MOST):
        bench.oracle.price(token)


@pytest.mark.parametrize("asset", [0, 18])
@pytest.mark.parametrize("rate", [0, 2**256 - 1])
def test_the_bounds_hold_a_vault_s_rate(bench: PriceBench, asset: int, rate: int) -> None:
    token, vault = bench.token(), bench.vault(10**asset, 0, asset)
    bench.route(token, rate_leg(vault, WAD, 3 * WAD))
    vault.setRate(rate, sender=bench.owner)
    inputs = {"token": token, "source": vault, "answer": model.leg_price(rate, asset), "min": WAD, "max": 3 * WAD}
    with bench.refuses("PriceOracle_OutOfBounds", **inputs):
        bench.oracle.price(token)
    assert bench.oracle.tryPrice(token) == (False, 0)


def test_the_bounds_of_a_route_keep_every_price_above_0_and_within_128_bits(bench: PriceBench) -> None:
    token, one = bench.token(), bench.feed(10**18, 18)
    most = 34 * 10**37  # the largest below 2^128
    with bench.flaw(token, Flaw.BOUNDS):
        bench.route(token, *[leg(one, DAY, 1, most)] * 3)
    with bench.flaw(token, Flaw.BOUNDS):  # each is good alone
        bench.route(token, leg(one, DAY, 10**9, most), leg(one, DAY, 9_999 * 10**5, WAD))
    with bench.flaw(token, Flaw.BOUNDS):
        bench.route(token, leg(one, DAY, WAD, most), leg(one, DAY, WAD, 1_001 * 10**15))

    small, large = bench.feed(10**9, 18), bench.feed(most, 18)
    bench.route(token, leg(small, DAY, 10**9, WAD), leg(small, DAY, 10**9, WAD))
    assert bench.oracle.price(token) == 1
    bench.route(token, leg(large, DAY, WAD, most), leg(one, DAY, WAD, WAD))
    assert bench.oracle.price(token) == most


# ---------------------------------------------------------------- sources that fail


@pytest.mark.parametrize(
    "mode", [FeedMode.REFUSING, FeedMode.REFUSING_AT_LENGTH, FeedMode.SHORT, FeedMode.SILENT, FeedMode.GREEDY]
)
def test_a_source_that_fails(bench: PriceBench, mode: int) -> None:
    token, good, bad = bench.token(), bench.feed(10**8), bench.feed(10**8)
    bench.route(token, leg(good), leg(bad))
    bad.setMode(mode, sender=bench.owner)
    with bench.refuses("PriceOracle_SourceFailed", token=token, source=bad):
        bench.oracle.price(token)
    assert bench.oracle.tryPrice(token) == (False, 0)
    bad.setMode(FeedMode.HONEST, sender=bench.owner)
    assert bench.oracle.tryPrice(token) == (True, WAD)


def test_a_source_that_says_too_much_is_cut_short(bench: PriceBench) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    bench.route(token, leg(feed))
    feed.setMode(FeedMode.VERBOSE, sender=bench.owner)
    assert bench.oracle.price(token) == WAD


@pytest.mark.parametrize("code", ["0x", "0x00", "0xfe", "0x60206000f3", "0x5b600056"])
def test_a_source_that_became_something_else(bench: PriceBench, code: str) -> None:
    token, feed, vault = bench.token(), bench.feed(10**8), bench.vault(WAD)
    bench.route(token, rate_leg(vault), leg(feed))
    bench.evm.rpc.call("anvil_setCode", feed.address, code)
    with bench.refuses("PriceOracle_SourceFailed", token=token, source=feed):
        bench.oracle.price(token)
    assert bench.oracle.tryPrice(token) == (False, 0)


def test_a_vault_that_fails(bench: PriceBench) -> None:
    token, vault = bench.token(), bench.vault(WAD)
    bench.route(token, rate_leg(vault))
    vault.setRefusing(True, sender=bench.owner)
    with bench.refuses("PriceOracle_SourceFailed", token=token, source=vault):
        bench.oracle.price(token)
    bench.evm.rpc.call("anvil_setCode", vault.address, "0x")
    with bench.refuses("PriceOracle_SourceFailed", token=token, source=vault):
        bench.oracle.price(token)
    assert bench.oracle.tryPrice(token) == (False, 0)


def test_three_greedy_sources_cost_a_bounded_sum(bench: PriceBench) -> None:
    token, feeds = bench.token(), [bench.feed(10**8) for _ in range(3)]
    bench.route(token, *map(leg, feeds))
    for feed in feeds:
        feed.setMode(FeedMode.VERBOSE, sender=bench.owner)
    data = bench.oracle.price.encode(token)
    assert bench.evm.send(bench.owner, bench.oracle, data).gas_used < 1_600_000
    feeds[2].setMode(FeedMode.GREEDY, sender=bench.owner)
    data = bench.oracle.tryPrice.encode(token)
    assert bench.evm.send(bench.owner, bench.oracle, data).gas_used < 1_600_000


# ---------------------------------------------------------------- routes


def test_routes_are_read_back_and_replaced_whole(bench: PriceBench) -> None:
    token, feed, vault = bench.token(), bench.feed(10**8), bench.vault(WAD)
    assert bench.oracle.route(token) == []
    long = [rate_leg(vault, 5, WAD), leg(feed, 60, 9_999 * 10**14, 1_001 * 10**15), leg(feed, 7 * DAY, WAD, 10**38)]
    receipt = bench.route(token, *long)
    assert bench.oracle.route(token) == [(*plain(entry),) for entry in long]
    [event] = receipt.events(bench.oracle, "RouteSet")
    assert event.values == {"token": token.address, "legs": [plain(entry) for entry in long]}

    bench.route(token, leg(feed))
    assert bench.oracle.route(token) == [plain(leg(feed))]

    receipt = bench.oracle.removeRoute(token, sender=bench.owner)
    assert [event.values for event in receipt.events(bench.oracle)] == [{"token": token.address}]
    assert bench.oracle.route(token) == []
    assert bench.oracle.tryPrice(token) == (False, 0)
    for call in (
        lambda: bench.oracle.price(token),
        lambda: bench.oracle.value(token, 1),
        lambda: bench.oracle.removeRoute(token, sender=bench.owner),
    ):
        with bench.refuses("PriceOracle_NoRoute", token=token):
            call()


def plain(entry: tuple[Any, ...]) -> tuple[Any, ...]:
    return (entry[0].address, *entry[1:])


def test_only_whom_the_manager_allows(bench: PriceBench) -> None:
    stranger, token, feed = bench.evm.account("stranger"), bench.token(), bench.feed(10**8)
    for call in (
        lambda: bench.oracle.setRoute(token, [leg(feed)], sender=stranger),
        lambda: bench.oracle.removeRoute(token, sender=stranger),
    ):
        with bench.refuses("AccessManagedUnauthorized", caller=stranger):
            call()


def test_no_oracle_without_an_authority(bench: PriceBench) -> None:
    with bench.refuses("PriceOracle_ZeroAddress"):
        bench.evm.deploy(bench.project.PriceOracle, ZERO, ZERO, 0, sender=bench.owner)


@pytest.mark.parametrize(
    ("kind", "max_move"),
    [(SourceKind.FEED, 10_000), (SourceKind.FEED, 2**16 - 1), (SourceKind.RATE, 0), (SourceKind.RATE, 101)],
)
def test_moves_that_mean_nothing(bench: PriceBench, kind: int, max_move: int) -> None:
    token, source = bench.token(), bench.feed(10**8) if kind == SourceKind.FEED else bench.vault(WAD)
    with bench.flaw(token, Flaw.MOVE):
        bench.route(token, (source, kind, DAY if kind == SourceKind.FEED else 0, max_move, LEAST, MOST))


@pytest.mark.parametrize("number", [0, 4])
def test_one_to_three_legs(bench: PriceBench, number: int) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    with bench.flaw(token, Flaw.LEG_COUNT):
        bench.route(token, *[leg(feed)] * number)


@pytest.mark.parametrize("heartbeat", [0, 59, 7 * DAY + 1, 2**32 - 1])
def test_heartbeats_from_a_minute_to_a_week(bench: PriceBench, heartbeat: int) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    with bench.flaw(token, Flaw.HEARTBEAT):
        bench.route(token, leg(feed, heartbeat))


def test_a_rate_has_no_heartbeat(bench: PriceBench) -> None:
    token, vault = bench.token(), bench.vault(WAD)
    with bench.flaw(token, Flaw.HEARTBEAT):
        bench.route(token, (vault, SourceKind.RATE, 60, 100, LEAST, MOST))


@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, MOST), (WAD + 1, WAD)])
def test_bounds_in_their_order(bench: PriceBench, least: int, most: int) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    with bench.flaw(token, Flaw.BOUNDS):
        bench.route(token, leg(feed, DAY, least, most))


@pytest.mark.parametrize("bound", [1, 9_999, 10_000, 9_999 * 10**16, 10**38, 34 * 10**37])
def test_bounds_are_kept_as_they_are(bench: PriceBench, bound: int) -> None:
    token, feed = bench.token(), bench.feed(bound, 18)
    bench.route(token, leg(feed, DAY, bound, bound))
    assert bench.oracle.route(token) == [plain(leg(feed, DAY, bound, bound))]
    assert bench.oracle.price(token) == bound


@pytest.mark.parametrize("bound", [10_001, 99_990 * 10**16 + 10**16, 12_345 * 10**14, 2**100])
def test_bounds_of_more_than_four_digits(bench: PriceBench, bound: int) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    for entry in (leg(feed, DAY, bound, 3 * 10**38), leg(feed, DAY, 1, bound)):
        with bench.flaw(token, Flaw.DIGITS):
            bench.route(token, entry)


def test_sources_have_code(bench: PriceBench) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    for codeless in (ZERO, bench.owner):
        for entry in (leg(codeless), rate_leg(codeless)):
            with bench.flaw(token, Flaw.SOURCE):
                bench.route(token, leg(feed), entry)


def test_at_most_18_decimals(bench: PriceBench) -> None:
    token = bench.token()
    for entry in (leg(bench.feed(10**8, 19)), rate_leg(bench.vault(WAD, 19)), rate_leg(bench.vault(WAD, 18, 19))):
        with bench.flaw(token, Flaw.DECIMALS):
            bench.route(token, entry)
    large = bench.token(19)
    with bench.flaw(large, Flaw.TOKEN):
        bench.route(large, leg(bench.feed(10**8)))
    with bench.flaw(bench.owner, Flaw.TOKEN):
        bench.route(bench.owner, leg(bench.feed(10**8)))


def test_what_is_no_source_is_refused_by_name(bench: PriceBench) -> None:
    token, feed = bench.token(), bench.feed(10**8)
    for entry in (leg(token), rate_leg(feed), rate_leg(token), leg(bench.oracle)):
        with bench.refuses("PriceOracle_SourceFailed", token=token, source=entry[0]):
            bench.route(token, entry)
    with bench.refuses("PriceOracle_SourceFailed", token=bench.oracle, source=bench.oracle):
        bench.route(bench.oracle, leg(feed))


def test_a_new_route_has_a_price_at_once_or_the_old_one_stays(bench: PriceBench) -> None:
    token, good, bad = bench.token(), bench.feed(10**8), bench.feed(10**8)
    bench.route(token, leg(good))
    old = bench.evm.now - 100
    bad.setAnswer(10**8, old, sender=bench.owner)
    with bench.refuses("PriceOracle_Stale", token=token, source=bad, updatedAt=old, heartbeat=60):
        bench.route(token, leg(bad, 60))
    with bench.refuses("PriceOracle_OutOfBounds", token=token, source=bad, answer=WAD, min=2 * WAD, max=3 * WAD):
        bench.route(token, leg(good), leg(bad, DAY, 2 * WAD, 3 * WAD))
    assert bench.oracle.route(token) == [plain(leg(good))]
    assert bench.oracle.price(token) == WAD
