"""The work that any account may do: `ape run keeper run`, or one job of it, `daily` or `rebalance INDEX`.

A keeper needs ether for gas.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from decimal import Decimal
from typing import Any

import click
from rich.progress import BarColumn, Progress, TextColumn

from ssi.chain import network
from ssi.chain.evm import Reverted
from ssi.chain.sender import Sender
from ssi.cli import common
from ssi.cli.command import Command, Commands, Number, json_option
from ssi.cli.forking import forks
from ssi.cli.policy import policy as policy_options
from ssi.constants import DAY
from ssi.failure import Failure, Misused
from ssi.governance.decoder import Decoder, Unknown
from ssi.keeper import maintenance
from ssi.keeper.duties import routine
from ssi.keeper.rebalance import Phase, RebalanceKeeper
from ssi.keeper.service import Keeper, alone, serving
from ssi.points.pay import Policy
from ssi.registry.system import System

network.quiet()
_ACCOUNT = click.option(
    "--account", help="Alias of the Ape account that sends and gets the profit. On a fork, by default a test account."
)
_MIN_PROFIT = click.option(
    "--min-profit",
    type=Number(-(10**6), 10**6),
    default="0",
    show_default=True,
    help="USD after gas, under which a fill does not pay.",
)


@click.group(cls=Commands)
def cli() -> None:
    """Do the work that keeps the protocol going."""


@cli.command(cls=Command)
@_ACCOUNT
@_MIN_PROFIT
@policy_options
@click.option(
    "--look", type=Number(0, 3600), default="12", show_default=True, help="Seconds between two looks at the chain."
)
@click.option(
    "--low",
    type=Number(0, 10**6),
    default="0.05",
    show_default=True,
    help="Ether under which the keeper calls for more.",
)
@click.option(
    "--stuck",
    type=Number(1, 3600),
    default="60",
    show_default=True,
    help="Seconds until a transaction's fee is raised.",
)
@click.option(
    "--listen",
    default="127.0.0.1:9123",
    show_default=True,
    metavar="HOST:PORT",
    help="Where /healthz and /metrics are.",
)
@click.option("--shared", is_flag=True, help="Others send from this account: what they left unmined is not replaced.")
def run(
    account: str | None,
    min_profit: Decimal,
    policy: Policy,
    look: Decimal,
    low: Decimal,
    stuck: Decimal,
    listen: str,
    shared: bool,
) -> None:
    """Do all of it, for months: rebalances, distributions, checkpoints, points. Give it an account of its own."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise Misused(f"{listen!r} is not HOST:PORT.")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    log = logging.getLogger("keeper")
    log.setLevel(logging.INFO)
    system, signer = common.opened(), network.signer(account)
    patience = 5 * float(stuck)
    sender = Sender(
        system.evm.rpc, signer, exclusive=not shared, unattended=True, patience=patience, stuck=float(stuck)
    )
    duties = routine(system, sender, int(min_profit * 10**18), policy)
    keeper = Keeper(system.evm.rpc, sender, duties, float(look), int(low * 10**18), Decoder(system).error)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: keeper.stop.set())
    with alone(sender.address), serving(keeper.health, host, int(port)) as heard:
        log.info("keeping with %s; health on http://%s:%d/healthz", sender.address, host, heard)
        keeper.run()
    log.info("stopped")


@cli.command(cls=Command)
@click.argument("index")
@_ACCOUNT
@_MIN_PROFIT
@click.option("--once", is_flag=True, help="Fill what pays now and stop, for a timer such as cron.")
@click.option(
    "--every", type=click.IntRange(1, DAY), default=60, show_default=True, help="Seconds between two looks, at most."
)
@click.option("--fast-forward", is_flag=True, help="On a fork, let time pass instead of waiting for it.")
@json_option
def rebalance(
    index: str, account: str | None, min_profit: Decimal, once: bool, every: int, fast_forward: bool, json: bool
) -> Any:
    """Run the rebalance of INDEX to its end with Uniswap's liquidity.

    It can be stopped and started again at any moment.
    """
    if fast_forward and not network.is_fork():
        raise Misused("--fast-forward moves the clock of a fork; this is a live network.")
    system = common.opened()
    decoder = Decoder(system)
    decoder.index(index)
    decoder.contract("UniswapFiller")
    sender = Sender(system.evm.rpc, network.signer(account))
    rebalance_keeper = RebalanceKeeper(system, index, sender.address, int(min_profit * 10**18))
    if rebalance_keeper.phase is Phase.NONE:
        raise Unknown(f"{index} was never rebalanced: `ape run propose rebalance {index}` proposes it.")
    try:
        return _run(system, rebalance_keeper, decoder, sender, once, every, fast_forward, json)
    except Reverted as reverted:
        raise Failure(
            f"The chain says {decoder.error(reverted.data)}. Start the keeper again when that is over.", 1
        ) from None


