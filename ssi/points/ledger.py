"""The points ledger for keepers and people: who joined, who is to be recorded, who has what."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils import to_checksum_address

from ssi.chain.evm import Deployed, Reverted
from ssi.chain.logs import LogReader
from ssi.chain.rpc import RpcError
from ssi.chain.sender import MOST_GAS, NotSent, OutOfFunds, Sender
from ssi.constants import CLAIMING, RECORDING
from ssi.points.pay import GAS_OF_CLAIM, GAS_OF_RECORD, Policy, Worth, least_points

MOST_ESTIMATE = 10_000_000  # gas of a batch; the rest up to the cap of a transaction is for what may be dearer by then
READS = 100
POSITIONS = 200  # accounts whose points one call works out
LARGEST_BATCH = 64


@dataclass
class Ledger:
    """A deployed ledger and the prices that it counts at, read over a raw connection.

    Args:
        since: block of the deployment.
    """

    contract: Deployed
    prices: Deployed
    since: int = 0

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

    def leaderboard(self, epoch: int) -> list[dict[str, Any]]:
        """All accounts with points in an epoch, the best first.

        Points are D18, before referrals; `recorded` has them in it.
        """
        people = self.joined()
        points, recorded = (
            self.each(method, people, epoch) for method in (self.contract.pointsOf, self.contract.recordedPoints)
        )
        rows = [
            {"account": account, "points": mine, "recorded": written}
            for account, mine, written in zip(people, points, recorded, strict=True)
            if mine
        ]
        return sorted(rows, key=lambda row: (-row["recorded"], -row["points"], row["account"]))

    def statement(self, account: str, epoch: int) -> dict[str, Any]:
        """What an account has of an epoch. Units of `IPointsLedger.Statement`; claims in token-wei."""
        said = self.contract.statement(account, epoch).named()
        for name in ("held", "staked", "locked"):
            said[name] = said[name].named()
        claims = {token: self.contract.claimable(account, epoch, token) for token in self.pots(epoch)}
        return {
            "account": account,
            "epoch": epoch,
            **said,
            "recorded": self.contract.recordedPoints(account, epoch),
            "claims": claims,
        }

    def gas_of(self, accounts: Sequence[str], epoch: int, sender: str) -> int | None:
        """What recording them would cost now; None where the node cannot say, because it is too much or fails."""
        data = "0x" + self.contract.recordMany.encode(list(accounts), epoch).hex()
        try:
            return int(
                self.contract.evm.rpc.call(
                    "eth_estimateGas", {"from": sender, "to": self.contract.address, "data": data}
                ),
                16,
            )
        except RpcError:
            return None


@dataclass
class RecordingRun:
    """What a run did for one epoch: who was recorded, whose points are worth less than their gas, who failed
    and why.
    """

    recorded: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """For --json."""
        return {"recorded": len(self.recorded), "skipped": self.skipped, "failed": self.failed}


def record_all(
    ledger: Ledger,
    epoch: int,
    waiting: Mapping[str, int],
    sender: Sender,
    say: Callable[[str], object],
    least: Callable[[], int | None],
) -> RecordingRun:
    """Records those of a closed epoch who have `least` points, D18, in the order of `waiting`: the most first.

    Each batch stands on its own, and asks anew how many points pay at the gas price of the moment; None is none. The
    gas limit is not the estimate: touching an account makes its record dearer, and any account can touch it. A batch
    that fails is halved; an account that fails alone is reported, and the others go on.
    """
    done = RecordingRun()
    queue = deque(_parts(list(waiting), LARGEST_BATCH))
    while queue:
        found, enough = queue.popleft(), least()
        accounts = [account for account in found if enough is not None and waiting[account] >= enough]
        done.skipped |= {account: waiting[account] for account in found if account not in accounts}
        if not accounts:
            continue
        estimate = ledger.gas_of(accounts, epoch, sender.address)
        if len(accounts) > 1 and (estimate is None or estimate > MOST_ESTIMATE):
            queue.extendleft(reversed(_parts(accounts, -(-len(accounts) // 2))))
            continue
        say(f"record {len(accounts)} accounts of epoch {epoch}")
        fees = sender.fees()
        limit = max(min(MOST_GAS, sender.balance // max(1, fees[0])), estimate or 0)
        try:
            sender.send(
                ledger.contract.address, ledger.contract.recordMany.encode(accounts, epoch), gas=limit, fees=fees
            )
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


def usd_of_gas(gas: int, sender: Sender, oracle: Deployed, weth: str) -> int:
    """D18 USD that so much gas costs now, at the price that fees expect: half of what they allow."""
    return gas * (sender.fees()[0] // 2) * int(oracle.price(weth)) // 10**18


def collect(
    ledger: Ledger, sender: Sender, say: Callable[[str], object], oracle: Deployed, weth: str
) -> list[dict[str, Any]]:
    """Claims what pots owe the sender for records, where that is worth more than the gas of the claim."""
    found = []
    for epoch in ledger.claimable():
        for token in ledger.pots(epoch):
            due = int(ledger.contract.claimable(sender.address, epoch, token))
            try:
                pays = due and int(oracle.value(token, due)) > usd_of_gas(GAS_OF_CLAIM, sender, oracle, weth)
            except Reverted:
                continue  # a token without a price: `ape run claim-pot` takes it
            if pays:
                found.append({"epoch": epoch, "token": token, "amount": due})
    if found:
        say(f"claim {len(found)} pots")
        epochs, tokens = [pot["epoch"] for pot in found], [pot["token"] for pot in found]
        sender.send(ledger.contract.address, ledger.contract.claimMany.encode(epochs, tokens))
    return found


def sample(prices: Deployed, sender: Sender, say: Callable[[str], object]) -> dict[str, Any]:
    """Takes the running slot's sample of prices, unless it has one and another would not find more."""
    running = prices.runningSlot()
    done = {
        "epoch": running.epoch,
        "slot": running.slot,
        "sampled": False,
        "missing": running.missing if running.sampled else None,
    }
    if running.sampled and not running.missing:
        return done
    try:
        missing = int(prices.sample.call(sender=sender.address))
        say(f"sample prices of epoch {running.epoch}, slot {running.slot}")
        sender.send(prices.address, prices.sample.encode())
    except Reverted:
        return done  # nothing more can be found, or another keeper was faster
    return {**done, "sampled": True, "missing": missing}


