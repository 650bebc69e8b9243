"""Where the facts of a report come from: events and past states of a chain, behind one small interface.

A source that has them in a database answers the same five questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ssi.chain.evm import Deployed, Receipt
from ssi.chain.logs import LogReader
from ssi.chain.rpc import RpcError
from ssi.constants import DAY, WAD
from ssi.failure import Impossible, Misused
from ssi.registry.system import System

_MOST_SAMPLES = 1_500  # four years of days


@dataclass(frozen=True)
class Part:
    """A constituent at one block.

    Args:
        units_d27: D27{tok/base}. accounted_wei: {tok}, what the units say; available_wei: {tok} that is there after
            open claims, which are claimed_wei.
        price_d18: D18{USD/whole token}, None where the oracle has none.
    """

    symbol: str
    address: str
    decimals: int
    units_d27: int
    accounted_wei: int
    available_wei: int
    claimed_wei: int
    price_d18: int | None

    @property
    def value_d18(self) -> int | None:
        """D18{USD} of what shares can redeem, rounded down. Gifts and the dust of roundings are not theirs."""
        redeemable = min(self.accounted_wei, self.available_wei)
        return None if self.price_d18 is None else redeemable * self.price_d18 // 10**self.decimals


@dataclass(frozen=True)
class Sample:
    """An index after a block.

    Args:
        supply_wei: {share}, with fees that are earned and not yet paid out, which are `pending_wei`.
        base_wei: {base}. multiplier_d27: D27{base/share}.
        staked_wei: {share} in the staked token.
        prices_d18: D18{USD/whole token} by address, of constituents and of tokens that the plan wants.
    """

    time_s: int
    block: int
    supply_wei: int
    pending_wei: int
    base_wei: int
    multiplier_d27: int
    staked_wei: int
    parts: tuple[Part, ...]
    prices_d18: dict[str, int]
    paused: bool = False
    deprecated: bool = False

    @property
    def nav_d18(self) -> int | None:
        """D18{USD} of all constituents; None where one has no price."""
        values = [part.value_d18 for part in self.parts]
        return None if None in values else sum(value for value in values if value is not None)

    @property
    def share_price_d18(self) -> int | None:
        """D18{USD/share}."""
        nav = self.nav_d18
        return None if nav is None or not self.supply_wei else nav * WAD // self.supply_wei


@dataclass(frozen=True)
class Logged:
    """An event: its arguments by name, and where it stands."""

    name: str
    values: dict[str, Any]
    block: int
    index: int
    transaction: str


@dataclass(frozen=True)
class RebalanceStart:
    """What a rebalance started from: D18{USD/whole token} by address where there is a price, and the index's {base}."""

    prices_d18: dict[str, int]
    base_wei: int


class Source(Protocol):
    """What a report asks."""

    system: System
    symbol: str
    end: int  # the last block

    def samples(self) -> list[Sample]:
        """One a day from the beginning to the end, both included."""

    def events(self, contract: Deployed, *names: str) -> list[Logged]:
        """All of these names from the deployment to the end, oldest first."""

    def start(self, tokens: Sequence[str], block: int) -> RebalanceStart:
        """The state after the block in which a rebalance started."""

    def time(self, block: int) -> int:
        """Of a block, Unix seconds."""

    def sender(self, transaction: str) -> str:
        """Who sent it."""


