"""Docstrings keep the form that the pages of the site are made from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATHS = [
    path
    for top in ("ssi", "forks", "minimainnet", "demo", "replay", "tools", "tests")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "node_modules" not in path.parts
]
_SECTION = re.compile(r"^( *)(?:Args|Attributes|Raises|Returns|Yields):$")
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
            yield text


def outside(text: str) -> list[str]:
    """Lines of a section that stand to the left of its items, where a reader of Google's style ends the section."""
    found, within = [], None
    for line in text.splitlines():
        if header := _SECTION.match(line):
            within = len(header[1])
        elif not line.strip():
            within = None
        elif within is not None and len(line) - len(line.lstrip()) <= within:
            found.append(line)
    return found


def test_a_line_outside_its_section_is_found():
    assert outside("Does.\n\nArgs:\n    a: long\nline\n    b: short") == ["line"]
    assert not outside("Does.\n\nArgs:\n    a: long\n        line\n\nMore.")


def test_sections_are_indented():
    texts = [(path, text) for path in PATHS for text in docstrings(path.read_text())]
    assert sum("Raises:" in text for _, text in texts) > 30
    found = {str(path.relative_to(ROOT)): lines for path, text in texts if (lines := outside(text))}
    assert not found


@pytest.mark.parametrize("name", ["ssi/protocol.py", "ssi/index/client.py"])
def test_pages_for_integrators_have_sections(name):
    assert any(_SECTION.match(line) for text in docstrings((ROOT / name).read_text()) for line in text.splitlines())
