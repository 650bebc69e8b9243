"""A pytest plugin that shares the suite out over several processes: each takes the next module that no other one has
taken.

`tools/suite.py` starts the processes and gives them a folder in common, named by the environment. A module is taken by
creating a file of its name there, which only one process can do. What a module did is a line of JSON in the same
folder.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

FOLDER = "SSI_SUITE"

# What takes minutes begins first, so that no process is left with it at the end.
_FIRST = ("tests/stateful", "tests/live", "tests/integration", "tests/attacks")


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _rank(item: pytest.Item) -> tuple[int, str]:
    module = _module(item)
    return next((n for n, folder in enumerate(_FIRST) if module.startswith(folder)), len(_FIRST)), module


class Share:
    """The part of the suite that this process runs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._taken = folder, dict[str, bool]()
        self._module, self._began, self._counts = "", 0.0, dict[str, int]()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=_rank)
        self._say("collected", {"tests": len(items)})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Pytest's own loop, over the tests of modules that are taken on the way.

        Each test knows the next one before it runs, because pytest then keeps the fixtures that both use.
        """
        if session.testsfailed or session.config.option.collectonly:
            return None
        items = (item for item in session.items if self._mine(_module(item)))
        item = next(items, None)
        while item is not None:
            following = next(items, None)
            if _module(item) != self._module:
                self._finish()
                self._module, self._began, self._counts = _module(item), time.monotonic(), {}
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
            item = following
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts a test once, and an error of its set-up or tear-down as a failure."""
        if report.when == "call" or report.outcome != "passed":
            self._counts[report.outcome] = self._counts.get(report.outcome, 0) + 1

    def pytest_sessionfinish(self) -> None:
        self._finish()

    def _mine(self, module: str) -> bool:
        if module not in self._taken:
            try:
                (self._folder / module.replace("/", "+")).touch(exist_ok=False)
                self._taken[module] = True
            except FileExistsError:
                self._taken[module] = False
        return self._taken[module]

    def _finish(self) -> None:
        if self._module:
            self._say("ran", {"module": self._module, "seconds": time.monotonic() - self._began, **self._counts})
            self._module = ""

    def _say(self, kind: str, facts: dict[str, object]) -> None:
        with (self._folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({"kind": kind, **facts}) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Takes part when a folder is named."""
    if folder := os.environ.get(FOLDER):
        config.pluginmanager.register(Share(Path(folder)))
