"""What `mkdocs.yml` hooks into the documentation site: pages from elsewhere in the repository, and no request to
another host.

The site stands on its own: its script for diagrams comes from the locked Node packages, and the build fails where a
page would load anything from another host.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from tools import natspec

ROOT = natspec.ROOT
MERMAID = ROOT / "docs/packages/node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"
# Files outside docs/ that are pages as well, by the name that they have there.
PAGES = {
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "tests/README.md": "tests.md",
}
PYTHON, COMMANDS = "reference/python", "ssi.cli"
_LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)\s]*)?\))")


def moved(text: str, file: str) -> str:
    """A page from elsewhere, with its links as they must be in the site's root.

    Args:
        file: where the text is, under the root of the repository.
    """

    def link(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(file), found[2]))
        if path in PAGES:
            return f"{found[1]}{PAGES[path]}{found[3]}"
        if path.startswith("docs/"):
            return f"{found[1]}{path.removeprefix('docs/')}{found[3]}"
        raise PluginError(f"{file} links to {found[2]}, which is not a page of the site. Name it without a link.")

    return _LINK.sub(link, text)


def returned(text: str, page: str) -> str:
    """A page of docs/, whose links to files outside it lead to where the site has them."""

    def link(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), found[2]))
        if path not in PAGES:
            return found[0]
        return f"{found[1]}{posixpath.relpath(PAGES[path], posixpath.dirname(page) or '.')}{found[3]}"

    return _LINK.sub(link, text)


def _listed(nav: list[Any], pages: Iterable[str]) -> list[Any]:
    """The navigation, in which the index of a folder of generated pages brings the other pages of its folder along."""
    found: list[Any] = []
    for entry in nav:
        if isinstance(entry, dict):
            ((title, value),) = entry.items()
            if isinstance(value, list):
                entry = {title: _listed(value, pages)}
            elif value in pages and value.endswith("/index.md"):
                folder = value.removesuffix("index.md")
                entry = {title: [value, *sorted(page for page in pages if page.startswith(folder) and page != value)]}
        found.append(entry)
    return found


def packages(root: Path = ROOT) -> dict[str, str]:
    """The parts of the Python package that others import, with the first line of what each says of itself.

    Commands are no part.
    """
    found = {}
    for path in sorted([*(root / "ssi").glob("*.py"), *(root / "ssi").glob("*/__init__.py")]):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        told = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]
        if name not in ("ssi", COMMANDS):
            found[name] = told
    return found


def python(root: Path = ROOT) -> dict[str, str]:
    """A page for each part of the Python package, filled from its docstrings, and one that lists them."""
    parts = packages(root)
    rows = "".join(f"| [`{name}`]({name}.md) | {told} |\n" for name, told in parts.items())
    pages = {f"{PYTHON}/{name}.md": f"# {name}\n\n::: {name}\n" for name in parts}
    head = (
        "# The Python package\n\n::: ssi\n    options: { show_submodules: false, members: false }\n\n| part | what it"
        " is |\n|---|---|\n"
    )
    return {f"{PYTHON}/index.md": head + rows, **pages}


@cache
def _reference() -> dict[str, str]:
    return natspec.pages() | python()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds pages from elsewhere, those of the interfaces, and the script for diagrams."""
    if not MERMAID.exists():
        raise PluginError(f"{MERMAID.relative_to(ROOT)} is missing: `make docs` installs it.")
    for file, page in PAGES.items():
        files.append(File.generated(config, page, content=moved((ROOT / file).read_text(), file)))
    for page, text in _reference().items():
        files.append(File.generated(config, page, content=text))
    files.append(File.generated(config, "assets/mermaid.js", abs_src_path=str(MERMAID)))
    config.nav = _listed(config.nav or [], _reference())
    return files


def on_page_markdown(markdown: str, page: object, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - mkdocs names them
    """Links that leave docs/ stay within the site."""
    return returned(markdown, page.file.src_uri) if page.file.generated_by is None else markdown  # type: ignore[attr-defined]


class _Loads(HTMLParser):
    """Addresses that a browser fetches by itself when it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "link" and named.get("rel") not in ("canonical", "next", "prev", "alternate"):
            self.found.append(named.get("href", ""))
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "object"):
            self.found += [named[name] for name in ("src", "srcset", "data") if name in named]


def foreign(html: str) -> list[str]:
    """What a page would load from another host."""
    parser = _Loads()
    parser.feed(html)
    return [address for address in parser.found if re.match(r"(?:[a-z]+:)?//", address.strip(), re.IGNORECASE)]


def on_post_build(config: MkDocsConfig) -> None:
    """Refuses a site that loads anything from another host.

    Raises:
        PluginError: with the pages and addresses.
    """
    site = Path(config.site_dir)
    found = [
        f"{path.relative_to(site)}: {address}"
        for path in sorted(site.rglob("*.html"))
        for address in foreign(path.read_text())
    ]
    found += [
        f"{path.relative_to(site)}: {address}"
        for path in sorted(site.rglob("*.css"))
        for address in re.findall(r"url\(['\"]?((?:https?:)?//[^)'\"]+)", path.read_text())
    ]
    if found:
        raise PluginError("Pages load from other hosts:\n" + "\n".join(found))
