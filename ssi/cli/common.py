"""What the commands for the multisig have in common: the deployment, who signs, what is shown, what is written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any

import click
from eth_utils import keccak
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ssi.build import fresh_project
from ssi.chain import network
from ssi.chain.evm import Reverted
from ssi.chain.sender import Sender
from ssi.constants import DAY, HOUR
from ssi.failure import Failure, Misused
from ssi.governance.client import SigningRequest
from ssi.governance.decoder import Decoder, readable
from ssi.governance.safe import Multisig, SafeTransaction, builder_file
from ssi.governance.service import KEY, URL, Service
from ssi.governance.starting import advice
from ssi.places import held, state, working
from ssi.registry.record import Record
from ssi.registry.system import System

LAST_MOMENT = 253_402_300_799  # what calendars here know
FOLDER = working() / "build" / "proposals"  # unless SSI_STATE says otherwise


def folder() -> Path:
    """Where proposals are written down."""
    path = state("proposals") if "SSI_STATE" in os.environ else FOLDER
    path.mkdir(parents=True, exist_ok=True)
    return path


def opened(needed: str = "Safe") -> System:
    """The deployment on the connected network, with at least the contract `needed`. Raises Failure where
    there is none.
    """
    from ape import networks

    record = Record.load(network.name(), networks.provider.chain_id)
    if needed not in record.contracts:
        raise Failure(f"No {needed} is deployed on {network.name()}: `ape run deploy` first.", 1)
    if not network.code(record.contracts[needed]):
        again = "The recorded deployment is gone with its fork: `ape run deploy` again."
        gone = (
            f"{record.path} names {needed} at {record.contracts[needed]}, and there is nothing: is this the record's"
            " network?"
        )
        raise Failure(again if network.is_fork() else gone, 1)
    return System(network.evm(), fresh_project(), record)


@dataclass(frozen=True)
class Signing:
    """What a person said about signing."""

    accounts: tuple[str, ...] = ()
    dry_run: bool = False
    nonce: int | None = None
    yes: bool = False
    json: bool = False
    queue: bool = False


def signing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that makes a transaction of a Safe, as one argument `how`."""

    @wraps(command)
    def gathered(
        *args: Any,
        accounts: tuple[str, ...],
        dry_run: bool,
        nonce: int | None,
        yes: bool,
        json: bool,
        queue: bool,
        **others: Any,
    ) -> Any:
        return command(*args, how=Signing(accounts, dry_run, nonce, yes, json, queue), **others)

    for option in (
        click.option("--json", is_flag=True, help="Print everything as JSON."),
        click.option("--yes", is_flag=True, help="Sign and send without asking."),
        click.option(
            "--queue", is_flag=True, help="Sign with one --account and put it into Safe's queue, where the others sign."
        ),
        click.option("--dry-run", is_flag=True, help="Try it out, show it and write it down; sign nothing."),
        click.option(
            "--nonce", type=click.IntRange(0, 2**64),
            help="Of the Safe's transaction; by default the next for which this machine has not proposed anything.",
        ),
        click.option(
            "--account", "accounts", multiple=True,
            help=(
                "Alias of an Ape account that owns the Safe; repeat it for every owner. On a fork the test accounts"
                " sign unless told."
            ),
        ),
    ):  # fmt: skip
        gathered = option(gathered)
    return gathered


