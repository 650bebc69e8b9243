"""What ends a command: one line, and an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click


class Failure(click.ClickException):
    """One line on standard error. Exit code 2 for what was typed, 1 for the chain."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code


class Misused(Exception):  # noqa: N818 - it says what happened
    """The input is not valid. The message says what is wrong and what to do."""


class Impossible(Exception):  # noqa: N818 - it says what is wrong
    """What was meant cannot be done as the chain is now. The message says why, and what to do."""


@dataclass(frozen=True)
class Answered:
    """What a command says as JSON, where it says something and fails nevertheless."""

    data: Any
    exit_code: int
