"""What the manager has scheduled, from its own events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from minimainnet.rpc import RpcError
from scripts._lib.catalog import Call, Catalog, Unknown, plain
from scripts._lib.evm import Event, Receipt
from scripts._lib.system import System

# Blocks, more than two months of them. An operation that nobody executed is void a week after its notice.
LOOKBACK = 450_000
# Functions that take tokens from their caller: the Safe makes the call itself, because the manager holds none.
DIRECT = frozenset({"createIndex"})

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
            "operation": plain(self.id), "status": self.status(now), "readyAt": self.ready_at, "expiresAt": self.expires_at,
            "secondsLeft": max(0, self.ready_at - now), "caller": self.caller, "contract": call.contract, "target": call.target,
            "function": call.function, "arguments": plain(call.arguments), "data": plain(call.data),
        }  # fmt: skip


def operations(system: System) -> list[Operation]:
    """Whatever was scheduled and neither executed nor cancelled, oldest first."""
    manager, catalog = system.manager, Catalog(system)
    found: dict[bytes, Operation] = {}
    for event in _events(system):
        values = event.values
        if event.name == "OperationScheduled":
            ready = values["schedule"]
            call = catalog.call(values["target"], values["data"])
            found.pop(values["operationId"], None)
            found[values["operationId"]] = Operation(values["operationId"], values["caller"], call, ready, ready + manager.expiration())
        elif event.name in ("OperationExecuted", "OperationCanceled"):
            found.pop(values["operationId"], None)
    return list(found.values())


def chosen(known: list[Operation], prefixes: tuple[str, ...]) -> list[Operation]:
    """The operations whose ids begin so, in the order in which they were scheduled. Raises Unknown."""
    picked = []
    for prefix in prefixes:
        matching = [operation for operation in known if operation.id.hex().startswith(prefix.removeprefix("0x").lower())]
        if len(matching) != 1:
            what = "No operation begins" if not matching else f"{len(matching)} operations begin"
            raise Unknown(f"{what} with {prefix}: `ape run pending` lists them.")
        picked += matching
    return [operation for operation in known if operation in picked]


def _events(system: System) -> list[Event]:
    manager = system.manager
    last = int(system.evm.rpc.call("eth_blockNumber"), 16)
    topics = ["0x" + manager.interface[f"Operation{what}"].hash.hex() for what in ("Scheduled", "Executed", "Canceled")]
    logs = _logs(system, {"address": manager.address, "topics": [topics]}, max(0, last - LOOKBACK), last)
    return Receipt(0, logs, last, None).events(manager)


def _logs(system: System, query: dict[str, Any], first: int, last: int) -> list[dict[str, Any]]:
    """In two halves where the node refuses so many blocks at once."""
    try:
        found: list[dict[str, Any]] = system.evm.rpc.call("eth_getLogs", {**query, "fromBlock": hex(first), "toBlock": hex(last)})
        return found
    except RpcError:
        if last - first < 100:
            raise
    middle = (first + last) // 2
    return _logs(system, query, first, middle) + _logs(system, query, middle + 1, last)
