"""`--queue`: one owner signs, Safe's transaction service keeps it, and nothing is on chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from safe_eth.safe import SafeTx

from ssi.governance.safe import Multisig, joined
from ssi.governance.service import URL
from tests.live.network import Live
from tests.live.test_commands import OWNERS, TO_COMPARE
from tests.support.safe_queue import SafeQueue, safe_queue

CHANGE = ("propose", "set-cap", "USSI")
UNATTENDED = ("--yes", "--json")


@pytest.fixture
def queue() -> Iterator[SafeQueue]:
    with safe_queue() as found:
        yield found


def entry(path: str, body: Any) -> SafeTx:
    """What was posted, put together by safe-eth-py from the body alone."""
    values = ("to", "value", "data", "operation", "safeTxGas", "baseGas", "gasPrice", "gasToken", "refundReceiver")
    to, value, data, *others = (body[name] for name in values)
    call = (to, int(value), bytes.fromhex(data[2:]), *(int(each) for each in others[:4]), *others[4:])
    safe, signature = path.split("/safes/")[1].partition("/")[0], bytes.fromhex(body["signature"][2:])
    return SafeTx(
        None, safe, *call, signatures=signature, safe_nonce=int(body["nonce"]), safe_version="1.4.1", chain_id=1
    )


def posted(queue: SafeQueue, live: Live, alias: str, said: Any) -> SafeTx:
    """The last that was posted: by its own words what the command has said, and signed by the owner."""
    path, body = queue.taken[-1]
    found = entry(path, body)
    assert body["sender"] == live.address(alias)
    assert found.signers == [live.address(alias)]
    assert "0x" + found.safe_tx_hash.hex() == body["contractTransactionHash"] == said["safeTxHash"]
    assert (found.safe_address, found.safe_nonce) == (said["safe"], said["nonce"])
    assert ("0x" + found.data.hex(), said["transaction"]) == (said["data"], None)
    return found


def test_changes_wait_in_the_queue_behind_each_other(deployed, queue):
    """Unattended. The chain has nothing of it; with a second owner's signature the Safe takes what was posted."""
    asked, nonce = deployed.weather.asked["eth_sendRawTransaction"], safe_of(deployed, "Safe").nonce
    put = ("--queue", "--account", "safe0", *UNATTENDED)
    first = deployed.run(*CHANGE, "61", *put, **{URL: queue.url}).json
    signed = posted(queue, deployed, "safe0", first)
    second = deployed.run(*CHANGE, "62", *put, **{URL: queue.url}).json
    posted(queue, deployed, "safe0", second)
    assert (first["nonce"], second["nonce"], len(queue.taken)) == (nonce, nonce + 1, 2)
    assert deployed.weather.asked["eth_sendRawTransaction"] == asked
    assert deployed.run("pending", "--json").json == []

    with deployed.world() as evm:
        safe = Multisig(evm, deployed.record.contracts["Safe"])
        ours = safe.transaction(signed.to, signed.data, signed.safe_nonce)
        other = deployed.key("safe1")
        signatures = {
            deployed.address("safe0"): signed.signatures,
            other.address: other.sign_message(ours.signable).signature,
        }
        safe.safe.execTransaction(*ours.call, joined(signatures), sender=deployed.address("keeper"))
    assert [o["operation"] for o in deployed.run("pending", "--json").json] == [first["calls"][0]["operation"]]


def test_an_owner_puts_a_change_into_the_queue_by_hand(deployed, queue):
    """With a hardware wallet: shown, asked once, signed on the device, posted."""
    with deployed.person(*CHANGE, "63", "--queue", "--account", "safe0-ledger", **{URL: queue.url}) as person:
        shown = person.sees("Sign with safe0-ledger and put it into Safe's queue? [y/N]:")
        assert queue.taken == [], "nothing before the answer"
        person.types("y")
        done = person.leaves()
    assert done.code == 0, done.out
    assert "the other owners compare the hashes at app.safe.global" in done.out
    for text in ("USSI.setSupplyCap(", *TO_COMPARE):
        assert text in shown
    found = entry(*queue.taken[-1])
    assert found.signers == [deployed.address("safe0")]
    assert found.safe_tx_hash.hex() in shown
    assert deployed.run("pending", "--json").json == []


def test_the_guardian_puts_a_veto_into_the_queue(deployed, queue):
    """Unattended and by hand. What it would cancel stays until the guardian's owners send it."""
    said = deployed.run(*CHANGE, "64", *OWNERS, *UNATTENDED).json
    operation = said["calls"][0]["operation"]
    put = ("cancel", operation[:10], "--queue", "--account", "guardian0")
    vetoed = deployed.run(*put, *UNATTENDED, **{URL: queue.url}).json
    found = posted(queue, deployed, "guardian0", vetoed)
    assert found.safe_address == deployed.record.contracts["GuardianSafe"]
    with deployed.person(*put, **{URL: queue.url}) as person:
        person.sees("Sign with guardian0 and put it into Safe's queue? [y/N]:")
        person.types("y")
        assert person.leaves().code == 0
    assert entry(*queue.taken[-1]).safe_tx_hash == found.safe_tx_hash, "the same call keeps its nonce"
    assert [o["operation"] for o in deployed.run("pending", "--json").json] == [operation]


def test_a_service_that_refuses_or_is_down_is_one_line(deployed, queue):
    """Code 1, also as JSON. What was refused holds no nonce."""
    put = (*CHANGE, "65", "--queue", "--account", "safe0", *UNATTENDED)
    queue.refuses = True
    refused = deployed.run(*put, **{URL: queue.url})
    said = json.loads(refused.out)
    assert (refused.code, said["code"]) == (1, 1)
    assert said["error"].startswith(f"Safe's transaction service at {queue.url} does not do it: ")
    assert "nonFieldErrors" in said["error"]
    assert refused.err.splitlines()[-1] == f"Error: {said['error']}"
    queue.refuses = False
    other = deployed.run(*CHANGE, "66", *put[4:], **{URL: queue.url}).json
    assert other["nonce"] == safe_of(deployed, "Safe").nonce

    down = deployed.run(*put[:-1], **{URL: "http://127.0.0.1:1"})
    assert (down.code, down.out) == (1, "")
    (line,) = [line for line in down.err.splitlines() if line.startswith("Error: ")]
    assert line.startswith("Error: Safe's transaction service at http://127.0.0.1:1 does not do it: ")


def safe_of(live: Live, name: str) -> Multisig:
    return Multisig(live.system.evm, live.record.contracts[name])
