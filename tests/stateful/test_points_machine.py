"""PointsLedger against its integer model, which knows nothing but the history of events. Ids are those of docs/invariants.md."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, ClassVar

import eth_abi
import pytest
from eth_utils import keccak, to_checksum_address
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from scripts._lib.evm import Deployed, Receipt
from tests.model.index import IndexModel
from tests.model.points import BOOST, CLAIMING, HELD, LOCKED, NOBODY, RECORDING, STAKED, PointsModel, Sources, fair_price, staked_price
from tests.support.indexes import CAP, DAILY_FEE, DAY, MAX, MINT_FEE
from tests.support.points import HEARTBEAT, UNIT, WAD, World
from tests.support.reverts import error, reverts

LENGTH = 5 * DAY  # shorter than the week of recording: two epochs can be recorded at a time
PEOPLE = ("alice", "bob", "carol", "dave")
FEEDS = ("T0", "T1", "SOSO", "USD")
TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
RATE_SET = "0x" + keccak(text="RateSet(uint256)").hex()

PERSON = st.sampled_from(PEOPLE)
AMOUNT = st.one_of(st.integers(0, 3), st.integers(10**15, 10**19), st.integers(10**19, 10**22))
LIQUIDITY = st.one_of(st.integers(1, 10), st.integers(10**9, 10**16))
PART = st.integers(0, 1000)
TOKEN = st.integers(0, 5)


class PointsMachine(RuleBasedStateMachine):
    """Two indexes with fees, their staked tokens, staked SOSO, a pool, four people, and all that they do over many epochs."""

    world: ClassVar[World]
    start: ClassVar[tuple[PointsModel, list[IndexModel]]]

    def __init__(self) -> None:
        super().__init__()
        w = self.w = self.world
        self.evm, self.ledger, self.owner = w.evm, w.ledger, w.owner
        self.names = {name: self.evm.account(name) for name in PEOPLE}
        self.snapshot = self.evm.rpc.call("evm_snapshot")
        self.model, self.indexes = deepcopy(self.start)
        self.now = self.evm.now
        # Every token that counts, by what it counts as.
        self.tokens = [*w.indexes, *w.staked, w.staked_soso, w.pool]
        self.rewards = [w.tokens[0], w.dollar]
        self.rates: dict[str, list[tuple[int, int]]] = {token.address: [(0, WAD)] for token in (*w.staked, w.staked_soso)}
        self.feeds = {name: (10**8, w.genesis) for name in FEEDS}
        self.long_sleeps = 0

    def teardown(self) -> None:
        self.every_epoch_is_still_the_definition()
        self.evm.rpc.call("evm_revert", self.snapshot)

    # ------------------------------------------------------------ history

    def act(self, method: Any, *args: Any, sender: Any = None) -> Receipt:
        """A transaction now, and its events told to the model."""
        self.evm.next_at(self.now)
        receipt: Receipt = method(*args, sender=sender or self.owner)
        known = {token.address.lower(): token.address for token in self.tokens}
        for log in receipt.logs:
            token = known.get(log["address"].lower())
            if token is None:
                continue
            if log["topics"][0] == TRANSFER:
                giver, taker = (to_checksum_address("0x" + topic[-40:]) for topic in log["topics"][1:])
                self.model.transfer(self.now, token, giver, taker, int(log["data"], 16))
            elif log["topics"][0] == RATE_SET:
                self.rates[token].append((self.now, eth_abi.decode(["uint256"], bytes.fromhex(log["data"][2:]))[0]))
        return receipt

    @property
    def epoch(self) -> int:
        return self.model.epoch(self.now)

    def refused(self, name: str) -> Any:
        return error(self.ledger.interface, f"PointsLedger_{name}")

    # ------------------------------------------------------------ time

    @rule(data=st.data())
    def time_passes(self, data: st.DataObject) -> None:
        left = self.model.end(self.epoch) - self.now
        kinds = [st.integers(0, 3), st.integers(1, 2 * DAY), st.sampled_from([left - 1, left, left + 1, left + RECORDING])]
        if self.long_sleeps < 2:
            kinds.append(st.sampled_from([8 * LENGTH + 1, RECORDING + CLAIMING + LENGTH]))
        seconds = data.draw(st.one_of(kinds))
        self.long_sleeps += seconds > 3 * LENGTH
        self.now += seconds
        self.evm.mine_at(self.now)

    # ------------------------------------------------------------ positions

    @rule(person=PERSON, n=st.integers(0, 1), shares=AMOUNT)
    def mint_index(self, person: str, n: int, shares: int) -> None:
        if shares:
            self.act(self.w.indexes[n].mint, shares, self.names[person], [MAX])
            self.indexes[n].mint(self.now, shares, person)

    @rule(n=st.integers(0, 1))
    def collect_fees(self, n: int) -> None:
        self.act(self.w.indexes[n].collectFees)
        self.indexes[n].collect_fees(self.now)

    @rule(person=PERSON, n=st.integers(2, 4), amount=AMOUNT)
    def stake(self, person: str, n: int, amount: int) -> None:
        self.act(self.tokens[n].mint, self.names[person], amount)

    @rule(person=PERSON, liquidity=LIQUIDITY)
    def lock(self, person: str, liquidity: int) -> None:
        self.act(self.w.pool.mint, self.names[person], liquidity)

    @rule(person=PERSON, n=st.integers(2, 5), part=PART)
    def leave(self, person: str, n: int, part: int) -> None:
        self.act(self.tokens[n].burn, self.names[person], self.tokens[n].balanceOf(self.names[person]) * part // 1000)

    @rule(giver=PERSON, taker=PERSON, n=TOKEN, part=PART)
    def transfer(self, giver: str, taker: str, n: int, part: int) -> None:
        value = self.tokens[n].balanceOf(self.names[giver]) * part // 1000
        self.act(self.tokens[n].transfer, self.names[taker], value, sender=self.names[giver])

    @rule(person=PERSON, n=st.integers(2, 5), amount=AMOUNT)
    def flash(self, person: str, n: int, amount: int) -> None:
        """In and out within a second."""
        before = [self.ledger.pointsOf(self.names[person], epoch) for epoch in range(max(0, self.epoch - 1), self.epoch + 1)]
        self.evm.mine_at(self.now)
        before = [self.ledger.pointsOf(self.names[person], epoch) for epoch in range(max(0, self.epoch - 1), self.epoch + 1)]
        self.act(self.tokens[n].mint, self.names[person], amount)
        self.act(self.tokens[n].burn, self.names[person], amount)
        after = [self.ledger.pointsOf(self.names[person], epoch) for epoch in range(max(0, self.epoch - 1), self.epoch + 1)]
        assert after == before, "P5"

    # ------------------------------------------------------------ prices

    @rule(name=st.sampled_from(FEEDS), answer=st.one_of(st.integers(0, 10), st.integers(10**5, 10**13)))
    def price_moves(self, name: str, answer: int) -> None:
        self.act(self.w.feeds[name].setAnswer, answer, self.now)
        self.feeds[name] = (answer, self.now)

    @rule()
    def feeds_keep_up(self) -> None:
        for name in FEEDS:
            self.price_moves_to_itself(name)

    def price_moves_to_itself(self, name: str) -> None:
        answer = self.feeds[name][0] or 10**8
        self.act(self.w.feeds[name].setAnswer, answer, self.now)
        self.feeds[name] = (answer, self.now)

    @rule(n=st.integers(2, 4), rate=st.one_of(st.integers(0, 3), st.integers(WAD, 3 * WAD), st.just(2**130)))
    def rate_moves(self, n: int, rate: int) -> None:
        self.act(self.tokens[n].setRate, rate)

    def oracle(self, name: str) -> int | None:
        """D18{USD/whole token}; None where it is too old, or not within the bounds of the route."""
        answer, at = self.feeds[name]
        price = answer * 10**10
        return price if self.now - at <= HEARTBEAT and 10**6 <= price <= 10**24 else None

    def share_price(self, n: int) -> int:
        index, price = self.indexes[n], self.oracle(f"T{n}")
        if price is None:
            return 0
        held = min(index.books("T"), index.available("T"))
        return held * price // 10**6 * WAD // index.total_supply(self.now)

    def rate_at(self, token: Deployed, epoch: int) -> int:
        start = self.model.genesis + epoch * LENGTH
        return max((entry for entry in self.rates[token.address] if entry[0] < start), key=lambda entry: entry[0])[1] if start else WAD

    def find(self, place: int) -> int:
        """The model's prices of one item of the sources; how many are missing."""
        sources, epoch, missing = self.model.sources_of(self.epoch), self.epoch, 0
        if place < len(sources.pairs):
            index, staked = sources.pairs[place]
            n = [token.address for token in self.w.indexes].index(index)
            missing += not self.model.fix(self.now, index, self.share_price(n))
            if staked is not None:
                price = staked_price(self.model.own_price(epoch, index), self.rate_at(self.tokens[2 + n], epoch))
                missing += not self.model.fix(self.now, staked, price)
        elif place == len(sources.pairs):
            if sources.soso is not None:
                price = staked_price(self.oracle("SOSO") or 0, self.rate_at(self.w.staked_soso, epoch))
                missing += not self.model.fix(self.now, sources.soso, price)
        elif sources.pools:
            index = self.w.indexes[0].address
            listed = any(index == known for known, _ in sources.pairs)
            price0 = self.model.own_price(epoch, index) if listed else 0
            missing += not self.model.fix(self.now, sources.pools[0], fair_price(price0, (self.oracle("USD") or 0) * 10**12))
        return missing

    @rule(data=st.data())
    def open(self, data: st.DataObject) -> None:
        """By anybody, all or a part, as often as they like."""
        first, end = data.draw(st.sampled_from([(0, MAX), (0, MAX), (0, 1), (1, 3), (2, 4), (3, MAX)]))
        places = range(first, min(end, len(self.model.sources_of(self.epoch).pairs) + 2))
        sources = self.model.sources_of(self.epoch)
        listed = any(self.w.indexes[0].address == known for known, _ in sources.pairs)
        assert listed or not sources.pools
        missing = sum(self.find(place) for place in places)
        self.evm.next_at(self.now)
        receipt = self.act(self.ledger.openEpochPart, first, end) if (first, end) != (0, MAX) else self.act(self.ledger.openEpoch)
        assert len(receipt.events(self.ledger, "PriceMissing")) == missing

    @rule(choice=st.integers(0, 3))
    def change_sources(self, choice: int) -> None:
        w = self.w
        pairs = [(index.address, staked.address) for index, staked in zip(w.indexes, w.staked, strict=True)]
        pools, soso = (w.pool.address,), w.staked_soso.address
        chosen = (
            Sources(tuple(pairs), soso, pools), Sources(tuple(pairs[:1]), soso, pools),
            Sources((pairs[1], (pairs[0][0], None)), None, pools), Sources(tuple(pairs), soso, ()),
        )[choice]  # fmt: skip
        told = [(index, staked or NOBODY) for index, staked in chosen.pairs]
        locker = w.locker if chosen.pools else NOBODY
        self.act(self.ledger.setSources, [told, chosen.soso or NOBODY, locker, w.referrals])
        self.model.set_sources(self.now, chosen)

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
        account = self.names[person]
        if person != referrer and account not in self.model.referrals:
            self.act(self.w.referrals.bind, account, self.names[referrer])
            self.model.referrals[account] = (self.names[referrer], self.now)

    def recordable(self) -> Iterator[int]:
        """Epochs within their week."""
        return (epoch for epoch in range(max(0, self.epoch - 3), self.epoch) if self.now < self.model.end(epoch) + RECORDING)

    @rule(person=PERSON, back=st.integers(0, 2))
    def record(self, person: str, back: int) -> None:
        epoch, account = max(0, self.epoch - back), self.names[person]
        method = self.ledger.record
        end = self.model.end(epoch)
        if not end <= self.now < end + RECORDING:
            with reverts(self.refused("OutsideWindow"), epoch=epoch, opens=end, closes=end + RECORDING, timestamp=self.now):
                self.act(method, account, epoch)
        elif not self.model.counts(account, epoch):
            with reverts(self.refused("NotJoined"), account=account, epoch=epoch):
                self.act(method, account, epoch)
        elif account in self.model.recorded[epoch]:
            with reverts(self.refused("AlreadyRecorded"), account=account, epoch=epoch):
                self.act(method, account, epoch)
        else:
            self.act(method, account, epoch)
            self.model.record(self.now, account, epoch)

    @rule(people=st.permutations(PEOPLE), size=st.integers(1, len(PEOPLE)))
    def record_many(self, people: list[str], size: int) -> None:
        """In any order, with whoever may not be recorded among them."""
        for epoch in list(self.recordable()):
            accounts = [self.names[person] for person in people[:size]]
            self.act(self.ledger.recordMany, accounts, epoch)
            for account in accounts:
                if self.model.counts(account, epoch) and account not in self.model.recorded[epoch]:
                    self.model.record(self.now, account, epoch)

    # ------------------------------------------------------------ pots

    @rule(ahead=st.integers(0, 1), n=st.integers(0, 1), amount=st.one_of(st.integers(1, 10), st.integers(10**6, 10**30)))
    def fund(self, ahead: int, n: int, amount: int) -> None:
        epoch, token = self.epoch + ahead, self.rewards[n]
        self.act(token.mint, self.owner, amount)
        self.act(self.ledger.fund, epoch, token, amount)
        self.model.fund(epoch, token.address, amount)

    @rule(person=PERSON, n=st.integers(0, 1), data=st.data())
    def claim(self, person: str, n: int, data: st.DataObject) -> None:
        known = sorted({epoch for epoch, _ in self.model.pots} | {0})
        epoch, account, token = data.draw(st.sampled_from(known)), self.names[person], self.rewards[n]
        opens = self.model.end(epoch) + RECORDING
        pot = self.model.pots[epoch, token.address]
        if not opens <= self.now < opens + CLAIMING:
            with reverts(self.refused("OutsideWindow"), epoch=epoch, opens=opens, closes=opens + CLAIMING, timestamp=self.now):
                self.act(self.ledger.claim, epoch, token, sender=account)
            return
        again = account in pot.claimed
        amount = self.model.claim(account, epoch, token.address)
        if amount == 0:
            with reverts(self.refused("AlreadyClaimed" if again else "NothingToClaim"), account=account, epoch=epoch, token=token.address):
                self.act(self.ledger.claim, epoch, token, sender=account)
            return
        before = token.balanceOf(account)
        self.act(self.ledger.claim, epoch, token, sender=account)
        assert token.balanceOf(account) == before + amount, "P1"

    @rule(n=st.integers(0, 1), data=st.data())
    def roll_over(self, n: int, data: st.DataObject) -> None:
        known = sorted({epoch for epoch, _ in self.model.pots} | {0})
        epoch, token = data.draw(st.sampled_from(known)), self.rewards[n]
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

    # ------------------------------------------------------------ invariants

    def compare(self, epochs: range) -> None:
        asked = [(account, epoch) for epoch in epochs for account in self.names.values()]
        for start in range(0, len(asked), 80):
            some = asked[start : start + 80]
            assert self.evm.batch([(self.ledger.pointsOf, pair) for pair in some]) == [
                self.model.points(self.now, *pair) for pair in some
            ], "P7 P11 all points are the definition"  # fmt: skip
            assert self.evm.batch([(self.ledger.recordedPoints, pair) for pair in some]) == [
                self.model.total(*pair) for pair in some
            ], "P8 a function of the set of the recorded"  # fmt: skip
        totals = self.evm.batch([(self.ledger.totalRecorded, [epoch]) for epoch in epochs])
        assert totals == [self.model.sum(epoch) for epoch in epochs], "P8"
        for epoch, total in zip(epochs, totals, strict=True):
            assert total <= sum(self.model.recorded[epoch].values()) * 115 // 100, "P10"

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
        price = self.model.price(epoch, soso) if soso else 0
        assert said.sharesMissing == (-(-missing * WAD // (price * elapsed)) if price * elapsed else 0)
        assert said.counts == self.model.counts(account, epoch)

    @invariant()
    def pots_are_covered(self) -> None:
        for token in self.rewards:
            pots = {epoch: pot for (epoch, name), pot in self.model.pots.items() if name == token.address}
            for epoch, pot in pots.items():
                assert tuple(self.ledger.potOf(epoch, token)) == (pot.funded, pot.paid), "P1"
                assert pot.paid <= pot.funded, "P1"
            assert token.balanceOf(self.ledger.address) == sum(pot.funded - pot.paid for pot in pots.values()), "P1"

    def every_epoch_is_still_the_definition(self) -> None:
        """In the end all of them once more, from the whole history."""
        self.mined()
        self.compare(range(self.epoch + 1))


@pytest.fixture(autouse=True, scope="module")
def world(evm, project):
    """One world for all runs; each restores it."""
    snapshot = evm.rpc.call("evm_snapshot")
    with evm.standstill():
        owner = evm.account("points owner")
        w = World(evm, project, owner, length=LENGTH, daily_fee=DAILY_FEE, mint_fee=MINT_FEE)
        for token in w.tokens:
            token.mint(owner, 10**40, sender=owner)
        for token in (w.tokens[0], w.dollar):
            token.approve(w.ledger, MAX, sender=owner)
        w.tokens[0].approve(w.indexes[0].address, MAX, sender=owner)
        genesis, sources = w.genesis, w.sources()
        model = PointsModel(genesis, LENGTH)
        model.set_sources(genesis, Sources(tuple(sources[0]), w.staked_soso.address, (w.pool.address,)))
        indexes = []
        for index in w.indexes:
            known = IndexModel({"T": UNIT}, DAILY_FEE, MINT_FEE, CAP, genesis, "fees")
            known.mint(genesis, WAD, "owner")
            indexes.append(known)
            model.transfer(genesis, index.address, NOBODY, owner, WAD)
        PointsMachine.world, PointsMachine.start = w, (model, indexes)
        yield
    evm.rpc.call("evm_revert", snapshot)


TestPoints = PointsMachine.TestCase
