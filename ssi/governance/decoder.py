"""Names for what is on chain: contracts by address, calls and errors by their bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils import is_hex_address, to_checksum_address

from ssi.chain.evm import Deployed, Entry, Interface, Struct
from ssi.constants import CREATE2
from ssi.governance.externals import POSITIONS, creation
from ssi.governance.safe import SAFE
from ssi.registry.system import System

IMPLEMENTATION = "Implementation"
_PANIC = Entry("Panic", [{"name": "code", "type": "uint256"}], [], "", "error")
_ERROR = Entry("Error", [{"name": "message", "type": "string"}], [], "", "error")


class Unknown(Exception):  # noqa: N818 - it says what it is
    """A name that means nothing here. The message says which do."""


@dataclass(frozen=True)
class Call:
    """A call of a deployed contract, for people and for the chain."""

    contract: str
    target: str
    function: str
    arguments: dict[str, Any]
    data: bytes
    text: str

    def __str__(self) -> str:
        return f"{self.contract}.{self.function}({self.text})"


class Decoder:
    """The deployment by name."""

    def __init__(self, system: System) -> None:
        self.system = system

    @cached_property
    def interfaces(self) -> dict[str, Interface]:
        """The ABIs of all contracts of the protocol, by name."""
        found = {}
        for name, container in self.system.project.load_contracts().items():
            source = str(container.contract_type.source_id)
            if source.startswith("contracts/") and "/mocks/" not in source:
                found[name] = Interface.of(container)
        return found

    @cached_property
    def deployed(self) -> dict[str, Deployed]:
        """All that the record names and whose kind is known."""
        evm, found = self.system.evm, {}
        for name, address in self.system.record.addresses.items():
            if (interface := self._kind(name)) is not None:
                found[name] = evm.at(interface, address)
        return found

    def _kind(self, name: str) -> Interface | None:
        if name in self.system.record.indexes:
            return self.interfaces["IndexToken"]
        if name.endswith("Safe"):
            return SAFE
        if name in self.system.assets.twaps:
            return self.interfaces["UniswapV3TwapFeed"]
        kind = name.removesuffix(IMPLEMENTATION)
        if kind not in self.interfaces and name.startswith("s"):
            kind = "StakedToken"  # sMAG7.ssi, sSOSO
        return self.interfaces.get(kind)

    # ------------------------------------------------------------ by name

    def contract(self, name: str) -> Deployed:
        """A contract or an index by its name in the record. Raises Unknown."""
        if name not in self.deployed:
            raise Unknown(f"There is no contract {name} here. Known are {', '.join(sorted(self.deployed))}.")
        return self.deployed[name]

    def index(self, symbol: str) -> Deployed:
        """An index by its symbol. Raises Unknown."""
        if symbol not in self.system.record.indexes:
            raise Unknown(
                f"There is no index {symbol} here. Known are {', '.join(sorted(self.system.record.indexes))}."
            )
        return self.deployed[symbol]

    def address(self, name: str) -> str:
        """An address as such, or that of a contract, an index or an asset by name. Raises Unknown."""
        if is_hex_address(name):
            if mistyped(name):
                raise Unknown(f"{name} has a wrong checksum: a letter was mistyped.")
            return str(to_checksum_address(name))
        known = self.system.record.addresses | {
            asset: entry.address for asset, entry in self.system.assets.assets.items()
        }
        if name not in known:
            raise Unknown(f"{name} is neither an address nor a name known here: {', '.join(sorted(known))}.")
        return known[name]

    def function(self, contract: Deployed, name: str) -> Entry:
        """A function that changes state. Raises Unknown."""
        functions = {entry.name: entry for entry in contract.interface.kinds("function") if not entry.reads}
        if name not in functions:
            raise Unknown(
                f"{contract.interface.name} has no function {name} that changes anything. It has"
                f" {', '.join(sorted(functions))}."
            )
        return functions[name]

    # ------------------------------------------------------------ by bytes

    def name(self, address: str) -> str:
        """What is at an address, the address itself where nothing known is."""
        known = {entry.address.lower(): asset for asset, entry in self.system.assets.assets.items()}
        known |= {place.lower(): name for name, place in self.system.record.addresses.items()}
        return known.get(address.lower(), address)

    def call(self, target: str, data: bytes) -> Call:
        """Calldata by name; the function is "0x12345678" where no contract of the protocol has it."""
        if target == CREATE2:
            return self._creation(data)
        name = self.name(target)
        own = [self.deployed[name].interface] if name in self.deployed else []
        for interface in [*own, *self.interfaces.values(), POSITIONS]:
            for entry in interface.kinds("function"):
                if entry.hash[:4] == data[:4] and (arguments := arguments_of(entry, data)) is not None:
                    return Call(name, target, entry.name, arguments, data, self.text(arguments))
        return Call(name, target, "0x" + data[:4].hex(), {"data": data[4:]}, data, readable(data[4:]))

    def _creation(self, data: bytes) -> Call:
        """What the deployer of CREATE2 is to make: 32 bytes of salt, then code."""
        code, at = data[32:], creation(data)
        for kind in self.interfaces:
            known = getattr(self.system.project, kind).contract_type.deployment_bytecode
            if known and (prefix := bytes(known.to_bytes())) and code.startswith(prefix):
                break
        else:
            kind = "unknown code"
        return Call("CREATE2", CREATE2, "create", {"kind": kind, "at": at, "code": code}, data, f"{kind} at {at}")

    def text(self, arguments: Mapping[str, Any]) -> str:
        """Arguments for people, with names beside the addresses."""
        return ", ".join(f"{name}={readable(value, self.label)}" for name, value in arguments.items())

    def label(self, address: str) -> str:
        """Such as "LINK 0x5149…86CA"; an unknown address in full."""
        name = self.name(address)
        return address if name == address else f"{name} {address[:6]}…{address[-4:]}"

    def refusal(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Name and arguments of a revert's error; None where no contract of the protocol has it."""
        for entry in (
            _ERROR,
            _PANIC,
            *(entry for interface in self.interfaces.values() for entry in interface.kinds("error")),
        ):
            if entry.hash[:4] == data[:4] and (arguments := arguments_of(entry, data)) is not None:
                return entry.name, arguments
        return None

    def error(self, data: bytes) -> str:
        """A revert for people."""
        if (refusal := self.refusal(data)) is not None:
            return f"{refusal[0]}({self.text(refusal[1])})"
        return f"0x{data.hex()}" if data else "a revert without a reason"


