"""The chain that a crowd lives on, and those who act for all of it: blocks, keepers, a bidder, governance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from eth_utils import keccak, to_checksum_address

from forks import control
from forks.addresses import FEEDS
from forks.placing import OWNER, aggregator, encode
from forks.seeding import invest
from ssi.chain.evm import Deployed
from ssi.constants import CLAIMING, DAY, MAX, NOTICE, RECORDING, WAD
from ssi.governance import proposals
from ssi.governance.decoder import Decoder
from ssi.index.bounds import bounds
from ssi.keeper import maintenance
from ssi.points.ledger import Ledger
from ssi.registry.system import System
from tools.app_pools import Pools
from tools.crowd_holdings import CrowdHoldings

STEP = 12  # seconds between blocks that are not told when
WHALE, LP_SHARES, POSITIONS = 60_000, 400, 24
MOVES = (
    {"SOL": 1.04, "BNB": 1.02},
    {"LINK": 0.97, "UNI": 1.03},
    {"SOL": 1.05, "AAVE": 0.96},
    {"BNB": 1.03, "UNI": 0.95},
)
REBALANCES = {3: "MAG7.ssi", 4: "MEME.ssi", 24: "DEFI.ssi", 40: "MAG7.ssi", 41: "DEFI.ssi"}  # proposed on that day
POT = 1_000 * 10**6
BATCH = 64  # accounts that a keeper records at once


@dataclass(frozen=True)
class Sent:
    """A transaction that waits for its block. `kind` is empty for what prepares another."""

    kind: str
    sender: str
    hash: str


@dataclass
class Lived:
    """What a crowd did.

    Args:
        owed: those of them who have a claim in kind at the end.
        done: operations that succeeded, by kind; `refused` those that reverted.
        first: the block before the first of it; `last` its last.
    """

    people: list[str]
    owed: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    first: int = 0
    last: int = 0

    @property
    def operations(self) -> int:
        """Those that succeeded."""
        return sum(self.done.values())


class Crowd:
    """People with a part of every index, and what they can do.

    Args:
        people: how many accounts.
        seed: of everything that is random.
    """

    def __init__(self, system: System, people: int, seed: int = 1) -> None:
        self.system, self.evm, self.rpc = system, system.evm, system.evm.rpc
        self.random = Random(seed)
        names = [str(to_checksum_address(keccak(text=f"crowd {seed} {n}")[12:])) for n in range(people)]
        self.lived = Lived(names)
        self.symbols = list(system.record.indexes)
        self.index = {symbol: system.index(symbol) for symbol in self.symbols}
        self.vault = {symbol: system.staked(symbol) for symbol in system.record.staked}
        self.safe, self.guardian = (system.record.contracts[name] for name in ("Safe", "GuardianSafe"))
        self.whale, self.keeper, self.bidder, self.maker = (
            self.evm.account(f"crowd {name}") for name in ("whale", "keeper", "bidder", "maker")
        )
        self.ledger, self.decoder = Ledger(system.points, system.prices, system.record.block or 0), Decoder(system)
        self.holdings = CrowdHoldings(system)
        self.waiting: list[Sent] = []
        self.busy: set[str] = set()  # those with an operation in the block to come
        self.scheduled: list[tuple[int, Deployed, bytes]] = []  # since when, Unix seconds
        self.named = {asset.address: name for name, asset in system.assets.assets.items()}

    # ------------------------------------------------------------ blocks

    @contextmanager
    def blocks(self) -> Iterator[None]:
        """Blocks are mined when told, and stand `STEP` seconds apart unless told."""
        self.rpc.call("evm_setAutomine", False)
        self.rpc.call("anvil_setBlockTimestampInterval", STEP)
        try:
            yield
        finally:
            self.rpc.call("evm_setAutomine", True)
            self.rpc.call("anvil_removeBlockTimestampInterval")

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Every transaction is mined when it is sent."""
        self.mine()
        self.rpc.call("evm_setAutomine", True)
        try:
            yield
        finally:
            self.rpc.call("evm_setAutomine", False)

    def send(self, kind: str, sender: str, to: Any, data: bytes, value: int = 0, gas: int = 2_000_000) -> None:
        """Puts a transaction into the block to come."""
        transaction = {
            "from": sender, "to": getattr(to, "address", to), "data": "0x" + data.hex(), "value": hex(value),
            "gas": hex(gas), "maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": "0x0",
        }  # fmt: skip
        if sender not in self.evm._funded:
            self.evm.fund(sender)
            self.evm._funded.add(sender)
        self.waiting.append(Sent(kind, sender, self.rpc.call("eth_sendTransaction", transaction)))

    def mine(self, timestamp: int | None = None) -> None:
        """Mines what waits, at that time, and writes down what came of it."""
        if timestamp is not None and timestamp > self.evm.now:
            self.evm.next_at(timestamp)
        elif not self.waiting:
            return
        self.rpc.call("evm_mine")
        receipts = {receipt["transactionHash"]: receipt for receipt in self.rpc.call("eth_getBlockReceipts", "latest")}
        for sent in self.waiting:
            good = receipts[sent.hash]["status"] == "0x1"
            if sent.kind:
                (self.lived.done if good else self.lived.refused)[sent.kind] += 1
            self.holdings.read(receipts[sent.hash]["logs"])
        self.waiting, self.busy = [], set()

    # ------------------------------------------------------------ the beginning

    def begin(self) -> None:
        """Whales with shares to give, a maker with constituents, a bidder with everything, pools to be locked."""
        self.rpc.call("anvil_setBlockTimestampInterval", STEP)
        control.refresh_feeds(self.rpc)
        self.pools = Pools(self.system)
        for symbol in self.symbols:
            invest(self.system, symbol, self.whale, WHALE * WAD)
            self.give(symbol)
        self.pools.supply(self.whale, 2 * LP_SHARES + 40 * POSITIONS)
        self.pools.lp_tokens(self.whale, LP_SHARES)
        self.ids = [self.pools.position(self.whale, self.random.randrange(1, 9)) for _ in range(POSITIONS)]
        control.deal(self.rpc, "SOSO", self.whale, 10**7 * WAD)
        control.deal(self.rpc, "USDC", self.keeper, 100 * POT)
        usdc = self.system.token("USDC")
        usdc.approve(self.system.points.address, MAX, sender=self.keeper)
        self.most_for_recorders = self.system.points.MAX_RECORDER_BPS()
        self.look()

    def give(self, symbol: str) -> None:
        """The maker and the bidder get much of every constituent, and allow what needs it."""
        index = self.index[symbol]
        for address in index.basket().tokens:
            amount = 3 * self.system.token(address).balanceOf(index.address)
            for person, spender in ((self.maker, index), (self.bidder, self.system.rebalancer)):
                token = self.system.token(address)
                control.deal(self.rpc, self.named[address], person, token.balanceOf(person) + amount)
                if not token.allowance(person, spender.address):
                    token.approve(spender.address, MAX, sender=person)

    def basket(self, symbol: str) -> tuple[bytes, list[int], int]:
        """Bounds of a mint that do not bind."""
        tokens = self.index[symbol].basket().tokens
        return bounds(tokens, [2**200] * len(tokens))

    # ------------------------------------------------------------ keepers

    def morning(self, day: int) -> None:
        """Prices move, keepers do what is due, governance proposes and executes."""
        system = self.system
        if day % 5 == 0:
            with self.at_once():
                for token, factor in MOVES[day // 5 % len(MOVES)].items():
                    control.move_price(self.rpc, token, factor)
            self.answers = {feed: control.read_feed(self.rpc, feed)[0] for feed in FEEDS}
        self.refresh()
        for name in maintenance.due_pokes(system):
            self.send("poke", self.keeper, system.oracle, system.oracle.poke.encode(system.token(name).address))
        for symbol in maintenance.due_distributions(system):
            data = system.distributor.distribute.encode(system.record.indexes[symbol])
            self.send("distribute", self.keeper, system.distributor, data)
        if not system.prices.runningSlot().sampled:
            self.send("sample", self.keeper, system.prices, system.prices.sample.encode(), gas=15_000_000)
        self.record()
        self.fund(day)
        self.mine()
        self.govern(day)
        self.look()

    def refresh(self) -> None:
        """Feeds say again what they say, in the block to come."""
        now = self.evm.now
        for feed, answer in self.answers.items():
            self.send("", OWNER, aggregator(feed), bytes.fromhex(encode("set(int256,uint256)", answer, now)[2:]))

    def look(self) -> None:
        """What acts of the day go by: the time, which epochs can be recorded and claimed, what baskets are made of."""
        self.now, running = self.evm.now, self.ledger.epoch
        self.recordable = self.ledger.recordable()
        self.claimable = [
            epoch for epoch in range(running)
            if RECORDING <= self.now - self.ledger.end(epoch) < RECORDING + CLAIMING
        ]  # fmt: skip
        self.baskets = {symbol: self.basket(symbol) for symbol in self.symbols}

    def record(self) -> None:
        """A keeper records some of those who wait, so that others do it by themselves and a few are forgotten."""
        for epoch in self.recordable:
            recorded = self.holdings.recorded[epoch]
            left = [person for person in self.holdings.joined if person not in recorded]
            some = left[: len(left) // 4]
            for start in range(0, len(some), BATCH):
                data = self.system.points.recordMany.encode(some[start : start + BATCH], epoch)
                self.send("record many", self.keeper, self.system.points, data, gas=14_000_000)
                if start % (4 * BATCH) == 3 * BATCH:
                    self.mine()

    def fund(self, day: int) -> None:
        """Dollars into the running epoch's pot, now and then into the next one's."""
        if day % 3 == 0:
            epoch, usdc = self.ledger.epoch + (day % 9 == 0), self.system.token("USDC")
            part = self.random.randrange(self.most_for_recorders + 1)
            data = self.system.points.fund.encode(epoch, usdc.address, self.random.randrange(1, POT), part)
            self.send("fund", self.keeper, self.system.points, data)

    def bids(self) -> None:
        """A bidder takes a part of what can be bid."""
        rebalancer = self.system.rebalancer
        running = [index for index in self.index.values() if self.runs(index)]
        if running:
            self.refresh()
            self.mine()
        for index in running:
            for offer in self.random.sample(offers := list(rebalancer.bidsOf(index.address)), min(3, len(offers))):
                amount = max(1, offer.amountOut * self.random.randrange(30, 101) // 100)
                data = rebalancer.bid.encode(
                    index.address, offer.tokenOut, offer.tokenIn, amount, 2**255, self.bidder, b""
                )
                self.send("bid", self.bidder, rebalancer, data, gas=3_000_000)
        self.mine()

    def runs(self, index: Deployed) -> bool:
        """Whether a rebalance does."""
        return bool(self.system.rebalancer.status(index.address).phase == 1)

    # ------------------------------------------------------------ governance

    def govern(self, day: int) -> None:
        """Schedules, cancels some of it, and executes what has waited."""
        manager = self.system.manager
        if day == 0:
            self.schedule(self.pools.listing())
        if (symbol := REBALANCES.get(day)) is not None:
            self.schedule(proposals.rebalance(self.decoder, symbol).calls)
        elif day % 4 == 2:
            self.schedule([self.setting()])
        elif day % 12 == 7 and len(self.scheduled) > 2:
            _, target, data = self.scheduled.pop()
            who = self.random.choice((self.safe, self.guardian))
            self.send("cancel", who, manager, manager.cancel.encode(self.safe, target.address, data))
        waited = [each for each in self.scheduled if each[0] + NOTICE <= self.evm.now]
        for each in waited:
            self.scheduled.remove(each)
            self.send("execute", self.safe, manager, manager.execute.encode(each[1].address, each[2]), gas=8_000_000)
        self.mine()
        for index in self.index.values():
            if self.runs(index) and self.random.random() < 0.1:
                data = self.system.rebalancer.cancel.encode(index.address)
                self.send("stop", self.guardian, self.system.rebalancer, data)

    def schedule(self, calls: Sequence[tuple[Deployed, bytes]]) -> None:
        """The multisig announces calls."""
        manager = self.system.manager
        for target, data in calls:
            self.send("schedule", self.safe, manager, manager.schedule.encode(target.address, data, 0))
            self.scheduled.append((self.evm.now + STEP, target, data))

    def setting(self) -> tuple[Deployed, bytes]:
        """One that governance may change, to something else."""
        symbol, n = self.random.choice(self.symbols), self.random.randrange(1, 20)
        index, vault, distributor = self.index[symbol], self.vault[symbol], self.system.distributor
        part = self.random.randrange(6_000, 9_000)
        return self.random.choice(
            (
                (index, index.setMintFee.encode(n)),
                (index, index.setStreamingFee.encode(n * 10**13)),
                (index, index.setSupplyCap.encode(1_000_000 + n)),
                (vault, vault.setCooldown.encode(14 * DAY - n * 3600)),
                (distributor, distributor.setSplit.encode(index.address, vault.address, part)),
            )
        )
