"""The web app on a fork of its own, with a market that has lived: `make app`.

Starts a fork, deploys, lets some weeks pass with keepers at work, and serves the built site. Ends with Ctrl-C.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click
from eth_account import Account
from rich.console import Console

from forks import anvils, control
from forks.addresses import CONTRACTS
from forks.seeding import invest
from minimainnet import node
from ssi.build import ROOT, fresh_project
from ssi.chain import network as chain
from ssi.chain.evm import Evm
from ssi.keeper import maintenance as chores
from ssi.registry import params
from ssi.registry.record import Record
from ssi.registry.system import System

DIST = ROOT / "app" / "dist"
DAY = 86_400
# A key of this fork alone. Its account is rich in play money.
TEST_KEY = "0x" + "5517e57".zfill(64)
# EIP-712 domains of the tokens that know EIP-2612 as it stands. DAI has a permit of its own kind.
PERMITS = {"USDC": {"name": "USD Coin", "version": "2"}}
PAID_WITH = ("USDC", "USDT", "DAI", "WETH", "USDS", "SOSO")
GIFTS = {"USDC": 250_000 * 10**6, "USDT": 50_000 * 10**6, "DAI": 50_000 * 10**18, "SOSO": 200_000 * 10**18}
MOVES = ({"SOL": 1.04, "BNB": 1.02}, {"LINK": 0.97, "UNI": 1.03}, {"SOL": 1.05, "AAVE": 0.96}, {"BNB": 1.03, "UNI": 0.95})
WORDS = {
    "FloorAndMarketCap": "Every constituent gets the floor, and what is left is shared out by circulating market cap.",
    "CappedMarketCap": "By circulating market cap, with no constituent above the cap; what is cut off goes to the others.",
    "FixedWeights": "Fixed weights, set by governance.",
}


def config(system: System, record: Record, rpc_url: str, block: int, *, fork: bool) -> dict[str, Any]:
    """What the site is told: `config.json` beside the page."""
    known = params.assets()
    tokens = [
        {"symbol": name, "address": known.assets[name].address, "decimals": system.token(name).decimals(), "permit": PERMITS.get(name)}
        for name in PAID_WITH
    ]
    methodologies = {}
    for index in params.indexes():
        method = index.methodology
        given = {key: str(value) for key, value in method.model_dump(exclude_none=True).items() if key != "name"}
        methodologies[index.symbol] = {"contract": method.name, "words": WORDS[method.name], "parameters": given}
    protocol = params.protocol()
    return {
        "chainId": record.chain_id, "network": "a local fork" if fork else "Ethereum", "fork": fork, "rpcUrl": rpc_url,
        "explorer": None if fork else "https://etherscan.io", "deployedAtBlock": block,
        "contracts": record.contracts, "indexes": record.indexes, "staked": record.staked, "tokens": tokens,
        "methodologies": methodologies,
        "external": {
            "multicall3": CONTRACTS["Multicall3"], "permit2": protocol.contracts.permit2,
            "positionManager": protocol.contracts.position_manager, "weth": protocol.contracts.weth, "soso": known.assets["SOSO"].address,
        },
        "walletConnectProjectId": os.environ.get("WALLETCONNECT_PROJECT_ID") or None,
        "testWallet": {"key": TEST_KEY} if fork else None,
    }  # fmt: skip


def live(system: System, console: Console, days: int) -> None:
    """Lets a market live: people invest, prices move, fees are paid out daily, prices are sampled."""
    evm, keeper = system.evm, system.evm.account("app keeper")
    tester = Account.from_key(TEST_KEY).address
    evm.fund(tester)
    for name, amount in GIFTS.items():
        control.deal(evm.rpc, name, tester, amount)
    for symbol, shares in (("MAG7.ssi", 5_000), ("MEME.ssi", 800), ("DEFI.ssi", 1_500), ("USSI", 2_500)):
        investor = evm.account(f"app investor {symbol}")
        invest(system, symbol, investor, shares * 10**18)
        index, vault = system.index(symbol), system.staked(symbol)
        index.approve(vault.address, 2**255, sender=investor)
        vault.deposit(shares * 10**18 // 2, investor, sender=investor)
    with console.status("Some weeks pass") as status:
        for day in range(days):
            status.update(f"Some weeks pass: day {day + 1} of {days}")
            for token, factor in MOVES[day // 5 % len(MOVES)].items() if day % 5 == 0 else ():
                control.move_price(evm.rpc, token, factor)
            control.warp(evm.rpc, DAY)
            for name in chores.due_pokes(system):
                system.oracle.poke(system.token(name).address, sender=keeper)
            for symbol in chores.due_distributions(system):
                system.distributor.distribute(system.index(symbol).address, sender=keeper)
            if not system.prices.runningSlot().sampled:
                system.prices.sample(sender=keeper)


def propose(system: System) -> None:
    """One change waits for its notice, so that there is something to see."""
    index = system.index("MAG7.ssi")
    system.manager.schedule(index.address, index.setMintFee.encode(8), 0, sender=system.record.contracts["Safe"])


class Site(SimpleHTTPRequestHandler):
    """The built site, quietly and never cached."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def world(stack: ExitStack, console: Console, rpc_port: int, days: int) -> tuple[System, dict[str, Any]]:
    """A fork with the deployed protocol on it, and what the site is told of it."""
    from ape import networks

    with console.status("Starting a fork of the miniature mainnet"):
        upstream = os.environ.get("MAINNET_RPC_URL") or stack.enter_context(node.serve())
        url = stack.enter_context(anvils.fork_of(upstream, rpc_port, history=True))
    os.environ |= {"MAINNET_RPC_URL": upstream, "APE_FOUNDRY_HOST": url}
    from forks.seeding import deploy

    chain.quiet()
    project = fresh_project()
    stack.enter_context(networks.parse_network_choice("ethereum:mainnet-fork:foundry"))
    evm = Evm(url)
    block = int(evm.rpc.call("eth_blockNumber"), 16)
    record = deploy(console=console)
    system = System(evm, project, record)
    live(system, console, days)
    propose(system)
    return system, config(system, record, url, block, fork=True)


@click.command()
@click.option("--port", default=4173, show_default=True, help="Where the site is served.")
@click.option("--rpc-port", default=8545, show_default=True, help="Where the fork answers.")
@click.option("--days", default=20, show_default=True, help="Days that the market lives before you come.")
def main(port: int, rpc_port: int, days: int) -> None:
    """Serve the web app on a fork with a deployed protocol."""
    anvils.stop_in_order()
    console = Console()
    if not (DIST / "index.html").exists():
        raise click.ClickException("The site is not built: `make app-build` first.")
    with ExitStack() as stack:
        _, told = world(stack, console, rpc_port, days)
        (DIST / "config.json").write_text(json.dumps(told, indent=1))
        server = ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Site, directory=str(DIST)))
        console.print(f"\n[bold]Open http://127.0.0.1:{port}[/]  (Ctrl-C ends it)")
        console.print("Connect the test wallet: it has 250,000 USDC, USDT, DAI, ether and SOSO of play money.")
        console.print("Try: buy MAG7.ssi with a signature · stake it · ask to leave twice and see the timer restart ·")
        console.print("boost with SOSO · look at Governance.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("Goodbye.")


if __name__ == "__main__":
    sys.exit(main())
