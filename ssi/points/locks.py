"""Locked liquidity for holders. The arithmetic is in `docs/locker-math.md`.

Liquidity is in the unit of Uniswap v3, {L}: the geometric mean of both amounts in token-wei, over the whole range.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from math import isqrt
from typing import Any

from ssi.chain.evm import Interface
from ssi.chain.logs import LogReader
from ssi.constants import ZERO
from ssi.failure import Impossible, Misused
from ssi.registry import params
from ssi.registry.holder import Holder, Token

# Of a token that can only be moved as a whole, what every one of them has (ERC-721).
_NFT = Interface(
    "ERC721",
    [
        {
            "type": "function",
            "name": "ownerOf",
            "stateMutability": "view",
            "inputs": [{"name": "tokenId", "type": "uint256"}],
            "outputs": [{"name": "", "type": "address"}],
        },
        {
            "type": "function",
            "name": "safeTransferFrom",
            "stateMutability": "nonpayable",
            "outputs": [],
            "inputs": [
                {"name": "from", "type": "address"},
                {"name": "to", "type": "address"},
                {"name": "tokenId", "type": "uint256"},
            ],
        },
    ],
)


class PoolKind(IntEnum):
    """As `ILpLocker.PoolKind` counts."""

    NONE, V2, V3 = range(3)


@dataclass(frozen=True)
class LockPool:
    """A pool whose liquidity can, or could, be locked."""

    address: str
    kind: PoolKind
    token0: Token
    token1: Token
    removed_at_s: int

    @property
    def name(self) -> str:
        """Such as "MAG7.ssi/WETH v3"."""
        return f"{self.token0.name}/{self.token1.name} {self.kind.name.lower()}"


@dataclass(frozen=True)
class LockedPosition:
    """A position of Uniswap v3. `matures_at_s` is 0 until its unlock is requested, Unix seconds."""

    token_id: int
    pool: LockPool
    liquidity: int
    usd_d18: int | None
    matures_at_s: int


@dataclass(frozen=True)
class LockedTokens:
    """LP tokens of one pool of Uniswap v2, {lp} in wei; `liquidity` is that of `locked_wei`."""

    pool: LockPool
    locked_wei: int
    liquidity: int
    usd_d18: int | None
    cooling_wei: int
    matures_at_s: int
    matured_wei: int


@dataclass(frozen=True)
class Locks:
    """All that an account has locked."""

    positions: tuple[LockedPosition, ...]
    tokens: tuple[LockedTokens, ...]


@dataclass(frozen=True)
class LockMoved:
    """What a transaction did.

    `liquidity` where it locked, `matures_at_s` where it requested, the amounts where it paid.
    """

    transaction: str
    liquidity: int = 0
    matures_at_s: int = 0
    wei: int = 0
    amounts_wei: tuple[int, ...] = ()


class LocksClient:
    """The locker, as one account sees it. Made by `Protocol.locks`."""

    def __init__(self, holder: Holder) -> None:
        self.holder, self.contract = holder, holder.system.locker

    @cached_property
    def positions_manager(self) -> Any:
        """Uniswap's, whose tokens are positions."""
        return self.holder.system.evm.at(_NFT, params.protocol().contracts.position_manager)

    # ------------------------------------------------------------ reads

    def pools(self, block: int | None = None) -> tuple[LockPool, ...]:
        """All that are or were on the list, oldest first."""
        addresses = self.contract.pools()
        found = (
            self.holder.system.evm.batch([(self.contract.poolOf, (address,)) for address in addresses], block)
            if addresses
            else []
        )
        return tuple(
            LockPool(
                address, PoolKind(of.kind), self.holder.token(of.token0), self.holder.token(of.token1), of.removedAt
            )
            for address, of in zip(addresses, found, strict=True)
        )

    def pool(self, word: str) -> LockPool:
        """By address or name, such as MAG7.ssi/WETH; the kind may follow.

        Raises Misused where there is none, or more than one.
        """
        pools = self.pools()
        found = [
            pool
            for pool in pools
            if word.lower() == pool.address.lower() or f"{pool.name} ".lower().startswith(f"{word.lower()} ")
        ]
        if len(found) != 1:
            known = ", ".join(pool.name for pool in pools) or "there are none"
            raise Misused(f"{word} is {'none' if not found else 'more than one'} of the pools: {known}.")
        return found[0]

    def of(self, account: str | None = None, block: int | None = None) -> Locks:
        """What an account has locked or is unlocking, by default this one."""
        who, evm = account or self.holder.account.address, self.holder.system.evm
        pools = self.pools(block)
        by_address = {pool.address: pool for pool in pools}
        v2 = [pool for pool in pools if pool.kind is PoolKind.V2]
        ids = self._ids(who) if any(pool.kind is PoolKind.V3 for pool in pools) else []
        asked = [(self.contract.stakeOf, (who, pool.address)) for pool in v2] + [
            (self.contract.positionOf, (id_,)) for id_ in ids
        ]
        answers = evm.batch(asked, block) if asked else []
        tokens = tuple(
            LockedTokens(
                pool,
                of.locked,
                of.liquidity,
                self.value_usd_d18(pool, of.liquidity, block),
                of.cooling,
                of.maturesAt,
                of.matured,
            )
            for pool, of in zip(v2, answers, strict=False)
            if of.locked or of.cooling or of.matured
        )
        positions = tuple(
            LockedPosition(
                id_,
                by_address[of.pool],
                of.liquidity,
                self.value_usd_d18(by_address[of.pool], of.liquidity, block),
                of.maturesAt,
            )
            for id_, of in zip(ids, answers[len(v2) :], strict=True)
            if of.owner == who
        )
        return Locks(positions, tokens)

    def _ids(self, account: str) -> list[int]:
        """Positions that the account has ever locked."""
        system = self.holder.system
        topics = [
            "0x" + self.contract.interface["PositionLocked"].hash.hex(),
            "0x" + account[2:].lower().rjust(64, "0"),
        ]
        logs = LogReader(system.evm.rpc, self.contract.address, topics, system.record.block or 0).read()
        return list(dict.fromkeys(int(log["topics"][2], 16) for log in logs))

    def value_usd_d18(self, pool: LockPool, liquidity: int, block: int | None = None) -> int | None:
        """D18{USD} of {L} at the oracle's prices, 2 · L · √(p0 · p1); None where one has none."""
        prices = [self.holder.value_usd_d18(token, 10**token.decimals, block) for token in (pool.token0, pool.token1)]
        if prices[0] is None or prices[1] is None:
            return None
        return isqrt(4 * liquidity**2 * prices[0] * prices[1] // 10 ** (pool.token0.decimals + pool.token1.decimals))

    def position(self, token_id: int) -> LockedPosition:
        """A locked position by its id. Raises Misused where none has it."""
        of = self.contract.positionOf(token_id)
        if of.owner == ZERO:
            raise Misused(f"Position {token_id} is not locked.")
        pool = next(pool for pool in self.pools() if pool.address == of.pool)
        return LockedPosition(token_id, pool, of.liquidity, self.value_usd_d18(pool, of.liquidity), of.maturesAt)

    def stake(self, pool: LockPool, account: str | None = None) -> LockedTokens:
        """LP tokens of a pool of v2."""
        of = self.contract.stakeOf(account or self.holder.account.address, pool.address)
        worth = self.value_usd_d18(pool, of.liquidity)
        return LockedTokens(pool, of.locked, of.liquidity, worth, of.cooling, of.maturesAt, of.matured)

    # ------------------------------------------------------------ positions of v3

    def lock_position(self, token_id: int) -> LockMoved:
        """Sends a position to the locker, which locks it: one transaction, no approval.

        Raises:
            Impossible: it is another account's.
            Reverted: PoolNotOpen, NotFullRange, TooMuch.
        """
        account = self.holder.account
        self.require_position(token_id)
        mined = account.send(self.positions_manager.safeTransferFrom, account.address, self.contract.address, token_id)
        return LockMoved(mined.hash, mined.receipt.events(self.contract, "PositionLocked")[0].values["liquidity"])

    def require_position(self, token_id: int) -> None:
        """Raises Impossible where the account does not have it, unlocked."""
        account = self.holder.account.address
        (owner,) = self.holder.system.evm.attempts([(self.positions_manager.ownerOf, (token_id,))])
        if owner == self.contract.address:
            raise Impossible(f"Position {token_id} is locked already.")
        if owner != account:
            raise Impossible(
                f"Position {token_id} is {owner}'s, not {account}'s." if owner else f"There is no position {token_id}."
            )

    def request_unlock(self, token_id: int) -> LockMoved:
        """Ends its weight and starts the cooldown. Raises Reverted: UnknownPosition, NotAuthorized,
        AlreadyRequested.
        """
        mined = self.holder.account.send(self.contract.requestUnlock, token_id)
        return LockMoved(
            mined.hash,
            matures_at_s=mined.receipt.events(self.contract, "PositionUnlockRequested")[0].values["maturesAt"],
        )

    def cancel_unlock(self, token_id: int) -> LockMoved:
        """It weighs again. Raises Reverted: NothingCooling, PoolNotOpen."""
        return LockMoved(self.holder.account.send(self.contract.cancelUnlock, token_id).hash)

    def unlock(self, token_id: int, receiver: str | None = None) -> LockMoved:
        """Gives a matured position back. Raises Reverted: NotMatured."""
        account = self.holder.account
        return LockMoved(account.send(self.contract.unlock, token_id, receiver or account.address).hash)

    def collect(self, token_id: int, receiver: str | None = None) -> LockMoved:
        """Takes what a position has earned, {tok} of both. Raises Reverted: UnknownPosition, NotAuthorized."""
        account = self.holder.account
        mined = account.send(self.contract.collect, token_id, receiver or account.address)
        paid = mined.receipt.events(self.contract, "FeesCollected")[0].values
        return LockMoved(mined.hash, amounts_wei=(paid["amount0"], paid["amount1"]))

    def earned_wei(self, token_id: int) -> tuple[int, int]:
        """{tok} of both that `collect` would pay now. Raises Reverted."""
        account = self.holder.account.address
        return tuple(self.contract.collect.call(token_id, account, sender=account))

    # ------------------------------------------------------------ LP tokens of v2

    def lock_tokens(self, pool: LockPool, wei: int) -> LockMoved:
        """Locks {lp} of a pool, after an approval where one is needed.

        Raises Impossible, Reverted: PoolNotOpen, ZeroAmount, TooMuch.
        """
        self.holder.require(self.holder.token(pool.address), wei)
        account = self.holder.account
        account.approve(self.holder.erc20(pool.address), self.contract.address, wei)
        mined = account.send(self.contract.lockTokens, pool.address, wei)
        return LockMoved(
            mined.hash, mined.receipt.events(self.contract, "TokensLocked")[0].values["liquidity"], wei=wei
        )

    def request_unlock_tokens(self, pool: LockPool, wei: int) -> LockMoved:
        """Starts the cooldown of {lp}, anew of all that cools. Raises Reverted: ExceedsLocked, ZeroAmount."""
        account = self.holder.account
        mined = account.send(self.contract.requestUnlockTokens, account.address, pool.address, wei)
        said = mined.receipt.events(self.contract, "TokensUnlockRequested")[0].values
        return LockMoved(mined.hash, matures_at_s=said["maturesAt"], wei=wei)

    def cancel_unlock_tokens(self, pool: LockPool) -> LockMoved:
        """Locks again all that cools. Raises Reverted: NothingCooling, PoolNotOpen."""
        account = self.holder.account
        mined = account.send(self.contract.cancelUnlockTokens, account.address, pool.address)
        said = mined.receipt.events(self.contract, "TokensUnlockCancelled")[0].values
        return LockMoved(mined.hash, said["liquidity"], wei=said["amount"])

    def unlock_tokens(self, pool: LockPool, receiver: str | None = None) -> LockMoved:
        """Takes all {lp} that have matured. Raises Reverted: NotMatured."""
        account = self.holder.account
        mined = account.send(self.contract.unlockTokens, account.address, pool.address, receiver or account.address)
        return LockMoved(mined.hash, wei=mined.receipt.events(self.contract, "TokensUnlocked")[0].values["amount"])
