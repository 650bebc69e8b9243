"""Executes what is ready: `ape run execute [OPERATION ...]`."""

from __future__ import annotations

from typing import Any

import click

from ssi.chain import network as chain
from ssi.chain.evm import Reverted
from ssi.cli import common as desk
from ssi.cli.command import Command
from ssi.failure import Failure
from ssi.governance.decoder import Catalog
from ssi.governance.proposal import execution
from ssi.governance.safe import Multisig
from ssi.governance.scheduled import DIRECT, Operation, chosen, operations
from ssi.governance.starting import advice
from ssi.registry.system import System

chain.quiet()


@click.command(cls=Command)
@click.argument("ids", nargs=-1, metavar="[OPERATION]...")
@desk.signing
def cli(ids: tuple[str, ...], how: desk.Signing) -> Any:
    """Let the multisig execute the OPERATIONs named by the first eight hex digits of their ids or more, or all that are
    ready.
    """
    system = desk.opened()
    now, known = system.evm.now, operations(system)
    safe = Multisig(system.evm, system.record.contracts["Safe"])
    picked = chosen(known, ids) if ids else [operation for operation in known if operation.status(now) == "ready"]
    if not picked:
        waiting = min((operation.ready_at for operation in known if operation.status(now) == "waiting"), default=None)
        when = (
            f"The next is on {desk.moment(waiting)}, in {desk.period(waiting - now)}."
            if waiting
            else "Nothing is waiting either."
        )
        raise Failure(f"Nothing is ready. {when}", 1)
    for operation in picked:
        _require_ready(operation, now)

    owners = desk.signers(safe, how)
    through = [
        (operation.call.target, operation.call.data) for operation in picked if operation.call.function not in DIRECT
    ]
    direct = [(operation.call.target, operation.call.data) for operation in picked if operation.call.function in DIRECT]
    calls = ([(system.manager.address, execution(system.manager, through))] if through else []) + direct
    title = "Execute " + "; ".join(f"{operation.call.contract}.{operation.call.function}" for operation in picked)
    _require_success(system, safe.address, *calls[0])  # the second may need what the first does
    prepared = desk.prepare(system, safe, calls, "execute", title, owners, how)
    if desk.asked(owners, how):
        screen = desk.console()
        for operation in picked:
            screen.print(f"  {operation.call}", highlight=False)
        for one in prepared:
            screen.print(one.table())
    sent = desk.sign(system, prepared, owners, how)
    if how.json:
        transactions = [one.plain(hash) for one, hash in zip(prepared, sent, strict=True)]
        return {"operations": [operation.plain(now) for operation in picked], "transactions": transactions}
    for one, hash in zip(prepared, sent, strict=True):
        if hash:
            screen.print(f"[green]✓[/] Executed in {hash}.")
        else:
            screen.print(f"Next: the owners import {one.file} at app.safe.global, compare the hashes, sign and send.")
    return None


def _require_ready(operation: Operation, now: int) -> None:
    name, status = "0x" + operation.id.hex()[:8], operation.status(now)
    if status == "waiting":
        when = f"{desk.moment(operation.ready_at)}, in {desk.period(operation.ready_at - now)}"
        raise Failure(f"{name} can be executed from {when}.", 1)
    if status == "expired":
        raise Failure(f"{name} expired on {desk.moment(operation.expires_at)}: propose it again.", 1)


def _require_success(system: System, safe: str, to: str, data: bytes) -> None:
    """Asks the chain before anybody signs."""
    try:
        system.evm.call(to, data, sender=safe)
    except Reverted as reverted:
        said = Catalog(system).error(reverted.data)
        raise Failure(f"This fails now with {said}. {advice(said)}".strip(), 1) from None
