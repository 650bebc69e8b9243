"""The commands that the README promises, each as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ssi.chain.rpc import Rpc
from ssi.places import ROOT


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command at the root of the repository."""
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def fork() -> Iterator[dict[str, str]]:
    """`python -m minimainnet fork`, and the variables that it says to export."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAINNET_RPC_URL", "APE_FOUNDRY_HOST", "SSI_CHAIN")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "minimainnet", "fork"], cwd=ROOT, env=clean, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().strip().removeprefix("export ") for _ in range(2)]
        yield dict(line.split("=", 1) for line in lines) | {"SSI_CHAIN": "miniature"}
    finally:
        process.terminate()
        process.wait(10)


def test_deploy_and_status_work_by_themselves(fork):
    """The way of the README: a fork, a deployment, its state; a second deployment finds nothing left to do."""
    first = run("ape", "run", "deploy", "--json", **fork)
    assert first.returncode == 0, first.stderr
    deployed = json.loads(first.stdout)
    assert deployed["chainId"] == 1
    assert sorted(deployed["indexes"]) == ["DEFI.ssi", "MAG7.ssi", "MEME.ssi", "USSI"]
    node = Rpc(fork["APE_FOUNDRY_HOST"])
    for address in [*deployed["contracts"].values(), *deployed["indexes"].values()]:
        assert len(node.call("eth_getCode", address, "latest")) > 2

    blocks = int(node.call("eth_blockNumber"), 16)
    again = run("ape", "run", "deploy", "--json", **fork)
    assert json.loads(again.stdout) == deployed
    assert int(node.call("eth_blockNumber"), 16) == blocks, "nothing was sent a second time"

    status = run("ape", "run", "status", "--json", **fork)
    assert status.returncode == 0, status.stderr
    said = json.loads(status.stdout)
    indexes = {index["symbol"]: index for index in said["indexes"]}
    assert sorted(indexes) == sorted(deployed["indexes"])
    assert said["governance"]["alarms"] == []
    readable = run("ape", "run", "status", **fork)
    assert readable.returncode == 0, readable.stderr
    for symbol in indexes:
        assert symbol in readable.stdout


def test_a_change_is_proposed_and_listed_by_itself(fork):
    """The commands of the multisig as a person types them; what they do is tested in test_proposals.py."""
    assert run("ape", "run", "deploy", "--json", **fork).returncode == 0
    proposed = run("ape", "run", "propose", "set-cap", "USSI", "12345", "--json", **fork)
    assert proposed.returncode == 0, proposed.stderr
    said = json.loads(proposed.stdout)
    assert (ROOT / said["file"]).exists()
    pending = run("ape", "run", "pending", "--json", **fork)
    assert [operation["operation"] for operation in json.loads(pending.stdout)] == [
        call["operation"] for call in said["calls"]
    ]
    early = run("ape", "run", "execute", **fork)
    assert early.returncode == 1
    assert early.stderr.startswith("Error: Nothing is ready. The next is on ")
    cancelled = run("ape", "run", "cancel", said["calls"][0]["operation"], "--json", **fork)
    assert cancelled.returncode == 0, cancelled.stderr
    assert json.loads(run("ape", "run", "pending", "--json", **fork).stdout) == []


def test_status_says_what_to_do_where_nothing_is_deployed(fork):
    """On another fork the record of the first one counts for nothing."""
    done = run("python", "tools/with_chain.py", "ape", "run", "status", MAINNET_RPC_URL=fork["MAINNET_RPC_URL"])
    assert done.returncode != 0
    assert "`ape run deploy`" in done.stderr


def test_help_lists_every_target():
    listed = run("make", "help").stdout
    for line in (ROOT / "Makefile").read_text().splitlines():
        if line.startswith(".PHONY:"):
            for target in line.split()[1:]:
                assert target in listed
