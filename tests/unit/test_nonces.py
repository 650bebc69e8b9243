"""Which nonce a proposal gets, where several commands run on one machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ssi.chain import network
from ssi.cli import common
from ssi.failure import Failure, Misused
from ssi.governance.safe import Multisig, SafeTransaction
from ssi.governance.service import Service

SAFE, TARGET = "0x" + "5a" * 20, "0x" + "7a" * 20


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No chain is needed here."""


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A live network, and files that go away with the test."""
    monkeypatch.setenv("SSI_STATE", str(tmp_path))
    monkeypatch.setattr(network, "is_fork", lambda: False)
    return tmp_path / "proposals"


@pytest.fixture
def multisig() -> Multisig:
    rpc = SimpleNamespace(call=lambda *_: "0x1")
    return cast(Multisig, SimpleNamespace(address=SAFE, nonce=3, evm=SimpleNamespace(rpc=rpc)))


@pytest.fixture
def take(multisig: Multisig) -> Callable[[bytes], int]:
    """Proposes a call of its own, and says with which nonce."""

    def taken(data: bytes) -> int:
        with common.queued(multisig) as queue:
            nonce = queue.nonce(TARGET, data, None, False)
            queue.add(SafeTransaction(SAFE, 1, TARGET, data, nonce), data.hex(), "file")
        return nonce

    return taken


def test_a_command_waits_while_another_takes_its_nonce(multisig, take):
    later: list[int] = []
    other = Thread(target=lambda: later.append(take(b"\2")))
    with common.queued(multisig) as queue:
        other.start()
        other.join(0.3)
        assert later == [], "it waits"
        queue.add(SafeTransaction(SAFE, 1, TARGET, b"\1", queue.nonce(TARGET, b"\1", None, False)), "first", "file")
    other.join(10)
    assert later == [4], "the first one took 3"
    assert (take(b"\1"), take(b"\2"), take(b"\3")) == (3, 4, 5)


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"x": 1}', '{"3": {"hash": "12"}}', "\0"])
def test_a_list_of_nonces_that_is_damaged_is_told(take, folder, content):
    """To begin anew would give the nonces of other proposals away a second time."""
    assert take(b"\1") == 3
    (file,) = folder.glob("queue-*.json")
    file.write_text(content)
    with pytest.raises(Misused, match="is damaged, and it says which nonces of the Safe are taken"):
        take(b"\2")
    assert file.read_text() == content


def test_a_command_that_is_killed_while_it_writes_loses_nothing(take, folder, monkeypatch):
    assert take(b"\1") == 3
    write = Path.write_text

    def half(self: Path, text: str, **more: Any) -> int:
        write(self, text[: len(text) // 2], **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(KeyboardInterrupt):
        take(b"\2")
    monkeypatch.undo()
    (file,) = folder.glob("queue-*.json")
    assert json.loads(file.read_text()).keys() == {"3"}


def test_a_nonce_that_another_owner_took_meanwhile_is_not_taken_from_them():
    mine, theirs = (SafeTransaction(SAFE, 1, TARGET, data, 3) for data in (b"\1", b"\2"))
    for waiting, replaces, refused in (
        ([theirs], None, True), ([theirs], "theirs", False), ([mine], None, False), ([], None, False),
    ):  # fmt: skip
        service = cast(Service, SimpleNamespace(queued=lambda *_, waiting=waiting: waiting))
        prepared = common.Prepared(cast(Multisig, None), mine, "file", replaces)
        if refused:
            with pytest.raises(Failure, match="Nonce 3 was taken in Safe's queue meanwhile"):
                common._require_free(service, prepared)
        else:
            common._require_free(service, prepared)
