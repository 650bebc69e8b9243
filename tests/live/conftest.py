"""The live environment: one network with a deployment that all tests share, and a second one where a test wants a chain
of its own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forks import control
from forks.addresses import FEEDS
from minimainnet import prices
from ssi.deploy import preflight
from ssi.registry import params
from tests.live.network import DESPITE, PASSPHRASE, Live, network
from tests.support import sharing


@pytest.fixture(autouse=True)
def isolated() -> None:
    """The fork that other tests share is not used here."""


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, project: Any) -> Iterator[Live]:
    """The network, with nothing deployed yet; deployers have what the first shares consist of, and feeds have kept
    their heartbeats.
    """
    with network(tmp_path_factory.mktemp("live"), project) as made:
        seed(made)
        speak(made)
        yield made


@pytest.fixture(scope="session")
def deployed(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """The protocol, deployed by the command itself.

    Where several processes share the suite, one deploys and the others take over its chain.
    """
    suite = os.environ.get(sharing.FOLDER)
    folder = Path(suite) / "live" if suite else tmp_path_factory.mktemp("deployed")
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "state").exists():
            live.load(folder)
            refresh(live)
        else:
            deploy_by_hand(live)
            live.save(folder)
    return live


def deploy_by_hand(live: Live) -> None:
    """By a person at a terminal, who has a key file with a passphrase."""
    with live.person("deploy", "--account", "locked", *DESPITE) as person:
        shown = person.sees("Go on? [y/N]:")
        assert "Deploys to ethereum-mainnet with locked" in shown
        assert "Nothing is deployed yet." in shown
        person.types("y")
        person.sees("Enter passphrase")
        person.types(PASSPHRASE)
        done = person.leaves()
    assert done.code == 0, done.out
    assert "Deploying: the deployer no longer administers" in done.out, "progress"
    assert done.out.count("[y/N]") == 1, "asked once"
    assert done.out.count("passphrase") == 1, "asked once"


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest, live: Live) -> Iterator[None]:
    """Every test leaves the network as it found it, and has run the commands that its marks say."""
    if "deployed" in request.fixturenames or "due" in request.fixturenames:
        request.getfixturevalue("deployed")
    rpc, record = live.direct, live.record_path
    snapshot, recorded = rpc.call("evm_snapshot"), record.read_text() if record.exists() else None
    live.seen.clear()
    yield
    missed = [mark.args for mark in request.node.iter_markers("shows") if not shown(live, *mark.args)]
    live.weather.clear()
    rpc.call("evm_setAutomine", True)
    rpc.call("evm_revert", snapshot)
    shutil.rmtree(live.folder / "state", ignore_errors=True)
    if recorded is not None:
        record.write_text(recorded)
    assert not missed, f"never run here: {missed}"


def shown(live: Live, name: str, how: str) -> bool:
    """Whether the command was run in this way; one that is refused, in both."""
    return {(name, each) for each in (("unattended", "by hand") if how == "refused" else (how,))} <= live.seen


def seed(live: Live, *aliases: str) -> None:
    """Gives accounts what the first shares consist of."""
    refresh(live)
    with live.world() as evm:
        for name in {asset for index in params.indexes() for asset in index.weights}:
            for alias in aliases or ("deployer", "locked"):
                control.deal(evm.rpc, name, live.address(alias), prices.wei(name, 5_000))


def speak(live: Live) -> None:
    """Feeds have answered every ten minutes until now, as far back as the preflight looks."""
    with live.world() as evm:
        for feed in FEEDS:
            answer, now = control.read_feed(evm.rpc, feed)
            for ago in range(preflight.ROUNDS, -1, -1):
                control.set_feed(evm.rpc, feed, answer, now - 600 * ago, rounds=1)


def refresh(live: Live) -> None:
    """A block in the present, and prices of now."""
    with live.world() as evm:
        evm.rpc.call("evm_mine")
        control.refresh_feeds(evm.rpc)
