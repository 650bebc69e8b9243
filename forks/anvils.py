"""Starting anvils, and forks of any chain."""

from __future__ import annotations

import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ssi.chain.forking import NotStarted
from ssi.chain.http import HttpRpc
from ssi.chain.rpc import Rpc

ROOT = Path(__file__).resolve().parents[1]

# Nothing is traced step by step and nothing is kept between runs; the hard fork is pinned for the base and every fork
# of it.
_COMMON = ("--hardfork", "prague", "--no-request-size-limit", "--auto-impersonate", "--order", "fifo")

# The state of every old block would fill the disk by gigabytes in long tests.
_FORGETFUL = ("--prune-history", "50")

# All of them in memory: what anvil reads back from the disk has lost the code of contracts.
_REMEMBERING = ("--prune-history", "1000000")


def stop_in_order() -> None:
    """Makes a polite kill end this process like any exit, so that no anvil outlives it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def anvil_binary() -> str:
    """The native anvil of the npm package, else the one on PATH.

    Raises:
        NotStarted: there is none.
    """
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    packaged = ROOT / f"node_modules/@foundry-rs/anvil-{platform.system().lower()}-{arch}/bin/anvil"
    found = str(packaged) if packaged.exists() else shutil.which("anvil")
    if found is None:
        raise NotStarted("anvil is missing: run `make setup`, or install Foundry")
    return found


def free_port() -> int:
    """A port that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextmanager
def anvil(
    *options: str, port: int | None = None, history: bool = False, output: int = subprocess.DEVNULL
) -> Iterator[str]:
    """A running anvil with chain id 1; yields its URL and kills it at the end.

    With `history` it answers for old blocks as well. What it prints goes to the file descriptor `output`.

    Raises:
        NotStarted: it did not start, or its port is taken.
    """
    if port is not None and not is_free(port):
        raise NotStarted(f"port {port} is taken: choose another")
    port = port or free_port()
    command = [anvil_binary(), "--port", str(port), *_COMMON, *(_REMEMBERING if history else _FORGETFUL), *options]
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: subprocess.Popen[str], url: str) -> None:
    for _ in range(600):
        if process.poll() is not None:
            reason = process.stderr.read() if process.stderr else ""
            raise NotStarted(f"anvil stopped: {reason.strip()[-500:]}")
        try:
            Rpc(url, timeout=30).call("eth_chainId")
            return
        except OSError:
            time.sleep(0.05)
    raise NotStarted("anvil did not answer within 30 seconds")


@contextmanager
def fork_of(
    upstream: str,
    port: int | None = None,
    block: int | None = None,
    history: bool = False,
    options: tuple[str, ...] = ("--gas-limit", "60000000"),
    output: int = subprocess.DEVNULL,
) -> Iterator[str]:
    """A fork of the chain at `upstream`, at its head unless `block` is said; yields its URL.

    With more `options` of anvil, and with what it prints in the file descriptor `output`.
    """
    if block is None:
        block = int(HttpRpc(upstream).call("eth_blockNumber"), 16)  # the URL may have a password in it
    source = ("--fork-url", upstream, "--fork-block-number", str(block), "--fork-chain-id", "1")
    with anvil(
        *source, "--no-storage-caching", "--no-rate-limit", *options, port=port, history=history, output=output
    ) as url:
        yield url