@cli.command(cls=Command)
@_ACCOUNT
@json_option
def daily(account: str | None, json: bool) -> Any:
    """Distribute the fees of every index that has not been today, and move the checkpoints of vaults' rates that are a
    week old.
    """
    system = common.opened()
    sender = Sender(system.evm.rpc, network.signer(account))
    done = maintenance.perform(
        [*maintenance.distributions(system), *maintenance.pokes(system)], sender, Decoder(system).error
    )
    if json:
        return [outcome.plain() for outcome in done]
    for outcome in done:
        click.echo(
            f"{outcome.did} {outcome.what}  {outcome.transaction or outcome.problem or 'another keeper was faster'}"
        )
    if not done:
        click.echo("Nothing is due: fees are distributed once a UTC day, checkpoints move once a week.")
    if any(outcome.problem for outcome in done):
        raise Failure("Some jobs failed; the others are done.", 1)
    return None


def _run(
    system: System,
    rebalance_keeper: RebalanceKeeper,
    decoder: Decoder,
    sender: Sender,
    once: bool,
    every: int,
    fast_forward: bool,
    json: bool,
) -> dict[str, Any] | None:
    screen = common.console()
    fills: list[dict[str, Any]] = []

    def send(arguments: tuple[Any, ...]) -> str:
        return sender.send(rebalance_keeper.filler.address, rebalance_keeper.filler.fill.encode(*arguments)).hash

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        console=screen,
        disable=json,
        transient=True,
    ) as progress:
        start = rebalance_keeper.report().distance_bps
        task = progress.add_task(f"Rebalancing {rebalance_keeper.symbol}", total=start or 1, said="")

        def look(said: str) -> None:
            progress.update(task, completed=start - rebalance_keeper.report().distance_bps, said=said)

        def wait(seconds: int) -> None:
            status = rebalance_keeper.status()
            look(
                f"premium {status.premium / 1e14:+.1f} bp, cost {status.cost / 1e14:.2f} of {status.budget / 1e14:.0f}"
                f" bp, next look in {common.period(seconds)}"
            )
            if fast_forward:
                forks().warp(system.evm.rpc, seconds)
            else:
                time.sleep(min(seconds, every))

        look("")
        for fill, transaction in rebalance_keeper.run(send, wait, once):
            sold, bought = decoder.name(fill.token_out), decoder.name(fill.token_in)
            fills.append(
                {
                    "sold": sold,
                    "bought": bought,
                    "amountOut": fill.amount_out_wei,
                    "amountIn": fill.amount_in_wei,
                    "profit": fill.profit_wei,
                    "netUsd": fill.net_usd_d18 / 1e18,
                    "transaction": transaction,
                }
            )
            if not json:
                progress.print(
                    f"[green]✓[/] {sold} → {bought}  net ${fill.net_usd_d18 / 1e18:,.4f}  {transaction}",
                    highlight=False,
                )
            look("")
    return _show(rebalance_keeper, fills, json)


def _show(rebalance_keeper: RebalanceKeeper, fills: list[dict[str, Any]], json: bool) -> dict[str, Any] | None:
    report = rebalance_keeper.report()
    if json:
        return {"fills": fills, **report.plain()}
    screen = common.console()
    for name, weight in report.weights.items():
        screen.print(
            f"  {name:8} {weight.now_bps / 100:6.2f} %  target {weight.target_bps / 100:6.2f} %", highlight=False
        )
    cost = f"cost {report.cost_bps:.2f} of {report.budget_bps:.0f} bp of NAV"
    screen.print(f"{len(fills)} fills, rebalance {report.id} is {report.phase.word}, {cost}")
    if report.phase is Phase.RUNNING:
        screen.print("Nothing pays now: run this again later, or without --once.")
    return None
