"""Stops what is scheduled: `ape run cancel OPERATION`."""

from __future__ import annotations

import json as json_

import click
from ape.cli import ConnectedProviderCommand

from scripts._lib import chain, desk
from scripts._lib.catalog import Unknown
from scripts._lib.operations import chosen, operations
from scripts._lib.proposal import batched
from scripts._lib.safe import Multisig

chain.quiet()


@click.command(cls=ConnectedProviderCommand)
@click.argument("ids", nargs=-1, required=True, metavar="OPERATION...")
@desk.signing
def cli(ids: tuple[str, ...], accounts: tuple[str, ...], dry_run: bool, json: bool) -> None:
    """Let the guardian cancel the OPERATIONs named by the beginning of their ids. At once, and for good."""
    system = desk.opened()
    guardian = Multisig(system.evm, system.record.contracts["GuardianSafe"])
    try:
        picked = chosen(operations(system), ids)
    except Unknown as unknown:
        raise click.ClickException(str(unknown)) from None
    owners = desk.signers(guardian, accounts, dry_run)
    manager = system.manager
    data = batched(manager, [manager.cancel.encode(o.caller, o.call.target, o.call.data) for o in picked])
    title = "Cancel " + "; ".join(f"{operation.call.contract}.{operation.call.function}" for operation in picked)
    done = desk.submit(system, guardian, manager.address, data, "cancel", title, owners)
    if json:
        now = system.evm.now
        click.echo(json_.dumps({"operations": [operation.plain(now) for operation in picked], **done.plain()}))
        return
    screen = desk.console()
    for operation in picked:
        screen.print(f"  {operation.call}", highlight=False)
    screen.print(done.table())
    if done.sent:
        screen.print(f"[green]✓[/] Cancelled in {done.sent}.")
    else:
        screen.print(f"Next: the guardian's owners import {done.file} at app.safe.global, compare the hashes, sign and send.")
