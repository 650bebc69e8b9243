"""What each deployed contract consists of and whom it calls, out of the compiler's syntax trees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_CODE = ("FunctionDefinition", "ModifierDefinition")
_LOW = {"barecall": True, "baredelegatecall": True, "barestaticcall": False, "creation": True}
_ASSEMBLY = {"call": True, "delegatecall": True, "staticcall": False, "create": True, "create2": True}


class Contract(NamedTuple):
    """A contract that is deployed.

    `files` hold code of it: its own, its bases', its libraries'. `writes` are the calls that can change state, as
    `Interface.function`; where the call is made by a low-level instruction, the function that has it, and where that is
    in a library from elsewhere, its function that we call. `reads` are the interfaces of which it calls views.
    """

    name: str
    file: str
    upgradeable: bool
    files: frozenset[str]
    writes: tuple[str, ...]
    reads: tuple[str, ...]


def contracts(sources: Mapping[str, Any]) -> list[Contract]:
    """By their files.

    Args:
        sources: the compiler's `sources`, with their syntax trees.
    """
    trees = _Trees(sources)
    return [
        trees.contract(file, node)
        for file in sorted(sources)
        if file.startswith("contracts/")
        for node in sources[file]["ast"]["nodes"]
        if node["nodeType"] == "ContractDefinition" and node["contractKind"] == "contract" and not node["abstract"]
    ]


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


class _Trees:
    """All declarations by id: where they are, and what is inside."""

    def __init__(self, sources: Mapping[str, Any]) -> None:
        self.node: dict[int, dict[str, Any]] = {}
        self.file: dict[int, str] = {}
        self.home: dict[int, dict[str, Any]] = {}  # the contract or library of a declaration
        for file, source in sources.items():
            for top in source["ast"]["nodes"]:
                for node in (top, *top.get("nodes", ())):
                    if node is not top:
                        self.home[node["id"]] = top
                    self.node[node["id"]], self.file[node["id"]] = node, file

    def contract(self, file: str, node: dict[str, Any]) -> Contract:
        """All that its bases have, and all that those reach in libraries."""
        files, calls, seen = set[str](), set[tuple[str, bool]](), set[int]()
        bases = [self.node[base] for base in node["linearizedBaseContracts"]]
        waiting = [part for base in bases if base["contractKind"] != "interface" for part in base["nodes"]]
        files |= {self.file[base["id"]] for base in bases if base["contractKind"] != "interface"}
        while waiting:
            part = waiting.pop()
            if part["id"] in seen:
                continue
            seen.add(part["id"])
            calls |= self._direct(part)
            for other in self._inner(part):
                files.add(self.file[other["id"]])
                if self._foreign(other):
                    calls |= self._through(other)
                    self._collect(other, files)
                else:
                    waiting.append(other)
        writes = tuple(sorted({label for label, changes in calls if changes}))
        reads = tuple(sorted({label.split(".")[0] for label, changes in calls if not changes}))
        upgradeable = any(base["name"] == "UUPSUpgradeable" for base in bases)
        return Contract(node["name"], file, upgradeable, frozenset(files), writes, reads)

    def _inner(self, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Functions and constants of libraries that it uses."""
        for node in _walk(part):
            other = self.node.get(node.get("referencedDeclaration") or 0)
            if other is not None and other["nodeType"] in (*_CODE, "VariableDeclaration"):
                home = self.home.get(other["id"])
                if home is None or home["contractKind"] == "library":
                    yield other

    def _foreign(self, part: dict[str, Any]) -> bool:
        return not self.file[part["id"]].startswith("contracts/")

    def _collect(self, part: dict[str, Any], files: set[str]) -> None:
        for other in self._inner(part):
            if self.file[other["id"]] not in files:
                files.add(self.file[other["id"]])
                self._collect(other, files)

    def _through(self, function: dict[str, Any]) -> set[tuple[str, bool]]:
        """One call, named by the function from elsewhere that makes it in the end; none where it makes none."""
        waiting, seen = [function], set[int]()
        while waiting:
            part = waiting.pop()
            if part["id"] in seen:
                continue
            seen.add(part["id"])
            if self._direct(part):
                return {(self._label(function), function.get("stateMutability") not in ("view", "pure"))}
            waiting += self._inner(part)
        return set()

    def _label(self, part: dict[str, Any]) -> str:
        home = self.home.get(part["id"])
        return f"{home['name']}.{part['name'] or part.get('kind', '')}" if home else str(part["name"])

    def _direct(self, part: dict[str, Any]) -> set[tuple[str, bool]]:
        """The calls that stand in it, and whether each can change state."""
        found = set[tuple[str, bool]]()
        for node in _walk(part):
            if node.get("nodeType") == "YulFunctionCall" and node["functionName"]["name"] in _ASSEMBLY:
                found.add((self._label(part), _ASSEMBLY[node["functionName"]["name"]]))
            if node.get("nodeType") != "FunctionCall":
                continue
            called = node["expression"]
            if called["nodeType"] == "FunctionCallOptions":
                called = called["expression"]
            kind = (called["typeDescriptions"]["typeIdentifier"] or "").removeprefix("t_function_").split("_")
            if kind[0] in _LOW:
                found.add((self._label(part), _LOW[kind[0]]))
            elif kind[0] == "external" and called["nodeType"] == "MemberAccess":
                owner = called["expression"]["typeDescriptions"]["typeString"].split()[-1]
                found.add((f"{owner}.{called['memberName']}", kind[1].split("$")[0] not in ("view", "pure")))
        return found
