"""Deploys the whole protocol and hands every role over: `ape run deploy [--account ALIAS] [--yes] [--json]`.

On a live network the preflight comes first, and a red line refuses; `--despite SUBJECT` takes one upon oneself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command, json_option
from ssi.cli.forking import forks
from ssi.cli.preflight import compared, supplies_option
from ssi.deploy.deployer import SeedMissing, UnsafeSafes
from ssi.deploy.run import deploy, fresh_record, look, refuse
from ssi.deploy.trial import DeploymentTrial, attempt
from ssi.failure import Failure

network.quiet()


@click.command(cls=Command)
@click.option("--account", help="Alias of the Ape account that signs.")
@click.option("--yes", is_flag=True, help="Deploy without asking.")
@click.option(
    "--despite",
    metavar="SUBJECT",
    multiple=True,
    help="A red line of the preflight to go past, by its subject; the record keeps it. Once for each.",
)
@supplies_option
@click.option("--dry-run", is_flag=True, help="Try all of it on a fork, say what is left to do, send nothing.")
@json_option
def cli(
    account: str | None, yes: bool, despite: tuple[str, ...], sources: tuple[Path, ...], dry_run: bool, json: bool
) -> Any:
    """Deploy the protocol, or go on where an earlier run stopped.

    On a live network a new deployment first looks at what it would stand on, as `preflight` does, and red lines refuse
    it.
    """
    if dry_run:
        return _tried(account, despite, sources, json)
    try:
        record = deploy(account, yes=yes, forks=forks(), despite=despite, supplies=compared(sources))
    except SeedMissing as missing:
        raise Failure(f"{missing}. Get it and run this again: what is done stays done.", 1) from None
    except UnsafeSafes as unsafe:
        raise Failure(f"Nothing was given to the Safes. {unsafe}", 1) from None
    if json:
        return {"chainId": record.chain_id, "contracts": record.contracts, "indexes": record.indexes}
    for name, address in (record.contracts | record.indexes).items():
        click.echo(f"{name:20} {address}")
    return None


def _tried(account: str | None, despite: tuple[str, ...], sources: tuple[Path, ...], json: bool) -> Any:
    """What a run with the same words would do."""
    screen, record = common.console(), fresh_record()
    red: dict[str, str] = {}
    if not network.is_fork() and record.block is None:
        aside = Console(stderr=True)  # as a run that sends
        red = look(account, compared(sources), aside)
        refuse(red, despite, aside)
    with screen.status("Trying it out on a fork"):
        trial = attempt(forks(), network.rpc().url, network.name(), record.chain_id)
    left = trial.left(record)
    if json:
        return {"despite": red, "done": len(trial.parts) - len(left), "left": left, **_whole(trial)}
    for part in left:
        screen.print(f"  {part}", highlight=False)
    screen.print(
        f"{len(left)} of {len(trial.parts)} parts are left. All of them together take {trial.transactions} transactions"
        f" and {trial.gas:,} gas. Tried out on a fork; nothing was sent."
    )
    return None


def _whole(trial: DeploymentTrial) -> dict[str, int]:
    return {"transactions": trial.transactions, "gas": trial.gas}