def signers(multisig: Multisig, how: Signing) -> list[Any]:
    """As many accounts as the Safe needs, still locked; none where no account shall sign here.

    Raises:
        Misused: an account is not an owner, there are too few, or no queue is known.
    """
    from ape import accounts

    aliases = how.accounts
    if how.queue and (network.is_fork() or not aliases):
        raise Misused("--queue is for a live network, and needs one owner who signs: --account ALIAS.")
    if how.dry_run or not (aliases or network.is_fork()):
        _require_queue(multisig, how)
        return []
    owners, needed = multisig.owners, 1 if how.queue else multisig.threshold
    if not aliases:
        known = [account for account in accounts.test_accounts if account.address in owners]
        return known[:needed] if len(known) >= needed else []
    chosen = []
    for alias in aliases:
        if alias not in accounts.aliases:
            raise Misused(
                f"Ape knows no account {alias}: `ape accounts list` shows them, `ape accounts import` adds one."
            )
        account = accounts.load(alias)
        if account.address not in owners:
            raise Misused(f"{alias} ({account.address}) does not own this Safe. Its owners are {', '.join(owners)}.")
        chosen.append(account)
    if len({account.address for account in chosen}) < needed:
        raise Misused(
            f"{needed} owners must sign, and you named {len(chosen)}: name more with --account, or none and sign on the"
            " Safe's web site."
        )
    _require_queue(multisig, how)
    return chosen[:needed]


def _require_queue(multisig: Multisig, how: Signing) -> None:
    """Raises Misused where a queue is wanted and none is named."""
    if how.queue:
        _service(int(multisig.evm.rpc.call("eth_chainId"), 16))


@dataclass(frozen=True)
class Prepared:
    """A transaction of a Safe, written down. `replaces` is the title of another that was proposed with its nonce."""

    multisig: Multisig
    transaction: SafeTransaction
    file: str
    replaces: str | None

    def plain(self, sent: str | None) -> dict[str, Any]:
        """For --json."""
        t = self.transaction
        return {
            "safe": t.safe,
            "nonce": t.nonce,
            "to": t.to,
            "data": "0x" + t.data.hex(),
            "operation": t.operation,
            "safeTxHash": "0x" + t.hash.hex(),
            "domainHash": "0x" + t.domain_hash.hex(),
            "messageHash": "0x" + t.message_hash.hex(),
            "file": self.file,
            "replaces": self.replaces,
            "transaction": sent,
        }

    def table(self) -> Table:
        """For people, to compare with what the wallet shows."""
        t = self.transaction
        replaces = Text(f"It takes the place of “{self.replaces}”.", "dim italic") if self.replaces else None
        title = f"Transaction {t.nonce} of the Safe {t.safe}"
        table = Table("compare on the wallet", "", title=title, title_justify="left", caption=replaces)
        for name, value in (
            ("Safe transaction hash", t.hash),
            ("domain hash", t.domain_hash),
            ("message hash", t.message_hash),
        ):
            table.add_row(name, "0x" + value.hex())
        return table


def prepare(system: System, request: SigningRequest, owners: Sequence[Any], how: Signing) -> list[Prepared]:
    """The request's transactions with consecutive nonces, and the file of each for the Transaction Builder.

    Signs nothing.

    Raises:
        Failure: one would fail now.
        Misused: its nonce cannot be.
    """
    multisig, sending = request.multisig, bool(owners) and not how.queue
    try:
        multisig.check(multisig.together([call for batch in request.batches for call in batch]))
    except Reverted as reverted:
        said = Decoder(system).error(reverted.data)
        raise Failure(f"This fails now with {said}. {advice(said)}".strip(), 1) from None
    first, prepared = multisig.together(request.batches[0]), list[Prepared]()
    with queued(multisig) as queue:
        nonce = queue.nonce(first.to, first.data, how.nonce, sending)
        for transaction, calls in zip(request.transactions(nonce), request.batches, strict=True):
            path = folder() / f"{request.slug}-{transaction.hash.hex()[:8]}.json"
            batch = builder_file(
                transaction.safe, transaction.chain_id, request.title, f"Safe nonce {transaction.nonce}",
                system.evm.now, calls,
            )  # fmt: skip
            path.write_text(json.dumps(batch, indent=2) + "\n")
            file = str(path.relative_to(working())) if path.is_relative_to(working()) else str(path)
            prepared.append(Prepared(multisig, transaction, file, queue.other(transaction)))
            if not (owners or how.dry_run):  # what is put into Safe's queue is known there
                queue.add(transaction, request.title, file)
    return prepared


def asked(owners: Sequence[Any], how: Signing) -> bool:
    """Whether everything is to be shown: to a person who reads it, or before a question."""
    return not how.json or bool(owners and not how.yes and not network.is_fork())


