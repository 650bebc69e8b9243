"""Runs tests in a copy whose contracts have marks, on a fork that prints them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from forks import anvils
from tools import with_chain
from tools.coverage import plugin
from tools.coverage.listening import Listener, listening

TESTS = ("tests/unit", "tests/integration", "tests/attacks", "tests/upgrade", "tests/stateful")

# Marks make contracts larger than the chain takes, and calls dearer.
_ROOMY = ("--disable-code-size-limit", "--gas-limit", "1000000000")


class Ran(NamedTuple):
    """What a run has passed.

    Attributes:
        tests: numbers of marks, by test
        seconds: by module
        outcomes: `passed`, `failed` or `skipped`, by test
    """

    tests: dict[str, set[int]]
    seconds: dict[str, float]
    outcomes: dict[str, str]

    def added(self, later: Ran) -> Ran:
        """With another run: of a module that is in both, what the later one says."""
        again = {_module(test) for test in later.tests}

        def old(mine: dict[str, Any]) -> dict[str, Any]:
            return {test: each for test, each in mine.items() if _module(test) not in again}

        return Ran(old(self.tests) | later.tests, self.seconds | later.seconds, old(self.outcomes) | later.outcomes)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` takes it."""
        return {**self._asdict(), "tests": {test: sorted(numbers) for test, numbers in self.tests.items()}}

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Ran:
        return cls(**{**written, "tests": {test: set(numbers) for test, numbers in written["tests"].items()}})


def environment(folder: Path) -> dict[str, str]:
    """For Python in the copy."""
    return {
        **os.environ,
        "PYTHONPATH": str(folder),
        "SOLCX_BINARY_PATH": str(folder / "tools/solc"),
        "HYPOTHESIS_PROFILE": os.environ.get("HYPOTHESIS_PROFILE", "short"),
        "SSI_DEPLOYMENTS": str(folder / "build/deployments"),
        "SSI_STATE": str(folder / "build/state"),
    }


def build(folder: Path) -> None:
    """Compiles the copy. Raises RuntimeError with what the compiler says."""
    done = subprocess.run(
        [sys.executable, "-m", "ssi.build"],
        cwd=folder, env=environment(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])


def run(folder: Path, tests: list[str], log: Path) -> Ran:
    """Runs tests in the copy; pytest's output goes to `log`.

    Raises:
        RuntimeError: pytest did not come to its end.
    """
    notes, listener = folder / "build/notes.json", Listener()
    notes.parent.mkdir(exist_ok=True)
    notes.unlink(missing_ok=True)
    with ExitStack() as stack:
        upstream = with_chain.upstream(stack)
        printed = stack.enter_context(listening(listener))
        url = stack.enter_context(anvils.fork_of(upstream, options=_ROOMY, output=printed))
        where = {
            "MAINNET_RPC_URL": upstream,
            "SSI_CHAIN": "mainnet" if os.environ.get("MAINNET_RPC_URL") else "miniature",
            "APE_FOUNDRY_HOST": url,
            plugin.NOTES: str(notes),
        }
        with log.open("w") as output:
            subprocess.run(
                ["ape", "test", *tests, "-p", plugin.__name__, "--tb=short", "-v"],
                cwd=folder, env={**environment(folder), **where}, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
    if not notes.exists():
        raise RuntimeError(log.read_text()[-3000:])
    return told(json.loads(notes.read_text()), listener)


def told(notes: dict[str, Any], listener: Listener) -> Ran:
    """What each test has passed, with what its shared fixtures have."""
    moments = notes["moments"]
    tests = {
        name: set[int]().union(
            listener.passed[each["moment"]],
            *(listener.passed[moments[shared]] for shared in each["shared"] if shared in moments),
        )
        for name, each in notes["tests"].items()
    }
    return Ran(tests, notes["seconds"], notes["outcomes"])


def _module(test: str) -> str:
    return test.partition("::")[0]
