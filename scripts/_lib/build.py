"""The one way to get compiled contracts.

Ape compiles a file again only when the text of that very file changed. After an edit of a base contract, a library, an
interface or a compiler setting its importers would keep their old bytecode. So everything that decides bytecode is hashed,
and when the hash moved, all is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ape.managers.project import ProjectManager

ROOT = Path(__file__).resolve().parents[2]
STAMP = Path(".build/sources.sha256")


def sources(root: Path) -> Iterator[Path]:
    """All files that decide bytecode, in a fixed order."""
    yield from sorted((root / "contracts").rglob("*.sol"))
    yield from sorted((root / "interfaces").rglob("*.sol"))
    yield from (root / "ape-config.yaml", root / "package-lock.json")


def fingerprint(root: Path = ROOT) -> str:
    """SHA-256 over the names and the texts of `sources`."""
    digest = hashlib.sha256()
    for path in sources(root):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def fresh_project(project: ProjectManager | None = None) -> ProjectManager:
    """The Ape project with bytecode that belongs to the sources as they are now.

    Args:
        project: where to compile; this repository when left out.

    Raises:
        ape.exceptions.CompilerError: the sources do not compile.
    """
    if project is None:
        from ape import project as local

        project = local
    root = Path(project.path)
    stamp = root / STAMP
    now = fingerprint(root)
    if not stamp.exists() or stamp.read_text() != now:
        stamp.unlink(missing_ok=True)
        project.load_contracts(use_cache=False)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(now)
    return project


def main() -> int:
    """Compiles if need be and says so."""
    from rich.console import Console

    os.environ.setdefault("MAINNET_RPC_URL", "http://127.0.0.1:9545")  # Ape wants one even where nothing is asked of it

    from scripts._lib.chain import quiet

    quiet()
    console = Console(stderr=True)
    if (ROOT / STAMP).exists() and (ROOT / STAMP).read_text() == fingerprint():
        return 0
    with console.status("Compiling the contracts (about two minutes from nothing)"):
        fresh_project()
    console.print("· contracts compiled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
