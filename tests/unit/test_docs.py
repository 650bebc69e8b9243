"""The documents say what the code and the tests do."""

from __future__ import annotations

import re

from scripts._lib.build import ROOT

_ROW = re.compile(r"^\| ([A-Z]+\d+) \|", re.MULTILINE)
_CITED = re.compile(r"""["']([A-Z]+\d+)[ "':,.]""")


def test_every_invariant_is_asserted_by_its_id():
    """Or, where a revert is what is asserted, at the head of the test. And no test cites one that nobody has written down."""
    written = _ROW.findall((ROOT / "docs/invariants.md").read_text())
    assert len(written) == len(set(written)), "an id means one promise"
    cited = {found for path in (ROOT / "tests").rglob("*.py") for found in _CITED.findall(path.read_text())}
    assert set(written) <= cited, f"not asserted: {sorted(set(written) - cited)}"
    families = {name.rstrip("0123456789") for name in written}
    unknown = {name for name in cited if name.rstrip("0123456789") in families} - set(written)
    assert not unknown, f"not written down: {sorted(unknown)}"


def test_every_link_between_documents_leads_somewhere():
    pages = [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())]
    assert len(links) > 10
    assert not [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()]
