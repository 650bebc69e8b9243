"""A rebalance in integers, from docs/rebalancing-math.md alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.model.index import RAY, WAD, IndexModel, Refused, ceil_div, round57

BP = 10**14
RUNNING, COMPLETED, HALTED, CANCELLED, EXPIRED = "running", "completed", "halted", "cancelled", "expired"


class WrongNonce(Refused):
    """Given, expected."""


class AlreadyRunning(Refused):
    """One is running."""


class NotRunning(Refused):
    """None is running."""


class PriceTooHigh(Refused):
    """{tok} asked, {tok} limit."""


@dataclass(frozen=True)
class Terms:
    """bp, bp, seconds, bp, ppm."""

    premium: int
    discount: int
    duration: int
    budget: int
    dust: int


@dataclass(frozen=True)
class Fill:
    """{tok} of a bid, and why it was not larger: "" or "budget"."""

    out: int = 0
    paid: int = 0
    halts: bool = False


def price36(price: int, decimals: int) -> int:
    """D36{USD/tok} of a D18{USD/whole token}."""
    return price * int(10 ** (18 - decimals))


@dataclass
class Aim:
    """What a rebalance wants of one token. D27{tok/base}."""

    target: int
    dust: int


@dataclass
class RebalanceModel:
    """The rebalances of one index.

    Args:
        index: its model, which swaps move. decimals: of every token that may ever be held.
        plan: weights D18 by token, in the plan's order. terms: of the next start.
    """

    index: IndexModel
    decimals: dict[str, int]
    plan: dict[str, int]
    terms: Terms
    nonce: int
    phase: str = ""
    running: Terms | None = None
    started: int = 0
    nav: int = 0
    cost: int = 0
    aims: dict[str, Aim] = field(default_factory=dict)
    selling: set[str] = field(default_factory=set)
    buying: set[str] = field(default_factory=set)

    # ------------------------------------------------------------ readings

    def units(self, token: str) -> int:
        """D27{tok/base}, 0 where it is not held."""
        return self.index.units.get(token, 0)

    def tokens(self) -> list[str]:
        """The plan's, then what else is held."""
        return [*self.plan, *(token for token in self.index.units if token not in self.plan)]

    def price(self, token: str, usd: dict[str, int]) -> int:
        """D36{USD/tok} from D18{USD/whole token}."""
        return price36(usd[token], self.decimals[token])

    def value(self, usd: dict[str, int]) -> int:
        """D63{USD/base} of everything held."""
        return sum(unit * self.price(token, usd) for token, unit in self.index.units.items())

    def phase_at(self, now: int) -> str:
        """Expired as soon as the time is over."""
        if self.phase == RUNNING and self.running is not None and now >= self.started + self.running.duration:
            return EXPIRED
        return self.phase

    def factor(self, now: int) -> int:
        """D18 of the oracle's ratio."""
        terms = self.running
        assert terms is not None
        elapsed = min(now - self.started, terms.duration)
        return WAD + terms.premium * BP - (terms.premium + terms.discount) * BP * elapsed // terms.duration

    def budget(self) -> int:
        """D27{USD/base share}."""
        assert self.running is not None
        return self.nav * self.running.budget // 10_000

    def surplus(self, token: str) -> int:
        """{tok} over the target."""
        return max(0, self._books(token, self.units(token)) - ceil_div(self.aims[token].target * self.index.base, RAY))

    def deficit(self, token: str) -> int:
        """{tok} under the target."""
        return max(0, self.aims[token].target * self.index.base // RAY - self._books(token, self.units(token)))

    def _books(self, _: str, units: int) -> int:
        return units * self.index.base // RAY

    def _to_sell(self, token: str) -> bool:
        dust = self.aims[token].dust * self.index.base // RAY
        return self.surplus(token) > (0 if self.aims[token].target == 0 else dust)

    def _to_buy(self, token: str) -> bool:
        return self.deficit(token) > self.aims[token].dust * self.index.base // RAY

    # ------------------------------------------------------------ operations

    def preview(self, usd: dict[str, int]) -> dict[str, int]:
        """D27{tok/base} that a start would aim at."""
        value = self.value(usd)
        return {token: round57(self.plan.get(token, 0) * value // (WAD * self.price(token, usd))) for token in self.tokens()}

    def start(self, now: int, nonce: int, usd: dict[str, int]) -> None:
        """Raises WrongNonce, AlreadyRunning."""
        if nonce != self.nonce:
            raise WrongNonce(nonce, self.nonce)
        if self.phase_at(now) == RUNNING:
            raise AlreadyRunning
        value = self.value(usd)
        self.aims = {
            token: Aim(target, round57(min(value * self.terms.dust // (10**6 * self.price(token, usd)), 2**120 - 1)))
            for token, target in self.preview(usd).items()
        }
        self.running, self.started, self.nav, self.cost = self.terms, now, value // WAD, 0
        self.selling = {token for token in self.aims if self._to_sell(token)}
        self.buying = {token for token in self.aims if self._to_buy(token)}
        self.phase = COMPLETED if self._complete() else RUNNING
        self.nonce += 1

    def _complete(self) -> bool:
        leaving = {token for token in self.selling if self.aims[token].target == 0}
        return not self.selling or (not self.buying and not leaving)

    def ceiling(self, out: str, in_: str) -> int:
        """D27{tok/base} that the bought token may reach; 0 where the pair cannot be bid."""
        if out not in self.selling or in_ not in self.aims:
            return 0
        aim = self.aims[in_]
        if in_ in self.buying:
            return aim.target
        last = not self.buying and self.aims[out].target == 0
        return aim.target + 16 * aim.dust if last and aim.target and in_ not in self.selling else 0

    def quote(self, now: int, out: str, in_: str, wanted: int, usd: dict[str, int]) -> Fill:
        """What a bid would move."""
        if self.phase_at(now) != RUNNING or out == in_:
            return Fill()
        top = self.ceiling(out, in_)
        if top == 0:
            return Fill()
        base, factor = self.index.base, self.factor(now)
        p_out, p_in = self.price(out, usd), self.price(in_, usd)
        room = max(0, top * base // RAY - self._books(in_, self.units(in_)))
        wear_out = p_out * (RAY // base + 3 + self.units(out) // 2**56)
        wear_in = p_in * (RAY // base + 3 + max(self.units(in_), top) // 2**56)
        left = max(0, (self.budget() - self.cost) * WAD - wear_out - wear_in)
        if left == 0:
            return Fill()
        limits = [wanted, self.surplus(out), room * p_in * WAD // (p_out * factor)]
        halts = False
        if factor < WAD:
            afford = left * base // RAY * WAD // ((WAD - factor) * p_out)
            halts = afford < min(limits)
            limits.append(afford)
        amount = min(limits)
        least = self.aims[out].dust * base // RAY // 2
        if amount == 0 or (amount < least and amount < self.surplus(out)):
            return Fill()
        return Fill(amount, ceil_div(amount * p_out * factor, p_in * WAD), halts)

    def bid(self, now: int, out: str, in_: str, wanted: int, usd: dict[str, int], max_in: int | None = None) -> Fill:
        """Moves the index too. Raises PriceTooHigh."""
        fill = self.quote(now, out, in_, wanted, usd)
        if fill.out == 0:
            return fill
        if max_in is not None and fill.paid > (limit := ceil_div(max_in * fill.out, wanted)):
            raise PriceTooHigh(fill.paid, limit)
        p_out, p_in = self.price(out, usd), self.price(in_, usd)
        before = self.units(out) * p_out + self.units(in_) * p_in
        swap(self.index, out, fill.out, in_, fill.paid)
        after = self.units(out) * p_out + self.units(in_) * p_in
        self.cost += ceil_div(max(0, before - after), WAD)
        if not self._to_sell(out):
            self.selling.discard(out)
        if not self._to_buy(in_):
            self.buying.discard(in_)
        if self._complete():
            self.phase = COMPLETED
        elif fill.halts:
            self.phase = HALTED
        return fill

    def cancel(self, now: int) -> None:
        """Raises NotRunning."""
        if self.phase_at(now) != RUNNING:
            raise NotRunning
        self.phase = CANCELLED


def swap(index: IndexModel, out: str, amount_out: int, in_: str, amount_in: int) -> None:
    """docs/index-math.md, "Swap (the rebalancer) and sync (governed)"."""
    books_out, books_in = index.books(out), index.books(in_) if in_ in index.units else 0
    index.units[in_] = round57((books_in + amount_in) * RAY // index.base)
    left = round57((books_out - amount_out) * RAY // index.base)
    if left:
        index.units[out] = left
    else:
        # The last constituent takes its place.
        names = list(index.units)
        last = names.pop()
        if out != last:
            names[names.index(out)] = last
        index.units = {name: index.units[name] for name in names}
    index.real[out] -= amount_out
    index.real[in_] += amount_in
