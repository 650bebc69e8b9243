"""A thin, fast road to a local anvil: one raw call for a read, one synchronous raw send for a transaction.

Ape compiles, deploys and signs; it needs about a dozen RPC calls for a transaction. Property tests and gas measurements
make tens of thousands of them from impersonated accounts and use this instead. Every send states its gas, so that
nothing is estimated, and every revert carries its exact bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import eth_abi
from eth_abi.exceptions import DecodingError
from eth_utils import keccak, to_checksum_address

from ssi.chain.abi import decode
from ssi.chain.rpc import Rpc, RpcError
from ssi.constants import MULTICALL3

GAS = 30_000_000


class Reverted(Exception):  # noqa: N818 - a past participle says it best
    """An EVM revert with its exact return data."""

    def __init__(self, data: bytes, where: str) -> None:
        super().__init__(f"{where} reverted with 0x{data.hex()}")
        self.data = data


def labelled(label: str) -> str:
    """The address that belongs to a label. Its key is known to none."""
    return str(to_checksum_address(keccak(text=label)[12:]))


class Struct(tuple[Any, ...]):
    """A decoded struct: a tuple whose members also have names."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str], values: Sequence[Any]) -> Struct:
        struct = cls(values)
        struct.names = tuple(names)
        return struct

    def named(self) -> dict[str, Any]:
        """The members by name. The way to those called `index` or `count`, which tuples have too."""
        return dict(zip(self.names, self, strict=True))

    def __getattr__(self, name: str) -> Any:
        try:
            return self[self.names.index(name)]
        except ValueError:
            raise AttributeError(name) from None


