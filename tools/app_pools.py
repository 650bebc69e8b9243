"""MAG7.ssi against USDC on Uniswap, on the web app's fork, so that there is liquidity to lock."""

from __future__ import annotations

import json
from math import isqrt

from forks import control
from forks.addresses import CONTRACTS
from forks.artifacts import MODULES, packaged
from forks.seeding import invest
from ssi.chain.evm import Deployed, Interface
from ssi.constants import NEVER, WAD
from ssi.points.locks import PoolKind
from ssi.registry.system import System

SYMBOL, FEE, FULL_RANGE = "MAG7.ssi", 3000, 887_220


class Pools:
    """A v3 pool and a v2 pair, made at what a share is worth unless they are there."""

    def __init__(self, system: System) -> None:
        self.system, self.evm = system, system.evm
        self.index, self.usdc = system.index(SYMBOL), system.token("USDC")
        self.tokens = sorted((self.index, self.usdc), key=lambda token: int(token.address, 16))
        self.positions = self._packaged("NonfungiblePositionManager")
        self.dollar = int(system.lens.valueOf(self.index.address, WAD)) // 10**12  # {USDC} a share
        keeper = self.evm.account("app keeper")
        one, other = self.amounts(1)
        create, order = (
            self.positions.createAndInitializePoolIfNecessary,
            (*self.tokens, FEE, isqrt((other << 192) // one)),
        )
        self.pool: str = create.call(*order)
        create(*order, sender=keeper)
        factory = self._packaged("UniswapV2Factory")
        if int(factory.getPair(*self.tokens), 16) == 0:
            factory.createPair(*self.tokens, sender=keeper)
        abi = json.loads((MODULES / "@uniswap/v2-core/build/UniswapV2Pair.json").read_text())["abi"]
        self.pair = self.evm.at(Interface("UniswapV2Pair", abi), factory.getPair(*self.tokens))

    def _packaged(self, name: str) -> Deployed:
        return self.evm.at(Interface(name, packaged(name)["abi"]), CONTRACTS[name])

    def amounts(self, shares: int) -> list[int]:
        """Token-wei of whole shares and as many dollars, in the pools' order."""
        both = [shares * WAD, shares * self.dollar]
        return both if self.tokens[0] is self.index else both[::-1]

    def position(self, person: str, shares: int) -> int:
        """A new position over the whole range, out of the person's tokens; returns its number."""
        for token in self.tokens:
            token.approve(self.positions.address, 2**128, sender=person)
        order = (*self.tokens, FEE, -FULL_RANGE, FULL_RANGE, *self.amounts(shares), 0, 0, person, NEVER)
        minted = self.positions.mint(order, sender=person).events(self.positions, "IncreaseLiquidity")
        for token in self.tokens:
            token.approve(self.positions.address, 0, sender=person)
        return int(minted[0].values["tokenId"])

    def lp_tokens(self, person: str, shares: int) -> None:
        """LP tokens of the pair, out of the person's tokens."""
        for token, amount in zip(self.tokens, self.amounts(shares), strict=True):
            token.transfer(self.pair.address, amount, sender=person)
        self.pair.mint(person, sender=person)

    def supply(self, person: str, shares: int) -> None:
        """Gives a person what so many shares of liquidity take: shares of the index in kind, and dollars."""
        invest(self.system, SYMBOL, person, shares * WAD)
        control.deal(self.evm.rpc, "USDC", person, self.usdc.balanceOf(person) + shares * self.dollar)

    def listing(self) -> list[tuple[Deployed, bytes]]:
        """The calls that let both be locked."""
        locker = self.system.locker
        return [
            (locker, locker.addPool.encode(self.pool, PoolKind.V3)),
            (locker, locker.addPool.encode(self.pair.address, PoolKind.V2)),
        ]
