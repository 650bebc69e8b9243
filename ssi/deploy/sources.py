"""What a stranger compiles: solc's standard JSON inputs, one a contract, with its sources and no others.

The deployment writes them beside its record. One that is compiled gives the very bytes that were deployed, the hash of
the metadata at their end included.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import solcx

from ssi.build import ROOT

Input = dict[str, Any]  # https://docs.soliditylang.org/en/v0.8.37/using-the-compiler.html#input-description

_IMPORT = re.compile(r"""^\s*import\b[^;]*?["']([^"']+)["']\s*;""", re.MULTILINE)
_OUTPUT = ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode"]


@cache
def _settings() -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = yaml.safe_load((ROOT / "ape-config.yaml").read_text())["solidity"]
    return found


def _version() -> str:
    return str(_settings()["version"])


def standard_input(source: str, name: str) -> Input:
    """Of the contract `name` in the file `source`, a path under the root of the repository."""
    build, texts, waiting = _settings(), {}, [source]
    while waiting:
        path = waiting.pop()
        if path not in texts:
            texts[path] = (ROOT / path).read_text()
            waiting += [_resolved(path, imported) for imported in _IMPORT.findall(texts[path])]
    return {
        "language": "Solidity",
        "sources": {path: {"content": texts[path]} for path in sorted(texts)},
        "settings": {
            "evmVersion": build["evm_version"],
            "optimizer": {"enabled": build["optimize"], "runs": build["optimization_runs"]},
            "viaIR": build["via_ir"],
            "remappings": sorted(build["import_remapping"]),
            "outputSelection": {source: {name: _OUTPUT}},
        },
    }


def _resolved(source: str, imported: str) -> str:
    """The path of an import: relative ones from their file, those of packages through the longest remapping."""
    if imported.startswith("."):
        return os.path.normpath(Path(source).parent / imported)
    pairs = [mapping.split("=") for mapping in _settings()["import_remapping"]]
    prefix, target = max((pair for pair in pairs if imported.startswith(f"{pair[0]}/")), key=lambda pair: len(pair[0]))
    return str(target) + imported.removeprefix(prefix)


def write(folder: Path, contracts: dict[str, str]) -> None:
    """One file a contract, and nothing else in `folder`. `contracts` are sources by the contract's name."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        if old.stem not in contracts:
            old.unlink()
    for name, source in contracts.items():
        (folder / f"{name}.json").write_text(json.dumps(standard_input(source, name), indent=1) + "\n")


def identifier(given: Input) -> str:
    """Of the contract that an input is for, such as "contracts/index/IndexToken.sol:IndexToken"."""
    ((source, names),) = given["settings"]["outputSelection"].items()
    (name,) = names
    return f"{source}:{name}"


@dataclass(frozen=True)
class Compiled:
    """What solc makes of an input and of nothing else.

    Attributes:
        code: what is sent to create the contract; its constructor's arguments come behind it.
        compiler: the whole version, such as "0.8.37+commit.f2d12fa3".
        immutables: of each, the places in the deployed code that it fills.
    """

    code: bytes
    compiler: str
    immutables: tuple[frozenset[int], ...] = ()


def compiled(given: Input) -> Compiled:
    """Raises solcx.exceptions.SolcError: it does not compile."""
    (made,) = compiled_together([given])
    return made


def compiled_together(given: Sequence[Input]) -> list[Compiled]:
    """The same of several in one run, which takes less time than one for each: what they share is read once.

    Raises:
        ValueError: they differ in a setting, or in the text of a source that they share.
        solcx.exceptions.SolcError: one does not compile.
    """
    texts: dict[str, Any] = {}
    chosen: dict[str, dict[str, Any]] = {}
    common = {**given[0]["settings"], "outputSelection": chosen}
    for one in given:
        for source, names in one["settings"]["outputSelection"].items():
            chosen.setdefault(source, {}).update(names)
        if {**one["settings"], "outputSelection": chosen} != common:
            raise ValueError(f"{identifier(one)} has other settings than {identifier(given[0])}")
        for path, text in one["sources"].items():
            if texts.setdefault(path, text) != text:
                raise ValueError(f"{identifier(one)} has another text of {path}")
    whole = {"language": "Solidity", "sources": texts, "settings": common}
    made = solcx.compile_standard(whole, solc_version=_version())["contracts"]
    return [_read(made[source][name]) for source, name in (identifier(one).split(":") for one in given)]


def _read(made: dict[str, Any]) -> Compiled:
    evm, version = made["evm"], json.loads(made["metadata"])["compiler"]["version"]
    immutables = tuple(
        frozenset(at for place in places for at in range(place["start"], place["start"] + place["length"]))
        for places in evm["deployedBytecode"]["immutableReferences"].values()
    )
    return Compiled(bytes.fromhex(evm["bytecode"]["object"]), version, immutables)