def abi_type(parameter: Mapping[str, Any]) -> str:
    """The canonical type, with structs spelt out as `(a,b)`."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(map(abi_type, parameter["components"])) + ")" + kind.removeprefix("tuple")


def _decoded(parameter: Mapping[str, Any], value: Any) -> Any:
    kind: str = parameter["type"]
    if kind.endswith("]"):
        inner = {**parameter, "type": kind[: kind.rindex("[")]}
        return [_decoded(inner, item) for item in value]
    if kind == "tuple":
        parts = parameter["components"]
        return Struct.of([p["name"] for p in parts], [_decoded(p, v) for p, v in zip(parts, value, strict=True)])
    return to_checksum_address(value) if kind == "address" else value


def _plain(value: Any) -> Any:
    """Contracts become their addresses, everywhere inside lists and tuples."""
    if isinstance(value, Deployed):
        return value.address
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if hasattr(value, "address") and isinstance(value.address, str) else value


@dataclass(frozen=True)
class Entry:
    """One function, event or error of an ABI."""

    name: str
    inputs: Sequence[Mapping[str, Any]]
    outputs: Sequence[Mapping[str, Any]]
    mutability: str
    kind: str
    types: list[str] = field(init=False)
    signature: str = field(init=False)
    hash: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", [abi_type(p) for p in self.inputs])
        object.__setattr__(self, "signature", f"{self.name}({','.join(self.types)})")
        object.__setattr__(self, "hash", keccak(text=self.signature))

    @property
    def reads(self) -> bool:
        return self.mutability in ("view", "pure")

    def encode(self, args: Sequence[Any]) -> bytes:
        """Selector and arguments. Raises TypeError unless the number of arguments fits."""
        if len(args) != len(self.types):
            raise TypeError(f"{self.signature} takes {len(self.types)} arguments, not {len(args)}")
        return self.hash[:4] + bytes(eth_abi.encode(self.types, _plain(args)))

    def arguments(self, data: bytes) -> dict[str, Any]:
        """The arguments by name, "#0" where one has none, from calldata or error data without the selector."""
        values = decode(self.types, data)
        return {p["name"] or f"#{n}": _decoded(p, v) for n, (p, v) in enumerate(zip(self.inputs, values, strict=True))}

    def decode(self, data: bytes) -> Any:
        """The result: nothing, one value, or a named tuple of several."""
        values = decode([abi_type(p) for p in self.outputs], data)
        decoded = [_decoded(p, v) for p, v in zip(self.outputs, values, strict=True)]
        if len(decoded) <= 1:
            return decoded[0] if decoded else None
        return Struct.of([p["name"] for p in self.outputs], decoded)


class Interface:
    """An ABI by name. An overloaded function is found by its full signature as well."""

    def __init__(self, name: str, abi: Sequence[Mapping[str, Any]]) -> None:
        self.name = name
        self.entries: dict[str, Entry] = {}
        self.constructor: list[str] = []
        for item in abi:
            if item["type"] == "constructor":
                self.constructor = [abi_type(p) for p in item.get("inputs", [])]
            elif item["type"] in ("function", "event", "error"):
                entry = Entry(
                    item["name"],
                    item.get("inputs", []),
                    item.get("outputs") or [],
                    item.get("stateMutability", ""),
                    item["type"],
                )
                self.entries.setdefault(entry.name, entry)
                self.entries[entry.signature] = entry

    @classmethod
    def of(cls, container: Any) -> Interface:
        """From an Ape contract container, such as `project.IndexToken`."""
        kind = container.contract_type
        return cls(kind.name, [entry.model_dump(mode="json", by_alias=True) for entry in kind.abi])

    def __getitem__(self, name: str) -> Entry:
        return self.entries[name]

    def kinds(self, kind: str) -> Iterator[Entry]:
        """All functions, events or errors, each once."""
        return (entry for name, entry in self.entries.items() if entry.kind == kind and "(" in name)


@dataclass(frozen=True)
class Event:
    """A decoded log."""

    address: str
    name: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Receipt:
    """What a transaction did."""

    gas_used: int
    logs: list[dict[str, Any]]
    block: int
    contract_address: str | None
    hash: str = ""

    def events(self, contract: Deployed, name: str | None = None) -> list[Event]:
        """The events that `contract` emitted, in order."""
        found = []
        for log in self.logs:
            if log["address"].lower() != contract.address.lower():
                continue
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            for entry in contract.interface.kinds("event"):
                if entry.hash == topics[0] and name in (None, entry.name):
                    found += [Event(contract.address, entry.name, _event_values(entry, topics[1:], log["data"]))]
        return found


def _event_values(entry: Entry, topics: list[bytes], data: str) -> dict[str, Any]:
    indexed = [p for p in entry.inputs if p["indexed"]]
    plain = [p for p in entry.inputs if not p["indexed"]]
    body = decode([abi_type(p) for p in plain], bytes.fromhex(data[2:]))
    values = {p["name"]: _decoded(p, v) for p, v in zip(plain, body, strict=True)}
    for parameter, topic in zip(indexed, topics, strict=True):
        values[parameter["name"]] = _decoded(parameter, decode([abi_type(parameter)], topic)[0])
    return {p["name"]: values[p["name"]] for p in entry.inputs}


class Method:
    """A function of a deployed contract: called as a read, or sent when it changes state."""

    def __init__(self, contract: Deployed, entry: Entry) -> None:
        self.contract, self.entry = contract, entry

    def __call__(self, *args: Any, sender: Any = None, value: int = 0) -> Any:
        """A read returns its value; a write is sent from `sender` and returns its receipt. Raises Reverted."""
        if self.entry.reads:
            return self.call(*args, sender=sender)
        if sender is None:
            raise TypeError(f"{self.entry.signature} changes state: say sender=")
        return self.contract.evm.send(
            sender, self.contract.address, self.entry.encode(args), value, self.entry.signature
        )

    def call(self, *args: Any, sender: Any = None, value: int = 0, at: int | None = None) -> Any:
        """What it would return, with nothing changed; `at` is the block's time, Unix seconds. Raises Reverted."""
        evm = self.contract.evm
        return self.entry.decode(
            evm.call(self.contract.address, self.entry.encode(args), sender, value, at, self.entry.signature)
        )

    def encode(self, *args: Any) -> bytes:
        """The calldata."""
        return self.entry.encode(args)


