"""What the manager has scheduled, from its own events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from ssi.chain.evm import Event, Receipt
from ssi.chain.logs import LogReader
from ssi.governance.decoder import Call, Decoder, Unknown, plain
from ssi.registry.system import System

_ID = re.compile(r"(0x)?[0-9a-fA-F]{8,64}")

Status = Literal["waiting", "ready", "expired"]


@dataclass(frozen=True)
class Operation:
    """One scheduled call. Times in Unix seconds."""

    id: bytes
    caller: str
    call: Call
    ready_at: int
    expires_at: int

    def status(self, now: int) -> Status:
        """Whether it can be executed."""
        return "waiting" if now < self.ready_at else "ready" if now < self.expires_at else "expired"

    def plain(self, now: int) -> dict[str, Any]:
        """For --json."""
        call = self.call
        return {
            "operation": plain(self.id),
            "status": self.status(now),
            "readyAt": self.ready_at,
            "expiresAt": self.expires_at,
            "secondsLeft": max(0, self.ready_at - now),
            "caller": self.caller,
            "contract": call.contract,
            "target": call.target,
            "function": call.function,
            "arguments": plain(call.arguments),
            "data": plain(call.data),
        }


def operations(system: System) -> list[Operation]:
    """What was scheduled and neither executed nor cancelled, oldest first."""
    manager, decoder = system.manager, Decoder(system)
    found: dict[bytes, Operation] = {}
    for event in _events(system):
        values = event.values
        if event.name == "OperationScheduled":
            ready = values["schedule"]
            call = decoder.call(values["target"], values["data"])
            found.pop(values["operationId"], None)
            found[values["operationId"]] = Operation(
                values["operationId"], values["caller"], call, ready, ready + manager.expiration()
            )
        elif event.name in ("OperationExecuted", "OperationCanceled"):
            found.pop(values["operationId"], None)
    return list(found.values())


def chosen(known: list[Operation], prefixes: tuple[str, ...]) -> list[Operation]:
    """The operations whose ids begin so, in the order in which they were scheduled.

    Raises:
        Unknown: fewer than eight hex digits, or not exactly one operation begins with them.
    """
    picked = []
    for prefix in prefixes:
        if not _ID.fullmatch(prefix):
            raise Unknown(
                f"{prefix!r} is not a valid operation: give at least eight hex digits of its id."
                " `ape run pending` lists them."
            )
        matching = [
            operation for operation in known if operation.id.hex().startswith(prefix.removeprefix("0x").lower())
        ]
        if len(matching) != 1:
            what = "No operation begins" if not matching else f"{len(matching)} operations begin"
            raise Unknown(f"{what} with {prefix}: `ape run pending` lists them.")
        picked += matching
    return [operation for operation in known if operation in picked]


def announced(system: System) -> list[tuple[str, bytes]]:
    """All calls that were ever scheduled, targets with calldata, oldest first."""
    return [
        (event.values["target"], event.values["data"])
        for event in _events(system)
        if event.name == "OperationScheduled"
    ]


def _events(system: System) -> list[Event]:
    manager = system.manager
    topics = ["0x" + manager.interface[f"Operation{what}"].hash.hex() for what in ("Scheduled", "Executed", "Canceled")]
    logs = LogReader(system.evm.rpc, manager.address, [topics], system.record.block or 0).read()
    return Receipt(0, logs, 0, None).events(manager)
