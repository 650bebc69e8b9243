"""A network as if it were the real one: chain id 1 behind a proxy with a password, key files of Ape's, and commands on
it.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.hdaccount import ETHEREUM_DEFAULT_PATH
from eth_keyfile.keyfile import create_keyfile_json
from eth_utils import keccak

from forks import control
from minimainnet import node
from ssi.chain.evm import Evm
from ssi.chain.rpc import Rpc
from ssi.places import ROOT
from ssi.registry import params
from ssi.registry.record import Record
from ssi.registry.system import System
from tests.live.proxy import Weather, proxied

PASSPHRASE = "correct horse"
TIMEOUT = 600  # seconds; the machine may be busy
NETWORK = ("--network", "ethereum:mainnet:node")
# What is wrong with the parameters of this repository on purpose: the keys of these owners are published.
DESPITE = ("--despite", "owners of the Safe", "--despite", "owners of the guardian")
_MNEMONIC = "test test test test test test test test test test test junk"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@dataclass(frozen=True)
class Done:
    """A command that has ended. One at a terminal has said everything in `out`."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said on standard output, which must be JSON and nothing else, after success."""
        assert self.code == 0, f"{self.code}\n{self.out}\n{self.err}"
        return json.loads(self.out)


@dataclass
class RunningCommand:
    """A command that was started."""

    pid: int
    out: Path
    err: Path
    code: Path

    @property
    def ended(self) -> bool:
        """By itself; not where it was killed."""
        return self.code.exists()

    def wait(self, timeout: float = TIMEOUT) -> Done:
        """Until it has ended."""
        ends = time.monotonic() + timeout
        while not self.ended:
            assert time.monotonic() < ends, (
                f"still running after {timeout} s\n{self.out.read_text()}\n{self.err.read_text()}"
            )
            time.sleep(0.02)
        return Done(int(self.code.read_text()), self.out.read_text(), self.err.read_text())

    def until(self, text: str, timeout: float = TIMEOUT) -> str:
        """Until it has said so on standard error."""
        ends = time.monotonic() + timeout
        while text not in (said := self.err.read_text() if self.err.exists() else ""):
            assert not self.ended, f"it ended\n{said}"
            assert time.monotonic() < ends, f"it never said {text!r}\n{said}"
            time.sleep(0.02)
        return said

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Sends a signal; nothing where it has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


@dataclass
class Person:
    """A person at a terminal on which a command was started."""

    pid: int
    code: Path
    terminal: int
    said: str = ""
    read: int = 0  # how much of it was looked at

    def sees(self, text: str, timeout: float = TIMEOUT) -> str:
        """Waits for it; returns what was said since the last look, up to it."""
        ends = time.monotonic() + timeout
        while (at := self.said.find(text, self.read)) < 0:
            ended = self.code.exists()
            self._look()
            assert not ended or text in self.said[self.read :], f"it ended and never said {text!r}\n{self.said}"
            assert time.monotonic() < ends, f"it never said {text!r}\n{self.said}"
        seen, self.read = self.said[self.read : at + len(text)], at + len(text)
        return seen

    def types(self, text: str) -> None:
        """And the return key."""
        self.presses(text + "\n")

    def presses(self, keys: str) -> None:
        """Such as "\x03", control-C."""
        os.write(self.terminal, keys.encode())

    def leaves(self, timeout: float = TIMEOUT) -> Done:
        """Waits until it has ended."""
        ends = time.monotonic() + timeout
        while not self.code.exists():
            self._look()
            assert time.monotonic() < ends, f"still running after {timeout} s\n{self.said}"
        self._look()
        return Done(int(self.code.read_text()), self.said, "")

    def _look(self) -> None:
        while select.select([self.terminal], [], [], 0.02)[0]:
            self.said += _ESCAPES.sub("", os.read(self.terminal, 65_536).decode(errors="replace"))


@dataclass
class Shell:
    """A process that starts commands and anvils, and ends with them. `environment` is that of all commands."""

    folder: Path
    process: subprocess.Popen[str]
    jobs: int = 0

    def ask(self, request: dict[str, Any]) -> str:
        """One line for one request."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def files(self) -> dict[str, str]:
        """Where the next command's output and exit code go."""
        self.jobs += 1
        return {name: str(self.folder / f"{self.jobs}.{name}") for name in ("out", "err", "code")}


