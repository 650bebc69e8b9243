"""What the indexer is told of a deployment, `indexer/deployment.json`: `python -m tools.indexer_config --rpc https://...`.

Reads `deployments/` and asks the chain what only the chain knows; sends nothing. The address of the node is no part of
it: the indexer takes that from its environment.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ssi.build import ROOT, fresh_project
from ssi.chain.evm import Evm
from ssi.chain.rpc import Rpc, RpcError
from ssi.registry.record import Record, RecordUnusable
from ssi.registry.system import System
from tools.app_config import write

CONFIG = ROOT / "indexer" / "deployment.json"
BLOCKS_PER_LOOK = 25  # five minutes on Ethereum: no hour goes by without a look


def config(system: System, *, blocks_per_look: int = BLOCKS_PER_LOOK) -> dict[str, Any]:
    """The content of `deployment.json`: addresses by name, the first block, the grid of epochs.

    Args:
        blocks_per_look: how often the indexer asks whether an hour has begun. 1 on forks, where a block may be a day.
    """
    record = system.record
    staked = {symbol: system.staked(symbol) for symbol in record.staked}
    return {
        "chainId": record.chain_id,
        "startBlock": record.block,
        "blocksPerLook": blocks_per_look,
        "epochGenesis": int(system.points.epochGenesis()),
        "epochLength": int(system.points.epochLength()),
        "contracts": record.contracts,
        "indexes": record.indexes,
        "staked": {symbol: {"address": vault.address, "asset": str(vault.asset())} for symbol, vault in staked.items()},
    }


@click.command()
@click.option("--network", default="ethereum-mainnet", show_default=True, help="The record in deployments/.")
@click.option("--rpc", required=True, help="A node of that chain.")
@click.option("--out", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
def main(network: str, rpc: str, out: Path) -> None:
    """Write deployment.json for a deployment."""
    try:
        record = Record.load(network, int(Rpc(rpc).call("eth_chainId"), 16))
    except (RecordUnusable, RpcError, OSError) as error:
        raise click.ClickException(str(error)) from None
    if not record.indexes or record.block is None:
        raise click.ClickException(f"{record.path} has no deployment to index.")
    write(config(System(Evm(rpc), fresh_project(), record)), out)
    click.echo(f"{out}: {len(record.indexes)} indexes of {network}, from block {record.block}.")


if __name__ == "__main__":
    sys.exit(main())
