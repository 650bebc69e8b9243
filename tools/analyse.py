"""Static analysis of the contracts: `make analyse`.

Slither looks at all of `contracts/` but the mocks, and `tools/findings.py` at the guards. Every finding of high or
medium impact has a reason in `tools/checkers/triage.yaml`. Exits with 1 on one that has none, and on a reason without a
finding. With `--all`, findings of lower impact have a line each.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.text import Text

from ssi.build import ROOT
from tools.findings import JUDGED, Comparison, Detection, Key, TriageError, from_slither, judged, reasons, unguarded

TRIAGE = ROOT / "tools/checkers/triage.yaml"
PYTHON = ROOT / ".venv-checkers/bin/python"
# The collector of garbage finds none in its trees, and takes a third of the time.
_SLITHER = "import gc; gc.disable(); from slither.__main__ import main; main()"
_SOLC = "tools/solc/solc-v0.8.37"
_OUT = "build/analyse"


class AnalysisError(Exception):
    """The contracts do not compile, or slither does not run. `args` hold what it says."""


def question(root: Path) -> dict[str, Any]:
    """What the compiler is asked: syntax trees and ABIs, so that it makes no bytecode and is done in seconds."""
    settings = yaml.safe_load((root / "ape-config.yaml").read_text())["solidity"]
    paths = [path for path in sorted((root / "contracts").rglob("*.sol")) if "mocks" not in path.parts]
    return {
        "language": "Solidity",
        "sources": {path.relative_to(root).as_posix(): {"content": path.read_text()} for path in paths},
        "settings": {
            "remappings": settings["import_remapping"],
            "evmVersion": settings["evm_version"],
            "outputSelection": {"*": {"*": ["abi"], "": ["ast"]}},
        },
    }


def compiled(root: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """The compiler's answer. Functions in it have a `line`.

    Raises:
        AnalysisError: the contracts do not compile.
    """
    done = subprocess.run(
        ["node", str(root / _SOLC), "--standard-json", "--base-path", str(root)],
        input=json.dumps(asked), capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    if errors := [each["formattedMessage"] for each in answer.get("errors", ()) if each["severity"] == "error"]:
        raise AnalysisError(*errors)
    for file, source in answer["sources"].items():
        if file.startswith("contracts/"):
            _number_lines(source["ast"], asked["sources"][file]["content"].encode())
    return answer


def _number_lines(tree: dict[str, Any], text: bytes) -> None:
    for contract in tree["nodes"]:
        for node in contract.get("nodes", ()):
            if node["nodeType"] == "FunctionDefinition":
                node["line"] = text.count(b"\n", 0, int(node["src"].split(":")[0])) + 1


def slither(root: Path, asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Slither's answer. It gets the compiler's answer in the form in which forge leaves a build behind.

    Raises:
        AnalysisError: it says why it has no result.
    """
    # The form wants bytecode. No detector reads it.
    nothing = {"object": "", "sourceMap": "", "linkReferences": {}}
    contracts = {
        file: {name: {**each, "evm": {"bytecode": nothing, "deployedBytecode": nothing}} for name, each in many.items()}
        for file, many in answer["contracts"].items()
    }
    folder = root / _OUT
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "build-info").mkdir(parents=True)
    build = {"solcVersion": "0.8.37", "input": asked, "output": {**answer, "contracts": contracts}}
    (folder / "build-info/contracts.json").write_text(json.dumps(build))
    written = folder / "slither.json"
    done = subprocess.run(
        [str(PYTHON), "-c", _SLITHER, ".", "--ignore-compile", "--foundry-out-directory", _OUT,
         "--exclude-dependencies", "--no-fail-pedantic", "--disable-color", "--json", str(written)],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or not written.exists():
        raise AnalysisError(f"slither ended with {done.returncode}", done.stderr[-2000:])
    said: dict[str, Any] = json.loads(written.read_text())
    if not said["success"]:
        raise AnalysisError(str(said["error"])[-2000:])
    return said


def show(
    console: Console, found: list[Detection], verdict: Comparison, known: dict[Key, tuple[str, int]], all_: bool
) -> None:
    """Findings with a reason and findings below that in a line each or counted; what is wrong in full, and last."""
    new = set(verdict.new)
    for each in found:
        if each.impact in JUDGED and each not in new:
            console.print(f"[green]✓[/] {each.place}  {each.key.detector}  {each.key.at}", highlight=False)
            if all_:
                console.print(f"  {each.key.code}\n  {known[each.key][0]}", highlight=False, markup=False)
        elif all_ and each not in new:
            console.print(f"· {each.place}  {each.impact.lower()}  {each.key.detector}  {each.key.at}", highlight=False)
    lower = Counter((each.impact.lower(), each.key.detector) for each in found if each.impact not in JUDGED)
    for impact in ("low", "informational", "optimization"):
        names = ", ".join(f"{name} {count}" for (of, name), count in sorted(lower.items()) if of == impact)
        console.print(f"· {impact}: {names or 'none'}", highlight=False)
    for each in verdict.new:
        console.print(f"[red]✗[/] {each.place}  {each.impact.lower()}  {each.key.detector}, no reason", highlight=False)
        console.print(f"  at: {each.key.at}\n  code: {each.key.code}\n{each.text}", highlight=False, markup=False)
    for key in verdict.vanished:
        console.print(f"[red]✗[/] a reason without a finding: {key.detector}", highlight=False)
        console.print(f"  at: {key.at}\n  code: {key.code}", highlight=False, markup=False)


def main(words: list[str]) -> int:
    """Compiles, analyses, compares."""
    console, began = Console(soft_wrap=True), time.monotonic()
    try:
        known = reasons(TRIAGE)
        asked = question(ROOT)
        answer = compiled(ROOT, asked)
        found = [*unguarded(answer["sources"]), *from_slither(slither(ROOT, asked, answer))]
    except (AnalysisError, TriageError) as error:
        console.print("[red]✗[/]", Text("\n".join(error.args)))
        return 1
    verdict = judged(found, known)
    show(console, found, verdict, known, "--all" in words)
    count = sum(each.impact in JUDGED for each in found)
    console.print(
        f"{len(asked['sources'])} files, {count} findings of high or medium impact: {len(verdict.new)} without a "
        f"reason, {len(verdict.vanished)} reasons without a finding; {time.monotonic() - began:.0f} s",
        highlight=False,
    )
    return 1 if verdict.new or verdict.vanished else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
