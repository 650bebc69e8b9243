"""Proposes a change: `ape run propose rebalance | set-fee | upgrade | add-constituent | ... | call`; `ape run propose
--help` lists all.

Every proposal is tried out on a fork first: scheduled, waited for and executed, with the Safe's own code. What it
changes is shown, the file for Safe's Transaction Builder is written, and the hashes to compare on a hardware wallet are
printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.status import Status
from rich.table import Table

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command, Commands, Number
from ssi.cli.forking import forks
from ssi.cli.simulated import tables
from ssi.constants import BPS
from ssi.deploy.journal import SendingAccount
from ssi.governance import birth
from ssi.governance.client import GovernanceClient, Proposed
from ssi.governance.decoder import Decoder, plain
from ssi.governance.proposal import Trial
from ssi.governance.starting import Bounds

network.quiet()
IN_BPS = click.IntRange(0, BPS)


def _spinner() -> Status:
    return common.console().status("Trying it out on a fork")


@contextmanager
def _stopped(spinner: Status) -> Iterator[None]:
    """While it turns, it has standard error for itself, and a question could not be printed."""
    spinner.stop()
    try:
        yield
    finally:
        spinner.start()


def propose(how: common.Signing, kind: str, *arguments: Any, spinner: Status | None = None) -> Any:
    """Builds, tries out, writes, shows, and signs with the owners who can.

    `kind` and arguments as `GovernanceClient.propose` takes them. A builder that asks the person a question has to stop
    the `spinner` for it.
    """
    system = common.opened()
    governance, decoder, screen = GovernanceClient(system), Decoder(system), common.console()
    owners = common.signers(governance.safe, how)
    with nullcontext() if how.json else spinner or _spinner():
        proposed = governance.propose(kind, *arguments, forks=forks())
    trial = proposed.trial
    assert trial is not None, "there were forks"
    [prepared] = common.prepare(system, proposed, owners, how)
    if common.asked(owners, how):
        _show(proposed, trial, prepared, decoder)
    (sent,) = common.sign(system, [prepared], owners, how)
    ready_at = max(map(int, map(system.manager.getSchedule, trial.operations))) if sent else trial.ready_at_s

    if how.json:
        return {
            "title": proposed.title,
            "readyAt": ready_at,
            "expiresAt": ready_at + trial.window_s,
            "gas": trial.gas,
            "events": trial.events,
            "calls": [
                {
                    "operation": plain(operation),
                    "contract": call.contract,
                    "target": call.target,
                    "function": call.function,
                    "arguments": plain(call.arguments),
                    "data": plain(call.data),
                }
                for operation, call in zip(trial.operations, proposed.calls, strict=True)
            ],
            "seed": dict(proposed.seed),
            "changes": [
                {"what": change.what, "before": plain(change.before), "after": plain(change.after)}
                for change in trial.changes
            ],
            **({"rebalance": trial.extra} if trial.extra else {}),
            **prepared.plain(sent),
        }
    if sent:
        screen.print(f"[green]✓[/] Scheduled in {sent}. From {common.moment(ready_at)} on: `ape run execute`.")
    elif how.queue:
        screen.print("Next: the other owners compare the hashes at app.safe.global, and sign.")
    else:
        needed = proposed.multisig.threshold
        screen.print(f"Next: {needed} owners import the file at app.safe.global, compare the hashes, sign.")
    return None


def _show(proposed: Proposed, trial: Trial, prepared: common.Prepared, decoder: Decoder) -> None:
    """Everything that a signer has to know before they sign."""
    screen = common.console()
    screen.print(common.verbatim(proposed.title, "bold"))
    for call in proposed.calls:
        screen.print(common.verbatim(f"  {call}"))
    table = Table("what will change", "before", "after")
    for change in trial.changes:
        table.add_row(
            common.verbatim(change.what),
            common.verbatim(common.shown(change.what, change.before, decoder)),
            common.verbatim(common.shown(change.what, change.after, decoder)),
        )
    screen.print(table if trial.changes else "  Nothing that can be read without arguments changes.")
    for event in trial.events:
        screen.print(common.verbatim(f"  {event}"))
    for shown in tables(trial.extra) if trial.extra else ():
        screen.print(shown)
    for asset, amount in proposed.seed.items():
        screen.print(f"  The Safe has to hold {amount:,} wei of {asset} at the execution, for the first shares.")
    screen.print(prepared.table())
    screen.print(
        "Tried out on a fork: scheduled, refused a second early, executed. For the Transaction Builder:"
        f" {prepared.file}"
    )


@click.group(cls=Commands)
def cli() -> None:
    """Propose a change to the multisig."""


@cli.command(cls=Command, name="set-fee")
@click.argument("index")
@click.option("--mint-bps", type=IN_BPS, help="Fee on minting, bp, at most 100.")
@click.option("--daily-bps", type=Number(0, 10_000), help="Streaming fee, bp a day, at most 1.36 (5 % a year).")
@common.signing
def set_fee(index: str, mint_bps: int | None, daily_bps: Decimal | None, how: common.Signing) -> Any:
    """Set the mint fee or the streaming fee of INDEX."""
    return propose(how, "set-fee", index, mint_bps, daily_bps)


@cli.command(cls=Command, name="set-cap")
@click.argument("index")
@click.argument("shares", type=click.IntRange(0, 2**96))
@common.signing
def set_cap(index: str, shares: int, how: common.Signing) -> Any:
    """Set the supply cap of INDEX to SHARES whole shares."""
    return propose(how, "set-cap", index, shares)


@cli.command(cls=Command, name="set-price")
@click.argument("asset")
@common.signing
def set_price(asset: str, how: common.Signing) -> Any:
    """Price ASSET as deployments/params/assets.json says."""
    return propose(how, "set-price", asset)


@cli.command(cls=Command, name="set-path")
@click.argument("asset")
@common.signing
def set_path(asset: str, how: common.Signing) -> Any:
    """Trade ASSET over the pool that deployments/params/assets.json names."""
    return propose(how, "set-path", asset)


def bounded(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every proposal that starts a rebalance."""
    usual = Bounds()
    for name, default, text in (
        ("--days", usual.days, "From now: the start is refused afterwards."),
        (
            "--target-bps",
            usual.target_bps,
            "The start is refused where a target is farther than this from what is shown, at most 5000.",
        ),
        (
            "--price-bps",
            usual.price_bps,
            "The start is refused where a price is farther than this from that of now, at most 5000.",
        ),
    ):
        command = click.option(name, type=IN_BPS, default=default, show_default=True, help=text)(command)
    return command


