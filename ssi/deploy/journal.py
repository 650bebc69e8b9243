"""An Ape account whose transactions go through `Sender`, and that never sends again what an earlier run has sent.

Before a transaction is sent, its hash is written into the record. A run that goes on after one that was killed finds it
there: where its next transaction is the same call, it takes the receipt instead of sending once more.
"""

from __future__ import annotations

import time
from typing import Any

from ape.api import AccountAPI

from ssi.chain.sender import MOST_GAS, Pending, Sender, done
from ssi.registry.record import Record

PATIENCE = 600  # seconds for a transaction that is not mined yet


class SendingAccount(AccountAPI):  # type: ignore[misc] # Ape has no types
    """Use as any account of Ape's.

    Attributes:
        inner: who signs.
        rpc: the node.
        record: where hashes are kept; nowhere when left out.
    """

    inner: Any
    rpc: Any
    record: Any = None

    @property
    def address(self) -> Any:
        return self.inner.address

    @property
    def alias(self) -> str | None:
        return self.inner.alias  # type: ignore[no-any-return]

    def sign_message(self, msg: Any, **signer_options: Any) -> Any:
        """By the inner account."""
        return self.inner.sign_message(msg, **signer_options)

    def sign_transaction(self, txn: Any, **signer_options: Any) -> Any:
        """By the inner account."""
        return self.inner.sign_transaction(txn, **signer_options)

    def call(self, txn: Any, *_: Any, **__: Any) -> Any:
        """Sends and waits; returns Ape's receipt. Raises NotSent and Reverted."""
        to, data = (str(txn.receiver) if txn.receiver else None), bytes(txn.data)
        hash = self._sent(to, data) or self._send(to, data, int(txn.value or 0))
        return self.provider.get_receipt(hash, required_confirmations=0, timeout=PATIENCE)

    def _send(self, to: str | None, data: bytes, value: int) -> str:
        def signed(hashes: list[str]) -> None:
            if self.record is not None:
                self.record.sent = hashes
                self.record.save()

        sender = Sender(self.rpc, self.inner, patience=PATIENCE, signed=signed)
        gas = min(MOST_GAS, sender.estimate(to, data, value) * 5 // 4)
        return sender.send(to, data, value, gas).hash

    def _sent(self, to: str | None, data: bytes) -> str | None:
        """Hash of what an earlier run has sent, if it is this very call and did not fail."""
        record: Record | None = self.record
        for hash in record.sent if record else ():
            known = self.rpc.call("eth_getTransactionByHash", hash)
            if (
                known
                and (known["to"] or "").lower() == (to or "").lower()
                and bytes.fromhex(known["input"][2:]) == data
            ):
                return self._waited(hash)
        return None

    def _waited(self, hash: str) -> str:
        began = time.monotonic()
        while (found := self.rpc.call("eth_getTransactionReceipt", hash)) is None:
            if time.monotonic() - began > PATIENCE:
                raise Pending(hash, PATIENCE)
            time.sleep(1)
        return done(hash, found).hash
