"""UniswapV3TwapFeed against the model, on genuine Uniswap v3 pools. Ids are those of docs/invariants.md."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ssi.chain.evm import Deployed
from ssi.constants import BLOCK, DAY, WAD
from tests.model import oracle as model
from tests.support.manipulation import FULL_RANGE, ThinPool, new_market
from tests.support.prices import WINDOW, PriceBench, leg
from tests.support.reverts import reverts

PART = WINDOW // 9
NEEDED = WINDOW // BLOCK + 1
SPREAD, DRIFT, TOUCHED = 99, 200, 2


def edges(market: ThinPool, at: int | None = None) -> tuple[list[int], list[int]]:
    """The pool's cumulatives at the edges of the nine parts."""
    ticks, per_liquidity = market.pool.observe.call([PART * n for n in range(9, -1, -1)], at=at)
    return ticks, per_liquidity


def depth_at_birth(market: ThinPool) -> int:
    """The median of the harmonic means of the nine parts."""
    _, per_liquidity = edges(market)
    return sorted(model.mean_liquidity(*pair, PART) for pair in itertools.pairwise(per_liquidity))[4]


def expect(bench: PriceBench, market: ThinPool, feed: Deployed) -> int | None:
    """Compares the feed with the model, now. Returns the tick, or None where both refuse."""
    ticks, per_liquidity = edges(market)
    least = feed.minLiquidity()
    parts = list(itertools.pairwise(per_liquidity))
    thin = sum(model.mean_liquidity(*part, PART) < least for part in parts)
    means = [model.mean_tick(*pair, PART) for pair in itertools.pairwise(ticks)]
    ranks = sorted(means)
    spread = max(ranks[4 + TOUCHED] - ranks[4], ranks[4] - ranks[4 - TOUCHED])
    tick = model.settled(ticks, PART, TOUCHED, SPREAD, DRIFT)
    if thin > TOUCHED:
        with bench.twap_refuses("TooThin", parts=thin, minLiquidity=least):
            feed.latestRoundData()
        return None
    if spread > SPREAD:
        with bench.twap_refuses("Unsettled", spread=spread):
            feed.latestRoundData()
    elif tick is None:
        with bench.twap_refuses("Drifted", tick=ranks[4], last=means[-1]):
            feed.latestRoundData()
    else:
        low, high = model.twap_range(tick, True, 18, 18)
        assert low <= feed.latestRoundData().answer <= high
    return tick


# ---------------------------------------------------------------- figures


@given(
    tick=st.one_of(st.integers(-FULL_RANGE, FULL_RANGE - 1), st.integers(-300_000, 300_000)),
    base=st.integers(0, 1),
    decimals=st.tuples(st.integers(0, 18), st.integers(0, 18)),
)
@example(tick=-FULL_RANGE, base=0, decimals=(18, 0))
@example(tick=-FULL_RANGE, base=1, decimals=(18, 18))
@example(tick=-880_400, base=1, decimals=(0, 18))
@example(tick=FULL_RANGE - 1, base=0, decimals=(18, 0))
@example(tick=FULL_RANGE - 1, base=1, decimals=(18, 18))
@example(tick=443_635, base=1, decimals=(6, 18))
@example(tick=443_637, base=0, decimals=(6, 18))
@example(tick=0, base=0, decimals=(18, 18))
@example(tick=-201_000, base=0, decimals=(18, 6))
def test_a_still_pool_answers_its_price(bench: PriceBench, tick: int, base: int, decimals: tuple[int, int]) -> None:
    with bench.evm.isolated():
        still = new_market(bench, tick, decimals)
        bench.evm.warp(WINDOW)
        feed = bench.twap(still.pool, still.tokens[base])
        round_id, answer, started, updated, answered_in = feed.latestRoundData()
        least, most = model.twap_range(tick, base == 0, decimals[base], decimals[1 - base])
        assert least <= answer <= most
        assert (started, updated) == (bench.evm.now - WINDOW, bench.evm.now)
        assert round_id == answered_in == bench.evm.now


def wander(market: ThinPool, moves: Sequence[tuple[int, int]]) -> None:
    """Swaps to each tick, the given seconds after the last one."""
    for seconds, tick in moves:
        market.evm.next_at(market.evm.now + seconds)
        market.move(tick)


