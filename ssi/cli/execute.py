"""Executes what is ready: `ape run execute [OPERATION ...]`."""

from __future__ import annotations

from typing import Any

import click

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command
from ssi.failure import Failure
from ssi.governance.birth import adopt
from ssi.governance.client import GovernanceClient, NothingReady, OperationNotReady

network.quiet()


@click.command(cls=Command)
@click.argument("ids", nargs=-1, metavar="[OPERATION]...")
@common.signing
def cli(ids: tuple[str, ...], how: common.Signing) -> Any:
    """Let the multisig execute the OPERATIONs named by the first eight hex digits of their ids or more, or all that are
    ready.
    """
    system = common.opened()
    governance, now = GovernanceClient(system), system.evm.now
    try:
        executed = governance.execute(*ids)
    except NothingReady as none:
        raise Failure(_nothing_ready(none), 1) from None
    except OperationNotReady as early:
        raise Failure(_not_ready(early), 1) from None
    owners = common.signers(governance.safe, how)
    prepared = common.prepare(system, executed, owners, how)
    if common.asked(owners, how):
        screen = common.console()
        for operation in executed.operations:
            screen.print(common.verbatim(f"  {operation.call}"))
        for one in prepared:
            screen.print(one.table())
    sent = common.sign(system, prepared, owners, how)
    if all(sent):
        adopt(system)
    if how.json:
        plain = [operation.plain(now) for operation in executed.operations]
        transactions = [one.plain(hash) for one, hash in zip(prepared, sent, strict=True)]
        return {"operations": plain, "transactions": transactions}
    for one, hash in zip(prepared, sent, strict=True):
        if hash:
            screen.print(f"[green]✓[/] Executed in {hash}.")
        elif how.queue:
            screen.print("Next: the other owners compare the hashes at app.safe.global, sign and send.")
        else:
            screen.print(f"Next: the owners import {one.file} at app.safe.global, compare the hashes, sign and send.")
    return None


def _nothing_ready(none: NothingReady) -> str:
    if none.next_at is None:
        return "Nothing is ready. Nothing is waiting either."
    when = f"{common.moment(none.next_at)}, in {common.period(none.next_at - none.now)}"
    return f"Nothing is ready. The next is on {when}."


def _not_ready(early: OperationNotReady) -> str:
    operation = early.operation
    name = "0x" + operation.id.hex()[:8]
    if early.status == "expired":
        return f"{name} expired on {common.moment(operation.expires_at)}: propose it again."
    when = f"{common.moment(operation.ready_at)}, in {common.period(operation.ready_at - early.now)}"
    return f"{name} can be executed from {when}."
