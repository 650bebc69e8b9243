"""`make coverage`: which lines and branches of the contracts the Python suite reaches.

Writes snapshots/coverage.json, the table of docs/coverage.md, snapshots/coverage-map.json (which modules of tests reach
a function) and build/coverage/map.json (which reach a line). Exits with 1 where a place that is not reached has no
reason in tools/coverage/unreached.yaml, where a reason has no such place, and below 98 % of lines.

With tests as arguments it runs those alone, shows what they reach and writes nothing but build/coverage. With `--add`
before them it puts what they reach to what the last run reached, where the contracts are the same, and judges both.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from forks import anvils
from ssi.build import ROOT
from tools import analyse
from tools.coverage.copying import copied, instrumented
from tools.coverage.figures import (
    WANTED,
    Figures,
    ReasonsError,
    Unexplained,
    by_function,
    by_line,
    figures,
    judged,
    left,
    reasons,
)  # fmt: skip
from tools.coverage.instrument import STATEMENT, Place
from tools.coverage.page import PAGE, refreshed
from tools.coverage.running import TESTS, Ran, build, run

OUT = ROOT / "build/coverage"
REASONS = ROOT / "tools/coverage/unreached.yaml"
SNAPSHOT = ROOT / "snapshots/coverage.json"
MAP = ROOT / "snapshots/coverage-map.json"


def measured(console: Console, tests: list[str], add: bool) -> tuple[dict[int, Place], Ran]:
    """Marks a copy of the contracts and runs tests in it. With `add` the last run is in the answer as well.

    Raises:
        RuntimeError: there is no last run, or it was of other contracts.
    """
    folder, last = OUT / "copy", OUT / "run.json"
    folder.mkdir(parents=True, exist_ok=True)
    with console.status("Marking the contracts"):
        copied(ROOT, folder)
        places = instrumented(folder)
    marks = hashlib.sha256(repr(sorted(places.items())).encode()).hexdigest()
    before = json.loads(last.read_text()) if add and last.exists() else {}
    if add and before.get("marks") != marks:
        raise RuntimeError("--add: there is no run of these contracts yet; run `make coverage`")
    with console.status(f"Compiling {len(places):,} marks (a few minutes the first time)"):
        build(folder)
    with console.status("Running the tests; their output is in build/coverage/tests.log"):
        ran = run(folder, tests, OUT / "tests.log")
    if add:
        ran = Ran.from_json(before["ran"]).added(ran)
    _json(last, {"marks": marks, "ran": ran.to_json()}, indent=None)
    return places, ran


def show(console: Console, found: Mapping[str, Figures], verdict: Unexplained, ran: Ran) -> None:
    """The table, and what is wrong below it."""
    table = Table("file", "lines", "reached", "%", "branches", "reached")
    for file, each in found.items():
        table.add_row(file, *map(str, each[:2]), f"{each.percent:.1f}", *map(str, each[2:]))
    console.print(table)
    for place in verdict.new:
        kind = "" if place.kind == STATEMENT else f"  ({place.kind})"
        console.print(f"[red]✗[/] {place.file}:{place.line}  {place.at}", highlight=False)
        console.print(f"  {place.code}{kind}", highlight=False, markup=False)
    for key in verdict.vanished:
        console.print(f"[red]✗[/] listed, but reached or gone: {key.file}  {key.at}", highlight=False)
        console.print(f"  {key.code}  ({key.kind})", highlight=False, markup=False)
    for name, outcome in ran.outcomes.items():
        if outcome == "failed":
            console.print(f"· failed in the copy: {name}", highlight=False)


def _json(path: Path, content: object, indent: int | None = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=indent) + "\n")


def main(words: list[str]) -> int:
    """The exit code."""
    console, began = Console(soft_wrap=True), time.monotonic()
    anvils.stop_in_order()
    add, tests = "--add" in words, [word for word in words if word != "--add"]
    whole = add or not tests
    try:
        known = reasons(REASONS) if whole else {}
        places, ran = measured(console, tests or list(TESTS), add)
    except (RuntimeError, ReasonsError, analyse.AnalysisError) as error:
        console.print("[red]✗[/]", Text("\n".join(error.args)))
        return 1
    reached = set[int]().union(*ran.tests.values()) & places.keys()
    found = figures(places, reached)
    verdict = judged(left(places, reached) if whole else [], known)
    _json(OUT / "map.json", by_line(places, ran.tests))
    _json(OUT / "seconds.json", ran.seconds)
    if whole:
        _json(SNAPSHOT, {file: each._asdict() for file, each in found.items()})
        _json(MAP, by_function(places, ran.tests))
        PAGE.write_text(refreshed(PAGE.read_text(), found))
    show(console, found, verdict, ran)
    total, outcomes = found["total"], Counter(ran.outcomes.values())
    console.print(
        f"{total.percent:.2f} % of lines and {total.branches_reached} of {total.branches} branches are reached; "
        f"{len(verdict.new)} places without a reason, {len(verdict.vanished)} reasons without a place; "
        f"{outcomes['passed']} tests passed, {outcomes['failed']} failed in the copy; "
        f"{(time.monotonic() - began) / 60:.1f} minutes",
        highlight=False,
    )
    return 1 if whole and (verdict.new or verdict.vanished or total.percent < WANTED) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
