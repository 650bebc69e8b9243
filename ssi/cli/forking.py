"""How a command gets forks: its script says who makes them."""

from __future__ import annotations

import click

from ssi.chain.forking import Forks


def given(command: click.Command, forks: Forks) -> click.Command:
    """The command, and all that are under it, with somebody who makes forks."""
    command.context_settings["obj"] = forks
    return command


def forks() -> Forks:
    """What the running command was given. Raises RuntimeError outside of one, or where it was given none."""
    found = click.get_current_context().find_object(Forks)  # type: ignore[type-abstract] # it is only asked for
    if found is None:
        raise RuntimeError("this command was not given anybody who makes forks")
    return found
