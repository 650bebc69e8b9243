"""What an analysis of the contracts found, and the reasons that stand beside it in `tools/checkers/triage.yaml`.

A finding is known by its detector, its function and the text of its code, never by a line: code that only moves keeps
its reason, and code that changes needs a new look.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

UNGUARDED = "unguarded-entry"  # the one detector of our own
JUDGED = ("High", "Medium")  # impacts that need a reason

_GUARD = "nonReentrant"
_SPACE = re.compile(r"\s+")
_KIND = re.compile(r"\b(?:contract|struct|enum) | (?:calldata|memory|storage(?: ref| pointer)?)\b")


class Key(NamedTuple):
    """What a reason is for. `at` is `Contract.function(types)`, `code` the statement or the name that is meant."""

    detector: str
    at: str
    code: str


class Detection(NamedTuple):
    """One result of a detector. `place` is `file:line`, `impact` High, Medium, Low, Informational or Optimization."""

    key: Key
    impact: str
    place: str
    text: str


class TriageError(Exception):
    """The file of reasons is not as it should be. `args` say what is wrong."""


def from_slither(answer: dict[str, Any]) -> list[Detection]:
    """The findings of slither's JSON, in the order of their places."""
    found = [_finding(each) for each in answer["results"].get("detectors", ())]
    return sorted(found, key=lambda each: (each.place.split(":")[0], int(each.place.split(":")[1]), each.key))


def _finding(result: dict[str, Any]) -> Detection:
    first, *others = result["elements"]
    nodes = [each for each in others if each["type"] == "node"]
    if result["check"].startswith("reentrancy"):
        calls, written = list[str](), list[str]()
        for node in nodes:
            variable = node["additional_fields"].get("variable_name")
            (written if variable else calls).append(variable or node["name"])
        code = f"{_listed(calls)} → {_listed(written)}"
    elif first["type"] == "variable" or not others:
        code = first["name"]
    else:
        code = _listed(each["name"] for each in nodes or others)
    home = _owner(first) if first["type"] == "variable" else _name(first)
    shown = nodes[0] if nodes else first
    mapping = shown["source_mapping"]
    place = f"{mapping['filename_relative']}:{mapping['lines'][0]}"
    return Detection(Key(result["check"], home, code), result["impact"], place, result["description"].strip())


def _listed(names: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(_SPACE.sub(" ", name) for name in names))


def _owner(element: dict[str, Any]) -> str:
    parent = element["type_specific_fields"].get("parent")
    return _name(parent) if parent else ""


def _name(element: dict[str, Any]) -> str:
    """`Contract.function(types)`, or what the element is called where it is no function."""
    own = element.get("type_specific_fields", {}).get("signature") or element["name"]
    owner = _owner(element) if element["type"] == "function" else ""
    return f"{owner}.{own}" if owner else str(own)


def unguarded(sources: dict[str, Any]) -> list[Detection]:
    """Functions by which an account can change state while a guarded function runs: each needs a reason.

    Slither is silent where a guard is taken away: it reports writes that follow a call, and most of our calls come
    last. So this looks at the guards themselves, in all contracts that can be deployed, bases included.

    Args:
        sources: the compiler's `sources`, with their syntax trees.
    """
    contracts = {
        node["id"]: (file, node)
        for file, source in sources.items()
        for node in source["ast"]["nodes"]
        if node["nodeType"] == "ContractDefinition"
    }
    deployed = [
        node
        for file, node in contracts.values()
        if file.startswith("contracts/") and node["contractKind"] == "contract" and not node["abstract"]
    ]
    lineage = dict.fromkeys(base for node in deployed for base in node["linearizedBaseContracts"])
    found = [
        _entry(file, node, function)
        for file, node in (contracts[base] for base in lineage)
        if file.startswith("contracts/")
        for function in _entries(node)
    ]
    return sorted(each for each in found if each is not None)


def _entries(contract: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for node in contract["nodes"]:
        if (
            node["nodeType"] == "FunctionDefinition"
            and node["kind"] != "constructor"
            and node["implemented"]
            and node["visibility"] in ("external", "public")
            and node["stateMutability"] in ("nonpayable", "payable")
        ):
            yield node


def _entry(file: str, contract: dict[str, Any], function: dict[str, Any]) -> Detection | None:
    modifiers = [each["modifierName"]["name"] for each in function["modifiers"]]
    if _GUARD in modifiers:
        return None
    types = (each["typeDescriptions"]["typeString"] for each in function["parameters"]["parameters"])
    name = f"{function['name'] or function['kind']}({','.join(_KIND.sub('', each) for each in types)})"
    at = f"{contract['name']}.{name}"
    line = int(function["line"])
    code = " ".join(modifiers) or "no modifier"
    return Detection(Key(UNGUARDED, at, code), "Medium", f"{file}:{line}", f"{at} changes state and has no {_GUARD}")


def reasons(path: Path) -> dict[Key, tuple[str, int]]:
    """By what they are for: a reason, and how many findings it is for.

    Raises:
        TriageError: an entry lacks something, has something else, or stands twice.
    """
    found: dict[Key, tuple[str, int]] = {}
    for detector, entries in (yaml.safe_load(path.read_text()) or {}).items():
        for entry in entries:
            unknown = set(entry) - {"at", "code", "reason", "times"}
            if unknown or not all(isinstance(entry.get(word), str) for word in ("at", "code", "reason")):
                raise TriageError(f"{detector}: an entry has at, code, reason and at most times: {entry}")
            key = Key(detector, entry["at"], entry["code"])
            if key in found:
                raise TriageError(f"{detector} at {key.at}: {key.code} stands twice")
            found[key] = (entry["reason"], entry.get("times", 1))
    return found


class Comparison(NamedTuple):
    """`new` findings have no reason. `vanished` reasons have no finding, or fewer than they say."""

    new: list[Detection]
    vanished: list[Key]


def judged(found: Iterable[Detection], known: dict[Key, tuple[str, int]]) -> Comparison:
    """Compares the findings that need a reason with the reasons."""
    left = Counter({key: times for key, (_, times) in known.items()})
    new = []
    for each in found:
        if each.impact not in JUDGED:
            continue
        if left[each.key]:
            left[each.key] -= 1
        else:
            new.append(each)
    return Comparison(new, sorted(key for key, times in left.items() if times))
