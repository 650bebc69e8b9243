"""The deployment on a live network: by hand, with nobody at the keyboard, and killed at every step."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

UNATTENDED = ("deploy", "--account", "deployer", "--yes", "--json")


def count(live, alias):
    """Transactions of a key file that were mined."""
    return int(live.direct.call("eth_getTransactionCount", live.address(alias), "latest"), 16)


@pytest.mark.shows("deploy", "by hand")
def test_a_person_is_asked_once(live):
    """Who says no has deployed nothing, and was shown with whose ether."""
    with live.person("deploy", "--account", "deployer") as person:
        shown = person.sees("Go on? [y/N]:")
        person.types("n")
        done = person.leaves()
    assert f"Deploys to ethereum-mainnet with deployer ({live.address('deployer')}), which has 100.0000 ether." in shown.replace("\n", " ")
    assert done.code == 2
    assert "Nothing was deployed." in done.out
    assert count(live, "deployer") == 0


def test_the_deployment_is_complete_and_its_record_knows_where_it_begins(deployed):
    record = deployed.record
    assert sorted(record.indexes) == ["DEFI.ssi", "MAG7.ssi", "MEME.ssi", "USSI"]
    assert record.block is not None
    assert record.sent == []
    before = {"fromBlock": "0x0", "toBlock": hex(record.block), "address": record.contracts["Safe"]}
    assert deployed.direct.call("eth_getLogs", before) == []


def test_a_second_run_sends_nothing(deployed):
    nonce = count(deployed, "deployer")
    again = deployed.run(*UNATTENDED)
    assert again.json["contracts"] == deployed.record.contracts
    assert count(deployed, "deployer") == nonce


def test_nobody_at_the_keyboard_is_told_to_say_yes(live):
    done = live.run("deploy", "--account", "deployer")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1] == "Error: There is no terminal to ask whether to deploy: add --yes."


def test_a_failure_is_json_where_that_is_asked_for(live):
    done = live.run("deploy", "--json")
    assert done.code == 2
    assert json.loads(done.out) == {"error": "Say who signs: --account ALIAS. `ape accounts list` shows them.", "code": 2}


# ---------------------------------------------------------------- crashes

# When the process dies: before the node has the transaction, once it has mined it and nobody knows, and once the receipt was asked for.
MOMENTS = (("eth_sendRawTransaction", False), ("eth_sendRawTransaction", True), ("eth_getTransactionReceipt", True))


@pytest.mark.shows("deploy", "unattended")
def test_a_deployment_killed_at_every_step_goes_on_and_does_nothing_twice(live, tmp_path):
    """Each run is killed at its first transaction, at another moment each time; so there are as many runs as transactions."""
    running: list[int] = []
    kills = 0

    def watch(method: str, answered: bool) -> bool:
        nonlocal kills
        if running and (method, answered) == MOMENTS[kills % len(MOMENTS)]:
            os.kill(running.pop(), signal.SIGKILL)
            kills += 1
            return True
        return False

    live.weather.watch = watch
    began = int(live.direct.call("eth_blockNumber"), 16)
    while True:
        known, job = kills, live.start(*UNATTENDED, SSI_DEPLOYMENTS=str(tmp_path))
        running.append(job.pid)
        while kills == known and not job.ended:
            time.sleep(0.005)
        if job.ended:
            break
    done = job.wait()
    assert sorted(done.json["indexes"]) == ["DEFI.ssi", "MAG7.ssi", "MEME.ssi", "USSI"]
    assert kills > 150
    assert json.loads((tmp_path / "ethereum-mainnet.json").read_text())["sent"] == []
    sent = list(sent_since(live, began, "deployer"))
    assert len(sent) > 150
    assert len(set(sent)) == len(sent), "nothing was sent twice"
    once = list(sent_since(live, 0, "locked"))
    assert len(sent) == len(once) or not once, "as many as in a deployment that nobody disturbs"


def sent_since(live, block, alias):
    """Targets and data of what a key file has sent since a block."""
    for number in range(block + 1, int(live.direct.call("eth_blockNumber"), 16) + 1):
        for each in live.direct.call("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if each["from"].lower() == live.address(alias).lower():
                yield each["to"], each["input"]
