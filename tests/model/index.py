"""An index in integers, from docs/index-math.md alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

WAD, RAY, BPS, DAY = 10**18, 10**27, 10_000, 86_400
DEAD_SHARES = 10**16
VESTING = 28 * DAY
PARTS = 2**64
DEAD = "dead"


class IndexRefused(Exception):  # noqa: N818 - the specification's word
    """The operation is refused and nothing changes. `args` say why."""


class ZeroShares(IndexRefused):
    """Nothing to mint or redeem."""


class MintingStopped(IndexRefused):
    """Paused or deprecated."""


class SupplyCapExceeded(IndexRefused):
    """{share} supply after the mint, {share} cap."""


class Shortfall(IndexRefused):
    """Constituent, accounted balances, available."""


class InsufficientBalance(IndexRefused):
    """Owner, balance, wanted."""


class NoClaim(IndexRefused):
    """Token, account."""


class ClaimUnbacked(IndexRefused):
    """Token, claim."""


class NotAConstituent(IndexRefused):
    """Token."""


class AmountExceedsAccounted(IndexRefused):
    """Token, amount, accounted balances."""


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
class Surplus:
    """D27{tok/base} that join those of the basket evenly from `start` to `end`."""

    units: int
    start: int
    end: int

    def vested(self, now: int) -> int:
        """D27{tok/base} that have joined."""
        return self.units if now >= self.end else self.units * (now - self.start) // (self.end - self.start)


@dataclass
class Claims:
    """All claims on one token, in parts of a token-wei.

    A loss that is written off cuts each of them, and their sum, by one fraction.
    """

    set_aside: int = 0
    parts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def owed(self, account: str) -> int:
        """{tok} of one, before any haircut."""
        return self.parts[account] // PARTS

    @property
    def total(self) -> int:
        """{tok} of all, before any haircut."""
        return self.set_aside // PARTS

    def add(self, account: str, amount: int) -> None:
        """Exact."""
        self.parts[account] += amount * PARTS
        self.set_aside += amount * PARTS

    def take(self, account: str, amount: int) -> None:
        """Exact; all parts where all is taken."""
        parts = self.parts[account] if amount == self.owed(account) else amount * PARTS
        self.parts[account] -= parts
        self.set_aside -= parts

    def cut(self, left: int, owed: int) -> None:
        """{tok} `left` of `owed` are there. Rounded down."""
        self.parts = defaultdict(int, {who: parts * left // owed for who, parts in self.parts.items()})
        self.set_aside = self.set_aside * left // owed


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
    claims: dict[str, Claims] = field(default_factory=lambda: defaultdict(Claims))
    surplus: dict[str, Surplus] = field(default_factory=dict)

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
        return max(self.issued, min(self.base * RAY // self.multiplier(now), 2**96 - 1))

    def pending_fee_shares(self, now: int) -> int:
        """{share} earned and not yet issued."""
        return self.total_supply(now) - self.issued

    def segregated(self, token: str) -> int:
        """{tok} of all open claims."""
        return self.claims[token].total

    def unit(self, token: str, now: int = 0) -> int:
        """D27{tok/base} of a redemption; 0 for what is not a constituent.

        Here and below, `now` matters while a surplus vests.
        """
        surplus = self.surplus.get(token)
        return round57(self.units.get(token, 0) + (surplus.vested(now) if surplus else 0))

    def whole_unit(self, token: str) -> int:
        """D27{tok/base} that a share is minted by: all that vests is there already."""
        surplus = self.surplus.get(token)
        return round57(self.units[token] + (surplus.units if surplus else 0))

    def accounted(self, token: str, now: int = 0) -> int:
        """{tok} that the basket says it holds."""
        return self.unit(token, now) * self.base // RAY

    def owed(self, token: str, now: int = 0) -> int:
        """{tok} that a loss is shared over: accounted balances and claims."""
        return self.accounted(token, now) + self.segregated(token)

    def shared(self, token: str, amount: int, now: int = 0) -> int:
        """{tok} of `amount` of the accounted balances or of the claims that would be paid."""
        real, owed = self.real[token], self.owed(token, now)
        return amount if real >= owed else amount * real // owed

    def available(self, token: str, now: int = 0) -> int:
        """{tok} that the basket holds after open claims, the loss shared with them."""
        if self.real[token] >= self.owed(token, now):
            return self.real[token] - self.segregated(token)
        return self.shared(token, self.accounted(token, now), now)

    def preview_claim(self, token: str, account: str, now: int = 0) -> int:
        """{tok} of all of a claim."""
        return self.shared(token, self.claims[token].owed(account), now)

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
        return added, {token: ceil_div(self.whole_unit(token) * added, RAY) for token in self.units}

    def preview_redeem(self, now: int, shares: int) -> dict[str, int]:
        """{tok} by constituent, haircuts included."""
        removed = shares * self.multiplier(now) // RAY
        return {token: self.shared(token, self.unit(token, now) * removed // RAY, now) for token in self.units}

    def shares_for_amounts(self, now: int, amounts: dict[str, int]) -> int:
        """{share}, the most that these amounts can mint."""
        base = min([2**96 - 1, *(amounts[token] * RAY // self.whole_unit(token) for token in self.units)])
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
            self._refuse_short(token, self.whole_unit(token) * self.base // RAY)
        for token, amount in amounts.items():
            self.real[token] += amount
        if self.base == 0:
            self.balances[DEAD] += DEAD_SHARES
        self.base += added
        self.balances[receiver] += shares
        return amounts

    def redeem(self, now: int, shares: int, owner: str, failing: frozenset[str] = frozenset()) -> dict[str, int]:
        """What goes out or, where the transfer fails, becomes the owner's claim.

        Raises ZeroShares, InsufficientBalance.
        """
        if shares == 0:
            raise ZeroShares
        if shares > self.balances[owner]:
            raise InsufficientBalance(owner, self.balances[owner], shares)
        amounts = self.preview_redeem(now, shares)
        removed = shares * self.multiplier(now) // RAY
        full = {token: self.unit(token, now) * removed // RAY for token in self.units}
        self.balances[owner] -= shares
        self.base -= removed
        for token, amount in amounts.items():
            if token in failing and amount:
                self.claims[token].add(owner, full[token])
            else:
                self.real[token] -= amount
        return amounts

    def claim(self, now: int, token: str, account: str, amount: int | None = None) -> int:
        """{tok} paid of the claim, or of `amount` of it. Raises NoClaim, ClaimUnbacked."""
        owed = self.claims[token].owed(account)
        if owed == 0:
            raise NoClaim(token, account)
        amount = owed if amount is None else amount
        paid = self.shared(token, amount, now)
        if paid == 0:
            raise ClaimUnbacked(token, amount)
        self.claims[token].take(account, amount)
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

    def _refuse_short(self, token: str, accounted: int) -> None:
        owed = accounted + self.segregated(token)
        if self.real[token] < owed:
            raise Shortfall(token, accounted, accounted * self.real[token] // owed)

    def sync(self, now: int, token: str) -> None:
        """A loss is written off at once, of accounted balances and claims; a surplus vests. Raises NotAConstituent."""
        if token not in self.units and not self.segregated(token):
            raise NotAConstituent(token)
        real, accounted, owed, units = (
            self.real[token],
            self.accounted(token, now),
            self.owed(token, now),
            self.unit(token, now),
        )
        self.surplus.pop(token, None)
        if real < owed:
            self.claims[token].cut(real, owed)
            self._set_units(token, accounted * real // owed * RAY // self.base)
        elif token in self.units:
            extra = max(0, (real - self.segregated(token)) * RAY // self.base - units)
            self._set_units(token, units)
            if extra:
                self.surplus[token] = Surplus(extra, now, now + VESTING)

    def _set_units(self, token: str, units: int) -> None:
        """A constituent without units leaves; the last one takes its place."""
        if units or token not in self.units:
            if token in self.units:
                self.units[token] = round57(units)
            return
        names = list(self.units)
        place, last = names.index(token), names[-1]
        kept = dict(self.units)
        names[place] = last
        self.units = {name: kept[name] for name in names[:-1]}
        self.surplus.pop(token, None)

    def swap(self, now: int, out: str, amount_out: int, into: str, amount_in: int) -> None:
        """Raises NotAConstituent, AmountExceedsAccounted, Shortfall."""
        if out not in self.units:
            raise NotAConstituent(out)
        accounted_out, accounted_in = self.accounted(out, now), self.accounted(into, now)
        if amount_out > accounted_out:
            raise AmountExceedsAccounted(out, amount_out, accounted_out)
        self._refuse_short(out, accounted_out)
        self._refuse_short(into, accounted_in)
        for token in (out, into):
            if surplus := self.surplus.get(token):
                surplus.units, surplus.start = surplus.units - surplus.vested(now), now
                if not surplus.units:
                    del self.surplus[token]
        self.real[out] -= amount_out
        self.real[into] += amount_in
        self.units[into] = round57((accounted_in + amount_in) * RAY // self.base)
        self._set_units(out, (accounted_out - amount_out) * RAY // self.base)
