"""Points for holders: what they have now, what was recorded, and what the pots pay.

The arithmetic is in `docs/points-math.md`.

Points have 18 decimals, dollar-days too; multipliers are D18{point / (USD day)}. Times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from ssi.amounts import Amount
from ssi.chain.sender import Mined
from ssi.constants import CLAIMING, RECORDING
from ssi.failure import Impossible
from ssi.points.ledger import READS, Ledger
from ssi.registry.holder import Holder, Token

KINDS = ("held", "staked", "locked")
MOST_CLAIMS = 40  # in one transaction
MOST_GAS_OF_CLAIM = 300_000  # of one pot; with `MOST_CLAIMS` of them a transaction stays under its cap


@dataclass(frozen=True)
class Epoch:
    """An epoch, and when its points can be recorded and its pots be claimed."""

    number: int
    begins_at_s: int
    ends_at_s: int

    @property
    def claims_open_at_s(self) -> int:
        """The end of recording."""
        return self.ends_at_s + RECORDING

    @property
    def claims_close_at_s(self) -> int:
        """What is not claimed by then moves on."""
        return self.claims_open_at_s + CLAIMING


@dataclass(frozen=True)
class PointsOfKind:
    """What an account has of one kind in an epoch: `held`, `staked` or `locked`."""

    kind: str
    usd_days_d18: int
    boosted_usd_days_d18: int
    points_d18: int
    multiplier_d18: int


@dataclass(frozen=True)
class Statement:
    """What an account has of an epoch, until now where that is running; before referrals.

    Args:
        soso_usd_days_d18: dollar-days of staked SOSO, which boost.
        soso_missing_usd_days_d18: as many more of them would boost everything.
        soso_missing_wei: {share} of staked SOSO more, held for all of the epoch until now, that would boost everything.
        recorded_d18: what is written down, referrals included; 0 before it is recorded.
        counts: whether the account joined before the epoch's end.
    """

    account: str
    epoch: Epoch
    kinds: tuple[PointsOfKind, ...]
    points_d18: int
    multiplier_d18: int
    soso_usd_days_d18: int
    soso_missing_usd_days_d18: int
    soso_missing_wei: int
    recorded_d18: int
    counts: bool


@dataclass(frozen=True)
class Pot:
    """What an account can claim of a pot, {tok}. `open` where it can now."""

    epoch: Epoch
    token: Token
    wei: int
    open: bool

    @property
    def named(self) -> bool:
        """Whether the token has a name here."""
        return self.token.name != self.token.address

    @property
    def amount(self) -> Amount:
        return self.token.amount(self.wei)


@dataclass(frozen=True)
class Recorded:
    """Points that a transaction wrote down, before referrals."""

    transaction: str
    epoch: int
    points_d18: int


@dataclass(frozen=True)
class Paid:
    """What pots paid, and what the same transaction recorded beside that."""

    transaction: str
    pots: tuple[Pot, ...]
    recorded: Recorded | None = None


class PointsClient:
    """The points of a deployment, as one account sees them. Made by `Protocol.points`."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        system = holder.system
        self.contract = system.points
        self.ledger = Ledger(system.points, system.prices, system.record.block or 0, system.indexer)

    # ------------------------------------------------------------ epochs

    @cached_property
    def _grid(self) -> tuple[int, int]:
        genesis, length = self.holder.system.evm.batch(
            [(self.contract.epochGenesis, ()), (self.contract.epochLength, ())]
        )
        return int(genesis), int(length)

    def epoch(self, number: int | None = None) -> Epoch:
        """One by number; by default the running one."""
        genesis, length = self._grid
        number = self.ledger.epoch if number is None else number
        return Epoch(number, genesis + number * length, genesis + (number + 1) * length)

    # ------------------------------------------------------------ reads

    def live(self, account: str | None = None, block: int | None = None) -> Statement:
        """The running epoch until now."""
        return self.statement(None, account, block)

    def statement(self, epoch: int | None = None, account: str | None = None, block: int | None = None) -> Statement:
        """Any epoch that has begun; by default the running one. Raises Reverted: ReferencePrices_FutureEpoch."""
        who, of = account or self.holder.account.address, self.epoch(epoch)
        said, recorded = self.holder.system.evm.batch(
            [(self.contract.statement, (who, of.number)), (self.contract.recordedPoints, (who, of.number))], block
        )
        return self.made_of(who, of, said, recorded)

    def made_of(self, account: str, epoch: Epoch, said: Any, recorded: int) -> Statement:
        """A statement out of the ledger's own."""
        kinds = tuple(PointsOfKind(kind, *said.named()[kind]) for kind in KINDS)
        return Statement(
            account, epoch, kinds, said.points, said.multiplier, said.soso, said.sosoMissing, said.sharesMissing,
            recorded, said.counts,
        )  # fmt: skip

    def joined_at_s(self, account: str | None = None) -> int:
        """0 where it has not."""
        return int(self.contract.joinedAt(account or self.holder.account.address))

    def recordable(self, account: str | None = None) -> dict[int, int]:
        """D18 points of the account that can be recorded now, by epoch; before referrals."""
        who = account or self.holder.account.address
        epochs = self.ledger.recordable()
        found = self.holder.system.evm.attempts([(self.contract.recordable, ([who], epoch)) for epoch in epochs])
        return {epoch: points[0] for epoch, points in zip(epochs, found, strict=True) if points and points[0]}

    def paying(self, account: str | None = None) -> dict[int, int]:
        """`recordable`, as far as there is a pot that pays for it."""
        return {epoch: points for epoch, points in self.recordable(account).items() if self.ledger.pots(epoch)}

    def claimable_epochs(self) -> list[int]:
        """Epochs whose pots can be claimed now, oldest first."""
        return self.ledger.claimable()

    def pots(
        self, epochs: Sequence[int] | None = None, account: str | None = None, block: int | None = None
    ) -> tuple[Pot, ...]:
        """What the account can claim of pots for its points and for those that it recorded: now or, of the running
        epochs unless told, later if no other account were recorded.
        """
        who, now = account or self.holder.account.address, self.ledger.now
        listed = list(epochs) if epochs is not None else self.claimable_epochs()
        found = [(self.epoch(number), token) for number in listed for token in self.ledger.pots(number)]
        if not found:
            return ()
        asked = [(self.contract.claimable, (who, of.number, token)) for of, token in found]
        claims: list[int] = []
        for start in range(0, len(asked), READS):  # any account may add pots, and one call has only so much gas
            claims += self.holder.system.evm.batch(asked[start : start + READS], block)
        return tuple(
            Pot(of, self.holder.token_at(token), wei, of.claims_open_at_s <= now < of.claims_close_at_s)
            for (of, token), wei in zip(found, claims, strict=True)
            if wei
        )

    def payable(self, pots: Sequence[Pot]) -> tuple[Pot, ...]:
        """Those that pay this account now, as many as one transaction takes: of tokens that have a name here, and only
        where there are none, of others.

        Any account may fund a pot with any token. One that does not move, or burns gas, would stop the claims of all
        others in the same transaction; it may also do so only once it is no trial.
        """
        for named in (True, False):
            if found := list(islice(filter(self._pays, (pot for pot in pots if pot.named is named)), MOST_CLAIMS)):
                return tuple(found)
        return ()

    def _pays(self, pot: Pot) -> bool:
        if not pot.open:
            return False
        gas = self.ledger.gas_of_claim(pot.epoch.number, pot.token.address, self.holder.account.address)
        return gas is not None and gas <= MOST_GAS_OF_CLAIM

    # ------------------------------------------------------------ acts

    def join(self) -> str:
        """Counts from now on, in the running epoch as well. The transaction's hash. Raises Reverted: AlreadyJoined."""
        return self.holder.account.send(self.contract.join).hash

    def record(self, epoch: int, account: str | None = None) -> Recorded:
        """Writes down the points of an account, by default this one.

        Raises Reverted: OutsideWindow, NotJoined, AlreadyRecorded.
        """
        mined = self.holder.account.send(self.contract.record, account or self.holder.account.address, epoch)
        written = mined.receipt.events(self.contract, "Recorded")
        return Recorded(mined.hash, epoch, written[0].values["points"] if written else 0)

    def record_many(
        self, accounts: Sequence[str], epoch: int, *, gas: int | None = None, fees: tuple[int, int] | None = None
    ) -> str:
        """Writes down the points of many in one transaction, of which this is the hash; the caller gets the recorders'
        part for them. Who has none, has not joined or is recorded already is left out.

        Args:
            gas: limit; by an estimate unless told. fees: wei a gas, as `Sender.fees` has them.

        Raises:
            Reverted: OutsideWindow.
        """
        return self.holder.account.send(self.contract.recordMany, list(accounts), epoch, gas=gas, fees=fees).hash

    def claim(self, pots: Sequence[Pot]) -> Paid:
        """Takes what pots owe, in one transaction.

        Raises Impossible where there is none, Reverted: OutsideWindow, AlreadyClaimed.
        """
        if not pots:
            raise Impossible("No pot owes this account anything now.")
        mined = self.holder.account.send(
            self.contract.claimMany, [pot.epoch.number for pot in pots], [pot.token.address for pot in pots]
        )  # fmt: skip
        return self._paid(mined, pots)

    def record_and_claim(self, epoch: int, pots: Sequence[Pot]) -> Paid:
        """Writes down this account's points of an epoch and takes what pots of earlier ones owe, in one transaction.

        An account that is recorded already only claims. Raises Reverted: OutsideWindow, NotJoined, AlreadyClaimed.
        """
        mined = self.holder.account.send(
            self.contract.recordAndClaim,
            epoch,
            [pot.epoch.number for pot in pots],
            [pot.token.address for pot in pots],
        )
        written = mined.receipt.events(self.contract, "Recorded")
        return self._paid(mined, pots, Recorded(mined.hash, epoch, written[0].values["points"] if written else 0))

    def _paid(self, mined: Mined, pots: Sequence[Pot], recorded: Recorded | None = None) -> Paid:
        amounts = [event.values["amount"] for event in mined.receipt.events(self.contract, "Claimed")]
        taken = tuple(Pot(pot.epoch, pot.token, wei, False) for pot, wei in zip(pots, amounts, strict=True))
        return Paid(mined.hash, taken, recorded)
