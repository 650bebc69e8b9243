"""An index against its methodology executed without cost.

The methodology's portfolio holds at first what the index holds. At each start it goes to the targets that the
rebalancer fixed, at once, at the oracle's prices of that second, for nothing. In between it holds still, and it pays no
fee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import pairwise
from statistics import stdev

from ssi.constants import DAY, WAD
from ssi.report.facts import Tracking
from ssi.report.source import Sample

_EXACT = Context(prec=60)
_YEAR = 365
_LEAST = 7  # days that an error is worked out of


@dataclass(frozen=True)
class Target:
    """What a start fixed. Units D27{tok/base} and prices D18{USD/whole token} by address.

    Args:
        decimals: of each token.
    """

    block: int
    units_d27: Mapping[str, int]
    prices_d18: Mapping[str, int]
    decimals: Mapping[str, int]


def followed(samples: Sequence[Sample], starts: Sequence[Target]) -> list[Decimal | None]:
    """Worth of the methodology's portfolio at each sample, USD; None where a price is missing."""
    decimals = {part.address: part.decimals for sample in samples for part in sample.parts}
    for start in starts:
        decimals |= start.decimals
    held = {part.address: Decimal(part.units_d27) for part in samples[0].parts}
    waiting, found = [start for start in starts if start.block > samples[0].block], list[Decimal | None]()
    last: dict[str, int] = {}
    for sample in samples:
        while waiting and waiting[0].block <= sample.block:
            start = waiting.pop(0)
            prices = {**last, **start.prices_d18}
            worth = _worth(held, prices, decimals)
            goal = {token: Decimal(units) for token, units in start.units_d27.items()}
            wanted = _worth(goal, prices, decimals)
            if worth is not None and wanted:
                held = {token: _EXACT.multiply(units, _EXACT.divide(worth, wanted)) for token, units in goal.items()}
        last |= sample.prices_d18
        found.append(_worth(held, sample.prices_d18, decimals))
    return found


def _worth(units: Mapping[str, Decimal], prices: Mapping[str, int], decimals: Mapping[str, int]) -> Decimal | None:
    if any(token not in prices for token, amount in units.items() if amount):
        return None
    total = Decimal(0)
    for token, amount in units.items():
        if amount:
            total = _EXACT.add(total, _EXACT.multiply(amount, Decimal(prices[token]).scaleb(-decimals[token])))
    return total


def tracking(
    samples: Sequence[Sample], starts: Sequence[Target], costs: Sequence[tuple[int, int]]
) -> tuple[Tracking | None, list[int | None]]:
    """What came of it, and the methodology's worth at each sample relative to the beginning, D18.

    Args:
        costs: block and D18 of NAV of each loss that a rebalance has stated.
    """
    worths = followed(samples, starts)
    priced = [n for n, sample in enumerate(samples) if sample.share_price_d18 and worths[n] is not None]
    relative: list[int | None] = [None] * len(samples)
    if not priced:
        return None, relative
    first = priced[0]
    for n in priced:
        relative[n] = int(_ratio(worths[n], worths[first]) * WAD)
    if len(priced) < 2:
        return None, relative
    last = priced[-1]
    index = _ratio(samples[last].share_price_d18, samples[first].share_price_d18)
    ideal = _ratio(worths[last], worths[first])
    fee = _ratio(samples[last].multiplier_d27, samples[first].multiplier_d27)
    lost = sum(cost for block, cost in costs if samples[first].block < block <= samples[last].block)
    difference, kept = index / ideal, fee * (1 - Decimal(lost) / WAD)
    daily = list[tuple[int, Decimal]]()
    for before, after in pairwise(priced):
        gross = _ratio(samples[after].share_price_d18, samples[before].share_price_d18)
        gross /= _ratio(samples[after].multiplier_d27, samples[before].multiplier_d27)
        here = sum(cost for block, cost in costs if samples[before].block < block <= samples[after].block)
        gross /= 1 - Decimal(here) / WAD
        daily.append((samples[after].time_s, gross / _ratio(worths[after], worths[before]) - 1))
    error = None
    if samples[last].time_s - samples[first].time_s >= _LEAST * DAY and len(daily) > 2:
        error = int(Decimal(stdev(part for _, part in daily)) * Decimal(_YEAR).sqrt() * WAD)
    worst = max(daily, key=lambda day: abs(day[1]))
    return Tracking(
        int((index - 1) * WAD), int((ideal - 1) * WAD), int((difference - 1) * WAD), int((fee - 1) * WAD), -lost,
        int((difference / kept - 1) * WAD), error, worst[0], int(worst[1] * WAD),
    ), relative  # fmt: skip


def _ratio(one: int | Decimal | None, other: int | Decimal | None) -> Decimal:
    assert one is not None
    assert other
    return _EXACT.divide(Decimal(one), Decimal(other))
