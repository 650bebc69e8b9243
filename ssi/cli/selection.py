"""Applies the rule of docs/selection.md to market capitalisations: `ape run selection FILE`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from ssi.cli import common
from ssi.cli.command import Offline, json_option
from ssi.failure import Answered
from ssi.index.selection import Chosen, market_caps, select


@click.command(cls=Offline)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def cli(file: Path, json: bool) -> Any:
    """Say what each index should hold by the market capitalisations in FILE.

    FILE is JSON, USD by asset, such as {"BTC": "1890500000000"}. Fails with 1 where an asset is large enough and was
    not judged yet. No node is asked.
    """
    found = select(market_caps(file))
    code = 1 if any(index.unknown for index in found) else 0
    if json:
        return Answered([asdict(index) for index in found], code)
    for index in found:
        _show(index)
    if code:
        raise SystemExit(code)
    return None


def _show(index: Chosen) -> None:
    screen = common.console()
    table = Table("constituent", "bp", title=index.symbol, title_justify="left")
    for token, bps in index.weights.items():
        table.add_row(f"{token} enters" if token in index.enters else token, f"{bps:,}")
    for token in index.leaves:
        table.add_row(f"{token} leaves", "–")
    screen.print(table)
    for out in index.left_out:
        screen.print(f"  {out.asset} is left out. {escape(out.why)} It enters with {escape(out.enters)}.")
    if index.unknown:
        screen.print(
            f"  {', '.join(index.unknown)}: large enough, and not judged yet. Write down in"
            " deployments/params/selection.json what is known."
        )
