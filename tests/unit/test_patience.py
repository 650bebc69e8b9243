"""How long a command, and a keeper's health, wait for a node."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ssi.chain import http
from ssi.chain.sender import Sender
from ssi.keeper import service
from ssi.keeper.service import Health, Keeper


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No chain is needed here."""


@pytest.fixture
def busy() -> Iterator[str]:
    """A node that wants to be asked again in an hour, once, and answers then."""
    asked: list[int] = []

    class BusyNode(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(1)
            body = b'{"jsonrpc": "2.0", "id": 1, "result": "0x1"}' if len(asked) > 1 else b"<html>busy</html>"
            self.send_response(200 if len(asked) > 1 else 429)
            if len(asked) == 1:
                self.send_header("Retry-After", "3600")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), BusyNode)
    Thread(target=server.serve_forever, daemon=True).start()
    http.session.cache_clear()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    http.session.cache_clear()


def test_a_node_that_asks_for_an_hour_is_asked_again_sooner(busy, monkeypatch):
    monkeypatch.setattr(http, "LONGEST_WAIT", 0.1)
    rpc, began = http.HttpRpc(busy), time.monotonic()
    assert rpc.call("eth_chainId") == "0x1"
    assert rpc.heard >= began + 0.1


def test_the_wait_that_a_node_asks_for_is_kept_up_to_the_limit():
    for asked, waits in (("3", 3.0), ("3600", http.LONGEST_WAIT)):
        response: Any = SimpleNamespace(headers={"Retry-After": asked})
        assert http.PatientRetry(5).get_retry_after(response) == waits
    silent: Any = SimpleNamespace(headers={})
    assert http.PatientRetry(5).get_retry_after(silent) is None


@pytest.fixture
def health() -> Health:
    """Of a keeper that is well."""
    sender = SimpleNamespace(rpc=SimpleNamespace(heard=time.monotonic()), address="0x1", replaced=0, balance=10**18)
    return Health([], cast(Sender, sender), 10**17, block=7, balance=10**18)


def test_a_keeper_that_waits_for_one_answer_is_ill_after_a_while(health):
    """A node that takes the question and never answers costs minutes for each look."""
    assert health.problem is None
    health.sender.rpc.heard -= service.UNHEARD + 1
    assert health.problem == f"the node has not answered for {service.UNHEARD + 1:.0f} s"
    assert "ssi_keeper_healthy 0" in health.metrics()


def test_a_keeper_whose_node_stands_still_is_ill_after_a_while(health):
    rpc = SimpleNamespace(call=lambda *_: "0x8", heard=time.monotonic())
    keeper = Keeper(rpc, health.sender, [], 1, 10**17)
    keeper.turn()
    assert keeper.health.problem is None
    keeper.health.moved -= service.STANDSTILL + 1
    keeper.turn()
    assert keeper.health.problem == f"the node has had no block after 8 for {service.STANDSTILL + 1:.0f} s"
    rpc.call = lambda *_: "0x9"
    keeper.turn()
    assert keeper.health.problem is None
