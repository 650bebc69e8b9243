"""Uniswap pools of MAG7.ssi against USDC, and people with liquidity in them."""

from __future__ import annotations

import json
from functools import cache
from math import isqrt
from typing import Any

from forks import control
from forks.addresses import CONTRACTS, UNISWAP_V2_FEE_SETTER
from forks.artifacts import MODULES, packaged
from ssi.chain.evm import Deployed, Evm, Interface, Receipt
from ssi.constants import MAX, NEVER
from ssi.registry.system import System
from tests.model.locker import full_range
from tests.support.trading import Trader

SYMBOL = "MAG7.ssi"
FEE, SPACING = 3000, 60
PRICE = 100  # USDC a share, more or less what a share is worth
POOL_FEES = {"V3": 3000, "V3b": 10000}


@cache
def _abi(path: str, name: str) -> Interface:
    return Interface(name, json.loads((MODULES / path).read_text())["abi"])


def _core(name: str) -> Interface:
    return _abi(f"@uniswap/v3-core/artifacts/contracts/{name}.sol/{name}.json", name)


class UniswapMarket:
    """MAG7.ssi against USDC on Uniswap: a v2 pair and v3 pools, all at the same price."""

    def __init__(self, system: System) -> None:
        self.system, self.evm = system, system.evm
        self.index, self.usdc = system.index(SYMBOL), system.token("USDC")
        self.positions = self.evm.at(
            Interface("NonfungiblePositionManager", packaged("NonfungiblePositionManager")["abi"]),
            CONTRACTS["NonfungiblePositionManager"],
        )
        self.v2_factory = self.evm.at(
            Interface("UniswapV2Factory", packaged("UniswapV2Factory")["abi"]), CONTRACTS["UniswapV2Factory"]
        )
        self.swap_router = self.evm.at(
            Interface("SwapRouter02", packaged("SwapRouter02")["abi"]), CONTRACTS["SwapRouter02"]
        )
        self.tokens = sorted((self.index, self.usdc), key=lambda token: int(token.address, 16))
        self.pair = self.pair_of(*self.tokens)
        self.pools = {name: self._pool(fee) for name, fee in POOL_FEES.items()}

    def pair_of(self, one: Any, other: Any) -> Deployed:
        """The v2 pair of two tokens, made where there is none."""
        if int(self.v2_factory.getPair(one, other), 16) == 0:
            self.v2_factory.createPair(one, other, sender=self.index.address)
        return self.evm.at(
            _abi("@uniswap/v2-core/build/UniswapV2Pair.json", "UniswapV2Pair"), self.v2_factory.getPair(one, other)
        )

    def _pool(self, fee: int) -> Deployed:
        one, other = (self.amounts(1, PRICE)[n] for n in (0, 1))
        root = isqrt((other * 10**12 << 192) // (one * 10**12))
        create = self.positions.createAndInitializePoolIfNecessary
        address = create.call(*self.tokens, fee, root)
        create(*self.tokens, fee, root, sender=self.index.address)
        return self.evm.at(_core("UniswapV3Pool"), address)

    def amounts(self, shares: float, dollars: float) -> list[int]:
        """Token-wei of whole shares and USDC in the pools' order."""
        of_index, of_usdc = int(shares * 10**18), int(dollars * 10**6)
        return [of_index, of_usdc] if self.tokens[0] is self.index else [of_usdc, of_index]

    def pool_of(self, one: Any, other: Any, fee: int) -> str:
        """The address of a v3 pool."""
        factory = Interface("UniswapV3Factory", packaged("UniswapV3Factory")["abi"])
        return str(self.evm.at(factory, self.positions.factory()).getPool(one, other, fee))

    def fund(self, person: str, shares: int, dollars: int) -> None:
        """Bought MAG7.ssi and USDC, allowed to Uniswap."""
        Trader(self.system, person).with_shares(SYMBOL, shares * 10**18)
        control.deal(self.evm.rpc, "USDC", person, dollars * 10**6)
        for token in self.tokens:
            for spender in (self.positions, self.swap_router):
                token.approve(spender.address, MAX, sender=person)

    # ------------------------------------------------------------ v3

    def position(self, person: str, shares: float, ticks: tuple[int, int] | None = None, fee: int = FEE) -> int:
        """A new position, over the whole range unless told; returns its id."""
        low, high = ticks or full_range({3000: 60, 10000: 200, 500: 10}[fee])
        order = (*self.tokens, fee, low, high, *self.amounts(shares, shares * PRICE), 0, 0, person, NEVER)
        receipt: Receipt = self.positions.mint(order, sender=person)
        return int(receipt.events(self.positions, "IncreaseLiquidity")[0].values["tokenId"])

    def liquidity(self, token_id: int) -> int:
        """{L} that a position has now."""
        return int(self.positions.positions(token_id).liquidity)

    def increase(self, person: str, token_id: int, shares: float) -> None:
        """A stranger adds to a position."""
        self.positions.increaseLiquidity((token_id, *self.amounts(shares, shares * PRICE), 0, 0, NEVER), sender=person)

    def trade(self, person: str, dollars: float, fee: int = FEE) -> None:
        """Buys shares for USDC on v3, so that positions earn."""
        order = (self.usdc.address, self.index.address, fee, person, int(dollars * 10**6), 0, 0)
        self.swap_router.exactInputSingle(order, sender=person)

    # ------------------------------------------------------------ v2

    def add(self, person: str, shares: float) -> int:
        """Adds liquidity to the pair in proportion, at the going price once there is one; returns LP tokens."""
        reserves = list(self.pair.getReserves())[:2]
        amounts = self.amounts(shares, shares * PRICE)
        if reserves[0]:
            amounts[1] = amounts[0] * reserves[1] // reserves[0] + 1
        before = self.pair.balanceOf(person)
        self.give(person, *amounts)
        self.pair.mint(person, sender=person)
        return int(self.pair.balanceOf(person) - before)

    def give(self, person: str, amount0: int, amount1: int) -> None:
        """Sends tokens to the pair and nothing else."""
        for token, amount in zip(self.tokens, (amount0, amount1), strict=True):
            if amount:
                token.transfer(self.pair.address, amount, sender=person)

    def burn(self, person: str, amount: int) -> list[int]:
        """Burns LP tokens; returns token-wei of both."""
        before = [token.balanceOf(person) for token in self.tokens]
        self.pair.transfer(self.pair.address, amount, sender=person)
        self.pair.burn(person, sender=person)
        return [token.balanceOf(person) - held for token, held in zip(self.tokens, before, strict=True)]

    def swap(self, person: str, n: int, amount: int) -> None:
        """Sells token `n` to the pair."""
        reserves = list(self.pair.getReserves())[:2]
        paid = amount * 997
        out = paid * reserves[1 - n] // (reserves[n] * 1000 + paid)
        if out:
            self.tokens[n].transfer(self.pair.address, amount, sender=person)
            self.pair.swap(*((0, out) if n == 0 else (out, 0)), person, b"", sender=person)

    def state(self) -> tuple[int, int, int, int]:
        """Reserves, kLast and LP tokens of the pair."""
        reserves, last, supply = self.evm.batch(
            [(self.pair.getReserves, ()), (self.pair.kLast, ()), (self.pair.totalSupply, ())]
        )
        return reserves[0], reserves[1], last, supply

    def protocol_fee(self, receiver: str) -> None:
        """Turns v2's protocol fee on, or off with the zero address."""
        self.evm.fund(UNISWAP_V2_FEE_SETTER)
        self.v2_factory.setFeeTo(receiver, sender=self.v2_factory.feeToSetter())


def new_locker(
    evm: Evm, project: Any, authority: Deployed, market: UniswapMarket, sender: str, length: int, **terms: Any
) -> Deployed:
    """A locker over the deployed indexes, with no pool on its list."""
    terms = {
        "manager": authority.address, "positions": market.positions.address, "pairs": market.v2_factory.address,
        "indexes": market.system.factory.address, "genesis": evm.now - 1000, "length": length, **terms,
    }  # fmt: skip
    return evm.deploy(project.LpLocker, *terms.values(), sender=sender)
