"""How the two Safes are set up, compared with the record: who signs, and what acts without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils import keccak, to_checksum_address
from rich.table import Table

from ssi.chain.evm import Evm, Reverted
from ssi.constants import SENTINEL, ZERO
from ssi.governance.safe import Multisig
from ssi.registry import params
from ssi.registry.record import Record
from ssi.registry.system import System

SAFE, GUARDIAN_SAFE = "Safe", "GuardianSafe"
SAFES = (SAFE, GUARDIAN_SAFE)
# Where a Safe keeps what it has no getter for. The module guard is that of version 1.5; before it the slot should be
# empty.
_SLOTS = {
    "singleton": 0,
    "guard": int.from_bytes(keccak(text="guard_manager.guard.address"), "big"),
    "moduleGuard": int.from_bytes(keccak(text="module_manager.module_guard.address"), "big"),
    "fallbackHandler": int.from_bytes(keccak(text="fallback_manager.handler.address"), "big"),
}

_PAGES = 20  # a singleton that was replaced could answer without end

Settings = dict[str, Any]


def intended(multisig: params.SafeParams, external: params.External) -> Settings:
    """What a Safe of a deployment is born with."""
    return {
        "singleton": _checksummed(external.safe_singleton), "owners": sorted(map(_checksummed, multisig.owners)),
        "threshold": multisig.threshold, "modules": [], "guard": ZERO, "moduleGuard": ZERO,
        "fallbackHandler": _checksummed(external.safe_fallback_handler),
    }  # fmt: skip


def found(evm: Evm, address: str) -> Settings:
    """What a Safe is set to on chain. What is no Safe has no owners."""
    multisig = Multisig(evm, address)
    slots = {
        name: _checksummed(evm.rpc.call("eth_getStorageAt", address, hex(slot), "latest")[-40:])
        for name, slot in _SLOTS.items()
    }
    try:
        return {
            **slots,
            "owners": sorted(multisig.owners),
            "threshold": multisig.threshold,
            "modules": _modules(multisig),
        }
    except (Reverted, DecodingError):
        return {**slots, "owners": [], "threshold": 0, "modules": []}


def differences(recorded: Mapping[str, Any], actual: Settings) -> dict[str, tuple[Any, Any]]:
    """Settings that are not as recorded, both values of each."""
    return {name: (recorded.get(name), value) for name, value in actual.items() if recorded.get(name) != value}


def shared_owners(record: Mapping[str, Settings]) -> list[str]:
    """Who owns both Safes: their keys would be worth a vote and the veto."""
    return sorted(set(record[SAFE]["owners"]) & set(record[GUARDIAN_SAFE]["owners"]))


def safes(system: System) -> dict[str, Settings]:
    """What both Safes are set to on chain."""
    return {name: found(system.evm, system.record.contracts[name]) for name in SAFES}


def alarms(record: Record, actual: Mapping[str, Settings]) -> list[str]:
    """What the record does not say, for people. Empty where everything is as recorded and the Safes are apart."""
    said = []
    for name in SAFES:
        for setting, (recorded, value) in differences(record.safes.get(name, {}), actual[name]).items():
            said.append(f"{name}: {setting} is {_text(value)}, recorded is {_text(recorded)}")
    if shared := shared_owners(actual):
        said.append(f"Safe and GuardianSafe share an owner, so that the veto goes with its keys: {', '.join(shared)}")
    return said


def table(record: Record, actual: Mapping[str, Settings]) -> Table:
    """The same for people: what differs from the record in red."""
    shown = Table(
        "multisig",
        "setting",
        "on chain",
        "recorded",
        title="Who signs, and what acts without them",
        title_justify="left",
    )
    for name in SAFES:
        recorded = record.safes.get(name, {})
        for setting, value in actual[name].items():
            style = None if recorded.get(setting) == value else "bold red"
            shown.add_row(
                name, setting, _text(value), "the same" if style is None else _text(recorded.get(setting)), style=style
            )
    return shown


def _modules(multisig: Multisig) -> list[str]:
    modules, last = [], SENTINEL
    for _ in range(_PAGES):
        page, last = multisig.safe.getModulesPaginated(last, 50)
        modules += page
        if not page or last == SENTINEL:
            break
    return sorted(modules)


def _checksummed(address: str) -> str:
    return str(to_checksum_address("0x" + address.removeprefix("0x")))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "nothing" if value is None else "none" if value == ZERO else str(value)
