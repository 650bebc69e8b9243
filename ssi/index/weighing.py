"""Weights by market capitalisation in decimals: docs/weights-math.md and nothing of the contracts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ssi.constants import BPS

ONE = Decimal(1)


def floored(caps: Mapping[str, Decimal], floor: Decimal) -> dict[str, Decimal]:
    """`floor` each, the rest by market capitalisation. Weights sum to one."""
    total, free = sum(caps.values()), ONE - len(caps) * floor
    return {name: floor + free * cap / total for name, cap in caps.items()}


def capped(caps: Mapping[str, Decimal], cap: Decimal) -> dict[str, Decimal]:
    """By market capitalisation, none over `cap`: what that cuts off goes to the others."""
    full = set[str]()
    while True:
        rest = {name: value for name, value in caps.items() if name not in full}
        total, free = sum(rest.values()), ONE - len(full) * cap
        over = {name for name, value in rest.items() if free * value > cap * total}
        if not over:
            return {name: cap if name in full else free * value / total for name, value in caps.items()}
        full |= over


def basis_points(wanted: Mapping[str, Decimal]) -> dict[str, int]:
    """Whole bp that sum to 10,000: rounded down, then one more where most was cut off."""
    found = {name: int(weight * BPS) for name, weight in wanted.items()}
    by_loss = sorted(wanted, key=lambda name: -(wanted[name] * BPS % 1))
    for name in by_loss[: BPS - sum(found.values())]:
        found[name] += 1
    return found
