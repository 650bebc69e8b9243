"""The web app on a fork of its own, with a market that has lived: `make app`.

Starts a fork, deploys, lets some weeks pass with keepers at work, and serves the built site. Ends with Ctrl-C.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click
from rich.console import Console

from forks import anvils
from minimainnet import node
from ssi.build import ROOT, fresh_project
from ssi.chain import network
from ssi.chain.evm import Evm
from ssi.chain.rpc import Rpc
from ssi.registry.system import System
from tools import app_config
from tools.app_world import LEAST, TEST_KEY, AppWorld

DIST = ROOT / "app" / "dist"


class Site(SimpleHTTPRequestHandler):
    """The built site, quietly and never cached."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def lived(stack: ExitStack, console: Console, rpc_port: int, days: int, *, archive: bool = False) -> tuple[System, str]:
    """A fork with the deployed protocol on it and a market that has lived; returns it and the fork's URL.

    An `archive` answers calls at old blocks, as anvil's forks do not: it is the miniature mainnet itself.
    """
    from ape import networks

    with console.status("Starting a fork of the miniature mainnet"):
        if archive:
            upstream = url = stack.enter_context(node.serve(rpc_port, history=True))
            rpc = Rpc(url)  # its prices are of its last block, not of now
            rpc.call("anvil_setTime", rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"])
        else:
            upstream = os.environ.get("MAINNET_RPC_URL") or stack.enter_context(node.serve())
            url = stack.enter_context(anvils.fork_of(upstream, rpc_port, history=True))
    os.environ |= {"MAINNET_RPC_URL": upstream, "APE_FOUNDRY_HOST": url}
    from forks.seeding import deploy

    network.quiet()
    project = fresh_project()
    stack.enter_context(networks.parse_network_choice("ethereum:mainnet-fork:foundry"))
    system = System(Evm(url), project, deploy(console=console))
    with console.status("Some weeks pass") as status:
        AppWorld(system).live(days, lambda what: status.update(f"Some weeks pass: {what}"))
    return system, url


def world(stack: ExitStack, console: Console, rpc_port: int, days: int) -> dict[str, Any]:
    """Such a fork; returns what the site is told of it."""
    system, url = lived(stack, console, rpc_port, days)
    return app_config.config(system, url, test_key=TEST_KEY, project=os.environ.get("WALLETCONNECT_PROJECT_ID"))


@click.command()
@click.option("--port", default=4173, show_default=True, help="Where the site is served.")
@click.option("--rpc-port", default=8545, show_default=True, help="Where the fork answers.")
@click.option(
    "--days",
    default=33,
    show_default=True,
    type=click.IntRange(LEAST),
    help="Days that the market lives before you come.",
)
def main(port: int, rpc_port: int, days: int) -> None:
    """Serve the web app on a fork with a deployed protocol."""
    anvils.stop_in_order()
    console, began = Console(), time.monotonic()
    if not (DIST / "index.html").exists():
        raise click.ClickException("The site is not built: `make app-build` first.")
    with ExitStack() as stack:
        app_config.write(world(stack, console, rpc_port, days), DIST / "config.json")
        server = ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Site, directory=str(DIST)))
        console.print(
            f"\n[bold]Open http://127.0.0.1:{port}[/]  (Ctrl-C ends it; ready after {time.monotonic() - began:.0f} s)"
        )
        console.print(
            "Connect the test wallet: it has 250,000 USDC, USDT, DAI, ether, SOSO and Uniswap liquidity, all of it play"
            " money."
        )
        console.print("Try: buy MAG7.ssi with a signature · stake it · ask to leave twice and see the timer restart ·")
        console.print(
            "boost with SOSO · lock a Uniswap position · bid in the running auction of DEFI.ssi · look at Governance."
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("Goodbye.")


if __name__ == "__main__":
    sys.exit(main())
