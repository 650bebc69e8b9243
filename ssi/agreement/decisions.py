"""Rebalances, and what governance scheduled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ssi.agreement.sides import Compared, Sides, number
from ssi.constants import WAD

PHASES = ("none", "running", "completed", "halted", "cancelled", "expired")


def rebalances(both: Sides) -> Iterator[Compared]:
    """The last rebalance of every index, and how many there were."""
    rebalancer, rows = both.system.rebalancer, both.rows("rebalance", "index", "id")
    started = Counter(event.values["index"] for _, event, _ in both.events(rebalancer, "RebalanceStarted"))
    for symbol, index in both.indexes.items():
        (said,) = both.ask([(rebalancer.status, (index.address,))])
        mine = {int(id_): row for (address_, id_), row in rows.items() if address_ == index.address}
        yield f"{symbol}/count", started[index.address], len(mine)
        if not said.id:
            continue
        row = mine.get(said.id)
        phase = row and row["phase"]
        over = phase == "running" and int((row or {})["ends"]) <= both.now  # it has expired; no transaction says so
        yield f"{symbol}/{said.id}/phase", PHASES[said.phase], "expired" if over else phase
        yield f"{symbol}/{said.id}/started", said.started, number(row, "started_at")
        yield f"{symbol}/{said.id}/ends", said.ends, number(row, "ends")
        # D27 {USD/base share} in events and rows; the status says it as a part of NAV, D18, rounded up.
        cost, nav = number(row, "cost"), number(row, "nav")
        yield f"{symbol}/{said.id}/cost", said.cost, None if cost is None or not nav else -(-cost * WAD // nav)


def operations(both: Sides) -> Iterator[Compared]:
    """Every call that was ever scheduled: how often, and whether it waits now."""
    manager = both.system.manager
    ids = dict.fromkeys(event.values["operationId"] for _, event, _ in both.events(manager, "OperationScheduled"))
    last: dict[bytes, dict[str, Any]] = {}
    for row in sorted(both.rows("operation", "id", "nonce").values(), key=lambda row: int(row["nonce"])):
        last[bytes.fromhex(row["id"][2:])] = row
    ids |= dict.fromkeys(last)
    answers = both.ask([(manager.getNonce, (id_,)) for id_ in ids] + [(manager.getSchedule, (id_,)) for id_ in ids])
    (expiration,) = both.ask([(manager.expiration, ())])
    for place, id_ in enumerate(ids):
        row_ = last.get(id_)
        waits = row_ is not None and row_["status"] == "scheduled" and int(row_["ready_at"]) + expiration > both.now
        yield f"0x{id_.hex()}/nonce", answers[place], number(row_, "nonce") or 0
        yield f"0x{id_.hex()}/readyAt", answers[len(ids) + place], int(row_["ready_at"]) if row_ and waits else 0
