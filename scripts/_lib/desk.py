"""What the commands for the multisig have in common: the deployment, who signs, what is shown, what is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from scripts._lib import chain
from scripts._lib.build import ROOT, fresh_project
from scripts._lib.catalog import Catalog, readable
from scripts._lib.evm import Evm, Reverted
from scripts._lib.record import Record
from scripts._lib.safe import Multisig, SafeTransaction, builder_file
from scripts._lib.system import System

FOLDER = ROOT / "build" / "proposals"


def opened() -> System:
    """The deployment on the connected network. Raises click.ClickException where there is none."""
    from ape import networks

    record = Record.load(chain.network(), networks.provider.chain_id)
    if "Safe" not in record.contracts:
        raise click.ClickException(f"Nothing is deployed on {chain.network()}: `ape run deploy` first.")
    if not networks.provider.get_code(record.contracts["Safe"]):
        raise click.ClickException("The recorded deployment is gone with its fork: `ape run deploy` again.")
    return System(Evm(chain.rpc().url, impersonate=False), fresh_project(), record)


def signing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that makes a transaction of a Safe."""
    for option in (
        click.option("--json", is_flag=True, help="Print everything as JSON."),
        click.option("--dry-run", is_flag=True, help="Try it out, show it and write it down; sign nothing."),
        click.option(
            "--account", "accounts", multiple=True,
            help="Alias of an Ape account that owns the Safe; repeat it for every owner. On a fork the test accounts sign unless told.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def signers(multisig: Multisig, aliases: Sequence[str], dry_run: bool) -> list[Any]:
    """As many accounts as the Safe needs, none where nobody shall sign here.

    Raises:
        click.ClickException: an account is not an owner, or there are too few.
    """
    from ape import accounts

    if dry_run or not (aliases or chain.is_fork()):
        return []
    owners, needed = multisig.owners, multisig.threshold
    if not aliases:
        known = [account for account in accounts.test_accounts if account.address in owners]
        return known[:needed] if len(known) >= needed else []
    chosen = []
    for alias in aliases:
        if alias not in accounts.aliases:
            raise click.ClickException(f"Ape knows no account {alias}: `ape accounts list` shows them, `ape accounts import` adds one.")
        account = accounts.load(alias)
        if account.address not in owners:
            raise click.ClickException(f"{alias} ({account.address}) does not own this Safe. Its owners are {', '.join(owners)}.")
        chosen.append(account)
    if len({account.address for account in chosen}) < needed:
        raise click.ClickException(
            f"{needed} owners must sign, and you named {len(chosen)}: name more with --account, or none and sign on the Safe's web site."
        )
    return chosen[:needed]


@dataclass(frozen=True)
class Submitted:
    """A transaction of a Safe, written down, and sent if there was who could sign. `sent` is its hash."""

    transaction: SafeTransaction
    file: str
    sent: str | None

    def plain(self) -> dict[str, Any]:
        """For --json."""
        t = self.transaction
        return {
            "safe": t.safe, "nonce": t.nonce, "to": t.to, "data": "0x" + t.data.hex(), "safeTxHash": "0x" + t.hash.hex(),
            "domainHash": "0x" + t.domain_hash.hex(), "messageHash": "0x" + t.message_hash.hex(),
            "file": self.file, "transaction": self.sent,
        }  # fmt: skip

    def table(self) -> Table:
        """For people, to compare with what the wallet shows."""
        t = self.transaction
        table = Table("compare on the wallet", "", title=f"Transaction {t.nonce} of the Safe {t.safe}", title_justify="left")
        for name, value in (("Safe transaction hash", t.hash), ("domain hash", t.domain_hash), ("message hash", t.message_hash)):
            table.add_row(name, "0x" + value.hex())
        return table


def submit(system: System, multisig: Multisig, to: str, data: bytes, slug: str, title: str, accounts: Sequence[Any]) -> Submitted:
    """Writes the Transaction Builder's file and, with accounts, signs and sends. Raises click.ClickException when it would fail."""
    transaction = multisig.transaction(to, data)
    try:
        system.evm.call(to, data, sender=multisig.address)
    except Reverted as reverted:
        raise click.ClickException(f"The transaction would fail now with {Catalog(system).error(reverted.data)}.") from None
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{slug}-{transaction.hash.hex()[:8]}.json"
    batch = builder_file(transaction.safe, transaction.chain_id, title, f"Safe nonce {transaction.nonce}", system.evm.now, [(to, data)])
    path.write_text(json.dumps(batch, indent=2) + "\n")
    sent = multisig.execute(transaction, accounts).txn_hash if accounts else None
    return Submitted(transaction, str(path.relative_to(ROOT)), sent)


# ---------------------------------------------------------------- for people


def console() -> Console:
    """Wide enough for hashes and addresses where the output is not a terminal."""
    screen = Console()
    return screen if screen.is_terminal else Console(width=160)


def moment(time: int) -> str:
    """Such as "2026-01-31 12:00 UTC"."""
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def period(seconds: int) -> str:
    """Such as "15 d 4 h", in the two largest units."""
    parts = [(seconds // 86_400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number} {unit}" for number, unit in parts[:2])


def shown(label: str, value: Any, catalog: Catalog) -> str:
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
        known = catalog.name(value)
        return value if known == value else f"{known} {value}"
    return readable(value)
