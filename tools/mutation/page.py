"""The figures of docs/mutants.md, from snapshots/mutants.json: `make mutants SEED=… ARGS=--write` writes both, and a
test keeps them equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ssi.build import ROOT
from tools.mutation.operators import OPERATORS, Mutation
from tools.mutation.records import ALIVE, INVALID, KILLED, SAME, TIMEOUT, Ending, Tally, score

SNAPSHOT = ROOT / "snapshots/mutants.json"
PAGE = ROOT / "docs/mutants.md"
_BEGIN, _END = "<!-- figures: tools/mutation/page.py -->\n", "<!-- end of figures -->\n"

Figures = dict[str, Any]


def figures(sample: Iterable[Mutation], outcomes: Mapping[str, Ending], equivalent: Iterable[str]) -> Figures:
    """Of one seed: counts of the whole sample, and of each operator."""
    mutants, excused = list(sample), set(equivalent)

    def of(some: list[Mutation]) -> Figures:
        counts = score(some, outcomes, excused)
        return {
            "drawn": counts.drawn, "ran": counts.ran, "killed": counts.counts[KILLED],
            "timed out": counts.counts[TIMEOUT], "alive": counts.counts[ALIVE] - counts.equivalent,
            "equivalent": counts.equivalent, "same bytecode": counts.counts[SAME],
            "does not compile": counts.counts[INVALID],
        }  # fmt: skip

    by_operator = {each: of([mutant for mutant in mutants if mutant.operator == each]) for each in OPERATORS}
    return {**of(mutants), "operators": by_operator}


def percent(of: Figures) -> float:
    """The score: those noticed, of those that a test could notice."""
    counted = Tally(of["drawn"])
    counted.counts.update({KILLED: of["killed"], TIMEOUT: of["timed out"], ALIVE: of["alive"]})
    return counted.percent


def refreshed(page: str, seeds: Mapping[str, Figures]) -> str:
    """The page with the figures of these seeds."""
    before, rest = page.split(_BEGIN)
    after = rest.split(_END)[1]
    rows = [
        "| seed | drawn | ran | noticed | alive | equivalent | same bytecode, or does not compile | score |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for seed, of in seeds.items():
        cells = (
            seed, of["drawn"], of["ran"], of["killed"] + of["timed out"], of["alive"], of["equivalent"],
            of["same bytecode"] + of["does not compile"], f"{percent(of):.1f} %",
        )  # fmt: skip
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    rows += ["", "| operator | what it does | noticed | of |", "|---|---|---|---|"]
    for operator, meaning in OPERATORS.items():
        parts = [of["operators"][operator] for of in seeds.values()]
        noticed = sum(part["killed"] + part["timed out"] for part in parts)
        rows.append(f"| {operator} | {meaning} | {noticed} | {noticed + sum(part['alive'] for part in parts)} |")
    return before + _BEGIN + "\n".join(rows) + "\n" + _END + after


def write(seed: str, of: Figures) -> None:
    """Puts the figures of a seed into the snapshot and the page."""
    known = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    known[seed] = of
    SNAPSHOT.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    PAGE.write_text(refreshed(PAGE.read_text(), known))
