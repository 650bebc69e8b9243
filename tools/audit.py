"""The generated parts of docs/audit: `make audit` writes them, and a test compares them with what they come from.

python -m tools.audit                  # `make audit`
python -m tools.audit --since v0.1.0   # prints what changed since a tag or a commit, and writes nothing
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ssi.build import ROOT
from tools.analyse import TRIAGE, compiled, question
from tools.audit_calls import Contract, contracts
from tools.audit_held import held
from tools.findings import UNGUARDED, reasons
from tools.sizes import LIMIT, SNAPSHOT

PAGES = ROOT / "docs" / "audit"
BEGIN, END = "<!-- made by make audit -->", "<!-- end of what make audit made -->"
_HEAD = "contract | file in `contracts/` | lines | lines in all | bytes | upgradeable | calls | reads"
_CODE = ("contracts", "interfaces", ":(exclude)contracts/mocks")
_FIGURES = ("snapshots/storage", "snapshots/sizes.json", "docs/permissions.md")
_SINCE = re.compile(r"^Since `([^`]+)`", re.MULTILINE)


def refreshed(page: str, body: str) -> str:
    """The page with `body` between its marks."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{body.strip()}\n\n{END}{rest.split(END)[1]}"


# ---------------------------------------------------------------- scope


def code_lines(text: str) -> int:
    """Lines that are neither empty nor comment."""
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return sum(bool(line.split("//")[0].strip()) for line in bare.splitlines())


def scope(deployed: Sequence[Contract], sizes: Mapping[str, int], root: Path = ROOT) -> str:
    """Every contract that is deployed, what is compiled into them, and what comes from elsewhere.

    Raises:
        KeyError: a size or a version is not known.
    """
    lines = {
        path.relative_to(root).as_posix(): code_lines(path.read_text())
        for folder in ("contracts", "interfaces")
        for path in (root / folder).rglob("*.sol")
    }
    homes = {each.file for each in deployed}
    users: dict[str, list[str]] = {}
    for each in deployed:
        for file in each.files - homes:
            users.setdefault(file, []).append(each.name)
    inner = {file: names for file, names in users.items() if file in lines}
    packages: dict[str, list[str]] = {}
    for file in users.keys() - inner.keys():
        packages.setdefault("/".join(file.split("/")[1 : 3 if file.startswith("node_modules/@") else 2]), []).append(
            file
        )
    locked = json.loads((root / "package-lock.json").read_text())["packages"]
    faces = [count for file, count in lines.items() if file.startswith("interfaces/")]
    ours = sum(lines[file] for file in homes | inner.keys())
    rows = [
        (
            f"`{each.name}`", f"`{_short(each.file)}`", lines[each.file],
            sum(lines.get(file, 0) for file in each.files), f"{sizes[each.name]:,}",
            "yes" if each.upgradeable else "no", _named(each.writes), _named(each.reads),
        )
        for each in deployed
    ]  # fmt: skip
    return "\n\n".join(
        [
            f"{len(rows)} contracts are deployed, made of {len(homes | inner.keys())} files with {ours:,} lines.\n"
            f"The {len(faces)} files of `interfaces/` have {sum(faces):,} more.",
            _table(_HEAD, rows),
            "## Compiled into them",
            _table("file in `contracts/` | lines | used by", [
                (f"`{_short(file)}`", lines[file], _named(names)) for file, names in sorted(inner.items())]),
            "## From elsewhere",
            _table("package | version | files", [
                (f"`{name}`", locked[f"node_modules/{name}"]["version"], len(files))
                for name, files in sorted(packages.items())]),
        ]
    )  # fmt: skip


def _short(file: str) -> str:
    return file.removeprefix("contracts/")


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _table(head: str, rows: Iterable[Iterable[object]]) -> str:
    rule = ["---:" if name.startswith(("lines", "bytes", "files")) else "---" for name in head.split(" | ")]
    return "\n".join([f"| {head} |", f"|{'|'.join(rule)}|", *(f"| {' | '.join(map(str, row))} |" for row in rows)])


# ---------------------------------------------------------------- what changed


def _git(root: Path, *words: str) -> str | None:
    """What git says; None where it fails, as without a repository."""
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    return done.stdout.rstrip() if done.returncode == 0 else None


def since(commit: str, root: Path = ROOT) -> str:
    """Which files differ from a tag or a commit, and whether storage, sizes and rights do. Empty where no file does.

    Raises:
        LookupError: the clone does not have it.
    """
    code, figures = (_git(root, "diff", "--stat=96", commit, "--", *paths) for paths in (_CODE, _FIGURES))
    if code is None or figures is None:
        raise LookupError(f"There is no {commit} here. A shallow clone lacks tags: git fetch --tags --unshallow.")
    if not code:
        return ""
    return "\n\n".join([
        f"Since `{commit}`, in the code that is deployed:", f"```text\n{code}\n```",
        "In storage, sizes and rights:", f"```text\n{figures or 'nothing'}\n```",
    ])  # fmt: skip


def changes(page: str, root: Path = ROOT) -> str:
    """The page about changes as it has to be.

    It stays as it is where no code differs from the last tag, so a tagged state says what led to it; and where the
    clone lacks the tag that it names, because then there is nothing to compare.
    """
    tag, said = _git(root, "describe", "--tags", "--abbrev=0", "--match", "v*"), _SINCE.search(page)
    if tag is None or (said and _git(root, "rev-parse", "--verify", "--quiet", f"{said[1]}^{{commit}}") is None):
        return (
            page if said else refreshed(page, "There is no tag yet, so there is nothing to compare with: all is new.")
        )
    text = since(tag, root)
    return refreshed(page, text) if text else page


# ---------------------------------------------------------------- all of it


def issues(page: str, sizes: Mapping[str, int]) -> str:
    """The known issues, with the figures that move most often: room that is left, findings of the analysis."""
    page = re.sub(r"(`(IndexToken|Rebalancer)`(?: has)? )\d+", lambda row: f"{row[1]}{LIMIT - sizes[row[2]]}", page)
    counts = [sum(times for key, (_, times) in reasons(TRIAGE).items() if (key.detector == UNGUARDED) == own)
              for own in (False, True)]  # fmt: skip
    says = "{} of high or medium impact by slither, and {} functions without"
    return re.sub(says.format(r"\d+", r"\d+"), says.format(*counts), page)


def pages() -> dict[Path, str]:
    """Each page with generated parts as it has to be."""
    deployed = contracts(compiled(ROOT, question(ROOT))["sources"])
    sizes = json.loads(SNAPSHOT.read_text())
    paths = {name: PAGES / f"{name}.md" for name in ("scope", "held", "changes", "issues")}
    texts = {name: path.read_text() for name, path in paths.items()}
    return {
        paths["scope"]: refreshed(texts["scope"], scope(deployed, sizes)),
        paths["held"]: refreshed(texts["held"], held(ROOT / "tests")),
        paths["changes"]: changes(texts["changes"]),
        paths["issues"]: issues(texts["issues"], sizes),
    }


def main(words: Sequence[str]) -> int:
    """Writes the pages, or prints what changed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--since", metavar="TAG")
    if (tag := parser.parse_args(words).since) is not None:
        try:
            print(since(tag) or f"The code is that of {tag}.")
        except LookupError as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    for path, text in pages().items():
        print(f"· {path.relative_to(ROOT)}  {'unchanged' if path.read_text() == text else 'written'}")
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
