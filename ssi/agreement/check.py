"""Compares subject after subject. Each is read from both sides at one block, and again where the indexer moved on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ssi.agreement.sides import Compared, Sides
from ssi.failure import Impossible
from ssi.indexer.client import Indexer, understood
from ssi.registry.system import System

TRIES = 5


@dataclass(frozen=True)
class Difference:
    """A value that is not the same on both sides. None where a side does not know it.

    Args:
        path: what it is, such as "position/MAG7.ssi/0x…/balance".
    """

    path: str
    chain: Any
    indexer: Any


@dataclass
class Agreement:
    """What came of it: at which block, how many values of each subject were compared, and where they differ."""

    block: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, subject: str, values: list[Compared]) -> None:
        """Values of a subject by path, on the chain and in the indexer."""
        self.compared[subject] += len(values)
        self.differences += [Difference(f"{subject}/{path}", *both) for path, *both in values if both[0] != both[1]]


def agree(system: System, indexer: Indexer, say: Callable[[str], object] = lambda _: None) -> Agreement:
    """Compares everything.

    Raises:
        IndexerSilent: it does not answer.
        Impossible: it moves on faster than it can be read.
    """
    from ssi.agreement import decisions, holdings, points

    found = Agreement()
    both = Sides(system, indexer)
    every: tuple[tuple[str, Callable[[Sides], Iterator[Compared]]], ...] = (
        ("index", holdings.indexes), ("constituent", holdings.constituents), ("claim in kind", holdings.claims_in_kind),
        ("staked token", holdings.staked_tokens), ("exit", holdings.exits), ("position", holdings.positions),
        ("integral", holdings.integrals), ("lock", holdings.locks), ("LP tokens", holdings.lp_stakes),
        ("rebalance", decisions.rebalances), ("operation", decisions.operations), ("account", points.accounts),
        ("price", points.prices), ("points", points.points), ("standing", points.standings),
        ("record", points.records), ("recorder", points.recorders), ("epoch", points.epochs), ("pot", points.pots),
        ("pot claim", points.claims),
    )  # fmt: skip
    for subject, compare in every:
        say(f"comparing: {subject}")
        found.add(subject, _settled(both, subject, compare))
    found.block = both.block
    return found


def _settled(both: Sides, subject: str, compare: Callable[[Sides], Iterator[Compared]]) -> list[Compared]:
    """The values of a subject while the indexer stood still."""
    for _ in range(TRIES):
        both.look()
        with understood(both.indexer):
            values = list(compare(both))
        if both.stands():
            return values
    raise Impossible(
        f"{both.indexer.name} moves on faster than “{subject}” can be read: check it against a node that stands still."
    )
