"""Safe's queue, with a stand-in of its transaction service; and what safe-eth-py does and does not do for us."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import safe_eth.safe
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st
from safe_eth.safe import SafeTx
from safe_eth.safe.safe_signature import SafeSignature

from ssi.chain import network
from ssi.chain.evm import labelled
from ssi.cli import common
from ssi.failure import Failure, Misused
from ssi.governance.safe import Multisig, SafeTransaction
from ssi.governance.service import KEY, URL, Service
from ssi.registry.system import System
from tests.support.safe_queue import SafeQueue, safe_queue

OWNER = Account.from_key("0x" + "11" * 32)


SAFE = labelled("safe")


def transaction(nonce: int, label: str = "change") -> SafeTransaction:
    return SafeTransaction(SAFE, 1, labelled(label), keccak(text=label), nonce)


class Signer:
    """What an Ape account of an owner does when it is asked to sign."""

    address, alias = OWNER.address, "owner"

    def __init__(self, least_v: int = 27) -> None:
        self.least_v = least_v

    def sign_message(self, message: Any) -> SimpleNamespace:
        signed = OWNER.sign_message(message)
        v = signed.v - 27 + self.least_v
        return SimpleNamespace(v=v, encode_rsv=lambda: bytes(signed.signature)[:64] + bytes([v]))


@pytest.fixture(autouse=True)
def isolated() -> None:
    """Instead of the suite's own, which would touch its fork."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SafeQueue]:
    """A stand-in of the service at a URL that the environment names."""
    with safe_queue() as found:
        monkeypatch.setenv(URL, found.url)
        monkeypatch.setenv(KEY, "a-key")
        yield found


def entry(each: SafeTransaction, executed: bool = False) -> dict[str, Any]:
    """As the service describes a transaction."""
    return {
        "to": each.to,
        "data": "0x" + each.data.hex(),
        "nonce": each.nonce,
        "isExecuted": executed,
        "safe": each.safe,
    }


def configured() -> Service:
    """The service that the environment names."""
    found = Service.configured(1)
    assert found
    return found


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], common.Queue]:
    """Opens the queue of the Safe, whose next nonce is 5, on a network that is not a fork."""
    monkeypatch.setattr(network, "is_fork", lambda: False)
    monkeypatch.setattr(common, "FOLDER", tmp_path)
    evm = SimpleNamespace(rpc=SimpleNamespace(call=lambda _: "0x1"))
    return lambda: common.Queue(cast(Multisig, SimpleNamespace(nonce=5, address=SAFE, evm=evm)))


# ---------------------------------------------------------------- the queue


def test_a_nonce_in_the_shared_queue_is_not_given_again(service, queue):
    service.waiting = [
        entry(transaction(5, "theirs")),
        entry(transaction(7, "later")),
        entry(transaction(6, "done"), executed=True),
    ]
    mine = transaction(6, "mine")
    assert queue().nonce(mine.to, mine.data, None, sending=False) == 6
    assert service.asked[0][1] == "Bearer a-key"
    assert f"/api/v2/safes/{SAFE}/multisig-transactions/" in service.asked[0][0]


def test_the_same_call_gets_the_nonce_that_it_has_in_the_queue(service, queue):
    theirs = transaction(7, "theirs")
    service.waiting = [entry(theirs)]
    assert queue().nonce(theirs.to, theirs.data, None, sending=False) == 7


def test_sending_over_what_waits_in_the_queue_is_refused(service, queue):
    service.waiting = [entry(transaction(5, "theirs"))]
    mine = transaction(5, "mine")
    with pytest.raises(Misused, match="Safe's queue"):
        queue().nonce(mine.to, mine.data, None, sending=True)
    assert queue().other(mine) == "a transaction in Safe's queue"


def test_without_a_service_the_queue_is_this_machines(queue, monkeypatch):
    monkeypatch.delenv(KEY, raising=False)
    monkeypatch.delenv(URL, raising=False)
    first = queue()
    first.add(transaction(5), "mine", "file")
    other = transaction(6, "other")
    assert queue().nonce(other.to, other.data, None, sending=False) == 6