@cli.command(cls=Command)
@click.argument("index")
@bounded
@common.signing
def rebalance(index: str, price_bps: int, target_bps: int, days: int, how: common.Signing) -> Any:
    """Rebalance INDEX by its methodology. Shows the weights before and after, and the trades that a keeper
    would make.
    """
    return propose(how, "rebalance", index, Bounds(price_bps, target_bps, days))


@cli.command(cls=Command, name="add-constituent")
@click.argument("index")
@click.argument("asset")
@click.option("--instead-of", metavar="ASSET", help="A constituent that leaves.")
@click.option(
    "--bps",
    type=IN_BPS,
    help="Weight of the new one, for an index with fixed weights; by default that of the one that leaves.",
)
@bounded
@common.signing
def add_constituent(
    index: str,
    asset: str,
    instead_of: str | None,
    bps: int | None,
    price_bps: int,
    target_bps: int,
    days: int,
    how: common.Signing,
) -> Any:
    """Add ASSET to INDEX: price, path, methodology and rebalance in one proposal."""
    bounds = Bounds(price_bps, target_bps, days)
    return propose(how, "add-constituent", index, asset, instead_of, bps, bounds)


@cli.command(cls=Command, name="remove-constituent")
@click.argument("index")
@click.argument("asset")
@click.option("--price", type=Number(0), help="USD: sells it by this price, where the oracle has none for it any more.")
@bounded
@common.signing
def remove_constituent(
    index: str, asset: str, price: Decimal | None, price_bps: int, target_bps: int, days: int, how: common.Signing
) -> Any:
    """Remove ASSET from INDEX, and rebalance."""
    return propose(how, "remove-constituent", index, asset, price, Bounds(price_bps, target_bps, days))


