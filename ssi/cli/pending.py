"""Shows what is scheduled: `ape run pending [--json]`."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command, json_option
from ssi.governance.scheduled import operations

network.quiet()
_COLOURS = {"waiting": "yellow", "ready": "green", "expired": "red"}


@click.command(cls=Command)
@json_option
def cli(json: bool) -> Any:
    """List what the multisig has scheduled: what it does, when it can be executed, when it expires."""
    system = common.opened()
    now, known = system.evm.now, operations(system)
    if json:
        return [operation.plain(now) for operation in known]
    screen = common.console()
    if not known:
        screen.print("Nothing is scheduled.")
        return None
    table = Table("operation", "call", "status", "executable from", "until")
    for operation in known:
        status = operation.status(now)
        left = f", {common.period(operation.ready_at - now)} left" if status == "waiting" else ""
        table.add_row(
            "0x" + operation.id.hex()[:8], common.verbatim(operation.call), f"[{_COLOURS[status]}]{status}[/]{left}",
            common.moment(operation.ready_at), common.moment(operation.expires_at),
        )  # fmt: skip
    screen.print(table)
    screen.print(
        "`ape run execute` executes what is ready; the guardian's `ape run cancel OPERATION` stops what should not"
        " happen."
    )
    return None
