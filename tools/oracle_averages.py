"""Which average of a pool's ticks to believe: honest markets against thieves who own blocks.

Prints the tables of docs/oracle-math.md.

A market is a list of ticks, one a block of twelve seconds; the pool keeps every one of them for that block, as a busy
pool does. Everything is an integer. A thief has any capital, so within their blocks, which are consecutive, a tick is
anything they want it to be.

    python -m tools.oracle_averages
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, product
from random import Random

from ssi.constants import BLOCK, YEAR
from tests.model.oracle import settled

WINDOW, SHORT = 1_800, 300
BLOCKS = WINDOW // BLOCK
FARTHEST = 887_272
SPREAD = 99  # ticks; 100 are more than a percent
DRIFT = 200
ANY = 2**56

Average = Callable[["SampledPool"], "int | None"]


@dataclass(frozen=True)
class SampledPool:
    """The last `len(ticks)` blocks; the last of them ends now."""

    ticks: Sequence[int]
    sums: Sequence[int]

    @classmethod
    def of(cls, ticks: Sequence[int]) -> SampledPool:
        return cls(ticks, [0, *accumulate(ticks)])

    def cumulative(self, ago: int) -> int:
        """Tick-seconds up to `ago` seconds before now, as `observe` gives them."""
        whole, part = divmod(len(self.ticks) * BLOCK - ago, BLOCK)
        return self.sums[whole] * BLOCK + (self.ticks[whole] * part if part else 0)

    def mean(self, start: int, end: int = 0) -> int:
        """Mean tick between two moments, seconds ago, towards minus infinity."""
        return (self.cumulative(end) - self.cumulative(start)) // (start - end)


# ---------------------------------------------------------------- candidates


def mean(pool: SampledPool) -> int:
    """What was deployed first: one mean over the window."""
    return pool.mean(WINDOW)


def two_windows(pool: SampledPool) -> int | None:
    """The mean, where that of the last five minutes agrees."""
    long, short = pool.mean(WINDOW), pool.mean(SHORT)
    return long if abs(long - short) <= SPREAD else None


def clamped(pool: SampledPool) -> int:
    """The mean of ticks of which none is further than a percent from the one before it."""
    total = last = pool.ticks[-BLOCKS]
    for tick in pool.ticks[1 - BLOCKS :]:
        last = max(last - SPREAD, min(tick, last + SPREAD))
        total += last
    return total // BLOCKS


def median_of(parts: int) -> Average:
    """The median of the means of so many sub-windows."""

    def median(pool: SampledPool) -> int:
        edges = [WINDOW * n // parts for n in range(parts + 1)]
        return sorted(pool.mean(end, start) for start, end in pairwise(edges))[parts // 2]

    return median


def settled_of(parts: int, touched: int, drift: int = ANY) -> Average:
    """The median of sub-windows, where the ranks `touched` away from it are near, and the last sub-window is."""

    def median(pool: SampledPool) -> int | None:
        edges = [WINDOW * n // parts for n in range(parts, -1, -1)]
        return settled([pool.cumulative(edge) for edge in edges], WINDOW // parts, touched, SPREAD, drift)

    return median


def walked(pool: SampledPool) -> int | None:
    """The median of all seconds, where the seconds two minutes' rank away from it are within the bound.

    Reads every observation.
    """
    ticks: list[int] = []
    for tick in pool.ticks[-BLOCKS:]:
        insort(ticks, tick)
    low, middle, high = (ticks[BLOCKS // 2 + shift] for shift in (-10, 0, 10))
    return middle if max(high - middle, middle - low) <= SPREAD else None


CANDIDATES: dict[str, Average] = {
    "mean": mean,
    "mean, agreed by that of 5 min": two_windows,
    "mean of clamped ticks": clamped,
    "median of 5": median_of(5),
    "median of 9": median_of(9),
    "median of 9, settled": settled_of(9, 2),
    "median of 15, settled": settled_of(15, 2),
    "median of 9, settled and near": settled_of(9, 2, DRIFT),
    "median of 15, settled and near": settled_of(15, 2, DRIFT),
    "median of all seconds, settled": walked,
}


# ---------------------------------------------------------------- honest markets


def wander(random: Random, blocks: int, volatility: float, band: int = 30) -> list[int]:
    """Ticks of a pool whose arbitrageurs act as soon as the market leaves the band of its fee; `volatility` a year."""
    step = volatility * (BLOCK / YEAR) ** 0.5 * 10_000
    market, tick, ticks = 0.0, 0, []
    for _ in range(blocks):
        market += random.gauss(0, step)
        tick = round(max(min(tick, market + band), market - band))
        ticks.append(tick)
    return ticks


def markets(random: Random) -> dict[str, list[int]]:
    """Two days of each kind."""
    day = 86_400 // BLOCK
    calm, meme, wild = (wander(random, 2 * day, volatility) for volatility in (0.6, 1.5, 4.0))
    jumps, level = wander(random, 2 * day, 0.8), 0
    for n in range(len(jumps)):
        if n % (day // 6) == day // 12:  # every four hours, by a fifth
            level += random.choice((-2_231, 1_823))
        jumps[n] += level
    crash = wander(random, 2 * day, 1.5)
    for n in range(len(crash)):
        crash[n] -= 6_931 * max(0, min(n - day, 300)) // 300  # half of it within an hour, once
    return {
        "60 % a year": calm,
        "150 % a year": meme,
        "400 % a year": wild,
        "a fifth at once, 6 a day": jumps,
        "halves in an hour": crash,
    }


def moments(ticks: Sequence[int], stride: int) -> Iterator[SampledPool]:
    """Windows of a market, each a little longer than what is asked of it."""
    for end in range(BLOCKS + 1, len(ticks) + 1, stride):
        yield SampledPool.of(ticks[end - BLOCKS - 1 : end])


def lag(average: Average, ticks: Sequence[int], stride: int = 10) -> tuple[float, int, int]:
    """Share refused, and the median and the 99th percentile of the distance to the last tick, ticks."""
    gaps: list[int] = []
    refused = 0
    for pool in moments(ticks, stride):
        answer = average(pool)
        if answer is None:
            refused += 1
        else:
            insort(gaps, abs(answer - pool.ticks[-1]))
    return refused / (len(gaps) + refused), gaps[len(gaps) // 2], gaps[len(gaps) * 99 // 100]


# ---------------------------------------------------------------- thieves


def attacks(pool: SampledPool, blocks: int, stride: int) -> Iterator[SampledPool]:
    """So many blocks in a row, placed anywhere, at one tick, or at one tick up to some block and at another one from
    there on.
    """
    levels = [sign * far for far in (60, 250, 1_500, 20_000, FARTHEST) for sign in (-1, 1)]
    for start in range(0, len(pool.ticks) - blocks + 1, stride):
        for split in {0, 1, blocks // 2, blocks - 1} if blocks > 1 else {0}:
            for one, other in product(levels, levels) if split else ((0, level) for level in levels):
                ticks = list(pool.ticks)
                ticks[start : start + split] = [pool.ticks[start] + one] * split
                ticks[start + split : start + blocks] = [pool.ticks[start] + other] * (blocks - split)
                yield SampledPool.of(ticks)
    for start in range(len(pool.ticks) - blocks + 1):
        if before := _straddle(len(pool.ticks), start, blocks):
            yield _two_windows_fooled(pool, start, before, blocks)


def _straddle(length: int, start: int, blocks: int) -> int:
    """How many of the blocks lie before the last five minutes, where some lie within them."""
    before = length - SHORT // BLOCK - start
    return before if 0 < before < blocks else 0


def _two_windows_fooled(pool: SampledPool, start: int, before: int, blocks: int) -> SampledPool:
    """Moves both means by the same 3,000 ticks: few ticks within the short window, many before it."""
    inside = 3_000 * (SHORT // BLOCK) // (blocks - before)
    outside = (3_000 * BLOCKS - inside * (blocks - before)) // before
    ticks = list(pool.ticks)
    for n in range(start, start + blocks):
        ticks[n] += outside if n < start + before else inside
    return SampledPool.of(ticks)


def worst(average: Average, pools: Sequence[SampledPool], blocks: int, stride: int) -> tuple[int, float]:
    """The largest move of an answer, ticks, and the share of attacks that silence it."""
    moved = silenced = tried = 0
    for pool in pools:
        honest = average(pool)
        if honest is None:
            continue
        for attacked in attacks(pool, blocks, stride):
            tried += 1
            answer = average(attacked)
            if answer is None:
                silenced += 1
            else:
                moved = max(moved, abs(answer - honest))
    return moved, silenced / max(1, tried)


def percent(ticks: int) -> str:
    """A distance in ticks as people say it."""
    if ticks > 20_000:
        return f"× 10^{ticks * 4.343e-5:.0f}"
    return f"{(1.0001**ticks - 1) * 100:.2f} %"


def main() -> None:
    random = Random(10)
    histories = markets(random)
    print("| candidate | " + " | ".join(histories) + " |\n|" + "---|" * (len(histories) + 1))
    for name, average in CANDIDATES.items():
        cells = []
        for ticks in histories.values():
            refused, typical, most = lag(average, ticks)
            cells.append(f"{percent(typical)} / {percent(most)} / {refused:.1%}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    pools = [
        pool
        for name in ("60 % a year", "150 % a year", "400 % a year")
        for pool in list(moments(histories[name], 2_900))[:3]
    ]
    print("\n| candidate | 1 block | 2 blocks | 5 blocks | 10 blocks | silenced by 1 / 5 |\n|---|---|---|---|---|---|")
    for name, average in CANDIDATES.items():
        found = {blocks: worst(average, pools, blocks, 1 if blocks == 1 else 6) for blocks in (1, 2, 5, 10)}
        cells = [percent(moved) for moved, _ in found.values()]
        print(f"| {name} | " + " | ".join(cells) + f" | {found[1][1]:.0%} / {found[5][1]:.0%} |", flush=True)


if __name__ == "__main__":
    main()
