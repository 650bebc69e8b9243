"""The options that say which records of points a keeper pays for."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any

import click

from ssi.cli.command import Number
from ssi.cli.holders import bps
from ssi.points.pay import Policy


def policy(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--subsidy` and `--min-worth`, as one argument `policy`."""

    @wraps(command)
    def gathered(*args: Any, subsidy: Decimal, min_worth: Decimal | None, **others: Any) -> Any:
        worth = None if min_worth is None else int(min_worth * 10**18)
        return command(*args, policy=Policy(bps(subsidy), worth), **others)

    for option in (
        click.option(
            "--min-worth", type=Number(0, 10**6), help="USD that a record must bring; by default what its gas costs."
        ),
        click.option(
            "--subsidy", type=Number(0, 100), default="0", show_default=True, metavar="PERCENT",
            help="Of what pots pay a recorded account: counted as a gain of yours, beside the pay for recording it.",
        ),
    ):  # fmt: skip
        gathered = option(gathered)
    return gathered
