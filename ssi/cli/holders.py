"""What the holders' commands have in common: the account, what is shown, the one question, and waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import Any, TypeVar

import click
from eth_utils import is_hex_address, to_checksum_address
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ssi.amounts import Written, written
from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Address, Number
from ssi.cli.indexed import indexed
from ssi.failure import Failure, Misused
from ssi.governance.decoder import mistyped
from ssi.protocol import Protocol

T = TypeVar("T")


@dataclass(frozen=True)
class Acting:
    """What a person said about acting."""

    account: str | None = None
    dry_run: bool = False
    yes: bool = False
    json: bool = False


def acting(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that sends, as one argument `how`."""

    @wraps(command)
    def gathered(*args: Any, account: str | None, dry_run: bool, yes: bool, json: bool, **others: Any) -> Any:
        return command(*args, how=Acting(account, dry_run, yes, json), **others)

    for option in (
        click.option("--json", is_flag=True, help="Print everything as JSON, and nothing else on standard output."),
        click.option("--yes", is_flag=True, help="Sign and send without asking."),
        click.option("--dry-run", is_flag=True, help="Show what would happen; sign nothing."),
        click.option("--account", help="Alias of the Ape account that acts. On a fork, by default a test account."),
    ):
        gathered = option(gathered)
    return gathered


# Words such as `2 MAG7.ssi` or `all SOSO`, with or without quotes around them.
amount: Callable[[Any], Any] = click.argument("amount", nargs=-1, required=True, metavar="AMOUNT")


def typed(words: tuple[str, ...] | str) -> Written:
    """What a person typed, quoted or not. Raises AmountInvalid."""
    return written(words if isinstance(words, str) else " ".join(words))


receiver: Callable[[Any], Any] = click.option(
    "--to", "receiver", type=Address(), help="Who gets it; by default the account itself."
)
slippage: Callable[[Any], Any] = click.option(
    "--slippage",
    type=Number(0, 50),
    default="0.5",
    show_default=True,
    help="Percent by which prices may move against you.",
)


def bps(percent: Decimal) -> int:
    """Basis points of a percentage. Raises Misused where it is finer."""
    if percent * 100 != int(percent * 100):
        raise Misused(f"{percent} % is finer than a hundredth of a percent.")
    return int(percent * 100)


# ---------------------------------------------------------------- the account


def opened(alias: str | None) -> Protocol:
    """The deployment on the connected network, seen by an account that is locked as yet."""
    return Protocol(common.opened("IndexRouter"), network.account(alias))


def watched(who: str | None) -> tuple[Protocol, str]:
    """The deployment, and the address of an alias or an address; on a fork, by default of a test account.

    Signs nothing. Past events come from the indexer where one is configured.
    """
    if who is not None and is_hex_address(who):
        if mistyped(who):
            raise Misused(f"{who} has a wrong checksum: a letter was mistyped.")
        address = str(to_checksum_address(who))
    else:
        if who is None and not network.is_fork():
            raise Misused("Say whose: an address, or the alias of an Ape account.")
        address = str(network.account(who).address)
    return Protocol(indexed(common.opened("IndexRouter")), address), address


# ---------------------------------------------------------------- show, ask, sign, wait


def go(protocol: Protocol, how: Acting, shown: RenderableType, act: Callable[[], T]) -> T | None:
    """Shows, asks once, unlocks the account, and acts. None where it was a dry run.

    Raises:
        Misused: the answer is no, or there is no terminal to ask.
        Failure: a person stopped it while a transaction was on its way.
    """
    asks = not (how.dry_run or how.yes or network.is_fork())
    screen = common.console()
    if asks or not how.json:
        screen.print(shown)
    if how.dry_run:
        if not how.json:
            screen.print("\n[dim]A dry run: nothing was signed.[/]")
        return None
    wallet = protocol.holder.account
    if asks:
        if not network.interactive():
            raise Misused("There is no terminal to ask whether to sign: add --yes once you have read a --dry-run.")
        name = getattr(wallet.account, "alias", None) or wallet.address
        if not click.confirm(f"Sign with {name} and send?", err=True):
            raise Misused("Nothing was signed.")
    wallet.account = network.unlocked(wallet.account)
    sent: list[str] = []
    with Console(stderr=True).status("Signing") as status:

        def signed(hashes: list[str]) -> None:
            sent[:] = hashes
            status.update(f"Waiting for {hashes[-1]} to be mined")

        wallet.signed = signed
        try:
            return act()
        except KeyboardInterrupt:
            if not sent:
                raise
    raise Failure(
        f"Stopped while transaction {sent[-1]} was on its way: it may still be mined. Look for it before you do this"
        " again.",
        1,
    )


def done(text: str, transaction: str) -> None:
    """Says what happened, for people."""
    screen = common.console()
    screen.print(f"[green]✓[/] {text}", highlight=False)
    screen.print(f"  [dim]{transaction}[/]", highlight=False)


def card(title: str, *rows: tuple[str | Text, ...]) -> RenderableType:
    """A title, and rows of a label, figures that stand under each other, and remarks."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    width = max((len(row) for row in rows), default=2)
    grid.add_column(style="dim", no_wrap=True)
    for place in range(1, width):
        grid.add_column(justify="right" if place < width - 1 else "left", no_wrap=place < width - 1)
    for row in rows:
        cells = (f"  {row[0]}", *row[1:])
        grid.add_row(*(common.verbatim(cell) if isinstance(cell, str) else cell for cell in cells))
    return Group(Text(title, "bold"), grid)


def plain(value: Any) -> Any:
    """The client's dataclasses for --json, with the names of their fields. Numbers are integers, all digits of them."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
