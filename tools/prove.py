"""Proves the properties of `tests/proofs` for all numbers at once: `make prove`.

Halmos follows every path through a property; solvers show that none of them can fail. Prints a line for each property,
with its bound and what it took, and writes build/prove.json. Exits with 1 where a property is refuted or stays open,
where one that has to be refuted is not, and where none ran. Words choose properties; `--all` takes the slow ones too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from ssi.build import ROOT

PROOFS = ROOT / "tests/proofs"
PYTHON = ROOT / ".venv-prover/bin/python"
WRITTEN = ROOT / "build/prove.json"
ANSWERS = ROOT / "build/prove-answers.json"

# A question of a quick property takes a second or two; on a busy machine, ten times that.
SECONDS, SLOW_SECONDS = int(os.environ.get("PROVE_SECONDS", "45")), 300
LOOPS = 40  # rounds; a path that needs more makes its property open

_CONTRACT = re.compile(r"^contract (\w+) is Prover \{", re.MULTILINE)
_PROPERTY = re.compile(r"((?:^    /// .*\n)+)    function (check_\w+)\(", re.MULTILINE)
_TAG = re.compile(r"@(?:custom:)?(\w+) (.*?)(?= @|$)")

# What halmos says, by the number of it.
_VERDICTS = {
    0: "proved",
    1: "refuted",
    2: "open: a solver has no answer in time",
    3: "open: halmos does not know an instruction on a path",
    4: "open: no path ends well, so the assumptions let nothing in",
    5: "open: a solver failed",
}


class Property(NamedTuple):
    """What is to be proved. `rounds` names the property by which a loop has fewer than `LOOPS` rounds."""

    contract: str
    name: str
    notice: str
    bound: str
    slow: bool
    refuted: bool
    rounds: str

    @property
    def title(self) -> str:
        """As it is printed and chosen."""
        return f"{self.contract}.{self.name}"


class Proof(NamedTuple):
    """`verdict` begins with proved, refuted, open or missing."""

    of: Property
    verdict: str
    seconds: float
    paths: int

    @property
    def good(self) -> bool:
        """Whether it is as it has to be."""
        return self.verdict == ("refuted" if self.of.refuted else "proved")


def properties(folder: Path) -> list[Property]:
    """All that stand in the sources.

    Raises:
        ValueError: one has no notice or no bound.
    """
    found = []
    for path in sorted(folder.glob("*.sol")):
        text = path.read_text()
        contract = _CONTRACT.search(text)
        for lines, name in _PROPERTY.findall(text) if contract else ():
            words = " ".join(line.strip().removeprefix("/// ") for line in lines.splitlines())
            tags = {tag: words.strip() for tag, words in _TAG.findall(words)}
            if not contract or not tags.get("notice") or not tags.get("bound"):
                raise ValueError(f"{path.name}: {name} has no notice or no bound")
            found.append(
                Property(
                    contract[1].removesuffix("Proof"), name.removeprefix("check_"), tags["notice"], tags["bound"],
                    "slow" in tags, "refuted" in tags, tags.get("rounds", "").removeprefix("check_"),
                )
            )  # fmt: skip
    return found


def chosen(all_: list[Property], words: list[str], slow: bool) -> list[Property]:
    """Those with one of the words in their title, or all; the slow ones where asked for."""
    return [
        each for each in all_ if (slow or not each.slow) and (not words or any(word in each.title for word in words))
    ]


def explore(some: list[Property], seconds: int) -> dict[str, Any]:
    """What halmos says, by title. Empty where it does not get that far: it has said why."""
    ANSWERS.unlink(missing_ok=True)
    contracts = "|".join(sorted({each.contract for each in some}))
    names = "|".join(sorted({each.name for each in some}))
    environment = {
        **os.environ, "FOUNDRY_PROFILE": "prove", "PYTHONPATH": str(ROOT), "PROVER_SECONDS": str(seconds),
    }  # fmt: skip
    done = subprocess.run(
        [str(PYTHON), "-m", "tools.prover.explore", "--forge-build-out", "build/prove",
         "--match-contract", f"^({contracts})Proof$", "--match-test", f"^check_({names})\\(",
         "--solver-command", f"{PYTHON} -m tools.prover.solve", "--solver-threads", str(os.cpu_count() or 1),
         "--solver-timeout-assertion", f"{seconds + 15}s", "--loop", str(LOOPS), "--no-status",
         "--json-output", str(ANSWERS)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not ANSWERS.exists():
        print(done.stdout[-3000:], done.stderr[-3000:], sep="\n", file=sys.stderr)
        return {}
    answers = json.loads(ANSWERS.read_text())["test_results"]
    return {
        f"{place.split(':')[-1].removesuffix('Proof')}.{each['name'].split('(')[0].removeprefix('check_')}": each
        for place, many in answers.items()
        for each in many
    }


def outcomes(some: list[Property], said: dict[str, Any]) -> list[Proof]:
    """What became of each property. A path that was cut off proves nothing, unless its rounds are proved to be few."""
    found = []
    for each in some:
        answer = said.get(each.title)
        if answer is None:
            found.append(Proof(each, "missing: halmos did not run it", 0, 0))
            continue
        verdict = _VERDICTS.get(answer["exitcode"], "open: halmos failed")
        few = said.get(f"{each.contract}.{each.rounds}", {}).get("exitcode") == 0
        if verdict == "proved" and answer["num_bounded_loops"] and not few:
            verdict = f"open: a loop has more than {LOOPS} rounds"
        found.append(Proof(each, verdict, answer["time"][0], answer["num_paths"][0]))
    return found


def show(console: Console, outcome: Proof) -> None:
    """One line."""
    each = outcome.of
    mark = "[green]✓[/]" if outcome.good else "[red]✗[/]"
    verdict = outcome.verdict if outcome.good or not each.refuted else f"{outcome.verdict}, and had to be refuted"
    console.print(f"{mark} {each.title}  {verdict}  {outcome.seconds:.1f} s  ({each.bound})", highlight=False)


def written(all_: list[Proof]) -> list[dict[str, Any]]:
    """As build/prove.json has it."""
    return [
        {
            "property": each.of.title, "notice": each.of.notice, "bound": each.of.bound, "slow": each.of.slow,
            "verdict": each.verdict, "good": each.good, "seconds": round(each.seconds, 1), "paths": each.paths,
        }
        for each in all_
    ]  # fmt: skip


def main(words: list[str]) -> int:
    """Chooses, explores, compares."""
    console, began = Console(soft_wrap=True), time.monotonic()
    slow = "--all" in words
    some = chosen(properties(PROOFS), [word for word in words if word != "--all"], slow)
    if not some:
        console.print("[red]✗[/] no property has that in its name")
        return 1
    if not shutil.which("forge"):
        console.print("[red]✗[/] forge is not on PATH: run this by `make prove`")
        return 1
    agreed = subprocess.run(
        [str(PYTHON), "-m", "tools.prover.agree"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    console.print(
        "[red]✗[/]" if agreed.returncode else "[green]✓[/]",
        (agreed.stdout + agreed.stderr[-2000:]).strip(), highlight=False, markup=True,
    )  # fmt: skip
    found = outcomes(some, explore(some, SLOW_SECONDS if slow else SECONDS))
    for each in found:
        show(console, each)
    WRITTEN.write_text(json.dumps(written(found), indent=2) + "\n")
    bad = [each for each in found if not each.good]
    proved = sum(each.verdict == "proved" and each.good for each in found)
    console.print(
        f"{proved} properties proved, {sum(each.of.refuted for each in found)} to be refuted, {len(bad)} not as they "
        f"have to be; {time.monotonic() - began:.0f} s",
        highlight=False,
    )
    return 1 if bad or agreed.returncode or not proved else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
