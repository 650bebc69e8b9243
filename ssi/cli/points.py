"""Points: `ape run points keeper | leaderboard | statement ACCOUNT`, each with `--json`."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ssi.chain import network
from ssi.chain.sender import Sender
from ssi.cli import common
from ssi.cli.command import Address, Command, json_option
from ssi.cli.policy import policy as policy_options
from ssi.constants import RECORDING
from ssi.governance.decoder import Unknown
from ssi.points.ledger import Ledger, keep
from ssi.points.pay import Policy
from ssi.registry.system import System

network.quiet()
_EPOCH = click.option("--epoch", type=click.IntRange(0, 2**32), help="By default the running one.")


def _opened(epoch: int | None = None) -> tuple[System, Ledger, int]:
    """The recorded deployment with its ledger, and the epoch that is meant."""
    system = common.opened("PointsLedger")
    ledger = Ledger(system.points, system.prices, system.record.block or 0)
    running = ledger.epoch
    if epoch is not None and epoch > running:
        raise Unknown(f"Epoch {epoch} has not begun: the running one is {running}.")
    return system, ledger, running if epoch is None else epoch


@click.group()
def cli() -> None:
    """Points of all accounts that have joined."""


@cli.command(cls=Command)
@click.option("--account", help="Alias of the Ape account that signs.")
@policy_options
@json_option
def keeper(account: str | None, policy: Policy, json: bool) -> Any:
    """Sample prices, once a day, record all accounts of the last epoch whose record pays, and claim the pay.

    Safe to run as often as one likes.
    """
    system, ledger, _ = _opened()
    sender = Sender(system.evm.rpc, network.signer(account))
    say = (lambda _: None) if json else click.echo
    done = keep(ledger, sender, say, system.oracle, system.token("WETH").address, policy)
    if json:
        return done
    missing = "no prices found" if done["missing"] is None else f"{done['missing']} prices missing"
    click.echo(f"epoch {done['epoch']}, slot {done['slot']}: {missing}; recorded {sum(done['recorded'].values())}")
    for epoch, left in done["skipped"].items():
        until = common.moment(ledger.end(epoch) + RECORDING)
        click.echo(
            f"epoch {epoch}: recording {len(left)} accounts does not pay; until {until} each can record themselves:"
            " ape run claim-pot"
        )
    for epoch, failed in done["failed"].items():
        for who, why in failed.items():
            click.echo(f"epoch {epoch}: {who} could not be recorded: {why}")
    for pot in done["claimed"]:
        click.echo(f"epoch {pot['epoch']}: claimed {pot['amount']} of {pot['token']}")
    return None


@cli.command(cls=Command)
@_EPOCH
@json_option
def leaderboard(epoch: int | None, json: bool) -> Any:
    """Who has how many points."""
    _, ledger, epoch = _opened(epoch)
    rows = ledger.leaderboard(epoch)
    if json:
        return {"epoch": epoch, "accounts": rows}
    table = Table("", "account", "points", "recorded with referrals", title=f"Epoch {epoch}", title_justify="left")
    for place, row in enumerate(rows, 1):
        table.add_row(str(place), row["account"], f"{row['points'] / 1e18:,.2f}", f"{row['recorded'] / 1e18:,.2f}")
    Console().print(table)
    return None


@cli.command(cls=Command)
@click.argument("account", type=Address())
@_EPOCH
@json_option
def statement(account: str, epoch: int | None, json: bool) -> Any:
    """What one account has, by class, and what SOSO would add."""
    _, ledger, epoch = _opened(epoch)
    said = ledger.statement(account, epoch)
    if json:
        return said
    title = f"{account}, epoch {said['epoch']}: {said['points'] / 1e18:,.2f} points at {said['multiplier'] / 1e18:.2f}X"
    table = Table("class", "dollar-days", "of them boosted", "points", "multiplier", title=title, title_justify="left")
    for name in ("held", "staked", "locked"):
        of = said[name]
        cells = [f"{of[part] / 1e18:,.2f}" for part in ("value", "boosted", "points")]
        table.add_row(name, *cells, f"{of['multiplier'] / 1e18:.2f}X")
    console = Console()
    console.print(table)
    console.print(
        f"staked SOSO {said['soso'] / 1e18:,.2f} dollar-days; {said['sharesMissing'] / 1e18:,.4f} sSOSO more would"
        " boost everything"
    )
    console.print(
        f"recorded, with referrals: {said['recorded'] / 1e18:,.2f}" + ("" if said["counts"] else " (has not joined)")
    )
    for token, amount in said["claims"].items():
        console.print(f"claimable of {token}: {amount}")
    return None
