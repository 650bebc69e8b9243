"""The work that anybody may do: `ape run keeper daily`, `ape run keeper rebalance INDEX`. A keeper needs ether for gas and nothing else."""

from __future__ import annotations

import json as json_
import time
from typing import Any

import click
from ape.cli import ConnectedProviderCommand
from rich.progress import BarColumn, Progress, TextColumn

from minimainnet import control
from scripts._lib import chain, chores, desk
from scripts._lib.catalog import Catalog, Unknown
from scripts._lib.evm import Reverted
from scripts._lib.filling import Filling
from scripts._lib.system import System

chain.quiet()


@click.group()
def cli() -> None:
    """Do the work that keeps the protocol going."""


@cli.command(cls=ConnectedProviderCommand)
@click.argument("index")
@click.option("--account", help="Alias of the Ape account that sends and gets the profit. On a fork a test account unless told.")
@click.option("--min-profit", type=float, default=0.0, show_default=True, help="USD after gas, under which a fill does not pay.")
@click.option("--once", is_flag=True, help="Fill what pays now and stop, for a timer such as cron.")
@click.option("--every", type=click.IntRange(1), default=60, show_default=True, help="Seconds to wait at most before looking again.")
@click.option("--fast-forward", is_flag=True, help="On a fork, let time pass instead of waiting for it.")
@click.option("--json", is_flag=True, help="Print everything as JSON.")
def rebalance(index: str, account: str | None, min_profit: float, once: bool, every: int, fast_forward: bool, json: bool) -> None:
    """Run the rebalance of INDEX to its end with Uniswap's liquidity. It can be stopped and started again at any moment."""
    if fast_forward and not chain.is_fork():
        raise click.UsageError("--fast-forward moves the clock of a fork; this is a live network.")
    system = desk.opened()
    signer = chain.signer(account)
    catalog = Catalog(system)
    try:
        catalog.index(index)
        catalog.contract("UniswapFiller")
        filling = Filling(system, index, signer.address, int(min_profit * 10**18))
        if filling.phase == "none":
            raise Unknown(f"{index} was never rebalanced: `ape run propose rebalance {index}` proposes it.")
        _run(system, filling, catalog, signer, once, every, fast_forward, json)
    except Unknown as unknown:
        raise click.ClickException(str(unknown)) from None
    except Reverted as reverted:
        raise click.ClickException(f"The chain says {catalog.error(reverted.data)}. Start the keeper again when that is over.") from None


@cli.command(cls=ConnectedProviderCommand)
@click.option("--account", help="Alias of the Ape account that sends. On a fork a test account unless told.")
@click.option("--json", is_flag=True, help="Print what was done as JSON.")
def daily(account: str | None, json: bool) -> None:
    """Distribute the fees of every index that has not been today, and move the checkpoints of vaults' rates that are a week old."""
    system, signer = desk.opened(), chain.signer(account)
    distributor = system.project.FeeDistributor.at(system.distributor.address)
    oracle = system.project.PriceOracle.at(system.oracle.address)
    done = [
        {
            "did": "distribute",
            "what": symbol,
            "transaction": str(distributor.distribute(system.record.indexes[symbol], sender=signer).txn_hash),
        }
        for symbol in chores.due_distributions(system)
    ]
    done += [
        {"did": "poke", "what": name, "transaction": str(oracle.poke(system.token(name).address, sender=signer).txn_hash)}
        for name in chores.due_pokes(system)
    ]
    if json:
        click.echo(json_.dumps(done))
        return
    for chore in done:
        click.echo(f"{chore['did']} {chore['what']}  {chore['transaction']}")
    if not done:
        click.echo("Nothing is due: fees are distributed once a UTC day, checkpoints move once a week.")


def _run(system: System, filling: Filling, catalog: Catalog, signer: Any, once: bool, every: int, fast_forward: bool, json: bool) -> None:
    from ape.exceptions import ContractLogicError

    screen = desk.console()
    fills: list[dict[str, Any]] = []
    contract = system.project.UniswapFiller.at(filling.filler.address)

    def send(arguments: tuple[Any, ...]) -> str:
        try:
            return str(contract.fill(*arguments, sender=signer, max_priority_fee=filling.tip()).txn_hash)
        except ContractLogicError as error:
            raise Reverted(b"", str(error)) from None

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), console=screen, disable=json, transient=True
    ) as progress:
        start = _distance(filling)
        task = progress.add_task(f"Rebalancing {filling.symbol}", total=start or 1, said="")

        def look(said: str) -> None:
            progress.update(task, completed=start - _distance(filling), said=said)

        def wait(seconds: int) -> None:
            status = filling.status()
            look(f"premium {status.premium / 1e14:+.1f} bp, cost {status.cost / 1e14:.2f} of {status.budget / 1e14:.0f} bp, "
                 f"next look in {desk.period(seconds)}")  # fmt: skip
            if fast_forward:
                control.warp(system.evm.rpc, seconds)
            else:
                time.sleep(min(seconds, every))

        look("")
        for fill, transaction in filling.run(send, wait, once):
            sold, bought = catalog.name(fill.token_out), catalog.name(fill.token_in)
            fills.append({
                "sold": sold, "bought": bought, "amountOut": fill.amount_out, "amountIn": fill.amount_in, "profit": fill.profit,
                "netUsd": fill.net / 1e18, "transaction": transaction,
            })  # fmt: skip
            if not json:
                progress.print(f"[green]✓[/] {sold} → {bought}  net ${fill.net / 1e18:,.4f}  {transaction}", highlight=False)
            look("")
    _show(filling, fills, json)


def _distance(filling: Filling) -> float:
    """How far the weights are from where they should be, bp that must change hands."""
    return float(sum(abs(weight["now"] - weight["target"]) for weight in filling.report()["weights"].values()) / 2)


def _show(filling: Filling, fills: list[dict[str, Any]], json: bool) -> None:
    report = filling.report()
    if json:
        click.echo(json_.dumps({"fills": fills, **report}))
        return
    screen = desk.console()
    for name, weight in report["weights"].items():
        screen.print(f"  {name:8} {weight['now'] / 100:6.2f} %  target {weight['target'] / 100:6.2f} %", highlight=False)
    cost = f"cost {report['costBps']:.2f} of {report['budgetBps']:.0f} bp of NAV"
    screen.print(f"{len(fills)} fills, rebalance {report['id']} is {report['phase']}, {cost}")
    if report["phase"] == "running":
        screen.print("Nothing pays now: run this again later, or without --once.")
