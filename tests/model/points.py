"""Points in integers, from docs/points-math.md alone: all from the history of what happened, nothing from the
contracts' averages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import isqrt

from tests.model.epochs import EpochGrid
from tests.model.time_weighted import NaiveLedger

WAD, DAY = 10**18, 86_400
HELD, STAKED, LOCKED, BOOST = 3, 15, 20, 10
RECORDING, CLAIMING = 7 * DAY, 180 * DAY
SLOTS, LEAST = 28, 7
NONE = 2**128
CUT = 2**120 - 1
MOST_FOR_RECORDERS = 500  # bp of what is put into a pot
ZERO = "0x" + "00" * 20


@dataclass(frozen=True)
class Values:
    """D18{USD s} by class, and of staked SOSO."""

    held: int = 0
    staked: int = 0
    locked: int = 0
    soso: int = 0

    def boosts(self) -> tuple[int, int, int]:
        """What SOSO lifts of held, staked, locked: dollar by dollar to where a dollar brings most."""
        left, lifted = self.soso, {}
        for name, _, room in sorted(
            (("held", HELD, self.held), ("staked", STAKED, self.staked), ("locked", LOCKED, self.locked)),
            key=lambda c: -c[1],
        ):
            lifted[name] = min(room, left)
            left -= lifted[name]
        return lifted["held"], lifted["staked"], lifted["locked"]

    def points(self) -> int:
        """D18{point}."""
        held, staked, locked = self.boosts()
        parts = ((HELD, self.held, held), (STAKED, self.staked, staked), (LOCKED, self.locked, locked))
        return sum(base * value + BOOST * base * lifted for base, value, lifted in parts) // DAY


@dataclass(frozen=True)
class Sources:
    """Names of tokens. `soso`: the staked token and SOSO. `pools`: pool, token0 and token1."""

    pairs: tuple[tuple[str, str | None], ...] = ()
    soso: tuple[str, str] | None = None
    pools: tuple[tuple[str, str, str], ...] = ()

    def sampled(self) -> list[str]:
        """What needs a price of its own: all that counts, or is in a pool, and is not a staked token."""
        staked = {token for _, token in self.pairs if token} | ({self.soso[0]} if self.soso else set())
        found = [index for index, _ in self.pairs] + ([self.soso[1]] if self.soso else [])
        found += [token for _, *tokens in self.pools for token in tokens]
        return [token for token in dict.fromkeys(found) if token not in staked]


@dataclass
class ModelPot:
    """{tok}"""

    funded: int = 0
    paid: int = 0
    for_recorders: int = 0
    claimed: dict[str, int] = field(default_factory=dict)


@dataclass
class PointsModel(EpochGrid):
    """One ledger. Times in Unix seconds; tokens and accounts by name or address."""

    genesis: int
    length: int
    sources: list[tuple[int, Sources]] = field(default_factory=lambda: [(0, Sources())])
    samples: dict[int, dict[int, dict[str, int]]] = field(default_factory=lambda: defaultdict(dict))
    rates: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    ledgers: dict[str, NaiveLedger] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)
    referrals: dict[str, tuple[str, int]] = field(default_factory=dict)
    recorded: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    recorders: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    pots: dict[tuple[int, str], ModelPot] = field(default_factory=lambda: defaultdict(ModelPot))

    # ------------------------------------------------------------ history

    def transfer(self, now: int, token: str, giver: str, taker: str, value: int) -> None:
        """A Transfer event."""
        ledger = self.ledgers.setdefault(token, NaiveLedger(self.genesis, self.length))
        if giver == ZERO:
            ledger.mint(now, taker, value)
        elif taker == ZERO:
            ledger.burn(now, giver, value)
        else:
            ledger.transfer(now, giver, taker, value)

    def end(self, epoch: int) -> int:
        """The second in which the next one begins."""
        return self.genesis + (epoch + 1) * self.length

    def set_sources(self, now: int, sources: Sources) -> None:
        """From the next epoch on; at once while no sample was ever taken."""
        since = self.epoch(now) + 1 if any(self.samples.values()) else 0
        self.sources = [(first, old) for first, old in self.sources if first != since] + [(since, sources)]

    def sources_of(self, epoch: int) -> Sources:
        """Those that count in `epoch`."""
        return max((entry for entry in self.sources if entry[0] <= epoch), key=lambda entry: entry[0])[1]

    # ------------------------------------------------------------ prices

    def slot(self, now: int) -> int:
        """The running slot: the last one that has begun."""
        into = now - self.end(self.epoch(now) - 1)
        return max(slot for slot in range(SLOTS) if slot * self.length <= into * SLOTS)

    def sample(self, now: int, found: dict[str, int]) -> int | None:
        """Takes the prices found now as the slot's sample; how many are missing in it, or None where it is refused."""
        prices = {token: found.get(token, 0) for token in self.sources_of(self.epoch(now)).sampled()}
        prices = {token: price if price < NONE else 0 for token, price in prices.items()}
        slots, missing = self.samples[self.epoch(now)], list(prices.values()).count(0)
        before = slots.get(self.slot(now))
        if missing == len(prices) or (before is not None and missing >= list(before.values()).count(0)):
            return None
        slots[self.slot(now)] = prices
        return missing

    def median(self, epoch: int, token: str) -> tuple[int, int]:
        """Of all samples, the lower of two; and how many there are."""
        found = sorted(prices[token] for prices in self.samples[epoch].values() if prices.get(token))
        return (found[(len(found) - 1) // 2], len(found)) if found else (0, 0)

    def asset_price(self, now: int, epoch: int, token: str) -> int:
        """D18{USD/1e18 tok}: of the epoch, or the one before, or 0."""
        median, count = self.median(epoch, token)
        if count >= (1 if epoch == self.epoch(now) else LEAST):
            return median
        median, count = self.median(epoch - 1, token)
        return median if count >= LEAST else 0

    def rate_is(self, now: int, staked: str, rate: int) -> None:
        """D18{asset/share} from now on; 1 before the first."""
        self.rates.setdefault(staked, []).append((now, rate))

    def lowest_rate(self, epoch: int, staked: str) -> int:
        """D18{asset/share}: the least of that in the first second, before anything happened in it, and all
        that came.
        """
        start, history = self.end(epoch - 1), self.rates.get(staked, [])
        first = next((rate for time, rate in reversed(history) if time < start), WAD)
        return min([first, *(rate for time, rate in history if start <= time < self.end(epoch))])

    def price(self, now: int, epoch: int, token: str) -> int:
        """D18{USD/1e18 tok} that counts, or 0."""
        sources = self.sources_of(epoch)
        under = {staked: index for index, staked in sources.pairs if staked} | (
            {sources.soso[0]: sources.soso[1]} if sources.soso else {}
        )
        pools = {pool: tokens for pool, *tokens in sources.pools}
        if token in under:
            price = self.asset_price(now, epoch, under[token]) * self.lowest_rate(epoch, token) // WAD
        elif token in pools:
            price = fair_price(*(self.price(now, epoch, side) for side in pools[token]))
        else:
            price = self.asset_price(now, epoch, token)
        return price if price < NONE else 0

    # ------------------------------------------------------------ points

    def _value(self, now: int, account: str, epoch: int, token: str | None) -> int:
        if token is None or token not in self.ledgers:
            return 0
        return (
            self.ledgers[token].balance_seconds(now, account, epoch, epoch + 1) * self.price(now, epoch, token) // WAD
        )

    def values(self, now: int, account: str, epoch: int) -> Values:
        """What the account had over the epoch, until now where it is running."""
        sources = self.sources_of(epoch)
        return Values(
            sum(self._value(now, account, epoch, index) for index, _ in sources.pairs),
            sum(self._value(now, account, epoch, staked) for _, staked in sources.pairs),
            sum(self._value(now, account, epoch, pool) for pool, *_ in sources.pools),
            self._value(now, account, epoch, sources.soso[0] if sources.soso else None),
        )

    def points(self, now: int, account: str, epoch: int) -> int:
        """D18{point} before referrals."""
        return self.values(now, account, epoch).points()

    # ------------------------------------------------------------ recording

    def counts(self, account: str, epoch: int) -> bool:
        """Joined before the epoch's end."""
        return account in self.joined and self.joined[account] < self.end(epoch)

    def record(self, now: int, account: str, epoch: int, recorder: str) -> int:
        """D18{point} written down. `recorder` sends it."""
        assert self.counts(account, epoch)
        assert self.end(epoch) <= now < self.end(epoch) + RECORDING
        points = min(self.points(now, account, epoch), CUT)
        if points:
            assert account not in self.recorded[epoch]
            self.recorded[epoch][account] = points
            self.recorders[epoch].append(recorder)
        return points

    def recorded_by(self, recorder: str, epoch: int) -> int:
        """D18{point}, by definition: what all records together give, before and after each of theirs."""
        written, by = self.recorded[epoch], self.recorders[epoch]
        sums = [self.sum_of(epoch, dict(list(written.items())[:n])) for n in range(len(written) + 1)]
        return sum(after - before for (before, after), who in zip(pairwise(sums), by, strict=True) if who == recorder)

    def referrer(self, account: str, epoch: int) -> str | None:
        """Bound before the epoch's end."""
        referrer, bound_at = self.referrals.get(account, ("", 0))
        return referrer if referrer and bound_at < self.end(epoch) else None

    def total(self, account: str, epoch: int) -> int:
        """D18{point}, by definition from the set of the recorded."""
        return self.total_of(account, epoch, self.recorded[epoch])

    def total_of(self, account: str, epoch: int, recorded: Mapping[str, int]) -> int:
        """D18{point}, if these were recorded."""
        own = recorded.get(account, 0)
        credit = sum(points // 10 for who, points in recorded.items() if self.referrer(who, epoch) == account)
        return own + (own // 20 if self.referrer(account, epoch) else 0) + min(own, credit)

    def sum(self, epoch: int) -> int:
        """D18{point} of all accounts."""
        return self.sum_of(epoch, self.recorded[epoch])

    def sum_of(self, epoch: int, recorded: Mapping[str, int]) -> int:
        """D18{point} of all accounts, if these were recorded."""
        return sum(self.total_of(account, epoch, recorded) for account in recorded)

    # ------------------------------------------------------------ pots

    def fund(self, epoch: int, token: str, amount: int, bps: int = 0) -> None:
        """{tok} that arrived, `bps` of it for recorders."""
        pot = self.pots[epoch, token]
        pot.funded += amount
        pot.for_recorders += amount * bps // 10_000

    def part(self, account: str, epoch: int, token: str) -> int:
        """{tok} of a pot, for own points and for those of others: each rounded down."""
        pot, total = self.pots[epoch, token], self.sum(epoch)
        if not total:
            return 0
        own = (pot.funded - pot.for_recorders) * self.total(account, epoch) // total
        return own + pot.for_recorders * self.recorded_by(account, epoch) // total

    def claim(self, account: str, epoch: int, token: str, there: int | None = None) -> int:
        """{tok} paid; 0 where there is nothing, or not again.

        `there`: what the ledger holds of the token, if not all that it should.
        """
        pot = self.pots[epoch, token]
        amount = self.part(account, epoch, token) - pot.claimed.get(account, 0)
        amount = amount if there is None else min(amount, there)
        if amount:
            pot.claimed[account] = pot.claimed.get(account, 0) + amount
            pot.paid += amount
        return amount

    def rolls_from(self, epoch: int) -> int:
        """When what is left may go to the running epoch."""
        return self.end(epoch) + RECORDING + (CLAIMING if self.sum(epoch) else 0)

    def roll_over(self, now: int, epoch: int, token: str) -> int:
        """{tok} moved."""
        pot = self.pots[epoch, token]
        amount, pot.paid = pot.funded - pot.paid, pot.funded
        self.fund(self.epoch(now), token, amount)
        self.pots[self.epoch(now), token].for_recorders += amount * pot.for_recorders // pot.funded
        return amount


def fair_price(price0: int, price1: int) -> int:
    """D18{USD} of 10^18 of liquidity over the whole range."""
    return 2 * isqrt(price0 * price1)
