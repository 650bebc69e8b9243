"""Compares a deployment with its sources, and shows these to explorers: `ape run verify [--publish etherscan]`."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from ssi.chain import network
from ssi.cli import common
from ssi.cli.command import Command, json_option
from ssi.deploy import explorers, sources, verification
from ssi.failure import Answered, Failure, Misused

network.quiet()
KEY = "ETHERSCAN_API_KEY"


@click.command(cls=Command)
@click.argument("names", nargs=-1)
@click.option(
    "--publish",
    type=click.Choice(["etherscan", "sourcify"]),
    help=f"Hand the sources to an explorer, once they are what is deployed. Etherscan wants a key in {KEY}.",
)
@click.option("--explorer", metavar="URL", help="Where the explorer's interface is, if not at its usual address.")
@json_option
def cli(names: tuple[str, ...], publish: str | None, explorer: str | None, json: bool) -> Any:
    """Compile what the deployment was made of, and compare it byte for byte with the chain.

    All contracts of the record, or those of NAMES, such as PriceOracle or sMAG7.ssi. Proxies and immutables are
    compared as well. Fails with 1 when a contract is not what its sources say.
    """
    key = os.environ.get(KEY, "")
    if publish == "etherscan" and not key:
        raise Misused(f"Etherscan wants a key: put yours into the environment variable {KEY}.")
    system, console = common.opened(), common.console()
    record = system.record
    if not record.creations:
        raise Failure(f"{record.path} does not say how its contracts were made: an older version wrote it.", 1)
    if unknown := [name for name in names if name not in record.creations]:
        raise Misused(f"There is no {unknown[0]} here. Known are {', '.join(record.creations)}.")
    try:
        given = verification.inputs(record.inputs, record)
    except verification.InputMissing as error:
        raise Failure(str(error), 1) from None

    with console.status("") as status:

        @cache
        def compiled(contract: str) -> sources.Compiled:
            status.update(f"Compiling {contract}")
            return sources.compiled(given[contract])

        findings = list(verification.verify(system.evm.rpc, record, compiled, names))
        wrong = [found for found in findings if found.difference]
        said = {}
        if publish and not wrong:
            for found in findings:
                status.update(f"Publishing {found.name}")
                it = explorers.Publication(
                    record.chain_id,
                    found.address,
                    record.creations[found.name]["arguments"].removeprefix("0x"),
                    compiled(found.contract).compiler,
                    given[found.contract],
                )
                said[found.name] = _published(publish, explorer, key, it)
    if json:
        rows = [vars(found) | ({"published": said[found.name]} if found.name in said else {}) for found in findings]
        return Answered({"contracts": rows, "verified": not wrong}, 1 if wrong else 0)
    table = Table("contract", "address", "sources", *(["explorer"] if said else []))
    for found in findings:
        verdict = (
            f"[red]✗ {escape(found.difference)}[/]"
            if found.difference
            else f"[green]✓[/] {found.contract}" + (f", measured {int(found.measured, 16):,}" if found.measured else "")
        )
        table.add_row(found.name, found.address, verdict, *([said[found.name]] if said else []))
    console.print(table)
    if wrong:
        raise Failure(f"{len(wrong)} of {len(findings)} contracts are not what their sources say. Do not use them.", 1)
    console.print(f"All {len(findings)} contracts are, byte for byte, what {record.inputs} compiles to.")
    return None


def _published(publish: str, url: str | None, key: str, it: explorers.Publication) -> str:
    try:
        if publish == "etherscan":
            return explorers.etherscan(it, key, url or explorers.ETHERSCAN)
        return explorers.sourcify(it, url or explorers.SOURCIFY)
    except explorers.Unpublished as error:
        raise Failure(f"{error} What was published before stays; run this again to go on.", 1) from None
