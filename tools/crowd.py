"""A crowd that lives with the deployed protocol for weeks: thousands of random operations, for an indexer to follow, to
be checked against, and to be measured with.

Nothing here is special: these are the transactions that holders, keepers, bidders and the multisig send. Many of them
share a block, as on a busy chain, and some are refused. The same seed on the same chain gives the same blocks.
`python -m tools.crowd` lets one live on a fork of its own.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack

import click
from rich.console import Console

from forks import anvils
from minimainnet import node
from ssi.build import fresh_project
from ssi.chain import network
from ssi.chain.evm import Evm
from ssi.constants import DAY
from ssi.registry.system import System
from tools.crowd_acts import Acts
from tools.crowd_world import STEP, Crowd, Lived

DAYS = 70  # two epochs, the recording of both, and the claims of both
QUIET = 45  # empty blocks at the end: of the 65 that an indexer does not take for final, 20 have something in them


def live(crowd: Crowd, operations: int, days: int = DAYS, say: Callable[[str], object] = lambda _: None) -> Lived:
    """About so many operations of people, over so many days."""
    lived, random = crowd.lived, crowd.random
    lived.first = crowd.evm.block
    crowd.begin()
    acts, a_day = Acts(crowd), -(-operations // days)
    parts = max(2, min(6, a_day // 40))
    start = crowd.evm.now
    with crowd.blocks():
        for day in range(days):
            say(f"day {day + 1} of {days}: {lived.operations} operations")
            crowd.mine(start + day * DAY)
            crowd.morning(day)
            for part in range(parts):
                crowd.bids()
                for _ in range(-(-a_day // parts)):
                    acts.one()
                crowd.mine(start + day * DAY + part * DAY // parts + random.randrange(DAY // (2 * parts)))
        crowd.mine()
    crowd.rpc.call("anvil_mine", hex(QUIET), hex(STEP))
    lived.last = crowd.evm.block
    lived.owed = sorted({person for _, _, person in crowd.holdings.owed})
    return lived


@click.command()
@click.option("--operations", default=20_000, show_default=True, help="Of people, about so many.")
@click.option("--people", default=2_000, show_default=True)
@click.option("--days", default=DAYS, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--rpc-port", type=int, help="Where the fork answers; any free port unless told.")
def main(operations: int, people: int, days: int, seed: int, rpc_port: int | None) -> None:
    """Let a crowd live on a fork of its own, which forgets old states; say where it is; end with the input.

    The last line of the output is JSON: the fork's URL, the record of the deployment, and what was done.
    """
    anvils.stop_in_order()
    with ExitStack() as stack:
        os.environ.setdefault("SSI_DEPLOYMENTS", stack.enter_context(tempfile.TemporaryDirectory(prefix="ssi-crowd-")))
        system = _deployed(stack, rpc_port)
        began = time.monotonic()
        say = functools.partial(click.echo, err=True)
        lived = live(Crowd(system, people, seed), operations, days, say)
        said = {
            "url": system.evm.rpc.url, "record": str(system.record.path), "people": lived.people,
            "owed": lived.owed, "done": lived.done, "refused": lived.refused, "first": lived.first, "last": lived.last,
            "seconds": time.monotonic() - began,
        }  # fmt: skip
        click.echo(json.dumps(said))
        sys.stdin.read()


def _deployed(stack: ExitStack, rpc_port: int | None) -> System:
    from ape import networks

    upstream = os.environ.get("MAINNET_RPC_URL") or stack.enter_context(node.serve())
    url = stack.enter_context(anvils.fork_of(upstream, rpc_port))
    os.environ |= {"MAINNET_RPC_URL": upstream, "APE_FOUNDRY_HOST": url}
    from forks.seeding import deploy

    network.quiet()
    project = fresh_project()
    stack.enter_context(networks.parse_network_choice("ethereum:mainnet-fork:foundry"))
    return System(Evm(url), project, deploy(console=Console(stderr=True)))


if __name__ == "__main__":
    main()
