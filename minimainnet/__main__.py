"""`python -m minimainnet serve | fork | check`."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack, suppress

import click
from rich.console import Console
from rich.table import Table

from forks import anvils
from minimainnet import node, verify
from ssi.chain.rpc import Rpc

_PORT = click.option("--port", type=int, help="Listen here; by default on any free port.")


@click.group()
def cli() -> None:
    """A local Ethereum mainnet in miniature."""
    anvils.stop_in_order()


@cli.command()
@_PORT
def serve(port: int | None) -> None:
    """Serve the miniature mainnet until interrupted."""
    with node.serve(port) as url:
        click.echo(url)
        _wait()


@cli.command()
@_PORT
def fork(port: int | None) -> None:
    """Serve it and a fork of it, which Ape finds by the two variables printed."""
    with ExitStack() as stack:
        upstream = stack.enter_context(node.serve())
        click.echo(f"export MAINNET_RPC_URL={upstream}")
        click.echo(f"export APE_FOUNDRY_HOST={stack.enter_context(anvils.fork_of(upstream, port))}")
        _wait()


@cli.command()
def check() -> None:
    """Say how exact every contract is; exit with 1 if one is not what it claims to be."""
    with node.serve() as url:
        found = verify.check(Rpc(url))
    table = Table("contract", "address", "exactness", "keccak of code", "")
    for contract in found:
        mark = "[green]✓[/]" if contract.holds else "[red]✗[/]"
        table.add_row(contract.name, contract.address, contract.exactness.name, contract.hash[:8], mark)
    Console().print(table)
    sys.exit(0 if all(contract.holds for contract in found) else 1)


def _wait() -> None:
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        signal.pause()


if __name__ == "__main__":
    try:
        cli()
    except RuntimeError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
