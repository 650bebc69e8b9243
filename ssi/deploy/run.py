"""One call that deploys, or goes on with a deployment that stopped."""

from __future__ import annotations

from functools import partial

import click
from eth_utils import from_wei
from rich.console import Console

from ssi.build import fresh_project
from ssi.chain import network
from ssi.chain.forking import Forks
from ssi.deploy.deployer import Deployer
from ssi.failure import Failure, Misused
from ssi.registry.record import Record


def fresh_record() -> Record:
    """The network's record.

    A fork forgets everything when it ends, so there a record of another fork counts for nothing.
    """
    from ape import networks

    record = Record.load(network.name(), networks.provider.chain_id)
    gone = [name for name, address in record.contracts.items() if not network.code(address)]
    if gone and not network.is_fork():
        raise Failure(
            f"{record.path} names {gone[0]} at {record.contracts[gone[0]]}, and there is nothing: is this the record's"
            " network?",
            1,
        )
    return Record(record.path, record.chain_id) if gone else record


def deploy(
    account: str | None = None, console: Console | None = None, yes: bool = False, forks: Forks | None = None
) -> Record:
    """Deploys, or goes on with a deployment that stopped. On a live network asks once, unless `yes`.

    On a fork `forks` provides what the first shares consist of.
    """
    project = fresh_project()
    console = console or Console(stderr=True)
    record = fresh_record()
    if not network.is_fork():
        _ask(account, record, console, yes)
    signer = network.signer(account)
    with console.status("Deploying") as status:

        def say(text: str) -> None:
            status.update(f"Deploying: {text}")
            if not (console.is_terminal or network.is_fork()):
                console.print(f"{len(record.contracts) + len(record.steps):4} done · {text}", highlight=False)

        deployer = Deployer(project, signer, record, say)
        if forks is not None and network.is_fork():
            deployer.provide = partial(forks.deal, network.rpc())
        return deployer.run()


def _ask(alias: str | None, record: Record, console: Console, yes: bool) -> None:
    """Shows what is about to happen, and asks. Raises Misused when the answer is not yes."""
    from ape import accounts

    known = accounts.load(alias) if alias in accounts.aliases else None
    if known is None:
        return  # `chain.signer` says what is wrong
    balance = int(network.rpc().call("eth_getBalance", known.address, "latest"), 16)
    done = len(record.contracts) + len(record.steps)
    console.print(
        f"Deploys to {network.name()} with {alias} ({known.address}), which has {from_wei(balance, 'ether'):.4f} ether."
    )
    console.print(
        f"{done} steps of an earlier run are done."
        if done
        else f"Nothing is deployed yet. The record will be {record.path}."
    )
    if yes:
        return
    if not network.interactive():
        raise Misused("There is no terminal to ask whether to deploy: add --yes.")
    if not click.confirm("Go on?", err=True):
        raise Misused("Nothing was deployed.")
