"""Event logs, in spans that the node answers, with a cursor on disk: what was read is not read again.

Nodes limit `eth_getLogs` by blocks (2,000 or 10,000 at common providers) or by results (10,000). A span that is refused
is halved, and those after it have the size that was answered.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from ssi.chain.rpc import RpcError
from ssi.places import state

LARGEST_SPAN = 50_000  # blocks
SAVE_EVERY = 50  # spans
FINAL = 64  # blocks behind the head; younger ones may still be replaced, so they are read anew


class NodeConnection(Protocol):
    """What is asked."""

    def call(self, method: str, *params: Any) -> Any: ...


class LogReader:
    """Reads the logs of a contract, or of several, with certain topics, oldest first.

    Args:
        since: first block that can have any; that of the deployment.
    """

    def __init__(self, rpc: NodeConnection, address: str | list[str], topics: list[Any], since: int = 0) -> None:
        self._rpc, self._query, self._since = rpc, {"address": address, "topics": topics}, since
        self._span = LARGEST_SPAN

    def read(self) -> list[dict[str, Any]]:
        """All logs until now.

        Raises:
            RpcError: the node does not even answer for one block.
        """
        head = int(self._rpc.call("eth_blockNumber"), 16)
        (found, first), spans = self._known(head), 0
        while first <= head:
            last = min(head, first + self._span - 1)
            try:
                query = {**self._query, "fromBlock": hex(first), "toBlock": hex(last)}
                found += self._rpc.call("eth_getLogs", query)
            except RpcError:
                if first == last:
                    raise
                self._span = (last - first + 1) // 2
                continue
            first, spans = last + 1, spans + 1
            if last == head or spans % SAVE_EVERY == 0:
                self._remember(found, min(last, head - FINAL))
        return found

    # ------------------------------------------------------------ the cursor

    @property
    def _file(self) -> Path:
        name = sha256(json.dumps([self._query, self._since], sort_keys=True).encode()).hexdigest()[:24]
        return state("cursors") / f"{name}.json"

    def _known(self, head: int) -> tuple[list[dict[str, Any]], int]:
        """What is on disk and the block after it; nothing where that is not of this chain as it is now."""
        try:
            known = json.loads(self._file.read_text())
            block, logs = int(known["block"]), list(known["logs"])
            if block <= head and self._hash(block) == known["hash"]:
                return logs, block + 1
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return [], self._since

    def _remember(self, logs: list[dict[str, Any]], block: int) -> None:
        """Writes down what there is until `block`, which is final.

        Readers see the file before or after, never half of it.
        """
        if block < self._since or not (block_hash := self._hash(block)):
            return
        final = [log for log in logs if int(log["blockNumber"], 16) <= block]
        draft = self._file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps({"block": block, "hash": block_hash, "logs": final}))
        draft.replace(self._file)

    def _hash(self, block: int) -> str | None:
        found = self._rpc.call("eth_getBlockByNumber", hex(block), False)
        return found and str(found["hash"])
