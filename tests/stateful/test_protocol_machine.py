"""The whole deployed protocol at once: all actors, all modules, and what must hold after every step of any of them.

Ids are those of docs/invariants.md. `tests/stateful/protocol` has the rules, one file for each kind of actor.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from ssi.constants import DAY, MAX_COOLDOWN, WAD
from ssi.registry.system import System
from tests.model.points import BOOST, LOCKED
from tests.model.rebalancing import RUNNING
from tests.stateful.machine import ChainMachine
from tests.stateful.protocol.base import MARK, ProtocolBase
from tests.stateful.protocol.books import opening
from tests.stateful.protocol.stories import Stories
from tests.stateful.protocol.wealth import POOLS, Valuer, fixed_reads
from tests.stateful.protocol.world import HOSTILE, PEOPLE, REAL, ProtocolWorld
from tests.support.indexes import ANYTHING
from tests.support.quirk_tokens import Quirk

pytestmark = pytest.mark.minimainnet  # people begin with more of each token than the pools of the real one sell

# What all runs together must have met.
OFTEN = (
    "bids", "borrowed", "called back", "claims paid", "distributions", "exits", "fills", "lost in a rebalance",
    "losses", "points", "pots", "purchases", "records", "redemptions with claims", "reorganisations", "sales",
    "samples", "sandwiched", "start", "sync", "unlocked", "unlocked too early", "vetoes",
)  # fmt: skip


class ProtocolMachine(Stories):
    """All rules, and what must hold after each."""

    @initialize()
    def people_settle(self) -> None:
        """Stakes, locks, and all but Carol have joined."""
        self.whole()
        for person in PEOPLE:
            if person != "carol":
                self.act(self.s.points.join, sender=self.accounts[person])
                self.b.points.joined[person] = self.now
        self.stake("alice", "sMAG7", 300)
        self.stake("bob", "sMAG7", 200)
        self.stake("alice", "sSOSO", 10)
        self.lock(0)
        self.lock(1)

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # else a rule or an invariant has failed
                self.all_leave()
        finally:
            super().teardown()

    # ------------------------------------------------------------ reorganisations

    @precondition(lambda self: self.marks)
    @rule(marks=st.integers(1, 3))
    def reorganisation(self, marks: int) -> None:
        """The last steps have never happened."""
        self.go_back(min(marks, len(self.marks)))
        self.met["reorganisations"] += 1

    # ------------------------------------------------------------ after every step

    @invariant()
    def whole(self) -> None:
        """Reads everything once, and asks all of it."""
        if self.evm.now != self.now:
            self.evm.mine_at(self.now)
        self.b.now = self.now
        seen = self.reads.read()
        self.indexes_are_their_models(seen)
        self.staked_tokens_are_their_models(seen)
        self.locks_are_their_model(seen)
        self.rooms_between_are_empty(seen)
        share = {symbol: self.value.share(seen, self.b, symbol) for symbol in self.w.indexes}
        wealth = self.value.wealth(seen, self.b, share)
        if self.b.wealth:
            self.check_document(wealth)
        self.b.first = self.b.first or wealth
        self.b.wealth, self.b.share = wealth, share
        self.forget_document()
        self.remember()
        self.steps += 1
        person = PEOPLE[self.steps % len(PEOPLE)]
        self.points_are_bounded(person)
        self.every_veto_works(self.steps)
        self.leaving_works(person)
        if self.steps % MARK == 0:
            self.mark()

    def indexes_are_their_models(self, seen: dict[Any, Any]) -> None:
        for symbol, m in self.b.indexes.items():
            basket = seen["basket", symbol]
            tokens = [self.w.tokens[name].address for name in m.units]
            assert list(basket.tokens) == tokens, "X3 the basket is its model's"
            assert list(basket.units) == [m.unit(name, self.now) for name in m.units], "X3 units are their model's"
            assert (basket.base, seen["multiplier", symbol]) == (m.base, m.multiplier(self.now)), "X3 the books too"
            assert seen["totalSupply", symbol] == m.total_supply(self.now), "I7 time alone"
            assert seen["issuedSupply", symbol] == m.issued <= seen["totalSupply", symbol], "I1 no share too many"
            for name in self.w.constituents[symbol]:
                real, segregated = seen["real", symbol, name], seen["segregated", symbol, name]
                assert segregated == m.segregated(name), "I3 claims are their model's"
                assert real == m.real[name], f"X3 {name} comes and goes as the model says"
                assert name == "ODD" or real >= m.accounted(name, self.now) + segregated, "I1 solvency"
            for who in self.accounts:
                assert seen["shares", symbol, who] == m.balances[who], "X3 shares are their model's"
        claims = self.b.indexes[HOSTILE].claims["ODD"]
        assert all(seen["claim", "ODD", who] == claims.owed(who) for who in self.accounts), "I3 each claim"

    def staked_tokens_are_their_models(self, seen: dict[Any, Any]) -> None:
        for name, m in self.b.vaults.items():
            figures = tuple(seen[figure, name] for figure in ("totalAssets", "issuedSupply", "unvestedRewards"))
            assert figures == (m.total(self.now), m.supply, m.unvested(self.now)), "X3 a staked token is its model"
            assert seen["real", name] >= m.staked + m.cooling, "S1 it holds what it owes"
            assert seen["assetsSetAside", name] >= m.cooling, "S2 what cools is set aside"
            for who in self.accounts:
                assert seen["staked", name, who] == m.balances[who], "X3 stakes are their model's"
                assert seen["exit", name, who] == m.exit_of(self.now, who), "S5 exits are their model's"

    def locks_are_their_model(self, seen: dict[Any, Any]) -> None:
        locker = int(self.s.locker.address, 16)
        for token_id in self.w.homes:
            held = seen["home", token_id] == locker
            assert held == (token_id in self.b.locker.positions), "L4 the locker holds what is locked"
        for who in self.accounts:
            assert seen["locked", who] == self.b.locker.weight(who, "pool"), "L2 as recorded"

    def rooms_between_are_empty(self, seen: dict[Any, Any]) -> None:
        for contract in ("router", "filler", "rebalancer"):
            left = [key for key, amount in seen.items() if key[0] == contract and amount]
            assert not left, f"I9 {contract} keeps nothing: {left}"
        assert not any(seen["allowed by the filler", name] for name in self.w.shop), "X4 no allowance is left"
        assert not seen["reentered"], "X4 a constituent does not get back in while it is moved"
        pots = self.b.points.pots.values()
        assert seen["pots"] == sum(pot.funded - pot.paid for pot in pots), "P1 the ledger holds what pots owe"
        m, status = self.b.rebalance, seen["status"]
        if m.running is not None:
            assert (status.phase == 1) == (m.phase_at(self.now) == RUNNING), "X3 a rebalance is its model"
            assert (status.surplus, status.deficit) == (len(m.selling), len(m.buying)), "X3 and what it wants"
            assert status.cost <= status.budget, "R1 the budget holds"

    def points_are_bounded(self, person: str) -> None:
        """Those of the running epoch, and once it is over of the last one."""
        points, now = self.b.points, self.now
        for epoch in {points.epoch(now), max(0, points.epoch(now) - 1)}:
            told = self.s.points.pointsOf.call(self.accounts[person], epoch, at=now)
            assert told == points.points(now, person, epoch), "P11 points are the definition"
            share, pool = points.asset_price(now, epoch, REAL), points.price(now, epoch, "pool")
            most = max(
                ((h.held + h.staked) * share + h.locked * pool for h in self.b.moments[person, epoch]), default=0
            )
            seconds = min(now, points.end(epoch)) - points.end(epoch - 1)
            assert told * DAY * WAD <= LOCKED * (1 + BOOST) * seconds * most, "P12 points are bounded by wealth"
            self.met["points"] += told > 0

    # ------------------------------------------------------------ all can leave

    def leaving_works(self, person: str) -> None:
        """One person in each step, by calls that change nothing."""
        who = self.accounts[person]
        for symbol, m in self.b.indexes.items():
            if shares := m.balances[person]:
                paid = self.ask(self.w.indexes[symbol].redeem, shares, who, who, *ANYTHING, sender=who)
                assert paid == list(m.preview_redeem(self.now, shares).values()), "I6 redemption always works"
        for name, vault in self.b.vaults.items():
            if shares := vault.balances[person]:
                refused = self.refusal(self.w.vaults[name].requestRedeem, shares, who, who, sender=who)
                assert refused is None, "S9 every staker can leave"
            if shares := vault.claimable(self.now, person)[1]:
                refused = self.refusal(self.w.vaults[name].redeem, shares, who, who, sender=who)
                assert refused is None, "S9 and claim what has matured"
        for token_id, position in self.b.locker.positions.items():
            if position.owner == person:
                leave = self.s.locker.unlock if position.matures else self.s.locker.requestUnlock
                at = max(self.now, position.matures)
                args = (token_id, who) if position.matures else (token_id,)
                assert self.refusal(leave, *args, sender=who, at=at) is None, "L4 every owner can leave"

    def all_leave(self) -> None:
        """At the end, one after the other, down to the last; and what they are left with is what they were said to
        have.
        """
        if self.b.quirk != Quirk.NONE:
            self.the_token_changes(Quirk.NONE, 0)
        for _ in self.w.homes:
            self.ask_to_unlock(0)
        for person in PEOPLE:
            for vault in self.b.vaults:
                self.ask_to_leave(person, vault, 1000)
                self.whole()
        self.wait(MAX_COOLDOWN)
        self.whole()
        for person in PEOPLE:
            for vault in self.b.vaults:
                if self.b.vaults[vault].claimable(self.now, person)[1]:
                    self.take_what_has_matured(person, vault, 1)
            for symbol in self.w.indexes:
                self.redeem(person, symbol, 1000)
            if self.b.indexes[HOSTILE].preview_claim("ODD", person, self.now):
                self.claim(person, 1000)
            self.whole()
        for _ in self.w.homes:
            self.unlock_or_come_back(0, False)
        self.whole()
        for m in self.b.vaults.values():
            assert (m.supply, m.cooling) == (0, 0), "S9 down to the last"
        assert not self.b.locker.positions, "L4 down to the last"
        for party, usd in self.b.wealth.items():
            most = self.b.first[party] + self.b.documented[party] + self.steps * self.value.crumbs
            assert usd <= most, "X1 no party ends with more than what is documented"
        gone = [m.balances[person] for m in self.b.indexes.values() for person in PEOPLE]
        assert not any(gone), "I6 down to the last"


@pytest.fixture
def world(system: System, project: Any) -> Iterator[ProtocolWorld]:
    """Built, and known to the machine."""
    world = ProtocolWorld(system, project)
    ProtocolBase.world, ProtocolBase.opened = world, opening(world)
    ProtocolBase.reads, ProtocolBase.value = fixed_reads(world), Valuer(world)
    ProtocolBase.met = Counter()
    yield world
    world.close()


@pytest.mark.usefixtures("world")
def test_the_protocol_is_whole_after_every_step():
    run_state_machine_as_test(ProtocolMachine)
    assert all(ProtocolBase.met[kind] for kind in OFTEN), ProtocolBase.met


def test_the_machine_notices_a_cent(world):
    """X1 and X2: what moves without a document, or beside it, and gifts out of nowhere."""
    machine, people, nowhere = ProtocolMachine(), world.people, world.keeper
    machine.people_settle()
    machine.whole()
    usdc, eight, six = (world.tokens[name] for name in ("USDC", "EIGHT", "SIX"))

    def steal() -> None:
        usdc.transfer(people["mallory"], 10_000, sender=people["alice"])

    def gain_beside_an_own_step() -> None:
        machine.document("mallory")
        eight.mint(people["mallory"], 1, sender=nowhere)

    def gain_beside_an_exchange() -> None:
        machine.exchange("mallory", POOLS)
        six.mint(people["mallory"], 10_000, sender=nowhere)

    def take_from_a_staker() -> None:
        machine.b.vaults["sMAG7"].balances["bob"] -= 1

    for step, notices in (
        (steal, "X2 alice"), (gain_beside_an_own_step, "X1 mallory"), (gain_beside_an_exchange, "X1 an exchange"),
        (take_from_a_staker, "X3"),
    ):  # fmt: skip
        books = deepcopy(machine.b)
        with world.evm.isolated():
            step()
            with pytest.raises(AssertionError, match=notices):
                machine.whole()
        machine.b = books
        machine.forget_document()
    machine.whole()
    ChainMachine.teardown(machine)
