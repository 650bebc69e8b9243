"""A source of a report that remembers each day as it was: a fork that lives for years keeps no states of old blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from ssi.registry.system import System
from ssi.report.source import ChainSource, RebalanceStart, Sample

T = TypeVar("T")
_MOMENTS = frozenset(
    {"time_s", "since_s", "until_s", "started_at_s", "ended_at_s", "begins_at_s", "ends_at_s", "worst_day_s"}
)


class RecordedSource(ChainSource):
    """Samples and starts as they were taken; the rest is asked of the fork."""

    def __init__(self, system: System, symbol: str) -> None:
        super().__init__(system, symbol, 0, system.evm.now)
        self._samples = list[Sample]()
        self._starts: dict[int, RebalanceStart] = {}

    def take(self) -> Sample:
        """One more day, as it is now."""
        block = self.system.evm.block
        self._samples.append(self.sample(block, self.time(block)))
        return self._samples[-1]

    def started(self) -> None:
        """A rebalance has just started."""
        block = self.system.evm.block
        plan, held = self.system.rebalancer.planOf(self.index), self.index.basket().tokens
        tokens = list(dict.fromkeys([*plan.tokens, *held]))
        self._starts[block] = super().start(tokens, block)

    def finish(self) -> None:
        """The last block is now."""
        self.end = self.system.evm.block

    def samples(self) -> list[Sample]:
        """Those that were taken."""
        return self._samples

    def start(self, tokens: Sequence[str], block: int) -> RebalanceStart:
        """As it was remembered."""
        known = self._starts[block]
        prices = {token: known.prices_d18[token] for token in tokens if token in known.prices_d18}
        return RebalanceStart(prices, known.base_wei)


def moved(value: T, seconds: int) -> T:
    """The same with all moments so much later: from a fork's time to that of a market."""

    def at(name: str, item: Any) -> Any:
        return item + seconds if name in _MOMENTS and item is not None else moved(item, seconds)

    if isinstance(value, tuple):
        return tuple(moved(item, seconds) for item in value)  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: at(field.name, getattr(value, field.name)) for field in fields(value)})
    return value
