"""The documentation site: what is generated says what the compiler says, links are moved right, and no page loads from
elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

from ssi.build import ROOT
from tools import natspec, site

# All but the two files that name the words.
MARKDOWN = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs/how-to").glob("*.md"),
    *(ROOT / "docs/audit").glob("*.md"),
    ROOT / "tests" / "README.md",
    *(ROOT / ".github").rglob("*.md"),
]


@pytest.fixture(scope="module")
def interfaces() -> dict[str, natspec.DocumentedInterface]:
    return natspec.compiled()


def test_every_declaration_of_an_interface_is_on_its_page(interfaces):
    """Functions, events, errors and structs, each under its own heading, on the page of the interface that
    declares it.
    """
    for name, interface in interfaces.items():
        page = natspec.page(interface, interfaces)
        text = (ROOT / interface.file).read_text()
        body = text[text.index(f"interface {name} ") :]
        body = body[: body.index("\n}")]
        declared = re.findall(r"^    (?:function|event|error|struct) (\w+)", body, re.MULTILINE)
        shown = re.findall(r"^### (\w+)$", page, re.MULTILINE)
        assert not Counter(declared) - Counter(shown), name
        if set(interface.bases) <= set(
            interfaces
        ):  # what comes from another library stands here, for want of a page of its own
            assert sorted(declared) == sorted(shown), name


def test_what_the_compiler_says_of_a_function_is_on_the_page(interfaces):
    page = natspec.page(interfaces["IIndexToken"], interfaces)
    told = interfaces["IIndexToken"].user["methods"]["pauseMinting()"]["notice"]
    assert told in page
    assert "function pauseMinting() external\n" in page
    assert "`maxAmounts` | `uint256[]` |" in page, "a parameter with its type"
    assert "| `dailyFee` | `uint256` | streaming fee, D18 per day" in page, "a struct's member"


def test_the_index_of_interfaces_lists_them_all(interfaces):
    assert set(re.findall(r"\]\((\w+)\.md\)", natspec.index(interfaces))) == set(interfaces)


def test_a_source_that_does_not_compile_is_no_page(tmp_path):
    (tmp_path / "interfaces").mkdir()
    (tmp_path / "interfaces/IBroken.sol").write_text("pragma solidity 0.8.37; interface IBroken { function f() }")
    with pytest.raises(natspec.CompilerError, match="IBroken"):
        natspec.compiled(tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("SECURITY.md", "[a](docs/index-math.md#redeem)", "[a](index-math.md#redeem)"),
        ("SECURITY.md", "[a](CONTRIBUTING.md)", "[a](contributing.md)"),
        ("tests/README.md", "[a](../docs/invariants.md)", "[a](invariants.md)"),
        ("SECURITY.md", "[a](https://example.org/x.md) and [b](#here)", "[a](https://example.org/x.md) and [b](#here)"),
    ],
)
def test_a_page_from_elsewhere_keeps_its_links(file, text, expected):
    assert site.moved(text, file) == expected


def test_a_link_to_what_is_no_page_is_refused():
    with pytest.raises(PluginError, match="not a page"):
        site.moved("[a](contracts/index/IndexToken.sol)", "SECURITY.md")


def test_a_link_out_of_docs_stays_in_the_site():
    text = "[a](../../SECURITY.md#reporting) [b](../guide.md)"
    assert site.returned(text, "how-to/x.md") == "[a](../security.md#reporting) [b](../guide.md)"


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://unpkg.com/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<img alt="" srcset="https://example.org/a.png 2x">',
        '<iframe src="HTTPS://example.org"></iframe>',
    ],
)
def test_what_a_page_loads_from_another_host_is_found(html):
    assert site.foreign(f"<html><body>{html}</body></html>")


LOCAL = ('<a href="https://example.org">x</a>', '<script src="../assets/mermaid.js"></script>', '<img src="a.png">')


@pytest.mark.parametrize("html", LOCAL)
def test_what_a_page_merely_links_to_is_no_load(html):
    assert not site.foreign(html)


def test_a_site_with_a_foreign_page_is_refused(tmp_path):
    (tmp_path / "index.html").write_text('<script src="https://unpkg.com/x.js"></script>')
    with pytest.raises(PluginError, match=r"index\.html: https://unpkg\.com"):
        site.on_post_build(cast(MkDocsConfig, SimpleNamespace(site_dir=str(tmp_path))))
    (tmp_path / "index.html").write_text("<p>here</p>")
    (tmp_path / "x.css").write_text("@font-face { src: url(https://fonts.example/a.woff2) }")
    with pytest.raises(PluginError, match=r"x\.css"):
        site.on_post_build(cast(MkDocsConfig, SimpleNamespace(site_dir=str(tmp_path))))


def test_the_browser_itself_refuses_other_hosts():
    """A policy on every page stops every script from asking another host."""
    theme = (ROOT / "docs/theme/main.html").read_text()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', theme)
    assert "default-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)
    assert "custom_dir: docs/theme" in (ROOT / "mkdocs.yml").read_text()


def test_actions_are_pinned_by_commit():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            for step in job["steps"]:
                if "uses" in step:
                    assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step["uses"]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page outside code and tables."""
    inside = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        inside ^= line.lstrip().startswith("```")
        if not inside and not line.startswith(("|", "```")):
            yield number, line


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_lines_of_documents_are_narrow(path):
    """At most 100 columns, where a line can be broken at all."""
    found = [f"{number}: {line}" for number, line in prose(path) if len(line) > 100 and " " in line.strip()]
    assert not found, "\n".join(found)
