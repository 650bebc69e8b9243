"""PointsLedger among the real modules, against its integer model, which knows nothing but the history of events.

Indexes, staked tokens, the locker and the registry are the real ones: stand-ins whose rates are set by hand have hidden
what the real ones do together. Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ssi.constants import DAY, MAX, WAD
from tests.model.index import IndexModel
from tests.model.points import (
    BOOST,
    CLAIMING,
    HELD,
    LEAST,
    LOCKED,
    MOST_FOR_RECORDERS,
    RECORDING,
    STAKED,
    ZERO,
    PointsModel,
    Sources,
)
from tests.model.staking import VIRTUAL, StakingModel
from tests.stateful.points_positions import (
    AMOUNT,
    LENGTH,
    PEOPLE,
    PERSON,
    SIZES,
    VAULT,
    Moment,
    PointsPositions,
)
from tests.support.indexes import CAP, DAILY_FEE, MINT_FEE
from tests.support.points import UNIT
from tests.support.points_system import PointsSystem, code_of
from tests.support.reverts import reverts

RECORDER = st.sampled_from((*PEOPLE, "keeper"))


class PointsMachine(PointsPositions):
    """All that four people do over many epochs, and the ledger of their points."""

    def __init__(self) -> None:
        super().__init__()
        self.rewards = [self.w.tokens[0], self.w.dollar]
        self.recorders = {**self.names, "keeper": self.evm.account("points keeper")}
        self.long_sleeps = self.rolled = 0

    def teardown(self) -> None:
        try:
            self.every_epoch_is_still_the_definition()
            self.count()
        finally:
            self.evm.rpc.call("evm_revert", self.snapshot)

    @initialize()
    def people_settle(self) -> None:
        """All people have something of everything in some measure; all but dave have joined, and carol is
        alice's friend.
        """
        for place, person in enumerate(PEOPLE):
            for n in range(6):
                self.take(person, n, 12**place * 10**17 * (5 - n))
            if person != "dave":
                self.join(person)
        for person in ("alice", "bob"):
            self.act(self.w.referrals.register, code_of(person), sender=self.names[person])
        self.bind("carol", "alice")
        self.fund(0, 0, 10**20)

    def count(self) -> None:
        """What this run has met."""
        met, epochs = self.met, range(self.epoch + 1)
        met["epochs"] += len(epochs)
        counted = [
            (e, t.address) for e in epochs for t in self.w.indexes if self.model.asset_price(self.now, e, t.address)
        ]
        met["carried"] += sum(self.model.median(e, token)[1] < LEAST for e, token in counted if e < self.epoch)
        met["boosted"] += sum(
            any(self.model.values(self.now, a, e).boosts()) for e in epochs for a in self.names.values()
        )
        for epoch, records in list(self.model.recorded.items()):
            met["recorded"] += len(records)
            for account, own in records.items():
                met["with a bonus"] += self.model.total(account, epoch) > own
                met["capped"] += self.model.total(account, epoch) >= 2 * own
        met["dear at an epoch's start"] += sum(
            v.rate_at(self.now, e) > 20 * WAD for v in self.vaults.values() for e in epochs
        )
        met["paid"] += sum(len(pot.claimed) for pot in self.model.pots.values())
        met["rolled over"] += self.rolled
        met["recorded by another"] += sum(
            who != by
            for e, records in self.model.recorded.items()
            for who, by in zip(records, self.model.recorders[e], strict=True)
        )

    # ------------------------------------------------------------ time

    @rule(data=st.data())
    def time_passes(self, data: st.DataObject) -> None:
        left = self.model.end(self.epoch) - self.now
        self.go(
            data.draw(
                st.one_of(st.integers(0, 3), st.integers(1, 2 * DAY), st.sampled_from([left - 1, left, left + 1]))
            )
        )

    @rule(
        later=st.sampled_from([0, 1, DAY]),
        lively=st.booleans(),
        sampled=st.booleans(),
        people=st.permutations(PEOPLE),
        done=st.integers(0, 4),
    )
    def the_next_epoch_begins(self, later: int, lively: bool, sampled: bool, people: list[str], done: int) -> None:
        """With or without what a keeper does: feeds, prices, and the first `done` of the people recorded and paid; and
        a new pot.
        """
        if sampled:
            self.a_keeper_samples(LEAST + 1)
        self.fund(1, 0, 10**12)
        self.go(self.model.end(self.epoch) - self.now + later)
        if lively:
            self.feeds_keep_up()
        if done:
            self.record_many(people, done)
            self.claim(people, done)

    @precondition(lambda self: self.long_sleeps < 1)
    @rule(seconds=st.sampled_from([8 * LENGTH + 1, RECORDING + CLAIMING - LENGTH, RECORDING + CLAIMING + LENGTH]))
    def no_keeper_comes_for_long(self, seconds: int) -> None:
        """Afterwards a keeper passes on what the first pots still have."""
        self.long_sleeps += 1
        self.go(seconds)
        for n in range(len(self.rewards)):
            self.roll(0, n)

    # ------------------------------------------------------------ positions

    @rule(
        person=PERSON,
        n=VAULT,
        amount=st.sampled_from([1, 10**6, VIRTUAL, 10**12, WAD]),
        reward=AMOUNT,
        back=st.booleans(),
    )
    def one_is_alone_when_an_epoch_begins(self, person: str, n: int, amount: int, reward: int, back: bool) -> None:
        """With a trifle, and rewards that they have given themselves; out and in at once.

        A keeper samples prices and records all people.
        """
        self.all_leave(n)
        self.stake(person, n, amount)
        self.add_rewards(person, n, reward)
        self.a_keeper_samples(LEAST)
        self.go(self.model.end(self.epoch) - self.now)
        self.feeds_keep_up()
        self.sample()
        if back:
            self.out_and_in(n)
        self.go(3600)
        self.record_many(list(PEOPLE), len(PEOPLE))

    # ------------------------------------------------------------ people

    @rule(person=PERSON)
    def join(self, person: str) -> None:
        account = self.names[person]
        if account in self.model.joined:
            with reverts(self.refused("AlreadyJoined"), account=account):
                self.act(self.ledger.join, sender=account)
            return
        self.act(self.ledger.join, sender=account)
        self.model.joined[account] = self.now

    @rule(person=PERSON, referrer=PERSON)
    def bind(self, person: str, referrer: str) -> None:
        """To who has a code, by who has none or a younger one."""
        account, older = self.names[person], {"alice": (), "bob": ("alice",)}.get(person, ("alice", "bob"))
        if referrer in older and account not in self.model.referrals:
            self.act(self.w.referrals.bind, code_of(referrer), sender=account)
            self.model.referrals[account] = (self.names[referrer], self.now)

    def recordable(self) -> list[int]:
        """Epochs within their week."""
        return [
            epoch for epoch in range(max(0, self.epoch - 3), self.epoch) if self.now < self.model.end(epoch) + RECORDING
        ]

    @precondition(lambda self: bool(self.recordable()))
    @rule(person=PERSON, recorder=RECORDER, data=st.data())
    def record(self, person: str, recorder: str, data: st.DataObject) -> None:
        epoch, account = data.draw(st.sampled_from(self.recordable())), self.names[person]
        by = self.recorders[recorder]
        if not self.model.counts(account, epoch):
            with reverts(self.refused("NotJoined"), account=account, epoch=epoch):
                self.act(self.ledger.record, account, epoch, sender=by)
        elif account in self.model.recorded[epoch]:
            with reverts(self.refused("AlreadyRecorded"), account=account, epoch=epoch):
                self.act(self.ledger.record, account, epoch, sender=by)
        else:
            self.act(self.ledger.record, account, epoch, sender=by)
            self.model.record(self.now, account, epoch, by)

    @rule(people=st.permutations(PEOPLE), size=st.integers(1, len(PEOPLE)), recorder=RECORDER)
    def record_many(self, people: list[str], size: int, recorder: str = "keeper") -> None:
        """In any order, one of them twice, with accounts among them that may not be recorded."""
        for epoch in self.recordable():
            accounts, by = [self.names[person] for person in (*people[:size], people[0])], self.recorders[recorder]
            self.act(self.ledger.recordMany, accounts, epoch, sender=by)
            for account in accounts:
                if self.model.counts(account, epoch) and account not in self.model.recorded[epoch]:
                    self.model.record(self.now, account, epoch, by)

    @precondition(lambda self: bool(self.recordable()))
    @rule(person=PERSON, data=st.data())
    def record_and_claim(self, person: str, data: st.DataObject) -> None:
        """Themselves, in the last epoch, with all that the latest pots owe them."""
        epoch, account = data.draw(st.sampled_from(self.recordable())), self.names[person]
        if not self.model.counts(account, epoch):
            with reverts(self.refused("NotJoined"), account=account, epoch=epoch):
                self.act(self.ledger.recordAndClaim, epoch, [], [], sender=account)
            return
        had = [token.balanceOf(account) for token in self.rewards]
        taken = [(e, name, self.model.claim(account, e, name)) for e, name in self.payable()[-3:]]
        taken = [(e, name, amount) for e, name, amount in taken if amount]
        pots = ([e for e, _, _ in taken], [name for _, name, _ in taken])
        self.act(self.ledger.recordAndClaim, epoch, *pots, sender=account)
        if account not in self.model.recorded[epoch]:
            self.model.record(self.now, account, epoch, account)
        for token, before in zip(self.rewards, had, strict=True):
            amount = sum(paid for _, name, paid in taken if name == token.address)
            assert token.balanceOf(account) == before + amount, "P1"
        self.met["recorded and claimed"] += bool(taken)

    # ------------------------------------------------------------ pots

    @rule(
        ahead=st.integers(0, 1),
        n=st.integers(0, 1),
        amount=st.one_of(st.integers(1, 10), st.integers(10**6, 10**30)),
        bps=st.sampled_from([0, 1, 77, MOST_FOR_RECORDERS]),
    )
    def fund(self, ahead: int, n: int, amount: int, bps: int = MOST_FOR_RECORDERS) -> None:
        epoch, token = self.epoch + ahead, self.rewards[n]
        self.act(token.mint, self.owner, amount)
        self.act(self.ledger.fund, epoch, token, amount, bps)
        self.model.fund(epoch, token.address, amount, bps)

    def payable(self) -> list[tuple[int, str]]:
        """Pots whose claims are open."""
        opens = {key: self.model.end(key[0]) + RECORDING for key in self.model.pots}
        return sorted(key for key, since in opens.items() if since <= self.now < since + CLAIMING)

    @rule(people=st.permutations(PEOPLE), size=st.integers(1, len(PEOPLE)))
    def claim(self, people: list[str], size: int) -> None:
        for epoch, name in self.payable()[-4:]:
            for person in [*people[:size], "keeper"][size % 2 :]:
                self.claim_one(self.recorders[person], epoch, name)

    def claim_one(self, account: str, epoch: int, name: str) -> None:
        again = account in self.model.pots[epoch, name].claimed
        amount = self.model.claim(account, epoch, name)
        assert self.ledger.claimable(account, epoch, name) == amount
        if amount == 0:
            with reverts(
                self.refused("AlreadyClaimed" if again else "NothingToClaim"), account=account, epoch=epoch, token=name
            ):
                self.act(self.ledger.claim, epoch, name, sender=account)
            return
        token = next(token for token in self.rewards if token.address == name)
        before = token.balanceOf(account)
        self.act(self.ledger.claim, epoch, name, sender=account)
        assert token.balanceOf(account) == before + amount, "P1"

    @rule(person=PERSON, n=st.integers(0, 1), back=st.integers(0, 3))
    def too_early_or_too_late(self, person: str, n: int, back: int) -> None:
        epoch, account = max(0, self.epoch - back), self.names[person]
        ends = self.model.end(epoch)
        record = (self.ledger.record, (account, epoch), ends, ends + RECORDING)
        claim = (self.ledger.claim, (epoch, self.rewards[n]), ends + RECORDING, ends + RECORDING + CLAIMING)
        no_pots: list[Any] = []
        both = (self.ledger.recordAndClaim, (epoch, no_pots, no_pots), ends, ends + RECORDING)
        for method, args, opens, closes in (record, both, claim):
            if not opens <= self.now < closes:
                with reverts(
                    self.refused("OutsideWindow"), epoch=epoch, opens=opens, closes=closes, timestamp=self.now
                ):
                    self.act(method, *args, sender=account)

    @rule(n=st.integers(0, 1), data=st.data())
    def roll_over(self, n: int, data: st.DataObject) -> None:
        known = sorted({epoch for epoch, _ in self.model.pots} | {0})
        self.roll(data.draw(st.sampled_from(known)), n)

    def roll(self, epoch: int, n: int) -> None:
        token = self.rewards[n]
        opens, pot = self.model.rolls_from(epoch), self.model.pots[epoch, token.address]
        if self.now < opens:
            with reverts(self.refused("OutsideWindow"), epoch=epoch, opens=opens, closes=MAX, timestamp=self.now):
                self.act(self.ledger.rollOver, epoch, token)
        elif pot.funded == pot.paid:
            with reverts(self.refused("NothingToRollOver"), epoch=epoch, token=token.address):
                self.act(self.ledger.rollOver, epoch, token)
        else:
            self.act(self.ledger.rollOver, epoch, token)
            self.model.roll_over(self.now, epoch, token.address)
            self.rolled += 1

    # ------------------------------------------------------------ invariants

    def compare(self, epochs: range) -> None:
        asked = [(account, epoch) for epoch in epochs for account in self.names.values()]
        for start in range(0, len(asked), 80):
            some = asked[start : start + 80]
            points = self.evm.batch([(self.ledger.pointsOf, pair) for pair in some])
            for (account, epoch), told in zip(some, points, strict=True):
                self.no_more_than_wealth(account, epoch, told)
            assert points == [
                self.model.points(self.now, *pair) for pair in some
            ], "P11 all points are the definition, P7 also of closed epochs"  # fmt: skip
            assert self.evm.batch([(self.ledger.recordedPoints, pair) for pair in some]) == [
                self.model.total(*pair) for pair in some
            ], "P8, P15 a function of the set of the recorded, and of no recorder"  # fmt: skip
        totals = self.evm.batch([(self.ledger.totalRecorded, [epoch]) for epoch in epochs])
        assert totals == [self.model.sum(epoch) for epoch in epochs], "P8"
        for epoch, total in zip(epochs, totals, strict=True):
            assert total <= sum(self.model.recorded[epoch].values()) * 115 // 100, "P10"
            by = self.evm.batch([(self.ledger.pointsRecordedBy, (who, epoch)) for who in self.recorders.values()])
            assert by == [self.model.recorded_by(who, epoch) for who in self.recorders.values()], "P14"
            assert sum(by) == total, "P14 all that was recorded, and no more"

    def dollars(self, moment: Moment, prices: dict[str, int], account: str) -> Fraction:
        """D18{USD} that the account had of the tokens with `prices`: of the asset, where the token is staked."""
        held = {token: moment.holdings[token].get(account, 0) for token in prices.keys() & moment.holdings.keys()}
        return sum(
            (Fraction(held[token] * prices[token], WAD) * moment.rates.get(token, 1) for token in held), Fraction(0)
        )

    def no_more_than_wealth(self, account: str, epoch: int, points: int) -> None:
        """P12: what the ledger says against what the account had in each moment of the epoch, at the epoch's prices and
        the true rates.
        """
        sources, seconds = (
            self.model.sources_of(epoch),
            min(self.now, self.model.end(epoch)) - self.model.end(epoch - 1),
        )
        assets = {token: index for index, staked in sources.pairs for token in (index, staked) if token}
        prices = {token: self.model.asset_price(self.now, epoch, asset) for token, asset in assets.items()}
        prices |= {pool: self.model.price(self.now, epoch, pool) for pool, *_ in sources.pools}
        most = max((self.dollars(moment, prices, account) for moment in self.moments[epoch]), default=Fraction(0))
        pace = float(points * DAY / (seconds * most)) if seconds * most else points
        assert points * DAY <= LOCKED * (1 + BOOST) * seconds * most, (
            f"P12 {pace:,.0f} points a day for each of the most dollars held"
        )
        soso = {sources.soso[0]: self.model.asset_price(self.now, epoch, sources.soso[1])} if sources.soso else {}
        most = max((self.dollars(moment, soso, account) for moment in self.moments[epoch]), default=Fraction(0))
        assert self.model.values(self.now, account, epoch).soso <= seconds * most, (
            "P12 SOSO lifts no more than the most it was worth"
        )

    def mined(self) -> None:
        """Reads are of the latest block's time."""
        if self.evm.now != self.now:
            self.evm.mine_at(self.now)

    @invariant()
    def points_are_the_definition(self) -> None:
        self.mined()
        self.compare(range(max(0, self.epoch - 2), self.epoch + 1))

    @invariant()
    def statements_are_in_range_and_add_up(self) -> None:
        self.mined()
        account, epoch = self.names[PEOPLE[self.now % len(PEOPLE)]], self.epoch
        said, values = self.ledger.statement(account, epoch), self.model.values(self.now, account, epoch)
        boosts = dict(zip(("held", "staked", "locked"), values.boosts(), strict=True))
        for name, base in (("held", HELD), ("staked", STAKED), ("locked", LOCKED)):
            told, value = getattr(said, name), getattr(values, name)
            weighted = base * (value + BOOST * boosts[name])
            expected = weighted * WAD // value if value else base * WAD
            assert tuple(told) == (value // DAY, boosts[name] // DAY, weighted // DAY, expected)
            assert base * WAD <= told.multiplier <= 11 * base * WAD, "P2"
        assert said.points == values.points()
        missing = max(0, values.held + values.staked + values.locked - values.soso)
        assert (said.soso, said.sosoMissing) == (values.soso // DAY, -(-missing // DAY))
        elapsed = min(LENGTH, self.now - self.model.genesis - epoch * LENGTH)
        soso = self.model.sources_of(epoch).soso
        price = self.model.price(self.now, epoch, soso[0]) if soso else 0
        assert said.sharesMissing == (-(-missing * WAD // (price * elapsed)) if price * elapsed else 0)
        assert said.counts == self.model.counts(account, epoch)

    @invariant()
    def pots_are_covered(self) -> None:
        for token in self.rewards:
            pots = {epoch: pot for (epoch, name), pot in self.model.pots.items() if name == token.address}
            for epoch, pot in pots.items():
                assert tuple(self.ledger.potOf(epoch, token)) == (pot.funded, pot.paid), "P1"
                assert pot.paid <= pot.funded, "P1"
                assert self.ledger.recorderPart(epoch, token) == pot.for_recorders, "P14"
                assert 10_000 * pot.for_recorders <= MOST_FOR_RECORDERS * pot.funded, "P14"
                due = [self.model.part(who, epoch, token.address) for who in self.recorders.values()]
                assert sum(due) <= pot.funded, "P14 accounts and recorders together"
            assert token.balanceOf(self.ledger.address) == sum(pot.funded - pot.paid for pot in pots.values()), "P1"

    def every_epoch_is_still_the_definition(self) -> None:
        """P7: in the end all of them once more, from the whole history."""
        self.mined()
        self.compare(range(self.epoch + 1))


def test_points_are_their_model(evm, project):
    owner = evm.account("points owner")
    w = PointsSystem(evm, project, owner, length=LENGTH, daily_fee=DAILY_FEE, mint_fee=MINT_FEE)
    for token in (w.tokens[0], w.dollar):
        token.mint(owner, 10**40, sender=owner)
        token.approve(w.ledger, MAX, sender=owner)
    people = {name: evm.account(name) for name in PEOPLE}
    for account in people.values():
        for vault, asset in zip((*w.staked, w.staked_soso), (*w.indexes, w.soso), strict=True):
            asset.approve(vault, MAX, sender=account)
    homes = {w.position(account, size): name for name, account in people.items() for size in SIZES}

    model = PointsModel(w.genesis, LENGTH)
    model.set_sources(
        w.genesis, Sources(tuple(w.sources()[0]), (w.staked_soso.address, w.soso.address), w.model_pools())
    )
    indexes = []
    for n, index in enumerate(w.indexes):
        known = IndexModel({"T": UNIT}, DAILY_FEE, MINT_FEE, CAP, w.genesis, "fees")
        known.mint(w.genesis, WAD, "owner")
        indexes.append(known)
        model.transfer(w.genesis, index.address, ZERO, owner, WAD)
        if n == 0:
            for size in SIZES * len(PEOPLE):
                known.mint(w.genesis, size, "owner")
    vaults = {n: StakingModel(w.genesis, LENGTH, w.genesis) for n in (2, 3, 4)}
    PointsMachine.world, PointsMachine.start, PointsMachine.homes = w, (model, indexes, vaults), homes
    PointsMachine.met = Counter()
    run_state_machine_as_test(PointsMachine)
    rare = {"capped"}
    assert all(count >= (1 if kind in rare else 5) for kind, count in PointsMachine.met.items()), PointsMachine.met