def arguments_of(entry: Entry, data: bytes) -> dict[str, Any] | None:
    """None where the data are not of that function or error.

    The chain schedules all that begins with a selector, and the guardian has to see it and be able to cancel it.
    """
    try:
        return entry.arguments(data[4:])
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None


def mistyped(address: str) -> bool:
    """Whether capital letters in an address are not where its checksum wants them."""
    digits = address.removeprefix("0x")
    return digits not in (digits.lower(), digits.upper()) and to_checksum_address(address)[2:] != digits


def plain(value: Any) -> Any:
    """Decoded values as JSON has them."""
    if isinstance(value, Struct):
        return {name: plain(item) for name, item in value.named().items()}
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value


def readable(value: Any, label: Callable[[str], str] = str) -> str:
    """Decoded values for people, short. `label` says how an address is shown."""
    if isinstance(value, Struct):
        return "(" + ", ".join(f"{name}={readable(item, label)}" for name, item in value.named().items()) + ")"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(readable(item, label) for item in value) + "]"
    if isinstance(value, bytes):
        return "0x" + (value.hex() if len(value) <= 32 else f"{value[:16].hex()}… ({len(value)} bytes)")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return label(value) if isinstance(value, str) and is_hex_address(value) else str(value)


def parsed(parameter: Any, text: Any, decoder: Decoder) -> Any:
    """What a person typed, as the ABI wants it: numbers such as 1_000 or 2.5e18, names instead of addresses, JSON for
    lists and structs.

    Raises:
        Unknown: it is not of that type.
    """
    kind: str = parameter["type"]
    try:
        if kind.endswith("]") or kind.startswith("tuple"):
            items = json.loads(text) if isinstance(text, str) else text
            if kind.endswith("]"):
                return [parsed({**parameter, "type": kind[: kind.rindex("[")]}, item, decoder) for item in items]
            return [parsed(part, item, decoder) for part, item in zip(parameter["components"], items, strict=True)]
        if kind == "address":
            return decoder.address(str(text))
        if kind == "bool":
            return {"true": True, "false": False}[str(text).lower()]
        if kind.startswith("bytes"):
            return bytes.fromhex(str(text).removeprefix("0x"))
        if kind.startswith(("uint", "int")):
            number = Decimal(str(text).replace("_", "").replace(",", ""))
            # Over 78 digits no integer of the EVM has, and a billion of them would take the machine for minutes.
            if number.adjusted() > 78 or number != int(number):
                raise ValueError
            return int(number)
    except (ValueError, KeyError, TypeError, OverflowError, InvalidOperation):
        raise Unknown(f"{text!r} is no {kind} for {parameter['name'] or 'the argument'}.") from None
    return str(text)


def encoded(contract: Deployed, entry: Entry, texts: Sequence[str], decoder: Decoder) -> bytes:
    """Calldata from what a person typed. Raises Unknown."""
    if len(texts) != len(entry.inputs):
        wanted = ", ".join(f"{parameter['type']} {parameter['name']}" for parameter in entry.inputs) or "nothing"
        raise Unknown(
            f"{contract.interface.name}.{entry.name} takes {wanted}: {len(entry.inputs)} arguments, not {len(texts)}."
        )
    try:
        return entry.encode(
            [parsed(parameter, text, decoder) for parameter, text in zip(entry.inputs, texts, strict=True)]
        )
    except EncodingError as error:
        raise Unknown(f"{contract.interface.name}.{entry.name} does not take that: {error}") from None
