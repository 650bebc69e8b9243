"""What a keeper does for points: sample prices, record accounts whose records pay, and claim the pay."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ssi.chain.evm import Reverted
from ssi.chain.sender import MOST_GAS, NotSent, OutOfFunds, Sender
from ssi.chain.wallet import Wallet
from ssi.points.client import PointsClient, Pot
from ssi.points.pay import GAS_OF_CLAIM, GAS_OF_RECORD, Policy, Worth, least_points
from ssi.registry.holder import Holder
from ssi.registry.system import System

MOST_ESTIMATE = 10_000_000  # gas of a batch; the rest up to the cap of a transaction is for what may be dearer by then
LARGEST_BATCH = 64


@dataclass(frozen=True)
class SlotSample:
    """The running slot of prices.

    Args:
        taken: whether this look took its sample.
        missing: prices that the sample did not find; None where there is no sample.
    """

    epoch: int
    slot: int
    taken: bool
    missing: int | None


@dataclass
class RecordingRun:
    """What a run did for one epoch: who was recorded, whose points (D18) are worth less than their gas, who failed
    and why.
    """

    recorded: list[str] = field(default_factory=list)
    skipped_d18: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PointsRun:
    """What a keeper did for points: `recordings` by epoch, `claimed` of pots for records."""

    sample: SlotSample
    recordings: dict[int, RecordingRun]
    claimed: tuple[Pot, ...]

    def plain(self) -> dict[str, Any]:
        """For --json: points D18, amounts in token-wei."""
        runs = self.recordings.items()
        return {
            "epoch": self.sample.epoch,
            "slot": self.sample.slot,
            "sampled": self.sample.taken,
            "missing": self.sample.missing,
            "recorded": {epoch: len(run.recorded) for epoch, run in runs},
            "skipped": {epoch: run.skipped_d18 for epoch, run in runs if run.skipped_d18},
            "failed": {epoch: run.failed for epoch, run in runs if run.failed},
            "claimed": [
                {"epoch": pot.epoch.number, "token": pot.token.address, "amount": pot.wei} for pot in self.claimed
            ],
        }


class PointsKeeper:
    """The points of a deployment, as a keeper sees them.

    Args:
        say: told what is about to be sent.
        policy: who is worth it.
    """

    def __init__(
        self,
        system: System,
        sender: Sender,
        say: Callable[[str], object] = lambda _: None,
        policy: Policy = Policy(),  # noqa: B008 immutable
    ) -> None:
        self.system, self.sender, self.say, self.policy = system, sender, say, policy
        self.client = PointsClient(Holder(system, Wallet(system.evm, sender.account, sender=sender)))
        self.ledger = self.client.ledger

    def keep(self) -> PointsRun:
        """Samples prices, records all accounts that are worth it, and claims the pay. Run again, it does what is
        left.

        Raises:
            OutOfFunds: nothing can be sent any more.
        """
        sampled = self.sample()
        recordings = {epoch: self.record(epoch) for epoch in self.ledger.recordable()}
        return PointsRun(sampled, recordings, self.collect())

    def sample(self) -> SlotSample:
        """Takes the running slot's sample of prices, unless it has one and another would not find more."""
        prices = self.ledger.prices
        running = prices.runningSlot()
        found = SlotSample(running.epoch, running.slot, False, running.missing if running.sampled else None)
        if running.sampled and not running.missing:
            return found
        try:
            missing = int(prices.sample.call(sender=self.sender.address))
            self.say(f"sample prices of epoch {running.epoch}, slot {running.slot}")
            self.client.holder.account.send(prices.sample)
        except Reverted:
            return found  # nothing more can be found, or another keeper was faster
        return SlotSample(running.epoch, running.slot, True, missing)

    def record(self, epoch: int) -> RecordingRun:
        """Records those of a closed epoch whose points pay, the most first.

        Each batch stands on its own, and asks anew how many points pay at the gas price of the moment. The gas limit is
        not the estimate: touching an account makes its record dearer, and any account can touch it. A batch that fails
        is halved; an account that fails alone is reported, and the others go on.
        """
        waiting, done = self.ledger.points_to_record(epoch), RecordingRun()
        worth = self.ledger.worth(epoch, self.system.oracle)
        points_of_all = sum(waiting.values()) + int(self.ledger.contract.totalRecorded(epoch))
        queue = deque(_parts(list(waiting), LARGEST_BATCH))
        while queue:
            found = queue.popleft()
            accounts = self._worth_it(found, waiting, worth, points_of_all)
            done.skipped_d18 |= {account: waiting[account] for account in found if account not in accounts}
            if not accounts:
                continue
            estimate = self.ledger.gas_of(accounts, epoch, self.sender.address)
            if len(accounts) > 1 and (estimate is None or estimate > MOST_ESTIMATE):
                queue.extendleft(reversed(_parts(accounts, -(-len(accounts) // 2))))
                continue
            self.say(f"record {len(accounts)} accounts of epoch {epoch}")
            fees = self.sender.fees()
            limit = max(min(MOST_GAS, self.sender.balance // max(1, fees[0])), estimate or 0)
            try:
                self.client.record_many(accounts, epoch, gas=limit, fees=fees)
            except (Reverted, NotSent) as failure:
                if isinstance(failure, OutOfFunds):
                    raise
                if len(accounts) > 1:
                    queue.extendleft(reversed(_parts(accounts, -(-len(accounts) // 2))))
                else:
                    done.failed[accounts[0]] = str(failure)
            else:
                done.recorded += accounts
        return done

    def collect(self) -> tuple[Pot, ...]:
        """Claims what pots owe the keeper, where that is worth more than the gas of the claim.

        A token without a price is left: `ape run claim-pot` takes it.
        """
        holder, cost = self.client.holder, self._usd_d18(GAS_OF_CLAIM)
        worth = [pot for pot in self.client.pots() if (holder.value_usd_d18(pot.token, pot.wei) or 0) > cost]
        found = self.client.payable(worth)
        if not found:
            return ()
        self.say(f"claim {len(found)} pots")
        return self.client.claim(found).pots

    def _worth_it(
        self, accounts: Sequence[str], points: Mapping[str, int], worth: Worth, points_of_all: int
    ) -> list[str]:
        """Those of the accounts whose record pays now. `points_of_all`: D18 points of all, recorded or waiting."""
        least = least_points(worth, points_of_all, self._usd_d18(GAS_OF_RECORD), self.policy)
        return [account for account in accounts if least is not None and points[account] >= least]

    def _usd_d18(self, gas: int) -> int:
        """What so much gas costs now, at the price that fees expect: half of what they allow."""
        ether = int(self.system.oracle.price(self.system.token("WETH").address))
        return gas * (self.sender.fees()[0] // 2) * ether // 10**18


def _parts(accounts: Sequence[str], size: int) -> list[list[str]]:
    return [list(accounts[start : start + size]) for start in range(0, len(accounts), size)]
