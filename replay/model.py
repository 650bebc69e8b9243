"""The methodology executed without cost, in decimals of 28 digits: docs/weights-math.md and nothing of the contracts.

On a day of execution it goes to the weights of that day at once, by the closes of that day and the supplies that were
known when the rebalance was proposed. Which days those are, the timetable says.
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

    def targets(self, closes: Mapping[str, Decimal], supplies: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Whole tokens by the weights of now."""
        worth = self.worth(closes) if self.units else ONE
        wanted = weights(self.rule, self.number, closes, supplies)
        return {name: worth * weight / closes[name] for name, weight in wanted.items()}

    def execute(self, closes: Mapping[str, Decimal], supplies: Mapping[str, Decimal]) -> Decimal:
        """Goes to the weights of now; returns the part of it that it sold."""
        before, self.units = self.units, self.targets(closes, supplies)
        less = {name: max(Decimal(0), units - self.units.get(name, Decimal(0))) for name, units in before.items()}
        return sum((units * closes[name] for name, units in less.items()), Decimal(0)) / self.worth(closes)


def yearly_error(index: Sequence[Decimal], ideal: Sequence[Decimal]) -> Decimal:
    """Standard deviation of the daily differences of two series of worth, times the root of 365."""
    apart = [
        one / before / (other / earlier) - 1
        for before, one, earlier, other in zip(index, index[1:], ideal, ideal[1:], strict=False)
    ]
    mean = sum(apart, Decimal(0)) / len(apart)
    return (sum(((part - mean) ** 2 for part in apart), Decimal(0)) / (len(apart) - 1)).sqrt() * Decimal(365).sqrt()
