"""A hardware wallet: the accounts are ape-ledger's own (`tests/foreign/ledger`), the device and its drivers are stood
in for.

Keys are those of the Safe's owners. `LEDGER_SAYS=no` in the environment is an owner who presses the other button, and
`LEDGER_SAYS=unplugged` a cable that is out.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Any

from eth_account import Account

from ssi.places import ROOT
from tests.live.network import keys

PACKAGE = ROOT / "build/ledger"
PATHS = {"m/44'/60'/0'/0/0": "safe0", "m/44'/60'/1'/0/0": "guardian0"}  # keys on the device


class LedgerError(Exception):
    """As the library that talks to the device raises it."""


class Device:
    """What ape-ledger asks of a device, for one path of keys. It shows what it is sent."""

    def __init__(self, path: Any) -> None:
        self._key = keys()[PATHS[str(path)]]

    def sign_typed_data(self, domain_hash: bytes, message_hash: bytes) -> tuple[int, int, int]:
        """Some devices count v from 0, as here."""
        self._ask(f"Domain hash 0x{domain_hash.hex().upper()}, message hash 0x{message_hash.hex().upper()}")
        from eth_account.messages import SignableMessage

        signed = Account.sign_message(SignableMessage(b"\x01", domain_hash, message_hash), self._key)
        return signed.v - 27, signed.r, signed.s

    def sign_transaction(self, txn: dict[str, Any]) -> tuple[int, int, int]:
        """EIP-1559 alone. Fields by the names of the library that talks to the device."""
        self._ask(f"Review transaction to 0x{txn['destination'].hex()}")
        names = {
            "nonce": "nonce", "gas": "gas", "amount": "value", "data": "data", "destination": "to",
            "chain_id": "chainId", "max_fee_per_gas": "maxFeePerGas",
            "max_priority_fee_per_gas": "maxPriorityFeePerGas",
        }  # fmt: skip
        signed = Account.sign_transaction({"type": 2} | {names[name]: value for name, value in txn.items()}, self._key)
        return signed.v, signed.r, signed.s

    @staticmethod
    def _ask(what: str) -> None:
        print(f"The device shows: {what}")
        if os.environ.get("LEDGER_SAYS") == "no":
            raise LedgerError("Action cancelled by the user")
        if os.environ.get("LEDGER_SAYS") == "unplugged":  # in the words of ape-ledger's client
            raise importlib.import_module("ape_ledger.exceptions").LedgerAccountException(
                "No Ledger device detected. Plug in the device, unlock it, and open the Ethereum app, then retry."
            )


def plugin() -> Any:
    """ape-ledger, with the modules that need a device's drivers put in their places."""
    if not PACKAGE.is_dir():
        raise RuntimeError(f"{PACKAGE} is missing: `make live` installs it")
    sys.path.append(str(PACKAGE))
    for name, members in (
        ("ledgereth", {}),
        ("ledgereth.exceptions", {"LedgerError": LedgerError}),
        ("ape_ledger.client", {"LedgerDeviceClient": Device, "get_device": Device}),
    ):
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(members)
    return importlib.import_module("ape_ledger")
