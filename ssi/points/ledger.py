"""The points ledger, read: who joined, who is to be recorded, who has what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils import to_checksum_address

from ssi.chain.evm import Deployed, Reverted
from ssi.chain.logs import LogReader
from ssi.chain.rpc import RpcError
from ssi.constants import CLAIMING, RECORDING
from ssi.indexer import past
from ssi.indexer.client import Indexer
from ssi.points.pay import Worth

READS = 100
POSITIONS = 200  # accounts whose points one call works out


@dataclass(frozen=True)
class Score:
    """What an account has in an epoch: D18 points before referrals, and what is recorded, which has them in it."""

    account: str
    points_d18: int
    recorded_d18: int


@dataclass
class Ledger:
    """A deployed ledger and the prices that it counts at, read over a raw connection.

    Args:
        since: block of the deployment.
        indexer: says which pots there are, and who has how many points, where there is one. Keepers go by the chain.
    """

    contract: Deployed
    prices: Deployed
    since: int = 0
    indexer: Indexer | None = None

    @property
    def now(self) -> int:
        return self.contract.evm.now

    @property
    def epoch(self) -> int:
        """The running one."""
        return int(self.contract.currentEpoch())

    def end(self, epoch: int) -> int:
        """The second in which the next one begins."""
        return int(self.contract.epochGenesis()) + (epoch + 1) * int(self.contract.epochLength())

    def recordable(self) -> list[int]:
        """Epochs that are within their week, oldest first."""
        now, epochs, epoch = self.now, [], self.epoch - 1
        while epoch >= 0 and now < self.end(epoch) + RECORDING:
            epochs.append(epoch)
            epoch -= 1
        return epochs[::-1]

    def claimable(self) -> list[int]:
        """Epochs whose pots can be claimed now, oldest first."""
        now, first = self.now, max(0, self.epoch - 1 - (RECORDING + CLAIMING) // int(self.contract.epochLength()))
        return [n for n in range(first, self.epoch) if 0 <= now - self.end(n) - RECORDING < CLAIMING]

    # ------------------------------------------------------------ events

    def logs(self, event: str, *topics: str | None) -> list[dict[str, Any]]:
        """All events of a name since the deployment, oldest first."""
        wanted = "0x" + self.contract.interface[event].hash.hex()
        return LogReader(self.contract.evm.rpc, self.contract.address, [wanted, *topics], self.since).read()

    def joined(self) -> list[str]:
        """All accounts that have joined, in that order."""
        return [str(to_checksum_address("0x" + log["topics"][1][-40:])) for log in self.logs("Joined")]

    def pots(self, epoch: int) -> list[str]:
        """Tokens that were ever put into the pot of an epoch."""
        if self.indexer is not None:
            return past.pots(self.indexer, epoch)
        topic = "0x" + epoch.to_bytes(32, "big").hex()
        funded = [log["topics"][2] for log in self.logs("Funded", topic)]
        rolled = [log["topics"][3] for log in self.logs("RolledOver", None, topic)]
        return sorted({str(to_checksum_address("0x" + topic[-40:])) for topic in funded + rolled})

    # ------------------------------------------------------------ reads

    def each(self, method: Any, accounts: Sequence[str], *args: Any) -> list[Any]:
        """One answer for every account."""
        answers: list[Any] = []
        for start in range(0, len(accounts), READS):
            answers += self.contract.evm.batch(
                [(method, (account, *args)) for account in accounts[start : start + READS]]
            )
        return answers

    def points_to_record(self, epoch: int) -> dict[str, int]:
        """D18{point} before referrals of all accounts that can be recorded now, most first."""
        people, points = self.joined(), list[int]()
        for start in range(0, len(people), POSITIONS):
            points += self.contract.recordable(people[start : start + POSITIONS], epoch)
        return dict(
            sorted(
                ((account, has) for account, has in zip(people, points, strict=True) if has), key=lambda pair: -pair[1]
            )
        )

    def to_record(self, epoch: int) -> list[str]:
        """Accounts that count in a closed epoch, have points in it and are not recorded; the largest first."""
        return list(self.points_to_record(epoch))

    def worth(self, epoch: int, oracle: Deployed) -> Worth:
        """What the pots of an epoch hold, as far as their tokens have prices."""
        recorders = accounts = 0
        for token in self.pots(epoch):
            (funded, paid), part = self.contract.potOf(epoch, token), self.contract.recorderPart(epoch, token)
            try:
                value = int(oracle.value(token, funded - paid))
            except Reverted:
                continue  # a token without a price
            recorders += value * part // funded
            accounts += value - value * part // funded
        return Worth(recorders, accounts)

    def leaderboard(self, epoch: int) -> list[Score]:
        """All accounts with points in an epoch, the best first."""
        rows = list(self._read(epoch) if self.indexer is None else self._indexed(self.indexer, epoch))
        return sorted(rows, key=lambda row: (-row.recorded_d18, -row.points_d18, row.account))

    def _read(self, epoch: int) -> Iterator[Score]:
        """By the contract, account by account."""
        people = self.joined()
        points, recorded = (
            self.each(method, people, epoch) for method in (self.contract.pointsOf, self.contract.recordedPoints)
        )
        for account, mine, written in zip(people, points, recorded, strict=True):
            if mine:
                yield Score(account, mine, written)

    def _indexed(self, indexer: Indexer, epoch: int) -> Iterator[Score]:
        """By the indexer's balances over time, until the time of its block, and by the contract's prices."""
        standing = indexer.standing()
        begins, until = self.end(epoch - 1), min(self.end(epoch), standing.time_s)
        for each in past.points(indexer, epoch, begins, until, self.sheet(epoch, standing.block)):
            yield Score(each.account, each.points, each.recorded)

    def sheet(self, epoch: int, block: int | None = None) -> list[past.Priced]:
        """What counts in an epoch, and at which price; what has none is left out."""
        (sheet,) = self.contract.evm.batch([(self.prices.sheetOf, (epoch,))], block)
        items = [(kind, item) for kind in ("held", "staked", "locked") for item in sheet.named()[kind]]
        return [
            past.Priced(item.token, kind, item.price) for kind, item in [*items, ("soso", sheet.soso)] if item.price
        ]

    def gas_of(self, accounts: Sequence[str], epoch: int, sender: str) -> int | None:
        """What recording them would cost now; None where the node cannot say, because it is too much or fails."""
        return self._gas(self.contract.recordMany.encode(list(accounts), epoch), sender)

    def gas_of_claim(self, epoch: int, token: str, account: str) -> int | None:
        """What it would cost an account to claim its part of a pot now; None where that fails."""
        return self._gas(self.contract.claim.encode(epoch, token), account)

    def _gas(self, data: bytes, sender: str) -> int | None:
        call = {"from": sender, "to": self.contract.address, "data": "0x" + data.hex()}
        try:
            return int(self.contract.evm.rpc.call("eth_estimateGas", call), 16)
        except RpcError:
            return None
