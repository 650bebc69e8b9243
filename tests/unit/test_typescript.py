"""TypeScript takes the figures of the protocol from where they are generated, and fits the width of all code."""

from __future__ import annotations

import re

import pytest

from ssi import constants
from ssi.build import ROOT
from tools import app_abis

FOLDERS = ("app", "app/src", "app/tests", "indexer", "indexer/src")
WRITTEN = ("generated", "abis.ts", "constants.ts", "ponder-env.d.ts")  # by a tool
SOURCES = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).glob("**/*" if "/" in folder else "*"))
    if path.suffix in (".ts", ".tsx") and not set(WRITTEN) & set(path.parts)
]
MAX_COLUMNS = 120
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]
# What a file would write if it knew a constant by heart. A unit test may say how much something is.
BY_HEART = re.compile(
    r"\b(?:const|let) (?:WAD|ZERO|HOUR|DAY|NOTICE|RECORDING|\w*COOLDOWN|PHASES|SLOTS|BOOST|REFEREE_PART)\b"
    r"|\b(?:86_?400|3_?600)n?\b|\b0x(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\b|\b10{18}\b|\b\d+ days\b"
)


def test_constants_are_generated():
    text = app_abis.figures()
    assert f"export const NOTICE = {constants.NOTICE};\n" in text
    assert f"export const WAD = {constants.WAD}n;\n" in text
    assert f'export const ZERO = "{constants.ZERO}";\n' in text
    assert text.endswith(
        'export const PHASES = ["none", "running", "completed", "halted", "cancelled", "expired"] as const;\n'
    )


def test_what_is_looked_for_is_found():
    assert len(SOURCES) > 70
    known = (
        "const WAD = 10n ** 18n;",
        "86_400",
        "3600n",
        f'"{constants.QUOTER}"',
        "div(x, 1000000000000000000)",
        "14 days",
    )
    assert all(BY_HEART.search(line) for line in known)
    assert not BY_HEART.search("(NOTICE / DAY) days, 60_000 ms")


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_no_file_knows_a_constant_by_heart(path):
    if "unit" not in path.parts:
        assert BY_HEART.findall(path.read_text()) == []


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_lines_fit(path):
    assert [n for n, line in enumerate(path.read_text().splitlines(), 1) if len(line) > MAX_COLUMNS] == []
