"""The multisigs: by their owners' signatures, or in short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_account import Account
from eth_account.hdaccount import ETHEREUM_DEFAULT_PATH

from forks import control
from ssi.chain.evm import Deployed, Evm, Interface, Receipt
from ssi.constants import NOTICE
from ssi.governance import safe
from ssi.governance.decoder import IMPLEMENTATION, Decoder
from ssi.registry.system import System

# What a Safe does to itself.
_OURS = Interface(
    "Safe",
    [
        {
            "type": "function", "name": name, "stateMutability": "nonpayable", "outputs": [],
            "inputs": [{"name": f"a{n}", "type": kind} for n, kind in enumerate(inputs)],
        }
        for name, inputs in (
            ("enableModule", ["address"]),
            ("swapOwner", ["address"] * 3),
            ("addOwnerWithThreshold", ["address", "uint256"]),
            ("changeThreshold", ["uint256"]),
            ("setGuard", ["address"]),
            ("setFallbackHandler", ["address"]),
        )
    ],
)  # fmt: skip
_MNEMONIC = "test test test test test test test test test test test junk"  # anvil's and Ape's well-known accounts


class SigningSafe:
    """A Safe and the keys of its owners, as far as they are well-known accounts."""

    def __init__(self, evm: Evm, address: str) -> None:
        self.multisig = safe.Multisig(evm, address)
        self.safe = self.multisig.safe
        Account.enable_unaudited_hdwallet_features()
        path = ETHEREUM_DEFAULT_PATH.rsplit("/", 1)[0]
        known = [Account.from_mnemonic(_MNEMONIC, account_path=f"{path}/{n}") for n in range(10)]
        self.owners = [account for account in known if account.address in self.multisig.owners]

    def execute(self, to: Deployed, data: bytes, signers: int) -> Receipt:
        """One transaction of the Safe with that many owners' signatures. Raises Reverted."""
        transaction = self.multisig.transaction(to.address, data)
        signatures = safe.joined(
            {owner.address: owner.sign_message(transaction.signable).signature for owner in self.owners[:signers]}
        )
        receipt: Receipt = self.safe.execTransaction(*transaction.call, signatures, sender=self.owners[0].address)
        return receipt


def ours(multisig: safe.Multisig) -> Deployed:
    """A Safe with the functions that only itself may call: send them from its own address."""
    return multisig.evm.at(_OURS, multisig.address)


def schedule(system: System, target: Deployed, data: bytes) -> bytes:
    """The governor schedules a call; returns the operation's id."""
    receipt = system.manager.schedule(target.address, data, 0, sender=system.record.contracts["Safe"])
    (scheduled,) = receipt.events(system.manager, "OperationScheduled")
    operation: bytes = scheduled.values["operationId"]
    return operation


def wait(system: System, seconds: int = NOTICE) -> None:
    """Lets the notice pass, with feeds that keep up."""
    control.warp(system.evm.rpc, seconds)


def govern(system: System, target: Deployed, method: str, args: Sequence[Any]) -> Receipt:
    """Schedules, waits and calls. The caller is the governor itself, for functions that take tokens from
    their caller.
    """
    safe, call = system.record.contracts["Safe"], getattr(target, method)
    schedule(system, target, call.encode(*args))
    wait(system)
    receipt: Receipt = call(*args, sender=safe)
    return receipt


def deployed(system: System) -> list[tuple[str, Deployed]]:
    """Every contract of the record with its kind, but for the Safes and what is behind proxies."""
    found = Decoder(system).deployed.items()
    return [
        (contract.interface.name, contract) for name, contract in found if not name.endswith((IMPLEMENTATION, "Safe"))
    ]