def sign(system: System, prepared: Sequence[Prepared], owners: Sequence[Any], how: Signing) -> list[str | None]:
    """Asks once, then lets the owners sign and the first of them send.

    Returns the hashes, None for what is not sent here.

    Raises:
        Misused: the answer is no, there is no terminal to ask at, a passphrase is missing, or no queue is known.
        Failure: Safe's queue does not take it.
        NotSent, Reverted: it is not on chain.
    """
    if not owners:
        return [None] * len(prepared)
    if not how.yes and not network.is_fork():
        names = " and ".join(account.alias or account.address for account in owners)
        if not network.interactive():
            raise Misused("There is no terminal to ask whether to sign: add --yes once you have read a --dry-run.")
        then = "put it into Safe's queue" if how.queue else "send"
        if not click.confirm(f"Sign with {names} and {then}?", err=True):
            raise Misused("Nothing was signed.")
    service = _service(prepared[0].transaction.chain_id) if how.queue else None
    accounts = [network.unlocked(account) for account in owners]
    if service is not None:
        for one in prepared:
            _require_free(service, one)
            service.propose(one.transaction, accounts[0])
        return [None] * len(prepared)
    sender = Sender(system.evm.rpc, accounts[0])
    return [one.multisig.execute(one.transaction, accounts, sender) for one in prepared]


def _service(chain_id: int) -> Service:
    """Safe's queue. Raises Misused where none is named."""
    if (service := Service.configured(chain_id)) is None:
        raise Misused(f"Say which queue: a key of developer.safe.global in {KEY}, or the URL of a service in {URL}.")
    return service


def _require_free(service: Service, one: Prepared) -> None:
    """Raises Failure where another owner took the nonce while this one was asked."""
    if one.replaces is not None:
        return
    others = service.queued(one.transaction.safe, one.transaction.nonce)
    if any(other.nonce == one.transaction.nonce and other.hash != one.transaction.hash for other in others):
        raise Failure(
            f"Nonce {one.transaction.nonce} was taken in Safe's queue meanwhile. Nothing was put there: run this"
            " again.",
            1,
        )


def agreed_to_deploy(contract: str, alias: str | None, how: Signing) -> None:
    """A trial needs the new implementation on chain: asks before it is sent. Raises Misused when the answer
    is not yes.
    """
    if network.is_fork() or alias is None:
        return
    if how.dry_run:
        raise Misused(
            "A dry run sends nothing, and this needs a new implementation: say where it is, --implementation ADDRESS."
        )
    if how.yes:
        return
    if not network.interactive():
        raise Misused("There is no terminal to ask whether to deploy the new implementation: add --yes.")
    if not click.confirm(
        f"Deploy a new implementation of {contract} with {alias}? It does nothing before the Safe agrees.", err=True
    ):
        raise Misused("Nothing was deployed.")


