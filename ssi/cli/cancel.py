"""Stops what is scheduled: `ape run cancel OPERATION`."""

from __future__ import annotations

from typing import Any

import click

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command
from ssi.governance.client import GovernanceClient

network.quiet()


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, metavar="OPERATION...")
@common.signing
def cli(ids: tuple[str, ...], how: common.Signing) -> Any:
    """Let the guardian cancel the OPERATIONs named by the first eight hex digits of their ids or more.

    At once, and for good.
    """
    system = common.opened()
    governance = GovernanceClient(system)
    cancelled = governance.cancel(*ids)
    owners = common.signers(governance.guardian, how)
    [prepared] = common.prepare(system, cancelled, owners, how)
    if common.asked(owners, how):
        screen = common.console()
        for operation in cancelled.operations:
            screen.print(common.verbatim(f"  {operation.call}"))
        screen.print(prepared.table())
    (sent,) = common.sign(system, [prepared], owners, how)
    if how.json:
        now = system.evm.now
        return {"operations": [operation.plain(now) for operation in cancelled.operations], **prepared.plain(sent)}
    if sent:
        screen.print(f"[green]✓[/] Cancelled in {sent}.")
    elif how.queue:
        screen.print("Next: the other owners of the guardian compare the hashes at app.safe.global, sign and send.")
    else:
        screen.print(
            f"Next: the guardian's owners import {prepared.file} at app.safe.global, compare the hashes, sign and send."
        )
    return None
