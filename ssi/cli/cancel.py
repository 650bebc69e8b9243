"""Stops what is scheduled: `ape run cancel OPERATION`."""

from __future__ import annotations

from typing import Any

import click

from ssi.chain import network as chain
from ssi.cli import common as desk
from ssi.cli.command import Command
from ssi.governance.proposal import batched
from ssi.governance.safe import Multisig
from ssi.governance.scheduled import chosen, operations

chain.quiet()


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, metavar="OPERATION...")
@desk.signing
def cli(ids: tuple[str, ...], how: desk.Signing) -> Any:
    """Let the guardian cancel the OPERATIONs named by the first eight hex digits of their ids or more.

    At once, and for good.
    """
    system = desk.opened()
    guardian = Multisig(system.evm, system.record.contracts["GuardianSafe"])
    picked = chosen(operations(system), ids)
    owners = desk.signers(guardian, how)
    manager = system.manager
    data = batched(manager, [manager.cancel.encode(o.caller, o.call.target, o.call.data) for o in picked])
    title = "Cancel " + "; ".join(f"{operation.call.contract}.{operation.call.function}" for operation in picked)
    prepared = desk.prepare(system, guardian, [(manager.address, data)], "cancel", title, owners, how)
    if desk.asked(owners, how):
        screen = desk.console()
        for operation in picked:
            screen.print(f"  {operation.call}", highlight=False)
        screen.print(prepared[0].table())
    (sent,) = desk.sign(system, prepared, owners, how)
    if how.json:
        now = system.evm.now
        return {"operations": [operation.plain(now) for operation in picked], **prepared[0].plain(sent)}
    if sent:
        screen.print(f"[green]✓[/] Cancelled in {sent}.")
    else:
        screen.print(
            f"Next: the guardian's owners import {prepared[0].file} at app.safe.global, compare the hashes, sign and"
            " send."
        )
    return None
