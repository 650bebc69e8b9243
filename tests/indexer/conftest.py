"""Fixtures: a market that has lived on a chain of its own, and indexers of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from ssi.build import ROOT
from ssi.chain.evm import Evm
from ssi.registry.record import Record
from ssi.registry.system import System
from tools.indexer import HOME, IndexerProcess, running
from tools.postgres import server

GENEROUS = {"INDEXER_RATE": "1000000", "INDEXER_ROWS": "1000000", "INDEXER_COST": "10000000"}


class StartIndexer(Protocol):
    """Starts an indexer with an empty database; it ends with these tests."""

    def __call__(self, name: str, **environment: str) -> IndexerProcess: ...


@pytest.fixture(scope="package")
def market(tmp_path_factory: pytest.TempPathFactory, project: Any) -> Iterator[System]:
    """The protocol on a chain that remembers every block, after some weeks with people, keepers and governance."""
    folder = tmp_path_factory.mktemp("indexer-chain")
    environment = {**os.environ, "SSI_DEPLOYMENTS": str(folder / "deployments"), "SSI_STATE": str(folder / "state")}
    (folder / "deployments").mkdir()
    command = [sys.executable, "-m", "tests.indexer.chain", str(folder)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        record = Record.read(Path(said["record"]), 1)
        record.path = folder / "deployment.json"
        yield System(Evm(said["url"]), project, record)
    finally:
        process.stdin.close()
        process.wait(30)


@pytest.fixture(scope="package")
def start(market: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartIndexer]:
    """Indexers of that market, with the embedded database, or with PostgreSQL where `SSI_INDEXER_DATABASE` says so."""
    if not (HOME / "node_modules").exists():
        pytest.fail("the indexer's packages are missing: make indexer/node_modules/.stamp")
    with ExitStack() as stack:

        def begin(name: str, **environment: str) -> IndexerProcess:
            if os.environ.get("SSI_INDEXER_DATABASE") == "postgres":
                environment["DATABASE_URL"] = stack.enter_context(server())
            folder = tmp_path_factory.mktemp(f"indexer-{name}")
            indexer = IndexerProcess(
                market.record.path, market.evm.rpc.url, folder, {"INDEXER_POLL_MS": "100", **environment}
            )
            return stack.enter_context(running(indexer))

        yield begin


@pytest.fixture(scope="package")
def indexer(start: StartIndexer, market: System) -> IndexerProcess:
    """One that has read the market from its beginning, with the limits that it has unless told otherwise.

    It believes one proxy, so that a test can be several callers.
    """
    found = start("shared", INDEXER_PROXIES="1")
    found.wait(head(market))
    return found


def head(system: System) -> int:
    """The youngest block."""
    return int(system.evm.rpc.call("eth_blockNumber"), 16)
