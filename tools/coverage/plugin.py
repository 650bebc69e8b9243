"""A pytest plugin that says which test runs, to the listener behind anvil.

What a fixture of more than one test does belongs to all tests that use it, not to the first one alone. What it learned
is a file of JSON, named by the environment.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ssi.chain.rpc import Rpc
from tools.coverage.listening import call

NOTES = "SSI_COVERAGE_NOTES"

# Tests of these folders that have none of these fixtures run no contract of ours.
_TOOLS_TOO = ("tests/unit/",)
_CONTRACTS = {"project", "system"}


class Moments:
    """The moments of a run: each test, and each fixture of several tests."""

    def __init__(self, url: str, notes: Path) -> None:
        self._rpc, self._notes = Rpc(url), notes
        self._moments, self._stack = dict[str, int](), [0]
        self._tests: dict[str, Any] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._outcomes = dict[str, str]()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        idle = [item for item in items if item.nodeid.startswith(_TOOLS_TOO) and not _CONTRACTS & {*_fixtures(item)}]
        config.hook.pytest_deselected(items=idle)
        items[:] = [item for item in items if item not in idle]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        shared = [_name(each) for each in _fixtures(item).values() if each.scope != "function"]
        self._tests[item.nodeid] = {"moment": self._moment(item.nodeid), "shared": shared}
        began = time.monotonic()
        self._enter(item.nodeid)
        try:
            return (yield)
        finally:
            self._leave()
            self._seconds[item.nodeid.partition("::")[0]] += time.monotonic() - began

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        self._enter(_name(fixturedef))
        try:
            return (yield)
        finally:
            self._leave()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._outcomes.get(report.nodeid, "passed") == "passed":  # of set-up, call and tear-down the worst
            self._outcomes[report.nodeid] = report.outcome

    def pytest_sessionfinish(self) -> None:
        notes = {
            "moments": self._moments,
            "tests": self._tests,
            "seconds": {module: round(seconds, 1) for module, seconds in self._seconds.items()},
            "outcomes": self._outcomes,
        }
        self._notes.write_text(json.dumps(notes, indent=1))

    def _moment(self, name: str) -> int:
        return self._moments.setdefault(name, len(self._moments) + 1)

    def _enter(self, name: str) -> None:
        self._stack.append(self._moment(name))
        self._tell()

    def _leave(self) -> None:
        self._stack.pop()
        self._tell()

    def _tell(self) -> None:
        self._rpc.call("eth_call", call(self._stack[-1]), "latest")


def _fixtures(item: pytest.Item) -> dict[str, Any]:
    """The fixtures that a test uses, directly or not."""
    info = getattr(item, "_fixtureinfo", None)
    return {name: found[-1] for name, found in info.name2fixturedefs.items()} if info else {}


def _name(fixture: Any) -> str:
    return f"{fixture.baseid}::{fixture.argname}"


def pytest_configure(config: pytest.Config) -> None:
    """Takes part when a file for the notes is named."""
    if notes := os.environ.get(NOTES):
        config.pluginmanager.register(Moments(os.environ["APE_FOUNDRY_HOST"], Path(notes)))
