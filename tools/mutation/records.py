"""What came out of each mutant: kept line by line, so that a run goes on where it was stopped; and the score."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ssi.build import ROOT
from tools.mutation.operators import Mutation

TRIAGE = ROOT / "tools/mutation/equivalent.yaml"

# What a mutant can come to.
KILLED = "killed"  # a test is red
TIMEOUT = "timeout"  # the tests took far longer than they take without it: counts as noticed, and is listed
ALIVE = "alive"  # every test that was chosen is green
SAME = "same bytecode"  # the compiler makes the same of it
INVALID = "does not compile"
FAILED = "failed"  # the machinery broke; it runs again


class Ending(NamedTuple):
    """`by` is the test that noticed, `green` are modules that did not, `seconds` those of the tests."""

    key: str
    result: str
    by: str = ""
    green: tuple[str, ...] = ()
    compile_seconds: float = 0
    seconds: float = 0


class EquivalentError(Exception):
    """The file of equivalents is wrong: `args` say how."""


class Log:
    """Outcomes of one seed by the mutants' keys, and how long each module of tests takes without a mutant."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[str, Ending] = {}
        self.seconds: dict[str, float] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                self._take(json.loads(line))
            except ValueError:  # a run was killed while it wrote
                continue

    def _take(self, said: dict[str, Any]) -> None:
        if "module" in said:
            self.seconds[said["module"]] = said["seconds"]
        elif said["result"] != FAILED:
            self.outcomes[said["key"]] = Ending(**{**said, "green": tuple(said["green"])})

    def _write(self, said: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(said) + "\n")
        self._take(said)

    def note(self, outcome: Ending) -> None:
        """A later outcome of the same mutant replaces an earlier one."""
        self._write(outcome._asdict())

    def note_green(self, module: str, seconds: float) -> None:
        """The module is green without a mutant."""
        self._write({"module": module, "seconds": round(seconds, 1)})


class Equivalent(NamedTuple):
    """A mutant that no test can notice, and why. `where`, `operator`, `old`, `new` and `nth` name it."""

    file: str
    where: str
    operator: str
    old: str
    new: str
    nth: int
    reason: str

    @property
    def key(self) -> str:
        """That of the mutant."""
        return Mutation(self.file, self.where, self.operator, self.old, self.new, self.nth, 0, 0, 0).key


def equivalents(path: Path = TRIAGE) -> list[Equivalent]:
    """All that are written down.

    Raises:
        EquivalentError: an entry has no reason, or names a mutant twice.
    """
    read = (yaml.safe_load(path.read_text()) if path.exists() else None) or {}
    found = [
        Equivalent(file, each["in"], each["operator"], each["old"], each["new"], each.get("nth", 1),
                   str(each.get("reason") or "").strip())
        for file, entries in read.items() for each in entries
    ]  # fmt: skip
    if unexplained := [f"{each.file}: {each.where}: {each.old}" for each in found if not each.reason]:
        raise EquivalentError("without a reason: " + "; ".join(unexplained))
    if twice := [key for key, count in Counter(each.key for each in found).items() if count > 1]:
        raise EquivalentError("twice: " + ", ".join(twice))
    return found


@dataclass
class Tally:
    """Counts of a sample: `drawn` mutants, of which `ran` have an outcome."""

    drawn: int
    counts: Counter[str] = field(default_factory=Counter)
    equivalent: int = 0  # those alive that the file of equivalents explains

    @property
    def ran(self) -> int:
        return sum(self.counts.values())

    @property
    def noticed(self) -> int:
        return self.counts[KILLED] + self.counts[TIMEOUT]

    @property
    def counted(self) -> int:
        """What a test could notice."""
        return self.noticed + self.counts[ALIVE] - self.equivalent

    @property
    def percent(self) -> float:
        """0 where nothing counts."""
        return 100 * self.noticed / self.counted if self.counted else 0.0


def score(sample: Iterable[Mutation], outcomes: Mapping[str, Ending], equivalent: Iterable[str]) -> Tally:
    """Of the mutants of `sample`, whose equivalents are those keys."""
    mutants, excused = list(sample), set(equivalent)
    answer = Tally(len(mutants))
    for mutant in mutants:
        if outcome := outcomes.get(mutant.key):
            answer.counts[outcome.result] += 1
            answer.equivalent += outcome.result == ALIVE and mutant.key in excused
    return answer


def survivors(sample: Iterable[Mutation], outcomes: Mapping[str, Ending], equivalent: Iterable[str]) -> list[Mutation]:
    """Those alive that are not explained."""
    excused = set(equivalent)
    return [
        mutant for mutant in sample
        if mutant.key not in excused and (of := outcomes.get(mutant.key)) and of.result == ALIVE
    ]  # fmt: skip


def diff(mutant: Mutation, text: bytes) -> str:
    """The change, as `diff -u` prints it."""
    before, after = text.decode().splitlines(keepends=True), mutant.applied(text).decode().splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, after, f"a/{mutant.file}", f"b/{mutant.file}", n=2))
