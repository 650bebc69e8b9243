"""On which days the methodology goes to its weights: by the notice, the bounds and the tries of a proposal.

It knows the file and nothing of the chain. One proposal waits at a time. A proposal falls due before each first of a
month, and again on the day on which a price has left the bounds of the one that waits, or its start has been tried in
vain for long enough. It is made on the first day on which every member has a price and no other waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from replay.market import Market
from replay.model import Ideal
from ssi.constants import DAY, NOTICE

AHEAD = NOTICE // DAY + 1  # days from a proposal to its start, so that an hour may pass before each
TRIES = 6  # days on which a start is tried: after them its operation is void
NEAR = Decimal("1.5")  # times: prices and targets of a start may be so far from those that were proposed


def due(market: Market) -> set[int]:
    """Days before the firsts of months on which a proposal falls due, by their places."""
    return {n - AHEAD for n, day in enumerate(market.days) if day.day == 1 and n > AHEAD}


@dataclass(frozen=True)
class IdealProposal:
    """Closes of tokens with a price on that day, by name; `targets` are whole tokens of the ideal portfolio."""

    day: int
    supplies: Mapping[str, Decimal]
    closes: Mapping[str, Decimal]
    targets: Mapping[str, Decimal]


class Timetable:
    """Moves an ideal portfolio through a market: on the days of `moved`; `turnover` is what it sold, in parts of it."""

    def __init__(self, market: Market, ideal: Ideal) -> None:
        self.market, self.ideal, self.turnover, self.moved = market, ideal, Decimal(0), list[int]()
        self._dues, self._due = due(market), False
        self._waiting: IdealProposal | None = None

    def day(self, day: int) -> None:
        """One more. The worth of the portfolio does not change on the day on which it goes to its weights."""
        self._due |= day in self._dues
        if waiting := self._waiting:
            starts = day >= waiting.day + AHEAD and self._may_start(waiting, day)
            if starts:
                self.turnover += self.ideal.execute(self.market.last(day), waiting.supplies)
                self._waiting = None
                self.moved.append(day)
            if starts or (day < waiting.day + AHEAD + TRIES - 1 and self._holds(waiting, day)):
                return
            self._waiting, self._due = None, True
        if self._due:
            self._propose(day)

    def _propose(self, day: int) -> None:
        closes, supplies = self.market.now(day), self.market.posted(day)
        if supplies.keys() <= closes.keys():
            targets = self.ideal.targets(self.market.last(day), supplies)
            self._waiting, self._due = IdealProposal(day, supplies, closes, targets), False

    def _may_start(self, waiting: IdealProposal, day: int) -> bool:
        """Where the same tokens have prices as on the day of the proposal, near those, and targets near its own."""
        closes, traded = self.market.now(day), {*waiting.supplies, *self.ideal.units}
        targets = self.ideal.targets(self.market.last(day), waiting.supplies)
        return (
            traded & closes.keys() == traded & waiting.closes.keys()
            and self._holds(waiting, day)
            and all(near(waiting.targets[name], target) for name, target in targets.items())
        )

    def _holds(self, waiting: IdealProposal, day: int) -> bool:
        """Whether all prices are near those of the proposal, where there are any."""
        closes, traded = self.market.now(day), {*waiting.supplies, *self.ideal.units}
        return all(near(waiting.closes[name], closes[name]) for name in traded & closes.keys() & waiting.closes.keys())


def near(one: Decimal, other: Decimal) -> bool:
    """Neither is farther over the other than a start may be."""
    return max(one, other) <= min(one, other) * NEAR
