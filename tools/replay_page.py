"""The table of figures in docs/replay.md, from snapshots/replay.json: `make deep` replays a year and writes both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from replay.command import OUT
from replay.results import Result
from ssi.build import ROOT

PAGE, SNAPSHOT = ROOT / "docs" / "replay.md", ROOT / "snapshots" / "replay.json"
_BEFORE = "figures, as a replay has computed them:\n\n"


def refreshed(page: str, figures: Mapping[str, Any]) -> str:
    """The page with a result's figures at its end. Raises ValueError where it has no place for them."""
    end = page.index(_BEFORE) + len(_BEFORE)
    shown = Result(**figures).section()
    took = f"{figures['seconds']:,.0f} s; {figures['cpu_seconds']:,.0f} s"
    table = {**shown["figures"], "took, on two cores; of it CPU of the replay's own process": took}
    rows = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in table.items())]
    kinds = dict.fromkeys((halt["what"], halt["why"].partition("(")[0].strip()) for halt in shown["halted"])
    halted = [f"{what}: `{why}`" for what, why in kinds]
    said = "\n".join(f"* {line}" for line in halted) if halted else "Nothing."
    return page[:end] + "\n".join(rows) + f"\n\nWhat halted, each kind once:\n\n{said}\n"


def main() -> None:
    """Takes the figures of the last replay. Raises ValueError where that was not of the synthetic market."""
    figures = json.loads((OUT / "replay.json").read_text())
    if not figures["market"].startswith("A synthetic market"):
        raise ValueError("the last replay was not of the synthetic market: `make replay` without files is")
    SNAPSHOT.write_text(json.dumps(figures, indent=1) + "\n")
    PAGE.write_text(refreshed(PAGE.read_text(), figures))


if __name__ == "__main__":
    main()
