"""Holders: they mint and redeem in kind, claim what could not be paid, give shares away, and trade through the
router.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ssi.constants import BPS, DAY, MAX, WAD
from tests.stateful.protocol.base import ANY, ProtocolBase
from tests.stateful.protocol.wealth import POOLS, UNISSUED
from tests.stateful.protocol.world import HOLDERS, HOSTILE, REAL
from tests.support.indexes import ANYTHING, unlimited
from tests.support.quirk_tokens import Quirk
from tests.support.trading import trade

PERSON = st.sampled_from((*HOLDERS, "mallory"))
INDEX = st.sampled_from((REAL, HOSTILE))
SHARES = st.one_of(st.integers(1, 10), st.integers(10**15, 10**19), st.integers(10**19, 10**21))
PART = st.integers(0, 1000)
# How the hostile constituent refuses a payment.
REFUSALS = {
    Quirk.FROZEN: "QuirkToken_Frozen", Quirk.FALSE: "SafeERC20FailedOperation",
    Quirk.MOVES_FALSE: "SafeERC20FailedOperation", Quirk.FEE: "IndexToken_ShortDelivery",
}  # fmt: skip


class HolderRules(ProtocolBase):
    """What holders do, Mallory among them."""

    def basket(self, symbol: str) -> list[Any]:
        """The constituents in their order."""
        return [self.w.tokens[name] for name in self.b.indexes[symbol].units]

    def short(self, symbol: str, whole: bool = True) -> bool:
        """Less of the hostile token is there than it owes."""
        model = self.b.indexes[symbol]
        if symbol == REAL or "ODD" not in model.units:
            return False
        unit = model.whole_unit("ODD") if whole else model.unit("ODD", self.now)
        return model.real["ODD"] < unit * model.base // 10**27 + model.segregated("ODD")

    def mint_refused(self, symbol: str, amounts: dict[str, int]) -> str | None:
        """The error that a mint must meet now."""
        if self.b.indexes[symbol].stopped:
            return "IndexToken_MintingStopped"
        if self.short(symbol):
            return "IndexToken_Shortfall"
        small = self.b.quirk == Quirk.FEE and amounts.get("ODD", 0) < 100
        return None if "ODD" not in amounts or small else REFUSALS.get(self.b.quirk)

    def affordable(self, person: str, symbol: str, shares: int) -> int:
        """At most so many that the person can pay for."""
        model = self.b.indexes[symbol]
        for name, amount in model.preview_mint(self.now, shares).items():
            held = self.w.tokens[name].balanceOf(self.accounts[person])
            if amount > held:
                shares = shares * held // amount * 999 // 1000
        return shares

    @rule(person=PERSON, symbol=INDEX, shares=SHARES)
    def mint(self, person: str, symbol: str, shares: int) -> None:
        model, who = self.b.indexes[symbol], self.accounts[person]
        shares = self.affordable(person, symbol, shares)
        if not shares:
            return
        amounts = model.preview_mint(self.now, shares)
        fee = shares * model.mint_fee * self.b.share[symbol] // (BPS - model.mint_fee) // 10**36
        self.document(person, loss=fee)
        self.gain[UNISSUED] = fee + fee // 100
        terms = (shares, who, *unlimited(self.basket(symbol)))
        if (refused := self.mint_refused(symbol, amounts)) is None:
            told = self.ask(self.w.indexes[symbol].mint, *terms, sender=who)
            assert told == list(amounts.values()), "I4 a mint costs what its model says"
        self.expect(refused, self.w.indexes[symbol].mint, *terms, sender=who)

    @rule(person=PERSON, symbol=INDEX, part=PART)
    def redeem(self, person: str, symbol: str, part: int) -> None:
        model, who = self.b.indexes[symbol], self.accounts[person]
        shares = model.balances[person] * part // 1000
        if not shares:
            return
        amounts = model.preview_redeem(self.now, shares)
        self.document(person)
        if self.b.quirk == Quirk.FEE:
            self.document(person, loss=self.value.of("ODD", amounts.get("ODD", 0)) // 100)
        told = self.ask(self.w.indexes[symbol].redeem, shares, who, who, *ANYTHING, sender=who)
        assert told == list(amounts.values()), "I6 a redemption works, and pays what its model says"
        self.act(self.w.indexes[symbol].redeem, shares, who, who, *ANYTHING, sender=who)
        self.met["redemptions with claims"] += self.b.quirk in (Quirk.FROZEN, Quirk.FALSE) and symbol == HOSTILE

    @rule(person=PERSON, part=st.integers(1, 1000))
    def claim(self, person: str, part: int) -> None:
        model, index, who = self.b.indexes[HOSTILE], self.w.indexes[HOSTILE], self.accounts[person]
        owed = model.claims["ODD"].owed(person)
        amount = -(-owed * part // 1000)
        paid = model.shared("ODD", amount, self.now) if owed else 0
        refused = None if owed else "IndexToken_NoClaim"
        if owed and not paid:
            refused = "IndexToken_ClaimUnbacked"
        elif owed and self.b.quirk in (Quirk.FROZEN, Quirk.FALSE):
            refused = REFUSALS[self.b.quirk]
        self.document(person, loss=self.value.of("ODD", paid) // 100 if self.b.quirk == Quirk.FEE else 0)
        done = self.expect(refused, index.claim, self.w.odd, amount if owed else MAX, who, 0, sender=who)
        self.met["claims paid"] += done is not None

    @rule(giver=PERSON, taker=PERSON, symbol=INDEX, part=PART)
    def give(self, giver: str, taker: str, symbol: str, part: int) -> None:
        value = self.b.indexes[symbol].balances[giver] * part // 1000
        self.exchange(giver, taker)
        self.act(self.w.indexes[symbol].transfer, self.accounts[taker], value, sender=self.accounts[giver])

    # ------------------------------------------------------------ the router

    def order(self, symbol: str, person: str, stake: bool = False) -> tuple[Any, ...]:
        """A trade against USDC."""
        index, usdc = self.w.indexes[symbol].address, self.w.tokens["USDC"].address
        return trade(index, usdc, self.accounts[person], self.now + DAY, stake=stake)

    def routed(self, symbol: str) -> bool:
        """Whether the router can trade: the hostile token must let it."""
        model = self.b.indexes[symbol]
        return not (symbol == HOSTILE and (self.b.quirk != Quirk.NONE or self.short(symbol))) and not model.stopped

    @rule(person=PERSON, symbol=INDEX, shares=st.integers(10**16, 10**20), stake=st.booleans())
    def buy(self, person: str, symbol: str, shares: int, stake: bool) -> None:
        who, router = self.accounts[person], self.s.router
        if not self.routed(symbol):
            return
        usdc = self.w.tokens["USDC"]
        quote = self.ask(router.quoteBuy, self.w.indexes[symbol], usdc, shares, sender=who)
        if quote > usdc.balanceOf(who):
            return
        self.exchange(person, POOLS, UNISSUED)
        order = self.order(symbol, person, stake and symbol == REAL)
        paid = self.ask(router.buy, order, shares, quote, sender=who)
        assert paid == quote, "I4 a purchase costs what was quoted"
        self.act(router.buy, order, shares, quote, sender=who)
        self.met["purchases"] += 1

    @rule(person=PERSON, symbol=INDEX, part=PART)
    def sell(self, person: str, symbol: str, part: int) -> None:
        who, router = self.accounts[person], self.s.router
        shares = self.b.indexes[symbol].balances[person] * part // 1000
        if not self.routed(symbol) or shares < 10**15:
            return
        shares = min(shares, 100 * WAD)
        quote = self.ask(router.quoteSell, self.w.indexes[symbol], self.w.tokens["USDC"], shares, sender=who)
        self.exchange(person, POOLS)
        order = self.order(symbol, person)
        assert self.ask(router.sell, order, shares, quote, sender=who) == quote, "I4 a sale brings what was quoted"
        self.act(router.sell, order, shares, quote, sender=who)
        self.met["sales"] += 1

    def holders_may_lose_all(self) -> None:
        """Of the hostile index, by what its constituent does."""
        self.all_may_lose(dict.fromkeys(self.in_index(HOSTILE), ANY))
