"""A node as providers run them: nothing but the public methods, a password, limits, and bad days on demand."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

USER, PASSWORD = "keeper", "s3cret"
_PRIVATE = ("eth_sendTransaction", "eth_sendTransactionSync", "eth_accounts", "eth_sign")


@dataclass
class Weather:
    """What goes wrong. Numbers count down with every request that they spoil."""

    upstream: str = ""
    blocks: int | None = None  # that eth_getLogs answers for
    results: int | None = None
    refuse: int = 0  # 429, with a page of HTML
    drop: int = 0  # the connection ends without an answer
    lose: int = 0  # signed transactions that arrive, and whose answer does not
    swallow: int = 0  # signed transactions that never arrive, although the answer says so
    hide: int = 0  # receipts that are not there yet
    down: bool = False
    chain_id: int | None = None  # that it says it is of
    watch: Callable[[str, bool], bool] | None = (
        None  # told every method, before and after the chain answers; cuts off where it says so
    )
    asked: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        upstream, asked = self.upstream, self.asked
        self.__init__(upstream, asked=asked)  # type: ignore[misc]


@contextmanager
def proxied() -> Iterator[tuple[str, Weather]]:
    """A proxy in front of the anvil at `weather.upstream`; yields its URL, with user and password, and its weather."""
    weather = Weather()
    wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    lock = threading.Lock()

    def spoilt(kind: str) -> bool:
        with lock:
            left = getattr(weather, kind)
            setattr(weather, kind, max(0, left - 1))
            return bool(left > 0)

    class ProxyHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if weather.down or spoilt("drop"):
                self.close_connection = True
                return
            if self.headers.get("Authorization") != wanted:
                self._answer(401, b"<html>Who are you?</html>", "text/html")
            elif spoilt("refuse"):
                self._answer(429, b"<html><body>Too many requests</body></html>", "text/html")
            else:
                self._serve(json.loads(body), body)

        def _serve(self, request: dict[str, Any], body: bytes) -> None:
            method = request["method"]
            weather.asked[method] += 1
            if not method.startswith(("eth_", "net_", "web3_")) or method in _PRIVATE:
                weather.refused.append(method)
                return self._error(request, -32601, f"the method {method} does not exist")
            if method == "eth_getLogs" and (problem := self._too_much(request)):
                return self._error(request, *problem)
            if weather.chain_id and method in ("eth_chainId", "net_version"):
                return self._json({"jsonrpc": "2.0", "id": request["id"], "result": hex(weather.chain_id)})
            if method == "eth_getTransactionReceipt" and spoilt("hide"):
                return self._json({"jsonrpc": "2.0", "id": request["id"], "result": None})
            if method == "eth_sendRawTransaction":
                if spoilt("swallow"):
                    return self._json({"jsonrpc": "2.0", "id": request["id"], "result": "0x" + "11" * 32})
                if spoilt("lose"):
                    forwarded(body)
                    self.close_connection = True
                    return None
            if weather.watch and weather.watch(method, False):
                self.close_connection = True
                return None
            answer = forwarded(body)
            if weather.watch and weather.watch(method, True):
                self.close_connection = True
                return None
            if (
                method == "eth_getLogs"
                and weather.results
                and len(json.loads(answer).get("result", [])) > weather.results
            ):
                return self._error(request, -32005, f"query returned more than {weather.results} results")
            return self._answer(200, answer)

        def _too_much(self, request: dict[str, Any]) -> tuple[int, str] | None:
            query = request["params"][0]
            blocks = int(query["toBlock"], 16) - int(query["fromBlock"], 16) + 1
            return (
                (-32600, f"block range is limited to {weather.blocks}")
                if weather.blocks and blocks > weather.blocks
                else None
            )

        def _error(self, request: dict[str, Any], code: int, message: str) -> None:
            self._json({"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message}})

        def _json(self, answer: dict[str, Any]) -> None:
            self._answer(200, json.dumps(answer).encode())

        def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    def forwarded(body: bytes) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(weather.upstream).netloc, timeout=120)
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        finally:
            connection.close()

    server = ThreadingHTTPServer(("127.0.0.1", 0), ProxyHandler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://{USER}:{PASSWORD}@127.0.0.1:{server.server_address[1]}", weather
    finally:
        server.shutdown()
        server.server_close()
