"""What is said of a transaction that the node has, when something goes wrong afterwards."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ssi.chain import sender as lib
from ssi.chain.http import NodeUnreachable
from ssi.chain.rpc import RpcError
from ssi.chain.sender import NotSent, OutOfFunds, Pending, Sender
from ssi.cli.command import explained

HASH = "0x" + "11" * 32
TARGET = "0x" + "7a" * 20


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No chain is needed here."""


@pytest.fixture(autouse=True)
def signing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs without a key, each attempt with a hash of its own."""
    count = iter(range(1, 100))
    monkeypatch.setattr(Sender, "_sign", lambda *_: lib._Signed("0x" + f"{next(count) * 11:02d}" * 32, "0x02"))


Answers = dict[str, Callable[[], Any]]


def node(**answers: Callable[[], Any]) -> Any:
    """Answers as said, and else as a node that never mines."""
    usual: Answers = {
        "eth_getBlockByNumber": lambda: {"baseFeePerGas": hex(10**9)},
        "eth_maxPriorityFeePerGas": lambda: hex(10**8),
        "eth_getBalance": lambda: hex(10**18),
        "eth_getTransactionCount": lambda: "0x5",
        "eth_sendRawTransaction": lambda: HASH,
        "eth_getTransactionReceipt": lambda: None,
        "eth_getTransactionByHash": lambda: None,
    }
    known = usual | answers
    return SimpleNamespace(call=lambda method, *_: known[method]())


def sending(rpc: Any, **more: Any) -> Any:
    account = SimpleNamespace(address="0x" + "aa" * 20)
    return Sender(rpc, account, patience=0.3, stuck=0.05, **more).send(TARGET, b"", gas=21_000)


def fails(error: Exception, after: int = 0) -> Callable[[], Any]:
    """The first answers are good."""
    left = [HASH] * after

    def answer() -> Any:
        if left:
            return left.pop()
        raise error

    return answer


def told(rpc: Any) -> str:
    """It was sent: one line says so, with its hash."""
    with pytest.raises(Pending) as raised:
        sending(rpc)
    assert raised.value.hash == HASH
    failure = explained(raised.value)
    assert failure.exit_code == 1
    assert failure.message.startswith(f"Transaction {HASH} is on its way, and ")
    assert failure.message.endswith(": it may still be mined. Look for it before you do this again.")
    return failure.message


def test_a_node_that_is_gone_after_it_has_a_transaction_does_not_make_it_unsent():
    gone = NodeUnreachable("http://node cannot be reached (no connection)")
    assert "cannot be reached" in told(node(eth_getTransactionReceipt=fails(gone)))


def test_an_answer_that_is_lost_does_not_make_it_unsent():
    assert "cannot be reached" in told(node(eth_sendRawTransaction=fails(NodeUnreachable("it cannot be reached"))))


def test_a_node_that_takes_no_higher_fee_has_the_first_one_still():
    full = RpcError(-32000, "txpool is full")
    assert "txpool is full" in told(node(eth_sendRawTransaction=fails(full, after=1)))


def test_an_account_that_cannot_pay_a_higher_fee_has_sent_the_first_one():
    poor = RpcError(-32000, "insufficient funds for gas * price + value")
    assert "send it more" in told(node(eth_sendRawTransaction=fails(poor, after=1)))


def test_a_fee_beyond_the_limit_leaves_the_first_one_where_it_is(monkeypatch):
    monkeypatch.setattr(lib, "MOST_FEE", 2 * 10**9)
    assert "would be needed" in told(node())


def test_a_keeper_does_not_begin_beyond_the_limit():
    """A person sees the fee and may want to pay it."""
    dear = {"eth_getBlockByNumber": lambda: {"baseFeePerGas": hex(lib.MOST_FEE // 2)}}
    with pytest.raises(NotSent, match=r"a fee of 500 gwei a gas would be needed, and the limit is 500") as raised:
        sending(node(**dear), unattended=True)
    assert not isinstance(raised.value, Pending)
    with pytest.raises(Pending):
        sending(node(), unattended=True)
    with pytest.raises(Pending):
        sending(node(**dear, eth_getBalance=lambda: hex(10**20)))


def test_what_no_node_has_taken_is_not_sent():
    with pytest.raises(NotSent, match="txpool is full") as raised:
        sending(node(eth_sendRawTransaction=fails(RpcError(-32000, "txpool is full"))))
    assert not isinstance(raised.value, Pending)
    assert explained(raised.value).message.startswith("Not sent: ")
    with pytest.raises(OutOfFunds):
        sending(node(eth_getBalance=lambda: "0x0"))


def test_what_is_not_mined_in_time_may_be_later():
    with pytest.raises(Pending, match=r"was not mined within 0 s: it may still be mined\. Look for it before"):
        sending(node())
