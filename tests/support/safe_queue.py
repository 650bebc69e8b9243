"""A stand-in of Safe's transaction service: it keeps what it is given, and serves what waits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class SafeQueue:
    """What the service has, and how it behaves.

    Args:
        waiting: transactions as the service describes them; a transaction that is taken is added.
        taken: path and body of every transaction that came. asked: path and credentials of every question.
        refuses: every transaction is answered with 422.
    """

    url: str = ""
    waiting: list[dict[str, Any]] = field(default_factory=list)
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    refuses: bool = False


@contextmanager
def safe_queue() -> Iterator[SafeQueue]:
    """A service at `url` until the block ends."""
    queue = SafeQueue()

    class QueueHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            queue.asked.append((self.path, self.headers["Authorization"]))
            safe = self.path.split("/safes/")[1].partition("/")[0]
            found = [entry for entry in queue.waiting if entry["safe"] == safe]
            self.answer(200, {"results": found, "next": None, "count": len(found)})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            queue.taken.append((self.path, body))
            if queue.refuses:
                self.answer(422, {"nonFieldErrors": ["no"]})
                return
            safe = self.path.split("/safes/")[1].partition("/")[0]
            known = {name: body[name] for name in ("to", "data", "nonce", "operation")}
            queue.waiting.append({**known, "safe": safe, "isExecuted": False})
            self.answer(201, {})

        def answer(self, status: int, body: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), QueueHandler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    queue.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield queue
    finally:
        server.shutdown()
        server.server_close()
