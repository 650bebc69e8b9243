"""The main job, end to end, on a forked mainnet: `make demo`. Exits with 0 only if every step did what it had to."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console
from rich.table import Table

from demo.holder import HolderChapter
from demo.points import PointsChapter
from demo.rebalancing import RebalancingChapter
from demo.report import Report
from demo.staking import StakingChapter
from forks.seeding import deploy
from ssi.build import ROOT, fresh_project
from ssi.chain import network
from ssi.chain.evm import Evm
from ssi.cli.command import Command
from ssi.cli.overview import overviews, tables
from ssi.failure import Misused
from ssi.registry.system import System

network.quiet()


@click.command(cls=Command)
def cli() -> None:
    """Deploy the protocol on the fork and show the life of a holder and a staker."""
    if not network.is_fork():
        raise Misused("The demonstration trades and lets time pass as it likes: `make demo` starts a fork for it.")
    console = Console()
    record = deploy(console=console)
    system = System(Evm(network.rpc().url), fresh_project(), record)
    console.print(f"[green]✓[/] [bold]Deployed[/]  {len(record.contracts)} contracts, {len(record.indexes)} indexes")
    report = Report(system, console)
    for chapter in (HolderChapter, StakingChapter, RebalancingChapter, PointsChapter):
        console.rule(f"[bold]{chapter.__name__.removesuffix('Chapter')}", align="left")
        chapter(report).run()

    indexes = overviews(system.lens)
    for table in tables(indexes):
        console.print(table)
    gas = Table("step", "gas", title="Gas", title_justify="left")
    for step in report.steps:
        if "gas" in step:
            gas.add_row(step["step"], f"{step['gas']:,}")
    console.print(gas)

    (ROOT / "build").mkdir(exist_ok=True)
    result = {
        "contracts": record.contracts,
        "indexes": record.indexes,
        "steps": report.steps,
        "state": indexes,
        "broken": report.broken,
    }
    (ROOT / "build/demo.json").write_text(json.dumps(result, indent=2) + "\n")
    console.print("Written to build/demo.json")
    if report.broken:
        sys.exit(1)
