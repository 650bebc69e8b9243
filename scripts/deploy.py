"""Deploys the whole protocol and hands every role over: `ape run deploy [--account ALIAS] [--json]`."""

from __future__ import annotations

import json as json_

import click
from ape.cli import ConnectedProviderCommand

from scripts._lib import chain
from scripts._lib.deployer import SeedMissing, UnsafeSafes
from scripts._lib.deployment import deploy

chain.quiet()


@click.command(cls=ConnectedProviderCommand)
@click.option("--account", help="Alias of the Ape account that signs.")
@click.option("--json", is_flag=True, help="Print the addresses as JSON.")
def cli(account: str | None, json: bool) -> None:
    """Deploy the protocol, or go on where an earlier run stopped."""
    try:
        record = deploy(account)
    except SeedMissing as missing:
        raise click.ClickException(f"{missing}. Get it and run this again: what is done stays done.") from None
    except UnsafeSafes as unsafe:
        raise click.ClickException(f"Nothing was given to the Safes. {unsafe}") from None
    if json:
        click.echo(json_.dumps({"chainId": record.chain_id, "contracts": record.contracts, "indexes": record.indexes}, sort_keys=True))
        return
    for name, address in (record.contracts | record.indexes).items():
        click.echo(f"{name:20} {address}")
