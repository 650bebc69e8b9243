"""An index over tokens of our own, with real Uniswap v3 pools, on the deployed system."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

from forks import control
from forks.addresses import CONTRACTS
from forks.artifacts import packaged
from ssi.chain.evm import Deployed, Interface
from ssi.constants import MAX, NEVER
from ssi.index.seeding import seed_amounts
from ssi.registry.system import System
from tests.model.index import round57
from tests.model.locker import full_range
from tests.support.governance import schedule, wait

FEE, SPACING = 3000, 60
SHARE = 10**18
WETH_A_TOKEN = 10**15  # {wei of WETH/whole token}
DEPTH = 10_000 * 10**18  # {wei of WETH} on that side of each pool


class Bazaar:
    """An index of equal parts of `tokens`, a hundred whole tokens a share in all, each with a pool against WETH that
    the router knows.

    Tokens must have `mint(address,uint256)`.
    """

    def __init__(self, system: System, tokens: Sequence[Deployed], symbol: str = "BAZ.ssi", cap: int = 10**6) -> None:
        self.system, self.evm, self.tokens, self.symbol = system, system.evm, list(tokens), symbol
        self.weth, self.provider = system.token("WETH"), system.evm.account("bazaar provider")
        manager = Interface("NonfungiblePositionManager", packaged("NonfungiblePositionManager")["abi"])
        self.positions = self.evm.at(manager, CONTRACTS["NonfungiblePositionManager"])
        control.deal(self.evm.rpc, "WETH", self.provider, 2 * DEPTH * len(tokens))
        self.weth.approve(self.positions.address, MAX, sender=self.provider)
        self.pools = [self._pool(token) for token in self.tokens]
        self.index = self._govern(cap)
        system.record.indexes[symbol] = self.index.address

    def close(self) -> None:
        """Forgets the index. The chain forgets it by itself at the end of a test."""
        del self.system.record.indexes[self.symbol]

    def _pool(self, token: Deployed) -> str:
        """The new pool of a token, with liquidity over the whole range."""
        depth = DEPTH * 10 ** token.decimals() // WETH_A_TOKEN
        token.mint(self.provider, depth, sender=self.provider)
        token.approve(self.positions.address, MAX, sender=self.provider)
        pair = sorted(((token.address, depth), (self.weth.address, DEPTH)), key=lambda side: int(side[0], 16))
        (token0, depth0), (token1, depth1) = pair
        create = self.positions.createAndInitializePoolIfNecessary
        root = isqrt((depth1 << 192) // depth0)
        address = str(create.call(token0, token1, FEE, root))
        create(token0, token1, FEE, root, sender=self.provider)
        order = (token0, token1, FEE, *full_range(SPACING), depth0, depth1, 0, 0, self.provider, NEVER)
        self.positions.mint(order, sender=self.provider)
        return address

    def _govern(self, cap: int) -> Deployed:
        """Paths and the index, scheduled together; returns the index."""
        system, safe = self.system, self.system.record.contracts["Safe"]
        units = [round57(100 * 10 ** token.decimals() * 10**9 // len(self.tokens)) for token in self.tokens]
        amounts = seed_amounts(units, SHARE, 0)
        for token, amount in zip(self.tokens, amounts, strict=True):
            token.mint(safe, amount, sender=safe)
            token.approve(system.factory.address, amount, sender=safe)
        code = bytes(system.project.IndexToken.contract_type.deployment_bytecode.to_bytes())
        addresses = [token.address for token in self.tokens]
        new = ("Bazaar", self.symbol, addresses, units, safe, 10**14, 0, cap)
        calls: list[tuple[Any, tuple[Any, ...]]] = [
            (system.router.setHop, (token, self.weth.address, FEE)) for token in addresses
        ]
        calls.append((system.factory.createIndex, (code, new, SHARE, safe, amounts)))
        for method, args in calls:
            schedule(system, method.contract, method.encode(*args))
        wait(system)
        for method, args in calls:
            method(*args, sender=safe)
        return self.evm.at(system.project.IndexToken, system.factory.indexAddress(self.symbol))
