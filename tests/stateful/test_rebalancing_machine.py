"""Rebalances against their integer model: after any events in any order, both agree to the wei.

Ids as in docs/invariants.md.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ssi.chain.evm import Entry
from ssi.constants import DAY, MAX
from ssi.keeper.rebalance import Phase
from tests.model import index as index_model
from tests.model import rebalancing as model
from tests.model.rebalancing import RebalanceProposal, Terms
from tests.support.indexes import ANYTHING
from tests.support.quirk_tokens import Quirk
from tests.support.rebalancing import HEARTBEAT, TERMS, RebalancingWorld
from tests.support.reverts import reverts

USD = 10**8
DECIMALS = (18, 8, 6, 0, 18)
PRICES = (100 * USD, 90_000 * USD, USD, 30 * USD // 100, 25 * USD)
COUNT, HELD = len(DECIMALS), 4

TOKEN = st.integers(0, COUNT - 1)
PERSON = st.sampled_from(("alice", "bob", "carol"))
# A plan leaves some tokens out, so that constituents come and go.
WEIGHTS = st.lists(st.sampled_from((0, 0, 1, 2, 5, 9, 20)), min_size=COUNT, max_size=COUNT).filter(any)
BP_TERMS = st.builds(
    model.Terms,
    st.sampled_from((0, 0, 100, 1000)),
    st.sampled_from((0, 200, 500)),
    st.sampled_from((3600, DAY, DAY, 2 * DAY)),
    st.sampled_from((1, 5, 20, 50, 100)),
    st.sampled_from((1, 50, 500)),
    st.sampled_from((300, 2000, 5000, 5000)),
    st.sampled_from((500, 5000, 5000)),
    st.sampled_from((100, 500, 2500, 2500)),
)
SECONDS = st.sampled_from((0, 1, 600, 3599, 3600, 7200, DAY // 4, DAY // 4, DAY // 3, DAY - 1, DAY, DAY + 1))
# Part per thousand of what can be bid, or an amount in wei.
SIZE = st.one_of(
    st.tuples(st.just("part"), st.integers(1, 1500)),
    st.tuples(st.just("wei"), st.sampled_from((0, 1, 2, 10**6, 10**18, MAX // 2, MAX))),
)


class RebalancingMachine(RuleBasedStateMachine):
    """Five tokens with 18, 8, 6, 0 and 18 decimals, four of them in the index, three people who bid, mint and
    redeem.
    """

    world: ClassVar[Any] = None

    def __init__(self) -> None:
        super().__init__()
        self.w: RebalancingWorld = self.world
        self.evm = self.w.evm
        self.kept = (self.w.model, self.w.usd)
        self.w.model, self.w.usd = deepcopy(self.kept)
        self.snapshot = self.evm.rpc.call("evm_snapshot")
        self.updated = [self.evm.now] * COUNT
        self.lost = Fraction(0)
        self.sold = Fraction(0)
        self.lossy = False
        self.frozen: set[int] = set()
        self.deadline = 0

    def teardown(self) -> None:
        """R7: in any state, it ends, and the next rebalance can be started."""
        m = self.model
        if m.phase_at(self.evm.now) == model.RUNNING:
            self.evm.warp(m.limits.duration)
            assert self.w.rebalancer.status(self.w.index).phase == Phase.EXPIRED, "R7 every rebalance ends"
        self.evm.warp(DAY)
        self.refresh_feeds()
        self.w.set_terms(TERMS)
        if m.sold(self.w.usd) > TERMS.turnover:  # in steps: what is held is the plan
            held = {
                token: units * m.price(token, self.w.usd) * 10**18 // m.value(self.w.usd)
                for token, units in m.index.units.items()
            }
            held[next(iter(held))] += 10**18 - sum(held.values())
            self.w.set_plan(held)
        self.w.start()
        self.evm.rpc.call("evm_revert", self.snapshot)
        self.w.model, self.w.usd = self.kept

    @property
    def model(self) -> model.RebalanceModel:
        return self.w.model

    def stale(self, n: int) -> tuple[Entry, dict[str, Any]] | None:
        """The error of the oracle for a token, if its price is too old."""
        if self.evm.now - self.updated[n] <= HEARTBEAT:
            return None
        inputs = {"token": self.w.tokens[n].address, "source": self.w.feeds[n].address, "updatedAt": self.updated[n]}
        return self.w.oracle.interface["PriceOracle_Stale"], {**inputs, "heartbeat": HEARTBEAT}

    # ------------------------------------------------------------ time and prices

    @rule(
        seconds=st.sampled_from((0, 1, 600, 3599, 3600, 7200, DAY // 3, DAY // 3, DAY // 2, DAY - 1, DAY, DAY + 1)),
        fresh=st.sampled_from((True, True, True, False)),
    )
    def time_passes(self, seconds: int, fresh: bool) -> None:
        self.evm.warp(seconds)
        if fresh:
            self.refresh_feeds()

    def refresh_feeds(self) -> None:
        self.w.refresh()
        self.updated = [self.evm.now] * COUNT

    @rule(n=TOKEN, permille=st.integers(900, 1100))
    def price_moves(self, n: int, permille: int) -> None:
        self.w.set_price(n, max(1, self.w.usd[str(n)] // 10**10 * permille // 1000))
        self.updated[n] = self.evm.now

    # ------------------------------------------------------------ governance

    @rule(parts=WEIGHTS)
    def set_plan(self, parts: list[int]) -> None:
        weights = {str(n): part * 10**18 // sum(parts) for n, part in enumerate(parts) if part}
        weights[next(iter(weights))] += 10**18 - sum(weights.values())
        if self.model.phase_at(self.evm.now) == model.RUNNING:
            running = self.w.rebalancer.status(self.w.index).id
            with reverts(self.w.rebalancer.interface["Rebalancer_Running"], index=self.w.index.address, id=running):
                self.w.set_plan(weights)
            return
        self.w.set_plan(weights)

    @rule(terms=BP_TERMS)
    def set_terms(self, terms: Terms) -> None:
        self.w.set_terms(terms)

    @rule(
        how=st.sampled_from(("now", "now", "now", "now", "early", "late", "unnamed", "price", "target")),
        n=TOKEN,
        permille=st.sampled_from((600, 900, 910, 990, 1010, 1090, 1100, 1600)),
        tolerance=st.sampled_from((0, 100, 1000, 5000)),
    )
    def start(self, how: str, n: int, permille: int, tolerance: int) -> None:
        m, w, now = self.model, self.w, self.evm.now
        proposal = w.proposal(price_tolerance=tolerance, target_tolerance=tolerance)
        if how == "early":
            proposal = replace(proposal, nonce=m.nonce + 1)
        elif how == "late":
            proposal = replace(proposal, latest=now - 1)
        elif how == "unnamed":
            proposal = replace(proposal, prices=dict.fromkeys(proposal.prices, 0))
        elif how == "price":
            proposal = replace(
                proposal, prices={token: price * permille // 1000 for token, price in proposal.prices.items()}
            )
        elif how == "target" and str(n) in proposal.targets:
            proposal.targets[str(n)] = proposal.targets[str(n)] * permille // 1000
        refused = self.refused_start(proposal)
        if refused is not None:
            with reverts(refused[0], **refused[1]):
                w.rebalancer.startRebalance(w.index, w.words(proposal), sender=w.owner)
            return
        preview, allowed = w.rebalancer.previewStart(w.index, [], 0), m.allowed(now)
        assert list(preview.targets) == list(m.preview(w.usd).values()), "R6 the preview is the outcome"
        assert (preview.turnover, preview.allowed) == (m.sold(w.usd), allowed), "R6 the preview is the outcome"
        w.begin(proposal)
        self.lost, self.sold = Fraction(0), Fraction(0)
        assert m.turnover <= min(allowed, m.limits.turnover), "R9 a start sells no more than the terms allow"
        targets = w.rebalancer.targetsOf(w.index)
        assert (targets.tokens, targets.targets) == (preview.tokens, preview.targets), "R6 the preview is the outcome"
        for token, price in zip(preview.tokens, preview.prices, strict=True):
            assert w.rebalancer.referenceOf(w.index, token).price == index_model.round57(price), (
                "R9 the next start compares with it"
            )

    def refused_start(self, proposal: RebalanceProposal) -> tuple[Entry, dict[str, Any]] | None:
        """The error that a start must meet."""
        m, w, known = self.model, self.w, self.w.rebalancer.interface
        stale = next((refused for token in m.tokens() if (refused := self.stale(int(token)))), None)
        try:
            deepcopy(m).start(self.evm.now, proposal, w.usd)
        except model.WrongNonce as error:
            return known["Rebalancer_WrongNonce"], {
                "index": w.index.address,
                "nonce": error.args[0],
                "expected": error.args[1],
            }
        except model.TooLate as error:
            return known["Rebalancer_TooLate"], {"index": w.index.address, "latest": error.args[0]}
        except model.AlreadyRunning:
            return known["Rebalancer_Running"], {"index": w.index.address, "id": w.rebalancer.status(w.index).id}
        except model.NoReference as error:
            token = w.tokens[int(error.args[0])].address
            return stale or (known["Rebalancer_NoReference"], {"token": token})
        except (model.PriceOff, model.TargetOff) as error:
            names = ("token", "price", "expected", "tolerance") if isinstance(error, model.PriceOff) else (
                "token", "target", "expected", "tolerance",
            )  # fmt: skip
            values = (w.tokens[int(error.args[0])].address, *error.args[1:])
            return stale or (known[f"Rebalancer_{type(error).__name__}"], dict(zip(names, values, strict=True)))
        except model.TurnoverTooLarge as error:
            return stale or (
                known["Rebalancer_TurnoverTooLarge"],
                {"turnover": error.args[0], "allowed": error.args[1]},
            )
        return stale

    @rule(rare=st.sampled_from((True, False, False, False)))
    def some_account_ends_it(self, rare: bool) -> None:
        (self.guardian_cancels if rare else self.close)()

    def guardian_cancels(self) -> None:
        if self.model.phase_at(self.evm.now) != model.RUNNING:
            with reverts(self.w.rebalancer.interface["Rebalancer_NotRunning"], index=self.w.index.address):
                self.w.rebalancer.cancel(self.w.index, sender=self.w.owner)
            return
        self.w.rebalancer.cancel(self.w.index, sender=self.w.owner)
        self.model.cancel(self.evm.now)

    def close(self) -> None:
        m, w = self.model, self.w
        if m.phase != model.RUNNING:
            with reverts(w.rebalancer.interface["Rebalancer_NotRunning"], index=w.index.address):
                w.rebalancer.close(w.index, sender=w.people["bob"])
        elif m.phase_at(self.evm.now) == model.RUNNING:
            ends = m.started + m.limits.duration
            with reverts(w.rebalancer.interface["Rebalancer_NotOver"], index=w.index.address, ends=ends):
                w.rebalancer.close(w.index, sender=w.people["bob"])
        else:
            w.rebalancer.close(w.index, sender=w.people["bob"])
            m.phase = model.EXPIRED

    def moved(self, out: int, in_: int) -> tuple[Entry, dict[str, Any]] | None:
        """The error where the price of one in the other has left the band."""
        try:
            self.model.quote(self.evm.now, str(out), str(in_), MAX, self.w.usd)
        except model.PriceMoved as error:
            inputs = {"tokenOut": self.w.tokens[out].address, "tokenIn": self.w.tokens[in_].address}
            names = ("outMoved", "inMoved", "band")
            return self.w.rebalancer.interface["Rebalancer_PriceMoved"], {
                **inputs,
                **dict(zip(names, error.args, strict=True)),
            }
        return None

    # ------------------------------------------------------------ bids

    def pairs(self) -> list[tuple[int, int]]:
        """Pairs that a bid could move something of."""
        names = [str(n) for n in range(COUNT)]
        return [
            (int(a), int(b))
            for a in names
            for b in names
            if a != b and a in self.model.aims and self.model.ceiling(a, b)
        ]

    def refusal(self, out: int, in_: int) -> tuple[Entry, dict[str, Any]] | None:
        """The error that a bid which moves something must meet."""
        index = self.model.index
        for n in (out, in_):
            if index.available(str(n)) < index.accounted(str(n)):
                inputs = {
                    "token": self.w.tokens[n].address,
                    "accounted": index.accounted(str(n)),
                    "available": index.available(str(n)),
                }
                return self.w.index.interface["IndexToken_Shortfall"], inputs
        if self.frozen & {out, in_}:
            return self.w.tokens[out].interface["QuirkToken_Frozen"], {}
        return None

    def size(self, out: int, in_: int, size: tuple[str, int]) -> int:
        kind, number = size
        if kind == "wei":
            return number
        return self.model.quote(self.evm.now, str(out), str(in_), MAX, self.w.usd).out * number // 1000

    def settle(self, person: str, out: int, in_: int, amount: int, limit: int = MAX) -> tuple[int, int]:
        """A bid on both sides, with everything that it must not do."""
        m, w = self.model, self.w
        names = (str(out), str(in_))
        before, units = m.value(w.usd), dict(m.index.units)
        moved = w.bid(person, out, in_, amount, limit)
        ceiling = m.ceiling(*names)
        fill = m.bid(self.evm.now, *names, amount, w.usd, None if limit == MAX else limit)
        assert moved == (fill.out, fill.paid), "R6 outcome and model are one"
        if fill.out:
            self.lost += max(Fraction(0), Fraction(before - m.value(w.usd), 10**18))
            assert self.lost <= m.nav * m.limits.budget // 10_000, "R1 the loss stays in the budget"
            assert m.units(names[0]) >= m.aims[names[0]].target, "R2 nothing is sold past its target"
            gone = units[names[0]] - m.units(names[0])
            self.sold += Fraction(gone * m.price(names[0], {names[0]: m.aims[names[0]].price}), 10**18)
            # A start's price is known to 57 bits.
            assert self.sold * 10_000 <= m.nav * m.turnover * Fraction(2**56 + 1, 2**56) + 1, (
                "R9 a rebalance sells no more than its turnover"
            )
            had = units.get(names[1], 0)
            assert had <= m.units(names[1]) <= ceiling, "R2 nothing is bought past its ceiling"
            # A wei of payment may make up for what rounding had taken from the accounted balance, and what is less than
            # a step of the 57 bits is not seen.
            unseen = (fill.paid - 1) * index_model.RAY // m.index.base < max(1, had >> 56)
            assert had < m.units(names[1]) or unseen, "R2 what is paid is booked"
        return moved

    @rule(person=PERSON, out=TOKEN, in_=TOKEN, size=SIZE)
    def bid_anything(self, person: str, out: int, in_: int, size: tuple[str, int]) -> None:
        self._bid(person, out, in_, size)

    @precondition(lambda self: self.pairs())
    @rule(person=PERSON)
    def bid_for_everything(self, person: str) -> None:
        """One after the other, until nothing is left, the budget is used up, or something is in the way."""
        for out in range(COUNT):
            for in_ in range(COUNT):
                if (out, in_) in self.pairs():
                    self._bid(person, out, in_, ("wei", MAX))

    @precondition(lambda self: self.pairs())
    @rule(person=PERSON, data=st.data(), size=SIZE)
    def bid(self, person: str, data: st.DataObject, size: tuple[str, int]) -> None:
        self._bid(person, *data.draw(st.sampled_from(self.pairs())), size)

    def _bid(self, person: str, out: int, in_: int, size: tuple[str, int]) -> None:
        m, w, now = self.model, self.w, self.evm.now
        able = m.phase_at(now) == model.RUNNING and (out, in_) in self.pairs()
        for refused in (self.stale(out), self.stale(in_), self.moved(out, in_)) if able else ():
            if refused:
                with reverts(refused[0], **refused[1]):
                    w.bid(person, out, in_, MAX)
                with reverts(refused[0], **refused[1]):
                    w.quote(out, in_, MAX)
                return
        amount = self.size(out, in_, size) if able else 10**6
        quoted = w.quote(out, in_, amount)
        fill = m.quote(now, str(out), str(in_), amount, w.usd)
        assert quoted == (fill.out, fill.paid), "R6 quote and model are one"
        refused = self.refusal(out, in_) if fill.out else None
        if refused is not None:
            with reverts(refused[0], **refused[1]):
                w.bid(person, out, in_, amount)
            return
        if fill.out:
            with reverts(w.rebalancer.interface["Rebalancer_PriceTooHigh"], amountIn=fill.paid, limit=fill.paid - 1):
                w.bid(person, out, in_, fill.out, fill.paid - 1)
        self.settle(person, out, in_, amount)

    @precondition(lambda self: self.pairs() and not self.frozen)
    @rule(
        data=st.data(),
        person=PERSON,
        other=PERSON,
        how=st.sampled_from(("bid", "bid", "donate", "mint", "redeem")),
        n=TOKEN,
        part=st.integers(1, 1000),
    )
    def some_bidder_is_first(self, data: st.DataObject, person: str, other: str, how: str, n: int, part: int) -> None:
        """R3: a bid as it was quoted, with the price that was quoted as its limit, after another account did
        something in the same second.
        """
        out, in_ = data.draw(st.sampled_from(self.pairs()))
        if any(self.stale(k) for k in (out, in_)) or self.refusal(out, in_) or self.moved(out, in_):
            return
        wanted, price = self.w.quote(out, in_, MAX)
        if not wanted:
            return
        if how == "bid":
            pair = data.draw(st.sampled_from(self.pairs()))
            if not any(self.stale(k) for k in pair) and not self.refusal(*pair) and not self.moved(*pair):
                self.settle(other, *pair, 1 if part < 300 else wanted * part // 1000)
        elif how == "donate":
            self.donate(n, part)
        elif how == "mint":
            self.mint(other, part * 10**16)
        else:
            self.redeem(other, 1 if part < 300 else part)
        self.settle(person, out, in_, wanted, price)

    # ------------------------------------------------------------ holders and tokens

    @rule(person=PERSON, shares=st.one_of(st.integers(1, 10), st.integers(10**15, 10**21)))
    def mint(self, person: str, shares: int) -> None:
        index = self.model.index
        if any(index.available(name) < index.accounted(name) for name in index.units) or self.frozen:
            return
        try:
            index.preview_mint(self.evm.now, shares)
        except index_model.SupplyCapExceeded:
            return
        self.w.mint(person, shares)

    @rule(person=PERSON, part=st.integers(1, 1000))
    def redeem(self, person: str, part: int) -> None:
        shares = self.model.index.balances[person] * part // 1000
        if shares == 0:
            return
        who = self.w.people[person]
        self.w.index.redeem(shares, who, who, *ANYTHING, sender=who)
        self.model.index.redeem(self.evm.now, shares, person, frozenset(map(str, self.frozen)))

    def donate(self, n: int, amount: int) -> None:
        self.w.tokens[n].mint(self.w.index, amount, sender=self.w.owner)
        self.model.index.real[str(n)] += amount

    def collect_fees(self) -> None:
        self.w.index.collectFees(sender=self.w.owner)
        self.model.index.collect_fees(self.evm.now)

    def lose(self, n: int, part: int) -> None:
        """A constituent takes some of itself away."""
        amount = self.model.index.real[str(n)] * part // 1000
        self.w.tokens[n].burn(self.w.index, amount, sender=self.w.owner)
        self.model.index.real[str(n)] -= amount
        self.lossy = True

    def freeze(self, n: int) -> None:
        self.w.tokens[n].setQuirk(Quirk.NONE if n in self.frozen else Quirk.FROZEN, sender=self.w.owner)
        self.frozen ^= {n}

    @rule(
        how=st.sampled_from(("donate", "fees", "fees", "lose", "freeze", "thaw", "thaw")),
        n=TOKEN,
        amount=st.integers(1, 10**20),
    )
    def something_happens(self, how: str, n: int, amount: int) -> None:
        if how == "donate":
            self.donate(n, amount)
        elif how == "fees":
            self.collect_fees()
        elif how == "lose":
            self.lose(n, amount % 300 + 1)
        elif how == "freeze" or n in self.frozen:
            self.freeze(n)

    # ------------------------------------------------------------ invariants

    @invariant()
    def both_agree(self) -> None:
        self.w.agree()
        names = list(self.model.index.units)
        holdings = self.w.index.holdings()
        index = self.model.index
        assert list(holdings.accounted) == [index.accounted(name) for name in names]
        assert list(holdings.available) == [index.available(name) for name in names]
        if not self.lossy:
            assert all(
                accounted <= there for accounted, there in zip(holdings.accounted, holdings.available, strict=True)
            ), "R5 solvency"

    @invariant()
    def offers_are_what_can_be_bid(self) -> None:
        m, w, now = self.model, self.w, self.evm.now
        offers = {
            (offer.tokenOut, offer.tokenIn): (offer.amountOut, offer.amountIn) for offer in w.rebalancer.bidsOf(w.index)
        }
        expected = {}
        if m.phase_at(now) == model.RUNNING:
            for out, in_ in self.pairs():
                if self.moved(out, in_):
                    continue
                fill = m.quote(now, str(out), str(in_), MAX, w.usd)
                if fill.out and not self.stale(out) and not self.stale(in_):
                    expected[w.tokens[out].address, w.tokens[in_].address] = (fill.out, fill.paid)
        assert offers == expected, "R6 the list of bids is what bids do"

    @invariant()
    def redemption_always_works(self) -> None:
        for person, who in self.w.people.items():
            if shares := self.model.index.balances[person]:
                got = self.w.index.redeem.call(shares, who, who, *ANYTHING, sender=who)
                assert got == list(self.model.index.preview_redeem(self.evm.now, shares).values()), (
                    "R4 redemption always works"
                )


def test_a_rebalance_is_its_model(evm, project, authority, owner):
    world = RebalancingWorld(
        evm, project, authority, owner, DECIMALS, PRICES, HELD, replace(TERMS, premium=50, discount=500, budget=20)
    )
    world.mint("alice", 1000 * 10**18)
    world.set_plan({"0": 4 * 10**17, "1": 3 * 10**17, "2": 2 * 10**17, "4": 10**17})
    world.start()
    RebalancingMachine.world = world
    run_state_machine_as_test(RebalancingMachine)
