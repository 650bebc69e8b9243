"""Time-weighted balances by their definition: the whole history, and rectangles summed over it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tests.model.epochs import EpochGrid

MAX_SUPPLY = 2**96 - 1
SUPPLY = ""


@dataclass
class NaiveLedger(EpochGrid):
    """Balances of accounts with every change remembered. Times in Unix seconds, balances in share-wei.

    The supply is kept under the name `SUPPLY`. Source: docs/index-math.md, "Balances that remember time".
    """

    genesis: int
    length: int
    history: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def balance(self, account: str) -> int:
        """Share-wei now."""
        changes = self.history[account]
        return changes[-1][1] if changes else 0

    def _set(self, now: int, account: str, balance: int) -> None:
        self.history[account].append((now, balance))

    def mint(self, now: int, to: str, value: int) -> None:
        """Raises OverflowError when the supply would not fit in 96 bits."""
        if self.balance(SUPPLY) + value > MAX_SUPPLY:
            raise OverflowError(self.balance(SUPPLY), value)
        self._set(now, SUPPLY, self.balance(SUPPLY) + value)
        self._set(now, to, self.balance(to) + value)

    def burn(self, now: int, owner: str, value: int) -> None:
        """Raises ValueError when the owner has less."""
        self._take(now, owner, value)
        self._set(now, SUPPLY, self.balance(SUPPLY) - value)

    def transfer(self, now: int, owner: str, to: str, value: int) -> None:
        """Raises ValueError when the owner has less."""
        self._take(now, owner, value)
        self._set(now, to, self.balance(to) + value)

    def _take(self, now: int, owner: str, value: int) -> None:
        if value > self.balance(owner):
            raise ValueError(self.balance(owner), value)
        self._set(now, owner, self.balance(owner) - value)

    def balance_seconds(self, now: int, account: str, first: int, end: int) -> int:
        """Share-wei seconds from the start of epoch `first` to the start of epoch `end`, or to now where that is
        earlier.

        Raises:
            IndexError: the epochs are not in order, or the first has not begun.
        """
        if first >= end or first > self.epoch(now):
            raise IndexError(first, end, self.epoch(now))
        start, stop = self.genesis + first * self.length, min(now, self.genesis + end * self.length)
        changes = self.history[account]
        ends = [time for time, _ in changes[1:]] + [now]
        return sum(
            balance * max(0, min(until, stop) - max(since, start))
            for (since, balance), until in zip(changes, ends, strict=False)
        )