def keep(
    ledger: Ledger,
    sender: Sender,
    say: Callable[[str], object],
    oracle: Deployed,
    weth: str,
    policy: Policy = Policy(),  # noqa: B008 immutable
) -> dict[str, Any]:
    """Samples prices, records all accounts that are worth it, and claims the pay. Run again, it does what is left.

    Args:
        oracle: prices what the pots hold.
        weth: for what gas costs.
        policy: who is worth it.
    """
    done: dict[str, Any] = {**sample(ledger.prices, sender, say), "recorded": {}, "skipped": {}, "failed": {}}
    for epoch in ledger.recordable():
        waiting = ledger.points_to_record(epoch)
        worth = ledger.worth(epoch, oracle)
        points_of_all = sum(waiting.values()) + int(ledger.contract.totalRecorded(epoch))

        def least(worth: Worth = worth, points_of_all: int = points_of_all) -> int | None:
            return least_points(worth, points_of_all, usd_of_gas(GAS_OF_RECORD, sender, oracle, weth), policy)

        result = record_all(ledger, epoch, waiting, sender, say, least)
        done["recorded"][epoch] = len(result.recorded)
        done["skipped"] |= {epoch: result.skipped} if result.skipped else {}
        done["failed"] |= {epoch: result.failed} if result.failed else {}
    done["claimed"] = collect(ledger, sender, say, oracle, weth)
    return done


def _parts(accounts: Sequence[str], size: int) -> list[list[str]]:
    return [list(accounts[start : start + size]) for start in range(0, len(accounts), size)]
