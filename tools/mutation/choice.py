"""Which modules of tests run against a mutant, and in what order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from ssi.build import ROOT
from tools.mutation.operators import Mutation

TABLE = ROOT / "tools/mutation/tests.yaml"
COVERAGE = ROOT / "build/coverage/map.json"

# What acts on contracts, quickest first. Commands, live networks and indexers are of other parts.
_FOLDERS = ("tests/unit", "tests/attacks", "tests/integration", "tests/upgrade", "tests/stateful")
_CHAIN = ("evm", "system", "project", "bench", "world", "vault", "authority")
# These compare texts of contracts, or figures that every change moves: that they are red says nothing about the rules.
_OF_TEXTS = ("test_build", "test_constants", "test_gas_page", "test_plain_english", "test_storage_layout")


class Choice:
    """Modules by mutant: those that reach its line, or else those that the table names; then all others."""

    def __init__(
        self,
        table: Mapping[str, Sequence[str]],
        everything: Sequence[str],
        coverage: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    ) -> None:
        self._table, self._everything, self._coverage = table, everything, coverage or {}

    def near(self, mutant: Mutation, seconds: Mapping[str, float] | None = None) -> list[str]:
        """What is likely to notice it, in the order of the table.

        What only the map of coverage knows comes behind, the quickest module first; `seconds` says how long each takes.
        """
        begins = [beginning for beginning in self._table if mutant.file.startswith(beginning)]
        named = list(self._table[max(begins, key=len)]) if begins else []
        reached = self._coverage.get(mutant.file, {}).get(str(mutant.line))
        if reached is None:
            return named
        known = [module for module in reached if module in self._everything]
        return [module for module in named if module in known] + sorted(
            set(known) - set(named), key=lambda module: ((seconds or {}).get(module, 1e9), self._place(module))
        )

    def rest(self, mutant: Mutation, seconds: Mapping[str, float] | None = None) -> list[str]:
        """All others, the quickest first."""
        near = self.near(mutant)
        return sorted(
            (module for module in self._everything if module not in near),
            key=lambda module: ((seconds or {}).get(module, 1e9), self._place(module)),
        )

    def _place(self, module: str) -> int:
        return self._everything.index(module)


def on_chain(root: Path = ROOT) -> list[str]:
    """Modules of tests that act on contracts, in the order of `_FOLDERS`."""
    found = []
    for folder in _FOLDERS:
        for path in sorted((root / folder).glob("test_*.py")):
            text = path.read_text()
            if path.stem not in _OF_TEXTS and any(f"{word}:" in text or f"{word}," in text for word in _CHAIN):
                found.append(path.relative_to(root).as_posix())
    return found


def choice(root: Path = ROOT, coverage: Path = COVERAGE) -> Choice:
    """That of the repository, with its map of coverage where there is one."""
    known = json.loads(coverage.read_text()) if coverage.exists() else None
    return Choice(yaml.safe_load((root / TABLE.relative_to(ROOT)).read_text()), on_chain(root), known)
