"""The one way to get compiled contracts.

Ape compiles a file again only when the text of that very file changed. After an edit of a base contract, a library, an
interface or a compiler setting its importers would keep their old bytecode. So each source has a fingerprint of
everything that decides its bytecode: the compiler's settings, the locked packages, its own text and the texts of all
that it imports. Sources whose fingerprint moved are compiled anew, and no others, with the settings of a whole build.

An installed package has no sources: there the contracts are those that were compiled when its wheel was made.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from ssi import places

if TYPE_CHECKING:
    from ape.managers.project import ProjectManager

ROOT = places.ROOT
PACKAGED = places.PACKAGED / "contracts.json.gz"
STAMP = Path(".build/sources.json")
RECIPE = "every remapping"  # how sources are compiled, where no setting says it; another text compiles all anew

_IMPORT = re.compile(r"""^\s*import\b[^;]*?["']([^"']+)["']\s*;""", re.MULTILINE)


def sources(root: Path) -> Iterator[Path]:
    """All compiled files, in a fixed order."""
    yield from sorted((root / "contracts").rglob("*.sol"))


def fingerprints(root: Path = ROOT) -> dict[str, str]:
    """SHA-256 of all that decides the bytecode of each source, by its path under `root`."""
    common = hashlib.sha256(RECIPE.encode())
    for name in ("ape-config.yaml", "package-lock.json"):
        common.update(hashlib.sha256((root / name).read_bytes()).digest())

    @cache
    def imports(path: Path) -> tuple[Path, ...]:
        """Imported files of this repository. Those of packages are fixed by the lock file."""
        found = (f"{path.parent}/{name}" for name in _IMPORT.findall(path.read_text()) if name.startswith("."))
        return tuple(sorted({Path(os.path.normpath(each)) for each in found}))

    @cache
    def text(path: Path) -> bytes:
        return hashlib.sha256(path.read_bytes()).digest()

    def reach(path: Path) -> list[Path]:
        seen, waiting = {path}, [path]
        while waiting:
            fresh = [each for each in imports(waiting.pop()) if each not in seen]
            seen.update(fresh)
            waiting += fresh
        return sorted(seen)

    root = root.resolve()
    named = cache(lambda path: str(path.relative_to(root)))
    answer = {}
    for source in sources(root):
        digest = common.copy()
        for path in reach(source):
            digest.update(named(path).encode() + b"\0" + text(path))
        answer[named(source)] = digest.hexdigest()
    return answer


def stale(root: Path = ROOT) -> list[str]:
    """Sources whose bytecode is not of their texts as they are now. All of them where the record or a source
    is gone.
    """
    try:
        recorded = json.loads((root / STAMP).read_text())
    except (OSError, ValueError):
        recorded = {}
    now = fingerprints(root)
    if recorded.keys() - now.keys():
        return sorted(now)
    return sorted(name for name, digest in now.items() if recorded.get(name) != digest)


class Packaged:
    """The contracts of a wheel by name, each an Ape container. Stands where a checkout has its Ape project."""

    def __init__(self, file: Path = PACKAGED) -> None:
        """Raises FileNotFoundError where the package was installed without them."""
        if not file.exists():
            raise FileNotFoundError(
                "This ssi was installed without compiled contracts: install the wheel that `make packages` builds, or"
                " run `make build` and then `make packages` in a checkout."
            )
        self._kinds: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
        self.path = places.working()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._kinds:
            raise AttributeError(f"the package has no contract {name}")
        from ape.contracts import ContractContainer
        from ethpm_types import ContractType

        made = ContractContainer(ContractType.model_validate(self._kinds[name]))
        setattr(self, name, made)
        return made

    def load_contracts(self) -> dict[str, Any]:
        """All of them."""
        return {name: getattr(self, name) for name in self._kinds}


def fresh_project(project: ProjectManager | None = None) -> ProjectManager:
    """The Ape project with bytecode that belongs to the sources as they are now; in an installed package its `Packaged`
    contracts.

    Args:
        project: where to compile; this repository when left out.

    Raises:
        ape.exceptions.CompilerError: the sources do not compile.
        FileNotFoundError: the package was installed without compiled contracts.
    """
    if project is None and places.INSTALLED:
        return Packaged()
    if project is None:
        from ape import project as local

        project = local
    root = Path(project.path)
    if waiting := stale(root):
        now = fingerprints(root)
        # Where compiling fails or is interrupted, what was good before it still is.
        _write(root, {name: digest for name, digest in now.items() if name not in waiting})
        with _settings_of_a_whole_build(project):
            project.load_contracts(*([] if len(waiting) == len(now) else waiting), use_cache=False)
        _write(root, now)
    return project


@contextmanager
def _settings_of_a_whole_build(project: ProjectManager) -> Iterator[None]:
    """Ape hands solc the remappings that a batch of sources uses. solc puts a hash of its settings behind the code,
    so one file that is compiled alone would differ at its end from the same file in a whole build. Here every batch
    gets all remappings that are configured.
    """
    from ape_solidity._models import SourceTree

    known = {remap.key: str(remap.value) for remap in project.config.get_config("solidity").import_remapping}

    def configured(_: Any, __: Iterable[Path]) -> dict[str, str]:
        return dict(known)

    with patch.object(SourceTree, "get_remappings_used", configured):
        yield


def _write(root: Path, record: dict[str, str]) -> None:
    (root / STAMP).parent.mkdir(exist_ok=True)
    (root / STAMP).write_text(json.dumps(record, indent=1, sort_keys=True))


def main() -> int:
    """Compiles if need be and says so."""
    from rich.console import Console

    os.environ.setdefault("MAINNET_RPC_URL", "http://127.0.0.1:9545")  # Ape wants one even where nothing is asked of it

    from ssi.chain.network import quiet

    quiet()
    console = Console(stderr=True)
    waiting = stale()
    if not waiting:
        return 0
    with console.status(f"Compiling {len(waiting)} sources (about two minutes for all)"):
        fresh_project()
    console.print("· contracts compiled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
