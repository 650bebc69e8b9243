"""The methodology executed without cost, in decimals of 28 digits: docs/weights-math.md and nothing of the contracts.

It knows days, closes and supplies. On a day of execution it goes to the weights of that day at once, by the closes of
that day and the supplies that were known when the rebalance was proposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ssi.index.weighing import ONE, capped, floored


def weights(
    rule: str, number: Decimal, closes: Mapping[str, Decimal], supplies: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """By the rule's name and its one number, floor or cap."""
    caps = {name: closes[name] * supplies[name] for name in supplies}
    return {"FloorAndMarketCap": floored, "CappedMarketCap": capped}[rule](caps, number)


@dataclass
class Ideal:
    """The portfolio: whole tokens behind what was one dollar on the first day."""

    rule: str
    number: Decimal
    units: dict[str, Decimal] = field(default_factory=dict)

    def worth(self, closes: Mapping[str, Decimal]) -> Decimal:
        """USD."""
        return sum((units * closes[name] for name, units in self.units.items()), Decimal(0))

    def execute(self, closes: Mapping[str, Decimal], supplies: Mapping[str, Decimal]) -> Decimal:
        """Goes to the weights of now; returns the part of it that it sold."""
        worth = self.worth(closes) if self.units else ONE
        wanted = weights(self.rule, self.number, closes, supplies)
        before = {name: units * closes[name] / worth for name, units in self.units.items()}
        self.units = {name: worth * weight / closes[name] for name, weight in wanted.items()}
        return sum((max(Decimal(0), part - wanted.get(name, Decimal(0))) for name, part in before.items()), Decimal(0))


def yearly_error(index: Sequence[Decimal], ideal: Sequence[Decimal]) -> Decimal:
    """Standard deviation of the daily differences of two series of worth, times the root of 365."""
    apart = [
        one / before / (other / earlier) - 1
        for before, one, earlier, other in zip(index, index[1:], ideal, ideal[1:], strict=False)
    ]
    mean = sum(apart, Decimal(0)) / len(apart)
    return (sum(((part - mean) ** 2 for part in apart), Decimal(0)) / (len(apart) - 1)).sqrt() * Decimal(365).sqrt()
