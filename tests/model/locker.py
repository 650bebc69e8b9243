"""Locked liquidity, from docs/locker-math.md alone.

Integers only; every change of a weight is remembered, and integrals are sums of rectangles.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from math import isqrt

from tests.model.epochs import EpochGrid

COOLDOWN = 14 * 24 * 3600
MAX = 2**96 - 1
MAX_TICK = 887_272


class LockerRefused(Exception):  # noqa: N818 - it says what happened
    """The page refuses it; the reason in a word."""


def full_range(spacing: int) -> tuple[int, int]:
    """The ticks of a position over the whole range."""
    most = MAX_TICK // spacing * spacing
    return -most, most


def measure(amount: int, reserve0: int, reserve1: int, k_last: int, supply: int) -> int:
    """{L} of so many LP tokens of v2."""
    root, last = isqrt(reserve0 * reserve1), isqrt(k_last)
    if last and root > last:
        root = (5 * root + last) // 6
    return amount * root // supply


@dataclass
class Position:
    """A locked position. `matures` is 0 where it was not requested."""

    owner: str
    pool: str
    liquidity: int
    matures: int = 0


@dataclass
class Tokens:
    """What an account has of a v2 pool: {lp} locked, cooling, matured; {L} of what cools; when it matures."""

    locked: int = 0
    cooling: int = 0
    liquidity: int = 0
    matures: int = 0
    matured: int = 0


@dataclass
class LockerModel(EpochGrid):
    """Every lock of every owner. Times in Unix seconds."""

    genesis: int
    length: int
    positions: dict[int, Position] = field(default_factory=dict)
    tokens: dict[tuple[str, str], Tokens] = field(default_factory=lambda: defaultdict(Tokens))
    history: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    removed: dict[str, int] = field(default_factory=dict)

    # ------------------------------------------------------------ weight

    def recorded(self, account: str, pool: str) -> int:
        """{L} as of the last change, or of the removal."""
        changes = self.history[account, pool]
        return changes[-1][1] if changes else 0

    def weight(self, account: str, pool: str) -> int:
        """{L} that weighs now."""
        return 0 if pool in self.removed else self.recorded(account, pool)

    def _add(self, now: int, account: str, pool: str, liquidity: int) -> None:
        if pool not in self.removed:
            self.history[account, pool].append((now, self.recorded(account, pool) + liquidity))

    def liquidity_seconds(self, now: int, account: str, pool: str, first: int, end: int) -> int:
        """{L} x seconds from the start of epoch `first` to that of `end`, to now or to the removal, which of them is
        earliest.
        """
        start, stop = (self.genesis + epoch * self.length for epoch in (first, end))
        stop = min(stop, now, self.removed.get(pool, now))
        changes = self.history[account, pool]
        ends = [time for time, _ in changes[1:]] + [now]
        return sum(
            weight * max(0, min(until, stop) - max(since, start))
            for (since, weight), until in zip(changes, ends, strict=False)
        )

    # ------------------------------------------------------------ positions

    def lock_position(self, now: int, owner: str, pool: str, token_id: int, liquidity: int) -> None:
        """Raises Refused."""
        if pool in self.removed:
            raise LockerRefused("pool")
        if not 0 < liquidity <= MAX - self.recorded(owner, pool):
            raise LockerRefused("amount")
        self.positions[token_id] = Position(owner, pool, liquidity)
        self._add(now, owner, pool, liquidity)

    def request(self, now: int, token_id: int) -> int:
        """When it matures. Raises Refused."""
        position = self.positions[token_id]
        if position.matures:
            raise LockerRefused("requested")
        position.matures = now + COOLDOWN
        self._add(now, position.owner, position.pool, -position.liquidity)
        return position.matures

    def cancel(self, now: int, token_id: int) -> None:
        """Raises Refused."""
        position = self.positions[token_id]
        if not now < position.matures:
            raise LockerRefused("cooling")
        if position.pool in self.removed:
            raise LockerRefused("pool")
        position.matures = 0
        self._add(now, position.owner, position.pool, position.liquidity)

    def unlock(self, now: int, token_id: int) -> None:
        """Raises Refused."""
        position = self.positions[token_id]
        if not 0 < position.matures <= now:
            raise LockerRefused("matured")
        del self.positions[token_id]

    # ------------------------------------------------------------ LP tokens

    def settle(self, now: int, owner: str, pool: str) -> Tokens:
        """What an account has, with what has matured in its place."""
        t = self.tokens[owner, pool]
        if t.matures and t.matures <= now:
            t.matured += t.cooling
            t.cooling = t.liquidity = t.matures = 0
        return t

    def lock_tokens(self, now: int, owner: str, pool: str, amount: int, liquidity: int) -> None:
        """Raises Refused."""
        t = self.settle(now, owner, pool)
        if pool in self.removed:
            raise LockerRefused("pool")
        if (
            not 0 < amount <= MAX - t.locked - t.cooling - t.matured
            or not 0 < liquidity <= MAX - self.recorded(owner, pool) - t.liquidity
        ):
            raise LockerRefused("amount")
        t.locked += amount
        self._add(now, owner, pool, liquidity)

    def request_tokens(self, now: int, owner: str, pool: str, amount: int) -> int:
        """When it matures, with all that cools. Raises Refused."""
        t = self.settle(now, owner, pool)
        if not 0 < amount <= t.locked:
            raise LockerRefused("amount")
        moved = -(-self.weight(owner, pool) * amount // t.locked)
        self._add(now, owner, pool, -moved)
        t.locked -= amount
        t.cooling += amount
        t.liquidity += moved
        t.matures = now + COOLDOWN
        return t.matures

    def cancel_tokens(self, now: int, owner: str, pool: str) -> int:
        """{lp} that are locked again. Raises Refused."""
        t = self.settle(now, owner, pool)
        if not t.matures:
            raise LockerRefused("cooling")
        if pool in self.removed:
            raise LockerRefused("pool")
        amount, t.locked = t.cooling, t.locked + t.cooling
        self._add(now, owner, pool, t.liquidity)
        t.cooling = t.liquidity = t.matures = 0
        return amount

    def unlock_tokens(self, now: int, owner: str, pool: str) -> int:
        """{lp} that are paid. Raises Refused."""
        t = self.settle(now, owner, pool)
        if not t.matured:
            raise LockerRefused("matured")
        amount, t.matured = t.matured, 0
        return amount

    def remove(self, now: int, pool: str) -> None:
        """Nothing weighs any more."""
        self.removed[pool] = now
