"""The indexer of a deployment: `make indexer`.

Without `--rpc` it runs on a fork of its own with a market that has lived, as `make app` does. Ends with Ctrl-C.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from forks import anvils
from ssi.build import ROOT

HOME = ROOT / "indexer"
ENGINE = HOME / "node_modules" / "ponder" / "dist" / "esm" / "bin" / "ponder.js"
SCHEMA = "ssi"
_TABLE = re.compile(r'onchainTable\(\s*"(\w+)"')
SETTLES = 5  # seconds that a block has to stand after another start
_READY = b"Started returning 200 responses"  # of the engine's log, once it has read what is final


class NotIndexed(RuntimeError):  # noqa: N818 - it says what is so
    """The indexer ended, or did not come so far in time. The message has the end of its log."""


def tables() -> list[str]:
    """Names of all tables in SQL."""
    files = sorted((HOME / "src" / "schema").glob("*.ts"))
    return [name for path in files for name in _TABLE.findall(path.read_text())]


@dataclass
class IndexerProcess:
    """One process of the engine, and what is asked of it.

    Args:
        settings: file of `tools/indexer_config.py`.
        folder: keeps the log, and the embedded database unless `environment` names a `DATABASE_URL`.
        strength: how many times as many calls as the engine's cautious 20 a second the node can bear.
    """

    settings: Path
    rpc_url: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=anvils.free_port)
    strength: int = 25
    process: subprocess.Popen[bytes] | None = None
    _began: int = 0  # bytes of the log that are of earlier runs

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "indexer.log"

    def start(self) -> None:
        """Starts it, or starts it again where it ended."""
        environment = {
            **os.environ,
            "INDEXER_RPC_URL": ",".join([self.rpc_url] * self.strength),
            "INDEXER_DEPLOYMENT": str(self.settings),
            "INDEXER_DATA": str(self.folder / "data"),
            "PONDER_TELEMETRY_DISABLED": "true",
            **self.environment,
        }
        command = ["node", str(ENGINE), "start", "--schema", SCHEMA, "--hostname", "127.0.0.1"]
        command += ["--port", str(self.port), "--log-format", "json"]
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._began = log.tell()
            self.process = subprocess.Popen(
                command, cwd=HOME, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it. SIGKILL is a crash: it can tidy nothing."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def ask(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and text of an answer. Raises OSError where nothing answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def query(self, text: str, **variables: Any) -> tuple[int, Any]:
        """Status and JSON of a GraphQL query."""
        status, answer = self.ask("/graphql", {"query": text, "variables": variables})
        return status, json.loads(answer)

    def sql(self, text: str) -> tuple[int, str]:
        """Status and text of a SQL query: rows as JSON, or what is wrong."""
        asked = json.dumps({"json": {"sql": text, "params": []}})
        return self.ask("/sql/db?" + urllib.parse.urlencode({"sql": asked}))

    def rows(self, text: str) -> list[dict[str, Any]]:
        """The rows of a SQL query. Raises ValueError where it is refused."""
        status, answer = self.sql(text)
        if status != 200:
            raise ValueError(f"{status}: {answer}")
        found: list[dict[str, Any]] = json.loads(answer)["rows"]
        return found

    def block(self) -> int | None:
        """The last block that is indexed; None while it does not say."""
        try:
            status, answer = self.ask("/status")
        except OSError:
            return None
        chains = json.loads(answer) if status == 200 else {}
        return int(chains["main"]["block"]["number"]) if "main" in chains else None

    def wait(self, block: int, seconds: float = 600) -> None:
        """Waits until a block is indexed and queries are answered. Raises NotIndexed.

        A process that was started again says the block of the one before for a while, then takes back what could still
        be reorganised, and reads it anew.
        """
        until, since = time.monotonic() + seconds, float("inf")
        while time.monotonic() < until:
            if self.process is None or self.process.poll() is not None:
                raise NotIndexed(f"the indexer ended: {self.log.read_text()[-3_000:]}")
            there = _READY in self.log.read_bytes()[self._began :] and (self.block() or 0) >= block
            since = min(since, time.monotonic()) if there else float("inf")
            if time.monotonic() - since >= (SETTLES if self._began else 0):
                return
            time.sleep(0.1)
        raise NotIndexed(f"block {block} is not indexed after {seconds:.0f} s: {self.log.read_text()[-3_000:]}")

    def dump(self) -> dict[str, list[str]]:
        """Every row of every table as canonical JSON, sorted: equal dumps are equal databases."""
        return {
            table: sorted(json.dumps(row, sort_keys=True) for row in self.rows(f"SELECT * FROM {table}"))
            for table in tables()
        }


@contextmanager
def running(indexer: IndexerProcess) -> Iterator[IndexerProcess]:
    """Starts an indexer, and ends it."""
    indexer.start()
    try:
        yield indexer
    finally:
        indexer.stop()


@click.command()
@click.option("--rpc", help="A node that answers for old blocks. Without it, a fork of its own.")
@click.option("--settings", type=click.Path(path_type=Path, exists=True), help="Of python -m tools.indexer_config.")
@click.option("--port", default=42069, show_default=True, help="Where it answers.")
@click.option("--rpc-port", default=8545, show_default=True, help="Where its fork answers.")
@click.option("--days", default=33, show_default=True, help="Days that the market of the fork lives.")
@click.option("--folder", type=click.Path(path_type=Path), default=HOME / ".ponder", help="Keeps its database and log.")
def main(rpc: str | None, settings: Path | None, port: int, rpc_port: int, days: int, folder: Path) -> None:
    """Index a deployment."""
    if (rpc is None) != (settings is None):
        raise click.UsageError("A node and the settings of a deployment belong together.")
    anvils.stop_in_order()
    console = Console()
    with ExitStack() as stack:
        if rpc is None or settings is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ssi-indexer-")))
            rpc, settings = _fork(stack, console, folder, rpc_port, days)
        indexer = stack.enter_context(running(IndexerProcess(settings.resolve(), rpc, folder, port=port)))
        console.print(f"[bold]{indexer.url}/graphql[/] and {indexer.url}/sql/db (Ctrl-C ends it); log: {indexer.log}")
        try:
            assert indexer.process is not None
            sys.exit(indexer.process.wait())
        except KeyboardInterrupt:
            console.print("Goodbye.")


def _fork(stack: ExitStack, console: Console, folder: Path, rpc_port: int, days: int) -> tuple[str, Path]:
    from tools import app, app_config, indexer_config

    system, url = app.lived(stack, console, rpc_port, days, archive=True)
    settings = folder / "deployment.json"
    app_config.write(indexer_config.config(system, blocks_per_look=1), settings)
    return url, settings


if __name__ == "__main__":
    main()
