"""Executes what is ready: `ape run execute [OPERATION ...]`."""

from __future__ import annotations

import json as json_
from typing import Any

import click
from ape.cli import ConnectedProviderCommand

from scripts._lib import chain, desk
from scripts._lib.catalog import Catalog, Unknown
from scripts._lib.evm import Reverted
from scripts._lib.operations import DIRECT, Operation, chosen, operations
from scripts._lib.proposal import execution
from scripts._lib.safe import Multisig
from scripts._lib.starting import advice

from scripts._lib.system import System

chain.quiet()


@click.command(cls=ConnectedProviderCommand)
@click.argument("ids", nargs=-1, metavar="[OPERATION]...")
@desk.signing
def cli(ids: tuple[str, ...], accounts: tuple[str, ...], dry_run: bool, json: bool) -> None:
    """Let the multisig execute the OPERATIONs named by the beginning of their ids, or all that are ready, in one transaction."""
    system = desk.opened()
    now, known = system.evm.now, operations(system)
    safe = Multisig(system.evm, system.record.contracts["Safe"])
    try:
        picked = chosen(known, ids) if ids else [operation for operation in known if operation.status(now) == "ready"]
    except Unknown as unknown:
        raise click.ClickException(str(unknown)) from None
    if not picked:
        waiting = min((operation.ready_at for operation in known if operation.status(now) == "waiting"), default=None)
        when = f"The next is on {desk.moment(waiting)}, in {desk.period(waiting - now)}." if waiting else "Nothing is waiting either."
        raise click.ClickException(f"Nothing is ready. {when}")
    for operation in picked:
        _require_ready(operation, now)

    owners = desk.signers(safe, accounts, dry_run)
    through = [(operation.call.target, operation.call.data) for operation in picked if operation.call.function not in DIRECT]
    direct = [(operation.call.target, operation.call.data) for operation in picked if operation.call.function in DIRECT]
    transactions = ([(system.manager.address, execution(system.manager, through))] if through else []) + direct
    title = "Execute " + "; ".join(f"{operation.call.contract}.{operation.call.function}" for operation in picked)
    _require_success(system, safe.address, *transactions[0])  # the second may need what the first does
    done = [desk.submit(system, safe, to, data, "execute", title, owners) for to, data in transactions]
    _show(picked, done, now, json)


def _require_ready(operation: Operation, now: int) -> None:
    name, status = "0x" + operation.id.hex()[:8], operation.status(now)
    if status == "waiting":
        when = f"{desk.moment(operation.ready_at)}, in {desk.period(operation.ready_at - now)}"
        raise click.ClickException(f"{name} can be executed from {when}.")
    if status == "expired":
        raise click.ClickException(f"{name} expired on {desk.moment(operation.expires_at)}: propose it again.")


def _require_success(system: System, safe: str, to: str, data: bytes) -> None:
    """Asks the chain before anybody signs."""
    try:
        system.evm.call(to, data, sender=safe)
    except Reverted as reverted:
        said = Catalog(system).error(reverted.data)
        raise click.ClickException(f"This fails now with {said}. {advice(said)}".strip()) from None


def _show(picked: list[Operation], done: list[desk.Submitted], now: int, json: bool) -> None:
    if json:
        result: dict[str, Any] = {"operations": [operation.plain(now) for operation in picked], "transactions": [d.plain() for d in done]}
        click.echo(json_.dumps(result))
        return
    screen = desk.console()
    for operation in picked:
        screen.print(f"  {operation.call}", highlight=False)
    for submitted in done:
        screen.print(submitted.table())
        if submitted.sent:
            screen.print(f"[green]✓[/] Executed in {submitted.sent}.")
        else:
            screen.print(f"Next: the owners import {submitted.file} at app.safe.global, compare the hashes, sign and send.")
