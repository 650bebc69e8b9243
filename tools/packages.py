"""Builds what others install, into build/packages: the wheel of `ssi` with what is compiled, and the npm package of
interfaces.

`python -m tools.packages` builds both; `make packages` calls it.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from forks import artifacts
from minimainnet import node
from ssi.build import PACKAGED, ROOT, fresh_project
from ssi.chain import erc20
from ssi.report import page
from tools import npm_package

TARGET = ROOT / "build" / "packages"
# What a wheel is made of. It is built in a copy, so that nothing that lies about gets into it.
_PARTS = ("deployments", "forks", "minimainnet", "ssi", "LICENSE", "README.md", "pyproject.toml", "setup.py")
_KEPT = ("contractName", "abi", "deploymentBytecode", "runtimeBytecode")


def data(folder: Path) -> None:
    """Writes what `setup.py` takes into the wheel: contracts, the miniature mainnet, the stand-ins that a real fork
    needs, and the library of a report's charts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kinds: dict[str, Any] = {}
    for name, container in sorted(fresh_project().load_contracts().items()):
        if "/mocks/" in str(container.contract_type.source_id):
            continue
        whole = json.loads(container.contract_type.model_dump_json(by_alias=True, exclude_none=True))
        kinds[name] = {key: whole[key] for key in _KEPT if key in whole}
    _compress(folder / PACKAGED.name, json.dumps(kinds, sort_keys=True).encode())
    _compress(folder / node.PACKAGED.name, node.built_state().read_bytes())
    for name, text in zip(page.FILES, page.library(), strict=True):
        (folder / page.packaged(name)).write_text(text)
    (folder / erc20.PACKAGED.name).write_text(erc20.ARTIFACT.read_text())
    (folder / "standins.json").write_text(json.dumps(artifacts.standins(), sort_keys=True))


def _compress(file: Path, content: bytes) -> None:
    file.write_bytes(gzip.compress(content, mtime=0))


def wheel(target: Path) -> Path:
    """Builds the wheel; returns its path. Raises RuntimeError when the build fails."""
    with tempfile.TemporaryDirectory(prefix="ssi-wheel-") as folder:
        copy = Path(folder)
        for part in _PARTS:
            if (ROOT / part).is_dir():
                unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules")
                shutil.copytree(ROOT / part, copy / part, ignore=unwanted)
            else:
                shutil.copy(ROOT / part, copy)
        data(copy / "build" / "packages" / "data")
        command = [
            "pip",
            "wheel",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            folder,
            folder,
        ]
        done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-4000:])
        (built,) = copy.glob("*.whl")
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob("*.whl"):
            old.unlink()
        return Path(shutil.copy(built, target))


def main() -> int:
    """Builds both and says where they are."""
    console = Console(stderr=True)
    with console.status("Building packages"):
        made = [wheel(TARGET), *npm_package.build(TARGET)]
    for path in made:
        console.print(f"· {path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
