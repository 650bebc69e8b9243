"""Looks at what a deployment would stand on: `ape run preflight [--supplies FILE] [--account ALIAS]`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command, json_option
from ssi.deploy.preflight import Line, Preflight, Verdict, supplies
from ssi.failure import Answered, Misused

network.quiet()
MARKS = {Verdict.FINE: "[green]✓[/]", Verdict.LOOK: "[yellow]?[/]", Verdict.STOP: "[red]✗[/]"}

supplies_option = click.option(
    "--supplies",
    "sources",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A source of circulating supplies, such as {"BTC": "19900000"}; two are wanted.',
)


def compared(sources: Sequence[Path]) -> list[tuple[str, dict[str, Decimal]]]:
    """The supplies of each source. Raises Misused."""
    try:
        return [supplies(path) for path in sources]
    except (ValueError, ArithmeticError) as error:
        raise Misused(f"The supplies cannot be read: {error}") from None


@click.command(cls=Command)
@click.option("--account", help="Alias of the Ape account that would deploy: has it ether enough?")
@supplies_option
@click.option("--all", "everything", is_flag=True, help="Show what is fine as well.")
@json_option
def cli(account: str | None, sources: tuple[Path, ...], everything: bool, json: bool) -> Any:
    """Hold the chain against the parameters, before anything is deployed.

    Contracts, tokens, feeds with their heartbeats and bounds, pools, trial purchases, supplies, owners and costs. Fails
    with 1 when a line says stop.
    """
    others = compared(sources)
    payer = network.account(account).address if account else None
    screen = common.console()
    found: list[Line] = []
    with screen.status("") as status:
        for line in Preflight(network.rpc(), others, payer).lines():
            status.update(f"Looked at {line.subject}")
            found.append(line)
    stops = sum(line.verdict is Verdict.STOP for line in found)
    if json:
        rows = [{"subject": line.subject, "verdict": line.verdict.value, "said": line.said} for line in found]
        return Answered(rows, 1 if stops else 0)
    show(screen, found, everything)
    if stops:
        raise SystemExit(1)
    return None


def show(screen: Console, found: list[Line], everything: bool = False) -> None:
    """Lines that are not fine, or all, and how many there are of each kind."""
    table = Table("", "looked at", "found")
    for line in found:
        if everything or line.verdict is not Verdict.FINE:
            table.add_row(MARKS[line.verdict], escape(line.subject), escape(line.said))
    if table.row_count:
        screen.print(table)
    kinds = Counter(line.verdict for line in found)
    screen.print(
        f"{kinds[Verdict.FINE]} fine, {kinds[Verdict.LOOK]} to look at, {kinds[Verdict.STOP]} that stop a deployment."
    )
