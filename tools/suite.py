"""`make test`: the whole suite, shared out over as many forks as the machine has cores.

`python tools/suite.py` runs everything; with arguments it is `ape test ARGUMENTS` on one fork, with pytest's own
output. `JOBS` sets how many processes there are. Each writes build/suite-N.log.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from forks import anvils
from tests.support.sharing import FOLDER
from tools import with_chain

LOGS = anvils.ROOT / "build"


class SuiteProcess:
    """One process of the suite, on a fork of its own."""

    def __init__(self, number: int, environment: dict[str, str]) -> None:
        self.log = LOGS / f"suite-{number}.log"
        with self.log.open("w") as log:
            command = ["ape", "test", "-p", "tests.support.sharing"]
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self) -> None:
        """Ends it, and the nodes that its tests have started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)

    def failures(self) -> str:
        """What pytest says about failed tests, or the end of the log where it did not come so far."""
        text = self.log.read_text(errors="replace")
        for title in ("= ERRORS =", "= FAILURES ="):
            if title in text:
                return text[text.rindex("\n", 0, text.index(title)) :]
        return text[-5_000:]


def _said(folder: Path, seen: int) -> Iterator[dict[str, object]]:
    log = folder / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True) if log.exists() else []
    for line in lines[seen:]:
        if line.endswith("\n"):
            yield json.loads(line)


def run(jobs: int) -> int:
    """Runs the suite in so many processes, reports each module as it ends, and returns the exit code."""
    console, began = Console(soft_wrap=True), time.monotonic()
    LOGS.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ssi-suite-")))
        upstream = with_chain.upstream(stack)
        parts = []
        for number in range(1, jobs + 1):
            # Each has deployments of its own, too: the record of one fork is wrong on another.
            own = {
                "SSI_DEPLOYMENTS": str(folder / f"deployments-{number}"),
                "SSI_STATE": str(folder / f"state-{number}"),
            }
            parts.append(SuiteProcess(number, {**with_chain.environment(upstream, stack), **own, FOLDER: str(folder)}))
            stack.callback(parts[-1].end)
        console.print(f"· {jobs} processes, each on a fork of its own; their output is in build/suite-*.log")

        collected, ran, failed, seen = set[int](), 0, 0, 0
        while True:
            ended = all(part.process.poll() is not None for part in parts)
            for said in _said(folder, seen):
                seen += 1
                if said["kind"] == "collected":
                    collected.add(int(str(said["tests"])))
                    continue
                counts = {word: int(str(said.get(word, 0))) for word in ("passed", "failed", "skipped")}
                ran += sum(counts.values())
                failed += counts["failed"]
                _report(console, said, counts)
            if ended:
                break
            time.sleep(0.5)

        minutes = (time.monotonic() - began) / 60
        for part in parts:
            if part.process.returncode:
                console.print(part.failures(), markup=False, highlight=False)
        if collected != {ran}:
            console.print(f"[red]✗ {sorted(collected)} tests were collected, and {ran} ran[/]")
        good = collected == {ran} and not failed and not any(part.process.returncode for part in parts)
        console.print(
            f"{'[green]✓' if good else '[red]✗'} {ran:,} tests ran, {failed} failed, in {minutes:.1f} minutes[/]"
        )
    return 0 if good else 1


def _report(console: Console, said: dict[str, object], counts: dict[str, int]) -> None:
    row = Table.grid(padding=(0, 2))
    mark = "[red]✗[/]" if counts["failed"] else "[green]✓[/]"
    words = " · ".join(f"{count} {word}" for word, count in counts.items() if count)
    row.add_row(f"{mark} {said['module']}", words, f"{float(str(said['seconds'])):,.0f} s")
    console.print(row)


def main(arguments: list[str]) -> int:
    """The exit code of the suite."""
    if arguments:
        return with_chain.main(["ape", "test", *arguments])
    anvils.stop_in_order()
    return run(int(os.environ.get("JOBS") or os.cpu_count() or 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
