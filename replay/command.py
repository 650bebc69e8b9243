"""Years of daily prices through the deployed contracts: `make replay PRICES=file.csv SUPPLIES=file.csv`."""

from __future__ import annotations

import json as encoding
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from forks import control
from forks.seeding import deploy
from replay.market import Market, read
from replay.recorded import RecordedSource, moved
from replay.results import Result, result
from replay.run import Replay
from replay.setup import chosen, prepare, rule
from replay.synthetic import synthetic
from replay.venue import Venue
from ssi.build import ROOT, fresh_project
from ssi.chain import network as chain
from ssi.chain.evm import Evm
from ssi.cli.command import Command, json_option
from ssi.constants import DAY
from ssi.failure import Answered, Misused
from ssi.registry.system import System
from ssi.report.gather import report
from ssi.report.page import page, plain

chain.quiet()
OUT = ROOT / "build" / "replay"


@click.command(cls=Command)
@click.option(
    "--prices",
    type=click.Path(path_type=Path),
    help="CSV of closes, see docs/replay.md. By default a synthetic market.",
)
@click.option("--supplies", type=click.Path(path_type=Path), help="CSV of supplies that replace those of --prices.")
@click.option("--index", "symbol", default="MAG7.ssi", show_default=True, help="Whose methodology it is.")
@click.option(
    "--days", type=click.IntRange(35, 10_000), help="So many days alone; by default a synthetic market has 365."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=2025,
    show_default=True,
    help="Of the synthetic market and of the holders.",
)
@click.option(
    "--usd", type=click.IntRange(1_000, 10**9), default=1_000_000, show_default=True, help="Invested on the first day."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=OUT,
    help="Folder of report.html and replay.json.",
)
@json_option
def cli(
    prices: Path | None, supplies: Path | None, symbol: str, days: int | None, seed: int, usd: int, out: Path,
    json: bool,
) -> Any:  # fmt: skip
    """Run daily prices through the deployed contracts on the fork, and compare with the methodology day by day.

    Fails with 1 where a bar is broken.
    """
    if not chain.is_fork():
        raise Misused("A replay moves prices and time as it likes: `make replay` starts a fork for it.")
    if supplies is not None and prices is None:
        raise Misused("--supplies replaces supplies of --prices: say both.")
    console = Console(stderr=json)
    if prices is None:
        market, what = synthetic(days or 365, seed), f"A synthetic market, seed {seed}."
    else:
        market, what = read(prices, supplies), f"Prices of {prices.name}."
        market = market.until(days) if days else market
    found = run(market, what, chosen(symbol).symbol, seed, usd, out, console)
    shown(found, console, out)
    if json:
        return Answered(asdict(found), 1 if found.broken else 0)
    if found.broken:
        sys.exit(1)
    return None


def run(market: Market, what: str, symbol: str, seed: int, usd: int, out: Path, console: Console) -> Result:
    """Deploys, replays, and writes the report and the figures into a folder."""
    rule(symbol)
    began, cpu = time.monotonic(), time.process_time()
    evm = Evm(chain.rpc().url)
    with tempfile.TemporaryDirectory(prefix="ssi-replay-") as folder, console.status("Opening the market"):
        prepare(market, symbol, Path(folder))
        before = os.environ.get("SSI_PARAMS")
        os.environ["SSI_PARAMS"] = folder
        try:
            venue = Venue(evm, [name for name, closes in market.closes.items()])
            venue.open({name: close for name in market.closes if (close := _first(market, name)) is not None})
            control.warp(evm.rpc, 7_200)  # for the averages of pools; all feeds keep up, those of other indexes too
            record = deploy(console=console)
            system = System(evm, fresh_project(), record)
            _ = system.assets  # as of this deployment
        finally:
            os.environ.pop("SSI_PARAMS")
            os.environ |= {"SSI_PARAMS": before} if before is not None else {}
    replay = Replay(system, venue, market, symbol, seed, usd)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console,
        disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task(f"{symbol}, day by day", total=len(market.days))

        def tell(day: int) -> None:
            bar.update(task, completed=day + 1)
            if not console.is_terminal and (day + 1) % 30 == 0:
                console.print(
                    f"· day {day + 1} of {len(market.days)}, {time.monotonic() - began:.0f} s", highlight=False
                )

        outcome = replay.run(tell)
    figures = report(replay.source)
    first = datetime(*market.days[0].timetuple()[:3], tzinfo=timezone.utc)
    figures = moved(figures, int(first.timestamp()) - figures.since_s)
    figures = replace(figures, origins={"Market": what, **figures.origins})
    found = result(
        market, what, figures, outcome, losses(replay.source, replay.began), time.monotonic() - began,
        time.process_time() - cpu,
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.html").write_text(page(figures, found.section()))
    (out / "report.json").write_text(encoding.dumps(plain(figures)) + "\n")
    (out / "replay.json").write_text(encoding.dumps(asdict(found), indent=1) + "\n")
    return found


def _first(market: Market, name: str) -> Decimal | None:
    """The first close of a token; it enters the market with it."""
    return next((close for close in market.closes[name] if close is not None), None)


def losses(source: RecordedSource, began: int) -> dict[int, Decimal]:
    """What rebalances stated as lost, as parts of NAV, by the place of the next day that is measured."""
    found: dict[int, Decimal] = {}
    nav, before = 1, 0
    for event in source.events(source.system.rebalancer, "RebalanceStarted", "BidFilled"):
        if event.values["index"] != source.index.address:
            continue
        if event.name == "RebalanceStarted":
            nav, before = event.values["nav"], 0
            continue
        day = -((began - source.time(event.block)) // DAY)
        found[day] = found.get(day, Decimal(0)) + Decimal(event.values["cost"] - before) / nav
        before = event.values["cost"]
    return found


def shown(found: Result, console: Console, out: Path) -> None:
    """For people."""
    table = Table(title=f"{found.index}: {found.market}", title_justify="left", show_header=False)
    for name, value in found.section()["figures"].items():
        table.add_row(name, value)
    table.add_row("took; of it CPU of this process", f"{found.seconds:.0f} s; {found.cpu_seconds:.0f} s")
    console.print(table)
    for halt in found.halted:
        console.print(f"[yellow]{halt['day']}[/] {halt['what']}: {halt['why']}", highlight=False)
    for what in found.broken:
        console.print(f"[red]✗ not true: {what}[/]")
    console.print(f"Written to {out}/report.html, report.json and replay.json", highlight=False)
