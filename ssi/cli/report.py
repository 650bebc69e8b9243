"""What an index did in some weeks, as a page: `ape run report INDEX --from 2026-01-01 --to 2026-02-01`."""

from __future__ import annotations

from datetime import date, datetime, timezone
from json import dumps
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ssi.amounts import dollars
from ssi.chain import network as chain
from ssi.cli import common
from ssi.cli.command import Command, json_option
from ssi.constants import DAY
from ssi.failure import Misused
from ssi.places import state
from ssi.registry.holder import Holder
from ssi.report.facts import IndexReport
from ssi.report.gather import report
from ssi.report.page import page, percent, plain, points
from ssi.report.source import ChainSource

chain.quiet()
DAYS = 30


class Date(click.ParamType):
    """A day such as 2026-01-31, UTC; its first second, Unix seconds."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises click.BadParameter."""
        if isinstance(value, int):
            return value
        try:
            day = date.fromisoformat(value)
            return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp())
        except ValueError:
            self.fail(f"{value!r} is not a valid day: write it as 2026-01-31.", param, ctx)


@click.command(cls=Command)
@click.argument("index")
@click.option(
    "--from", "since", type=Date(), help=f"First day, such as 2026-01-01; by default {DAYS} days before the end."
)
@click.option("--to", "until", type=Date(), help="Ends as this day begins, UTC; by default now.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there; JSON where its name ends so."
)
@json_option
def cli(index: str, since: int | None, until: int | None, out: Path | None, json: bool) -> Any:
    """Report what INDEX did: performance, rebalances, fees, staking, holders, risks. One page that needs no network."""
    if out is not None and not out.parent.is_dir():
        raise Misused(f"{out} cannot be written: there is no folder {out.parent}.")
    system = common.opened("IndexLens")
    symbol = Holder(system).index_symbol(index)
    end = system.evm.now if until is None else until
    found = report(ChainSource(system, symbol, end - DAYS * DAY if since is None else since, end))
    figures = plain(found)
    if out is None and json:
        return figures
    if out is None:
        ends = [
            datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d") for time in (found.since_s, found.until_s)
        ]
        out = state("reports") / f"{symbol}-{'-'.join(ends)}.html"
    written(out, dumps(figures, indent=1) if out.suffix == ".json" else page(found))
    if json:
        return {"file": str(out), **figures}
    told(found, out)
    return None


def written(file: Path, text: str) -> None:
    """Writes it. Raises Misused where that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    except OSError as error:
        raise Misused(f"{file} cannot be written: {error.strerror}.") from None


def told(found: IndexReport, file: Path) -> None:
    """The few figures that matter most, and where the page is."""
    screen: Console = common.console()
    last, tracked = found.days[-1], found.tracking
    screen.print(
        f"[bold]{found.symbol}[/] {common.moment(found.since_s)} to {common.moment(found.until_s)}", highlight=False
    )
    line = f"  {dollars(last.share_price_d18)} a share"
    if tracked is not None:
        line += f", {percent(tracked.index_d18)}; {points(tracked.difference_d18)} against its methodology"
    line += f"; {len(found.rebalances)} rebalances; {found.holders.count} holders"
    screen.print(line, highlight=False)
    for risk in found.risks:
        if risk.level != "calm":
            screen.print(f"  [yellow]{risk.title}[/]: {risk.fact}", highlight=False)
    screen.print(f"Written to {file}", highlight=False)
