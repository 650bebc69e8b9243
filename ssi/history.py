"""What an account did, by the contracts' own events: as the node's logs have them, or an indexer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils import to_bytes, to_checksum_address

from ssi.chain.evm import Deployed, Receipt
from ssi.chain.logs import LogReader
from ssi.indexer import past
from ssi.indexer.client import understood
from ssi.registry.holder import Holder

_HASH = re.compile("0x[0-9a-f]{64}")
# Events of the deployment that are about an account, by the argument that says about whom.
_ABOUT: Mapping[str, Mapping[str, str]] = {
    "router": {"Bought": "payer", "Sold": "seller", "Staked": "payer"},
    "index": {"Minted": "caller", "Redeemed": "owner", "Segregated": "account", "Claimed": "account"},
    "staked": {
        "Deposit": "owner",
        "RedeemRequest": "controller",
        "RequestCancelled": "controller",
        "Withdraw": "owner",
    },
    "points": {"Joined": "account", "Recorded": "account", "Claimed": "account"},
    "locker": {
        "PositionLocked": "owner",
        "PositionUnlockRequested": "owner",
        "PositionUnlockCancelled": "owner",
        "PositionUnlocked": "owner",
        "FeesCollected": "owner",
        "TokensLocked": "owner",
        "TokensUnlockRequested": "owner",
        "TokensUnlockCancelled": "owner",
        "TokensUnlocked": "owner",
    },
    "referrals": {"CodeRegistered": "owner", "Bound": "referee"},
}


@dataclass(frozen=True)
class Happened:
    """One event that is about the account.

    Args:
        contract: the name of the contract in the deployment, such as "MAG7.ssi", "sMAG7.ssi" or "IndexRouter".
        values: the event's arguments by name, as its interface has them.
        time_s: of its block, Unix seconds.
    """

    contract: str
    event: str
    values: dict[str, Any]
    block: int
    log: int
    transaction: str
    time_s: int


def history(holder: Holder, account: str | None = None) -> list[Happened]:
    """Everything that an account did, by default this one, oldest first.

    A purchase by the router is there as `Bought`; the mint within it is the router's, and is not.
    """
    system, who = holder.system, account or holder.account.address
    contracts = _contracts(holder)
    if system.indexer is not None:
        rows = past.happenings(system.indexer, who)
        with understood(system.indexer):
            return [_read(row, contracts[row["contract"]][1]) for row in rows]
    topic = "0x" + who[2:].lower().rjust(64, "0")
    wanted: dict[int, tuple[set[str], set[str]]] = {}
    for kind, contract in contracts.values():
        for name, argument in _ABOUT[kind].items():
            entry = contract.interface[name]
            indexed = [parameter["name"] for parameter in entry.inputs if parameter["indexed"]]
            hashes, addresses = wanted.setdefault(indexed.index(argument), (set(), set()))
            hashes.add("0x" + entry.hash.hex())
            addresses.add(contract.address)

    found: dict[tuple[int, int], Happened] = {}
    by_address = {contract.address.lower(): (name, kind, contract) for name, (kind, contract) in contracts.items()}
    times: dict[int, int] = {}
    for place, (hashes, addresses) in sorted(wanted.items()):
        topics = [sorted(hashes), *[None] * place, topic]
        for log in LogReader(system.evm.rpc, sorted(addresses), topics, system.record.block or 0).read():
            name, kind, contract = by_address[log["address"].lower()]
            block, index = int(log["blockNumber"], 16), int(log["logIndex"], 16)
            (event,) = Receipt(0, [log], block, None).events(contract)
            # Another contract's event may stand at this place for something else.
            if _ABOUT[kind].get(event.name) is None or event.values[_ABOUT[kind][event.name]] != who:
                continue
            if block not in times:
                times[block] = int(system.evm.rpc.call("eth_getBlockByNumber", hex(block), False)["timestamp"], 16)
            found[block, index] = Happened(
                name, event.name, event.values, block, index, log["transactionHash"], times[block]
            )
    return [found[key] for key in sorted(found)]


def _read(row: Mapping[str, Any], contract: Deployed) -> Happened:
    """A row of the indexer as the contract's own event says it."""
    values = {
        each["name"]: _value(each["type"], row["values"][each["name"]])
        for each in contract.interface[row["event"]].inputs
    }
    block, time = int(row["block"]), int(row["time"])
    if not _HASH.fullmatch(row["transaction"]):
        raise ValueError("this is no hash of a transaction")
    return Happened(row["contract"], row["event"], values, block, int(row["log"]), row["transaction"], time)


def _value(kind: str, text: Any) -> Any:
    """An argument that came as JSON."""
    if kind == "address":
        return str(to_checksum_address(text))
    if kind.startswith(("int", "uint")):
        return int(text)
    return to_bytes(hexstr=text) if kind.startswith("bytes") else text


def _contracts(holder: Holder) -> dict[str, tuple[str, Deployed]]:
    """Kind and contract by name."""
    system, record = holder.system, holder.system.record
    found = {"IndexRouter": ("router", system.router), "PointsLedger": ("points", system.points)}
    found |= {"LpLocker": ("locker", system.locker), "ReferralRegistry": ("referrals", system.referrals)}
    found |= {symbol: ("index", system.index(symbol)) for symbol in record.indexes}
    return found | {f"s{symbol}": ("staked", system.staked(symbol)) for symbol in record.staked}
