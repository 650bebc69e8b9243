"""JSON-RPC over one kept-alive connection."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit


class RpcError(Exception):
    """The node answered with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message if data in (None, "0x") else f"{message}: {data}")
        self.code, self.data = code, data


class Rpc:
    """A node at a URL."""

    def __init__(self, url: str, timeout: float = 120) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.url = url
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection = kind(parts.netloc, timeout=timeout)

    def call(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises RpcError on an error of the node, OSError when there is none."""
        if method == "evm_revert":
            self._settle()
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        try:
            answer = self._post(body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()  # the node closed an idle connection: once more on a new one
            answer = self._post(body)
        if "error" in answer:
            error = answer["error"]
            raise RpcError(error.get("code", 0), error.get("message", ""), error.get("data"))
        return answer["result"]

    def _settle(self) -> None:
        """Waits until anvil has forgotten what it has mined, a little later than it answers.

        Else it would mine it again after a revert, or forget the next transaction of the same sender instead.
        """
        for _ in range(1000):
            if int(self.call("txpool_status")["pending"], 16) == 0:
                return
            time.sleep(0.001)
        self.call("anvil_dropAllTransactions")

    def _post(self, body: str) -> Any:
        self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        return json.loads(self._connection.getresponse().read())

    def send_sync(self, transaction: dict[str, Any]) -> dict[str, Any]:
        """Sends to a node that mines at once, and returns the receipt, failed or not.

        Raises RpcError when the node refuses it.
        """
        try:
            receipt: dict[str, Any] = self.call("eth_sendTransactionSync", transaction)
            return receipt
        except RpcError as error:
            if "confirmation timeout" not in str(error):
                raise
        # Now and then anvil mines before it listens for the block, and misses it. The transaction is in the latest one.
        found = self._latest(transaction)
        if found is None:
            # Or, on a busy machine, it has not mined it yet.
            self.call("evm_mine")
            found = self._latest(transaction)
        if found is None:
            raise RpcError(0, "the transaction was neither mined nor refused")
        return found

    def _latest(self, transaction: dict[str, Any]) -> dict[str, Any] | None:
        """The receipt of a transaction in the latest block. None where it is not there."""
        for mined in self.call("eth_getBlockByNumber", "latest", True)["transactions"]:
            if mined["from"].lower() == transaction["from"].lower() and mined["input"] == transaction["data"]:
                receipt: dict[str, Any] = self.call("eth_getTransactionReceipt", mined["hash"])
                return receipt
        return None

    def send(self, sender: str, to: str | None, data: str = "0x", value: int = 0) -> Any:
        """Sends from an impersonated account and returns the receipt. Raises RpcError when the transaction fails."""
        transaction = {
            "from": sender,
            "data": data,
            "value": hex(value),
            "gas": hex(29_000_000),
            "gasPrice": hex(10**11),
        }
        if to is not None:
            transaction["to"] = to
        receipt = self.send_sync(transaction)
        if receipt["status"] != "0x1":
            self.call("eth_call", transaction, "latest")  # raises with the reason
            raise RpcError(0, f"transaction {receipt['transactionHash']} failed")
        return receipt
