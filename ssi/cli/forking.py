"""How a command gets forks: its script says who makes them."""

from __future__ import annotations

import click

from ssi.chain.forking import Forks

_GIVEN: dict[click.Command, Forks] = {}


def given(command: click.Command, forks: Forks) -> click.Command:
    """The command; it and all that are under it get their forks from `forks`."""
    _GIVEN[command] = forks
    return command


def forks() -> Forks:
    """What the running command was given. Raises RuntimeError where it was given none."""
    context: click.Context | None = click.get_current_context()
    while context is not None:
        if context.command in _GIVEN:
            return _GIVEN[context.command]
        context = context.parent
    raise RuntimeError("this command was not told how to make forks")
