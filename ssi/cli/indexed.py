"""Reading from an indexer where one is configured, and from the chain where it cannot be trusted to be up to date."""

from __future__ import annotations

import click

from ssi.indexer.client import URL, Indexer, IndexerSilent
from ssi.registry.system import System


def indexed(system: System) -> System:
    """The deployment, with the indexer of the environment to ask for what was.

    Says on standard error where the indexer stands. Without one the chain is asked; also where it does not answer, is
    of another chain or deployment, or is too far behind: then that is said.
    """
    if (indexer := Indexer.configured()) is None:
        return system
    try:
        standing = system.follow(indexer)
    except IndexerSilent as why:
        click.echo(
            f"The indexer is not used: {why}. The chain is read instead, which takes longer ({URL} names it).", err=True
        )
        return system
    click.echo(f"Past events are read from {indexer.name}, which stands at block {standing.block:,}.", err=True)
    return system
