"""The table of docs/coverage.md, from snapshots/coverage.json: `make coverage` writes both; a test keeps them equal."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ssi.build import ROOT
from tools.coverage.figures import Figures

PAGE = ROOT / "docs/coverage.md"
HEAD = "| file | lines | reached | branches | reached |\n|---|---|---|---|---|\n"


def table(figures: Mapping[str, Figures]) -> str:
    """A row for each file, and one for all."""
    rows = (
        f"| {file.removeprefix('contracts/') if file != 'total' else 'all'} "
        f"| {each.lines} | {each.lines_reached} | {each.branches} | {each.branches_reached} |\n"
        for file, each in figures.items()
    )
    return HEAD + "".join(rows)


def refreshed(page: str, figures: Mapping[str, Figures]) -> str:
    """The page with these figures. Raises ValueError where it has no such table."""
    found = re.search(re.escape(HEAD) + r"(?:\|.*\n)*", page)
    if found is None:
        raise ValueError(f"{PAGE.name} has no table of coverage")
    return page[: found.start()] + table(figures) + page[found.end() :]
