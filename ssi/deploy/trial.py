"""A deployment tried out: the same command, on a fork of the chain as it is, with a record of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ssi import places
from ssi.chain.evm import Evm
from ssi.chain.forking import Forks
from ssi.failure import Impossible
from ssi.registry.record import Record


@dataclass(frozen=True)
class DeploymentTrial:
    """What a whole deployment is, in the order of its record.

    Attributes:
        parts: contracts by name, then steps.
        transactions, gas: of all of it.
    """

    parts: list[str]
    transactions: int
    gas: int

    def left(self, record: Record) -> list[str]:
        """What a record does not have yet."""
        return [part for part in self.parts if part not in {*record.addresses, *record.steps}]


def attempt(forks: Forks, url: str, network: str, chain_id: int) -> DeploymentTrial:
    """Deploys everything anew on a fork of the chain at `url`, called `network`, such as "ethereum-mainnet".

    Raises:
        Impossible: it fails there. The message says with what.
        NotStarted: there is no fork.
    """
    ecosystem, name = network.removesuffix("-fork").split("-", 1)
    with forks.fork(url) as fork, TemporaryDirectory(prefix="ssi-trial-") as folder:
        evm = Evm(fork)
        first = evm.block
        words = ["run", "deploy", "--network", f"{ecosystem}:{name}-fork:foundry", "--json"]
        done = subprocess.run(
            [str(Path(sys.executable).with_name("ape")), *words],
            env=os.environ | {"APE_FOUNDRY_HOST": fork, "SSI_DEPLOYMENTS": folder},
            cwd=places.working(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Impossible(f"Tried out on a fork, the deployment fails: {_said(done)}")
        record = Record.read(Path(folder) / f"{network.removesuffix('-fork')}-fork.json", chain_id)
        blocks = [evm.rpc.call("eth_getBlockByNumber", hex(n), True) for n in range(first + 1, evm.block + 1)]
    sender = max(blocks, key=lambda block: int(block["number"], 16))["transactions"][-1]["from"]
    ours = [block for block in blocks if any(each["from"] == sender for each in block["transactions"])]
    return DeploymentTrial(
        [*record.addresses, *record.steps], len(ours), sum(int(block["gasUsed"], 16) for block in ours)
    )


def _said(done: subprocess.CompletedProcess[str]) -> str:
    try:
        return str(json.loads(done.stdout)["error"])
    except (ValueError, KeyError, TypeError):
        return (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
