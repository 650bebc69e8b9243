"""Keepers: they distribute fees, sample prices and record points; and time, which passes for all."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ssi.constants import DAY
from tests.model.points import RECORDING
from tests.stateful.protocol.base import ANY, ProtocolBase
from tests.stateful.protocol.wealth import UNISSUED
from tests.stateful.protocol.world import HOSTILE, PEOPLE, REAL


class KeeperRules(ProtocolBase):
    """What any account may do at any time, and time itself."""

    @rule(seconds=st.one_of(st.integers(0, 3), st.sampled_from((12, 3600, DAY - 1, DAY, DAY, 3 * DAY, 14 * DAY))))
    def time_passes(self, seconds: int) -> None:
        self.wait(seconds)

    @rule()
    def an_epoch_ends(self) -> None:
        """To the second before, or to the first of the next one."""
        points = self.b.points
        self.wait(points.end(points.epoch(self.now)) - self.now - self.steps % 2)

    @rule()
    def distribute(self) -> None:
        """The day's fees: once, and to stakers and treasury alone."""
        real, keeper = self.b.indexes[REAL], self.w.keeper
        refused = None
        if self.b.last_day == self.now // DAY:
            refused = "FeeDistributor_AlreadyDistributed"
        elif real.pending_fee_shares(self.now) + real.balances["distributor"] == 0:
            refused = "FeeDistributor_NothingToDistribute"
        self.exchange(UNISSUED, "safe", loss=ANY)
        if self.expect(refused, self.s.distributor.distribute, self.w.indexes[REAL], sender=keeper):
            self.b.last_day = self.now // DAY
            self.met["distributions"] += 1

    @rule()
    def collect_fees(self) -> None:
        self.exchange(UNISSUED, "safe")
        self.act(self.w.indexes[HOSTILE].collectFees, sender=self.w.keeper)

    @rule()
    def sample(self) -> None:
        """With the deployment's feeds as they are now. A pool that was pushed may leave a price out."""
        self.at_now()
        self.w.refresh(self.now)
        refused = self.refusal(self.s.prices.sample, sender=self.w.keeper)
        if refused is None:
            self.act(self.s.prices.sample, sender=self.w.keeper)
            self.met["samples"] += 1
        else:
            slot, epoch = self.b.points.slot(self.now), self.b.points.epoch(self.now)
            assert refused in ("ReferencePrices_AlreadySampled", "ReferencePrices_NoPriceFound"), refused
            assert slot in self.b.points.samples[epoch] or refused.endswith("NoPriceFound")

    @rule(person=st.sampled_from(PEOPLE))
    def record(self, person: str) -> None:
        """Points of the last epoch, within its week."""
        points, account = self.b.points, self.accounts[person]
        epoch = points.epoch(self.now) - 1
        if epoch < 0 or self.now >= points.end(epoch) + RECORDING or not points.counts(person, epoch):
            return
        if person in points.recorded[epoch]:
            refused = self.refusal(self.s.points.record, account, epoch, sender=self.w.keeper)
            assert refused == "PointsLedger_AlreadyRecorded", "P8 no record counts twice"
            return
        self.act(self.s.points.recordMany, [account, account], epoch, sender=self.w.keeper)
        told = points.record(self.now, person, epoch, "keeper")
        assert self.s.points.recordedPoints(account, epoch) == told, "P11 a record is the definition"
        assert self.s.points.totalRecorded(epoch) == points.sum(epoch), "P8 no record counts twice"
        self.met["records"] += told > 0

    @rule(person=st.sampled_from(PEOPLE), dollars=st.integers(1, 10_000))
    def fund_a_pot(self, person: str, dollars: int) -> None:
        """Of the running epoch, in USDC; a part of it is for recorders."""
        usdc, amount, epoch = self.w.tokens["USDC"], dollars * 10**6, self.b.points.epoch(self.now)
        if usdc.balanceOf(self.accounts[person]) < amount:
            return
        self.document(person, loss=self.value.of("USDC", amount))
        self.act(self.s.points.fund, epoch, usdc, amount, 500, sender=self.accounts[person])
        self.b.points.fund(epoch, "USDC", amount, 500)

    @rule(person=st.sampled_from(PEOPLE))
    def claim_a_pot(self, person: str) -> None:
        """Of the last epoch whose week of recording is over; a second time there is nothing."""
        points, who, usdc = self.b.points, self.accounts[person], self.w.tokens["USDC"]
        epoch = points.epoch(self.now - RECORDING) - 1
        if epoch < 0:
            return
        due = points.claim(person, epoch, "USDC")
        told = self.s.points.claimable.call(who, epoch, usdc, at=self.now)
        assert told == due, "P1 each account is due its part, once"
        self.document(person, gain=self.value.of("USDC", due))
        if due:
            self.act(self.s.points.claim, epoch, usdc, sender=who)
            self.met["pots"] += 1

    @rule(symbol=st.sampled_from((REAL, HOSTILE)))
    def fees_are_time_alone(self, symbol: str) -> None:
        """A look at the fees moves nothing."""
        told = self.w.indexes[symbol].pendingFeeShares.call(at=self.now)
        assert told == self.b.indexes[symbol].pending_fee_shares(self.now), "I7 time alone"
