"""Target weights, in integers: docs/weights-math.md, written without looking at how the contracts do it.

Weights are D18 and sum to `WAD` exactly. Prices are D18{USD/whole token}, supplies D18{whole units}, in the order of
the basket.
"""

from __future__ import annotations

from collections.abc import Sequence

WAD = 10**18
MAX_CONSTITUENTS = 32


class Infeasible(ValueError):  # noqa: N818 - it says what is wrong
    """The parameters cannot weigh that many constituents."""


def market_caps(prices: Sequence[int], supplies: Sequence[int]) -> list[int]:
    """D36{USD}, or a 32nd of it where the sum of 32 such might not fit 256 bits."""
    caps = [price * supply for price, supply in zip(prices, supplies, strict=True)]
    return caps if max(caps) < 2**251 else [-(-cap // 32) for cap in caps]


def _filled(shares: Sequence[int], ceilings: Sequence[int]) -> list[int]:
    """Gives what the shares lack of the whole to the first that has room below its ceiling, then to the next."""
    weights, left = list(shares), WAD - sum(shares)
    for place, ceiling in enumerate(ceilings):
        more = min(left, ceiling - weights[place])
        weights[place] += more
        left -= more
    assert left == 0, "no room for what rounding left"
    return weights


def floor_and_market_cap(caps: Sequence[int], floor: int) -> list[int]:
    """`floor` each, the rest by capitalisation.

    Raises:
        Infeasible: the floors are more than the whole.
    """
    free = WAD - len(caps) * floor
    if free < 0:
        raise Infeasible(f"{len(caps)} floors of {floor}")
    total = sum(caps)
    return _filled([floor + free * cap // total for cap in caps], [WAD] * len(caps))


def capped_market_cap(caps: Sequence[int], cap: int) -> list[int]:
    """By capitalisation, none above `cap`; what a cap cuts off goes to the others pro rata.

    Raises:
        Infeasible: the caps are less than the whole, or one is more.
    """
    if not WAD <= len(caps) * cap <= len(caps) * WAD:
        raise Infeasible(f"{len(caps)} caps of {cap}")
    capped: set[int] = set()
    while True:
        free = WAD - len(capped) * cap
        others = {place: value for place, value in enumerate(caps) if place not in capped}
        total = sum(others.values())
        over = {place for place, value in others.items() if free * value > cap * total}
        if not over:
            return _filled(
                [free * others[place] // total if place in others else cap for place in range(len(caps))],
                [cap] * len(caps),
            )
        capped |= over


def fixed_weights(weights: Sequence[int]) -> list[int]:
    """The weights themselves.

    Raises:
        Infeasible: they are not the whole.
    """
    if sum(weights) != WAD:
        raise Infeasible(f"they sum to {sum(weights)}")
    return list(weights)


def basis_points(weights: Sequence[int]) -> list[int]:
    """The nearest weights in whole bp that sum to 10,000: each rounded down, then one more where the largest parts were
    cut off.
    """
    rounded = [weight // 10**14 for weight in weights]
    by_loss = sorted(range(len(weights)), key=lambda place: (-(weights[place] % 10**14), place))
    for place in by_loss[: 10_000 - sum(rounded)]:
        rounded[place] += 1
    return rounded
