"""Lockers: owners of positions in the pool of the real index, locked for points or not."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ssi.constants import MAX, ZERO
from tests.model.locker import COOLDOWN
from tests.stateful.protocol.base import ProtocolBase
from tests.stateful.protocol.wealth import POOLS

HOME = st.integers(0, 3)


class LockerRules(ProtocolBase):
    """What owners of liquidity do."""

    def home(self, place: int) -> tuple[int, str, str]:
        """A position, its owner, and their address."""
        token_id = list(self.w.homes)[place]
        owner = self.w.homes[token_id]
        return token_id, owner, self.accounts[owner]

    def weigh(self, owner: str, token_id: int, sign: int) -> None:
        """Tells the points of locked liquidity."""
        giver, taker = (ZERO, owner) if sign > 0 else (owner, ZERO)
        self.b.points.transfer(self.now, "pool", giver, taker, self.w.liquidity[token_id])

    @rule(place=HOME)
    def lock(self, place: int) -> None:
        token_id, owner, who = self.home(place)
        if token_id in self.b.locker.positions:
            return
        self.document(owner)
        self.act(self.s.locker.lockPosition, token_id, sender=who)
        self.b.locker.lock_position(self.now, owner, "pool", token_id, self.w.liquidity[token_id])
        self.weigh(owner, token_id, 1)

    @rule(place=HOME)
    def ask_to_unlock(self, place: int) -> None:
        token_id, owner, who = self.home(place)
        position = self.b.locker.positions.get(token_id)
        if position is None or position.matures:
            return
        self.document(owner)
        self.act(self.s.locker.requestUnlock, token_id, sender=who)
        self.b.locker.request(self.now, token_id)
        self.weigh(owner, token_id, -1)

    @rule(place=HOME, back=st.booleans())
    def unlock_or_come_back(self, place: int, back: bool) -> None:
        token_id, owner, who = self.home(place)
        position = self.b.locker.positions.get(token_id)
        if position is None or not position.matures:
            return
        self.document(owner)
        ripe = self.now >= position.matures
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

    @rule(place=HOME)
    def collect(self, place: int) -> None:
        token_id, owner, who = self.home(place)
        if token_id not in self.b.locker.positions:
            return
        self.exchange(owner, POOLS)
        self.act(self.s.locker.collect, token_id, who, sender=who)

    @rule(place=HOME)
    def grief_a_locker(self, place: int) -> None:
        """A thief takes what is locked, or its fees."""
        token_id, _, _ = self.home(place)
        if token_id not in self.b.locker.positions:
            return
        thief = self.accounts["mallory"]
        for method, args in (
            (self.s.locker.requestUnlock, (token_id,)), (self.s.locker.cancelUnlock, (token_id,)),
            (self.s.locker.unlock, (token_id, thief)), (self.s.locker.collect, (token_id, thief)),
        ):  # fmt: skip
            told = self.refusal(method, *args, sender=thief, at=self.now + COOLDOWN)
            assert told == "LpLocker_NotAuthorized", "L6 strangers move nothing"

    def withdraw_liquidity(self, place: int) -> None:
        """Out of the pool with all of a position, at the end."""
        token_id, owner, who = self.home(place)
        positions = self.w.market.positions
        self.exchange(owner, POOLS)
        self.act(positions.decreaseLiquidity, (token_id, self.w.liquidity[token_id], 0, 0, MAX), sender=who)
        self.act(positions.collect, (token_id, who, 2**128 - 1, 2**128 - 1), sender=who)
