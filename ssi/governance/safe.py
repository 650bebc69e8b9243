"""The multisig: what its owners sign, what their wallets show, and how a transaction of it gets on chain."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import eth_abi
from eth_abi.packed import encode_packed
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils import keccak, to_checksum_address

from ssi.chain.abi import decode
from ssi.chain.evm import Evm, Interface, Receipt, Reverted
from ssi.chain.sender import NotSent, Sender
from ssi.constants import MULTI_SEND, MULTICALL3, ZERO

BUILDER_VERSION = "1.18.2"
_TYPES = {
    "EIP712Domain": [{"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}],
    "SafeTx": [
        {"name": "to", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "data", "type": "bytes"},
        {"name": "operation", "type": "uint8"},
        {"name": "safeTxGas", "type": "uint256"},
        {"name": "baseGas", "type": "uint256"},
        {"name": "gasPrice", "type": "uint256"},
        {"name": "gasToken", "type": "address"},
        {"name": "refundReceiver", "type": "address"},
        {"name": "nonce", "type": "uint256"},
    ],
}
_MULTI_SEND = keccak(text="multiSend(bytes)")[:4]
_ATTEMPTS = keccak(text="tryAggregate(bool,(address,bytes)[])")[:4]
_PACKED = ("uint8", "address", "uint256", "uint256", "bytes")  # operation, target, ether, length of the data, data
_CALL = ("address", "uint256", "bytes", "uint8", "uint256", "uint256", "uint256", "address", "address")
SAFE = Interface(
    "Safe",
    [
        {
            "type": "function",
            "name": name,
            "stateMutability": mutability,
            "outputs": [{"name": "", "type": out} for out in outs],
            "inputs": [{"name": f"a{n}", "type": kind} for n, kind in enumerate(inputs)],
        }
        for name, mutability, outs, inputs in (
            ("nonce", "view", ("uint256",), ()),
            ("getThreshold", "view", ("uint256",), ()),
            ("getOwners", "view", ("address[]",), ()),
            ("getModulesPaginated", "view", ("address[]", "address"), ("address", "uint256")),
            ("getTransactionHash", "view", ("bytes32",), (*_CALL, "uint256")),
            ("approveHash", "nonpayable", (), ("bytes32",)),
            ("execTransaction", "payable", ("bool",), (*_CALL, "bytes")),
        )
    ],
)


@dataclass(frozen=True)
class SafeTransaction:
    """What a Safe is to do: one plain call, or several through `MULTI_SEND`, the one contract that it lends its hand to
    (`operation` 1). No ether, no refund of gas. The sender pays for it.
    """

    safe: str
    chain_id: int
    to: str
    data: bytes
    nonce: int
    operation: int = 0

    @property
    def calls(self) -> list[tuple[str, bytes]]:
        """Targets with calldata, in their order."""
        if not self.operation:
            return [(self.to, self.data)]
        (packed,), found = decode(["bytes"], self.data[4:]), list[tuple[str, bytes]]()
        while packed:
            target, length = packed[1:21], int.from_bytes(packed[53:85], "big")
            found.append((to_checksum_address(target), packed[85 : 85 + length]))
            packed = packed[85 + length :]
        return found

    @property
    def call(self) -> tuple[Any, ...]:
        """The arguments that `getTransactionHash` and `execTransaction` have in common."""
        return (self.to, 0, self.data, self.operation, 0, 0, 0, ZERO, ZERO)

    @cached_property
    def signable(self) -> SignableMessage:
        """What the owners sign (EIP-712)."""
        names = [field["name"] for field in _TYPES["SafeTx"]]
        message = dict(zip(names, (*self.call, self.nonce), strict=True))
        domain = {"chainId": self.chain_id, "verifyingContract": self.safe}
        return encode_typed_data(
            full_message={"types": _TYPES, "primaryType": "SafeTx", "domain": domain, "message": message}
        )

    @property
    def domain_hash(self) -> bytes:
        """Of chain and Safe. A hardware wallet shows it."""
        return bytes(self.signable.header)

    @property
    def message_hash(self) -> bytes:
        """Of the transaction. A hardware wallet shows it."""
        return bytes(self.signable.body)

    @property
    def hash(self) -> bytes:
        """The Safe transaction hash: of both."""
        return bytes(keccak(b"\x19\x01" + self.domain_hash + self.message_hash))

    def signed(self, account: Any) -> bytes:
        """The signature of an Ape account, as a Safe wants it: r, s, v. Raises NotSent where the account refuses."""
        if (signature := account.sign_message(self.signable)) is None:
            raise NotSent(
                f"{account.alias or account.address} did not sign. A hardware wallet has to be unlocked, with its"
                " Ethereum app open, and its owner has to agree"
            )
        # Some hardware wallets count v from 0. To a Safe 0 and 1 mean signatures of other kinds.
        v = signature.v + 27 if signature.v < 27 else signature.v
        return bytes(signature.encode_rsv()[:64]) + bytes([v])


class Multisig:
    """A Safe 1.4.1 on a node."""

    def __init__(self, evm: Evm, address: str) -> None:
        self.evm, self.safe = evm, evm.at(SAFE, address)

    @property
    def address(self) -> str:
        return str(self.safe.address)

    @property
    def owners(self) -> list[str]:
        return list(self.safe.getOwners())

    @property
    def threshold(self) -> int:
        return int(self.safe.getThreshold())

    @property
    def nonce(self) -> int:
        """Of the next transaction that can be executed."""
        return int(self.safe.nonce())

    def transaction(self, to: str, data: bytes, nonce: int | None = None) -> SafeTransaction:
        """The Safe's next transaction, or a later one.

        Raises:
            RuntimeError: the Safe would hash it in another way, so it is not the Safe that we know.
        """
        return self._known(to, data, nonce, 0)

    def together(self, calls: Sequence[tuple[str, bytes]], nonce: int | None = None) -> SafeTransaction:
        """The same of several calls, in their order, all or none; packed as the Safe's web site packs them.

        Raises RuntimeError.
        """
        if len(calls) == 1:
            return self.transaction(*calls[0], nonce)
        packed = b"".join(encode_packed(_PACKED, [0, to, 0, len(data), data]) for to, data in calls)
        return self._known(MULTI_SEND, _MULTI_SEND + eth_abi.encode(["bytes"], [packed]), nonce, 1)

    def _known(self, to: str, data: bytes, nonce: int | None, operation: int) -> SafeTransaction:
        chain_id = int(self.evm.rpc.call("eth_chainId"), 16)
        nonce = self.nonce if nonce is None else nonce
        transaction = SafeTransaction(self.address, chain_id, to_checksum_address(to), data, nonce, operation)
        if self.safe.getTransactionHash(*transaction.call, transaction.nonce) != transaction.hash:
            raise RuntimeError(
                f"{self.address} does not hash transactions as Safe 1.4.1 does: do not sign anything for it"
            )
        return transaction

    def check(self, transaction: SafeTransaction) -> None:
        """Asks the chain whether the Safe could do it now. Raises Reverted with the reason of the first call that
        fails, which neither the Safe nor `MULTI_SEND` passes on.
        """
        if not transaction.operation:
            self.evm.call(transaction.to, transaction.data, sender=self.address)
            return
        # Multicall3 in the Safe's place makes the same calls, and tells what each returns.
        code = self.evm.rpc.call("eth_getCode", MULTICALL3, "latest")
        data = _ATTEMPTS + eth_abi.encode(["bool", "(address,bytes)[]"], [False, transaction.calls])
        answer = self.evm.call(self.address, data, sender=self.address, code={self.address: code})
        (results,) = decode(["(bool,bytes)[]"], answer)
        for done, said in results:
            if not done:
                raise Reverted(said, "a call of the Safe")

    def simulate(self, transaction: SafeTransaction) -> Receipt:
        """On a fork: the transaction as it will be, only that the owners approve its hash instead of signing it.

        Raises Reverted.
        """
        self.check(transaction)
        approving = sorted(self.owners, key=_number)[: self.threshold]
        for owner in approving:
            self.safe.approveHash(transaction.hash, sender=owner)
        approvals = {owner: _number(owner).to_bytes(32, "big") + bytes(32) + b"\x01" for owner in approving}
        receipt: Receipt = self.safe.execTransaction(*transaction.call, joined(approvals), sender=approving[0])
        return receipt

    def execute(self, transaction: SafeTransaction, accounts: Sequence[Any], sender: Sender) -> str:
        """Lets Ape accounts sign and `sender` send. Returns the hash. Raises NotSent and Reverted."""
        signatures = {account.address: transaction.signed(account) for account in accounts}
        return sender.send(self.address, self.safe.execTransaction.encode(*transaction.call, joined(signatures))).hash


def joined(signatures: Mapping[str, bytes]) -> bytes:
    """Signatures by owner, in the order that a Safe wants."""
    return b"".join(bytes(signatures[owner]) for owner in sorted(signatures, key=_number))


def _number(address: str) -> int:
    return int(address, 16)


# ---------------------------------------------------------------- the Safe's own web site


def builder_file(
    safe: str, chain_id: int, name: str, description: str, time: int, calls: Iterable[tuple[str, bytes]]
) -> dict[str, Any]:
    """A batch as Safe's Transaction Builder imports it. `time` in Unix seconds; `calls` are targets with calldata."""
    batch: dict[str, Any] = {
        "version": "1.0",
        "chainId": str(chain_id),
        "createdAt": time * 1000,
        "meta": {
            "name": name,
            "description": description,
            "txBuilderVersion": BUILDER_VERSION,
            "createdFromSafeAddress": safe,
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {"to": to, "value": "0", "data": "0x" + data.hex(), "contractMethod": None, "contractInputsValues": None}
            for to, data in calls
        ],
    }
    batch["meta"]["checksum"] = builder_checksum(batch)
    return batch


def builder_checksum(batch: Mapping[str, Any]) -> str:
    """The checksum by which the Transaction Builder knows that a file was not changed. The name does not count."""
    return "0x" + bytes(keccak(text=_canonical({**batch, "meta": {**batch["meta"], "name": None}}))).hex()


def _canonical(value: Any) -> str:
    """Objects begin with the list of their keys, in order; every value is followed by a comma."""
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, dict):
        return "{" + _compact(sorted(value)) + "".join(_canonical(value[key]) + "," for key in sorted(value)) + "}"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
