"""The points ledger for keepers and people: who joined, who is to be recorded, who has what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils import to_checksum_address

from minimainnet.rpc import RpcError
from scripts._lib.evm import Deployed

RECORDING = 7 * 86_400
MOST_GAS = 12_000_000
BLOCKS = 50_000  # what nodes answer at once
READS = 100
LARGEST_BATCH = 64


@dataclass
class Ledger:
    """A deployed ledger, read over a raw connection."""

    contract: Deployed

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

    def to_record(self, epoch: int) -> list[str]:
        """Who counts in a closed epoch, has points in it and is not recorded."""
        end, people = self.end(epoch), self.joined()
        joined = self.each(self.contract.joinedAt, people)
        people = [account for account, at in zip(people, joined, strict=True) if at < end]
        recorded, points = (self.each(method, people, epoch) for method in (self.contract.recordedPoints, self.contract.pointsOf))
        return [account for account, done, has in zip(people, recorded, points, strict=True) if has and not done]

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


def keep(ledger: Ledger, writer: Any, signer: Any, say: Callable[[str], object]) -> dict[str, Any]:
    """Opens the running epoch and records everybody who can be. Run again, it does what is left.

    Args:
        writer: the ledger as an Ape contract, which signs and sends.
    """
    done: dict[str, Any] = {"epoch": ledger.epoch, "opened": False, "missing": 0, "recorded": {}}
    missing = int(ledger.contract.openEpoch.call(sender=signer.address))
    if _opens(ledger, signer.address):
        say(f"open epoch {done['epoch']}")
        writer.openEpoch(sender=signer)
        done["opened"] = True
    done["missing"] = missing
    for epoch in ledger.recordable():
        done["recorded"][epoch] = 0
        for accounts, gas in ledger.batches(ledger.to_record(epoch), epoch, signer.address):
            say(f"record {len(accounts)} accounts of epoch {epoch}")
            writer.recordMany(accounts, epoch, sender=signer, gas_limit=gas)
            done["recorded"][epoch] += len(accounts)
    return done


def _opens(ledger: Ledger, sender: str) -> bool:
    """Whether opening the epoch now would fix anything: something has no price of its own yet, and fewer would be missing afterwards."""
    contract, epoch = ledger.contract, ledger.epoch
    sources = contract.sourcesOf(epoch)
    tokens = [token for pair in sources.pairs for token in pair] + [sources.stakedSoso]
    if int(sources.locker, 16):
        tokens += contract.evm.at(_LOCKER, sources.locker).pools()
    tokens = [token for token in tokens if int(token, 16)]
    prices = contract.evm.batch([(contract.referencePrice, (epoch, token)) for token in tokens])
    without = sum(1 for price in prices if price.price == 0 or price.fixedIn != epoch)
    return without > int(contract.openEpoch.call(sender=sender))


def _locker() -> Any:
    from scripts._lib.evm import Interface

    outputs = [{"name": "", "type": "address[]"}]
    return Interface("Locker", [{"type": "function", "name": "pools", "stateMutability": "view", "inputs": [], "outputs": outputs}])


_LOCKER = _locker()
