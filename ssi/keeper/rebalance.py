"""Runs a rebalance with Uniswap's liquidity: which pair, how much of it, and when it pays.

The Dutch auction does the waiting: its price falls until selling the surplus on Uniswap covers what the deficit costs
there, and from then on the caller of the filler keeps the difference. All state is on chain, so a keeper that stopped
goes on where the rebalance is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

from ssi.chain.evm import Deployed, Interface, Reverted, Struct
from ssi.chain.sender import Overtaken
from ssi.constants import BLOCK, QUOTER
from ssi.registry.system import System


class Phase(IntEnum):
    """As `IRebalancer.Phase` counts."""

    NONE, RUNNING, COMPLETED, HALTED, CANCELLED, EXPIRED = range(6)

    @property
    def word(self) -> str:
        """For people and for JSON."""
        return self.name.lower()


SHORTEST = 60  # seconds
MAX_TIP = 2 * 10**9
HALVINGS = 7  # a bid is tried whole, in half, … down to its 128th
_QUOTER = Interface(
    "QuoterV2",
    [
        {
            "type": "function", "name": "quoteExactOutput", "stateMutability": "view",
            "inputs": [{"name": "path", "type": "bytes"}, {"name": "amountOut", "type": "uint256"}],
            "outputs": [
                {"name": "amountIn", "type": "uint256"}, {"name": "sqrtPriceX96AfterList", "type": "uint160[]"},
                {"name": "initializedTicksCrossedList", "type": "uint32[]"}, {"name": "gasEstimate", "type": "uint256"},
            ],
        }
    ],
)  # fmt: skip


class NoPath(Exception):  # noqa: N818 - it says what is missing
    """The router has no pools between two tokens."""


@dataclass(frozen=True)
class UniswapFill:
    """A bid that Uniswap covers.

    Args:
        profit_wei: what is left for the keeper, of `token_out`.
        worth_usd_d18: of `amount_out_wei`.
        net_usd_d18: of the profit, after gas.
    """

    token_out: str
    token_in: str
    amount_out_wei: int
    amount_in_wei: int
    profit_wei: int
    worth_usd_d18: int
    net_usd_d18: int
    path: bytes

    def arguments(self, index: str, receiver: str) -> tuple[Any, ...]:
        """For `UniswapFiller.fill`. A twentieth less profit is accepted: pools move between the look and the block."""
        least = self.profit_wei * 95 // 100
        return (index, self.token_out, self.token_in, self.amount_out_wei, self.path, least, receiver)


@dataclass(frozen=True)
class ConstituentWeight:
    """bp of NAV: as it is, and as it should be."""

    now_bps: float
    target_bps: float

    @property
    def off_bps(self) -> float:
        """How far from the target, on either side."""
        return abs(self.now_bps - self.target_bps)


@dataclass(frozen=True)
class RebalanceReport:
    """A rebalance as it stands.

    Args:
        started_at_s: Unix seconds.
        ends_at_s: Unix seconds.
        premium_bps: over the oracle's price, that a bidder pays now; below zero a discount.
        cost_bps: what it has cost so far, of NAV; it stops at `budget_bps`.
        surplus: how many constituents are above their targets.
        deficit: how many are below.
        weights: by name.
    """

    id: int
    phase: Phase
    started_at_s: int
    ends_at_s: int
    premium_bps: float
    cost_bps: float
    budget_bps: float
    surplus: int
    deficit: int
    weights: dict[str, ConstituentWeight]

    @property
    def distance_bps(self) -> float:
        """What must change hands until the weights are as they should be."""
        return sum(weight.off_bps for weight in self.weights.values()) / 2

    @property
    def farthest_bps(self) -> float:
        """How far the weight is off that is off most."""
        return max(weight.off_bps for weight in self.weights.values())

    def plain(self) -> dict[str, Any]:
        """For --json."""
        return {
            "id": self.id, "phase": self.phase.word, "started": self.started_at_s, "ends": self.ends_at_s,
            "premiumBps": self.premium_bps, "costBps": self.cost_bps, "budgetBps": self.budget_bps,
            "surplus": self.surplus, "deficit": self.deficit,
            "weights": {name: {"now": w.now_bps, "target": w.target_bps} for name, w in self.weights.items()},
        }  # fmt: skip


Send = Callable[[tuple[Any, ...]], str]


class RebalanceKeeper:
    """One index's rebalance, as a keeper sees it.

    Args:
        keeper: who calls the filler and gets what is left.
        minimum_usd_d18: after gas, under which a fill does not pay.
    """

    def __init__(self, system: System, symbol: str, keeper: str, minimum_usd_d18: int = 0) -> None:
        self.system, self.keeper, self.minimum_usd_d18 = system, keeper, minimum_usd_d18
        self.symbol, self.index = symbol, system.index(symbol)
        self.rebalancer = system.contract("Rebalancer")
        self.filler = system.contract("UniswapFiller")
        self._hops: dict[str, tuple[str, int]] = {}
        self._decimals: dict[str, int] = {}
        self._used: dict[tuple[str, str], int] = {}

    # ------------------------------------------------------------ what is going on

    def status(self) -> Struct:
        """As `IRebalancer.Status`."""
        status: Struct = self.rebalancer.status(self.index.address)
        return status

    @property
    def phase(self) -> Phase:
        """As it would be said in the next block."""
        return Phase(self.status().phase)

    def report(self) -> RebalanceReport:
        """All of it, for people."""
        status = self.status()
        tokens, current, target = self.rebalancer.weightsOf(self.index.address)
        names = {entry.address.lower(): name for name, entry in self.system.assets.assets.items()}
        weights = {
            names.get(token.lower(), token): ConstituentWeight(now / 1e14, goal / 1e14)
            for token, now, goal in zip(tokens, current, target, strict=True)
            if now or goal
        }
        return RebalanceReport(
            status.id, Phase(status.phase), status.started, status.ends, status.premium / 1e14, status.cost / 1e14,
            status.budget / 1e14, status.surplus, status.deficit, weights,
        )  # fmt: skip

    # ------------------------------------------------------------ paths

    def path(self, token_out: str, token_in: str) -> bytes:
        """Uniswap's path for an exact output, from `token_in` back to `token_out`, over the hops of the router.

        Raises NoPath.
        """
        one, other = self._to_root(token_in), self._to_root(token_out)
        if one[-1][0] != other[-1][0]:
            raise NoPath(f"the router knows no path from {token_in} to {token_out}")
        while len(one) > 1 and len(other) > 1 and one[-2][0] == other[-2][0]:
            one.pop()
            other.pop()
        way = bytes.fromhex(one[0][0][2:])
        for (_, fee), (token, _) in pairwise(one):
            way += fee.to_bytes(3, "big") + bytes.fromhex(token[2:])
        for token, fee in reversed(other[:-1]):
            way += fee.to_bytes(3, "big") + bytes.fromhex(token[2:])
        return way

    def _to_root(self, token: str) -> list[tuple[str, int]]:
        """The tokens on the way to the root, each with the fee of the pool to the next; 0 at the root."""
        way = []
        while True:
            after, fee = self._hop(token)
            way.append((token, fee))
            if not fee:
                return way
            token = after

    def _hop(self, token: str) -> tuple[str, int]:
        if token not in self._hops:
            hop = self.system.router.hop(token)
            self._hops[token] = (hop[0], int(hop.fee))
        return self._hops[token]

    # ------------------------------------------------------------ what pays

    def fills(self) -> list[UniswapFill]:
        """All that Uniswap covers now, whether it pays for the gas or not, the best first."""
        rpc, offers = self.system.evm.rpc, self._offers()
        sold = list({offer.tokenOut for offer in offers})
        prices = {token: self._price(token) for token in sold}
        wei = int(rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16) + self.tip()
        found = [fill for offer in offers for fill in self._sizes(offer, prices[offer.tokenOut], wei)]
        return sorted(found, key=lambda fill: fill.net_usd_d18, reverse=True)

    def _price(self, token: str) -> int:
        """D18 USD: the oracle's, or what the start's proposal gave for a token that has none."""
        priced, price = self.system.oracle.tryPrice(token)
        return int(price if priced else self.rebalancer.referenceOf(self.index.address, token).price)

    def pays(self, fill: UniswapFill) -> bool:
        """Whether enough is left after gas."""
        return fill.net_usd_d18 > self.minimum_usd_d18

    def _offers(self) -> list[Struct]:
        return list(self.rebalancer.bidsOf(self.index.address))

    def _sizes(self, offer: Struct, price: int, wei: int) -> Iterator[UniswapFill]:
        """The offer whole, then smaller as long as that is better: with less of it, Uniswap's price is better and gas
        weighs more.
        """
        try:
            path = self.path(offer.tokenOut, offer.tokenIn)
        except NoPath:
            return
        smallest = self._smallest(offer)
        if smallest is None or self._try(offer, smallest[0], path) is None:
            return  # not even that
        last: UniswapFill | None = None
        for halving in range(HALVINGS + 1):
            moved = self._try(offer, offer.amountOut >> halving, path)
            if moved is None:
                continue
            worth, gain = (self._usd(offer.tokenOut, amount, price) for amount in (moved[0], moved[2]))
            gas = self._gas(offer, moved[0], path) * wei * self._ether // 10**18
            fill = UniswapFill(offer.tokenOut, offer.tokenIn, *moved, worth, gain - gas, path)
            yield fill
            if last is not None and fill.net_usd_d18 < last.net_usd_d18:
                return
            last = fill

    def _smallest(self, offer: Struct) -> tuple[int, int] | None:
        """The smallest part of the offer that can be bid for, and what it costs, {tok}; None where nothing can.

        Crumbs cannot.
        """
        for halving in reversed(range(HALVINGS + 1)):
            out, paid = self.rebalancer.quoteBid(
                self.index.address, offer.tokenOut, offer.tokenIn, offer.amountOut >> halving
            )
            if out:
                return int(out), int(paid)
        return None

    def _try(self, offer: Struct, amount: int, path: bytes) -> tuple[int, int, int] | None:
        """What the filler would take from the index, pay to it, and leave, {tok}; None where Uniswap does not
        cover it.
        """
        try:
            out, paid, profit = self.filler.fill.call(*self._arguments(offer, amount, path), sender=self.keeper)
        except Reverted:
            return None
        return int(out), int(paid), int(profit)

    def _arguments(self, offer: Struct, amount: int, path: bytes) -> tuple[Any, ...]:
        return (self.index.address, offer.tokenOut, offer.tokenIn, amount, path, 0, self.keeper)

    def _usd(self, token: str, amount: int, price: int) -> int:
        """D18 USD of {tok}; `price` D18 of a whole token."""
        if token not in self._decimals:
            self._decimals[token] = int(self.system.token(token).decimals())
        return int(amount * price // 10 ** self._decimals[token])

    def _gas(self, offer: Struct, amount: int, path: bytes) -> int:
        """What a fill of this pair uses; the size hardly matters."""
        pair = (offer.tokenOut, offer.tokenIn)
        if pair not in self._used:
            data = self.filler.fill.encode(*self._arguments(offer, amount, path))
            call = {"from": self.keeper, "to": self.filler.address, "data": "0x" + data.hex()}
            self._used[pair] = int(self.system.evm.rpc.call("eth_estimateGas", call), 16)
        return self._used[pair]

    def tip(self) -> int:
        """Wei a gas for the block's proposer: what the node suggests, up to a limit that no keeper needs to pass."""
        return min(MAX_TIP, int(self.system.evm.rpc.call("eth_maxPriorityFeePerGas"), 16))

    @cached_property
    def _ether(self) -> int:
        """D18 USD of one ether; good enough for gas while a keeper runs."""
        return int(self.system.oracle.price(self.system.token("WETH").address))

    def patience(self, found: list[UniswapFill]) -> int:
        """Seconds until the nearest offer pays by the prices of now, a minute at least; those that are left where none
        comes near.
        """
        status, terms = self.status(), self.rebalancer.planOf(self.index.address).terms
        left, duration = max(0, int(status.ends) - self.system.evm.now), int(status.ends - status.started)
        fall = (terms.premiumStart + terms.discountEnd) * 10**14
        gaps = [
            (self.minimum_usd_d18 - fill.net_usd_d18) * 10**18 // fill.worth_usd_d18
            for fill in found
            if fill.worth_usd_d18
        ]
        gaps += [gap for offer in self._offers() if (gap := self._gap(offer))]
        return min(left, max(SHORTEST, min((gap * duration // fall for gap in gaps), default=left)))

    def _gap(self, offer: Struct) -> int | None:
        """D18 by which Uniswap asks more for the smallest part of the offer than that brings, relative to it."""
        quoter = Deployed(self.system.evm, _QUOTER, QUOTER)
        smallest = self._smallest(offer)
        if smallest is None:
            return None
        out, paid = smallest
        try:
            asked = quoter.quoteExactOutput(self.path(offer.tokenOut, offer.tokenIn), paid).amountIn
        except (Reverted, NoPath):
            return None
        return max(0, int(asked) * 10**18 // int(out) - 10**18)

    # ------------------------------------------------------------ the run

    def run(self, send: Send, wait: Callable[[int], None], once: bool = False) -> Iterator[tuple[UniswapFill, str]]:
        """Fills what pays and waits for the rest until the rebalance is over; with `once`, does not wait.

        Args:
            send: calls the filler with these arguments; returns the transaction's hash. Raises Reverted where another
                keeper was faster.
            wait: lets so many seconds pass.
        """
        while self.phase is Phase.RUNNING:
            found = self.fills()
            if found and self.pays(found[0]):
                try:
                    yield found[0], send(found[0].arguments(self.index.address, self.keeper))
                except (Reverted, Overtaken):
                    wait(BLOCK)  # the world moved: look again
            elif once:
                return
            else:
                wait(self.patience(found))
