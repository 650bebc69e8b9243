"""A deployment seen by one account: tokens by name, and who pays and signs. What the typed clients stand on."""

from __future__ import annotations

from dataclasses import dataclass, field

from eth_utils import is_hex_address, to_checksum_address

from ssi.amounts import Amount, Written
from ssi.chain.evm import Deployed
from ssi.chain.wallet import Wallet
from ssi.constants import ZERO
from ssi.failure import Impossible, Misused
from ssi.registry.system import System

PATIENCE = 1_200  # seconds that an order is good for, by default
GAS = 3_000_000  # of a large purchase: whose price in ether `all ETH` leaves behind


@dataclass(frozen=True)
class Token:
    """A token by the name that it has here. Ether has the zero address."""

    name: str
    address: str
    decimals: int

    def amount(self, wei: int) -> Amount:
        """So many token-wei of it."""
        return Amount(wei, self.decimals, self.name)


ETHER = Token("ETH", ZERO, 18)


@dataclass
class Holder:
    """A deployment and an account.

    Args:
        wallet: None for reading what concerns no account.
    """

    system: System
    wallet: Wallet | None = None
    _tokens: dict[str, Token] = field(default_factory=dict)

    @property
    def account(self) -> Wallet:
        """Raises Misused where there is none."""
        if self.wallet is None:
            raise Misused("Say whose account: Protocol.from_deployment(…, account=…).")
        return self.wallet

    # ------------------------------------------------------------ tokens

    @property
    def names(self) -> dict[str, str]:
        """Addresses of all tokens that have a name here: ETH, assets, indexes, and staked tokens as sMAG7.ssi."""
        record = self.system.record
        staked = {f"s{symbol}": address for symbol, address in record.staked.items()}
        return {
            "ETH": ZERO,
            **{name: asset.address for name, asset in self.system.assets.assets.items()},
            **record.indexes,
            **staked,
        }

    def name_of(self, address: str) -> str:
        """The name of a token, its address where it has none."""
        return next((name for name, known in self.names.items() if known.lower() == address.lower()), address)

    def token(self, word: str) -> Token:
        """A token by name, in capitals or not, or by address. Raises Misused where there is none."""
        names = self.names
        if is_hex_address(word):
            address = str(to_checksum_address(word))
        else:
            near = [name for name in names if name.lower() == word.lower()]
            if word not in names and len(near) != 1:
                raise Misused(f"There is no token {word} here. Known are {', '.join(names)}; others go by address.")
            address = names[word if word in names else near[0]]
        if address == ZERO:
            return ETHER
        if address not in self._tokens:
            (decimals,) = self.system.evm.attempts([(self.erc20(address).decimals, ())])
            if decimals is None:
                raise Misused(f"There is no token at {address}.")
            self._tokens[address] = Token(self.name_of(address), address, int(decimals))
        return self._tokens[address]

    def token_at(self, address: str) -> Token:
        """What is at an address, also where it answers no more: then it is counted in token-wei, so that a token that
        is broken, or was never one, stops nothing that is about others.
        """
        try:
            return self.token(address)
        except Misused:
            return Token(self.name_of(address), address, 0)

    def erc20(self, token: Token | str) -> Deployed:
        """To call it. Not for ether."""
        return self.system.token(token if isinstance(token, str) else token.address)

    def index_symbol(self, word: str) -> str:
        """The symbol of an index, in capitals or not, with `.ssi` or without. Raises Misused where there is none."""
        known = self.system.record.indexes
        found = [symbol for symbol in known if word.lower() in (symbol.lower(), symbol.lower().removesuffix(".ssi"))]
        if not found:
            raise Misused(f"There is no index {word} here. Known are {', '.join(known)}.")
        return found[0]

    # ------------------------------------------------------------ amounts

    def balance_wei(self, token: Token) -> int:
        """What the account has."""
        account = self.account
        return account.ether_wei if token == ETHER else int(self.erc20(token).balanceOf(account.address))

    def spendable_wei(self, token: Token) -> int:
        """The same, but for the ether that gas may cost."""
        held = self.balance_wei(token)
        return max(0, held - self.account.gas_reserve_wei(GAS)) if token == ETHER else held

    def wei(self, amount: Written, token: Token) -> int:
        """Token-wei of what was typed; `all` is what the account has, but for the ether that gas may cost.

        Raises:
            Misused: it is not a valid amount of that token.
            Impossible: it is nothing, or more than the account has of it.
        """
        wei = amount.wei(token.decimals, self.spendable_wei(token) if amount.everything else 0)
        if not wei:
            raise Impossible(
                f"There is no {token.name} in {self.account.address}." if amount.everything else "The amount is zero."
            )
        return wei

    def require(self, token: Token, wei: int) -> None:
        """Raises Impossible where the account has less."""
        if (held := self.balance_wei(token)) < wei:
            raise Impossible(
                f"{token.amount(wei)} {'are' if wei != 10**token.decimals else 'is'} needed, and {self.account.address}"
                f" has {token.amount(held)}."
            )

    def value_usd_d18(self, token: Token, wei: int, block: int | None = None) -> int | None:
        """D18{USD} at the oracle's price now, of an index by what it holds; None where there is no price."""
        system = self.system
        if token.address in system.record.indexes.values():
            (value,) = system.evm.attempts([(system.lens.valueOf, (token.address, wei))], block)
        else:
            address = system.token("WETH").address if token == ETHER else token.address
            (value,) = system.evm.attempts([(system.oracle.value, (address, wei))], block)
        return None if value is None else int(value)
