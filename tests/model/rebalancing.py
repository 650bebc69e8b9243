"""A rebalance in integers, from docs/rebalancing-math.md alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.model.index import RAY, WAD, IndexModel, IndexRefused, ceil_div, round57

BP = 10**14
RUNNING, COMPLETED, HALTED, CANCELLED, EXPIRED = "running", "completed", "halted", "cancelled", "expired"


class WrongNonce(IndexRefused):
    """Given, expected."""


class AlreadyRunning(IndexRefused):
    """One is running."""


class NotRunning(IndexRefused):
    """None is running."""


class PriceTooHigh(IndexRefused):
    """{tok} asked, {tok} limit."""


class TooLate(IndexRefused):
    """Latest second."""


class NoReference(IndexRefused):
    """Token."""


class PriceOff(IndexRefused):
    """Token, D18 price, D18 expected, bp."""


class TargetOff(IndexRefused):
    """Token, D27 target, D27 expected, bp."""


class TurnoverTooLarge(IndexRefused):
    """bp of NAV to be sold, bp allowed."""


class PriceMoved(IndexRefused):
    """D18 of the price at the start: of what is sold, of what is bought; bp."""


@dataclass(frozen=True)
class Terms:
    """bp, bp, seconds, bp, ppm; bp of NAV a rebalance, bp of NAV a day, bp."""

    premium: int
    discount: int
    duration: int
    budget: int
    dust: int
    turnover: int = 5000
    daily: int = 5000
    band: int = 2500


@dataclass(frozen=True)
class RebalanceProposal:
    """What a start was proposed for: prices D18 and targets D27 by token, tolerances in bp, prices of what has none at
    the oracle.
    """

    nonce: int
    latest: int
    price_tolerance: int
    target_tolerance: int
    prices: dict[str, int]
    targets: dict[str, int]
    unpriced: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AuctionFill:
    """{tok} of a bid, and why it was not larger: "" or "budget"."""

    out: int = 0
    paid: int = 0
    halts: bool = False


def near(one: int, other: int, bp: int) -> bool:
    """Neither is more than `bp` over the other."""
    return max(one, other) * 10_000 <= min(one, other) * (10_000 + bp)


def price36(price: int, decimals: int) -> int:
    """D36{USD/tok} of a D18{USD/whole token}."""
    return price * int(10 ** (18 - decimals))


@dataclass
class Aim:
    """What a rebalance wants of one token, D27{tok/base}; its price at the start, D18, and whether the proposal gave
    that.
    """

    target: int
    dust: int
    price: int
    given: bool = False


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
    turnover: int = 0
    aims: dict[str, Aim] = field(default_factory=dict)
    selling: set[str] = field(default_factory=set)
    buying: set[str] = field(default_factory=set)

    # ------------------------------------------------------------ readings

    @property
    def limits(self) -> Terms:
        """Those by which the last start sells."""
        assert self.running is not None
        return self.running

    def units(self, token: str) -> int:
        """D27{tok/base}, 0 where it is not held."""
        return self.index.units.get(token, 0)

    def tokens(self) -> list[str]:
        """The plan's, then what else is held."""
        return [*self.plan, *(token for token in self.index.units if token not in self.plan)]

    def seen(self, usd: dict[str, int]) -> dict[str, int]:
        """D18{USD/whole token} that bids go by."""
        return usd | {token: aim.price for token, aim in self.aims.items() if aim.given}

    def price(self, token: str, usd: dict[str, int]) -> int:
        """D36{USD/tok} from D18{USD/whole token}."""
        return price36(usd[token], self.decimals[token])

    def value(self, usd: dict[str, int]) -> int:
        """D63{USD/base} of everything held."""
        return sum(unit * self.price(token, usd) for token, unit in self.index.units.items())

    def phase_at(self, now: int) -> str:
        """Expired as soon as the time is over."""
        if self.phase == RUNNING and now >= self.started + self.limits.duration:
            return EXPIRED
        return self.phase

    def factor(self, now: int) -> int:
        """D18 of the oracle's ratio."""
        terms = self.limits
        elapsed = min(now - self.started, terms.duration)
        return WAD + terms.premium * BP - (terms.premium + terms.discount) * BP * elapsed // terms.duration

    def budget(self) -> int:
        """D27{USD/base share}."""
        return self.nav * self.limits.budget // 10_000

    def surplus(self, token: str) -> int:
        """{tok} over the target."""
        return max(
            0, self._accounted(token, self.units(token)) - ceil_div(self.aims[token].target * self.index.base, RAY)
        )

    def deficit(self, token: str) -> int:
        """{tok} under the target."""
        return max(0, self.aims[token].target * self.index.base // RAY - self._accounted(token, self.units(token)))

    def _accounted(self, _: str, units: int) -> int:
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
        return {
            token: round57(self.plan.get(token, 0) * value // (WAD * self.price(token, usd))) for token in self.tokens()
        }

    def sold(self, usd: dict[str, int]) -> int:
        """bp of NAV, rounded up, that a start would sell."""
        over = sum(
            max(0, self.units(token) - target) * self.price(token, usd) for token, target in self.preview(usd).items()
        )
        return ceil_div(over * 10_000, self.value(usd))

    def allowed(self, now: int) -> int:
        """bp of NAV that a start may sell."""
        if self.started == 0:
            return self.terms.turnover
        return min(self.terms.turnover, self.terms.daily * (now - self.started) // 86_400)

    def drift(self, now: int) -> int:
        """bp that a price may be off that of the last start."""
        return min(self.terms.band * (1 + (now - self.started) // 86_400), 60_000)

    def turnover_left(self) -> int:
        """D18 of NAV that may still be sold, by the prices of the start."""
        over = 0
        for token in self.selling:
            aim = self.aims[token]
            over += max(0, self.units(token) - aim.target) * price36(round57(aim.price), self.decimals[token])
        return ceil_div(over, self.nav)

    def start(self, now: int, proposal: RebalanceProposal, usd: dict[str, int]) -> None:
        """Raises WrongNonce, TooLate, AlreadyRunning, NoReference, PriceOff, TargetOff, TurnoverTooLarge."""
        if proposal.nonce != self.nonce:
            raise WrongNonce(proposal.nonce, self.nonce)
        if now > proposal.latest:
            raise TooLate(proposal.latest)
        if self.phase_at(now) == RUNNING:
            raise AlreadyRunning
        usd = usd | {token: proposal.prices[token] for token in proposal.unpriced}
        self.aims, value, self.turnover = self._proposed(now, proposal, usd)
        self.running, self.started, self.nav, self.cost = self.terms, now, value // WAD, 0
        self.selling = {token for token in self.aims if self._to_sell(token)}
        self.buying = {token for token in self.aims if self._to_buy(token)}
        self.phase = COMPLETED if self._complete() else RUNNING
        self.nonce += 1

    def _proposed(self, now: int, proposal: RebalanceProposal, usd: dict[str, int]) -> tuple[dict[str, Aim], int, int]:
        """What is aimed at, D63{USD/base}, and bp of NAV to be sold."""
        for token in self.tokens():
            expected, tolerance = proposal.prices[token], proposal.price_tolerance
            if expected == 0:
                if token not in self.aims:
                    raise NoReference(token)
                expected, tolerance = self.aims[token].price, self.drift(now)
            if not near(usd[token], expected, tolerance):
                raise PriceOff(token, usd[token], expected, tolerance)
        value, preview, turnover = self.value(usd), self.preview(usd), self.sold(usd)
        for token, target in preview.items():
            if not near(target, proposal.targets[token], proposal.target_tolerance):
                raise TargetOff(token, target, proposal.targets[token], proposal.target_tolerance)
        if turnover > self.allowed(now):
            raise TurnoverTooLarge(turnover, self.allowed(now))

        def aim(token: str, target: int) -> Aim:
            dust = min(value * self.terms.dust // (10**6 * self.price(token, usd)), 2**120 - 1)
            return Aim(target, round57(dust), round57(usd[token]), token in proposal.unpriced)

        return {token: aim(token, target) for token, target in preview.items()}, value, turnover

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

    def quote(self, now: int, out: str, in_: str, wanted: int, usd: dict[str, int]) -> AuctionFill:
        """What a bid would move."""
        if self.phase_at(now) != RUNNING or out == in_:
            return AuctionFill()
        top = self.ceiling(out, in_)
        if top == 0:
            return AuctionFill()
        usd = self.seen(usd)
        moved = [usd[token] * WAD // self.aims[token].price for token in (out, in_)]
        if not near(moved[0], moved[1], self.limits.band):
            raise PriceMoved(*moved, self.limits.band)
        base, factor = self.index.base, self.factor(now)
        p_out, p_in = self.price(out, usd), self.price(in_, usd)
        room = max(0, top * base // RAY - self._accounted(in_, self.units(in_)))
        afford = self.affordable(now, out, in_, top, usd)
        if afford == 0:
            return AuctionFill()
        limits = [wanted, self.surplus(out), room * p_in * WAD // (p_out * factor)]
        halts = False
        if afford is not None:
            halts = afford < min(limits)
            limits.append(afford)
        amount = min(limits)
        least = self.least(out)
        if amount == 0 or (amount < least and amount < self.surplus(out)):
            return AuctionFill()
        return AuctionFill(amount, ceil_div(amount * p_out * factor, p_in * WAD), halts)

    def affordable(self, now: int, out: str, in_: str, top: int, usd: dict[str, int]) -> int | None:
        """{tok} of `out` that the budget allows; None for no limit."""
        base, factor = self.index.base, self.factor(now)
        p_out, p_in = self.price(out, usd), self.price(in_, usd)
        wear_out = p_out * (RAY // base + 3 + self.units(out) // 2**56)
        wear_in = p_in * (RAY // base + 3 + max(self.units(in_), top) // 2**56)
        left = max(0, (self.budget() - self.cost) * WAD - wear_out - wear_in)
        if left == 0:
            return 0
        return None if factor >= WAD else left * base // RAY * WAD // ((WAD - factor) * p_out)

    def least(self, out: str) -> int:
        """{tok}, under which a bid moves nothing unless it takes all."""
        return self.aims[out].dust * self.index.base // RAY // 2

    def bid(
        self, now: int, out: str, in_: str, wanted: int, usd: dict[str, int], max_in: int | None = None
    ) -> AuctionFill:
        """Moves the index too. Raises PriceTooHigh."""
        fill = self.quote(now, out, in_, wanted, usd)
        if fill.out == 0:
            return fill
        if max_in is not None and fill.paid > (limit := ceil_div(max_in * fill.out, wanted)):
            raise PriceTooHigh(fill.paid, limit)
        usd, top = self.seen(usd), self.ceiling(out, in_)
        p_out, p_in = self.price(out, usd), self.price(in_, usd)
        before = self.units(out) * p_out + self.units(in_) * p_in
        swap(self.index, out, fill.out, in_, fill.paid)
        after = self.units(out) * p_out + self.units(in_) * p_in
        loss = ceil_div(max(0, before - after), WAD)
        self.cost += loss
        afford = self.affordable(now, out, in_, top, usd)
        spent = loss > 0 and afford is not None and afford < max(1, self.least(out))
        if not self._to_sell(out):
            self.selling.discard(out)
        if not self._to_buy(in_):
            self.buying.discard(in_)
        if self._complete():
            self.phase = COMPLETED
        elif fill.halts or spent:
            self.phase = HALTED
        return fill

    def cancel(self, now: int) -> None:
        """Raises NotRunning."""
        if self.phase_at(now) != RUNNING:
            raise NotRunning
        self.phase = CANCELLED


def swap(index: IndexModel, out: str, amount_out: int, in_: str, amount_in: int) -> None:
    """docs/index-math.md, "Swap (the rebalancer) and sync (governed)"."""
    accounted_out, accounted_in = index.accounted(out), index.accounted(in_) if in_ in index.units else 0
    index.units[in_] = round57((accounted_in + amount_in) * RAY // index.base)
    left = round57((accounted_out - amount_out) * RAY // index.base)
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
