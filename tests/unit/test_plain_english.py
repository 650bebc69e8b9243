"""Sentences, messages and names say who acts, wherever a reader of the project meets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A reader asks "who?" after each of these. Roles answer: holder, staker, bidder, keeper, signer, caller, thief; then
# *they*.
RIDDLES = re.compile(
    r"\b(every(body|one)|any(body|one)|no(body| one)|some(body|one)"
    r"|who(m|so)?ever|what(so)?ever|whichever|he|him|his|himself)\b",
    re.IGNORECASE,
)
# Kinds of files, and the least number of them.
KINDS = {
    "contracts/**/*.sol": 60,
    "interfaces/**/*.sol": 20,
    "ssi/**/*.py": 60,
    "tests/**/*.py": 150,
    "tools/**/*.py": 30,
    "tools/**/*.yaml": 5,
    "demo/**/*.py": 4,
    "forks/**/*.py": 4,
    "minimainnet/**/*.py": 4,
    "replay/**/*.py": 4,
    "scripts/**/*.py": 20,
    "app/src/**/*.ts*": 30,
    "app/tests/**/*.ts": 5,
    "indexer/src/**/*.ts": 10,
    "docs/**/*.md": 20,
    "*.md": 4,
    "tests/README.md": 1,
    ".github/**/*": 3,
    "ops/*": 2,
}
_MADE = ("generated", "node_modules")


def riddles(text: str) -> list[str]:
    """Lines that leave open who acts, in words or in a name."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{number}: {line.strip()}" for number, line in lines if RIDDLES.search(line.replace("_", " "))]


@pytest.mark.parametrize("pattern", KINDS)
def test_texts_name_the_actor(pattern):
    paths = [
        path
        for path in sorted(ROOT.glob(pattern))
        if path.is_file() and path != Path(__file__) and not set(_MADE) & set(path.parts)
    ]
    assert len(paths) >= KINDS[pattern]
    found = {str(path.relative_to(ROOT)): lines for path in paths if (lines := riddles(path.read_text()))}
    assert not found


def test_riddles_are_found():
    assert riddles("def test_nobody_else():") == ["1: def test_nobody_else():"]
    assert riddles("fine\nWhoever comes") == ["2: Whoever comes"]
    assert riddles("No one can")
    assert not riddles("the others, no ones")
