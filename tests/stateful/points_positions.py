"""What people do with indexes, stakes, SOSO and liquidity, and what prices do: the part of the points machine below the
ledger. Each action is told to the models.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from copy import deepcopy
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

from eth_utils import keccak, to_checksum_address
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from ssi.chain.evm import Receipt
from ssi.constants import DAY, WAD
from tests.model.index import IndexModel
from tests.model.points import LEAST, SLOTS, ZERO, PointsModel, Sources
from tests.model.staking import VIRTUAL, StakingModel
from tests.support.indexes import unlimited
from tests.support.points import HEARTBEAT
from tests.support.points_system import PointsSystem
from tests.support.reverts import error, reverts

LENGTH = 5 * DAY  # shorter than the week of recording: two epochs can be recorded at a time
PEOPLE = ("alice", "bob", "carol", "dave")
FEEDS = ("T0", "T1", "SOSO", "USD")
TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
LOCKS = ("PositionLocked", "PositionUnlockRequested", "PositionUnlockCancelled")
SIZES = (5000 * WAD, 30 * WAD, WAD // 1000)  # of each person's positions, {share} of the index in them

PERSON = st.sampled_from(PEOPLE)
AMOUNT = st.one_of(st.integers(0, 3), st.integers(10**15, 10**19), st.integers(10**19, 10**22))
PART = st.integers(0, 1000)
TOKEN = st.integers(0, 5)
VAULT = st.integers(2, 4)


class Moment(NamedTuple):
    """What all accounts had in some second, {tok} by token and account; and what staked tokens were worth then,
    {asset/share}.
    """

    holdings: dict[str, dict[str, int]]
    rates: dict[str, Fraction]


class PointsPositions(RuleBasedStateMachine):
    """Two indexes with fees, their staked tokens, staked SOSO, a pool, and four people."""

    world: ClassVar[PointsSystem]
    start: ClassVar[tuple[PointsModel, list[IndexModel], dict[int, StakingModel]]]
    homes: ClassVar[dict[int, str]]  # whose a position is
    met: ClassVar[Counter[str]] = Counter()  # how often rare things happened

    def __init__(self) -> None:
        super().__init__()
        w = self.w = self.world
        self.evm, self.ledger, self.owner = w.evm, w.ledger, w.owner
        self.names = {name: self.evm.account(name) for name in PEOPLE}
        self.snapshot = self.evm.rpc.call("evm_snapshot")
        self.model, self.indexes, self.vaults = deepcopy(self.start)
        self.now = self.evm.now
        # Every token that counts, by what it counts as.
        self.tokens = [*w.indexes, *w.staked, w.staked_soso, w.pool]
        self.locked: dict[int, int] = {}  # {L} of positions
        self.requested: dict[int, int] = {}  # when they mature
        self.moments: dict[int, list[Moment]] = defaultdict(list)
        self.feeds = dict.fromkeys(FEEDS, (10**8, w.genesis))

    def act(self, method: Any, *args: Any, sender: Any = None) -> Receipt:
        """A transaction now, and its events told to the model."""
        self.evm.next_at(self.now)
        receipt: Receipt = method(*args, sender=sender or self.owner)
        known = {token.address.lower(): token.address for token in self.tokens}
        for log in receipt.logs:
            token = known.get(log["address"].lower())
            if token is not None and log["topics"][0] == TRANSFER:
                giver, taker = (to_checksum_address("0x" + topic[-40:]) for topic in log["topics"][1:])
                self.model.transfer(self.now, token, giver, taker, int(log["data"], 16))
        for event in receipt.events(self.w.locker):
            if event.name in LOCKS:
                owner, token_id = event.values["owner"], event.values["tokenId"]
                liquidity = self.locked.setdefault(token_id, event.values.get("liquidity", 0))
                leaves = event.name == "PositionUnlockRequested"
                giver, taker = (owner, ZERO) if leaves else (ZERO, owner)
                self.model.transfer(self.now, self.w.pool.address, giver, taker, liquidity)
        return receipt

    def remember(self, epoch: int) -> None:
        """What all accounts have now, for `epoch`."""
        holdings = {
            name: {who: ledger.balance(who) for who in self.names.values()}
            for name, ledger in self.model.ledgers.items()
        }
        rates = {self.tokens[n].address: self.true_rate(n) for n in self.vaults}
        self.moments[epoch].append(Moment(holdings, rates))

    def true_rate(self, n: int) -> Fraction:
        """{asset/share}, not rounded."""
        vault = self.vaults[n]
        return Fraction(vault.total(self.now) + VIRTUAL, vault.supply + VIRTUAL)

    @property
    def epoch(self) -> int:
        return self.model.epoch(self.now)

    def refused(self, name: str) -> Any:
        return error(self.ledger.interface, f"PointsLedger_{name}")

    # ------------------------------------------------------------ time

    def go(self, seconds: int) -> None:
        """Each epoch's first second is a moment of that epoch and of the one before."""
        then = self.now + seconds
        self.remember(self.epoch)
        while self.model.end(self.epoch) <= then:
            over, self.now = self.epoch, self.model.end(self.epoch)
            self.remember(over)
            for n, vault in self.vaults.items():
                self.model.rate_is(self.now - 1, self.tokens[n].address, vault.rate(self.now))
            self.remember(self.epoch)
        self.now = then
        self.remember(self.epoch)
        self.evm.mine_at(self.now)

    # ------------------------------------------------------------ positions

    def hold(self, person: str, n: int, amount: int) -> None:
        """Buys of an index, or finds of SOSO."""
        if n == 4:
            self.act(self.w.soso.mint, self.names[person], amount)
        elif amount:
            self.act(self.w.indexes[n - 2].mint, amount, self.names[person], *unlimited([self.w.tokens[n - 2]]))
            self.indexes[n - 2].mint(self.now, amount, person)

    def stake(self, person: str, n: int, amount: int) -> bool:
        """Buys and stakes; False where that is not worth a share-wei."""
        if self.vaults[n].shares(self.now, amount) == 0:
            return False
        self.hold(person, n, amount)
        self.act(self.tokens[n].deposit, amount, self.names[person], sender=self.names[person])
        self.vaults[n].deposit(self.now, amount, self.names[person])
        return True

    @rule(person=PERSON, n=TOKEN, amount=AMOUNT)
    def take(self, person: str, n: int, amount: int) -> None:
        """Buys, stakes, or locks liquidity."""
        if n < 2:
            self.hold(person, n + 2, amount)
        elif n < 5:
            self.stake(person, n, amount)
        elif free := [i for i, who in self.homes.items() if who == person and i not in self.locked]:
            self.act(self.w.locker.lockPosition, free[amount % len(free)], sender=self.names[person])

    def weighing(self, person: str) -> list[int]:
        """Positions that are locked and not requested."""
        return [i for i in self.locked if self.homes[i] == person and i not in self.requested]

    @rule(person=PERSON, n=TOKEN, part=PART)
    def leave(self, person: str, n: int, part: int) -> None:
        """Requests to leave; the fees of an index are collected."""
        account = self.names[person]
        if n < 2:
            self.act(self.tokens[n].collectFees)
            self.indexes[n].collect_fees(self.now)
        elif n < 5:
            self.request(person, n, self.vaults[n].balances[account] * part // 1000)
        elif locked := self.weighing(person):
            chosen = locked[part % len(locked)]
            self.act(self.w.locker.requestUnlock, chosen, sender=account)
            self.requested[chosen] = self.now + 14 * DAY

    def request(self, person: str, n: int, shares: int) -> None:
        account = self.names[person]
        if shares:
            self.act(self.tokens[n].requestRedeem, shares, account, account, sender=account)
            self.vaults[n].request_redeem(self.now, shares, account, account, account)
            self.met["the last one left"] += self.vaults[n].supply == 0

    @rule(person=PERSON, n=st.integers(2, 5))
    def come_back(self, person: str, n: int) -> None:
        """Cancels what still cools."""
        account = self.names[person]
        if n < 5:
            cooling = self.vaults[n].pending(self.now, account)[0]
            if self.vaults[n].shares(self.now, cooling):
                self.act(self.tokens[n].cancelRequest, account, sender=account)
                self.vaults[n].cancel(self.now, account, account)
        elif requested := [i for i, at in self.requested.items() if self.homes[i] == person and self.now < at]:
            self.act(self.w.locker.cancelUnlock, requested[0], sender=account)
            del self.requested[requested[0]]

    @rule(person=PERSON, n=st.integers(2, 5))
    def claim_what_has_matured(self, person: str, n: int) -> None:
        account = self.names[person]
        if n < 5:
            if shares := self.vaults[n].claimable(self.now, account)[1]:
                self.act(self.tokens[n].redeem, shares, account, account, sender=account)
                self.vaults[n].redeem(self.now, shares, account, account)
        elif matured := [i for i, at in self.requested.items() if self.homes[i] == person and self.now >= at]:
            self.act(self.w.locker.unlock, matured[0], account, sender=account)
            del self.requested[matured[0]], self.locked[matured[0]]

    @rule(person=PERSON, n=VAULT, amount=AMOUNT)
    def add_rewards(self, person: str, n: int, amount: int) -> None:
        if amount:
            self.hold(person, n, amount)
            self.act(self.tokens[n].addRewards, amount, sender=self.names[person])
            self.vaults[n].add_rewards(self.now, amount)

    def all_leave(self, n: int) -> None:
        for person in PEOPLE:
            self.request(person, n, self.vaults[n].balances[self.names[person]])

    @rule(n=VAULT)
    def out_and_in(self, n: int) -> None:
        """All stakers leave and come back in the same second."""
        self.all_leave(n)
        for person in PEOPLE:
            self.come_back(person, n)

    @rule(giver=PERSON, taker=PERSON, n=st.integers(0, 4), part=PART)
    def transfer(self, giver: str, taker: str, n: int, part: int) -> None:
        owner, to = self.names[giver], self.names[taker]
        value = self.tokens[n].balanceOf(owner) * part // 1000
        self.act(self.tokens[n].transfer, to, value, sender=owner)
        if n >= 2:
            self.vaults[n].transfer(self.now, owner, to, value)

    @rule(person=PERSON, n=st.integers(2, 5), amount=AMOUNT)
    def flash(self, person: str, n: int, amount: int) -> None:
        """In and out within a second."""
        account = self.names[person]
        before = self.ledger.pointsOf(account, self.epoch)
        if n < 5:
            had = self.vaults[n].balances[account]
            if self.stake(person, n, amount):
                self.request(person, n, self.vaults[n].balances[account] - had)
        else:
            others = self.weighing(person)
            self.take(person, n, amount)
            for position in set(self.weighing(person)) - set(others):
                self.act(self.w.locker.requestUnlock, position, sender=account)
                self.requested[position] = self.now + 14 * DAY
        assert self.ledger.pointsOf(account, self.epoch) == before, "P5"

    # ------------------------------------------------------------ prices

    @rule(name=st.sampled_from(FEEDS), answer=st.one_of(st.integers(0, 10), st.integers(10**5, 10**13)))
    def price_is(self, name: str, answer: int) -> None:
        self.price_moves(name, answer)

    def price_moves(self, name: str, answer: int) -> None:
        self.act(self.w.feeds[name].setAnswer, answer, self.now)
        self.feeds[name] = (answer, self.now)

    @rule()
    def feeds_keep_up(self) -> None:
        for name in FEEDS:
            self.price_moves(name, self.feeds[name][0] or 10**8)

    def oracle(self, name: str) -> int | None:
        """D18{USD/whole token}; None where it is too old, or not within the bounds of the route."""
        answer, at = self.feeds[name]
        price = answer * 10**10
        return price if self.now - at <= HEARTBEAT and 10**6 <= price <= 10**24 else None

    def share_price(self, n: int) -> int:
        index, price = self.indexes[n], self.oracle(f"T{n}")
        if price is None:
            return 0
        held = min(index.accounted("T"), index.available("T"))
        return held * price // 10**6 * WAD // index.total_supply(self.now)

    @rule()
    def sample(self) -> None:
        """From any account, as often as it likes."""
        w, prices = self.w, {}
        for n, index in enumerate(w.indexes):
            prices[index.address] = self.share_price(n)
        prices |= {w.soso.address: self.oracle("SOSO") or 0, w.dollar.address: (self.oracle("USD") or 0) * 10**12}
        epoch, slot = self.epoch, self.model.slot(self.now)
        before = self.model.samples[epoch].get(slot)
        missing = self.model.sample(self.now, prices)
        if missing is not None:
            receipt = self.act(w.prices.sample)
            assert receipt.events(w.prices, "SampleTaken")[0].values == {
                "epoch": epoch,
                "slot": slot,
                "missing": missing,
            }
        elif before is None:
            with reverts(error(w.prices.interface, "ReferencePrices_NoPriceFound"), epoch=epoch, slot=slot):
                self.act(w.prices.sample)
        else:
            known = list(before.values()).count(0)
            with reverts(
                error(w.prices.interface, "ReferencePrices_AlreadySampled"), epoch=epoch, slot=slot, missing=known
            ):
                self.act(w.prices.sample)

    @rule(slots=st.integers(1, 2 * LEAST))
    def a_keeper_samples(self, slots: int) -> None:
        """One slot after the other, with feeds that keep up."""
        for _ in range(slots):
            self.feeds_keep_up()
            self.sample()
            self.go(-(-LENGTH // SLOTS))

    @rule(choice=st.integers(0, 3))
    def change_sources(self, choice: int) -> None:
        w = self.w
        pairs = [(index.address, staked.address) for index, staked in zip(w.indexes, w.staked, strict=True)]
        pools, soso = w.model_pools(), (w.staked_soso.address, w.soso.address)
        chosen = (
            Sources(tuple(pairs), soso, pools), Sources(tuple(pairs[:1]), soso, pools),
            Sources((pairs[1], (pairs[0][0], None)), None, pools), Sources(tuple(pairs), soso, ()),
        )[choice]  # fmt: skip
        told = [(index, staked or ZERO) for index, staked in chosen.pairs]
        locker = w.locker if chosen.pools else ZERO
        self.act(w.prices.setSources, [told, chosen.soso[0] if chosen.soso else ZERO, locker, w.referrals])
        self.model.set_sources(self.now, chosen)
