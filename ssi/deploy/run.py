"""One call that deploys, or goes on with a deployment that stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial

import click
from eth_utils import from_wei
from rich.console import Console
from rich.markup import escape

from ssi.build import fresh_project
from ssi.chain import network
from ssi.chain.forking import Forks
from ssi.deploy.deployer import Deployer
from ssi.deploy.preflight import Preflight, Verdict
from ssi.failure import Failure, Misused
from ssi.places import held
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
    account: str | None = None,
    console: Console | None = None,
    yes: bool = False,
    forks: Forks | None = None,
    despite: Sequence[str] = (),
    supplies: Sequence[tuple[str, dict[str, Decimal]]] = (),
) -> Record:
    """Deploys, or goes on with a deployment that stopped.

    On a live network it looks first at what the deployment would stand on, and refuses where a line is red whose
    subject is not in `despite`; `supplies` are for that look. A deployment that has begun stands on it already: what is
    on chain cannot be taken back by not going on. Then it asks once, unless `yes`.

    On a fork `forks` provides what the first shares consist of. On a live network one run at a time deploys: two would
    each send what the other has not written down yet.
    """
    with held(f"deploy-{network.name()}") as ours:
        if not ours and not network.is_fork():
            raise Misused(f"A deployment to {network.name()} runs on this machine already: let it end.")
        return _deployed(account, console or Console(stderr=True), yes, forks, despite, supplies)


def _deployed(
    account: str | None,
    console: Console,
    yes: bool,
    forks: Forks | None,
    despite: Sequence[str],
    supplies: Sequence[tuple[str, dict[str, Decimal]]],
) -> Record:
    project, record = fresh_project(), fresh_record()
    if not network.is_fork():
        if record.block is None:
            record.despite = look(account, supplies, console)
            refuse(record.despite, despite, console)
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


def look(alias: str | None, supplies: Sequence[tuple[str, dict[str, Decimal]]], console: Console) -> dict[str, str]:
    """What the red lines of the preflight say, by their subjects. Raises Misused where there is no such account."""
    payer, red = network.account(alias).address, dict[str, list[str]]()
    with console.status("Looking at what the deployment would stand on"):
        for line in Preflight(network.rpc(), supplies, payer).lines():
            if line.verdict is Verdict.STOP:
                red.setdefault(line.subject, []).append(line.said)
    return {subject: "; ".join(said) for subject, said in red.items()}


def refuse(red: Mapping[str, str], despite: Sequence[str], console: Console) -> None:
    """Shows red lines, and refuses those that are not named.

    Raises:
        Failure: one is not.
        Misused: one is named that is not red.
    """
    if surplus := [subject for subject in despite if subject not in red]:
        raise Misused(f"Nothing is wrong with {surplus[0]!r}: leave its --despite out.")
    for subject, said in red.items():
        mark = "[yellow]![/]" if subject in despite else "[red]✗[/]"
        console.print(f"{mark} {escape(subject)}: {escape(said)}", highlight=False, soft_wrap=True)
    if stops := [subject for subject in red if subject not in despite]:
        lines = "1 red line stops" if len(stops) == 1 else f"{len(stops)} red lines stop"
        raise Failure(
            f"{lines} the deployment, and nothing was sent. Put right what is said; `ape run preflight` looks again."
            f' Or name each that you take upon yourself: --despite "{stops[0]}".',
            1,
        )


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
