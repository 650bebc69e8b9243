"""All actors together, and what by chance seldom happens in a row: a rebalance to its end, a loss that is written off,
an epoch of points, a staker's way out.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ssi.constants import DAY, NOTICE, SLOTS
from tests.model.points import RECORDING
from tests.stateful.protocol.holders import PERSON
from tests.stateful.protocol.keepers import KeeperRules
from tests.stateful.protocol.lockers import LockerRules
from tests.stateful.protocol.rulers import PLANS, RulerRules
from tests.stateful.protocol.stakers import VAULT, StakerRules
from tests.stateful.protocol.thieves import QUIRK, ThiefRules
from tests.stateful.protocol.world import HOLDERS, HOSTILE, PEOPLE
from tests.support.quirk_tokens import Quirk

EVENTS = st.lists(
    st.one_of(
        *[st.tuples(st.just("bid"), st.integers(0, 5), st.integers(100, 1500))] * 3,
        st.tuples(st.just("fill"), st.integers(0, 5)),
        st.tuples(st.just("hours"), st.integers(1, 9)),
        st.tuples(st.just("lie"), st.sampled_from((900, 950, 1000, 1050, 1100))),
        st.tuples(st.just("turn"), QUIRK),
        st.tuples(st.just("leave"), st.sampled_from(HOLDERS), st.integers(1, 1000)),
    ),
    min_size=3,
    max_size=8,
)


class Stories(KeeperRules, LockerRules, RulerRules, StakerRules, ThiefRules):
    """Everything together."""

    def whole(self) -> None:
        """What holds after every step."""
        raise NotImplementedError

    @rule(plan=st.sampled_from(PLANS), first=st.sampled_from((900, 1000, 1000, 1100)), events=EVENTS)
    def a_rebalance(self, plan: tuple[int, ...], first: int, events: list[tuple[Any, ...]]) -> None:
        """From its announcement through its day."""
        if self.rebalance_announced() or self.running():
            return
        self.the_feed_lies(first)
        self.announce_a_rebalance(plan, True)
        self.whole()
        for kind, *terms in events:
            if kind in ("bid", "fill") and self.running() and self.pairs():
                self.bid(*terms, "bidder") if kind == "bid" else self.fill(*terms)
            elif kind == "hours":
                self.wait(terms[0] * DAY // 24)
            elif kind == "lie":
                self.the_feed_lies(*terms)
            elif kind == "turn":
                self.the_token_changes(*terms, 0)
            elif kind == "leave":
                self.redeem(terms[0], HOSTILE, terms[1])
            self.whole()
        for place in range(3):
            if self.running() and self.pairs():
                self.fill(place)
                self.whole()
                self.wait(6 * DAY // 24)

    @precondition(lambda self: not self.b.pending)
    @rule(
        person=st.sampled_from(HOLDERS), part=st.integers(1, 900), lost=st.integers(1, 600), late=st.booleans(),
        vetoed=st.sampled_from((False, False, True)),
    )  # fmt: skip
    def a_loss_is_written_off(self, person: str, part: int, lost: int, late: bool, vetoed: bool) -> None:
        """A holder leaves with a claim, the token takes from the index, and governance writes it off, or the guardian
        vetoes that.
        """
        if self.b.quirk == Quirk.NONE:
            self.leave_under_a_frozen_token(person, part)
            self.whole()
        self.the_token_takes_from_the_index(lost, 0)
        self.whole()
        self.announce_something_else("sync", 0)
        self.wait(NOTICE)
        self.whole()
        if late:
            self.claim(person, 500)
            self.whole()
        for pending in list(self.b.pending):
            (self.veto if vetoed else self.execute)(pending)
        self.whole()
        self.claim(person, 1000)

    @rule(place=st.integers(0, 3), early=st.booleans())
    def a_lock_ends(self, place: int, early: bool) -> None:
        """Asked for, and unlocked in the first second in which it can be, or refused in the one before."""
        self.lock(place)
        self.whole()
        self.ask_to_unlock(place)
        self.whole()
        requested = [position.matures for position in self.b.locker.positions.values() if position.matures > self.now]
        if requested:
            self.wait(min(requested) - self.now - early)
            self.whole()
            self.unlock_or_come_back(place, False)

    @precondition(lambda self: self.b.quirk == Quirk.NONE)
    @rule(payload=st.integers(0, 4), person=st.sampled_from(HOLDERS), shares=st.integers(10**15, 10**19))
    def a_constituent_calls_back(self, payload: int, person: str, shares: int) -> None:
        """While it is moved in and out."""
        self.the_token_changes(Quirk.REENTERS, payload)
        self.whole()
        self.mint(person, HOSTILE, shares)
        self.whole()
        self.redeem(person, HOSTILE, 100)
        self.whole()
        self.the_token_changes(Quirk.NONE, 0)
        self.met["called back"] += 1

    @rule(slots=st.integers(7, 9), dollars=st.integers(1, 10_000), pots=st.booleans())
    def an_epoch_of_points(self, slots: int, dollars: int, pots: bool) -> None:
        """Sampled often enough, ended, recorded for all, and paid out."""
        points = self.b.points
        self.an_epoch_begins()
        self.fund_a_pot("bidder", dollars)
        for _ in range(slots):
            self.sample()
            self.wait(-(-points.length // SLOTS))
        self.whole()
        self.an_epoch_begins()
        self.whole()
        for person in PEOPLE:
            self.record(person)
        if pots:
            self.wait(RECORDING)
            self.whole()
            for person in PEOPLE:
                self.claim_a_pot(person)

    def an_epoch_begins(self) -> None:
        """Its first second."""
        self.wait(self.b.points.end(self.b.points.epoch(self.now)) - self.now)

    @rule(person=PERSON, vault=VAULT, part=st.integers(1, 1000), early=st.booleans())
    def a_way_out(self, person: str, vault: str, part: int, early: bool) -> None:
        """Asked for, and claimed in the first second in which it can be, or refused in the one before."""
        model = self.b.vaults[vault]
        self.ask_to_leave(person, vault, part)
        self.whole()
        if (matures := model.matures(person)) is not None:
            self.wait(max(0, matures - self.now - early))
            self.whole()
            self.take_what_has_matured(person, vault, 1)
