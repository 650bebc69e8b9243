"""Shows every index of a deployment, and who governs it: `ape run status [--json]`."""

from __future__ import annotations

from typing import Any

import click

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command, json_option
from ssi.cli.overview import governance, overviews, tables
from ssi.failure import Answered
from ssi.governance import custody
from ssi.governance.birth import adopt

network.quiet()


@click.command(cls=Command)
@json_option
@click.option("--accept", is_flag=True, help="Write down how the Safes are set up now, and new indexes. Look first.")
def cli(json: bool, accept: bool) -> Any:
    """Show supply, NAV, prices and weights of every index, and how both Safes are set up.

    Fails with 1 when a Safe, or its role, is not as it was recorded.
    """
    system = common.opened("IndexLens")
    if accept:
        system.record.safes = custody.safes(system)
        system.record.save()
        adopt(system)
    indexes, governed = overviews(system.lens), governance(system)
    if json:
        return Answered({"indexes": indexes, "governance": governed}, 1 if governed["alarms"] else 0)
    screen, now = common.console(), system.evm.now
    for table in [*tables(indexes), custody.table(system.record, governed["safes"])]:
        screen.print(table)
    runs_out, returns = governed["contest"].values()
    if returns:
        state = (
            f"runs out on {common.moment(runs_out)}"
            if now < runs_out
            else f"has run out until {common.moment(returns)}"
        )
        screen.print(f"[yellow]The guardian's replacement is contested: the veto on it {state}.[/]")
    for alarm in governed["alarms"]:
        screen.print(common.verbatim(f"✗ {alarm}", "bold red"))
    if governed["alarms"]:
        raise SystemExit(1)
    return None
