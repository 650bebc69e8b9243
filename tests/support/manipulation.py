"""Genuine Uniswap v3 pools that tests move: new ones between two tokens of our own, and those of the miniature mainnet,
by a thief.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from forks import control
from forks.addresses import CONTRACTS, TOKENS
from forks.artifacts import MODULES, packaged
from ssi.chain.evm import Deployed, Evm, Interface
from ssi.constants import MAX, NEVER
from tests.model.oracle import MAX_TICK, sqrt_price_x96
from tests.support.prices import PriceBench

SPACING = {100: 1, 500: 10, 3000: 60, 10000: 200}

POOL = Interface(
    "UniswapV3Pool",
    json.loads((MODULES / "@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json").read_text())[
        "abi"
    ],
)
_FACTORY = Interface("UniswapV3Factory", packaged("UniswapV3Factory")["abi"])
_ROUTER = Interface("SwapRouter02", packaged("SwapRouter02")["abi"])
_POSITIONS = Interface("NonfungiblePositionManager", packaged("NonfungiblePositionManager")["abi"])


# Positions end at multiples of the spacing of a pool's ticks.
FULL_RANGE = 887_220
_FEE = 3_000


def middle(tick: int) -> int:
    """A square root, X96, that belongs to a tick."""
    return (sqrt_price_x96(tick) + sqrt_price_x96(tick + 1)) // 2


@dataclass
class ThinPool:
    """A pool between two tokens of our own, with one position over the whole range."""

    bench: PriceBench
    pool: Deployed
    tokens: tuple[Deployed, Deployed]
    position: int = 0

    @property
    def evm(self) -> Evm:
        return self.bench.evm

    def move(self, tick: int) -> None:
        """Swaps to the middle of a tick, at any cost."""
        root, now = middle(min(tick, FULL_RANGE - 1)), self.pool.slot0().sqrtPriceX96
        if root != now:
            pair = self.tokens if root < now else self.tokens[::-1]
            order = (*pair, _FEE, self.bench.owner, 2**200, 0, root)
            self.evm.at(_ROUTER, CONTRACTS["SwapRouter02"]).exactInputSingle(order, sender=self.bench.owner)

    def refill(self) -> None:
        """Adds the position, of some 2^60 of liquidity: so little that even the farthest price can be paid for."""
        depth, root, end = 2**60, self.pool.slot0().sqrtPriceX96, sqrt_price_x96(FULL_RANGE)
        amounts = ((depth << 96) // root - (depth << 96) // end + 1, (depth * root >> 96) + 1)
        owner, manager = self.bench.owner, self.evm.at(_POSITIONS, CONTRACTS["NonfungiblePositionManager"])
        params = (*self.tokens, _FEE, -FULL_RANGE, FULL_RANGE, *amounts, 0, 0, owner, NEVER)
        receipt = manager.mint(params, sender=owner)
        self.position = receipt.events(manager, "IncreaseLiquidity")[0].values["tokenId"]

    def drain(self, numerator: int, denominator: int) -> None:
        """Takes a part of the position out."""
        manager = self.evm.at(_POSITIONS, CONTRACTS["NonfungiblePositionManager"])
        liquidity = manager.positions(self.position).liquidity * numerator // denominator
        manager.decreaseLiquidity((self.position, liquidity, 0, 0, NEVER), sender=self.bench.owner)

    def empty(self) -> None:
        """Takes the position out."""
        self.drain(1, 1)


def new_market(bench: PriceBench, tick: int, decimals: tuple[int, int] = (18, 18), observations: int = 160) -> ThinPool:
    """A new pool at a tick. `decimals` are of token 0 and token 1."""
    evm, owner = bench.evm, bench.owner
    one, other = sorted((bench.token(18), bench.token(18)), key=lambda token: int(token.address, 16))
    tokens = (_with_decimals(bench, one, decimals[0]), _with_decimals(bench, other, decimals[1]))
    factory = evm.at(_FACTORY, CONTRACTS["UniswapV3Factory"])
    address = factory.createPool.call(*tokens, _FEE, sender=owner)
    factory.createPool(*tokens, _FEE, sender=owner)
    pool = evm.at(POOL, address)
    pool.initialize(middle(tick), sender=owner)
    if observations > 1:
        pool.increaseObservationCardinalityNext(observations, sender=owner)
    for token in tokens:
        token.mint(owner, 2**220, sender=owner)
        for spender in ("SwapRouter02", "NonfungiblePositionManager"):
            token.approve(CONTRACTS[spender], 2**255, sender=owner)
    market = ThinPool(bench, pool, tokens)
    evm.next_at(evm.now + 1)  # an observation needs a second of its own, and with it the history grows
    market.refill()
    return market


def _with_decimals(bench: PriceBench, token: Deployed, decimals: int) -> Deployed:
    """The same address with other decimals: which of two tokens is token 0 is decided by their addresses."""
    if decimals != 18:
        code = bench.evm.rpc.call("eth_getCode", bench.token(decimals).address, "latest")
        bench.evm.rpc.call("anvil_setCode", token.address, code)
    return token


class Thief:
    """A trader with any amount of a token and of WETH, and with one of their pools."""

    def __init__(self, evm: Evm, token: str, fee: int) -> None:
        self.evm, self.account, self.fee = evm, evm.account("thief"), fee
        self.pair = sorted((token, "WETH"), key=lambda name: int(TOKENS[name], 16))
        factory = evm.at(_FACTORY, CONTRACTS["UniswapV3Factory"])
        self.pool: Deployed = evm.at(POOL, factory.getPool(*(TOKENS[name] for name in self.pair), fee))
        self._router = evm.at(_ROUTER, CONTRACTS["SwapRouter02"])
        self._positions = evm.at(_POSITIONS, CONTRACTS["NonfungiblePositionManager"])
        self.token_is_0 = self.pair[0] == token
        for name in self.pair:
            control.deal(
                evm.rpc, name, self.account, max(10**24, 20 * control.balance_of(evm.rpc, name, self.pool.address))
            )
            for spender in (self._router, self._positions):
                evm.at(Interface("IERC20", _APPROVE), TOKENS[name]).approve(spender, MAX, sender=self.account)

    def holdings(self) -> list[int]:
        """Token-wei of both tokens, in the pool's order."""
        return [control.balance_of(self.evm.rpc, name, self.account) for name in self.pair]

    def push(self, root: int) -> None:
        """Swaps until the square root of the price, X96, is `root`."""
        now = self.pool.slot0().sqrtPriceX96
        if root == now:
            return
        one, other = (0, 1) if root < now else (1, 0)
        tokens, amount = [TOKENS[name] for name in self.pair], self.holdings()[one]
        order = (tokens[one], tokens[other], self.fee, self.account, amount, 0, root)
        self._router.exactInputSingle(order, sender=self.account)

    def far(self, dearer: bool, least: int) -> int:
        """Puts a few wei where no other liquidity is, and returns the root of the far end of that: with it the
        liquidity is `least` or more.

        So far away, a wei of what the pool would be out of is a deep market.
        """
        step, up = SPACING[self.fee], dearer is self.token_is_0
        tick = next(t for t in range(0, MAX_TICK, 10 * step) if sqrt_price_x96(t) // 2**96 > least // 10**5)
        low, high = (tick, tick + step) if up else (-tick - step, -tick)
        amounts = (10**4, 0) if up else (0, 10**4)
        order = (*(TOKENS[name] for name in self.pair), self.fee, low, high, *amounts, 0, 0, self.account, NEVER)
        self._positions.mint(order, sender=self.account)
        # `TickMath` is exact at ticks up to 0, and off by up to 2^-64 above.
        return sqrt_price_x96(low) * (2**63 + 1) // 2**63 if up else sqrt_price_x96(high)

    def hold(self, root: int, seconds: int) -> None:
        """Holds the price there for that long, in blocks without other trades, and takes it back."""
        before = self.pool.slot0().sqrtPriceX96
        self.push(root)
        self.evm.next_at(self.evm.now + seconds)
        self.push(before)


_APPROVE: list[dict[str, Any]] = [
    {
        "type": "function", "name": "approve", "stateMutability": "nonpayable", "outputs": [],
        "inputs": [{"name": "spender", "type": "address"}, {"name": "amount", "type": "uint256"}],
    },
]  # fmt: skip
