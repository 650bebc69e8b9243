"""Deploys the whole protocol and hands every role over: `ape run deploy [--account ALIAS] [--yes] [--json]`.

On a live network the preflight comes first, and a red line refuses; `--despite SUBJECT` takes one upon oneself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ssi.chain import network
from ssi.cli.command import Command, json_option
from ssi.cli.forking import forks
from ssi.cli.preflight import compared, supplies_option
from ssi.deploy.deployer import SeedMissing, UnsafeSafes
from ssi.deploy.run import deploy
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
@json_option
def cli(account: str | None, yes: bool, despite: tuple[str, ...], sources: tuple[Path, ...], json: bool) -> Any:
    """Deploy the protocol, or go on where an earlier run stopped.

    On a live network a new deployment first looks at what it would stand on, as `preflight` does, and red lines refuse
    it.
    """
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
