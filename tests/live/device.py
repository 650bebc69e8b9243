"""A hardware wallet as ape-ledger shows one to Ape: no passphrase, no autosign; it says what to do and asks its owner
on the device.

Keys are those of the Safe's owners; `LEDGER_SAYS=no` in the environment is an owner who presses the other button.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ape import plugins
from ape.api import AccountAPI, AccountContainerAPI
from ape.types import MessageSignature, TransactionSignature
from eth_account import Account
from eth_account.messages import SignableMessage
from eth_pydantic_types import HexBytes
from eth_utils import to_checksum_address

from tests.live.network import keys


class LedgerError(Exception):
    """As the library that talks to the device raises it."""


LedgerError.__module__ = "ledgereth.exceptions"


class Container(AccountContainerAPI):  # type: ignore[misc] # Ape has no types
    """Accounts that were added with `ape ledger add`."""

    name: str = "ledger"

    @property
    def accounts(self) -> Iterator[Any]:
        for file in self.data_folder.glob("*.json"):
            yield Device(container=self, account_file_path=file)

    @property
    def aliases(self) -> Iterator[str]:
        for file in self.data_folder.glob("*.json"):
            yield file.stem

    def __len__(self) -> int:
        return len(list(self.aliases))


class Device(AccountAPI):  # type: ignore[misc] # Ape has no types
    """One account of a device."""

    account_file_path: Path

    @property
    def alias(self) -> str:
        return self.account_file_path.stem

    @property
    def address(self) -> Any:
        return to_checksum_address(json.loads(self.account_file_path.read_text())["address"])

    def sign_message(self, msg: Any, **_: Any) -> MessageSignature:
        """The device is sent the domain hash and the message hash, and shows them."""
        assert isinstance(msg, SignableMessage)
        assert msg.version == b"\x01"
        self._ask(f"Domain Hash: 0x{msg.header.hex().upper()}\nMessage Hash: 0x{msg.body.hex().upper()}")
        signed = Account.sign_message(msg, self._key)
        return MessageSignature(
            v=signed.v - 27, r=HexBytes(signed.r), s=HexBytes(signed.s)
        )  # some devices count from 0

    def sign_transaction(self, txn: Any, **_: Any) -> Any:
        self._ask(str(txn))
        fields = {
            "nonce": txn.nonce,
            "gas": txn.gas_limit,
            "value": txn.value,
            "data": bytes(txn.data),
            "to": txn.receiver or b"",
            "type": 2,
        }
        fields |= {"chainId": txn.chain_id, "maxFeePerGas": txn.max_fee, "maxPriorityFeePerGas": txn.max_priority_fee}
        signed = Account.sign_transaction(fields, self._key)
        txn.signature = TransactionSignature(v=signed.v, r=HexBytes(signed.r), s=HexBytes(signed.s))
        return txn

    @property
    def _key(self) -> bytes:
        return next(key for key in keys().values() if Account.from_key(key).address == self.address)

    def _ask(self, what: str) -> None:
        print(f"{what}\n\nPlease follow the prompts on your device.\n")
        if os.environ.get("LEDGER_SAYS") == "no":
            raise LedgerError("Action cancelled by the user")


@plugins.register(plugins.AccountPlugin)  # type: ignore[untyped-decorator]
def account_types() -> tuple[type, type]:
    return Container, Device
