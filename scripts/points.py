"""Points: `ape run points keeper | leaderboard | statement ACCOUNT`, each with `--json`."""

from __future__ import annotations

import json as json_
from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from rich.console import Console
from rich.table import Table

from scripts._lib import chain
from scripts._lib.build import fresh_project
from scripts._lib.evm import Evm
from scripts._lib.ledger import Ledger, keep
from scripts._lib.record import Record

chain.quiet()


def _ledger() -> tuple[Ledger, Any, Any]:
    """The recorded ledger for reading; itself and its prices for sending."""
    from ape import networks

    record = Record.load(chain.network(), networks.provider.chain_id)
    address = record.contracts.get("PointsLedger")
    if address is None or not networks.provider.get_code(address):
        raise click.ClickException(f"No points ledger is deployed on {chain.network()}: `ape run deploy` first.")
    project, evm = fresh_project(), Evm(chain.rpc().url, impersonate=False)
    contract = evm.at(project.PointsLedger, address)
    prices = contract.prices()
    ledger = Ledger(contract, evm.at(project.ReferencePrices, prices))
    return ledger, project.PointsLedger.at(address), project.ReferencePrices.at(prices)


@click.group()
def cli() -> None:
    """Points of everybody who has joined."""


@cli.command(cls=ConnectedProviderCommand)
@click.option("--account", help="Alias of the Ape account that signs.")
@click.option("--json", is_flag=True, help="Print what was done as JSON.")
def keeper(account: str | None, json: bool) -> None:
    """Sample prices, once a day, and record everybody of the last epoch. Safe to run as often as one likes."""
    ledger, writer, sampler = _ledger()
    done = keep(ledger, writer, sampler, chain.signer(account), (lambda _: None) if json else click.echo)
    if json:
        click.echo(json_.dumps(done))
        return
    missing = "no prices found" if done["missing"] is None else f"{done['missing']} prices missing"
    click.echo(f"epoch {done['epoch']}, slot {done['slot']}: {missing}; recorded {sum(done['recorded'].values())}")


@cli.command(cls=ConnectedProviderCommand)
@click.option("--epoch", type=int, help="The running one unless told.")
@click.option("--json", is_flag=True, help="Print it as JSON.")
def leaderboard(epoch: int | None, json: bool) -> None:
    """Who has how many points."""
    ledger, *_ = _ledger()
    epoch = ledger.epoch if epoch is None else epoch
    rows = ledger.leaderboard(epoch)
    if json:
        click.echo(json_.dumps({"epoch": epoch, "accounts": rows}))
        return
    table = Table("", "account", "points", "recorded with referrals", title=f"Epoch {epoch}", title_justify="left")
    for place, row in enumerate(rows, 1):
        table.add_row(str(place), row["account"], f"{row['points'] / 1e18:,.2f}", f"{row['recorded'] / 1e18:,.2f}")
    Console().print(table)


@cli.command(cls=ConnectedProviderCommand)
@click.argument("account")
@click.option("--epoch", type=int, help="The running one unless told.")
@click.option("--json", is_flag=True, help="Print it as JSON.")
def statement(account: str, epoch: int | None, json: bool) -> None:
    """What one account has, by class, and what SOSO would add."""
    ledger, *_ = _ledger()
    said = ledger.statement(account, ledger.epoch if epoch is None else epoch)
    if json:
        click.echo(json_.dumps(said))
        return
    title = f"{account}, epoch {said['epoch']}: {said['points'] / 1e18:,.2f} points at {said['multiplier'] / 1e18:.2f}X"
    table = Table("class", "dollar-days", "of them boosted", "points", "multiplier", title=title, title_justify="left")
    for name in ("held", "staked", "locked"):
        of = said[name]
        cells = [f"{of[part] / 1e18:,.2f}" for part in ("value", "boosted", "points")]
        table.add_row(name, *cells, f"{of['multiplier'] / 1e18:.2f}X")
    console = Console()
    console.print(table)
    console.print(
        f"staked SOSO {said['soso'] / 1e18:,.2f} dollar-days; {said['sharesMissing'] / 1e18:,.4f} sSOSO more would boost everything"
    )
    console.print(f"recorded, with referrals: {said['recorded'] / 1e18:,.2f}" + ("" if said["counts"] else " (has not joined)"))
    for token, amount in said["claims"].items():
        console.print(f"claimable of {token}: {amount}")
