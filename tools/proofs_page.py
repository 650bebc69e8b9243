"""Writes the table of docs/proofs.md out of build/prove.json: `python -m tools.proofs_page`, after `make prove`.

A test compares the table's properties and bounds with the sources of the proofs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ssi.build import ROOT
from tools.prove import PROOFS, WRITTEN, properties

PAGE = ROOT / "docs/proofs.md"
START, END = "<!-- table -->\n", "<!-- end of the table -->"


def row(each: dict[str, Any]) -> str:
    """One property."""
    seconds = "under 1" if each["seconds"] < 1 else f"{each['seconds']:.0f}"
    return f"| `{each['property']}` | {each['notice']} | {each['bound']} | {seconds} |"


def table(proved: list[dict[str, Any]]) -> str:
    """The whole table."""
    head = ["| property | what holds | for | seconds |", "|---|---|---|---|"]
    return "\n".join([*head, *map(row, proved)]) + "\n"


def main() -> int:
    """Writes the page. Exits with 1 where a quick property was not run or is not proved."""
    quick = {each.title for each in properties(PROOFS) if not each.slow}
    found = [each for each in json.loads(WRITTEN.read_text()) if each["property"] in quick]
    missing = quick - {each["property"] for each in found if each["good"]}
    if missing:
        print(f"run make prove without words first, until all of it is green; missing: {sorted(missing)}")
        return 1
    before, _, rest = PAGE.read_text().partition(START)
    after = rest.partition(END)[2]
    proved = [each for each in found if each["verdict"] == "proved"]
    PAGE.write_text(before + START + table(proved) + END + after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
