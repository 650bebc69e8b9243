"""The points ledger among the real modules: indexes born by the factory, staked tokens, the locker on Uniswap, referral
codes.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

from eth_utils import keccak

from forks.addresses import CONTRACTS
from forks.artifacts import packaged
from ssi.chain.evm import Deployed, Interface
from ssi.constants import ADMIN, MAX, NEVER, WAD
from ssi.points.locks import PoolKind
from tests.model.locker import full_range
from tests.support.indexes import CAP
from tests.support.points import UNIT, PointsWorld

FEE = 3000


def code_of(name: str) -> bytes:
    """A referral code."""
    return name.upper().encode().ljust(32, b"\0")


class PointsSystem(PointsWorld):
    """A `PointsWorld` without stand-ins. The pool is one of Uniswap v3, at a price of $1; its liquidity is that of
    positions.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.referrals.setLedger(self.ledger, sender=self.owner)

    def contract(self, name: str) -> Deployed:
        """One of Uniswap's."""
        return self.evm.at(Interface(name, packaged(name)["abi"]), CONTRACTS[name])

    # ------------------------------------------------------------ building

    def add_index(self, n: int) -> None:
        deploy, project, owner = self.evm.deploy, self.project, self.owner
        code = bytes(project.IndexToken.contract_type.deployment_bytecode.to_bytes())
        if n == 0:
            rows = deploy(project.RoleTable, sender=owner)
            grid = (self.genesis, self.length)
            self.factory = deploy(
                project.IndexFactory, self.authority, rows, self.authority, keccak(code), *grid, sender=owner
            )
            self.authority.grantRole(ADMIN, self.factory, 0, sender=owner)
        token = self.tokens[n]
        token.mint(owner, 10**40, sender=owner)
        token.approve(self.factory, MAX, sender=owner)
        terms = (self.evm.account("fee receiver"), self.daily_fee, self.mint_fee, CAP)
        new = ("Index", f"I{n}.ssi", [token.address], [UNIT], *terms)
        self.factory.createIndex(code, new, WAD, owner, [MAX], sender=owner)
        index = self.evm.at(project.IndexToken, self.factory.indexAddress(f"I{n}.ssi"))
        token.approve(index, MAX, sender=owner)
        self.indexes.append(index)
        self.staked.append(self.new_staked(index))

    def new_staked(self, asset: Any) -> Deployed:
        grid = (self.genesis, self.length)
        return self.evm.deploy(
            self.project.StakedToken, self.authority, asset, "Staked", "sTOK", *grid, sender=self.owner
        )

    def new_referrals(self) -> Deployed:
        return self.evm.deploy(self.project.ReferralRegistry, self.authority, sender=self.owner)

    def add_locker(self) -> None:
        self.positions = self.contract("NonfungiblePositionManager")
        self.sides = sorted((self.indexes[0], self.dollar), key=lambda token: int(token.address, 16))
        one, other = self.amounts(WAD)
        create = self.positions.createAndInitializePoolIfNecessary
        args = (*self.sides, FEE, isqrt((other << 192) // one))
        self.pool = self.evm.at(Interface("pool", []), create.call(*args))
        create(*args, sender=self.owner)
        pairs = CONTRACTS["UniswapV2Factory"]
        around = (self.authority, self.positions, pairs, self.factory)
        self.locker = self.evm.deploy(self.project.LpLocker, *around, self.genesis, self.length, sender=self.owner)
        self.locker.addPool(self.pool, PoolKind.V3, sender=self.owner)

    # ------------------------------------------------------------ liquidity

    def amounts(self, shares: int) -> list[int]:
        """{share} of the index and as many dollars, in the pool's order."""
        return [shares if side is self.indexes[0] else shares // 10**12 for side in self.sides]

    def position(self, person: str, shares: int) -> int:
        """A new position over the whole range, of that many {share} and as many dollars; returns its id."""
        self.hold(self.owner, shares)
        self.dollar.mint(self.owner, shares // 10**12, sender=self.owner)
        for side in self.sides:
            side.approve(self.positions, MAX, sender=self.owner)
        order = (*self.sides, FEE, *full_range(60), *self.amounts(shares), 0, 0, person, NEVER)
        receipt = self.positions.mint(order, sender=self.owner)
        self.positions.setApprovalForAll(self.locker, True, sender=person)
        return int(receipt.events(self.positions, "IncreaseLiquidity")[0].values["tokenId"])