@contextmanager
def shell(folder: Path, url: str) -> Iterator[Shell]:
    """A shell whose commands keep their files in `folder`, with key files of Ape's and passphrases for all but
    "locked".

    Two of the keys are on a hardware wallet as well: "safe0-ledger" and "guardian0-ledger".
    """
    (folder / "ape/accounts").mkdir(parents=True)
    environment = {
        **os.environ,
        "APE_DATA_FOLDER": str(folder / "ape"),
        "SSI_STATE": str(folder / "state"),
        "MAINNET_RPC_URL": url,
        "SSI_DEPLOYMENTS": str(folder / "deployments"),
        "TERM": "xterm",
        "COLUMNS": "200",
    }
    for alias, key in keys().items():
        password: Any = PASSPHRASE.encode()  # declared as text, used as bytes
        content = create_keyfile_json(key, password, kdf="pbkdf2", iterations=1)
        content["address"] = Account.from_key(key).address
        (folder / "ape/accounts" / f"{alias}.json").write_text(json.dumps(content))
        if alias != "locked":
            environment[f"APE_ACCOUNTS_{alias}_PASSPHRASE"] = PASSPHRASE
    (folder / "ape/ledger").mkdir()
    for place, alias in enumerate(("safe0", "guardian0")):
        device = {"address": Account.from_key(keys()[alias]).address, "hdpath": f"m/44'/60'/{place}'/0/0"}
        (folder / f"ape/ledger/{alias}-ledger.json").write_text(json.dumps(device))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.live.shell"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "the shell could not start"
        yield Shell(folder, process)
    finally:
        process.terminate()
        process.wait(20)


@dataclass
class Live:
    """The network, and commands on it."""

    url: str
    weather: Weather
    folder: Path
    shell: Shell
    project: Any
    seen: set[tuple[str, str]] = field(default_factory=set)  # commands that were run, and how

    @property
    def direct(self) -> Rpc:
        """Past the proxy: for what the world does, not for commands."""
        return Rpc(self.weather.upstream)

    @contextmanager
    def world(self) -> Iterator[Evm]:
        """The world may act for every account, for a moment."""
        evm = Evm(self.weather.upstream, impersonate=True)
        try:
            yield evm
        finally:
            evm.rpc.call("anvil_autoImpersonateAccount", False)

    # ------------------------------------------------------------ commands

    def start(self, *words: str, **environment: str) -> RunningCommand:
        """Starts `ape run …` on the live network, with no person at the keyboard."""
        (running,) = self._start([words], environment)
        return running

    def _start(self, rows: Sequence[Sequence[str]], environment: dict[str, str]) -> list[RunningCommand]:
        files = [self.shell.files() for _ in rows]
        self.seen |= {(name, "unattended") for row in rows for name in _names(row)}
        pid = int(
            self.shell.ask(
                {"env": environment, "rows": [{"words": _live(row), **to} for row, to in zip(rows, files, strict=True)]}
            )
        )
        return [RunningCommand(pid, *(Path(to[name]) for name in ("out", "err", "code"))) for to in files]

    def run(self, *words: str, **environment: str) -> Done:
        """The same to its end."""
        return self.ended(self.start(*words, **environment))

    def ended(self, running: RunningCommand) -> Done:
        """Waits. No command shows a traceback or asks for what live nodes do not offer."""
        done = running.wait()
        assert "Traceback" not in done.err + done.out, done.err
        assert self.weather.refused == []
        return done

    def all(self, rows: Sequence[Sequence[str]], **environment: str) -> list[Done]:
        """Many commands at once, for those that wait for the network."""
        return [self.ended(running) for running in [self.start(*row, **environment) for row in rows]]

    def each(self, rows: Sequence[Sequence[str]], **environment: str) -> list[Done]:
        """Many commands after each other in one process, which is quick, for those that end before they do anything."""
        return [self.ended(running) for running in self._start(rows, environment)]

    @contextmanager
    def person(self, *words: str, **environment: str) -> Iterator[Person]:
        """A person starts `ape run …` on the live network at a terminal."""
        files, (terminal, slave) = self.shell.files(), os.openpty()
        self.seen |= {(name, "by hand") for name in _names(words)}
        try:
            job = {
                "env": environment,
                "tty": os.ttyname(slave),
                "rows": [{"words": _live(words), "code": files["code"]}],
            }
            person = Person(int(self.shell.ask(job)), Path(files["code"]), terminal)
            yield person
            if not person.code.exists():
                person.leaves()
            assert "Traceback" not in person.said, person.said
            assert self.weather.refused == []
        finally:
            with suppress(ProcessLookupError):
                os.kill(person.pid, signal.SIGKILL)
            os.close(terminal)
            os.close(slave)

    # ------------------------------------------------------------ what there is

    def address(self, alias: str) -> str:
        """Of a key file."""
        return str(self.key(alias).address)

    def key(self, alias: str) -> Any:
        """The account of a key file, for what its owner signs without any command."""
        return Account.from_key(keys()[alias])

    def sent(self, alias: str) -> int:
        """Transactions of a key file that were mined."""
        return int(self.direct.call("eth_getTransactionCount", self.address(alias), "latest"), 16)

    @property
    def record_path(self) -> Path:
        """Where commands keep the record of the deployment."""
        return self.folder / "deployments/ethereum-mainnet.json"

    @property
    def record(self) -> Record:
        """The record of the deployment."""
        known = json.loads(self.record_path.read_text())
        known.pop("chain_id")
        return Record(self.record_path, 1, **known)

    def save(self, folder: Path) -> None:
        """The chain, the record and the sources, for another network to `load`."""
        shutil.copytree(self.record_path.parent, folder / "deployments", dirs_exist_ok=True)
        (folder / "state").write_text(self.direct.call("anvil_dumpState"))

    def load(self, folder: Path) -> None:
        """Puts what another network has saved in the place of this one's chain and record."""
        self.direct.call("anvil_loadState", (folder / "state").read_text())
        shutil.copytree(folder / "deployments", self.record_path.parent, dirs_exist_ok=True)

    @property
    def system(self) -> System:
        """The deployed protocol, seen past the proxy."""
        return self.system_of(Evm(self.direct, impersonate=False))

    def system_of(self, evm: Evm) -> System:
        """The same over another connection, such as the world's."""
        return System(evm, self.project, self.record)

    def transfer(self, alias: str, nonce: int, gas_price: int) -> None:
        """A transaction of a key file that another program sends: nothing, to itself."""
        who = self.address(alias)
        fields = {"chainId": 1, "nonce": nonce, "to": who, "value": 0, "gas": 21_000, "gasPrice": gas_price}
        self.direct.call(
            "eth_sendRawTransaction",
            "0x" + bytes(Account.sign_transaction(fields, keys()[alias]).raw_transaction).hex(),
        )

    def warp(self, seconds: int) -> None:
        """Lets time pass, with feeds that keep up."""
        with self.world() as evm:
            control.warp(evm.rpc, seconds)


