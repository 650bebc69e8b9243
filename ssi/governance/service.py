"""Safe's transaction service: the queue that the owners of a Safe see at app.safe.global, spoken to through
safe-eth-py.

It is asked only where SAFE_TRANSACTION_SERVICE_API_KEY (a key of developer.safe.global) or SAFE_TRANSACTION_SERVICE_URL
(a service of one's own) is set: everything works without it, by files that the owners import. What is hand-written
beside it stays for a reason that `tests/unit/test_safe_service.py` shows: safe-eth-py signs with bare private keys
alone, not with Ape's accounts and their hardware wallets, and knows no files of the Transaction Builder.
"""

from __future__ import annotations

import os
from typing import Any

from eth_utils import to_checksum_address

from ssi.chain.http import without_secrets
from ssi.failure import Failure
from ssi.governance.safe import SafeTransaction

KEY, URL = "SAFE_TRANSACTION_SERVICE_API_KEY", "SAFE_TRANSACTION_SERVICE_URL"
VERSION = "1.4.1"


class Service:
    """The queue of every Safe of a chain."""

    def __init__(self, chain_id: int, key: str | None, url: str | None) -> None:
        from safe_eth.eth import EthereumNetwork
        from safe_eth.safe.api import TransactionServiceApi

        self._api = TransactionServiceApi(EthereumNetwork(chain_id), base_url=url, api_key=key)

    @classmethod
    def configured(cls, chain_id: int) -> Service | None:
        """The service that the environment names; None without one."""
        key, url = os.environ.get(KEY), os.environ.get(URL)
        return cls(chain_id, key, url) if key or url else None

    def queued(self, safe: str, nonce: int) -> list[SafeTransaction]:
        """What waits in the queue of a Safe from a nonce on.

        Raises Failure where the service does not answer.
        """
        found = self._asked(lambda: self._api.get_transactions(safe, executed=False, nonce__gte=nonce))
        waiting = [entry for entry in found if not entry["isExecuted"] and int(entry["nonce"]) >= nonce]
        return [
            SafeTransaction(
                safe,
                self._api.network.value,
                to_checksum_address(entry["to"]),
                bytes.fromhex((entry["data"] or "0x")[2:]),
                int(entry["nonce"]),
                int(entry.get("operation") or 0),
            )
            for entry in waiting
        ]

    def propose(self, transaction: SafeTransaction, account: Any) -> None:
        """Puts a transaction into the queue, signed by one owner: an Ape account.

        Raises:
            NotSent: the account refused to sign.
            Failure: the service does not take it.
        """
        from safe_eth.safe import SafeTx

        signed = SafeTx(
            None, transaction.safe, *transaction.call, signatures=transaction.signed(account),
            safe_nonce=transaction.nonce,
            safe_version=VERSION, chain_id=transaction.chain_id,
        )  # fmt: skip
        self._asked(lambda: self._api.post_transaction(signed))

    def _asked(self, question: Any) -> Any:
        from requests import RequestException
        from safe_eth.safe.api import SafeAPIException

        try:
            return question()
        except (RequestException, SafeAPIException) as error:
            said = str(error) if isinstance(error, SafeAPIException) else type(error).__name__
            raise Failure(
                f"Safe's transaction service at {without_secrets(self._api.base_url)} does not do it: {said[:300]}", 1
            ) from None
