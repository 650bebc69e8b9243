"""A staked token for holders: staking, leaving and what it yields. The arithmetic is in `docs/staking-math.md`.

`_wei` figures of assets are in the asset's smallest unit, of shares in the staked token's; rates have 18 decimals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ssi.chain.evm import Deployed
from ssi.chain.sender import Mined
from ssi.chain.wallet import Way
from ssi.failure import Impossible, Misused
from ssi.registry.holder import PATIENCE, Holder, Token


@dataclass(frozen=True)
class Exit:
    """What an account has on its way out. `matures_at_s` in Unix seconds, 0 where nothing cools."""

    cooling_assets_wei: int
    cooling_shares_wei: int
    matures_at_s: int
    claimable_assets_wei: int
    claimable_shares_wei: int


@dataclass(frozen=True)
class Yield:
    """What staking yields: D18 simple yearly returns; the rate is D18{asset/share}."""

    rate_d18: int
    apr_now_d18: int
    apr_epoch_d18: int
    apr_last_epoch_d18: int
    unvested_wei: int
    cooldown_s: int


@dataclass(frozen=True)
class Stake:
    """What an account has staked, what that is worth, and what leaves."""

    asset: Token
    shares: Token
    shares_wei: int
    assets_wei: int
    usd_d18: int | None
    exit: Exit
    yields: Yield


@dataclass(frozen=True)
class Moved:
    """What a transaction moved: assets and shares, in wei. `matures_at_s` of a request, Unix seconds."""

    transaction: str
    assets_wei: int
    shares_wei: int
    matures_at_s: int = 0


class StakeClient:
    """One staked token, as one account sees it. Made by `Protocol.stakes[SYMBOL]`, by the symbol of what is staked."""

    def __init__(self, holder: Holder, symbol: str) -> None:
        self.holder, self.symbol = holder, symbol
        self.contract: Deployed = holder.system.staked(symbol)
        self.asset, self.shares = holder.token(symbol), holder.token(f"s{symbol}")

    # ------------------------------------------------------------ reads

    def calls(self, account: str, epoch: int) -> list[tuple[Any, tuple[Any, ...]]]:
        """What `position` is made of, to be read together with others."""
        c = self.contract
        calls: list[tuple[Any, tuple[Any, ...]]] = [
            (c.balanceOf, (account,)),
            (c.exitOf, (account,)),
            (c.exchangeRate, ()),
            (c.currentApr, ()),
            (c.epochApr, (epoch,)),
            (c.epochApr, (max(0, epoch - 1),)),
            (c.unvestedRewards, ()),
            (c.cooldown, ()),
            (c.totalAssets, ()),
            (c.totalSupply, ()),
        ]
        return calls

    def made_of(self, answers: list[Any], epoch: int, usd_d18: int | None) -> Stake:
        """A position out of the answers to `calls`."""
        shares, leaving, rate, now, running, last, unvested, cooldown, assets, supply = answers
        virtual = 10**9  # shares and assets of no staker
        worth = shares * (assets + virtual) // (supply + virtual)
        yields = Yield(rate, now, running, last if epoch else 0, unvested, cooldown)
        return Stake(self.asset, self.shares, shares, worth, usd_d18, Exit(*leaving), yields)

    def position(self, account: str | None = None, block: int | None = None) -> Stake:
        """What an account has, by default this one: read at one block."""
        evm, who = self.holder.system.evm, account or self.holder.account.address
        block = evm.block if block is None else block
        (epoch,) = evm.batch([(self.contract.currentEpoch, ())], block)
        stake = self.made_of(evm.batch(self.calls(who, epoch), block), epoch, None)
        return Stake(**{**vars(stake), "usd_d18": self.holder.value_usd_d18(self.asset, stake.assets_wei, block)})

    @property
    def exit(self) -> Exit:
        """What the account has on its way out."""
        return Exit(*self.contract.exitOf(self.holder.account.address))

    def previews(self, assets_wei: int) -> int:
        """{share} that staking so much gives now. Raises Impossible where that is none, or more than fits."""
        account = self.holder.account.address
        most, shares = self.holder.system.evm.batch(
            [(self.contract.maxDeposit, (account,)), (self.contract.previewDeposit, (assets_wei,))]
        )
        if assets_wei > most:
            raise Impossible(f"No more than {self.asset.amount(most)} can be staked now.")
        if not shares:
            raise Impossible(f"{self.asset.amount(assets_wei)} are worth less than the smallest share: stake more.")
        return int(shares)

    def shares_for(self, assets_wei: int) -> int:
        """The fewest {share} that are worth so much now, and no more than the account has."""
        shares, held = self.holder.system.evm.batch(
            [(self.contract.convertToShares, (assets_wei,)), (self.contract.balanceOf, (self.holder.account.address,))]
        )
        while shares < held and self.contract.convertToAssets(shares) < assets_wei:
            shares += 1
        return min(int(shares), int(held))

    # ------------------------------------------------------------ staking

    def way(self, assets_wei: int) -> Way:
        """How the assets get there.

        With a permit they go by the router, which takes those of indexes; otherwise straight to the vault.

        Raises:
            Impossible: the account has less.
        """
        self.holder.require(self.asset, assets_wei)
        is_index = self.symbol in self.holder.system.record.indexes
        return self.holder.account.way(
            self.holder.erc20(self.asset), self.contract.address, assets_wei, permits_taken=is_index
        )

    def deposit(self, assets_wei: int, *, receiver: str | None = None, patience_s: int = PATIENCE) -> Moved:
        """Stakes at once.

        Raises:
            Impossible: the account has less, or it does not fit.
            Reverted: ZeroAmount, ExceedsMaximum, InvalidReceiver.
        """
        way, account, token = self.way(assets_wei), self.holder.account, self.holder.erc20(self.asset)
        who = receiver or account.address
        if way is Way.PERMIT:
            router, deadline = self.holder.system.router, self.holder.system.evm.now + patience_s
            given = account.permission(way, token, router.address, assets_wei, deadline)
            mined = account.send(router.stakeWithPermit, self.asset.address, assets_wei, who, given.data)
        else:
            account.approve(token, self.contract.address, assets_wei)
            mined = account.send(self.contract.deposit, assets_wei, who)
        return self._moved(mined, "Deposit")

    def request(self, shares_wei: int) -> Moved:
        """Burns shares and starts the cooldown of what they are worth now. What still cools starts anew with it.

        Raises:
            Reverted: ERC20InsufficientBalance, ZeroAmount.
        """
        account = self.holder.account
        mined = account.send(self.contract.requestRedeem, shares_wei, account.address, account.address)
        started = mined.receipt.events(self.contract, "CooldownStarted")[0].values
        return Moved(mined.hash, started["assets"], shares_wei, started["maturesAt"])

    def cancel(self) -> Moved:
        """Stakes again all that still cools, at the price of now. Raises Reverted: NothingCooling."""
        account = self.holder.account
        return self._moved(account.send(self.contract.cancelRequest, account.address), "RequestCancelled")

    def withdraw(self, *, receiver: str | None = None) -> Moved:
        """Takes all that has matured. Raises Impossible where nothing has."""
        account, leaving = self.holder.account, self.exit
        if not leaving.claimable_shares_wei:
            raise Impossible(f"No {self.symbol} of {account.address} has matured.")
        mined = account.send(
            self.contract.redeem, leaving.claimable_shares_wei, receiver or account.address, account.address
        )
        return self._moved(mined, "Withdraw")

    def _moved(self, mined: Mined, event: str) -> Moved:
        said = mined.receipt.events(self.contract, event)[0].values
        return Moved(mined.hash, said["assets"], said["shares"])


class Stakes(Mapping[str, StakeClient]):
    """All that can be staked, by symbol."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def __getitem__(self, symbol: str) -> StakeClient:
        """By the symbol of what is staked, in capitals or not; sMAG7.ssi is MAG7.ssi's as well. Raises Misused."""
        for known in self:
            if symbol.lower() in (known.lower(), f"s{known}".lower(), known.lower().removesuffix(".ssi")):
                return StakeClient(self._holder, known)
        raise Misused(f"{symbol} cannot be staked. Known are {', '.join(self)}.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._holder.system.record.staked)

    def __len__(self) -> int:
        return len(self._holder.system.record.staked)
