"""Whether an indexer and the chain agree: `ape run indexer check [URL]`."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from ssi.agreement import Agreement, agree
from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command, Commands, json_option
from ssi.cli.holders import plain
from ssi.failure import Answered, Failure, Misused
from ssi.indexer.client import URL, Indexer, IndexerSilent

network.quiet()


@click.group(cls=Commands)
def cli() -> None:
    """The indexer that keeps what was."""


@cli.command(cls=Command)
@click.argument("url", required=False)
@json_option
def check(url: str | None, json: bool) -> Any:
    """Compare all that the indexer at URL knows with the contracts, at the indexer's block; print every difference.

    The indexer of the environment unless told. Exit code 1 where they differ.
    """
    indexer = Indexer(url) if url else Indexer.configured()
    if indexer is None:
        raise Misused(f"Say which indexer: its URL, here or in {URL}.")
    system = common.opened("PointsLedger")
    try:
        system.follow(indexer, most_behind=None)
    except IndexerSilent as silent:
        raise Failure(f"There is nothing to compare: {silent}.", 1) from None
    found = agree(system, indexer, lambda what: click.echo(what, err=True))
    code = 1 if found.differences else 0
    if json:
        return Answered({**plain(found), "agrees": not found.differences}, code)
    show(found, indexer.name)
    if code:
        raise click.exceptions.Exit(code)
    return None


def show(found: Agreement, name: str) -> None:
    """For people."""
    screen = common.console()
    if found.differences:
        table = Table("what", "chain", "indexer", box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for each in found.differences:
            table.add_row(*map(common.verbatim, (each.path, _said(each.chain), _said(each.indexer))))
        screen.print(table)
    total = sum(found.compared.values())
    verdict = f"[red]✗ {len(found.differences):,} differ[/]" if found.differences else "[green]✓ they agree[/]"
    screen.print(f"{verdict}: {total:,} values of the chain and of {name} after block {found.block:,}", highlight=False)


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)
