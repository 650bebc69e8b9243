"""Points: `ape run points keeper | leaderboard | statement ACCOUNT`, each with `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ssi.chain import network
from ssi.chain.sender import Sender
from ssi.cli import common
from ssi.cli.command import Address, Command, Commands, json_option
from ssi.cli.indexed import indexed
from ssi.cli.policy import policy as policy_options
from ssi.constants import RECORDING
from ssi.governance.decoder import Unknown
from ssi.keeper.points import PointsKeeper
from ssi.points.client import PointsClient, Pot, Statement
from ssi.points.ledger import Ledger
from ssi.points.pay import Policy
from ssi.registry.holder import Holder
from ssi.registry.system import System

network.quiet()
_EPOCH = click.option("--epoch", type=click.IntRange(0, 2**32), help="By default the running one.")


def _opened(epoch: int | None = None, *, look: bool = True) -> tuple[System, Ledger, int]:
    """The recorded deployment with its ledger, and the epoch that is meant.

    Args:
        look: only to look: then past events come from the indexer where one is configured.
    """
    system = indexed(common.opened("PointsLedger")) if look else common.opened("PointsLedger")
    ledger = Ledger(system.points, system.prices, system.record.block or 0, system.indexer)
    running = ledger.epoch
    if epoch is not None and epoch > running:
        raise Unknown(f"Epoch {epoch} has not begun: the running one is {running}.")
    return system, ledger, running if epoch is None else epoch


@click.group(cls=Commands)
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
    system, ledger, _ = _opened(look=False)
    sender = Sender(system.evm.rpc, network.signer(account))
    say = (lambda _: None) if json else click.echo
    done = PointsKeeper(system, sender, say, policy).keep()
    if json:
        return done.plain()
    sample, runs = done.sample, done.recordings
    missing = "no prices found" if sample.missing is None else f"{sample.missing} prices missing"
    recorded = sum(len(run.recorded) for run in runs.values())
    click.echo(f"epoch {sample.epoch}, slot {sample.slot}: {missing}; recorded {recorded}")
    for epoch, run in runs.items():
        if run.skipped_d18:
            until = common.moment(ledger.end(epoch) + RECORDING)
            click.echo(
                f"epoch {epoch}: recording {len(run.skipped_d18)} accounts does not pay; until {until} each can record"
                " themselves: ape run claim-pot"
            )
        for who, why in run.failed.items():
            click.echo(f"epoch {epoch}: {who} could not be recorded: {why}")
    for pot in done.claimed:
        click.echo(f"epoch {pot.epoch.number}: claimed {pot.amount}")
    return None


@cli.command(cls=Command)
@_EPOCH
@json_option
def leaderboard(epoch: int | None, json: bool) -> Any:
    """Who has how many points."""
    _, ledger, epoch = _opened(epoch)
    rows = ledger.leaderboard(epoch)
    if json:
        return {
            "epoch": epoch,
            "accounts": [
                {"account": row.account, "points": row.points_d18, "recorded": row.recorded_d18} for row in rows
            ],
        }
    table = Table("", "account", "points", "recorded with referrals", title=f"Epoch {epoch}", title_justify="left")
    for place, row in enumerate(rows, 1):
        table.add_row(str(place), row.account, f"{row.points_d18 / 1e18:,.2f}", f"{row.recorded_d18 / 1e18:,.2f}")
    Console().print(table)
    return None


@cli.command(cls=Command)
@click.argument("account", type=Address())
@_EPOCH
@json_option
def statement(account: str, epoch: int | None, json: bool) -> Any:
    """What one account has, by class, and what SOSO would add."""
    system, _, epoch = _opened(epoch)
    client = PointsClient(Holder(system))
    said, pots = client.statement(epoch, account), client.pots([epoch], account)
    if json:
        return _plain(said, pots)
    title = f"{account}, epoch {epoch}: {said.points_d18 / 1e18:,.2f} points at {said.multiplier_d18 / 1e18:.2f}X"
    table = Table("class", "dollar-days", "of them boosted", "points", "multiplier", title=title, title_justify="left")
    for of in said.kinds:
        cells = [f"{d18 / 1e18:,.2f}" for d18 in (of.usd_days_d18, of.boosted_usd_days_d18, of.points_d18)]
        table.add_row(of.kind, *cells, f"{of.multiplier_d18 / 1e18:.2f}X")
    console = Console()
    console.print(table)
    console.print(
        f"staked SOSO {said.soso_usd_days_d18 / 1e18:,.2f} dollar-days; {said.soso_missing_wei / 1e18:,.4f} sSOSO more"
        " would boost everything"
    )
    console.print(
        f"recorded, with referrals: {said.recorded_d18 / 1e18:,.2f}" + ("" if said.counts else " (has not joined)")
    )
    for pot in pots:
        console.print(f"claimable: {pot.amount}")
    return None


def _plain(said: Statement, pots: Sequence[Pot]) -> dict[str, Any]:
    """For --json: the units of `IPointsLedger.Statement`; claims in token-wei."""
    kinds = {
        of.kind: {
            "value": of.usd_days_d18,
            "boosted": of.boosted_usd_days_d18,
            "points": of.points_d18,
            "multiplier": of.multiplier_d18,
        }
        for of in said.kinds
    }
    return {
        "account": said.account,
        "epoch": said.epoch.number,
        **kinds,
        "points": said.points_d18,
        "multiplier": said.multiplier_d18,
        "soso": said.soso_usd_days_d18,
        "sosoMissing": said.soso_missing_usd_days_d18,
        "sharesMissing": said.soso_missing_wei,
        "counts": said.counts,
        "recorded": said.recorded_d18,
        "claims": {pot.token.address: pot.wei for pot in pots},
    }
