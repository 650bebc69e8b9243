"""The figures of one machine in docs/indexer.md, from snapshots/indexer.json: `python -m tools.indexer_scale` writes
both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssi.build import ROOT

PAGE, SNAPSHOT = ROOT / "docs" / "indexer.md", ROOT / "snapshots" / "indexer.json"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
BAR = 50  # milliseconds at the 95th of a hundred calls, for what the web app asks most
BARRED = ("leaderboard, first page", "statement of an account")


def refreshed(page: str, figures: Mapping[str, Any]) -> str:
    """The page with these figures between its marks. Raises ValueError where it has none."""
    begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:begin]}\n{_section(figures)}\n{page[end:]}"


def _section(figures: Mapping[str, Any]) -> str:
    rate, measured = figures["rate"], figures["latencies"]
    head = ["query", *(f"{each['accounts']:,} accounts" for each in measured)]
    times = {query: [each["ms"][query] for each in measured] for query in measured[0]["ms"]}
    rows = [
        head,
        ["---"] * len(head),
        *([query, *(f"{ms[1]:.0f}, {ms[2]:.0f}" for ms in found)] for query, found in times.items()),
        ["database", *(f"{each['MB']:,} MB" for each in measured)],
    ]
    per_million = {name: round(1e6 * rate[name] / rate["events"]) for name in ("MB of history", "MB in all")}
    taken = (
        "| taking events in | |\n|---|---|\n"
        f"| events, of accounts | {rate['events']:,}, {rate['accounts']:,} |\n"
        f"| events a second | {rate['events a second']:,} |\n"
        f"| history of a million events | {per_million['MB of history']:,} MB |\n"
        f"| with the engine's own store of logs and blocks | {per_million['MB in all']:,} MB |"
    )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\n" + taken
