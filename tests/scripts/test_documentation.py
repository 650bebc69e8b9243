"""The shell blocks of README and docs/operations.md, line by line: each line runs here, on the fork, or is listed with
its reason.

A line of `ape run` runs in this process, as Ape would run it; any other line runs in a shell. A line may need a state
(a proposal to list, sixteen days to pass): `STATES` brings it about. Placeholders are filled as `filled` says.
"""

from __future__ import annotations

import importlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from forks.seeding import invest
from ssi.build import ROOT
from ssi.constants import DAY, WAD
from ssi.governance.starting import Bounds, start_call
from ssi.registry.system import System
from tests.support.governance import govern, schedule, wait
from tests.support.rebalanced import unbalanced

PAGES = ("README.md", "docs/operations.md")

KEEPER = "ape run keeper run --account keeper --network ethereum:mainnet:node"
PREFLIGHT = "ape run preflight --account ALIAS --supplies one.json --supplies another.json"
REPORT = "ape run report MAG7.ssi --from 2026-01-01 --to 2026-02-01 --network ethereum:mainnet:node"

NOT_HERE = MappingProxyType(
    {
        "make demo": "takes a minute; tests/scripts/test_demo.py runs it",
        "make test": "is this suite",
        "make app": "serves until it is ended; the app's own journeys are `make app-test`",
        'ape run deploy --account ALIAS --network ethereum:mainnet:node --despite "average SKY/WETH twap"': (
            "wants a live network; tests/live/test_deployment.py"
        ),
        "ape run verify --publish sourcify": (
            "hands sources to a host outside; tests/scripts/test_verification.py publishes to a stand-in"
        ),
    }
)


class DocumentedCommand(NamedTuple):
    """A command of a page."""

    page: str
    text: str


def lines(page: str) -> list[DocumentedCommand]:
    """The commands of all shell blocks, continued lines joined, comments and `&&` taken away."""
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = re.sub(r"\s+#.*$", "", line).strip()
            found += [DocumentedCommand(page, " ".join(part.split())) for part in words.split(" && ") if part]
    return found


