"""What the price oracle and the TWAP feed must say, in integers, written without looking at how the contracts do it.

Prices are D18. The tick arithmetic is an independent reference: `1.0001 ** tick` to 150 digits. `TickMath` multiplies
Q128 constants instead, so `twap_range` gives the interval that its rounding leaves: one number up to tick 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction

WAD = 10**18
UINT256_MAX = 2**256 - 1
MIN_TICK, MAX_TICK = -887_272, 887_272


def _ten(exponent: int) -> int:
    power: int = 10**exponent
    return power


# ---------------------------------------------------------------- routes


def leg_price(answer: int, decimals: int) -> int:
    """D18 of what a source says. Saturates: all that is as large as that is out of every bounds."""
    return min(answer * _ten(18 - decimals), UINT256_MAX)


def route_price(legs: Iterable[tuple[int, int]]) -> int:
    """D18{USD/whole token} from `(answer, decimals)` of each leg, rounded down after each."""
    price = WAD
    for answer, decimals in legs:
        price = price * leg_price(answer, decimals) // WAD
    return price


def bounds_are_sound(bounds: Iterable[tuple[int, int]]) -> bool:
    """Whether every price within the bounds of the legs, D18 and in order, is above 0 and within 128 bits."""
    low, high = WAD, WAD
    for least, most in bounds:
        low, high = low * least // WAD, high * most // WAD
        if least > most or low == 0 or high >= 2**128:
            return False
    return True


def bounds_around(price: int) -> tuple[int, int]:
    """The closest bounds of four significant digits that hold a D18 price."""
    step = _ten(max(0, len(str(price)) - 4))
    return price // step * step, -(-price // step) * step


def value(amount: int, price: int, decimals: int) -> int:
    """D18{USD} of `amount` {tok}, rounded down."""
    return amount * price // _ten(decimals)


# ---------------------------------------------------------------- guards

BPS, DAY = 10_000, 86_400
MAX_GROWING = 30 * DAY


def jumped(answer: int, before: int, max_move: int) -> bool:
    """Whether a round is further from the one before than `max_move` bp of that, in exact numbers."""
    return Fraction(abs(answer - before), before) > Fraction(max_move, BPS)


def agree(price: int, other: int, max_deviation: int) -> bool:
    """Whether two prices are within `max_deviation` bp of the lower one, in exact numbers."""
    return Fraction(max(price, other), min(price, other)) <= 1 + Fraction(max_deviation, BPS)


def grown(rate: int, max_move: int, seconds: int) -> int:
    """D18: a rate after some time at `max_move` bp a day, rounded down."""
    return rate + rate * max_move * seconds // (BPS * DAY)


def believable(checkpoint: int, max_move: int, elapsed: int) -> tuple[int, int]:
    """Least and largest D18 rate that is believed so long after a checkpoint, both inclusive."""
    return checkpoint, grown(checkpoint, max_move, min(elapsed, MAX_GROWING) + DAY)


def poked(checkpoint: int, rate: int, max_move: int, elapsed: int) -> int:
    """The next checkpoint, D18, where the rate has not fallen."""
    return min(rate, grown(checkpoint, max_move, min(elapsed, MAX_GROWING)))


# ---------------------------------------------------------------- averages of a Uniswap v3 pool


def mean_tick(before: int, after: int, window: int) -> int:
    """Mean tick between two tick cumulatives, towards minus infinity. Cumulatives are int56 and wrap."""
    return ((after - before + 2**55) % 2**56 - 2**55) // window


def mean_liquidity(before: int, after: int, window: int) -> int:
    """Harmonic mean of liquidity between two cumulatives of seconds per liquidity, X128 in 160 bits, wrapping."""
    return (window << 128) // ((after - before) % 2**160)


def settled(cumulatives: Sequence[int], step: int, touched: int, spread: int, drift: int) -> int | None:
    """The median of the mean ticks of sub-windows of `step` seconds, from the tick cumulatives at their edges, oldest
    first.

    None where a mean `touched` ranks away from it is more than `spread` ticks away: so many wrong sub-windows could
    move it by more than that. None as well where the last sub-window is more than `drift` ticks away: the market has
    moved on.
    """
    means = [mean_tick(before, after, step) for before, after in itertools.pairwise(cumulatives)]
    middle = len(means) // 2
    low, median, high = (sorted(means)[middle + rank] for rank in (-touched, 0, touched))
    return median if max(high - median, median - low) <= spread and abs(means[-1] - median) <= drift else None


# ---------------------------------------------------------------- ticks

_CONTEXT = Context(prec=150)
_DOUBT = Decimal("1e-120")


def sqrt_price_x96(tick: int) -> int:
    """`ceil(sqrt(1.0001 ** tick) * 2 ** 96)`.

    Raises:
        ArithmeticError: 120 digits do not tell which integer.
    """
    if tick == 0:
        return 2**96
    root = _CONTEXT.multiply(_CONTEXT.sqrt(_CONTEXT.power(Decimal("1.0001"), tick)), Decimal(2**96))
    low, high = (int(_CONTEXT.multiply(root, _CONTEXT.add(1, doubt))) + 1 for doubt in (-_DOUBT, _DOUBT))
    if low != high:
        raise ArithmeticError(f"tick {tick} lies too near to an integer")
    return high


def twap_range(tick: int, base_is_0: bool, base_decimals: int, quote_decimals: int) -> tuple[int, int]:
    """Least and largest D18{quote/whole base} that the feed may answer at a mean tick, both inclusive.

    At ticks up to 0 they are the same: there `TickMath` gives the rounded-up square root, and the feed rounds its price
    down. Above 0 `TickMath` is off by up to 2^-64 of the root, which a comparison of all 887,272 ticks has shown. From
    the root's 129th bit on the feed works with a truncated square and may be off by 1 more.
    """
    root = Fraction(sqrt_price_x96(tick), 2**96)
    error = Fraction(1, 2**64) if tick > 0 else Fraction(0)
    prices = []
    for part in (1 - error, 1 + error):
        ratio = (root * part) ** 2  # token1-wei per token0-wei
        price = ratio if base_is_0 else 1 / ratio
        prices.append(int(price * WAD * _ten(base_decimals) / _ten(quote_decimals)))
    truncated = 1 if root * 2**96 >= 2**128 else 0
    return min(prices) - truncated, max(prices) + truncated
