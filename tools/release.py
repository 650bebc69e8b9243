"""What a release consists of, in build/release: the wheel, the npm package, the web app, the documentation, a bill of
materials and checksums.

    python -m tools.release              # `make release`
    python -m tools.release --twice      # builds it twice and demands the same bytes
    python -m tools.release --tag v0.1.0 # demands that the tag is the version, and that the changelog has it

The time in every archive is that of the commit. The version stands in pyproject.toml; a test compares the others.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from rich.console import Console

from ssi.build import ROOT
from tools import npm_package, packages
from tools.bill import bill

TARGET = ROOT / "build" / "release"
SUMS = "SHA256SUMS"


def version() -> str:
    """Of pyproject.toml. Raises RuntimeError where there is none."""
    found = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError("pyproject.toml says no version")
    return found[1]


def notes(wanted: str, changelog: str) -> str:
    """What the changelog says of a version, without its heading. Raises RuntimeError where it says nothing."""
    found = re.search(rf"^## {re.escape(wanted)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise RuntimeError(f"CHANGELOG.md has no section ## {wanted}")
    return found[1].strip() + "\n"


def time_of_commit() -> int:
    """Unix seconds; of the sources' changelog where there is no repository."""
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else 1_735_689_600


def archive(folder: Path, target: Path, time: int) -> Path:
    """A folder as .tar.gz: names sorted, no account, one time."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = tarfile.TarInfo(f"{target.name.removesuffix('.tar.gz')}/{path.relative_to(folder).as_posix()}")
            entry.size, entry.mtime, entry.mode = path.stat().st_size, time, 0o644
            with path.open("rb") as content:
                tar.addfile(entry, content)
    target.write_bytes(gzip.compress(raw.getvalue(), mtime=0))
    return target


def checksums(folder: Path) -> str:
    """As `sha256sum --check` reads them."""
    files = sorted(path for path in folder.iterdir() if path.name != SUMS)
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def build(target: Path, console: Console) -> str:
    """Everything anew; returns the checksums. The web app and the documentation are built by `make` before."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    number, time = version(), time_of_commit()
    os.environ["SOURCE_DATE_EPOCH"] = str(time)
    for name, folder, command in (
        ("web", ROOT / "app/dist", ["make", "--no-print-directory", "app-build"]),
        ("docs", ROOT / "build/site", ["make", "--no-print-directory", "docs"]),
    ):
        with console.status(f"Building {name}"):
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([*command, *os.environ.get("RELEASE_MAKEFLAGS", "").split()], cwd=ROOT, check=True)
            archive(folder, target / f"ssi-{name}-{number}.tar.gz", time)
    with console.status("Building packages"):
        packages.wheel(target)
        npm_package.build(target)
    (target / "bill-of-materials.json").write_text(json.dumps(bill(number), indent=1, sort_keys=True) + "\n")
    sums = checksums(target)
    (target / SUMS).write_text(sums)
    return sums


def main(words: list[str]) -> int:
    """Builds and says where it is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--tag")
    asked, console = parser.parse_args(words), Console(stderr=True)
    if asked.tag is not None:
        if asked.tag != f"v{version()}":
            console.print(f"The tag is {asked.tag}, and pyproject.toml says {version()}.")
            return 1
        notes(version(), (ROOT / "CHANGELOG.md").read_text())
    sums = build(TARGET, console)
    if asked.twice and (again := build(TARGET, console)) != sums:
        changed = set(again.splitlines()) ^ set(sums.splitlines())
        console.print("Two builds differ: " + ", ".join(sorted({line.split("  ")[1] for line in changed})))
        return 1
    console.print(sums.rstrip(), highlight=False, soft_wrap=True)
    console.print(f"· {TARGET.relative_to(ROOT)}" + (", the same twice" if asked.twice else ""), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
