"""JSON-RPC for live networks: one `requests` session with retries, basic authentication and a limit of time.

It has the face of `ssi.chain.rpc.Rpc`, which talks to a local anvil and is faster.
"""

from __future__ import annotations

import json
import logging
import time
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from ssi.chain.rpc import RpcError

TIMEOUT = 30  # seconds, for one attempt
RETRIES = 5
LONGEST_WAIT = 20.0  # seconds between two attempts, however many the node asks for
# Answers that say "later". Every request may be repeated: a signed transaction that is sent twice is the same
# transaction.
_LATER = (429, 502, 503, 504)


class PatientRetry(Retry):
    """Waits as long as the node says, up to a limit: one that says an hour would stop a keeper for five of them."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Seconds, None where the node does not say."""
        wanted = super().get_retry_after(response)
        return None if wanted is None else min(wanted, LONGEST_WAIT)


class NodeUnreachable(OSError):  # noqa: N818 - it says what is wrong
    """The node did not answer, or answered with something else than JSON-RPC. The message has no password in it."""


def without_secrets(url: str) -> str:
    """Scheme and host: the rest of an endpoint's URL may be a password or a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


@cache
def session(retries: int = RETRIES) -> requests.Session:
    """A session that repeats what failed on the way, after 0.2 s, 0.4 s, … or what `Retry-After` says."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it would say paths, in which providers have their keys
    made = requests.Session()
    retry = PatientRetry(
        total=retries,
        status_forcelist=_LATER,
        allowed_methods=None,
        backoff_factor=0.2,
        respect_retry_after_header=True,
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(max_retries=retry, pool_maxsize=4))
    return made


class HttpRpc:
    """A node at a URL, which may contain a user and a password.

    Attributes:
        heard: when it last answered, on the clock of `time.monotonic`.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self.url, self._timeout, self.heard = url, timeout, time.monotonic()

    def call(self, method: str, *params: Any) -> Any:
        """The result of one request.

        Raises:
            RpcError: the node answers with an error.
            NodeUnreachable: it does not answer, however often it is asked, or not with JSON-RPC.
        """
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            response = session().post(self.url, json=body, timeout=self._timeout)
        except requests.RequestException as error:
            raise NodeUnreachable(f"{without_secrets(self.url)} cannot be reached ({_reason(error)})") from None
        try:
            answer = json.loads(response.content)
            if not isinstance(answer, dict) or not answer.keys() & {"result", "error"}:
                raise ValueError
        except ValueError:
            known = {401: "wants a user and a password", 403: "refuses access", 429: "is asked too often"}
            if response.status_code in (400, 413):
                raise RpcError(response.status_code, f"refused with HTTP {response.status_code}") from None
            why = known.get(response.status_code, "does not answer with JSON-RPC")
            raise NodeUnreachable(f"{without_secrets(self.url)} {why} (HTTP {response.status_code})") from None
        self.heard = time.monotonic()
        if answer.get("error") is not None:
            said: Any = answer["error"] if isinstance(answer["error"], dict) else {"message": str(answer["error"])}
            raise RpcError(said.get("code", 0), said.get("message", ""), said.get("data"))
        return answer.get("result")


def _reason(error: requests.RequestException) -> str:
    for kind, said in (
        (requests.exceptions.SSLError, "no trusted certificate"),
        (requests.Timeout, "no answer in time"),
        (requests.ConnectionError, "no connection"),
    ):
        if isinstance(error, kind):
            return said
    return type(error).__name__
