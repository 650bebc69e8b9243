"""A copy of the repository whose contracts have marks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools import analyse
from tools.coverage.instrument import Place, marked

LIBRARY = Path(__file__).with_name("Coverage.sol")
_LINKED = ("node_modules", ".venv")


def copied(root: Path, folder: Path) -> None:
    """Copies what git knows in `root` to `folder`, as it is on the disk; packages become links.

    Files that are the same stay as they are, so that a second run compiles only what changed.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    files = {name for name in listed.split("\0") if name and (root / name).is_file()}
    for name in files:
        _put(folder / name, (root / name).read_bytes(), (root / name).stat().st_mode)
    for old in [*(folder / "contracts").rglob("*.sol"), *(folder / "tests").rglob("*.py")]:
        if old.relative_to(folder).as_posix() not in files:
            old.unlink()
    for name in _LINKED:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(root / name)
    if (root / ".build/minimainnet").exists() and not (folder / ".build/minimainnet").exists():
        shutil.copytree(root / ".build/minimainnet", folder / ".build/minimainnet")


def instrumented(folder: Path) -> dict[int, Place]:
    """Puts marks into the contracts of a copy; what they stand for, by their numbers.

    Raises:
        AnalysisError: the contracts do not compile.
    """
    asked = analyse.question(folder)
    trees = analyse.compiled(folder, asked)["sources"]
    places: dict[int, Place] = {}
    for file, source in asked["sources"].items():
        found = marked(file, source["content"], trees[file]["ast"], len(places))
        places |= found.places
        (folder / file).write_text(found.text)
    shutil.copy(LIBRARY, folder / "contracts")
    return places


def _put(path: Path, content: bytes, mode: int) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
