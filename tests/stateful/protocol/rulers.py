"""Signers, who announce and execute after the notice, and the guardian, who vetoes and stops."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import eth_abi
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ssi.chain.evm import Deployed
from ssi.constants import DAY, NOTICE
from tests.model import rebalancing as model
from tests.model.index import IndexRefused
from tests.stateful.protocol.books import Announcement
from tests.stateful.protocol.rebalances import RebalanceRules
from tests.stateful.protocol.world import HOSTILE, REAL, SHOP

VOID = 7 * DAY  # after the notice an announcement that is not executed is void
# Weights in hundredths: of ODD, EIGHT, SIX. What has none leaves.
PLANS = ((40, 30, 30), (20, 40, 40), (60, 20, 20), (0, 50, 50), (50, 50, 0), (30, 60, 10), (25, 25, 50))
NAMES = {"AlreadyRunning": "Running"}


class RulerRules(RebalanceRules):
    """What the two multisigs do."""

    def target(self, name: str) -> Deployed:
        """A governed contract by name."""
        known = {"rebalancer": self.s.rebalancer, HOSTILE: self.w.indexes[HOSTILE], REAL: self.w.indexes[REAL]}
        return known.get(name) or self.w.vaults[name]

    def announce(self, target: str, data: bytes, kind: str, *arguments: Any) -> bool:
        """False where the very same is announced already."""
        if any((p.target, p.data) == (target, data) for p in self.b.pending):
            return False
        self.act(self.s.manager.schedule, self.target(target), data, 0, sender=self.w.safe)
        self.b.pending.append(Announcement(target, data, kind, arguments, self.now + NOTICE))
        return True

    @rule(plan=st.sampled_from(PLANS), at_once=st.sampled_from((True, True, True, False)))
    def announce_a_rebalance(self, plan: tuple[int, ...], at_once: bool) -> None:
        """A plan, and its start by the prices of now; after the notice both happen, or wait for another rule."""
        weights = {name: part * 10**16 for name, part in zip(SHOP, plan, strict=True) if part}
        index, rebalancer = self.w.indexes[HOSTILE], self.s.rebalancer
        if self.rebalance_announced():
            return
        parameters = eth_abi.encode(["uint256[]"], [list(weights.values())])
        tokens = [self.w.tokens[name] for name in weights]
        method = self.s.record.contracts["FixedWeights"]
        self.announce(
            "rebalancer", rebalancer.setMethodology.encode(index, method, tokens, parameters), "plan", weights
        )
        then = deepcopy(self.b.rebalance)
        then.plan, then.nonce = weights, then.nonce + 1
        usd, late = self.usd(), self.now + NOTICE + VOID
        proposal = model.RebalanceProposal(then.nonce, late, 1000, 1000, usd, then.preview(usd))
        lists = ([of[token] for token in then.tokens()] for of in (proposal.prices, proposal.targets))
        start = rebalancer.startRebalance.encode(index, (then.nonce, late, 1000, 1000, *lists, 0))
        self.announce("rebalancer", start, "start", proposal)
        if at_once:
            self.wait(NOTICE)
            for pending in [p for p in self.b.pending if p.kind in ("plan", "start")]:
                self.execute(pending)

    def rebalance_announced(self) -> bool:
        return any(pending.kind in ("plan", "start") for pending in self.b.pending)

    @rule(kind=st.sampled_from(("sync", "sync", "fee", "cooldown", "unpause")), number=st.integers(0, 14))
    def announce_something_else(self, kind: str, number: int) -> None:
        index = self.w.indexes[HOSTILE]
        if kind == "sync":
            self.announce(HOSTILE, index.sync.encode(self.w.odd), kind)
        elif kind == "fee":
            self.announce(HOSTILE, index.setStreamingFee.encode(number * 9 * 10**12), kind, number * 9 * 10**12)
        elif kind == "cooldown":
            call = self.w.vaults["sMAG7"].setCooldown.encode(number * DAY)
            self.announce("sMAG7", call, kind, number * DAY)
        else:
            stopped = [symbol for symbol, known in self.b.indexes.items() if known.stopped]
            for symbol in stopped:
                self.announce(symbol, index.unpauseMinting.encode(), kind, symbol)

    @precondition(lambda self: self.b.pending)
    @rule(place=st.integers(0, 3), wait=st.booleans(), veto=st.sampled_from((True, False, False)))
    def settle_what_is_announced(self, place: int, wait: bool, veto: bool) -> None:
        pending = self.b.pending[place % len(self.b.pending)]
        if wait and not veto:
            self.wait(max(0, pending.ready - self.now))
        (self.veto if veto else self.execute)(pending)

    # ------------------------------------------------------------ execution and veto

    def call_refused(self, pending: Announcement) -> str | None:
        """The error that the call meets now, sent by the governor."""
        method = self.of(self.target(pending.target), self._function(pending))
        arguments = list(method.entry.arguments(pending.data[4:]).values())
        return self.refusal(method, *arguments, sender=self.w.safe)

    def _function(self, pending: Announcement) -> str:
        entries = self.target(pending.target).interface.entries.values()
        return next(e.signature for e in entries if e.kind == "function" and e.hash[:4] == pending.data[:4])

    def execute(self, pending: Announcement) -> None:
        """Too early, too late, refused by the contract, or done; what is not done is vetoed unless it is early."""
        if self.now < pending.ready:
            assert self.call_refused(pending) == "AccessManagerNotReady", "G1 nothing before its notice"
            return
        if self.now >= pending.ready + VOID:
            assert self.call_refused(pending) == "AccessManagerExpired", "G1 nothing after its time"
            self.veto(pending)
            return
        if pending.kind == "sync" and not self.short(HOSTILE, whole=False):
            self.veto(pending)
            return
        refused = self.model_refuses(pending)
        if refused is not None:
            assert self.call_refused(pending) == refused, pending.kind
            self.veto(pending)
            return
        self.at_now()
        self.hear(self.evm.send(self.w.safe, self.target(pending.target), pending.data).logs)
        self.b.pending.remove(pending)
        self.met[pending.kind] += 1

    def model_refuses(self, pending: Announcement) -> str | None:
        """Does it in the model; or the error that the contract must meet."""
        b, rebalance = self.b, self.b.rebalance
        if pending.kind == "plan":
            if self.running():
                return "Rebalancer_Running"
            rebalance.plan, rebalance.nonce = dict(pending.arguments[0]), rebalance.nonce + 1
        elif pending.kind == "start":
            self.keep_up()
            try:
                rebalance.start(self.now, pending.arguments[0], self.usd())
            except IndexRefused as refused:
                kind = type(refused).__name__
                return f"Rebalancer_{NAMES.get(kind, kind)}"
            b.wrong_at_start, b.nav_at_start = b.liar, self.nav()
        elif pending.kind == "sync":
            before = self.nav()
            b.indexes[HOSTILE].sync(self.now, "ODD")
            b.nav_at_start = b.nav_at_start * self.nav() // before  # a written-off loss is no loss of a rebalance
        elif pending.kind == "fee":
            b.indexes[HOSTILE].set_streaming_fee(self.now, pending.arguments[0])
        elif pending.kind == "unpause":
            b.indexes[pending.arguments[0]].stopped = False
        else:
            try:
                b.vaults["sMAG7"].set_cooldown(self.now, pending.arguments[0])
            except IndexRefused as refused:
                return f"StakedToken_{type(refused).__name__}"
        return None

    def veto(self, pending: Announcement) -> None:
        """G3: the guardian cancels it, and it cannot happen any more."""
        target = self.target(pending.target)
        self.act(self.s.manager.cancel, self.w.safe, target, pending.data, sender=self.w.guardian)
        assert self.call_refused(pending) == "AccessManagerNotScheduled", "G3 what is vetoed does not happen"
        self.b.pending.remove(pending)
        self.met["vetoes"] += 1

    def every_veto_works(self, place: int) -> None:
        """One of the announcements, in turn."""
        if self.b.pending:
            pending = self.b.pending[place % len(self.b.pending)]
            terms = (self.w.safe, self.target(pending.target), pending.data)
            assert self.refusal(self.s.manager.cancel, *terms, sender=self.w.guardian) is None, (
                "G3 the veto is complete"
            )

    @rule(symbol=st.sampled_from((REAL, HOSTILE)), rare=st.integers(0, 9))
    def the_guardian_stops_minting(self, symbol: str, rare: int) -> None:
        if rare == 0 and not self.b.indexes[symbol].stopped:
            self.act(self.w.indexes[symbol].pauseMinting, sender=self.w.guardian)
            self.b.indexes[symbol].stopped = True
