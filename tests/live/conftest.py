"""A network as if it were the real one: chain id 1 behind a proxy with a password, key files of Ape's, nobody at the keyboard."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.hdaccount import ETHEREUM_DEFAULT_PATH
from eth_keyfile import create_keyfile_json

from forks import anvils, control
from minimainnet import node, prices
from ssi.chain.evm import Evm
from ssi.chain.rpc import Rpc
from ssi.places import ROOT
from ssi.registry import params
from ssi.registry.record import Record
from ssi.registry.system import System
from tests.live.proxy import Weather, proxied

PASSPHRASE = "correct horse"
_MNEMONIC = "test test test test test test test test test test test junk"
TIMEOUT = 600  # seconds; the machine may be busy


@dataclass
class Running:
    """A command that was started."""

    pid: int
    out: Path
    err: Path
    code: Path

    def wait(self, timeout: float = TIMEOUT) -> Done:
        """Until it has ended."""
        ends = time.monotonic() + timeout
        while not (self.code.exists() and self.code.read_text()):
            assert time.monotonic() < ends, f"still running after {timeout} s\n{self.out.read_text()}\n{self.err.read_text()}"
            time.sleep(0.02)
        return Done(int(self.code.read_text()), self.out.read_text(), self.err.read_text())

    def until(self, text: str, timeout: float = TIMEOUT) -> str:
        """Until it has said so on standard error."""
        ends = time.monotonic() + timeout
        while text not in (said := self.err.read_text() if self.err.exists() else ""):
            assert not self.code.exists(), f"it ended\n{said}"
            assert time.monotonic() < ends, f"it never said {text!r}\n{said}"
            time.sleep(0.02)
        return said

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Sends a signal; nothing where it has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said on standard output, which must be JSON and nothing else, after success."""
        assert self.code == 0, f"{self.code}\n{self.out}\n{self.err}"
        return json.loads(self.out)


@dataclass
class Live:
    """The network, and a shell on it."""

    url: str
    anvil: str
    weather: Weather
    folder: Path
    shell: subprocess.Popen[str]
    project: Any
    jobs: int = 0

    @property
    def direct(self) -> Rpc:
        """Past the proxy: for what the world does, not for commands."""
        return Rpc(self.anvil)

    @contextmanager
    def world(self) -> Iterator[Evm]:
        """The world may act for everybody, for a moment."""
        evm = Evm(self.anvil, impersonate=True)
        try:
            yield evm
        finally:
            evm.rpc.call("anvil_autoImpersonateAccount", False)

    def start(self, *words: str, **environment: str) -> Running:
        """Starts `ape run …` on the live network, with nobody at the keyboard."""
        self.jobs += 1
        files = {name: str(self.folder / f"{self.jobs}.{name}") for name in ("out", "err", "code")}
        job = {"words": [*words, "--network", "ethereum:mainnet:node"], "env": environment, **files}
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(json.dumps(job) + "\n")
        self.shell.stdin.flush()
        return Running(int(self.shell.stdout.readline()), *(Path(files[name]) for name in ("out", "err", "code")))

    def run(self, *words: str, **environment: str) -> Done:
        """The same to its end. Whatever it was, no command shows a traceback or asks for what live nodes do not offer."""
        done = self.start(*words, **environment).wait()
        assert "Traceback" not in done.err + done.out, done.err
        assert self.weather.refused == []
        return done

    def address(self, alias: str) -> str:
        """Of a key file."""
        return str(json.loads((self.folder / "ape/accounts" / f"{alias}.json").read_text())["address"])

    @property
    def record(self) -> Record:
        """The record of the deployment."""
        known = json.loads((self.folder / "deployments/ethereum-mainnet.json").read_text())
        known.pop("chain_id")
        return Record(self.folder / "deployments/ethereum-mainnet.json", 1, **known)

    @property
    def system(self) -> System:
        """The deployed protocol, seen past the proxy."""
        return System(Evm(self.direct, impersonate=False), self.project, self.record)

    def warp(self, seconds: int) -> None:
        """Lets time pass, with feeds that keep up."""
        with self.world() as evm:
            control.warp(evm.rpc, seconds)


@pytest.fixture(autouse=True)
def isolated() -> None:
    """The fork that other tests share is not used here."""


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, project: Any) -> Iterator[Live]:
    """The network with key files: deployer, keeper, other, poor, safe0, guardian0 and so on; the environment has passphrases."""
    folder = tmp_path_factory.mktemp("live")
    keys = _keys()
    (folder / "ape/accounts").mkdir(parents=True)
    environment = {
        **os.environ, "APE_DATA_FOLDER": str(folder / "ape"), "SSI_DEPLOYMENTS": str(folder / "deployments"),
        "SSI_STATE": str(folder / "state"),
    }  # fmt: skip
    for alias, key in keys.items():
        content = create_keyfile_json(key, PASSPHRASE.encode(), kdf="pbkdf2", iterations=1)
        content["address"] = Account.from_key(key).address
        (folder / "ape/accounts" / f"{alias}.json").write_text(json.dumps(content))
        if alias != "locked":
            environment[f"APE_ACCOUNTS_{alias}_PASSPHRASE"] = PASSPHRASE
    options = ("--chain-id", "1", "--load-state", str(node.built_state()), "--gas-limit", "60000000")
    with anvils.anvil(*options) as anvil, proxied(anvil) as (url, weather):
        Rpc(anvil).call("anvil_autoImpersonateAccount", False)
        for alias, key in keys.items():
            Rpc(anvil).call("anvil_setBalance", Account.from_key(key).address, hex(10**12 if alias == "poor" else 10**20))
        environment["MAINNET_RPC_URL"] = url
        shell = subprocess.Popen(
            [sys.executable, "-m", "tests.live.shell"], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert shell.stdout is not None
            assert shell.stdout.readline() == "ready\n"
            yield Live(url, anvil, weather, folder, shell, project)
        finally:
            shell.terminate()
            shell.wait(10)


@pytest.fixture(autouse=True)
def calm(live: Live) -> Iterator[None]:
    """Whatever a test spoils is mended after it."""
    yield
    asked = live.weather.asked
    live.weather.__init__()  # type: ignore[misc]
    live.weather.asked = asked
    live.direct.call("evm_setAutomine", True)
    live.direct.call("evm_mine")


@pytest.fixture(scope="session")
def deployed(live: Live) -> Live:
    """The protocol, deployed by the command itself, by a key file."""
    with live.world() as evm:
        deployer = live.address("deployer")
        evm.rpc.call("evm_mine")  # in the present
        control.refresh_feeds(evm.rpc)
        for name in {asset for index in params.indexes() for asset in index.weights}:
            control.deal(evm.rpc, name, deployer, prices.wei(name, 5_000))
    done = live.run("deploy", "--account", "deployer", "--yes", "--json")
    assert done.json["chainId"] == 1
    return live


def _keys() -> dict[str, bytes]:
    Account.enable_unaudited_hdwallet_features()
    path = ETHEREUM_DEFAULT_PATH.rsplit("/", 1)[0]
    known = [Account.from_mnemonic(_MNEMONIC, account_path=f"{path}/{n}") for n in range(10)]
    protocol = params.protocol()
    keys = {}
    for name, owners in (("safe", protocol.safe.owners), ("guardian", protocol.guardian.owners)):
        for n, owner in enumerate(owners):
            keys[f"{name}{n}"] = next(bytes(account.key) for account in known if account.address == owner)
    return keys | {alias: Account.create(alias).key for alias in ("deployer", "keeper", "other", "poor", "locked")}
