"""A keeper that runs for months: jobs by block and by time, each with a pace and failures of its own, watched from
outside.

Nothing that matters is kept in the process or on disk: what is due is on chain. So a keeper may be killed at any moment
and started again, and several may run at once: the second one finds the job done.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ssi.chain.evm import Reverted
from ssi.chain.rpc import RpcError
from ssi.chain.sender import NotSent, OutOfFunds, Sender
from ssi.failure import Misused
from ssi.keeper.maintenance import Outcome
from ssi.places import held

LONGEST_PAUSE = 3600.0  # seconds between attempts of a job that fails
SILENCE = 10  # looks in a row that the node does not answer, until the keeper calls itself ill
UNHEARD = 300.0  # seconds without any answer, which also a single look may take
STANDSTILL = 900.0  # seconds without a new block: the node has lost the others
log = logging.getLogger("keeper")


@dataclass
class KeeperJob:
    """Something to do again and again.

    Args:
        every: seconds between two looks; 0 for every block.
        run: does what is due, and says what became of it.
    """

    name: str
    every: float
    run: Callable[[], Sequence[Outcome]]
    successes: int = 0
    failures: int = 0  # in all
    in_a_row: int = 0
    due: float = 0.0  # on the clock of `time.monotonic`
    last_success: float = 0.0  # Unix seconds
    transactions: int = 0


@dataclass
class Health:
    """What the outside is told. Written by the keeper, read by the server's threads."""

    jobs: Sequence[KeeperJob]
    sender: Sender
    low: int
    block: int = 0
    silent: int = 0
    balance: int | None = None
    began: float = field(default_factory=time.time)
    moved: float = field(default_factory=time.monotonic)  # when the last block came

    @property
    def problem(self) -> str | None:
        """Why the keeper cannot do its work, None where it can.

        A job that fails is no reason: it says so in the metrics.
        """
        if self.silent >= SILENCE or not self.block:
            return f"the node has not answered {self.silent} times in a row"
        now = time.monotonic()
        if (unheard := now - getattr(self.sender.rpc, "heard", now)) > UNHEARD:
            return f"the node has not answered for {unheard:.0f} s"
        if (stood := now - self.moved) > STANDSTILL:
            return f"the node has had no block after {self.block} for {stood:.0f} s"
        if self.balance is not None and self.balance < self.low:
            return f"{self.sender.address} has {self.balance / 1e18:.6f} ether, less than {self.low / 1e18:g}"
        return None

    def metrics(self) -> str:
        """For Prometheus."""
        lines = [
            "# TYPE ssi_keeper_healthy gauge", f"ssi_keeper_healthy {int(self.problem is None)}",
            "# TYPE ssi_keeper_start_time_seconds gauge", f"ssi_keeper_start_time_seconds {self.began:.0f}",
            "# TYPE ssi_keeper_block gauge", f"ssi_keeper_block {self.block}",
            "# TYPE ssi_keeper_balance_ether gauge", f"ssi_keeper_balance_ether {(self.balance or 0) / 1e18:.9f}",
            "# TYPE ssi_keeper_fees_raised_total counter", f"ssi_keeper_fees_raised_total {self.sender.replaced}",
        ]  # fmt: skip
        for name, kind, value in (
            ("runs_total", "counter", lambda job: job.successes),
            ("failures_total", "counter", lambda job: job.failures),
            ("failing", "gauge", lambda job: job.in_a_row),
            ("transactions_total", "counter", lambda job: job.transactions),
            ("last_success_time_seconds", "gauge", lambda job: f"{job.last_success:.0f}"),
        ):
            lines.append(f"# TYPE ssi_keeper_job_{name} {kind}")
            lines += [f'ssi_keeper_job_{name}{{job="{job.name}"}} {value(job)}' for job in self.jobs]
        return "\n".join(lines) + "\n"