@pytest.mark.parametrize("least_v", [0, 27])
def test_a_proposal_gets_there_signed_by_its_owner(service, least_v):
    """Also by a hardware wallet that counts the last byte of a signature from 0: to a Safe 0 and 1 mean another kind
    of signature.
    """
    sent = transaction(8)
    configured().propose(sent, Signer(least_v))
    ((path, body),) = service.taken
    assert path == f"/api/v2/safes/{SAFE}/multisig-transactions/"
    assert (body["contractTransactionHash"], body["nonce"], body["to"], body["sender"]) == (
        "0x" + sent.hash.hex(), 8, sent.to, OWNER.address,
    )  # fmt: skip
    (signature,) = SafeSignature.parse_signature(bytes.fromhex(body["signature"][2:]), sent.hash)
    assert signature.owner == OWNER.address
    assert signature.is_valid()


def test_what_the_service_refuses_is_said_in_one_line(service):
    service.refuses = True
    with pytest.raises(Failure, match=r"does not do it.*nonFieldErrors"):
        configured().propose(transaction(8), Signer())


def test_a_service_that_is_gone_is_said_in_one_line(monkeypatch):
    monkeypatch.setenv(URL, "http://user:secret@127.0.0.1:9")
    with pytest.raises(Failure, match=r"http://127\.0\.0\.1:9 does not do it: ") as failure:
        configured().queued(SAFE, 0)
    assert "secret" not in str(failure.value)


def test_the_option_puts_every_transaction_into_the_queue(service, monkeypatch):
    monkeypatch.setattr(network, "is_fork", lambda: False)
    prepared = [common.Prepared(cast(Multisig, None), transaction(nonce), "file", None) for nonce in (5, 6)]
    assert common.sign(cast(System, None), prepared, [Signer()], common.Signing(("owner",), yes=True, queue=True)) == [
        None,
        None,
    ]
    assert [body["nonce"] for _, body in service.taken] == [5, 6]


@pytest.mark.parametrize(("fork", "aliases"), [(True, ("owner",)), (False, ())])
def test_the_option_wants_a_live_network_and_an_owner(monkeypatch, fork, aliases):
    monkeypatch.setattr(network, "is_fork", lambda: fork)
    with pytest.raises(Misused, match="--queue is for a live network"):
        common.signers(cast(Multisig, None), common.Signing(aliases, queue=True))


def test_the_option_without_a_service_says_what_to_set(monkeypatch):
    monkeypatch.setattr(network, "is_fork", lambda: False)
    monkeypatch.delenv(KEY, raising=False)
    monkeypatch.delenv(URL, raising=False)
    prepared = [common.Prepared(cast(Multisig, None), transaction(5), "file", None)]
    with pytest.raises(Misused, match=KEY):
        common.sign(cast(System, None), prepared, [Signer()], common.Signing(("owner",), yes=True, queue=True))


# ---------------------------------------------------------------- why `ssi/governance/safe.py` stays


@given(data=st.binary(max_size=200), nonce=st.integers(0, 2**64), salt=st.text(min_size=1))
def test_our_hash_is_theirs(data, nonce, salt):
    ours = SafeTransaction(labelled(salt), 1, labelled(f"to {salt}"), data, nonce)
    theirs = SafeTx(None, ours.safe, *ours.call, safe_nonce=nonce, safe_version="1.4.1", chain_id=1)
    assert ours.hash == bytes(theirs.safe_tx_hash)
    assert bytes(encode_typed_data(full_message=theirs.eip712_structured_data).body) == ours.message_hash


def test_theirs_signs_with_bare_keys_alone():
    """Ape's accounts and hardware wallets sign a message; they never give a key away."""
    assert list(inspect.signature(SafeTx.sign).parameters) == ["self", "private_key"]
    with pytest.raises((TypeError, ValueError, AttributeError)):
        SafeTx(None, SAFE, *transaction(1).call, safe_nonce=1, safe_version="1.4.1", chain_id=1).sign(Signer())


def test_theirs_knows_no_files_of_the_transaction_builder():
    """Owners without an account of the service, or while it is down, import such a file."""
    names = [module.name for module in pkgutil.walk_packages(safe_eth.safe.__path__, "safe_eth.safe.")]
    assert "safe_eth.safe.safe_tx" in names
    assert not [name for name in names if "builder" in name]
