"""What a crowd has, read from the logs of its own blocks: whom to let act, and with how much."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from eth_utils import to_checksum_address

from ssi.chain.evm import Deployed, Receipt
from ssi.registry.system import System

# Events that change what a person can do next.
_HEARD = {
    "staked": ("CooldownStarted", "RequestCancelled", "Withdraw"),
    "points": ("Joined", "Recorded", "Claimed"),
    "referrals": ("CodeRegistered", "Bound"),
    "index": ("Segregated", "Claimed"),
    "locker": (
        "PositionLocked", "PositionUnlockRequested", "PositionUnlockCancelled", "PositionUnlocked",
        "TokensLocked", "TokensUnlockRequested", "TokensUnlockCancelled", "TokensUnlocked",
    ),
}  # fmt: skip


class CrowdHoldings:
    """Balances by token and person, exits, locks, who joined. Addresses are checksummed."""

    def __init__(self, system: System) -> None:
        self.balances: dict[tuple[str, str], int] = defaultdict(int)
        self.exits: dict[tuple[str, str], int] = {}  # by vault and person: until when it cools down, Unix seconds
        self.joined: dict[str, None] = {}  # in their order
        self.recorded: dict[int, dict[str, None]] = defaultdict(dict)  # by epoch, in their order
        self.claimed: set[tuple[int, str]] = set()
        self.codes: dict[str, bytes] = {}
        self.bound: set[str] = set()
        self.owed: dict[tuple[str, str, str], None] = {}  # index, token, person
        self.positions: dict[int, tuple[str, int]] = {}  # owner, and when it matures; 0 while it is locked
        self.lps: dict[str, int] = defaultdict(int)
        self.cooling: dict[str, int] = {}  # of LP tokens: when they mature
        self._balances_of: set[str] = set()
        self._heard: dict[tuple[str, str], tuple[Deployed, Callable[[str, dict[str, Any]], None]]] = {}
        heard: list[tuple[str, Deployed]] = [("points", system.points), ("locker", system.locker)]
        heard += [("referrals", system.referrals)]
        heard += [("index", system.index(symbol)) for symbol in system.record.indexes]
        heard += [("staked", system.staked(symbol)) for symbol in system.record.staked]
        for kind, contract in heard:
            if kind in ("index", "staked"):
                self._balances_of.add(contract.address.lower())
                self._transfer = "0x" + contract.interface["Transfer"].hash.hex()
            for name in _HEARD[kind]:
                key = (contract.address.lower(), "0x" + contract.interface[name].hash.hex())
                words = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
                self._heard[key] = contract, getattr(self, f"_{kind}_{words}")

    def read(self, logs: Sequence[dict[str, Any]]) -> None:
        """The logs of one transaction."""
        for log in logs:
            address, topic = log["address"].lower(), log["topics"][0]
            if topic == self._transfer and address in self._balances_of:
                amount, token = int(log["data"], 16), to_checksum_address(address)
                for place, sign in ((1, -1), (2, 1)):
                    person = to_checksum_address("0x" + log["topics"][place][-40:])
                    self.balances[token, person] += sign * amount
            elif (heard := self._heard.get((address, topic))) is not None:
                contract, note = heard
                (event,) = Receipt(0, [log], 0, None).events(contract)
                note(contract.address, event.values)

    # ------------------------------------------------------------ what each event says

    def _staked_cooldown_started(self, vault: str, said: dict[str, Any]) -> None:
        self.exits[vault, said["controller"]] = said["maturesAt"]

    def _staked_request_cancelled(self, vault: str, said: dict[str, Any]) -> None:
        self.exits.pop((vault, said["controller"]), None)

    def _staked_withdraw(self, vault: str, said: dict[str, Any]) -> None:
        self.exits.pop((vault, said["owner"]), None)

    def _points_joined(self, _: str, said: dict[str, Any]) -> None:
        self.joined[said["account"]] = None

    def _points_recorded(self, _: str, said: dict[str, Any]) -> None:
        self.recorded[said["epoch"]][said["account"]] = None

    def _points_claimed(self, _: str, said: dict[str, Any]) -> None:
        self.claimed.add((said["epoch"], said["account"]))

    def _referrals_code_registered(self, _: str, said: dict[str, Any]) -> None:
        self.codes[said["owner"]] = said["code"]

    def _referrals_bound(self, _: str, said: dict[str, Any]) -> None:
        self.bound.add(said["referee"])

    def _index_segregated(self, index: str, said: dict[str, Any]) -> None:
        self.owed[index, said["token"], said["account"]] = None

    def _index_claimed(self, index: str, said: dict[str, Any]) -> None:
        self.owed.pop((index, said["token"], said["account"]), None)

    def _locker_position_locked(self, _: str, said: dict[str, Any]) -> None:
        self.positions[said["tokenId"]] = said["owner"], 0

    def _locker_position_unlock_requested(self, _: str, said: dict[str, Any]) -> None:
        self.positions[said["tokenId"]] = said["owner"], said["maturesAt"]

    _locker_position_unlock_cancelled = _locker_position_locked

    def _locker_position_unlocked(self, _: str, said: dict[str, Any]) -> None:
        self.positions.pop(said["tokenId"])

    def _locker_tokens_locked(self, _: str, said: dict[str, Any]) -> None:
        self.lps[said["owner"]] += said["amount"]

    def _locker_tokens_unlock_requested(self, _: str, said: dict[str, Any]) -> None:
        self.lps[said["owner"]] -= said["amount"]
        self.cooling[said["owner"]] = said["maturesAt"]

    def _locker_tokens_unlock_cancelled(self, _: str, said: dict[str, Any]) -> None:
        self.lps[said["owner"]] += said["amount"]
        self.cooling.pop(said["owner"], None)

    def _locker_tokens_unlocked(self, _: str, said: dict[str, Any]) -> None:
        self.cooling.pop(said["owner"], None)
