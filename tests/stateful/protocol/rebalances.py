"""Bidders, a keeper with the filler, and a feed that lies within its bounds, on the rebalances of the hostile index."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ssi.chain.evm import Reverted
from ssi.constants import DAY, MAX
from tests.model import rebalancing as model
from tests.stateful.protocol.holders import HolderRules
from tests.stateful.protocol.wealth import PARTIES
from tests.stateful.protocol.world import HOSTILE, SHOP
from tests.support.quirk_tokens import Quirk

PLACE = st.integers(0, 5)


class RebalanceRules(HolderRules):
    """What happens while a rebalance runs, and what a feed says meanwhile."""

    def usd(self) -> dict[str, int]:
        """D18 USD of a whole token, as the feeds say."""
        return {name: answer * 10**10 for name, answer in self.b.answers.items()}

    def running(self) -> bool:
        return self.b.rebalance.phase_at(self.now) == model.RUNNING

    def nav(self) -> int:
        """D18 USD of a base share at fair prices, not at what the feeds say."""
        units = self.b.indexes[HOSTILE].units
        return sum(self.value.of(name, unit) for name, unit in units.items())

    def no_more_than_stated(self) -> None:
        """R9: what the rebalance has cost by prices that are right."""
        rebalance, wrong = self.b.rebalance, Fraction(self.b.wrong_at_start, 1000)
        wrong = max(wrong, 1 / wrong) - 1
        limits = rebalance.limits
        band, budget = Fraction(limits.band, 10_000), Fraction(limits.budget, 10_000)
        bound = Fraction(rebalance.turnover, 10_000) * (wrong + band / (1 + band)) + budget * (1 + wrong) * (1 + band)
        lost = 1 - Fraction(self.nav(), self.b.nav_at_start)
        assert lost <= bound, f"R9 {float(lost):.4%} of NAV lost, {float(bound):.4%} stated"
        self.met["lost in a rebalance"] += lost > 0

    @rule(permille=st.sampled_from((900, 950, 970, 1000, 1000, 1030, 1050, 1100)))
    def the_feed_lies(self, permille: int) -> None:
        """That of the hostile token, within the bounds of its route."""
        self.b.liar = permille
        self.b.answers["ODD"] = self.w.answers["ODD"] * permille // 1000
        self.keep_up()

    def pairs(self) -> list[tuple[str, str]]:
        """What could be sold for what."""
        m = self.b.rebalance
        return [(a, b) for a in SHOP for b in SHOP if a != b and a in m.aims and m.ceiling(a, b)]

    def blocked(self, pair: tuple[str, str]) -> str | None:
        """The error that a bid on a pair of the hostile token must meet; empty where it may meet any, or none."""
        if "ODD" not in pair:
            return None
        if self.short(HOSTILE, whole=False):
            return "IndexToken_Shortfall"
        return None if self.b.quirk in (Quirk.NONE, Quirk.REENTERS) else ""

    @precondition(lambda self: self.running() and self.pairs())
    @rule(place=PLACE, part=st.integers(1, 1500), person=st.sampled_from(("bidder", "mallory")))
    def bid(self, place: int, part: int, person: str) -> None:
        m, who = self.b.rebalance, self.accounts[person]
        pair = self.pairs()[place % len(self.pairs())]
        tokens = [self.w.tokens[name] for name in pair]
        terms = (self.w.indexes[HOSTILE], *tokens)
        try:
            fill = m.quote(self.now, *pair, MAX, self.usd())
        except model.PriceMoved:
            told = self.refusal(self.s.rebalancer.quoteBid, *terms, MAX, sender=who)
            assert told == "Rebalancer_PriceMoved", "R9 a price that has left the band stops the bids"
            return
        amount = fill.out * part // 1000
        expected = m.quote(self.now, *pair, amount, self.usd())
        if expected.paid > tokens[1].balanceOf(who):
            return
        order = (*terms, amount, MAX, who, b"")
        blocked = self.blocked(pair) if expected.out else None
        if blocked == "":
            return
        if blocked is None:
            assert tuple(self.ask(self.s.rebalancer.bid, *order, sender=who)) == (expected.out, expected.paid), (
                "R6 a bid is its model's, and R3 no other token stops it"
            )
        self.exchange(*PARTIES)
        if self.expect(blocked, self.s.rebalancer.bid, *order, sender=who) is not None:
            m.bid(self.now, *pair, amount, self.usd())
            self.met["bids"] += expected.out > 0
            self.no_more_than_stated()

    @precondition(lambda self: self.running() and self.pairs())
    @rule(place=PLACE)
    def fill(self, place: int) -> None:
        """Out of the pools, by a keeper without capital."""
        m, keeper = self.b.rebalance, self.w.people["bidder"]
        out, in_ = self.pairs()[place % len(self.pairs())]
        if self.b.quirk != Quirk.NONE or self.blocked((out, in_)):
            return
        fee, token = (3000).to_bytes(3, "big"), {n: bytes.fromhex(t.address[2:]) for n, t in self.w.tokens.items()}
        path = token[in_] + fee + token["WETH"] + fee + token[out]
        order = (self.w.indexes[HOSTILE], self.w.tokens[out], self.w.tokens[in_], MAX, path, 0, keeper)
        try:
            filled, paid, _ = self.ask(self.s.filler.fill, *order, sender=keeper)
        except Reverted:
            return  # the pools do not cover it
        expected = m.quote(self.now, out, in_, MAX, self.usd())
        assert (filled, paid) == (expected.out, expected.paid), "R6 a fill is its model's bid"
        self.exchange(*PARTIES)
        self.act(self.s.filler.fill, *order, sender=keeper)
        m.bid(self.now, out, in_, MAX, self.usd())
        self.no_more_than_stated()
        self.met["fills"] += 1

    @precondition(lambda self: self.running())
    @rule(hours=st.integers(1, 9))
    def the_auction_goes_on(self, hours: int) -> None:
        self.wait(hours * DAY // 24)

    @precondition(lambda self: self.running())
    @rule(rare=st.integers(0, 5))
    def the_guardian_ends_it(self, rare: int) -> None:
        if rare == 0:
            self.act(self.s.rebalancer.cancel, self.w.indexes[HOSTILE], sender=self.w.guardian)
            self.b.rebalance.cancel(self.now)
