"""Who comes and goes: deposits and redemptions at random, in kind and through the router; one account stakes."""

from __future__ import annotations

from random import Random

from forks import control
from ssi.chain.evm import Reverted
from ssi.constants import WAD
from ssi.index.bounds import UNBOUNDED, bounds
from ssi.registry.system import System

_PEOPLE = 12
_NO_CODE = b"\0" * 32
_STOCK = 40  # times what a mint takes, that an investor is given at once


class People:
    """Deterministic by the seed."""

    def __init__(self, system: System, symbol: str, seed: int) -> None:
        self.system, self.evm, self.symbol = system, system.evm, symbol
        self.index, self.router = system.index(symbol), system.router
        self.dice = Random(seed)
        self.accounts = [self.evm.account(f"holder {n} of a replay") for n in range(_PEOPLE)]
        self._names = {asset.address: name for name, asset in system.assets.assets.items()}
        self._allowed = set[tuple[str, str]]()

    def begin(self, usd: int) -> None:
        """The first invests so many dollars' worth in kind, and stakes a quarter."""
        first = self.accounts[0]
        price = int(self.system.lens.valueOf(self.index, WAD))
        shares = usd * WAD * WAD // price
        self.mint(first, shares)
        vault = self.system.staked(self.symbol)
        self.index.approve(vault.address, 2**95, sender=first)
        vault.deposit(shares // 4, first, sender=first)

    def day(self) -> tuple[str, bytes] | None:
        """What happens today: nothing on most days. Returns what was refused, and its error's bytes, if a trade was."""
        if self.dice.random() > 0.4:
            return None
        who, part = self.dice.choice(self.accounts), self.dice.uniform(0.001, 0.02)
        shares = int(self.index.totalSupply() * part)
        act = self.dice.choice((self.mint, self.buy, self.redeem, self.sell))
        try:
            act(who, shares)
        except Reverted as refused:
            return f"{act.__name__} {shares / WAD:,.2f} shares", refused.data
        return None

    def mint(self, who: str, shares: int) -> None:
        """In kind, with constituents from nowhere, so that no pool moves."""
        tokens, amounts = self.index.basket().tokens, self.index.previewMint(shares)
        for address, amount in zip(tokens, amounts, strict=True):
            token = self.system.token(address)
            if token.balanceOf(who) < amount:
                control.deal(self.evm.rpc, self._names[address], who, amount * _STOCK)
            self._allow(address, who, self.index.address)
        self.index.mint(shares, who, *bounds(tokens, amounts), sender=who)

    def redeem(self, who: str, shares: int) -> None:
        """In kind, what the account has at most."""
        shares = min(shares, self.index.balanceOf(who))
        if shares:
            self.index.redeem(shares, who, who, *UNBOUNDED, sender=who)

    def buy(self, who: str, shares: int) -> None:
        """For USDC, through the pools."""
        usdc = self.system.token("USDC")
        cost = self.router.quoteBuy.call(self.index.address, usdc.address, shares)
        control.deal(self.evm.rpc, "USDC", who, cost)
        self._allow(usdc.address, who, self.router.address)
        self.router.buy(self._trade(usdc.address, who), shares, cost, sender=who)

    def sell(self, who: str, shares: int) -> None:
        """For USDC, what the account has at most."""
        shares = min(shares, self.index.balanceOf(who))
        if shares:
            self._allow(self.index.address, who, self.router.address)
            self.router.sell(self._trade(self.system.token("USDC").address, who), shares, 1, sender=who)

    def _trade(self, token: str, who: str) -> tuple[object, ...]:
        return (self.index.address, token, who, self.evm.now + 600, 0, b"", False, _NO_CODE)

    def _allow(self, token: str, who: str, spender: str) -> None:
        if (token + who, spender) not in self._allowed:
            self.system.token(token).approve(spender, 2**95, sender=who)
            self._allowed.add((token + who, spender))