LINES = [line for page in PAGES for line in lines(page)]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files of proposals, reports and keepers go away with the test."""
    monkeypatch.setenv("SSI_STATE", str(tmp_path))


# ---------------------------------------------------------------- states


def proposed(system: System) -> str:
    """A change that waits; its id, as far as the page has it."""
    index = system.index("USSI")
    return "0x" + schedule(system, index, index.setSupplyCap.encode(12_345)).hex()[:8]


def ready(system: System) -> str:
    """A change whose notice is over."""
    operation = proposed(system)
    wait(system)
    return operation


def repriced(system: System) -> None:
    """LINK has no route, so that the parameters say something new."""
    govern(system, system.oracle, "removeRoute", [system.token("LINK").address])


def rebalancing(system: System) -> None:
    """A rebalance of MAG7.ssi that has just begun."""
    unbalanced(system)
    rebalancer, index = system.contract("Rebalancer"), system.index("MAG7.ssi")
    call, _ = start_call(rebalancer, index, system.evm.now + 24 * 86_400, Bounds())
    schedule(system, rebalancer, call)
    wait(system)
    system.evm.send(system.record.contracts["Safe"], rebalancer, call)


def holding(system: System) -> None:
    """A holder with ten shares, whom the shell lines call ME."""
    invest(system, "MAG7.ssi", system.evm.account("holder"), 10 * WAD)


def months(system: System) -> None:
    """Until after the month of which the report is. In few blocks: the node forgets states of hundreds ago."""
    system.evm.warp(31 * DAY)
    wait(system, DAY)


def a_new_day(system: System) -> None:
    """Fees of every index are due, and points want a sample."""
    wait(system, DAY)


STATES: MappingProxyType[str, Callable[..., Any]] = MappingProxyType(
    {
        "ape run pending": proposed,
        "ape run execute": ready,
        "ape run execute 0x28e5b570": ready,
        "ape run cancel 0x28e5b570": proposed,
        "ape run propose set-price LINK": repriced,
        REPORT: months,
        KEEPER: a_new_day,
        "ape run keeper rebalance MAG7.ssi --account ALIAS": rebalancing,
        "ape run keeper rebalance MAG7.ssi --account ALIAS --once": rebalancing,
        'cast send $INDEX "redeem(uint256,address,address,bytes32,uint256[],uint256)" $SHARES $ME $ME'
        ' $(cast to-bytes32 0x00) "[]" 9999999999 --account ALIAS --rpc-url $MAINNET_RPC_URL': holding,
    }
)
# What a line needs on a fork on top: no person waits for hours, for a compiler, or for ever.
ADDED = MappingProxyType(
    {
        "ape run keeper rebalance MAG7.ssi --account ALIAS": "--fast-forward",
        "ape run propose upgrade Rebalancer --deployer ALIAS": "--dry-run",
        "ape run verify": "FixedWeights",
        KEEPER: "--look 0.1 --listen 127.0.0.1:0",
        REPORT: "--from 2026-01-02",  # it was deployed the day before, in more blocks than the node remembers
    }
)
# Lines that tell a person something by their exit code. The parameters here have red lines on purpose.
EXITS = MappingProxyType({PREFLIGHT: 1})


def filled(text: str, operation: str | None, system: System, folder: Path) -> str:
    """The line with its placeholders filled: on the fork of this process the test accounts sign, and a holder there is
    unlocked.
    """
    text = text.replace("0x28e5b570", operation or "0x28e5b570").replace("0x…", system.evm.account("new guardian"))
    if text.startswith("cast"):
        return text.replace("--account ALIAS", "--unlocked --from $ME")
    for name in ("one.json", "another.json"):
        (folder / name).write_text('{"BTC": "19900000"}')
        text = text.replace(f"--supplies {name}", f"--supplies {folder / name}")
    return re.sub(r" --(account|deployer) (ALIAS|keeper)| --network ethereum:mainnet:node", "", text)


# ---------------------------------------------------------------- running


def ape(words: list[str], exits: int = 0) -> str:
    """`ape run WORDS`, in this process."""
    assert (ROOT / "scripts" / f"{words[0]}.py").exists(), f"there is no command {words[0]}"
    done = CliRunner(mix_stderr=False).invoke(importlib.import_module(f"scripts.{words[0]}").cli, words[1:])
    assert done.exit_code == exits, f"{done.output}\n{done.stderr}\n{done.exception}"
    return str(done.stdout)


def shell(text: str, **variables: str) -> str:
    """A line in bash, at the root of the repository."""
    done = subprocess.run(
        ["bash", "-euc", text],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def stopped_once(done: Callable[[], bool]) -> Iterator[None]:
    """Ends what runs within, as a service manager would: once it is done, and in two minutes at the latest."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    ended, latest = threading.Event(), time.monotonic() + 120

    def listens() -> bool:
        return signal.getsignal(signal.SIGTERM) is not handlers[signal.SIGTERM]

    def watch() -> None:
        while not ended.wait(0.1):
            if listens() and (done() or time.monotonic() > latest):
                os.kill(os.getpid(), signal.SIGTERM)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def served(text: str) -> list[str]:
    """What a server in the background prints until it is ready; it is ended."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAINNET_RPC_URL", "APE_FOUNDRY_HOST", "SSI_CHAIN")
    }
    words = [sys.executable if word == "python" else word for word in shlex.split(text.removesuffix("&"))]
    process = subprocess.Popen(words, cwd=ROOT, env=clean, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        return [process.stdout.readline().strip() for _ in range(2)]
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.minimainnet  # what a rebalance brings depends on the depth of the pools
@pytest.mark.parametrize(
    "line", [line for line in LINES if line.text not in NOT_HERE], ids=lambda line: f"{line.page}: {line.text[:60]}"
)
def test_a_line_of_the_documents_does_what_it_says(line, system, evm, tmp_path):
    operation = STATES[line.text](system) if line.text in STATES else None
    text = " ".join(part for part in (filled(line.text, operation, system, tmp_path), ADDED.get(line.text)) if part)
    if line.text == KEEPER:
        indexes, distributor, today = system.record.indexes.values(), system.distributor, evm.now // DAY
        with stopped_once(lambda: all(distributor.splitOf(index).lastDay == today for index in indexes)):
            ape(shlex.split(text)[2:])
        assert all(distributor.splitOf(index).lastDay == today for index in indexes)
    elif text.startswith("ape run "):
        assert ape(shlex.split(text)[2:], EXITS.get(line.text, 0)), "a command says what it did"
    elif text.endswith("&"):
        assert [exported.partition("=")[0] for exported in served(text)] == [
            "export MAINNET_RPC_URL",
            "export APE_FOUNDRY_HOST",
        ]
    elif text.startswith("cast "):
        index, me = system.index("MAG7.ssi"), evm.account("holder")
        received = system.token("WBTC").balanceOf(me)
        shell(text, INDEX=index.address, SHARES=str(10 * WAD), ME=me, MAINNET_RPC_URL=os.environ["APE_FOUNDRY_HOST"])
        assert index.balanceOf(me) == 0
        assert system.token("WBTC").balanceOf(me) > received
    else:
        shell(text)


def test_every_line_that_does_not_run_here_is_a_line_of_the_documents():
    """And so is every line that has a state or an addition; no list keeps what the documents have dropped."""
    known = {line.text for line in LINES}
    assert set(NOT_HERE) | set(STATES) | set(ADDED) | set(EXITS) <= known
    assert len(known) > 25
