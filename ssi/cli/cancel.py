"""Stops what is scheduled: `ape run cancel OPERATION`."""

from __future__ import annotations

from typing import Any

import click

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command
from ssi.governance.proposal import batched
from ssi.governance.safe import Multisig
from ssi.governance.scheduled import chosen, operations

network.quiet()


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, metavar="OPERATION...")
@common.signing
def cli(ids: tuple[str, ...], how: common.Signing) -> Any:
    """Let the guardian cancel the OPERATIONs named by the first eight hex digits of their ids or more.

    At once, and for good.
    """
    system = common.opened()
    guardian = Multisig(system.evm, system.record.contracts["GuardianSafe"])
    picked = chosen(operations(system), ids)
    owners = common.signers(guardian, how)
    manager = system.manager
    data = batched(manager, [manager.cancel.encode(o.caller, o.call.target, o.call.data) for o in picked])
    title = "Cancel " + "; ".join(f"{operation.call.contract}.{operation.call.function}" for operation in picked)
    prepared = common.prepare(system, guardian, [(manager.address, data)], "cancel", title, owners, how)
    if common.asked(owners, how):
        screen = common.console()
        for operation in picked:
            screen.print(f"  {operation.call}", highlight=False)
        screen.print(prepared.table())
    (sent,) = common.sign(system, [prepared], owners, how)
    if how.json:
        now = system.evm.now
        return {"operations": [operation.plain(now) for operation in picked], **prepared.plain(sent)}
    if sent:
        screen.print(f"[green]✓[/] Cancelled in {sent}.")
    else:
        screen.print(
            f"Next: the guardian's owners import {prepared.file} at app.safe.global, compare the hashes, sign and send."
        )
    return None
