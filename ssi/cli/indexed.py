"""Reading from an indexer where one is configured, and from the chain where it cannot be trusted to be up to date."""

from __future__ import annotations

import click

from ssi.constants import BLOCK
from ssi.indexer.client import URL, Indexer, IndexerSilent
from ssi.registry.system import System

BEHIND = 25  # blocks, five minutes: how far behind the chain an indexer may be to be asked


def indexed(system: System) -> System:
    """The deployment, with the indexer of the environment to ask for what was.

    Says on standard error where the indexer stands. Without one the chain is asked; also where it does not answer, is
    of another chain, or is too far behind: then that is said.
    """
    if (indexer := Indexer.configured()) is None:
        return system
    try:
        standing = indexer.standing()
    except IndexerSilent as silent:
        return _left(system, str(silent))
    if standing.chain_id != system.record.chain_id:
        return _left(system, f"{indexer.name} follows chain {standing.chain_id}, not {system.record.chain_id}")
    behind = system.evm.block - standing.block
    if behind > BEHIND:
        minutes = behind * BLOCK // 60
        return _left(
            system,
            f"{indexer.name} stands at block {standing.block:,}, {behind:,} blocks ({minutes} min) behind the chain",
        )
    click.echo(f"Past events are read from {indexer.name}, which stands at block {standing.block:,}.", err=True)
    system.indexer = indexer
    return system


def _left(system: System, why: str) -> System:
    click.echo(
        f"The indexer is not used: {why}. The chain is read instead, which takes longer ({URL} names it).", err=True
    )
    return system