class Keeper:
    """Runs jobs until it is told to stop.

    Args:
        look: seconds between two looks at the chain.
        low: wei; with less the keeper calls for more.
        explain: says what a revert means.
    """

    def __init__(
        self,
        rpc: Any,
        sender: Sender,
        jobs: Sequence[KeeperJob],
        look: float,
        low: int,
        explain: Callable[[bytes], str] = bytes.hex,
    ) -> None:
        self.rpc, self.jobs, self.look, self.explain = rpc, jobs, look, explain
        self.health = Health(jobs, sender, low)
        self.stop = threading.Event()

    def run(self) -> None:
        """Until `stop` is set; what is being sent then is still waited for."""
        while not self.stop.is_set():
            self.turn()
            self.stop.wait(self.look)

    def turn(self) -> None:
        """Looks once at the chain and does what is due."""
        health = self.health
        try:
            block = int(self.rpc.call("eth_blockNumber"), 16)
            health.balance = health.sender.balance
        except (RpcError, OSError) as error:
            health.silent += 1
            log.warning("no answer from the node, %d in a row: %s", health.silent, error)
            return
        if health.silent:
            log.info("the node answers again")
        new, health.block, health.silent = block != health.block, block, 0
        if new:
            health.moved = time.monotonic()
        if health.balance < health.low:
            log.warning("%s", health.problem)
        for job in self.jobs:
            if self.stop.is_set():
                return
            if time.monotonic() >= job.due and (job.every or new or job.in_a_row):
                self._do(job)

    def _do(self, job: KeeperJob) -> None:
        """One look of one job. What goes wrong stays within it."""
        try:
            outcomes = job.run()
            problems = [f"{outcome.what}: {outcome.problem}" for outcome in outcomes if outcome.problem]
        except OutOfFunds as error:
            outcomes, problems = [], [f"out of funds: {error}"]
        except Reverted as error:
            outcomes, problems = [], [self.explain(error.data) if error.data else str(error)]
        except (NotSent, RpcError, OSError) as error:
            outcomes, problems = [], [str(error) or type(error).__name__]
        except Exception as error:  # a mistake in one job must not end the others
            log.exception("%s: unexpected", job.name)
            outcomes, problems = [], [f"{type(error).__name__}: {error}"]
        for outcome in outcomes:
            if outcome.transaction:
                job.transactions += 1
                log.info("%s %s: %s", outcome.did, outcome.what, outcome.transaction)
            elif not outcome.problem:
                log.info("%s %s: another keeper was faster", outcome.did, outcome.what)
        if not problems:
            job.successes, job.in_a_row, job.last_success = job.successes + 1, 0, time.time()
            job.due = time.monotonic() + job.every
            return
        job.failures, job.in_a_row = job.failures + 1, job.in_a_row + 1
        pause = min(LONGEST_PAUSE, self.look * 2 ** min(job.in_a_row - 1, 16))
        job.due = time.monotonic() + pause
        for problem in problems:
            log.error("%s failed (%d in a row, again in %.0f s): %s", job.name, job.in_a_row, pause, problem)


@contextmanager
def serving(health: Health, host: str, port: int) -> Iterator[int]:
    """`/healthz` (200 or 503, with the reason) and `/metrics`. Yields the port. Raises Misused where it is taken."""

    class HealthHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            problem = health.problem
            answers = {
                "/metrics": (200, health.metrics()),
                "/healthz": (503 if problem else 200, (problem or "ok") + "\n"),
            }
            code, text = answers.get(self.path, (404, "/healthz or /metrics\n"))
            self.send_response(code)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Silent: requests for metrics are not worth a line in the log."""

    try:
        server = ThreadingHTTPServer((host, port), HealthHandler)
    except OSError as error:
        raise Misused(
            f"{host}:{port} cannot be listened on ({error.strerror}): choose another with --listen."
        ) from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def alone(address: str) -> Iterator[None]:
    """One keeper an account on this machine: two would replace each other's transactions.

    Raises:
        Misused: there is one.
    """
    with held(f"keeper-{address}") as ours:
        if not ours:
            raise Misused(f"A keeper runs with {address} on this machine already: give each an account of its own.")
        yield
