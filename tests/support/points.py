"""A points ledger and everything that it reads: real indexes and a real oracle, staked tokens, a locker and referrals
to order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from ssi.chain.evm import Deployed, Evm, Receipt
from ssi.constants import DAY, MAX, WAD, ZERO
from tests.model.points import LEAST, SLOTS
from tests.support.indexes import new_index, unlimited
from tests.support.prices import leg

DOLLARS = 1000 * WAD  # D18 USD, and shares of the indexes at birth
UNIT = 10**15  # D27{tok/base} of a token of six decimals: one whole token a share. 10^27 would not fit in 57 bits.
WEEK = 7 * DAY
HEARTBEAT = 7 * DAY


def new_ledger(evm: Evm, project: Any, authority: Any, prices: Any, router: Any, sender: str) -> Deployed:
    """A ledger behind its proxy."""
    implementation = evm.deploy(project.PointsLedger, sender=sender)
    start = implementation.initialize.encode(authority, prices, router)
    return evm.at(project.PointsLedger, evm.deploy(project.ProtocolProxy, implementation, start, sender=sender).address)


class ReferralsMode(IntEnum):
    """As in contracts/mocks/ReferralsMock.sol."""

    HONEST, REFUSING, GREEDY = range(3)


@dataclass
class PointsWorld:
    """Two indexes, or as many as told, of $1 a share, without fees unless told, each staked at the rate one; SOSO at
    $1; and a pool of the first index with a dollar of six decimals.

    `owner` governs without delay. `router` is an account that may tell of purchases.
    """

    evm: Evm
    project: Any
    owner: str
    length: int = 28 * DAY
    daily_fee: int = 0
    mint_fee: int = 0
    count: int = 2
    indexes: list[Deployed] = field(default_factory=list)
    staked: list[Deployed] = field(default_factory=list)
    feeds: dict[str, Deployed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        deploy, project, owner = self.evm.deploy, self.project, self.owner
        self.genesis = self.evm.now
        self.router = self.evm.account("router")
        self.authority = deploy(project.ProtocolManager, owner, sender=owner)
        self.oracle = deploy(project.PriceOracle, self.authority, ZERO, 0, sender=owner)
        self.tokens = [self.token(f"T{n}", 6) for n in range(self.count)]
        self.soso, self.dollar = self.token("SOSO", 18), self.token("USD", 6)
        for n in range(self.count):
            self.add_index(n)
        self.staked_soso = self.new_staked(self.soso)
        self.add_locker()
        self.referrals = self.new_referrals()
        self.prices = deploy(
            project.ReferencePrices, self.authority, self.oracle, self.genesis, self.length, sender=owner
        )
        self.ledger = new_ledger(self.evm, project, self.authority, self.prices, self.router, owner)
        self.prices.setSources(self.sources(), sender=owner)

    # ------------------------------------------------------------ building

    def token(self, name: str, decimals: int) -> Deployed:
        """A plain token with a price of $1."""
        token = self.evm.deploy(self.project.PlainToken, name, name, decimals, sender=self.owner)
        self.feeds[name] = self.evm.deploy(self.project.MockAggregator, name, 8, 10**8, sender=self.owner)
        self.oracle.setRoute(token, [leg(self.feeds[name], HEARTBEAT, 10**6, 10**24)], sender=self.owner)
        return token

    def add_index(self, n: int) -> None:
        """Over one token, with a first share for the owner."""
        terms = {
            "dailyFee": self.daily_fee,
            "mintFee": self.mint_fee,
            "epochGenesis": self.genesis,
            "epochLength": self.length,
        }
        token = self.tokens[n]
        index = new_index(self.evm, self.project, self.authority, [token], [UNIT], self.owner, **terms)
        token.approve(index.address, MAX, sender=self.owner)
        self.indexes.append(index)
        self.hold(self.owner, WAD, n)
        self.staked.append(self.new_staked(index))

    def new_staked(self, asset: Any) -> Deployed:
        return self.evm.deploy(self.project.StakedMock, asset, self.genesis, self.length, sender=self.owner)

    def add_locker(self) -> None:
        """With one pool."""
        self.locker = self.evm.deploy(self.project.LockerMock, sender=self.owner)
        self.pool = self.evm.deploy(self.project.TimeWeightedMock, self.genesis, self.length, sender=self.owner)
        self.locker.addPool(self.pool, self.indexes[0], self.dollar, sender=self.owner)

    def new_referrals(self) -> Deployed:
        return self.evm.deploy(self.project.ReferralsMock, sender=self.owner)

    def sources(self, **changes: Any) -> list[Any]:
        """What the ledger takes; `changes` replace members of it."""
        pairs = [(index.address, staked.address) for index, staked in zip(self.indexes, self.staked, strict=True)]
        known = {"pairs": pairs, "staked_soso": self.staked_soso, "locker": self.locker, "referrals": self.referrals}
        return list({**known, **changes}.values())

    def model_pools(self) -> tuple[tuple[str, str, str], ...]:
        """As the model takes them."""
        return ((self.pool.address, self.indexes[0].address, self.dollar.address),)

    # ------------------------------------------------------------ people

    def hold(self, person: str, amount: int, n: int = 0) -> None:
        """Gives a person {share} of an index."""
        self.tokens[n].mint(self.owner, 2 * amount + WAD, sender=self.owner)
        self.indexes[n].mint(amount, person, *unlimited([self.tokens[n]]), sender=self.owner)

    def stake(self, person: str, amount: int, n: int = 0) -> None:
        """Gives a person {share} of a staked index."""
        self.staked[n].mint(person, amount, sender=self.owner)

    def boost(self, person: str, amount: int) -> None:
        """Gives a person {share} of staked SOSO."""
        self.staked_soso.mint(person, amount, sender=self.owner)

    def lock(self, person: str, dollars: int) -> None:
        """Gives a person locked liquidity worth that many dollars, half of them in the index."""
        self.pool.mint(person, dollars * 10**12 // 2, sender=self.owner)

    def join(self, *people: str) -> None:
        for person in people:
            self.ledger.join(sender=person)

    # ------------------------------------------------------------ time

    @property
    def epoch(self) -> int:
        """The running one."""
        return (self.evm.now - self.genesis) // self.length

    def end(self, epoch: int) -> int:
        """The second in which the next one begins."""
        return self.genesis + (epoch + 1) * self.length

    def go(self, timestamp: int) -> None:
        """Lets time pass until then, with feeds that keep up."""
        self.evm.mine_at(timestamp)
        self.refresh()

    def refresh(self) -> None:
        for name, feed in self.feeds.items():
            feed.setAnswer(self.answer(name), self.evm.now, sender=self.owner)

    def answer(self, name: str) -> int:
        """D8{USD} that the feed says."""
        _, answer, *_ = self.feeds[name].latestRoundData()
        return int(answer)

    def set_price(self, name: str, dollars: float) -> None:
        self.feeds[name].setAnswer(round(dollars * 10**8), self.evm.now, sender=self.owner)

    def slot_start(self, epoch: int, slot: int) -> int:
        """The first second of a slot."""
        return self.genesis + epoch * self.length + -(-slot * self.length // SLOTS)

    def sample(self) -> Receipt:
        """The running slot's."""
        receipt: Receipt = self.prices.sample(sender=self.owner)
        return receipt

    def sample_slots(self, count: int) -> None:
        """Those that come, each in its first second, until the epoch has `count` samples or is over."""
        for _ in range(SLOTS):
            epoch, slot, _, sampled, _ = self.prices.runningSlot()
            if not sampled:
                self.sample()
            if sum(map(bool, self.prices.slotsOf(epoch))) >= count or slot == SLOTS - 1:
                return
            self.go(self.slot_start(epoch, slot + 1))

    def close(self, epoch: int, *, sampled: bool = True) -> None:
        """To the first second after it, with as many samples as it needs on the way if it is the running one."""
        if sampled and epoch == self.epoch:
            self.sample_slots(LEAST)
        self.go(self.end(epoch))

    def price(self, epoch: int, token: Any) -> int:
        """D18{USD/1e18 tok} that counts."""
        return int(self.prices.referencePrice(epoch, token))


class RealStaking(PointsWorld):
    """The same with the protocol's own staked tokens."""

    def new_staked(self, asset: Any) -> Deployed:
        token = self.project.StakedToken
        return self.evm.deploy(
            token, self.authority, asset, "Staked", "sTOK", self.genesis, self.length, sender=self.owner
        )

    def stake_real(self, vault: Deployed, person: str, amount: int) -> None:
        asset = self.evm.at(self.project.PlainToken, vault.asset())
        asset.approve(vault, MAX, sender=person)
        vault.deposit(amount, person, sender=person)
