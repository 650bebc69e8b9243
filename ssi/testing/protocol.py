"""The protocol on a fork, and the levers of that fork, for an Ape project that is not this one."""

from __future__ import annotations

from typing import Any

from forks import control
from forks.addresses import FEEDS
from forks.seeding import invest
from ssi.chain.erc20 import erc20
from ssi.chain.evm import Evm
from ssi.registry.system import System

WHALE_USD = 10**7
_FEED_OF = {"WBTC": "BTC", "WETH": "ETH"}


class ForkedProtocol:
    """Contracts by name as Ape's own instances; time, prices and balances to be moved.

    Args:
        system: the deployment. It stays within reach as `.system`, with `.system.evm` for thousands of quick calls.
    """

    def __init__(self, system: System) -> None:
        self.system = system

    # ------------------------------------------------------------ contracts

    @property
    def evm(self) -> Evm:
        """The fork, raw: any account may send."""
        return self.system.evm

    @property
    def addresses(self) -> dict[str, str]:
        """Every contract of the deployment by name."""
        return self.system.record.addresses

    def contract(self, name: str) -> Any:
        """A contract such as "IndexRouter", as an Ape contract. Raises KeyError where none of that name is deployed."""
        return getattr(self.system.project, name).at(self.system.record.contracts[name])

    def index(self, symbol: str) -> Any:
        """An index such as "MAG7.ssi", as an Ape contract. Raises KeyError."""
        return self.system.project.IndexToken.at(self.system.record.indexes[symbol])

    def staked(self, symbol: str) -> Any:
        """What stakers of an index (or of SOSO) hold, by the symbol of what is staked, as an Ape contract.

        Raises KeyError.
        """
        return self.system.project.StakedToken.at(self.system.record.staked[symbol])

    def token(self, name: str) -> Any:
        """A constituent or a token to pay with, such as "USDC", as an Ape contract (ERC-20). Raises KeyError."""
        return erc20().at(self.system.assets.assets[name].address)

    # ------------------------------------------------------------ time

    @property
    def now(self) -> int:
        """Time of the latest block, Unix seconds."""
        return self.evm.now

    def warp(self, seconds: int) -> int:
        """Lets time pass, with price feeds that keep up; returns the time of the latest block."""
        control.warp(self.evm.rpc, seconds)
        return self.now

    # ------------------------------------------------------------ prices

    def price(self, name: str) -> int:
        """What the protocol's oracle says of an asset, D18 USD a whole token.

        Raises ssi.chain.evm.Reverted where it refuses.
        """
        return int(self.system.oracle.price(self.system.token(name).address))

    def move_price(self, name: str, factor: float) -> None:
        """Multiplies the price of an asset, in its feed and in its Uniswap pools with WETH.

        Raises:
            ValueError: the asset has no feed in dollars.
        """
        if name in _FEED_OF or f"{name}/USD" not in FEEDS:
            if (feed := f"{_FEED_OF.get(name, name)}/USD") not in FEEDS:
                raise ValueError(f"{name} has no feed in dollars; these have: {', '.join(sorted(FEEDS))}")
            control.set_feed(self.evm.rpc, feed, int(control.read_feed(self.evm.rpc, feed)[0] * factor))
        else:
            control.move_price(self.evm.rpc, name, factor)

    # ------------------------------------------------------------ balances

    def deal(self, name: str, holder: Any, amount: int) -> None:
        """Makes a holder's balance of a token at least `amount` token-wei."""
        control.deal(self.evm.rpc, name, str(getattr(holder, "address", holder)), amount)

    def whale(self, *names: str) -> Any:
        """An Ape account with a million ether and ten million dollars of each of these tokens.

        It may send without a key.
        """
        from ape import accounts

        address = self.evm.account("whale")
        for name in names:
            whole = 10 ** int(self.system.token(name).decimals())
            self.deal(name, address, WHALE_USD * 10**18 * whole // self.price(name))
        return accounts.test_accounts.impersonate_account(address)

    def invest(self, symbol: str, holder: Any, shares: int) -> None:
        """Mints {share} of an index to a holder in kind, with constituents from nowhere, so that no pool moves."""
        invest(self.system, symbol, str(getattr(holder, "address", holder)), shares)
