"""Breaks the code on purpose and demands that the tests notice: `make mutants`.

Each mutant is one change in a copy of the repository. It must compile, and the tests named with it must turn red.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml
from rich.console import Console

from ssi.build import ROOT

FOLDER = ROOT / "tools/mutations"  # a file for each part; in it by the file to break, and by what is broken


class Mutant(NamedTuple):
    """`old` occurs in `file` and becomes `new`; `tests` must fail."""

    what: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS = tuple(
    Mutant(what, file, **change)
    for path in sorted(FOLDER.glob("*.yaml"))
    for file, changes in yaml.safe_load(path.read_text()).items()
    for what, change in changes.items()
)


def copied(folder: Path) -> None:
    """Copies all that git knows into `folder`, with what is compiled; installed packages are linked."""
    listed = ["git", "ls-files", "-z"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for file in filter(None, files):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes((ROOT / file).read_bytes())
        (folder / file).chmod((ROOT / file).stat().st_mode)
    for shared in ("node_modules", ".venv"):
        (folder / shared).symlink_to(ROOT / shared)
    if (ROOT / ".build").exists():
        shutil.copytree(ROOT / ".build", folder / ".build")


def survives(mutant: Mutant, folder: Path) -> bool:
    """True when the tests stay green. Raises RuntimeError when there is nothing to change or it does not compile."""
    path = folder / mutant.file
    text = path.read_text()
    if text.count(mutant.old) < 1:
        raise RuntimeError(f"{mutant.what}: {mutant.file} has no {mutant.old!r}")
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "SOLCX_BINARY_PATH": str(folder / "tools/solc"),
            "HYPOTHESIS_PROFILE": "unshrunk",
        }

        def run(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )

        built = run("-m", "ssi.build")
        if built.returncode:
            raise RuntimeError(f"{mutant.what}: does not compile\n{built.stderr[-2000:]}")
        return run("tools/with_chain.py", "ape", "test", mutant.tests, "-x", "--tb=no").returncode == 0
    finally:
        path.write_text(text)


def main(words: list[str]) -> int:
    """All mutants, or those whose description contains one of the words."""
    console = Console()
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.what for word in words)]
    alive = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder)
        for mutant in chosen:
            with console.status(mutant.what):
                survived = survives(mutant, folder)
            alive += [mutant.what] if survived else []
            console.print(f"{'[red]survived' if survived else '[green]noticed'}[/]  {mutant.what}")
    console.print(f"{len(chosen) - len(alive)} of {len(chosen)} noticed")
    return 1 if alive or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
