"""Thieves: they push pools, trade around others, borrow for a second, give, and play the hostile constituent."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ssi.chain.evm import Reverted
from ssi.constants import BPS, WAD
from tests.stateful.protocol.base import ANY
from tests.stateful.protocol.holders import PART, HolderRules
from tests.stateful.protocol.wealth import POOLS, UNISSUED
from tests.stateful.protocol.world import HOLDERS, HOSTILE, REAL, SHOP
from tests.support.indexes import ANYTHING, unlimited
from tests.support.quirk_tokens import Quirk

QUIRK = st.sampled_from(
    (Quirk.NONE, Quirk.NONE, Quirk.FROZEN, Quirk.FALSE, Quirk.FEE, Quirk.MOVES_FALSE, Quirk.REENTERS, Quirk.REENTERS)
)
PAIRS = ((REAL, "USDC"), ("LINK", "WETH"), ("EIGHT", "WETH"), ("ODD", "WETH"), ("USDC", "WETH"))


class ThiefRules(HolderRules):
    """What Mallory does with her own money, with borrowed money, and as the owner of a constituent."""

    def swap(self, token_in: str, token_out: str, amount: int) -> int:
        """Of Mallory's, in the pool of both. What came out."""
        known = self.w.tokens | self.w.indexes
        thief, market = self.accounts["mallory"], self.w.market
        fee = self.w.fees[frozenset((token_in, token_out))]
        before = known[token_out].balanceOf(thief)
        order = (known[token_in], known[token_out], fee, thief, amount, 0, 0)
        self.act(market.swap_router.exactInputSingle, order, sender=thief)
        return int(known[token_out].balanceOf(thief)) - int(before)

    def purse(self, name: str) -> int:
        """What Mallory has of a token or an index."""
        return int((self.w.tokens | self.w.indexes)[name].balanceOf(self.accounts["mallory"]))

    @rule(pair=st.sampled_from(PAIRS), turned=st.booleans(), part=st.integers(1, 400))
    def push_a_pool(self, pair: tuple[str, str], turned: bool, part: int) -> None:
        token_in, token_out = pair[::-1] if turned else pair
        if "ODD" in pair and self.b.quirk != Quirk.NONE:
            return
        amount = self.purse(token_in) * part // 1000
        if not amount:
            return
        self.exchange("mallory", POOLS)
        self.swap(token_in, token_out, amount)

    @rule(victim=st.sampled_from(HOLDERS), shares=st.integers(WAD, 100 * WAD), part=st.integers(1, 500))
    def sandwich_a_buyer(self, victim: str, shares: int, part: int) -> None:
        """Between the quote and the purchase a pool of the path is pushed; the buyer accepts one percent more."""
        who, router, index = self.accounts[victim], self.s.router, self.w.indexes[REAL]
        usdc = self.w.tokens["USDC"]
        if not self.routed(REAL):
            return
        quote = self.ask(router.quoteBuy, index, usdc, shares, sender=who)
        limit, had = quote * 101 // 100, usdc.balanceOf(who)
        if limit > had:
            return
        self.exchange("mallory", victim, POOLS, UNISSUED)
        got = self.swap("WETH", "LINK", self.purse("WETH") * part // 1000)
        try:
            self.act(router.buy, self.order(REAL, victim), shares, limit, sender=who)
            self.met["sandwiched"] += 1
        except Reverted:
            assert self.ask(router.quoteBuy, index, usdc, shares, sender=who) > limit, "E1 within the limit it buys"
        assert had - usdc.balanceOf(who) <= limit, "E1 a buyer pays no more than they said"
        self.swap("LINK", "WETH", got)

    # ------------------------------------------------------------ borrowed for a second

    @rule(
        symbol=st.sampled_from((REAL, HOSTILE, HOSTILE)),
        shares=st.integers(10 * WAD, 3_000 * WAD),
        acts=st.lists(st.sampled_from(("stake", "distribute", "fees", "push", "give")), min_size=1, max_size=3),
    )
    def borrow_for_a_second(self, symbol: str, shares: int, acts: list[str]) -> None:
        """In kind, with everything that a second allows in between, and given back."""
        model, index, thief = self.b.indexes[symbol], self.w.indexes[symbol], self.accounts["mallory"]
        amounts, lender = model.preview_mint(self.now, shares), self.accounts["lender"]
        if self.b.quirk != Quirk.NONE or self.short(symbol) or model.stopped:
            return
        if any(amount > self.w.tokens[name].balanceOf(lender) for name, amount in amounts.items()):
            return
        for name, amount in amounts.items():
            self.act(self.w.tokens[name].transfer, thief, amount, sender=lender)
        fee = shares * model.mint_fee * self.b.share[symbol] // (BPS - model.mint_fee) // 10**36
        self.document("mallory", loss=fee + fee // 100)
        self.gain[UNISSUED] = fee + fee // 100
        points = self.s.points.pointsOf.call(thief, self.b.points.epoch(self.now), at=self.now)
        self.act(index.mint, shares, thief, *unlimited(self.basket(symbol)), sender=thief)
        for act in acts:
            getattr(self, f"borrowed_{act}")(symbol, shares)
        left = min(shares, model.balances["mallory"])
        self.act(index.redeem, left, thief, thief, *ANYTHING, sender=thief)
        after = self.s.points.pointsOf.call(thief, self.b.points.epoch(self.now), at=self.now)
        assert after <= points, "P5 what comes and goes within a second earns nothing"
        for name, amount in amounts.items():
            self.act(self.w.tokens[name].transfer, lender, amount, sender=thief)
        self.met["borrowed"] += 1

    def borrowed_stake(self, symbol: str, shares: int) -> None:
        """In and out again of the staked token; what is asked back cools."""
        vault, model, thief = self.w.vaults["sMAG7"], self.b.vaults["sMAG7"], self.accounts["mallory"]
        if symbol != REAL or model.pending(self.now, "mallory")[0] or not model.shares(self.now, shares // 10):
            return
        self.act(vault.deposit, shares // 10, thief, sender=thief)
        staked = model.balances["mallory"]
        if staked:
            model.request_redeem(self.now, staked, "mallory", "mallory", "mallory")
            self.act(vault.requestRedeem, staked, thief, thief, sender=thief)

    def borrowed_distribute(self, *_: Any) -> None:
        """The day's fees, while most of the shares are the thief's."""
        if self.refusal(self.s.distributor.distribute, self.w.indexes[REAL], sender=self.accounts["mallory"]) is None:
            self.exchange(UNISSUED, "safe", loss=ANY)
            self.act(self.s.distributor.distribute, self.w.indexes[REAL], sender=self.accounts["mallory"])
            self.b.last_day = self.now // 86_400

    def borrowed_fees(self, *_: Any) -> None:
        """Fees are collected while most of the shares are the thief's."""
        self.exchange(UNISSUED, "safe")
        self.act(self.w.indexes[HOSTILE].collectFees, sender=self.accounts["mallory"])

    def borrowed_push(self, *_: Any) -> None:
        """A pool is pushed and pulled back; its fee is the pool's."""
        self.exchange("mallory", POOLS, loss=ANY)
        self.swap("LINK", "WETH", self.swap("WETH", "LINK", self.purse("WETH") // 20))

    def borrowed_give(self, symbol: str, _: int) -> None:
        """A gift to the index."""
        name = next(iter(self.b.indexes[symbol].units))
        self.gift(symbol, name, min(self.purse(name), 10 ** self.w.decimals[name]))

    # ------------------------------------------------------------ gifts

    def gift(self, symbol: str, name: str, amount: int) -> None:
        """To an index. I5: it moves nothing but the giver's wealth."""
        self.document("mallory", loss=self.value.of(name, amount) + 1)
        index = self.w.indexes[symbol]
        self.act(self.w.tokens[name].transfer, index.address, amount, sender=self.accounts["mallory"])
        self.b.indexes[symbol].real[name] += amount

    @rule(symbol=st.sampled_from((REAL, HOSTILE)), place=st.integers(1, 6), part=st.integers(1, 100))
    def give_to_an_index(self, symbol: str, place: int, part: int) -> None:
        names = [name for name in self.w.constituents[symbol] if name != "ODD"]
        name = names[place % len(names)]
        self.gift(symbol, name, self.purse(name) * part // 10_000)

    @rule(part=st.integers(1, 500))
    def give_to_a_staked_token(self, part: int) -> None:
        """S11: it moves no price and no staker's part."""
        shares = self.b.indexes[REAL].balances["mallory"] * part // 1000
        vault = self.w.vaults["sMAG7"]
        self.document("mallory", loss=shares * self.b.share[REAL] // 10**36 + 1)
        self.act(self.w.indexes[REAL].transfer, vault.address, shares, sender=self.accounts["mallory"])

    # ------------------------------------------------------------ the hostile constituent

    def payloads(self) -> list[tuple[str, bytes]]:
        """Calls into the index that its own constituent makes while it is moved: each must be refused."""
        index, thief, router = self.w.indexes[HOSTILE], self.accounts["mallory"], self.s.router
        mint = (WAD, thief, *unlimited(self.basket(HOSTILE)))
        return [
            (index.address, index.redeem.encode(WAD, thief, self.w.odd.address, *ANYTHING)),
            (index.address, index.mint.encode(*mint)),
            (index.address, index.claim.encode(self.w.odd.address, 1, thief, 0)),
            (index.address, index.collectFees.encode()),
            (router.address, router.sell.encode(self.order(HOSTILE, "mallory"), WAD, 0)),
        ]

    @rule(quirk=QUIRK, payload=st.integers(0, 4))
    def the_token_changes(self, quirk: Quirk, payload: int) -> None:
        self.act(self.w.odd.setQuirk, quirk, sender=self.w.keeper)
        self.act(self.w.odd.setReentry, *self.payloads()[payload], sender=self.w.keeper)
        self.b.quirk = quirk
        self.document("mallory")

    @rule(part=st.integers(1, 700), often=st.integers(0, 3))
    def the_token_takes_from_the_index(self, part: int, often: int) -> None:
        """A part of what the index holds is gone."""
        model = self.b.indexes[HOSTILE]
        amount = model.real["ODD"] * part // 1000
        if often or not amount:
            return
        self.holders_may_lose_all()
        self.lose[UNISSUED] = ANY
        self.act(self.w.odd.burn, self.w.indexes[HOSTILE].address, amount, sender=self.w.keeper)
        model.real["ODD"] -= amount
        self.met["losses"] += 1

    @precondition(lambda self: self.b.quirk == Quirk.NONE)
    @rule(person=st.sampled_from(HOLDERS), part=PART)
    def leave_under_a_frozen_token(self, person: str, part: int) -> None:
        """A claim comes to be, which by chance seldom happens."""
        self.the_token_changes(Quirk.FROZEN, 0)
        self.redeem(person, HOSTILE, part)
        self.the_token_changes(Quirk.NONE, 0)

    @rule(n=st.integers(0, 10))
    def call_what_is_restricted(self, n: int) -> None:
        """The thief plays governor, guardian and rebalancer."""
        s, index, thief = self.s, self.w.indexes[HOSTILE], self.accounts["mallory"]
        calls: list[tuple[Any, ...]] = [
            (index.sync, self.w.odd), (index.setStreamingFee, 0), (index.pauseMinting,), (index.deprecate,),
            (index.setRebalancer, thief), (index.setFeeReceiver, thief), (s.oracle.removeRoute, self.w.odd),
            (s.distributor.setTreasury, thief), (s.rebalancer.cancel, index), (s.locker.removePool, self.w.pool),
            (self.w.vaults["sMAG7"].setCooldown, 0),
        ]  # fmt: skip
        method, *args = calls[n]
        assert self.refusal(method, *args, sender=thief) == "AccessManagedUnauthorized", "G1 only by notice"
        swap = (self.w.tokens[SHOP[1]], 1, self.w.tokens[SHOP[2]], 0, thief, b"")
        assert self.refusal(index.swap, *swap, sender=thief) == "IndexToken_NotRebalancer", "G1 one rebalancer"
