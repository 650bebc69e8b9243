"""An index in integers, from docs/index-math.md alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

WAD, RAY, BPS, DAY = 10**18, 10**27, 10_000, 86_400
DEAD_SHARES = 10**16
DEAD = "dead"


class Refused(Exception):  # noqa: N818 - the specification's word
    """The operation is refused and nothing changes. `args` say why."""


class ZeroShares(Refused):
    """Nothing to mint or redeem."""


class MintingStopped(Refused):
    """Paused or deprecated."""


class SupplyCapExceeded(Refused):
    """{share} supply after the mint, {share} cap."""


class Shortfall(Refused):
    """Constituent, books, available."""


class InsufficientBalance(Refused):
    """Owner, balance, wanted."""


class NoClaim(Refused):
    """Token, account."""


class ClaimUnbacked(Refused):
    """Token, claim."""


def ceil_div(a: int, b: int) -> int:
    """Rounded up."""
    return -(-a // b)


def round57(units: int) -> int:
    """The 57 most significant bits, rounded down."""
    shift = max(0, units.bit_length() - 57)
    return units >> shift << shift


def rpow(x: int, n: int) -> int:
    """x^n in D27, by squaring, every product rounded half up."""
    z = x if n % 2 else RAY
    n //= 2
    while n:
        x = (x * x + RAY // 2) // RAY
        if n % 2:
            z = (z * x + RAY // 2) // RAY
        n //= 2
    return z


@dataclass
class IndexModel:
    """State and operations of one index.

    Args:
        units: D27{tok/base} by constituent.
        fee: D18 per day. mint_fee: bp. cap: whole shares.
        real: {tok} that the index holds of each constituent, as the tokens say; operations move it.
        born: Unix seconds of the deployment.
    """

    units: dict[str, int]
    fee: int
    mint_fee: int
    cap: int
    born: int
    fee_receiver: str
    real: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    base: int = 0
    anchor: int = WAD
    stopped: bool = False
    claims: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.since = self.born
        self.units = {token: round57(unit) for token, unit in self.units.items()}

    # ------------------------------------------------------------ readings

    @property
    def issued(self) -> int:
        """{share} of all holders."""
        return sum(self.balances.values())

    def multiplier(self, now: int) -> int:
        """D27{base/share}."""
        days, rest = divmod(now - self.since, DAY)
        return self.anchor * rpow(RAY - self.fee * 10**9, days) * (DAY * WAD - self.fee * rest) // (DAY * 10**36)

    def total_supply(self, now: int) -> int:
        """{share}, earned fees included."""
        return max(self.issued, self.base * RAY // self.multiplier(now))

    def pending_fee_shares(self, now: int) -> int:
        """{share} earned and not yet issued."""
        return self.total_supply(now) - self.issued

    def segregated(self, token: str) -> int:
        """{tok} of all open claims."""
        return sum(amount for (name, _), amount in self.claims.items() if name == token)

    def books(self, token: str) -> int:
        """{tok} that the basket says it holds."""
        return self.units[token] * self.base // RAY

    def available(self, token: str) -> int:
        """{tok} that it holds after open claims."""
        return max(0, self.real[token] - self.segregated(token))

    def preview_mint(self, now: int, shares: int) -> dict[str, int]:
        """{tok} by constituent. Raises SupplyCapExceeded."""
        _, amounts = self._mint_amounts(now, shares)
        return amounts

    def _mint_amounts(self, now: int, shares: int) -> tuple[int, dict[str, int]]:
        m = self.multiplier(now)
        gross = ceil_div(shares * BPS, BPS - self.mint_fee) + (DEAD_SHARES if self.base == 0 else 0)
        added = ceil_div(gross * m, RAY)
        supply = (self.base + added) * RAY // m
        if supply > self.cap * WAD:
            raise SupplyCapExceeded(supply, self.cap * WAD)
        return added, {token: ceil_div(unit * added, RAY) for token, unit in self.units.items()}

    def preview_redeem(self, now: int, shares: int) -> dict[str, int]:
        """{tok} by constituent, haircuts included."""
        removed = shares * self.multiplier(now) // RAY
        return {token: self._payable(token, unit * removed // RAY) for token, unit in self.units.items()}

    def _payable(self, token: str, full: int) -> int:
        books, available = self.books(token), self.available(token)
        return full if available >= books else full * available // books

    def shares_for_amounts(self, now: int, amounts: dict[str, int]) -> int:
        """{share}, the most that these amounts can mint."""
        base = min([2**96 - 1, *(amounts[token] * RAY // unit for token, unit in self.units.items())])
        gross = base * RAY // self.multiplier(now)
        if self.base == 0:
            gross = max(0, gross - DEAD_SHARES)
        return gross * (BPS - self.mint_fee) // BPS

    # ------------------------------------------------------------ operations

    def mint(self, now: int, shares: int, receiver: str) -> dict[str, int]:
        """Raises ZeroShares, MintingStopped, SupplyCapExceeded, Shortfall."""
        if shares == 0:
            raise ZeroShares
        if self.stopped:
            raise MintingStopped
        added, amounts = self._mint_amounts(now, shares)
        for token in self.units:
            if self.available(token) < self.books(token):
                raise Shortfall(token, self.books(token), self.available(token))
        for token, amount in amounts.items():
            self.real[token] += amount
        if self.base == 0:
            self.balances[DEAD] += DEAD_SHARES
        self.base += added
        self.balances[receiver] += shares
        return amounts

    def redeem(self, now: int, shares: int, owner: str, failing: frozenset[str] = frozenset()) -> dict[str, int]:
        """What goes out or, where the transfer fails, becomes the owner's claim. Raises ZeroShares, InsufficientBalance."""
        if shares == 0:
            raise ZeroShares
        if shares > self.balances[owner]:
            raise InsufficientBalance(owner, self.balances[owner], shares)
        amounts = self.preview_redeem(now, shares)
        self.balances[owner] -= shares
        self.base -= shares * self.multiplier(now) // RAY
        for token, amount in amounts.items():
            if token in failing:
                self.claims[token, owner] += amount
            else:
                self.real[token] -= amount
        return amounts

    def claim(self, token: str, account: str) -> int:
        """{tok} paid. Raises NoClaim, ClaimUnbacked."""
        amount, total = self.claims[token, account], self.segregated(token)
        if amount == 0:
            raise NoClaim(token, account)
        paid = amount if self.real[token] >= total else amount * self.real[token] // total
        if paid == 0:
            raise ClaimUnbacked(token, amount)
        self.claims[token, account] = 0
        self.real[token] -= paid
        return paid

    def transfer(self, owner: str, to: str, value: int) -> None:
        """Raises InsufficientBalance."""
        if value > self.balances[owner]:
            raise InsufficientBalance(owner, self.balances[owner], value)
        self.balances[owner] -= value
        self.balances[to] += value

    def collect_fees(self, now: int) -> int:
        """{share} issued to the fee receiver."""
        shares = self.pending_fee_shares(now)
        self.balances[self.fee_receiver] += shares
        return shares

    def set_streaming_fee(self, now: int, fee: int) -> None:
        """D18 per day from now on."""
        self.anchor, self.since, self.fee = self.multiplier(now) // 10**9, now, fee

    def sync(self, token: str) -> int:
        """D27{tok/base}, set to what is really there."""
        self.units[token] = round57(self.available(token) * RAY // self.base)
        return self.units[token]