class Deployed:
    """A contract at an address. Its functions are attributes."""

    def __init__(self, evm: Evm, interface: Interface, address: str) -> None:
        self.evm, self.interface, self.address = evm, interface, to_checksum_address(address)

    def __getattr__(self, name: str) -> Method:
        entry = self.interface.entries.get(name)
        if entry is None or entry.kind != "function":
            raise AttributeError(f"{self.interface.name} has no function {name}")
        return Method(self, entry)

    def __getitem__(self, signature: str) -> Method:
        return Method(self, self.interface[signature])

    def __repr__(self) -> str:
        return f"<{self.interface.name} {self.address}>"


class Evm:
    """A local anvil with every account impersonated; or any node, for reading only."""

    def __init__(self, node: str | Any, impersonate: bool = True) -> None:
        """`node`: a URL, or a connection with the face of `Rpc`."""
        self.rpc: Any = Rpc(node) if isinstance(node, str) else node
        if impersonate:
            self.rpc.call("anvil_autoImpersonateAccount", True)
        self._funded: set[str] = set()

    # ------------------------------------------------------------ accounts and time

    def account(self, label: str) -> str:
        """The address that belongs to a label, with ether."""
        address = labelled(label)
        self.fund(address)
        return address

    def fund(self, address: str) -> None:
        """Gives an account a million ether."""
        self.rpc.call("anvil_setBalance", address, hex(10**24))

    @property
    def now(self) -> int:
        """Time of the latest block, Unix seconds."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def next_at(self, timestamp: int) -> None:
        """Sets the time of the next block."""
        self.rpc.call("evm_setNextBlockTimestamp", hex(timestamp))

    def mine_at(self, timestamp: int) -> None:
        """Mines an empty block at that time."""
        self.next_at(timestamp)
        self.rpc.call("evm_mine")

    def warp(self, seconds: int) -> int:
        """Mines a block that many seconds later; returns its time."""
        then = self.now + seconds
        self.mine_at(then)
        return then

    @contextmanager
    def frozen_time(self) -> Iterator[None]:
        """Every block has the time of the one before, unless a test sets another."""
        self.rpc.call("anvil_setBlockTimestampInterval", 0)
        try:
            yield
        finally:
            self.rpc.call("anvil_removeBlockTimestampInterval")

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Undoes everything at the end."""
        snapshot, funded = self.rpc.call("evm_snapshot"), set(self._funded)
        try:
            yield
        finally:
            self.rpc.call("evm_revert", snapshot)
            self._funded = funded

    # ------------------------------------------------------------ contracts

    def at(self, container: Any, address: Any) -> Deployed:
        """The contract at `address`, read with the ABI of an Ape container or an `Interface`."""
        interface = container if isinstance(container, Interface) else Interface.of(container)
        return Deployed(self, interface, _plain(address) if not isinstance(address, str) else address)

    def deploy(self, container: Any, *args: Any, sender: Any) -> Deployed:
        """Deploys from an Ape container. Raises Reverted when the constructor does."""
        interface = Interface.of(container)
        code = bytes(container.contract_type.deployment_bytecode.to_bytes())
        if len(args) != len(interface.constructor):
            raise TypeError(f"{interface.name} is constructed from ({','.join(interface.constructor)})")
        code += eth_abi.encode(interface.constructor, _plain(args))
        receipt = self.send(sender, None, code, 0, f"new {interface.name}")
        assert receipt.contract_address is not None
        return Deployed(self, interface, receipt.contract_address)

    @property
    def block(self) -> int:
        """Number of the latest block."""
        return int(self.rpc.call("eth_blockNumber"), 16)

    def batch(self, calls: Sequence[tuple[Method, Sequence[Any]]], block: int | None = None) -> list[Any]:
        """Many reads in one call, through Multicall3, after a block or the latest.

        Raises Reverted when one of them reverts.
        """
        asked = [(method.contract.address, method.entry.encode(args)) for method, args in calls]
        data = keccak(text="aggregate((address,bytes)[])")[:4] + eth_abi.encode(["(address,bytes)[]"], [asked])
        _, answers = decode(["uint256", "bytes[]"], self.call(MULTICALL3, data, where="batch", block=block))
        return [method.entry.decode(answer) for (method, _), answer in zip(calls, answers, strict=True)]

    def attempts(self, calls: Sequence[tuple[Method, Sequence[Any]]], block: int | None = None) -> list[Any]:
        """As `batch`; None stands for what reverts, or answers with what its ABI does not say."""
        asked = [(method.contract.address, method.entry.encode(args)) for method, args in calls]
        data = keccak(text="tryAggregate(bool,(address,bytes)[])")[:4] + eth_abi.encode(
            ["bool", "(address,bytes)[]"], [False, asked]
        )
        (answers,) = decode(["(bool,bytes)[]"], self.call(MULTICALL3, data, where="attempts", block=block))
        found: list[Any] = []
        for (method, _), (ok, answer) in zip(calls, answers, strict=True):
            try:
                found.append(method.entry.decode(answer) if ok else None)
            except DecodingError:
                found.append(None)
        return found

    # ------------------------------------------------------------ raw

    def call(
        self, to: Any, data: bytes, sender: Any = None, value: int = 0, at: int | None = None, where: str = "call",
        block: int | None = None, code: Mapping[str, str] | None = None,
    ) -> bytes:  # fmt: skip
        """eth_call after a block, or after the latest; as if `code`, hex by address, stood there. Raises Reverted."""
        transaction = {"to": _plain(to), "data": "0x" + data.hex(), "gas": hex(GAS), "value": hex(value)}
        if sender is not None:
            transaction["from"] = _plain(sender)
        overrides = {address: {"code": hex_code} for address, hex_code in (code or {}).items()}
        extra: list[Any] = [overrides, {"time": hex(at)}] if at is not None else [overrides] if overrides else []
        try:
            return bytes.fromhex(
                self.rpc.call("eth_call", transaction, "latest" if block is None else hex(block), *extra)[2:]
            )
        except RpcError as error:
            raise Reverted(revert_data(error), where) from None

    def send(
        self, sender: Any, to: Any, data: bytes = b"", value: int = 0, where: str = "send", gas: int = GAS
    ) -> Receipt:
        """Sends, mines and returns the receipt. Raises Reverted with the exact bytes."""
        transaction = {
            "from": _plain(sender), "data": "0x" + data.hex(), "gas": hex(gas), "value": hex(value),
            "maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": "0x0",
        }  # fmt: skip
        if to is not None:
            transaction["to"] = _plain(to)
        if transaction["from"] not in self._funded:
            self.fund(transaction["from"])
            self._funded.add(transaction["from"])
        receipt = self.rpc.send_sync(transaction)
        if int(receipt["status"], 16) == 0:
            self._raise(receipt, where)
        figures = (
            int(receipt["gasUsed"], 16),
            receipt["logs"],
            int(receipt["blockNumber"], 16),
            receipt.get("contractAddress"),
        )
        return Receipt(*figures, receipt["transactionHash"])

    def _raise(self, receipt: dict[str, Any], where: str) -> None:
        trace = self.rpc.call("debug_traceTransaction", receipt["transactionHash"], {"tracer": "callTracer"})
        raise Reverted(bytes.fromhex(trace.get("output", "0x")[2:]), where)


def revert_data(error: RpcError) -> bytes:
    """The exact bytes of a revert. Raises the error where it is none."""
    if isinstance(error.data, str) and error.data.startswith("0x"):
        return bytes.fromhex(error.data[2:])
    if "revert" in str(error):
        return b""
    raise error
