"""Hands a deployment's inputs to block explorers, which compile them and show the sources at each address.

Ape's own plugin for Etherscan makes an input of what a checkout holds now, and knows no contract that a factory made.
These are the inputs that the deployment wrote.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from ssi.chain.http import session
from ssi.deploy import sources

ETHERSCAN, SOURCIFY = "https://api.etherscan.io/v2/api", "https://sourcify.dev/server"
PATIENCE = 120  # seconds for one contract
TIMEOUT = 30  # seconds for one request


class Unpublished(OSError):  # noqa: N818 - it says what happened
    """An explorer refused, or did not answer in time. The message has no key in it."""


@dataclass(frozen=True)
class Publication:
    """What an explorer is given about one contract."""

    chain_id: int
    address: str
    arguments: str  # of the constructor, ABI-encoded, hex without 0x
    compiler: str  # the whole version
    given: sources.Input


def etherscan(it: Publication, key: str, url: str = ETHERSCAN, pause: float = 5) -> str:
    """Submits, and waits for the answer, such as "Pass - Verified". Raises Unpublished."""
    query = {"chainid": str(it.chain_id), "module": "contract"}
    form = {
        "apikey": key,
        "action": "verifysourcecode",
        "codeformat": "solidity-standard-json-input",
        "sourceCode": json.dumps(it.given),
        "contractaddress": it.address,
        "contractname": sources.identifier(it.given),
        "compilerversion": f"v{it.compiler}",
        "constructorArguments": it.arguments,
    }
    answer = _asked("POST", url, params=query, data=form)
    if "already verified" in str(answer.get("result")).lower():
        return "already verified"
    if answer.get("status") != "1":
        raise Unpublished(f"Etherscan refuses {it.address}: {answer.get('result') or answer.get('message')}")
    check = query | {"apikey": key, "action": "checkverifystatus", "guid": str(answer["result"])}

    def state() -> str | None:
        said = str(_asked("GET", url, params=check).get("result"))
        if "fail" in said.lower():
            raise Unpublished(f"Etherscan refuses {it.address}: {said}")
        return None if "pending" in said.lower() else said

    return _awaited(state, "Etherscan", it, pause)


def sourcify(it: Publication, url: str = SOURCIFY, pause: float = 3) -> str:
    """Submits, and waits for the answer, such as "exact_match". Raises Unpublished."""
    body = {
        "stdJsonInput": it.given,
        "compilerVersion": it.compiler,
        "contractIdentifier": sources.identifier(it.given),
    }
    answer = _asked("POST", f"{url}/v2/verify/{it.chain_id}/{it.address}", json=body)
    if answer.get("customCode") == "already_verified":
        return "already verified"
    if "verificationId" not in answer:
        raise Unpublished(f"Sourcify refuses {it.address}: {answer.get('message', 'no reason given')}")

    def state() -> str | None:
        job = _asked("GET", f"{url}/v2/verify/{answer['verificationId']}")
        if not job.get("isJobCompleted"):
            return None
        if (error := job.get("error")) is not None:
            raise Unpublished(f"Sourcify refuses {it.address}: {error.get('message', error)}")
        return str(job["contract"]["match"])

    return _awaited(state, "Sourcify", it, pause)


def _awaited(state: Callable[[], str | None], explorer: str, it: Publication, pause: float) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(pause)
        if (said := state()) is not None:
            return said
    raise Unpublished(f"{explorer} has not answered about {it.address} for {PATIENCE} seconds. Ask again later.")


def _asked(method: str, url: str, **request: Any) -> dict[str, Any]:
    host = urlsplit(url).hostname
    try:
        response = session().request(method, url, timeout=TIMEOUT, **request)
    except requests.RequestException as error:
        raise Unpublished(f"{host} cannot be reached ({type(error).__name__}).") from None
    try:
        answer = json.loads(response.content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unpublished(f"{host} does not answer with JSON (HTTP {response.status_code}).")
    return answer
