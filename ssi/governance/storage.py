"""Where upgradeable contracts keep their state, and whether a new version leaves it there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssi.build import ROOT

REFERENCES = ROOT / "snapshots" / "storage"
_SCRIPT = Path(__file__).with_suffix(".js")

Layout = dict[str, Any]


@dataclass(frozen=True)
class Upgradeable:
    """An upgradeable contract.

    `flaws`: what must not be behind a proxy; `breaks`: how it breaks its reference, if it does.
    """

    name: str
    layout: Layout
    flaws: list[str]
    breaks: str | None


def production() -> list[str]:
    """The folders of contracts that are deployed."""
    return [
        f"contracts/{folder.name}"
        for folder in sorted((ROOT / "contracts").iterdir())
        if folder.is_dir() and folder.name != "mocks" and not folder.name.startswith(".")
    ]


def examine(folders: Sequence[str], references: Mapping[str, Layout]) -> dict[str, Upgradeable]:
    """All upgradeable contracts of these folders by name, those with a reference compared with it.

    Raises:
        RuntimeError: the sources do not compile, or upgrades-core refuses them outright.
    """
    request = json.dumps({"folders": list(folders), "references": dict(references)})
    done = subprocess.run(["node", str(_SCRIPT)], input=request, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-4000:])
    return {
        name: Upgradeable(name, found["layout"], found["flaws"], found["breaks"])
        for name, found in json.loads(done.stdout).items()
    }


def references() -> dict[str, Layout]:
    """The committed layouts by contract."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(REFERENCES.glob("*.json"))}


def unsafe(name: str) -> str | None:
    """Why an upgrade to the sources of now would be unsafe, None if it would not.

    Raises:
        RuntimeError: see `examine`.
    """
    known = references()
    if name not in known:
        return (
            f"snapshots/storage/ has no layout of {name} to compare with: `make storage` writes it, at the commit that"
            " is deployed."
        )
    found = examine(production(), known)[name]
    return found.breaks or "; ".join(found.flaws) or None
