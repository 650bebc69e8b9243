"""`make mutants SEED=…`: mutants drawn by a seed, run against the tests in a copy of the repository.

What is done stays in build/mutants/SEED.jsonl, and the same command goes on from there. First each mutant meets the
tests that are likely to notice it; those that live then meet all others. Ends with the score and the diffs of those
alive, and with 1 where an alive one is not explained in tools/mutation/equivalent.yaml.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from forks import anvils
from ssi.build import ROOT
from tools.mutants import copied
from tools.mutation import page
from tools.mutation.builds import Code, NotCompiled, SourceTrees
from tools.mutation.choice import Choice, choice
from tools.mutation.forkserver import Run, Server
from tools.mutation.operators import OPERATORS, Mutation
from tools.mutation.records import (
    ALIVE,
    FAILED,
    INVALID,
    KILLED,
    SAME,
    TIMEOUT,
    Ending,
    Log,
    diff,
    equivalents,
    score,
    survivors,
)  # fmt: skip
from tools.mutation.sample import LEAST, draw

FOLDER = ROOT / "build/mutants"
# Some do not compile, and of some the compiler makes the same code; they do not count, so more are drawn.
COUNT = LEAST + 60
_UNKNOWN = 150  # seconds of a module that has not run yet
_PATIENCE, _GRACE = 4, 180  # times what the tests take without a mutant, and seconds for the deployment


class Runner:
    """Mutants against tests, with one compiler and one forkserver."""

    def __init__(self, sources: SourceTrees, server: Server, chosen: Choice, log: Log, console: Console) -> None:
        self._sources, self._server, self._choice, self._log, self._console = sources, server, chosen, log, console
        self._unusable = set[str]()

    def is_usable(self, module: str) -> bool:
        """Whether it is green without a mutant: one that is red anyway notices nothing. Tried once for this seed."""
        if module not in self._log.seconds and module not in self._unusable:
            run = self._server.run([module], {}, 3600)
            if run.code == 0 and module in run.green:
                self._log.note_green(module, run.green[module])
            else:
                self._unusable.add(module)
                said = f"{module} {run.red} {run.said}"
                self._console.print("red without a mutant, so not used:", said, style="red", markup=False)
        return module not in self._unusable

    def meets(self, mutant: Mutation, modules: Sequence[str], before: Ending | None = None) -> Ending:
        """Compiles the mutant and runs tests until one is red. `before` says what was green earlier."""
        began, done = time.monotonic(), before.green if before else ()
        try:
            codes = self._sources.changed(mutant)
        except NotCompiled as error:
            return Ending(mutant.key, INVALID, str(error).strip().splitlines()[0][:200])
        if not codes:
            return Ending(mutant.key, SAME)
        compiling, began = round(time.monotonic() - began, 1), time.monotonic()
        while True:
            left = [module for module in modules if module not in done and module not in self._unusable]
            run = self._run(left, codes)
            for module, seconds in run.green.items():
                if module not in self._log.seconds:
                    self._log.note_green(module, seconds)
            done = (*done, *run.green)
            if not run.red or self.is_usable(run.red.partition("::")[0]):
                break
        result = TIMEOUT if run.timeout else KILLED if run.red else FAILED if run.code else ALIVE
        by = f"{run.red}: {run.said}" if run.red else run.said
        return Ending(mutant.key, result, by, done, compiling, round(time.monotonic() - began, 1))

    def _run(self, modules: Sequence[str], codes: Mapping[str, Code]) -> Run:
        if not modules:
            return Run({}, "", "", False, 0)
        usual = sum(self._log.seconds.get(module, _UNKNOWN) for module in modules)
        return self._server.run(modules, codes, _GRACE + _PATIENCE * usual)

    def quick(self, sample: Sequence[Mutation], until: float) -> None:
        """Every mutant without an outcome meets the tests that are likely to notice it, machines apart."""
        for number, mutant in enumerate(sample, 1):
            if mutant.key not in self._log.outcomes and time.monotonic() < until:
                modules = [each for each in self._choice.near(mutant, self._log.seconds) if not _is_machine(each)]
                self._note(f"{number}/{len(sample)}", mutant, modules)

    def machines(self, alive: Sequence[Mutation], until: float) -> None:
        """Those alive meet the machines of their part."""
        for mutant in alive:
            self._again("machines", mutant, filter(_is_machine, self._choice.near(mutant)), until)

    def rest(self, alive: Sequence[Mutation], until: float) -> None:
        """Those alive meet all others, but for machines of other parts."""
        for mutant in alive:
            others = (each for each in self._choice.rest(mutant, self._log.seconds) if not _is_machine(each))
            self._again("all others", mutant, others, until)

    def _again(self, what: str, mutant: Mutation, modules: Iterable[str], until: float) -> None:
        before = self._log.outcomes[mutant.key]
        left = [module for module in modules if module not in before.green]
        if left and time.monotonic() < until:
            self._note(what, mutant, left, before)

    def _note(self, number: str, mutant: Mutation, modules: Sequence[str], before: Ending | None = None) -> None:
        outcome = self.meets(mutant, modules, before)
        self._log.note(outcome)
        colour = {KILLED: "green", ALIVE: "red", FAILED: "red"}.get(outcome.result, "yellow")
        self._console.print(f"{number} [{colour}]{outcome.result}[/] ", end="")
        said = (
            f"{mutant.key} {mutant.file}:{mutant.line} {mutant.operator}: {_short(mutant.old)} → {_short(mutant.new)}"
        )
        self._console.print(
            f"{said}  ({outcome.compile_seconds:.0f} + {outcome.seconds:.0f} s) {_short(outcome.by)}", markup=False
        )


def _is_machine(module: str) -> bool:
    return module.startswith("tests/stateful/")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:87]}..."


def report(sample: Sequence[Mutation], log: Log, root: Path, console: Console) -> int:
    """Prints timeouts, diffs of those alive and the score. 1 where an alive one is not explained."""
    known = {each.key for each in equivalents()}
    for mutant in sample:
        if (outcome := log.outcomes.get(mutant.key)) and outcome.result == TIMEOUT:
            console.print(f"timeout {mutant.file}:{mutant.line}: {_short(mutant.old)} → {_short(mutant.new)}",
                          markup=False)  # fmt: skip
    alive = survivors(sample, log.outcomes, known)
    for mutant in alive:
        console.print(f"\n[red]alive[/] {mutant.key} {mutant.operator}, in {mutant.where}, nth: {mutant.nth}")
        console.print(diff(mutant, (root / mutant.file).read_bytes()), markup=False, highlight=False)
    counts = score(sample, log.outcomes, known)
    for operator, meaning in OPERATORS.items():
        part = score([each for each in sample if each.operator == operator], log.outcomes, known)
        if part.ran:
            console.print(f"  {operator:<11} {part.noticed:>3} of {part.counted:<3} {meaning}")
    console.print(
        f"{counts.drawn} drawn, {counts.ran} ran: {counts.counts[KILLED]} killed, {counts.counts[TIMEOUT]} timed out,"
        f" {counts.counts[ALIVE]} alive of which {counts.equivalent} explained,"
        f" {counts.counts[SAME]} of the same bytecode, {counts.counts[INVALID]} do not compile"
    )
    console.print(f"score {counts.percent:.1f} %: {counts.noticed} of {counts.counted}")
    return 1 if alive or not counts.counted else 0


def main(words: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__, add_help=True)
    parser.add_argument("seed", help="any word")
    parser.add_argument("--count", type=int, default=COUNT, help="how many are drawn")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin none after so many")
    parser.add_argument("--only", default="", help="those whose file or key holds this")
    parser.add_argument("--near", action="store_true", help="do not try those alive on machines and all other tests")
    parser.add_argument("--again", action="store_true", help="try those alive once more: the tests have changed")
    parser.add_argument("--report", action="store_true", help="run none")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/mutants.md and its snapshot")
    asked = parser.parse_args(words)

    console, until = Console(soft_wrap=True, highlight=False), time.monotonic() + 60 * asked.minutes
    anvils.stop_in_order()
    log = Log(FOLDER / f"{asked.seed}.jsonl")
    with tempfile.TemporaryDirectory(prefix="ssi-mutants-") as name:
        root = Path(name)
        copied(root)
        sources = SourceTrees(root, FOLDER)
        try:
            sample = draw(sources.mutants(), asked.seed, asked.count)
            chosen = [each for each in sample if asked.only in f"{each.file} {each.key}"]
            if not asked.report:
                server = Server(root, FOLDER / f"{asked.seed}.log")
                try:
                    runner = Runner(sources, server, choice(root), log, console)
                    if asked.again:
                        for mutant in survivors(chosen, log.outcomes, ()):
                            del log.outcomes[mutant.key]
                    known = {each.key for each in equivalents()}
                    runner.quick(chosen, until)
                    if not asked.near:
                        runner.machines(survivors(chosen, log.outcomes, known), until)
                        runner.rest(survivors(chosen, log.outcomes, known), until)
                finally:
                    server.close()
            if asked.write:
                page.write(asked.seed, page.figures(sample, log.outcomes, (each.key for each in equivalents())))
            return report(chosen, log, root, console)
        finally:
            sources.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
