"""Executes what is ready: `ape run execute [OPERATION ...]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ssi.chain import network
from ssi.chain.evm import Reverted
from ssi.cli import common
from ssi.cli.command import Command
from ssi.failure import Failure
from ssi.governance.birth import adopt
from ssi.governance.decoder import Decoder
from ssi.governance.proposal import steps
from ssi.governance.safe import Multisig
from ssi.governance.scheduled import Operation, chosen, operations
from ssi.governance.starting import advice
from ssi.registry.system import System

network.quiet()


@click.command(cls=Command)
@click.argument("ids", nargs=-1, metavar="[OPERATION]...")
@common.signing
def cli(ids: tuple[str, ...], how: common.Signing) -> Any:
    """Let the multisig execute the OPERATIONs named by the first eight hex digits of their ids or more, or all that are
    ready.
    """
    system = common.opened()
    now, known = system.evm.now, operations(system)
    safe = Multisig(system.evm, system.record.contracts["Safe"])
    picked = chosen(known, ids) if ids else [operation for operation in known if operation.status(now) == "ready"]
    if not picked:
        waiting = min((operation.ready_at for operation in known if operation.status(now) == "waiting"), default=None)
        when = (
            f"The next is on {common.moment(waiting)}, in {common.period(waiting - now)}."
            if waiting
            else "Nothing is waiting either."
        )
        raise Failure(f"Nothing is ready. {when}", 1)
    for operation in picked:
        _require_ready(operation, now)

    owners = common.signers(safe, how)
    calls = steps(system, safe.address, [(operation.call.target, operation.call.data) for operation in picked])
    title = "Execute " + "; ".join(f"{operation.call.contract}.{operation.call.function}" for operation in picked)
    _require_success(system, safe, calls)
    prepared = common.prepare(system, safe, calls, "execute", title, owners, how)
    if common.asked(owners, how):
        screen = common.console()
        for operation in picked:
            screen.print(f"  {operation.call}", highlight=False)
        screen.print(prepared.table())
    (sent,) = common.sign(system, [prepared], owners, how)
    if sent:
        adopt(system)
    if how.json:
        return {"operations": [operation.plain(now) for operation in picked], "transactions": [prepared.plain(sent)]}
    if sent:
        screen.print(f"[green]✓[/] Executed in {sent}.")
    else:
        screen.print(f"Next: the owners import {prepared.file} at app.safe.global, compare the hashes, sign and send.")
    return None


def _require_ready(operation: Operation, now: int) -> None:
    name, status = "0x" + operation.id.hex()[:8], operation.status(now)
    if status == "waiting":
        when = f"{common.moment(operation.ready_at)}, in {common.period(operation.ready_at - now)}"
        raise Failure(f"{name} can be executed from {when}.", 1)
    if status == "expired":
        raise Failure(f"{name} expired on {common.moment(operation.expires_at)}: propose it again.", 1)


def _require_success(system: System, safe: Multisig, calls: Sequence[tuple[str, bytes]]) -> None:
    """Asks the chain before an owner signs."""
    try:
        safe.check(safe.together(calls))
    except Reverted as reverted:
        said = Decoder(system).error(reverted.data)
        raise Failure(f"This fails now with {said}. {advice(said)}".strip(), 1) from None
