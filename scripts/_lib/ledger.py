"""The points ledger for keepers and people: who joined, who is to be recorded, who has what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils import to_checksum_address

from minimainnet.rpc import RpcError
from scripts._lib.evm import Deployed, Reverted

RECORDING = 7 * 86_400
MOST_GAS = 12_000_000
BLOCKS = 50_000  # what nodes answer at once
READS = 100
POSITIONS = 40  # accounts whose points one call works out
LARGEST_BATCH = 64


@dataclass
class Ledger:
    """A deployed ledger and the prices that it counts at, read over a raw connection."""

    contract: Deployed
    prices: Deployed

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

    # ------------------------------------------------------------ events

    def logs(self, event: str, *topics: str | None) -> list[dict[str, Any]]:
        """All events of a name since the ledger was made, oldest first. Goes back from the head in steps that nodes answer."""
        rpc, interface = self.contract.evm.rpc, self.contract.interface
        wanted, born = "0x" + interface[event].hash.hex(), "0x" + interface["Initialized"].hash.hex()
        last, found = int(rpc.call("eth_blockNumber"), 16), []
        while last >= 0:
            span = {"address": self.contract.address, "fromBlock": hex(max(0, last - BLOCKS + 1)), "toBlock": hex(last)}
            found.append(rpc.call("eth_getLogs", {**span, "topics": [wanted, *topics]}))
            if any(int(log["data"], 16) == 1 for log in rpc.call("eth_getLogs", {**span, "topics": [born]})):
                break
            last -= BLOCKS
        return [log for logs in reversed(found) for log in logs]

    def joined(self) -> list[str]:
        """Everybody who has joined, in that order."""
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
            answers += self.contract.evm.batch([(method, (account, *args)) for account in accounts[start : start + READS]])
        return answers

    def points_to_record(self, epoch: int) -> dict[str, int]:
        """D18{point} before referrals of everybody who can be recorded now, most first."""
        people, points = self.joined(), list[int]()
        for start in range(0, len(people), POSITIONS):
            points += self.contract.recordable(people[start : start + POSITIONS], epoch)
        return dict(sorted(((account, has) for account, has in zip(people, points, strict=True) if has), key=lambda pair: -pair[1]))

    def to_record(self, epoch: int) -> list[str]:
        """Who counts in a closed epoch, has points in it and is not recorded; who has most comes first."""
        return list(self.points_to_record(epoch))

    def leaderboard(self, epoch: int) -> list[dict[str, Any]]:
        """Everybody with points in an epoch, the best first. Points are D18, before referrals; `recorded` has them in it."""
        people = self.joined()
        points, recorded = (self.each(method, people, epoch) for method in (self.contract.pointsOf, self.contract.recordedPoints))
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
        return {"account": account, "epoch": epoch, **said, "recorded": self.contract.recordedPoints(account, epoch), "claims": claims}

    # ------------------------------------------------------------ batches

    def gas_of(self, accounts: Sequence[str], epoch: int, sender: str) -> int | None:
        """What recording them would cost; None where the node cannot say, as it is too much."""
        data = "0x" + self.contract.recordMany.encode(list(accounts), epoch).hex()
        try:
            return int(self.contract.evm.rpc.call("eth_estimateGas", {"from": sender, "to": self.contract.address, "data": data}), 16)
        except RpcError:
            if len(accounts) == 1:
                raise
            return None

    def batches(self, accounts: Sequence[str], epoch: int, sender: str) -> Iterator[tuple[list[str], int]]:
        """Accounts in parts, each with a gas limit of at most `MOST_GAS`."""
        start, size = 0, LARGEST_BATCH
        while start < len(accounts):
            part = list(accounts[start : start + size])
            gas = self.gas_of(part, epoch, sender)
            if len(part) > 1 and (gas is None or gas * 11 // 10 > MOST_GAS):
                size = len(part) // 2
                continue
            assert gas is not None
            yield part, min(gas * 11 // 10, MOST_GAS)
            start += len(part)


def sample(prices: Deployed, writer: Any, signer: Any, say: Callable[[str], object]) -> dict[str, Any]:
    """Takes the running slot's sample of prices, unless it has one and another would not find more.

    Args:
        writer: the reference prices as an Ape contract, which signs and sends.
    """
    running = prices.runningSlot()
    done = {"epoch": running.epoch, "slot": running.slot, "sampled": False, "missing": running.missing if running.sampled else None}
    if running.sampled and not running.missing:
        return done
    try:
        missing = int(prices.sample.call(sender=signer.address))
    except Reverted:
        return done
    say(f"sample prices of epoch {running.epoch}, slot {running.slot}")
    writer.sample(sender=signer)
    return {**done, "sampled": True, "missing": missing}


def keep(ledger: Ledger, writer: Any, sampler: Any, signer: Any, say: Callable[[str], object]) -> dict[str, Any]:
    """Samples prices and records everybody who can be. Run again, it does what is left.

    Args:
        writer: the ledger as an Ape contract, which signs and sends.
        sampler: the same of the reference prices.
    """
    done: dict[str, Any] = {**sample(ledger.prices, sampler, signer, say), "recorded": {}}
    for epoch in ledger.recordable():
        done["recorded"][epoch] = 0
        for accounts, gas in ledger.batches(ledger.to_record(epoch), epoch, signer.address):
            say(f"record {len(accounts)} accounts of epoch {epoch}")
            writer.recordMany(accounts, epoch, sender=signer, gas_limit=gas)
            done["recorded"][epoch] += len(accounts)
    return done
