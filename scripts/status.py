"""Shows every index of a deployment: `ape run status [--json]`."""

from __future__ import annotations

import json as json_

import click
from ape.cli import ConnectedProviderCommand
from rich.console import Console

from scripts._lib import chain
from scripts._lib.build import fresh_project
from scripts._lib.evm import Evm
from scripts._lib.overview import overviews, tables
from scripts._lib.record import Record

chain.quiet()


@click.command(cls=ConnectedProviderCommand)
@click.option("--json", is_flag=True, help="Print everything as JSON.")
def cli(json: bool) -> None:
    """Show supply, NAV, prices and weights of every index."""
    from ape import networks

    record = Record.load(chain.network(), networks.provider.chain_id)
    if "IndexLens" not in record.contracts:
        raise click.ClickException(f"Nothing is deployed on {chain.network()}: `ape run deploy` first.")
    lens = Evm(chain.rpc().url, impersonate=False).at(fresh_project().IndexLens, record.contracts["IndexLens"])
    if not networks.provider.get_code(lens.address):
        raise click.ClickException("The recorded deployment is gone with its fork: `ape run deploy` again.")
    indexes = overviews(lens)
    if json:
        click.echo(json_.dumps(indexes))
        return
    console = Console()
    for table in tables(indexes):
        console.print(table)
