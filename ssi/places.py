"""Where files are: what is committed, and what a machine keeps for itself."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def records() -> Path:
    """Records of deployments, one a network: `deployments/`, or where `SSI_DEPLOYMENTS` points."""
    return _made(Path(os.environ.get("SSI_DEPLOYMENTS", ROOT / "deployments")))


def state(kind: str) -> Path:
    """What can be lost without harm (cursors, proposals that were written down): `build/`, or where `SSI_STATE` points."""
    return _made(Path(os.environ.get("SSI_STATE", ROOT / "build")) / kind)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
