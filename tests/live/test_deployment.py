"""The deployment by a key file on a live network, with nobody at the keyboard."""

from __future__ import annotations

import json


def test_the_deployment_is_complete_and_its_record_knows_where_it_begins(deployed):
    record = deployed.record
    assert sorted(record.indexes) == ["DEFI.ssi", "MAG7.ssi", "MEME.ssi", "USSI"]
    assert record.block is not None
    assert record.sent == []
    before = {"fromBlock": "0x0", "toBlock": hex(record.block), "address": record.contracts["Safe"]}
    assert deployed.direct.call("eth_getLogs", before) == []


def test_a_second_run_sends_nothing(deployed):
    nonce = deployed.direct.call("eth_getTransactionCount", deployed.address("deployer"), "latest")
    again = deployed.run("deploy", "--account", "deployer", "--yes", "--json")
    assert again.json["contracts"] == deployed.record.contracts
    assert deployed.direct.call("eth_getTransactionCount", deployed.address("deployer"), "latest") == nonce


def test_nobody_at_the_keyboard_is_told_to_say_yes(live):
    done = live.run("deploy", "--account", "deployer")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1] == "Error: There is no terminal to ask whether to deploy: add --yes."


def test_a_failure_is_json_where_that_is_asked_for(live):
    done = live.run("deploy", "--json")
    assert done.code == 2
    assert json.loads(done.out) == {"error": "Say who signs: --account ALIAS. `ape accounts list` shows them.", "code": 2}
