"""A market, day by day, through the deployed contracts; and its methodology beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from replay.governance import Governance, Waiting
from replay.market import Market
from replay.model import Ideal
from replay.people import People
from replay.recorded import RecordedSource
from replay.setup import rule
from replay.timetable import AHEAD, TRIES, Timetable, due
from replay.venue import Venue
from ssi.chain.evm import Reverted
from ssi.constants import DAY, HOUR, RAY
from ssi.keeper import maintenance
from ssi.keeper.rebalance import Phase, RebalanceKeeper
from ssi.registry.system import System
from ssi.report.source import Sample

LOOKS = HOUR // 2  # the least between two looks of the keeper at an auction in which nothing pays
GAS_MONEY = -10 * 10**18  # D18 USD that the keeper may lose on a fill, as in a simulation: crumbs are worth their gas


@dataclass(frozen=True)
class Halt:
    """Something that did not go as planned."""

    day: str
    what: str
    why: str


@dataclass
class ReplayOutcome:
    """What a replay leaves: worths by day, USD behind what was a dollar, and what must be true."""

    index: list[Decimal] = field(default_factory=list)  # before fees, by the closes
    shares: list[Decimal] = field(default_factory=list)  # a share, after all fees and costs
    ideal: list[Decimal] = field(default_factory=list)
    calendar: list[Decimal] = field(default_factory=list)  # of an ideal that no notice, bound or silence delays
    halts: list[Halt] = field(default_factory=list)
    short: list[str] = field(default_factory=list)  # days on which accounted balances exceed balances
    ideal_turnover: Decimal = Decimal(0)


class Replay:
    """One run. `tell` is told each day's number."""

    def __init__(self, system: System, venue: Venue, market: Market, symbol: str, seed: int, usd: int) -> None:
        self.system, self.evm, self.venue, self.market, self.symbol = system, system.evm, venue, market, symbol
        self.index = system.index(symbol)
        self.source = RecordedSource(system, symbol)
        self.people = People(system, symbol, seed)
        self.keeper = self.evm.account("keeper of a replay")
        self.auctions = RebalanceKeeper(system, symbol, self.keeper, GAS_MONEY)
        self.governance = Governance(system, symbol, self._halt)
        self.ideal, self.calendar = Ideal(*rule(symbol)), Ideal(*rule(symbol))
        self.timetable, self.outcome, self.usd = Timetable(market, self.ideal), ReplayOutcome(), usd
        self._day, self._dues, self._due = 0, due(market), False
        self._waiting: Waiting | None = None
        self._closed = set[int]()

    def run(self, tell: Callable[[int], None]) -> ReplayOutcome:
        """All days."""
        self.people.begin(self.usd)
        self.evm.mine_at(self.evm.now + 1)
        self.began = self.evm.now
        for day in range(len(self.market.days)):
            self._day = day
            if day:
                self.evm.mine_at(self.began + day * DAY)
            self.venue.move({name: closes[day] for name, closes in self.market.closes.items()})
            self._measure()
            self._decide()
            self._work()
            tell(day)
        self._fill(self.evm.now + 2 * DAY)
        self.source.finish()
        self.outcome.ideal_turnover = self.timetable.turnover
        return self.outcome

    def _halt(self, what: str, why: str) -> None:
        self.outcome.halts.append(Halt(str(self.market.days[self._day]), what, why))

    # ------------------------------------------------------------ what is measured

    def _measure(self) -> None:
        """By closes and units alone: neither the oracle nor the lens is asked what the index is worth."""
        sample, closes = self.source.take(), self.market.last(self._day)
        base = sum(
            (
                Decimal(part.units_d27).scaleb(-27 - part.decimals + 18) * closes[self._name(part.address)]
                for part in sample.parts
            ),
            Decimal(0),
        )
        share = base * Decimal(sample.multiplier_d27).scaleb(-27)
        if not self._day:
            self._first = base
            for ideal in (self.ideal, self.calendar):
                ideal.execute(closes, self.market.posted(0))
        self.timetable.day(self._day)
        if self._day - AHEAD in self._dues:
            self.calendar.execute(closes, self.market.posted(self._day - AHEAD))
        self.outcome.index.append(base / self._first)
        self.outcome.shares.append(share / self._first)
        self.outcome.ideal.append(self.ideal.worth(closes))
        self.outcome.calendar.append(self.calendar.worth(closes))
        self._cover(sample)

    def _cover(self, sample: Sample) -> None:
        """Accounted balances by the units, against the balances that tokens state themselves."""
        tokens = [part.address for part in sample.parts]
        asked = [(self.system.token(token).balanceOf, (self.index.address,)) for token in tokens]
        asked += [(self.index.segregated, (token,)) for token in tokens]
        answers = self.evm.batch(asked)
        for part, held, owed in zip(sample.parts, answers, answers[len(tokens) :], strict=False):
            if part.units_d27 * sample.base_wei // RAY + owed > held:
                self.outcome.short.append(f"{self.market.days[self._day]} {part.symbol}")

    def _name(self, address: str) -> str:
        return next(name for name, asset in self.system.assets.assets.items() if asset.address == address)

    # ------------------------------------------------------------ what is decided

    def _decide(self) -> None:
        """A start whose day has come is tried; a proposal that is due is made, unless another waits and holds."""
        self._due |= self._day in self._dues
        if self._waiting or self._due:
            self.venue.wait(HOUR)  # until averages of pools agree with the feeds
        if waiting := self._waiting:
            tried = self._day - waiting.day - AHEAD + 1
            if tried > 0 and self.governance.execute(waiting):
                self.source.started()
                self._waiting = None
                return
            if tried >= TRIES:
                self._halt("the start is given up, and proposed anew", f"it was refused on {TRIES} days")
            elif self.governance.holds(waiting):
                return
            self.governance.withdraw(waiting)
            self._waiting, self._due = None, True
        if self._due:
            supplies = self.market.posted(self._day)
            self._waiting = self.governance.propose(self._day, supplies, list(supplies), self.market.last(self._day))
            self._due = self._waiting is None

    # ------------------------------------------------------------ what people do

    def _work(self) -> None:
        """Fees are distributed, holders come and go, and a keeper fills until the next day."""
        for symbol in maintenance.due_distributions(self.system) if self._day else ():
            if symbol == self.symbol:
                self.system.distributor.distribute(self.index.address, sender=self.keeper)
        if refused := self.people.day():
            what, error = refused
            self._halt(f"a holder cannot {what}", self.governance.decoder.error(error))
        self._fill(self.began + (self._day + 1) * DAY)

    def _fill(self, until: int) -> None:
        """As the keeper's service does: what pays is filled, and for the rest it waits."""
        while self.auctions.phase is Phase.RUNNING and self.evm.now < until - LOOKS:
            found = self.auctions.fills()
            if found and self.auctions.pays(found[0]):
                try:
                    self.auctions.filler.fill(*found[0].arguments(self.index.address, self.keeper), sender=self.keeper)
                    continue
                except Reverted:
                    self.venue.wait(12)  # pools moved between the look and the block
                    continue
            self.venue.wait(max(LOOKS, min(self.auctions.patience(found), until - LOOKS - self.evm.now)))
        self._close()

    def _close(self) -> None:
        """Says how a rebalance ended that did not complete, and writes the end down where its time is over."""
        status = self.auctions.status()
        phase = Phase(status.phase)
        if phase not in (Phase.EXPIRED, Phase.HALTED) or status.id in self._closed:
            return
        self._closed.add(status.id)
        if phase is Phase.EXPIRED:
            self._halt(
                "a rebalance expired", f"{status.surplus} tokens were still to be sold, {status.deficit} to be bought"
            )
            self.system.rebalancer.close(self.index.address, sender=self.keeper)
        else:
            self._halt("a rebalance halted", f"its budget of {status.budget / 1e14:.0f} bp was used up")
