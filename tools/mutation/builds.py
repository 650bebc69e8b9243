"""Syntax trees of all sources, and the bytecode of a mutant: that of the contracts which the changed function reaches,
with the build's own settings. What the build has made is compared with it, but for the hash of the sources.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ssi.build import fingerprints
from tools.mutation.operators import Mutation, Node, function_names, mutants

# A hash of the sources and the compiler's version, which solc puts behind the code: every change moves it.
_METADATA = re.compile("a264697066735822[0-9a-f]{68}64736f6c6343[0-9a-f]{6}0033")
_DRIVER = Path(__file__).with_name("compiler.js")
_AT_ONCE = 40  # after so many questions a new process: solc's WebAssembly never gives memory back


class NotCompiled(Exception):  # noqa: N818 - a past participle says it best
    """The sources do not compile. `args` are the compiler's messages."""


class Code(NamedTuple):
    """Hexadecimal, without 0x."""

    creation: str
    runtime: str


class Compiler:
    """A process of solc that is started when it is needed."""

    def __init__(self, root: Path) -> None:
        self._root, self._process, self._asked = root, None, 0
        settings = yaml.safe_load((root / "ape-config.yaml").read_text())["solidity"]
        self._settings = {
            "remappings": settings["import_remapping"],
            "evmVersion": settings["evm_version"],
            "viaIR": settings["via_ir"],
            "optimizer": {"enabled": settings["optimize"], "runs": settings["optimization_runs"]},
        }

    _process: subprocess.Popen[str] | None

    def ask(self, sources: Mapping[str, str], selection: Any) -> dict[str, Any]:
        """The compiler's answer; other sources are read from the folder.

        Raises:
            NotCompiled: they do not compile.
        """
        if self._process is None or self._asked % _AT_ONCE == 0:
            self.close()
            self._process = subprocess.Popen(
                ["node", str(_DRIVER), str(self._root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        self._asked += 1
        question = {
            "language": "Solidity",
            "sources": {file: {"content": text} for file, text in sources.items()},
            "settings": {**self._settings, "outputSelection": selection},
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if errors := [each["formattedMessage"] for each in answer.get("errors", ()) if each["severity"] == "error"]:
            raise NotCompiled(*errors)
        return answer

    def close(self) -> None:
        """Ends the process."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


class SourceTrees:
    """All sources of a folder, their mutants, and the code of both."""

    def __init__(self, root: Path, cache: Path) -> None:
        """Reads and parses. `root` has been built; `cache` keeps the trees of the sources as they are now."""
        self.root, self._compiler = root, Compiler(root)
        stamp = hashlib.sha256(json.dumps(fingerprints(root), sort_keys=True).encode()).hexdigest()[:16]
        kinds = json.loads((root / ".build/__local__.json").read_text())["contractTypes"]
        self._built = {
            name: _plain(kind.get("deploymentBytecode", {}).get("bytecode", "")) for name, kind in kinds.items()
        }
        trees = cache / f"trees-{stamp}.json"
        if not trees.exists():
            cache.mkdir(parents=True, exist_ok=True)
            paths = [path.relative_to(root).as_posix() for path in sorted((root / "contracts").rglob("*.sol"))]
            answer = self._compiler.ask({path: (root / path).read_text() for path in paths}, {"*": {"": ["ast"]}})
            trees.write_text(json.dumps({file: of["ast"] for file, of in answer["sources"].items()}))
        self.trees: dict[str, Node] = json.loads(trees.read_text())
        self._reach = _reach(self.trees)

    def text(self, file: str) -> bytes:
        """That of a source."""
        return (self.root / file).read_bytes()

    def mutants(self) -> list[Mutation]:
        """All there are, of contracts/ without the mocks."""
        names = frozenset().union(*map(function_names, self.trees.values()))
        return [
            mutant for file, tree in sorted(self.trees.items())
            if file.startswith("contracts/") and "/mocks/" not in file
            for mutant in mutants(file, self.text(file), tree, names)
        ]  # fmt: skip

    def reached(self, mutant: Mutation) -> dict[str, str]:
        """The contracts whose code holds the mutant's function, and their files; those of its own file first."""
        found = {name: file for (name, file), spans in self._reach.items()
                 if any(a <= mutant.start and mutant.end <= b for a, b in spans.get(mutant.file, ()))}  # fmt: skip
        return dict(sorted(found.items(), key=lambda pair: (pair[1] != mutant.file, "/mocks/" in pair[1], pair)))

    def changed(self, mutant: Mutation) -> dict[str, Code]:
        """The code of contracts that is another one with the mutant. None means that the compiler makes the same of it.

        Raises:
            NotCompiled: the mutant does not compile.
        """
        wanted = self.reached(mutant)
        if not wanted:
            return {}
        text = mutant.applied(self.text(mutant.file)).decode()
        compiled = self._compiled(wanted, {mutant.file: text})
        return {name: code for name, code in compiled.items() if _plain(code.creation) != self._built[name]}

    def _compiled(self, wanted: Mapping[str, str], instead: Mapping[str, str]) -> dict[str, Code]:
        selection = defaultdict[str, dict[str, list[str]]](dict)
        for name, file in wanted.items():
            selection[file][name] = ["evm.bytecode.object", "evm.deployedBytecode.object"]
        sources = {file: self.text(file).decode() for file in wanted.values()} | dict(instead)
        answer = self._compiler.ask(sources, selection)["contracts"]
        return {
            name: Code(*(answer[file][name]["evm"][kind]["object"] for kind in ("bytecode", "deployedBytecode")))
            for name, file in wanted.items()
        }

    def close(self) -> None:
        """Ends the compiler."""
        self._compiler.close()


def _plain(code: str) -> str:
    """Without what no instruction is."""
    return _METADATA.sub("", code.removeprefix("0x"))


# ---------------------------------------------------------------- what a contract's code is made of


def _reach(trees: Mapping[str, Node]) -> dict[tuple[str, str], dict[str, list[tuple[int, int]]]]:
    """By contract that can be deployed and its file: the spans of declarations that its code is made from, by file.

    Every function of a contract and of its bases counts, and every declaration that one of these names.
    """
    declared, uses, contracts = dict[int, tuple[str, int, int]](), dict[int, set[int]](), dict[int, Node]()
    files = {}
    for file, tree in trees.items():
        for contract in tree["nodes"]:
            parts = contract["nodes"] if contract["nodeType"] == "ContractDefinition" else [contract]
            if contract["nodeType"] == "ContractDefinition":
                contracts[contract["id"]], files[contract["id"]] = contract, file
            for part in parts:
                if "id" in part:
                    start, length, _ = map(int, part["src"].split(":"))
                    declared[part["id"]] = (file, start, start + length)
                    uses[part["id"]] = set(_named(part))
            if contract["nodeType"] == "ContractDefinition":  # arguments of base constructors
                uses[contract["id"]] = {each for base in contract["baseContracts"] for each in _named(base)}
    answer = {}
    for number, contract in contracts.items():
        if contract["abstract"] or contract["contractKind"] != "contract":
            continue
        lines = [contracts[base] for base in contract["linearizedBaseContracts"] if base in contracts]
        waiting = [part["id"] for line in lines for part in line["nodes"] if "id" in part]
        waiting += [line["id"] for line in lines]
        seen = set[int]()
        while waiting:
            if (each := waiting.pop()) in seen or each not in uses:
                continue
            seen.add(each)
            # To name a contract is to name its address or its type, unless `new` makes one.
            waiting += [use for use in uses[each] if use not in contracts]
        spans = defaultdict[str, list[tuple[int, int]]](list)
        for each in seen & declared.keys():
            file, start, end = declared[each]
            spans[file].append((start, end))
        answer[contract["name"], files[number]] = dict(spans)
    return answer


def _named(node: Any) -> Iterator[int]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("referencedDeclaration", "function", "declaration") and isinstance(value, int):
                yield value
            elif isinstance(value, dict | list):
                yield from _named(value)
    elif isinstance(node, list):
        for value in node:
            yield from _named(value)