@cli.command(cls=Command, name="add-index")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pool-with", metavar="ASSET", help="Creates a Uniswap v3 pool with ASSET; its liquidity can be locked.")
@click.option("--pool-fee", type=click.Choice(["500", "3000", "10000"]), default="3000", show_default=True)
@click.option(
    "--block",
    type=click.IntRange(1, 2**64),
    help="Its prices make the first units: the proposer's block gives their hashes.",
)
@common.signing
def add_index(file: Path, pool_with: str | None, pool_fee: str, block: int | None, how: common.Signing) -> Any:
    """Create the index of FILE, with its staked token, its pool and its points, in one proposal.

    FILE is written as those in deployments/params/indexes/.
    """
    new, pool = birth.read(file), birth.PoolTerms(pool_with, int(pool_fee)) if pool_with else None
    return propose(how, "add-index", new, block, pool)


@cli.command(cls=Command, name="set-methodology")
@click.argument("index")
@click.argument("methodology")
@click.argument("constituents", nargs=-1, required=True)
@click.option("--bps", type=IN_BPS, help="Floor or cap of each weight, for a methodology that has one.")
@common.signing
def set_methodology(
    index: str, methodology: str, constituents: tuple[str, ...], bps: int | None, how: common.Signing
) -> Any:
    """Weigh INDEX by METHODOLOGY from its next rebalance on. CONSTITUENTS by name; as NAME=BP for FixedWeights."""
    return propose(how, "set-methodology", index, methodology, bps, constituents)


@cli.command(cls=Command, name="set-terms")
@click.argument("index")
@click.option("--premium-bps", type=IN_BPS, help="Over the oracle price at the start, at most 1000.")
@click.option("--discount-bps", type=IN_BPS, help="Under the oracle price at the end, at most 500.")
@click.option("--hours", type=click.IntRange(0, 10_000), help="From start to end, 1 to 168.")
@click.option("--budget-bps", type=IN_BPS, help="Of NAV that a rebalance may lose, at most 100.")
@click.option(
    "--dust-ppm",
    type=click.IntRange(0, 10**6),
    help="Of NAV, at most 500; a constituent that is this close to its target is done.",
)
@click.option("--turnover-bps", type=IN_BPS, help="Of NAV that a rebalance may sell, at most 5000.")
@click.option(
    "--daily-bps", type=IN_BPS, help="Of NAV that may be sold for each day since the last start, at most 5000."
)
@click.option("--band-bps", type=IN_BPS, help="How far a price may move from the start for bids, at most 2500.")
@common.signing
def set_terms(
    index: str,
    premium_bps: int | None,
    discount_bps: int | None,
    hours: int | None,
    budget_bps: int | None,
    dust_ppm: int | None,
    turnover_bps: int | None,
    daily_bps: int | None,
    band_bps: int | None,
    how: common.Signing,
) -> Any:
    """Set the terms of the rebalances of INDEX. What is not given stays as it is."""
    seconds = None if hours is None else hours * 3600
    terms = (premium_bps, discount_bps, seconds, budget_bps, dust_ppm, turnover_bps, daily_bps, band_bps)
    return propose(how, "set-terms", index, terms)


@cli.command(cls=Command)
@click.argument("contract")
@click.option(
    "--implementation", help="Address of the new implementation; by default it is deployed now from the sources."
)
@click.option("--deployer", help="Alias of the Ape account that deploys it. On a fork, by default a test account.")
@click.option(
    "--argument", "arguments", multiple=True, help="Of its constructor, in order; by default as they are now."
)
@common.signing
def upgrade(
    contract: str, implementation: str | None, deployer: str | None, arguments: tuple[str, ...], how: common.Signing
) -> Any:
    """Put a new implementation behind the proxy of CONTRACT. Its storage is compared with snapshots/storage/ first."""

    spinner = _spinner()

    def account() -> Any:
        with nullcontext() if how.json else _stopped(spinner):
            common.agreed_to_deploy(contract, deployer, how)
            return SendingAccount(inner=network.signer(deployer), rpc=network.rpc())

    deploying = account if deployer or network.is_fork() else None
    return propose(how, "upgrade", contract, implementation, deploying, arguments, spinner=spinner)


@cli.command(cls=Command)
@click.argument("contract")
@click.argument("function")
@click.argument("arguments", nargs=-1)
@common.signing
def call(contract: str, function: str, arguments: tuple[str, ...], how: common.Signing) -> Any:
    """Call FUNCTION of CONTRACT, for what has no command of its own.

    ARGUMENTS are numbers such as 1000 or 2.5e18, names or addresses, text, and JSON for lists and structs.
    """
    return propose(how, "call", contract, function, arguments)
