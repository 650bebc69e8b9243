"""What was reached and what was not: figures by file, the places that are left, and which tests reach a line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from tools.coverage.instrument import STATEMENT, Place

WANTED = 98.0  # percent of lines


class Figures(NamedTuple):
    """Of a file, or of all. A line counts where a statement begins on it, and as reached where all of them ran."""

    lines: int
    lines_reached: int
    branches: int
    branches_reached: int

    @property
    def percent(self) -> float:
        """Of lines."""
        return 100.0 * self.lines_reached / self.lines if self.lines else 100.0


class PlaceKey(NamedTuple):
    """What a reason is for: `Contract.function`, the statement or condition, and `statement` or its outcome."""

    file: str
    at: str
    code: str
    kind: str


class Unexplained(NamedTuple):
    """`new` places have no reason. `vanished` reasons have no place, or fewer than they say."""

    new: list[Place]
    vanished: list[PlaceKey]


class ReasonsError(Exception):
    """The file of reasons is not as it should be. `args` say what is wrong."""


def figures(places: Mapping[int, Place], reached: set[int]) -> dict[str, Figures]:
    """By file, and `total`."""
    lines: defaultdict[tuple[str, int], list[bool]] = defaultdict(list)
    branches: defaultdict[str, list[bool]] = defaultdict(list)
    for number, place in places.items():
        if place.kind == STATEMENT:
            lines[place.file, place.line].append(number in reached)
        else:
            branches[place.file].append(number in reached)
    found = {}
    for file in sorted({place.file for place in places.values()}):
        whole = [all(ran) for (of, _), ran in lines.items() if of == file]
        found[file] = Figures(len(whole), sum(whole), len(branches[file]), sum(branches[file]))
    found["total"] = Figures(*(sum(column) for column in zip(*found.values(), strict=True)))
    return found


def left(places: Mapping[int, Place], reached: set[int]) -> list[Place]:
    """The places that were not reached, in their order, but for branches that follow from a statement: outcomes of a
    condition that never ran, and an outcome after which a statement never ran.
    """
    missing = {number for number in places if number not in reached}
    found = []
    for number in sorted(missing):
        place = places[number]
        implied = place.within != number and place.within in missing
        if not implied and place.shown not in missing:
            found.append(place)
    return sorted(found, key=lambda place: (place.file, place.line))


def reasons(path: Path) -> dict[PlaceKey, tuple[str, int]]:
    """By what they are for: a reason, and how many places it is for.

    Raises:
        ReasonsError: an entry lacks something, has something else, or stands twice.
    """
    found: dict[PlaceKey, tuple[str, int]] = {}
    for file, entries in (yaml.safe_load(path.read_text()) or {}).items():
        for entry in entries:
            unknown = set(entry) - {"at", "code", "kind", "reason", "times"}
            if unknown or not all(isinstance(entry.get(word), str) for word in ("at", "code", "reason")):
                raise ReasonsError(f"{file}: an entry has at, code, reason and at most kind and times: {entry}")
            key = PlaceKey(file, entry["at"], entry["code"], str(entry.get("kind", STATEMENT)).lower())
            if key in found:
                raise ReasonsError(f"{file} at {key.at}: {key.code} stands twice")
            found[key] = (entry["reason"], entry.get("times", 1))
    return found


def judged(found: Iterable[Place], known: Mapping[PlaceKey, tuple[str, int]]) -> Unexplained:
    """Compares what is left with the reasons."""
    open_ = Counter({key: times for key, (_, times) in known.items()})
    new = []
    for place in found:
        key = PlaceKey(place.file, place.at, place.code, place.kind)
        if open_[key]:
            open_[key] -= 1
        else:
            new.append(place)
    return Unexplained(new, sorted(key for key, times in open_.items() if times))


def by_line(places: Mapping[int, Place], tests: Mapping[str, set[int]]) -> dict[str, dict[str, list[str]]]:
    """For each file and line the modules of tests that reach a place on it."""
    found: defaultdict[str, defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for test, numbers in tests.items():
        for number in numbers & places.keys():
            found[places[number].file][places[number].line].add(test.partition("::")[0])
    return {
        file: {str(line): sorted(modules) for line, modules in sorted(lines.items())}
        for file, lines in sorted(found.items())
    }


def by_function(places: Mapping[int, Place], tests: Mapping[str, set[int]]) -> dict[str, dict[str, list[str]]]:
    """For each file and function the modules of tests that reach a place in it. Overloads are one."""
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for test, numbers in tests.items():
        for number in numbers & places.keys():
            found[places[number].file][places[number].at].add(test.partition("::")[0])
    return {
        file: {at: sorted(modules) for at, modules in sorted(names.items())} for file, names in sorted(found.items())
    }
