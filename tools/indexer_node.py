"""A node that serves made-up transfers, for measuring how fast the indexer takes them in.

It answers what the engine asks of a chain, out of a formula: block `n` has `PER_BLOCK` transfers of one token. No real
chain could make a million of them in a minute. Nothing is checked that only a chain could check.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eth_utils import keccak

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
PER_BLOCK = 200
BLOCK_SECONDS = 12
_BLOOM = "0x" + "f" * 512  # says that every block may have every event


def hashed(*words: object) -> str:
    """A hash that stands for something."""
    return f"0x{keccak(text=' '.join(map(str, words))).hex()}"


def holder(number: int) -> str:
    """An account, as a topic."""
    return f"0x{keccak(text=f'holder {number}').hex()[:40]:>064}"


class Made:
    """A chain of `blocks` blocks in which `accounts` accounts get shares and pass them on."""

    def __init__(self, token: str, blocks: int, accounts: int, genesis: int) -> None:
        self.token, self.blocks, self.accounts, self.genesis = token.lower(), blocks, accounts, genesis
        self.numbers = {hashed("block", number): number for number in range(blocks + 1)}

    def header(self, number: int) -> dict[str, Any]:
        return {
            "number": hex(number), "hash": hashed("block", number), "parentHash": hashed("block", number - 1),
            "timestamp": hex(self.genesis + number * BLOCK_SECONDS), "logsBloom": _BLOOM, "miner": "0x" + "0" * 40,
            "gasLimit": "0x3938700", "gasUsed": "0x1", "baseFeePerGas": "0x1", "nonce": "0x0000000000000000",
            "mixHash": hashed(0), "stateRoot": hashed(0), "receiptsRoot": hashed(0), "transactionsRoot": hashed(0),
            "sha3Uncles": hashed(0), "size": "0x1", "difficulty": "0x0", "totalDifficulty": "0x0", "extraData": "0x",
            "uncles": [],
        }  # fmt: skip

    def block(self, number: int) -> dict[str, Any]:
        """With one transaction, which made all transfers."""
        transaction = {
            "hash": hashed("transaction", number), "blockHash": hashed("block", number), "blockNumber": hex(number),
            "transactionIndex": "0x0", "from": "0x" + "1" * 40, "to": self.token, "input": "0x", "value": "0x0",
            "gas": "0x1", "gasPrice": "0x1", "nonce": hex(number), "type": "0x0", "v": "0x1b", "r": "0x1", "s": "0x1",
        }  # fmt: skip
        return {**self.header(number), "transactions": [transaction] if 0 < number <= self.blocks else []}

    def transfers(self, number: int) -> list[dict[str, Any]]:
        """Each account gets its shares first; then all pass some on."""
        if not 0 < number <= self.blocks:
            return []
        found = []
        for place in range(PER_BLOCK):
            count = (number - 1) * PER_BLOCK + place
            giver = "0x" + "0" * 64 if count < self.accounts else holder(count * 7 % self.accounts)
            taker = holder(count if count < self.accounts else (count * 13 + 1) % self.accounts)
            value = 10**24 if count < self.accounts else 10**15 + count
            found.append({
                "address": self.token, "topics": [TRANSFER, giver, taker], "data": f"0x{value:064x}",
                "blockNumber": hex(number), "blockHash": hashed("block", number), "logIndex": hex(place),
                "transactionHash": hashed("transaction", number), "transactionIndex": "0x0", "removed": False,
            })  # fmt: skip
        return found

    def answer(self, method: str, params: list[Any]) -> Any:
        """What a node would say. Raises KeyError for what the engine does not ask."""
        if method == "eth_chainId":
            return "0x1"
        if method == "eth_blockNumber":
            return hex(self.blocks)
        if method == "eth_call":
            return "0x"
        if method in ("eth_getBlockByNumber", "eth_getBlockByHash"):
            if params[0] in ("latest", "finalized", "safe"):
                return self.block(self.blocks)
            return self.block(self.numbers[params[0]] if method.endswith("Hash") else int(params[0], 16))
        if method == "eth_getLogs":
            (wanted,) = params
            if "blockHash" in wanted:
                return self.transfers(self.numbers[wanted["blockHash"]])
            if TRANSFER not in json.dumps(wanted["topics"]) or self.token not in json.dumps(wanted["address"]).lower():
                return []
            span = range(int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16) + 1)
            return [log for number in span for log in self.transfers(number)]
        raise KeyError(method)


@contextmanager
def serving(made: Made) -> Iterator[str]:
    """Serves it; yields its URL."""

    class NodeHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            result = made.answer(asked["method"], asked.get("params", []))
            said = {"jsonrpc": "2.0", "id": asked.get("id"), "result": result}
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), NodeHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
