"""The deployment on a live network: by hand, with no person at the keyboard, and killed at every step."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator

import pytest

from ssi.deploy import preflight
from ssi.places import held
from tests.live.network import DESPITE, Live

UNATTENDED = ("deploy", "--account", "deployer", "--yes", "--json", *DESPITE)


@pytest.mark.shows("deploy", "by hand")
def test_a_person_is_asked_once(live):
    """If the deployer answers no, nothing is deployed; they saw whose ether would pay."""
    nonce = live.sent("deployer")
    with live.person("deploy", "--account", "deployer", *DESPITE) as person:
        shown = person.sees("Go on? [y/N]:")
        person.types("n")
        done = person.leaves()
    assert re.search(
        rf"Deploys to ethereum-mainnet with deployer \({live.address('deployer')}\), which has [\d.]+ ether\.", shown
    )
    assert re.search(r"Nothing is deployed yet\.|\d+ steps of an earlier run are done\.", shown), (
        "by what other tests did before"
    )
    assert done.code == 2
    assert "Nothing was deployed." in done.out
    assert live.sent("deployer") == nonce


def test_the_deployment_is_complete_and_its_record_knows_where_it_begins(deployed):
    record = deployed.record
    assert sorted(record.indexes) == ["DEFI.ssi", "MAG7.ssi", "MEME.ssi", "USSI"]
    assert record.block is not None
    assert record.sent == []
    before = {"fromBlock": "0x0", "toBlock": hex(record.block), "address": record.contracts["Safe"]}
    assert deployed.direct.call("eth_getLogs", before) == []


def test_a_second_run_sends_nothing(deployed):
    nonce = deployed.sent("deployer")
    again = deployed.run(*UNATTENDED)
    assert again.json["contracts"] == deployed.record.contracts
    assert deployed.sent("deployer") == nonce


def test_without_a_terminal_it_wants_yes(live):
    done = live.run("deploy", "--account", "deployer", *DESPITE)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1] == "Error: There is no terminal to ask whether to deploy: add --yes."


def test_two_at_once_are_refused(live, monkeypatch):
    """Each would send what the other has not written down yet."""
    monkeypatch.setenv("SSI_STATE", str(live.folder / "state"))
    sent = live.sent("deployer")
    with held("deploy-ethereum-mainnet"):
        done = live.run(*UNATTENDED)
    assert json.loads(done.out) == {
        "error": "A deployment to ethereum-mainnet runs on this machine already: let it end.",
        "code": 2,
    }
    assert live.sent("deployer") == sent


def test_a_failure_is_json_where_that_is_asked_for(live):
    done = live.run("deploy", "--json")
    assert done.code == 2
    assert json.loads(done.out) == {
        "error": "Say who signs: --account ALIAS. `ape accounts list` shows them.",
        "code": 2,
    }


# ---------------------------------------------------------------- red lines


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 1, "2 red lines stop the deployment, and nothing was sent."),
        (DESPITE[:2], 1, 'name each that you take upon yourself: --despite "owners of the guardian".'),
        ((*DESPITE, "--despite", "token LINK"), 2, "Nothing is wrong with 'token LINK': leave its --despite out."),
        (("--despite", "all"), 2, "Nothing is wrong with 'all'"),
    ],
)
def test_a_red_line_refuses_unless_it_is_named(live, tmp_path, words, code, message):
    """One by one: there is no word for all of them."""
    nonce = live.sent("deployer")
    done = live.run("deploy", "--account", "deployer", "--yes", *words, SSI_DEPLOYMENTS=str(tmp_path))
    assert (done.code, done.out) == (code, "")
    *lines, last = done.err.strip().splitlines()
    assert message in last
    if code == 1:
        marks = {line.split(":")[0] for line in lines if "published for tests" in line}
        assert marks == {
            f"{'!' if f'owners of the {who}' in words else '✗'} owners of the {who}" for who in ("Safe", "guardian")
        }
    assert live.sent("deployer") == nonce
    assert list(tmp_path.iterdir()) == []


def test_the_record_says_despite_what_it_was_made(deployed):
    """And a run that goes on looks no more: see `test_a_second_run_sends_nothing`."""
    assert deployed.record.despite.keys() == set(DESPITE[1::2])
    assert all("published for tests" in said for said in deployed.record.despite.values())


# ---------------------------------------------------------------- dry runs


def test_a_dry_run_tries_everything_and_sends_nothing(live, tmp_path):
    """On a fork of the live chain; what is left is all of it."""
    words = ("deploy", "--account", "deployer", "--dry-run", *DESPITE)
    nonce = live.sent("deployer")
    said = live.run(*words, "--json", SSI_DEPLOYMENTS=str(tmp_path)).json
    assert said["despite"].keys() == set(DESPITE[1::2])
    assert said["done"] == 0
    assert {"Safe", "MAG7.ssi", "sUSSI", "the deployer no longer governs"} <= set(said["left"])
    assert said["transactions"] > 150
    assert said["gas"] == pytest.approx(preflight.GAS, rel=0.1), "what the preflight counts with"
    assert live.sent("deployer") == nonce
    assert list(tmp_path.iterdir()) == []
    refused = live.run("deploy", "--account", "deployer", "--dry-run", SSI_DEPLOYMENTS=str(tmp_path))
    assert (refused.code, refused.out) == (1, "")
    assert "2 red lines stop the deployment" in refused.err


def test_a_dry_run_of_what_is_done_says_so(deployed):
    with deployed.person("deploy", "--account", "deployer", "--dry-run") as person:
        done = person.leaves()
    assert done.code == 0, done.out
    assert re.search(r"0 of \d+ parts are left\.", done.out.replace("\n", " "))


# ---------------------------------------------------------------- crashes

# When the process dies: before the node has the transaction, once it has mined it and did not say so, and once the
# receipt was asked for.
MOMENTS = (("eth_sendRawTransaction", False), ("eth_sendRawTransaction", True), ("eth_getTransactionReceipt", True))
# After how many transactions. `make deep` kills at each; so does tests/scripts/test_deployment.py, within one process.
EVERY = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 4


@pytest.mark.shows("deploy", "unattended")
def test_a_deployment_killed_over_and_over_goes_on_and_does_nothing_twice(live, tmp_path):
    """Each run is killed after a few transactions, at another moment each time, until one comes to the end."""
    running: list[int] = []
    kills, seen = 0, 0

    def watch(method: str, answered: bool) -> bool:
        nonlocal kills, seen
        if not running or (method, answered) != MOMENTS[kills % len(MOMENTS)]:
            return False
        seen += 1
        if seen % EVERY:
            return False
        os.kill(running.pop(), signal.SIGKILL)
        kills += 1
        return True

    live.weather.watch = watch
    began = int(live.direct.call("eth_blockNumber"), 16)
    while True:
        known, job = kills, live.start(*UNATTENDED, SSI_DEPLOYMENTS=str(tmp_path))
        running.append(job.pid)
        while kills == known and not job.ended:
            time.sleep(0.005)
        if job.ended:
            break
    live.weather.watch = None
    said = job.err.read_text()
    assert "steps of an earlier run are done." in said
    assert " done · " in said, "progress"
    assert sorted(job.wait().json["indexes"]) == ["DEFI.ssi", "MAG7.ssi", "MEME.ssi", "USSI"]
    assert json.loads((tmp_path / "ethereum-mainnet.json").read_text())["sent"] == []
    sent = list(sent_since(live, began, "deployer"))
    assert len(sent) > 150
    assert len(set(sent)) == len(sent), "nothing was sent twice"
    assert kills >= len(sent) // EVERY // 2


def sent_since(live: Live, block: int, alias: str) -> Iterator[tuple[str, str]]:
    """Targets and data of what a key file has sent since a block."""
    for number in range(block + 1, int(live.direct.call("eth_blockNumber"), 16) + 1):
        for each in live.direct.call("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if each["from"].lower() == live.address(alias).lower():
                yield each["to"], each["input"]
