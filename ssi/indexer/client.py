"""An indexer over HTTP: where it stands, and its tables."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from ssi.chain.evm import Evm
from ssi.chain.http import session, without_secrets
from ssi.constants import BLOCK

URL = "SSI_INDEXER"  # environment: where commands find one
BEHIND = 25  # blocks, five minutes: how far behind the chain an indexer may be to be asked
TIMEOUT = 60  # seconds
PAGE = 1_000  # rows of an answer
PATIENCE = 10  # times that a request is repeated after its wait
WAIT, LONGEST_WAIT = 10, 60  # seconds until then where it does not say, and at most: it counts by the minute


class IndexerSilent(OSError):  # noqa: N818 - it says what is wrong
    """The indexer did not answer, or not with what was asked for. The message has no password in it."""


@dataclass(frozen=True)
class Standing:
    """The last block that is in every table, and its time, Unix seconds."""

    chain_id: int
    block: int
    time_s: int


@contextmanager
def understood(indexer: Indexer) -> Iterator[None]:
    """Reading an answer. Raises IndexerSilent where it is not what was asked for."""
    try:
        yield
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise IndexerSilent(f"{indexer.name} answers with what was not asked for ({error})") from None


class Indexer:
    """An indexer at a URL, read only."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    @classmethod
    def configured(cls) -> Indexer | None:
        """That of the environment, if any."""
        url = os.environ.get(URL, "")
        return cls(url) if url else None

    @property
    def name(self) -> str:
        """To be shown."""
        return without_secrets(self.url)

    def standing(self) -> Standing:
        """Where it stands. Raises IndexerSilent, also before it has caught up for the first time."""
        if self._get("/ready", {}).status_code != 200:
            raise IndexerSilent(f"{self.name} is still reading the chain for the first time")
        try:
            (chain,) = json.loads(self._get("/status", {}).content).values()
            return Standing(int(chain["id"]), int(chain["block"]["number"]), int(chain["block"]["timestamp"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise IndexerSilent(f"{self.name} does not say where it stands: is it an indexer?") from None

    def follow(self, evm: Evm, chain_id: int, tokens: Iterable[str], most_behind: int | None = BEHIND) -> Standing:
        """Where it stands, if that is on this chain, not far behind, and with these indexes and staked tokens.

        What it answers is not proven by that: the chain is asked for every amount that is signed.

        Args:
            most_behind: blocks; None where it may be any number.

        Raises:
            IndexerSilent: why it is not to be asked.
        """
        standing = self.standing()
        if standing.chain_id != chain_id:
            raise IndexerSilent(f"{self.name} follows chain {standing.chain_id}, not {chain_id}")
        behind = evm.block - standing.block
        if most_behind is not None and behind > most_behind:
            minutes = behind * BLOCK // 60
            raise IndexerSilent(
                f"{self.name} stands at block {standing.block:,}, {behind:,} blocks ({minutes} min) behind the chain"
            )
        here = evm.rpc.call("eth_getBlockByNumber", hex(standing.block), False)
        if here is not None and int(here["timestamp"], 16) != standing.time_s:
            raise IndexerSilent(f"{self.name} has another block {standing.block:,} than the chain")
        with understood(self):
            known = {str(row["address"]) for row in self.rows("select address from source where kind <> 'pool'")}
        missing = [token for token in tokens if token.lower() not in known]
        if missing:
            raise IndexerSilent(f"{self.name} follows another deployment: it does not know {missing[0]}")
        return standing

    def rows(self, sql: str, *given: str) -> list[dict[str, Any]]:
        """The rows of one SELECT, with `$1` and so on for what is given. Large numbers are text.

        Raises IndexerSilent.
        """
        question = {"json": {"sql": sql, "params": list(given)}}
        response = self._get("/sql/db", {"sql": json.dumps(question)})
        try:
            if response.status_code != 200:
                raise ValueError
            return list(json.loads(response.content)["rows"])
        except (ValueError, KeyError, TypeError):
            said = _printable(response.text[:200]) if response.status_code != 200 else "no rows"
            raise IndexerSilent(f"{self.name} refuses a question (HTTP {response.status_code}: {said})") from None

    def every(self, table: str, keys: tuple[str, ...], where: str = "true") -> Iterator[dict[str, Any]]:
        """All rows of a table, page after page in the order of its key's columns."""
        last: tuple[str, ...] = ()
        while True:
            after = f"({', '.join(keys)}) > ({', '.join(f'${n}' for n in range(1, len(keys) + 1))})" if last else "true"
            order = ", ".join(keys)
            page = self.rows(f"select * from {table} where {where} and {after} order by {order} limit {PAGE}", *last)
            yield from page
            if len(page) < PAGE:
                return
            before, last = last, tuple(str(page[-1][key]) for key in keys)
            if last == before:
                raise IndexerSilent(f"{self.name} answers with the same page again")

    def _get(self, path: str, query: dict[str, str]) -> requests.Response:
        """Waits where the indexer has answered as often as it does in a minute."""
        for _ in range(PATIENCE):
            try:
                response = session(retries=0).get(self.url + path, params=query, timeout=TIMEOUT)
            except requests.RequestException as error:
                raise IndexerSilent(f"{self.name} does not answer ({type(error).__name__})") from None
            if response.status_code != 429:
                return response
            said = response.headers.get("RateLimit-Reset", "")
            time.sleep(min(int(said) if said.isdecimal() else WAIT, LONGEST_WAIT) + 1)
        raise IndexerSilent(f"{self.name} is asked too often")


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)
