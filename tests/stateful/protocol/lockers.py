"""Lockers: owners of positions in the pool of the real index, locked for points or not."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ssi.constants import ZERO
from tests.model.locker import COOLDOWN, Position
from tests.stateful.protocol.base import ProtocolBase
from tests.stateful.protocol.wealth import POOLS

HOME = st.integers(0, 3)


class LockerRules(ProtocolBase):
    """What owners of liquidity do."""

    def chosen(self, place: int, wanted: Callable[[Position | None], bool]) -> tuple[int, str, str] | None:
        """One of the positions that are so, its owner, and their address; `wanted` gets None where it is not locked."""
        found = [token_id for token_id in self.w.homes if wanted(self.b.locker.positions.get(token_id))]
        if not found:
            return None
        token_id = found[place % len(found)]
        owner = self.w.homes[token_id]
        return token_id, owner, self.accounts[owner]

    def weigh(self, owner: str, token_id: int, sign: int) -> None:
        """Tells the points of locked liquidity."""
        giver, taker = (ZERO, owner) if sign > 0 else (owner, ZERO)
        self.b.points.transfer(self.now, "pool", giver, taker, self.w.liquidity[token_id])

    @rule(place=HOME)
    def lock(self, place: int) -> None:
        if (chosen := self.chosen(place, lambda position: position is None)) is None:
            return
        token_id, owner, who = chosen
        self.document(owner)
        self.act(self.s.locker.lockPosition, token_id, sender=who)
        self.b.locker.lock_position(self.now, owner, "pool", token_id, self.w.liquidity[token_id])
        self.weigh(owner, token_id, 1)

    @rule(place=HOME)
    def ask_to_unlock(self, place: int) -> None:
        if (chosen := self.chosen(place, lambda position: position is not None and not position.matures)) is None:
            return
        token_id, owner, who = chosen
        self.document(owner)
        self.act(self.s.locker.requestUnlock, token_id, sender=who)
        self.b.locker.request(self.now, token_id)
        self.weigh(owner, token_id, -1)

    @rule(place=HOME, back=st.booleans())
    def unlock_or_come_back(self, place: int, back: bool) -> None:
        if (chosen := self.chosen(place, lambda position: position is not None and position.matures > 0)) is None:
            return
        token_id, owner, who = chosen
        self.document(owner)
        ripe = self.now >= self.b.locker.positions[token_id].matures
        if back:
            refused = "LpLocker_NothingCooling" if ripe else None
            if self.expect(refused, self.s.locker.cancelUnlock, token_id, sender=who):
                self.b.locker.cancel(self.now, token_id)
                self.weigh(owner, token_id, 1)
            return
        refused = None if ripe else "LpLocker_NotMatured"
        if self.expect(refused, self.s.locker.unlock, token_id, who, sender=who):
            self.b.locker.unlock(self.now, token_id)
            self.met["unlocked"] += 1
        else:
            self.met["unlocked too early"] += 1

    @rule(place=HOME)
    def collect(self, place: int) -> None:
        if (chosen := self.chosen(place, lambda position: position is not None)) is None:
            return
        token_id, owner, who = chosen
        self.exchange(owner, POOLS)
        self.act(self.s.locker.collect, token_id, who, sender=who)

    @rule(place=HOME)
    def grief_a_locker(self, place: int) -> None:
        """A thief takes what is locked, or its fees."""
        if (chosen := self.chosen(place, lambda position: position is not None)) is None:
            return
        token_id, _, _ = chosen
        thief = self.accounts["mallory"]
        for method, args in (
            (self.s.locker.requestUnlock, (token_id,)), (self.s.locker.cancelUnlock, (token_id,)),
            (self.s.locker.unlock, (token_id, thief)), (self.s.locker.collect, (token_id, thief)),
        ):  # fmt: skip
            told = self.refusal(method, *args, sender=thief, at=self.now + COOLDOWN)
            assert told == "LpLocker_NotAuthorized", "L6 strangers move nothing"