class ChainSource:
    """A node with the states of all blocks of the report.

    Args:
        since_s: Unix seconds.
        until_s: Unix seconds. The report ends with the last block that is not later.

    Raises:
        Misused: there is no such time on this chain.
    """

    def __init__(self, system: System, symbol: str, since_s: int, until_s: int) -> None:
        self.system, self.symbol = system, symbol
        self.index = system.index(symbol)
        self._times: dict[int, int] = {}
        self._tokens: dict[str, tuple[str, int]] = {}
        head = system.evm.block
        if until_s <= since_s:
            raise Misused("A report ends after it begins: --from is before --to.")
        if since_s >= self.time(head):
            raise Misused("--from is later than the last block of this chain.")
        first = system.record.block or 0
        if until_s < self.time(first):
            raise Misused(f"At that time nothing was deployed here. {symbol} is younger.")
        self.end = self.block_at(min(until_s, self.time(head)), first, head)
        self.since_s, self.until_s = since_s, min(until_s, self.time(head))

    # ------------------------------------------------------------ blocks

    def time(self, block: int) -> int:
        """Of a block, Unix seconds."""
        if block not in self._times:
            found = self.system.evm.rpc.call("eth_getBlockByNumber", hex(block), False)
            self._times[block] = int(found["timestamp"], 16)
        return self._times[block]

    def block_at(self, time_s: int, low: int, high: int) -> int:
        """The last block from `low` to `high` that is not later; `low` where all are."""
        while low < high:
            span, passed = self.time(high) - self.time(low), time_s - self.time(low)
            if passed >= span:
                return high
            # Blocks come nearly evenly: the guess is near, and the step after it halves what is left.
            guess = low + max(1, min(high - low, (high - low) * max(0, passed) // max(1, span)))
            for at in (guess, (low + high + 1) // 2):
                if low < at <= high:
                    low, high = (at, high) if self.time(at) <= time_s else (low, at - 1)
        return low

    def sender(self, transaction: str) -> str:
        """Who sent it."""
        return str(self.system.evm.rpc.call("eth_getTransactionByHash", transaction)["from"])

    # ------------------------------------------------------------ events

    def events(self, contract: Deployed, *names: str) -> list[Logged]:
        """All of these names from the deployment to the end, oldest first."""
        topics = ["0x" + contract.interface[name].hash.hex() for name in names]
        logs = LogReader(self.system.evm.rpc, contract.address, [topics], self.system.record.block or 0).read()
        found = []
        for log in logs:
            block = int(log["blockNumber"], 16)
            if block <= self.end:
                (event,) = Receipt(0, [log], block, None).events(contract)
                found.append(Logged(event.name, event.values, block, int(log["logIndex"], 16), log["transactionHash"]))
        return found

    # ------------------------------------------------------------ states

    def samples(self) -> list[Sample]:
        """One a day from the beginning, or from the first shares, to the end.

        Raises:
            Impossible: the index has no shares in that time, the node does not know its past, or there are more days
                than a report shows.
        """
        minted = self.events(self.index, "Minted")
        if not minted:
            raise Impossible(f"{self.symbol} has had no shares until then.")
        born = minted[0].block
        begins = max(self.since_s, self.time(born))
        times = [*range(begins, self.until_s, DAY), self.until_s]
        if len(times) > 1 and times[-1] - times[-2] < DAY // 2 and len(times) > 2:
            del times[-2]
        if len(times) > _MOST_SAMPLES:
            raise Impossible(f"{len(times)} days are more than a report shows: say a later --from.")
        found, block = [], born
        for time_s in times:
            block = self.block_at(time_s, block, self.end)
            found.append(self.sample(block, time_s))
        return found

    def sample(self, block: int, time_s: int) -> Sample:
        """The index after a block, as of `time_s`. Raises Impossible where the node has no such state."""
        system, index = self.system, self.index.address
        asked = [(system.lens.overview, (index,)), (system.rebalancer.planOf, (index,))]
        seen, plan = self._past(asked, block)
        if seen is None or not seen.readable:
            raise Impossible(f"{self.symbol} cannot be read after block {block}.")
        parts = tuple(
            Part(
                c.symbol,
                c.token,
                c.decimals,
                c.units,
                c.accounted,
                c.available,
                c.claimed,
                c.price if c.priced else None,
            )
            for c in seen.constituents
        )
        prices = {part.address: part.price_d18 for part in parts if part.price_d18 is not None}
        wanted = [token for token in (plan.tokens if plan else ()) if token not in prices]
        prices |= self._prices(wanted, block)
        return Sample(
            time_s, block, seen.totalSupply, seen.pendingFeeShares, seen.baseSupply, seen.multiplier,
            seen.staking.totalAssets, parts, prices, seen.terms.paused, seen.terms.deprecated,
        )  # fmt: skip

    def start(self, tokens: Sequence[str], block: int) -> RebalanceStart:
        """The state after the block in which a rebalance started. Raises Impossible."""
        (basket,) = self._past([(self.index.basket, ())], block)
        return RebalanceStart(self._prices(tokens, block), basket.base)

    def _prices(self, tokens: Sequence[str], block: int) -> dict[str, int]:
        if not tokens:
            return {}
        answers = self._past([(self.system.oracle.tryPrice, (token,)) for token in tokens], block)
        return {token: answer[1] for token, answer in zip(tokens, answers, strict=True) if answer and answer[0]}

    def _past(self, calls: list[tuple[Any, tuple[Any, ...]]], block: int) -> list[Any]:
        try:
            return self.system.evm.attempts(calls, block)
        except RpcError as error:
            raise Impossible(
                f"The node has no state of block {block} ({error}). A report needs an archive node: set MAINNET_RPC_URL"
                " to one, or begin later with --from."
            ) from None