class Queue:
    """What was proposed for a Safe and is not executed, by nonce: on this machine, and in Safe's queue where one is
    configured.

    On a fork nothing is kept.
    """

    def __init__(self, multisig: Multisig) -> None:
        self._next = multisig.nonce
        self._file = folder() / f"queue-{multisig.address}.json"
        self._entries: dict[int, dict[str, str]] = {}
        if not network.is_fork():
            self._entries = {nonce: entry for nonce, entry in self._known().items() if nonce >= self._next}
            if (service := Service.configured(int(multisig.evm.rpc.call("eth_chainId"), 16))) is not None:
                for waiting in service.queued(multisig.address, self._next):
                    self._entries.setdefault(
                        waiting.nonce, _entry(waiting, "a transaction in Safe's queue", "Safe's queue")
                    )

    def _known(self) -> dict[int, dict[str, str]]:
        """What is on disk. Raises Misused where that cannot be read: to go on without it would hand out its nonces
        again.
        """
        if not self._file.exists():
            return {}
        try:
            known = {int(nonce): entry for nonce, entry in json.loads(self._file.read_text()).items()}
            if not all({"hash", "call", "title", "file"} == entry.keys() for entry in known.values()):
                raise ValueError
        except (OSError, ValueError, AttributeError):
            raise Misused(
                f"{self._file} is damaged, and it says which nonces of the Safe are taken: move it away, and give"
                " --nonce until those proposals are executed."
            ) from None
        return known

    def nonce(self, to: str, data: bytes, wanted: int | None, sending: bool) -> int:
        """For a call: that which was asked for, that with which the same was proposed, or the first that is free.

        Raises Misused.
        """
        if wanted is not None:
            if wanted < self._next:
                raise Misused(f"Nonce {wanted} of the Safe is used: its next is {self._next}.")
            if sending and wanted > self._next:
                raise Misused(
                    f"Nonce {wanted} cannot be sent before {self._next}: leave --account away and sign on the Safe's"
                    " web site."
                )
            return wanted
        call = keccak(bytes.fromhex(to[2:]) + data).hex()
        same = [nonce for nonce, entry in self._entries.items() if entry["call"] == call]
        if same and not (sending and same[0] > self._next):
            return same[0]
        if sending and (other := self._entries.get(self._next)) is not None:
            raise Misused(
                f"“{other['title']}” is proposed with the Safe's next nonce, {self._next} ({other['file']}), and"
                f" sending this would make that void: execute it first, or say --nonce {self._next} to take its place."
            )
        return self._next if sending else next(nonce for nonce in count(self._next) if nonce not in self._entries)

    def other(self, transaction: SafeTransaction) -> str | None:
        """Title of what else was proposed with the transaction's nonce."""
        entry = self._entries.get(transaction.nonce)
        return entry["title"] if entry and entry["hash"] != transaction.hash.hex() else None

    def add(self, transaction: SafeTransaction, title: str, file: str) -> None:
        """Writes it down."""
        if network.is_fork():
            return
        self._entries[transaction.nonce] = _entry(transaction, title, file)
        draft = self._file.with_suffix(".tmp")
        draft.write_text(json.dumps(self._entries, indent=2, sort_keys=True) + "\n")
        draft.replace(self._file)


@contextmanager
def queued(multisig: Multisig) -> Iterator[Queue]:
    """The queue, for one command at a time: two at once would take one nonce."""
    with held(f"queue-{multisig.address}", wait=True):
        yield Queue(multisig)


def _entry(transaction: SafeTransaction, title: str, file: str) -> dict[str, str]:
    call = keccak(bytes.fromhex(transaction.to[2:]) + transaction.data).hex()
    return {"hash": transaction.hash.hex(), "call": call, "title": title, "file": file}


# ---------------------------------------------------------------- for people


def console() -> Console:
    """Wide enough for hashes and addresses where the output is not a terminal."""
    screen = Console()
    return screen if screen.is_terminal else Console(width=160)


def verbatim(said: object, style: str = "") -> Text:
    """A text as it is. In a plain one the screen takes brackets for markup: a list that begins with sDAI would not be
    shown, and a word of the chain's could hide what comes after it.
    """
    return Text(str(said), style)


def moment(time: int) -> str:
    """Such as "2026-01-31 12:00 UTC"."""
    if time > LAST_MOMENT:
        return "after the year 9999"
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def period(seconds: int) -> str:
    """Such as "15 d 4 h", in the two largest units."""
    parts = [(seconds // DAY, "d"), (seconds // HOUR % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number} {unit}" for number, unit in parts[:2])


def shown(label: str, value: Any, decoder: Decoder) -> str:
    """A value of the state with its unit, as far as the label says which."""
    name = label.rpartition(".")[2]
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        if name == "mintFee":
            return f"{value} bp"
        if name == "dailyFee":
            return f"{value / 1e14:g} bp a day"
        if name == "supplyCap":
            return f"{value:,} shares"
    if isinstance(value, str) and value.startswith("0x"):
        known = decoder.name(value)
        return value if known == value else f"{known} {value}"
    return readable(value)