@given(
    moves=st.lists(st.tuples(st.integers(1, 700), st.integers(-150, 150)), min_size=1, max_size=12),
    later=st.integers(0, 1_800),
)
@example(moves=[(600, -1), (1, -2)], later=0)
@example(moves=[(600, 1), (1_199, 0)], later=1)
@example(moves=[(600, 99)], later=3 * PART)
@example(moves=[(600, 100)], later=3 * PART)
@example(moves=[(600, -99), (1_200, 0)], later=2 * PART)
@example(moves=[(600, 201), (12, 0), (PART, 201)], later=PART)
@example(moves=[(1, 4_000)], later=400)
@example(moves=[(1, -4_000)], later=7)
def test_every_history_as_the_model(bench: PriceBench, moves: list[tuple[int, int]], later: int) -> None:
    """W8: the same tick, rounded down, or the same refusal with the same figures."""
    with bench.evm.isolated():
        market = new_market(bench, 0)
        bench.evm.warp(WINDOW)
        feed = bench.twap(market.pool, market.tokens[0])
        wander(market, moves)
        bench.evm.warp(max(1, later))
        expect(bench, market, feed)


# ---------------------------------------------------------------- thieves


@given(
    honest=st.lists(st.tuples(st.integers(12, 400), st.integers(-120, 120)), min_size=1, max_size=8),
    ago=st.integers(0, WINDOW),
    blocks=st.integers(1, PART // BLOCK),
    levels=st.lists(
        st.one_of(st.integers(-FULL_RANGE, FULL_RANGE), st.integers(-4_000, 4_000)), min_size=1, max_size=3
    ),
)
@example(honest=[(12, 0)], ago=PART + 6, blocks=1, levels=[FULL_RANGE])
@example(honest=[(400, 0), (400, 90)], ago=700, blocks=1, levels=[-FULL_RANGE])
@example(honest=[(400, 0), (400, 120)], ago=700, blocks=1, levels=[-FULL_RANGE])
@example(honest=[(400, 60), (400, -40)], ago=PART * 3 + 30, blocks=5, levels=[-FULL_RANGE, 3_000])
@example(honest=[(400, 60), (400, -40), (400, 90)], ago=PART * 5 - 7, blocks=16, levels=[2_000])
def test_blocks_in_a_row_move_no_answer_by_a_percent(
    bench: PriceBench, honest: list[tuple[int, int]], ago: int, blocks: int, levels: list[int]
) -> None:
    """W8: up to sixteen blocks in a row, anywhere in the window, at any tick, with the pool's whole liquidity there."""
    evm, answers = bench.evm, []
    with evm.isolated():
        market = new_market(bench, 0)
        evm.warp(WINDOW)
        feed = bench.twap(market.pool, market.tokens[0])
        # The window begins now: the market moves within it, before and after the thief.
        start, read = evm.now, evm.now + WINDOW
        times, at = [], start
        for seconds, tick in honest:
            at += seconds
            times.append((at, tick))
        begin, end = read - ago, read - ago + blocks * BLOCK
        before = [tick for time, tick in times if time <= end]
        theft = [(begin + n * blocks * BLOCK // len(levels), level) for n, level in enumerate(levels)]
        undone = [(end, before[-1] if before else 0)]
        attacked = [move for move in times if not begin <= move[0] <= end] + theft + undone
        for plan in (times, sorted(attacked)):
            with evm.isolated():
                for time, tick in plan:
                    if start < time < read:
                        evm.next_at(max(time, evm.now))
                        market.move(tick)
                evm.mine_at(read)
                answers.append(expect(bench, market, feed))
    quiet, attacked_too = answers
    if quiet is not None and attacked_too is not None:
        assert abs(quiet - attacked_too) <= SPREAD, "W8 the tick"  # 1.0001^99 < 1.01


@pytest.mark.parametrize("blocks", [1, 5, 16])
@pytest.mark.parametrize("level", [-FULL_RANGE, -3_000, 60, FULL_RANGE])
def test_a_still_price_does_not_move_at_all_and_is_silenced_for_a_part_at_most(
    bench: PriceBench, blocks: int, level: int
) -> None:
    """W8: at every place of the blocks in the window.

    In the last part they look like a jump, so the feed may be silent.
    """
    market = new_market(bench, 0)
    bench.evm.warp(WINDOW)
    feed = bench.twap(market.pool, market.tokens[0])
    begin = bench.evm.now
    market.move(level)
    bench.evm.next_at(begin + blocks * BLOCK)
    market.move(0)
    for later in range(0, WINDOW + 1, 60):
        evm, at = bench.evm, begin + blocks * BLOCK + later
        if later:
            evm.mine_at(at)
        if later >= PART or expect(bench, market, feed) is not None:
            assert feed.latestRoundData().answer == WAD, "W8 the price"


@pytest.mark.parametrize("to", [-3_000, -250, 250, 3_000])
def test_a_jump_gives_no_price_until_it_is_past(bench: PriceBench, to: int) -> None:
    """W8: the old price is refused within one part, the sooner the larger the jump, and the new one answers after seven
    parts.
    """
    market, token = new_market(bench, 0), bench.token()
    bench.evm.warp(WINDOW)
    feed = bench.twap(market.pool, market.tokens[0])
    bench.route(token, leg(feed, 60))
    market.move(to)
    start, seen = bench.evm.now, []
    for later in range(12, WINDOW, 12):
        bench.evm.mine_at(start + later)
        seen.append((later, expect(bench, market, feed)))
        assert (seen[-1][1] is None) == (bench.oracle.tryPrice(token) == (False, 0))
    old = [later for later, tick in seen if tick == 0]
    new = [later for later, tick in seen if tick == to]
    assert {tick for _, tick in seen} <= {0, None, to}, "W8 nothing in between"
    assert max(old) <= PART * DRIFT // abs(to) + 12, "the old price"
    assert min(new) <= 7 * PART + 12, "the new price"
    assert new == list(range(min(new), WINDOW, 12)), "the new one stays"


# ---------------------------------------------------------------- history


def test_a_pool_that_keeps_too_little_is_refused(bench: PriceBench) -> None:
    """One observation a block over the window, and one before it: a trader who swaps once a block could push
    out fewer.
    """
    short, enough = new_market(bench, 0, observations=NEEDED - 1), new_market(bench, 0, observations=NEEDED)
    bench.evm.warp(WINDOW)
    with bench.twap_refuses("ShortHistory", pool=short.pool, cardinality=NEEDED - 1, needed=NEEDED):
        bench.twap(short.pool, short.tokens[0])
    short.pool.increaseObservationCardinalityNext(2 * NEEDED, sender=bench.owner)
    with bench.twap_refuses("ShortHistory", pool=short.pool, cardinality=NEEDED - 1, needed=NEEDED):
        bench.twap(short.pool, short.tokens[0])
    bench.twap(enough.pool, enough.tokens[0])


def test_a_swap_in_every_block_silences_nothing(bench: PriceBench) -> None:
    market = new_market(bench, 0, observations=NEEDED)
    bench.evm.warp(WINDOW)
    feed = bench.twap(market.pool, market.tokens[0])
    for n in range(2 * NEEDED):
        bench.evm.next_at(bench.evm.now + BLOCK)
        market.move(n % 2)
        if n % 10 == 0:
            assert expect(bench, market, feed) is not None
    with reverts("OLD"):
        market.pool.observe([WINDOW + BLOCK, 0])


def test_a_pool_younger_than_the_window_has_no_feed(bench: PriceBench) -> None:
    young = new_market(bench, 0)
    bench.evm.warp(WINDOW - 2)
    with reverts("OLD"):
        bench.twap(young.pool, young.tokens[0])
    bench.evm.warp(2)
    assert bench.twap(young.pool, young.tokens[0]).latestRoundData().answer == WAD


def gas(market: ThinPool, feed: Deployed) -> int:
    """Gas of an answer, cold, without the transaction around it."""
    evm, data = market.evm, feed.latestRoundData.encode()
    return int(evm.send(evm.account("asker"), feed, data).gas_used) - 21_000 - 16 * len(data)


def test_the_dearest_honest_answer_fits_what_the_oracle_allows(bench: PriceBench) -> None:
    """In a quiet pool, in one that trades in every block, and in the longest history of a pool.

    The oracle gives a source 500,000.
    """
    market, token = new_market(bench, 0, observations=1_000), bench.token()
    bench.evm.warp(WINDOW)
    feed = bench.twap(market.pool, market.tokens[0])
    assert gas(market, feed) < 50_000
    for n in range(170):
        bench.evm.next_at(bench.evm.now + BLOCK)
        market.move(n * 7 % 50)
    bench.evm.warp(BLOCK)
    assert gas(market, feed) < 300_000
    slot, longest = int(bench.evm.rpc.call("eth_getStorageAt", market.pool.address, "0x0", "latest"), 16), 2**16 - 1
    slot = slot & ~(longest << 200) & ~(longest << 216) | longest << 200 | longest << 216
    bench.evm.rpc.call("anvil_setStorageAt", market.pool.address, "0x0", f"0x{slot:064x}")
    assert market.pool.slot0().observationCardinality == longest
    assert gas(market, feed) < 400_000
    bench.route(token, leg(feed, 60))


# ---------------------------------------------------------------- liquidity


def test_the_minimum_is_a_tenth_of_the_pool_at_birth(bench: PriceBench) -> None:
    """The median of the parts' harmonic means, so that a block of emptiness before the birth does not make it small."""
    market = new_market(bench, 0)
    depth = market.pool.liquidity()
    bench.evm.warp(WINDOW)
    market.empty()
    bench.evm.next_at(bench.evm.now + BLOCK)
    market.refill()
    bench.evm.warp(BLOCK)
    feed = bench.twap(market.pool, market.tokens[0])
    assert feed.minLiquidity() == depth_at_birth(market) // 10
    assert abs(feed.minLiquidity() - depth // 10) <= depth // 10**6


@pytest.mark.parametrize(("parts", "refused"), [(1, False), (2, False), (3, True), (9, True)])
def test_three_thin_parts_are_too_thin(bench: PriceBench, parts: int, refused: bool) -> None:
    market, token = new_market(bench, 0), bench.token()
    bench.evm.warp(WINDOW)
    feed = bench.twap(market.pool, market.tokens[0])
    market.drain(10, 11)
    bench.evm.warp(parts * PART)
    if not refused:
        assert feed.latestRoundData().answer == WAD
        return
    with bench.twap_refuses("TooThin", parts=parts, minLiquidity=feed.minLiquidity()):
        feed.latestRoundData()
    with bench.refuses("PriceOracle_SourceFailed", token=token, source=feed):
        bench.route(token, leg(feed, 60))


def test_a_tenth_is_enough(bench: PriceBench) -> None:
    market = new_market(bench, 0)
    bench.evm.warp(WINDOW)
    feed = bench.twap(market.pool, market.tokens[0])
    market.drain(8, 9)
    bench.evm.warp(WINDOW)
    assert feed.latestRoundData().answer == WAD


def test_an_empty_pool_is_no_market(bench: PriceBench) -> None:
    market = new_market(bench, 0)
    market.empty()
    bench.evm.warp(WINDOW)
    with bench.twap_refuses("InvalidPool", pool=market.pool, baseToken=market.tokens[0]):
        bench.twap(market.pool, market.tokens[0])


# ---------------------------------------------------------------- what it says of itself


def test_a_feed_names_itself(bench: PriceBench) -> None:
    market = new_market(bench, 0)
    bench.evm.warp(WINDOW)
    feed = bench.twap(market.pool, market.tokens[1], 900)
    assert feed.decimals() == 18
    assert feed.description() == "TOK / TOK Uniswap v3 TWAP"
    assert (feed.window(), feed.pool()) == (900, market.pool.address)
    assert (feed.baseToken(), feed.quoteToken()) == (market.tokens[1].address, market.tokens[0].address)


@pytest.mark.parametrize("window", [0, 891, 901, 1_799, DAY + 9, 2**255])
def test_windows_from_a_quarter_of_an_hour_to_a_day(bench: PriceBench, window: int) -> None:
    market = new_market(bench, 0)
    with bench.twap_refuses("InvalidWindow", window=window):
        bench.twap(market.pool, market.tokens[0], window)


def test_only_pools_of_the_factory_and_their_tokens(bench: PriceBench) -> None:
    market, stranger = new_market(bench, 0), bench.token()
    with bench.twap_refuses("InvalidPool", pool=market.pool, baseToken=stranger):
        bench.twap(market.pool, stranger)

    twin: Any = bench.evm.account("twin")  # the same code, but it is not where the factory puts pools
    bench.evm.rpc.call("anvil_setCode", twin, bench.evm.rpc.call("eth_getCode", market.pool.address, "latest"))
    with bench.twap_refuses("InvalidPool", pool=twin, baseToken=market.tokens[0]):
        bench.twap(twin, market.tokens[0])
