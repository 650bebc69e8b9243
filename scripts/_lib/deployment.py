"""One call that deploys, or goes on with a deployment that stopped."""

from __future__ import annotations

from functools import partial

import click
from rich.console import Console

from minimainnet.control import deal
from scripts._lib import chain
from scripts._lib.build import fresh_project
from scripts._lib.deployer import Deployer
from scripts._lib.record import Record


def fresh_record() -> Record:
    """The network's record. A fork forgets everything when it ends, so there a record of another fork counts for nothing."""
    from ape import networks

    record = Record.load(chain.network(), networks.provider.chain_id)
    gone = [name for name, address in record.contracts.items() if not networks.provider.get_code(address)]
    if gone and not chain.is_fork():
        raise click.ClickException(f"{record.path.name} names {gone[0]}, which is not there: wrong network?")
    return Record(record.path, record.chain_id) if gone else record


def deploy(account: str | None = None, console: Console | None = None) -> Record:
    """Deploys, or goes on with a deployment that stopped."""
    project = fresh_project()
    console = console or Console(stderr=True)
    with console.status("Deploying") as status:
        record = fresh_record()
        signer = chain.signer(account)
        deployer = Deployer(project, signer, record, lambda text: status.update(f"Deploying: {text}"))
        if chain.is_fork():
            deployer.provide = partial(deal, chain.rpc())
        return deployer.run()
