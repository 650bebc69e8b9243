"""The bill of materials of a release, in CycloneDX: every locked package of Python and of Node, with its hashes. A
package that comes within another one has none of its own.

Neither time nor place is in it, so that two builds of the same commit have the same bill.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ssi.build import ROOT

NODE = (".", "app", "indexer", "docs/packages", "ssi/report/packages")  # folders whose locked packages make a release
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_ALGORITHMS = {"SHA-512", "SHA-384", "SHA-256", "SHA-1"}

Component = dict[str, Any]


def bill(version: str, root: Path = ROOT) -> dict[str, Any]:
    """The whole, sorted. Raises RuntimeError where npm cannot read a lock."""
    found: dict[str, Component] = {}
    for component in (*python(root), *(each for folder in NODE for each in node(root / folder))):
        if component["hashes"] or component["purl"] not in found:
            found[component["purl"]] = component
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "ssi", "version": version, "bom-ref": "ssi"}},
        "components": [found[purl] for purl in sorted(found)],
    }


def python(root: Path) -> Iterator[Component]:
    """Of requirements.lock. A package with wheels for several platforms has several hashes."""
    text = (root / "requirements.lock").read_text()
    places = [*_PINNED.finditer(text)]
    for match, after in zip(places, [*(each.start() for each in places[1:]), len(text)], strict=True):
        name, version = match[1].lower().replace("_", "-"), match[2]
        purl = f"pkg:pypi/{name}@{version}"
        yield {
            "type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl,
            "hashes": [{"alg": "SHA-256", "content": each} for each in _HASH.findall(text[match.end() : after])],
        }  # fmt: skip


def node(folder: Path) -> Iterator[Component]:
    """Of a package-lock.json, as npm tells them."""
    command = ["npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"npm sbom in {folder}: {done.stderr.strip()[-500:]}")
    for each in json.loads(done.stdout).get("components", []):
        yield {
            "type": "library", "name": each["name"], "version": each["version"], "purl": each["purl"],
            "bom-ref": each["purl"], "hashes": [one for one in each.get("hashes", []) if one["alg"] in _ALGORITHMS],
        }  # fmt: skip
