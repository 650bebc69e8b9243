"""Trades through the router."""

from __future__ import annotations

from typing import Any

from forks import control
from ssi import Protocol
from ssi.chain.evm import Deployed, Receipt
from ssi.chain.wallet import PermissionKind
from ssi.constants import MAX
from ssi.registry.system import System

ETHER = "0x" + "00" * 20
NO_CODE = b"\0" * 32
KEY = "0x" + "5eed".zfill(64)


def trade(
    index: str,
    token: str,
    receiver: str,
    deadline: int,
    *,
    permission: PermissionKind = PermissionKind.ALLOWANCE,
    permit: bytes = b"",
    stake: bool = False,
    code: bytes = NO_CODE,
) -> tuple[Any, ...]:
    """An `IIndexRouter.Trade`; index and token by address."""
    return (index, token, receiver, deadline, permission, permit, stake, code)


class Trader:
    """A person with an account who trades through the router."""

    def __init__(self, system: System, account: str) -> None:
        self.system, self.evm, self.router, self.account = system, system.evm, system.router, account

    def address_of(self, token: str) -> str:
        """Of an asset or an index by name; zero for "ETH"."""
        if token == "ETH":
            return ETHER
        return self.system.record.indexes.get(token) or self.system.token(token).address

    def token(self, name: str) -> Deployed:
        return self.system.token(self.address_of(name))

    def order(
        self, index: str, token: str, *, receiver: str | None = None, deadline: int | None = None, **terms: Any
    ) -> tuple[Any, ...]:
        """An `IIndexRouter.Trade`; index and token by name, for ten minutes unless told, otherwise as `trade`."""
        deadline = self.evm.now + 600 if deadline is None else deadline
        return trade(self.address_of(index), self.address_of(token), receiver or self.account, deadline, **terms)

    def holds(self, token: str) -> int:
        """{tok}; ether too."""
        if token == "ETH":
            return int(self.evm.rpc.call("eth_getBalance", self.account, "latest"), 16)
        return int(self.token(token).balanceOf(self.account))

    def provide(self, token: str, amount: int) -> None:
        """Gives the trader `amount` more of a token, and the router an allowance for it."""
        if token == "ETH":
            return
        control.deal(self.evm.rpc, token, self.account, self.holds(token) + amount)
        self.allow(token)

    def allow(self, token: str) -> None:
        """An unlimited allowance for the router, once: some tokens refuse a second one."""
        if not self.token(token).allowance(self.account, self.router.address):
            self.token(token).approve(self.router.address, MAX, sender=self.account)

    def quote_buy(self, index: str, token: str, shares: int) -> int:
        return int(self.router.quoteBuy.call(self.address_of(index), self.address_of(token), shares))

    def quote_sell(self, index: str, token: str, shares: int) -> int:
        return int(self.router.quoteSell.call(self.address_of(index), self.address_of(token), shares))

    def buy(self, index: str, token: str, shares: int, limit: int = 10**60, value: int = 0, **order: Any) -> Receipt:
        """Exact shares."""
        receipt: Receipt = self.router.buy(
            self.order(index, token, **order), shares, limit, sender=self.account, value=value
        )
        return receipt

    def sell(self, index: str, token: str, shares: int, least: int = 0, **order: Any) -> Receipt:
        """Exact shares."""
        receipt: Receipt = self.router.sell(self.order(index, token, **order), shares, least, sender=self.account)
        return receipt

    def with_shares(self, index: str, shares: int) -> Trader:
        """Bought with USDC, and allowed to the router."""
        self.provide("USDC", self.quote_buy(index, "USDC", shares))
        self.buy(index, "USDC", shares)
        self.allow(index)
        return self


def left_in_router(system: System) -> dict[str, int]:
    """What the router holds of any asset, any index and ether. Empty when it holds nothing."""
    router = system.router.address
    named = {name: asset.address for name, asset in system.assets.assets.items()} | system.record.indexes
    held = {name: int(system.token(address).balanceOf(router)) for name, address in named.items()}
    held["ETH"] = int(system.evm.rpc.call("eth_getBalance", router, "latest"), 16)
    return {name: amount for name, amount in held.items() if amount}


def give(protocol: Protocol, **whole: int) -> None:
    """Whole tokens for the account that `protocol` acts for."""
    for name, amount in whole.items():
        account, decimals = protocol.holder.account.address, protocol.token(name).decimals
        control.deal(protocol.system.evm.rpc, name, account, amount * 10**decimals)