def _live(words: Sequence[str]) -> list[str]:
    end = list(words).index("--") if "--" in words else len(words)  # what follows is no option
    return [*words[:end], *(() if "--network" in words else NETWORK), *words[end:]]


def _names(words: Sequence[str]) -> tuple[str, str]:
    """Of the command: one word, or a group's and its own."""
    return words[0], " ".join(words[:2])


@contextmanager
def network(folder: Path, project: Any) -> Iterator[Live]:
    """A miniature mainnet of its own behind a proxy, and commands on it; the accounts have ether, but for "poor"."""
    with ExitStack() as stack:
        url, weather = stack.enter_context(proxied())
        started = stack.enter_context(shell(folder, url))
        weather.upstream = started.ask(
            {"anvil": ["--chain-id", "1", "--load-state", str(node.built_state()), "--gas-limit", "60000000"]}
        )
        rpc = Rpc(weather.upstream)
        rpc.call("anvil_autoImpersonateAccount", False)
        for alias, key in keys().items():
            rpc.call("anvil_setBalance", Account.from_key(key).address, hex(10**12 if alias == "poor" else 10**20))
        yield Live(url, weather, folder, started, project)


def keys() -> dict[str, bytes]:
    """Private keys by alias: deployer, keeper, other, poor, locked, safe0, guardian0 and so on."""
    if not _KEYS:
        Account.enable_unaudited_hdwallet_features()
        path = ETHEREUM_DEFAULT_PATH.rsplit("/", 1)[0]
        known = [Account.from_mnemonic(_MNEMONIC, account_path=f"{path}/{n}") for n in range(10)]
        protocol = params.protocol()
        for name, owners in (("safe", protocol.safe.owners), ("guardian", protocol.guardian.owners)):
            for n, owner in enumerate(owners):
                _KEYS[f"{name}{n}"] = next(bytes(account.key) for account in known if account.address == owner)
        for alias in ("deployer", "keeper", "other", "poor", "locked"):  # the same in every process of the suite
            _KEYS[alias] = keccak(text=f"the live network's {alias}")
    return _KEYS


_KEYS: dict[str, bytes] = {}
