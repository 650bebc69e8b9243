"""A staked token in integers, from docs/staking-math.md alone.

Rates of past epochs come from the whole history, not from what a vault would keep of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.model.epochs import EpochGrid
from tests.model.index import IndexRefused, InsufficientBalance, ceil_div

__all__ = [
    "DAY",
    "MAX",
    "MAX_COOLDOWN",
    "UNLIMITED",
    "VIRTUAL",
    "WAD",
    "YEAR",
    "CooldownTooLong",
    "ExceedsClaimable",
    "ExceedsMaximum",
    "FutureEpoch",
    "IndexRefused",
    "InsufficientAllowance",
    "InsufficientBalance",
    "NotAuthorized",
    "NothingCooling",
    "RaiseTooSoon",
    "StakingModel",
    "ZeroAmount",
]  # fmt: skip

WAD, DAY, VIRTUAL = 10**18, 86_400, 10**9
YEAR, MAX_COOLDOWN = 365 * DAY, 14 * DAY
MAX = 2**96 - 1
UNLIMITED = 2**256 - 1


class ZeroAmount(IndexRefused):
    """Nothing, or worth less than a share-wei."""


class ExceedsMaximum(IndexRefused):
    """{asset} or {share} amount, maximum."""


class NotAuthorized(IndexRefused):
    """Controller, caller."""


class ExceedsClaimable(IndexRefused):
    """Controller, amount, claimable."""


class NothingCooling(IndexRefused):
    """Controller."""


class InsufficientAllowance(IndexRefused):
    """Spender, allowance, needed."""


class CooldownTooLong(IndexRefused):
    """Seconds, maximum."""


class RaiseTooSoon(IndexRefused):
    """Earliest Unix second."""


class FutureEpoch(IndexRefused):
    """Epoch, running epoch."""


class Stream(NamedTuple):
    """`assets` {asset} that had not vested at the Unix second `start`, and vest over `duration` seconds from then."""

    assets: int = 0
    start: int = 0
    duration: int = 0


class StakingState(NamedTuple):
    """What rates depend on: {asset} that all shares were worth at the last change, {share} of all holders, the stream
    since then.
    """

    worth: int = 0
    supply: int = 0
    stream: Stream = Stream()

    def vested(self, now: int) -> int:
        """{asset} since the last change, rounded down. The virtual shares must not be the most."""
        elapsed = now - self.stream.start
        if self.supply < VIRTUAL:
            return 0
        return (
            self.stream.assets
            if elapsed >= self.stream.duration
            else self.stream.assets * elapsed // self.stream.duration
        )

    def total(self, now: int) -> int:
        """{asset} that all shares are worth."""
        return self.worth + self.vested(now)

    def rate(self, now: int) -> int:
        """D18{asset/share}."""
        return (self.total(now) + VIRTUAL) * WAD // (self.supply + VIRTUAL)

    def settled(self, now: int) -> StakingState:
        """The same, said at `now`."""
        stands = self.supply < VIRTUAL
        left = self.stream.duration if stands else max(0, self.stream.duration - (now - self.stream.start))
        return StakingState(self.total(now), self.supply, Stream(self.stream.assets - self.vested(now), now, left))


class RunningRequest(NamedTuple):
    """A request that cools or has matured: {asset}, {share}, Unix second, the cooldown in force then."""

    assets: int
    shares: int
    time: int
    cooldown: int


def averaged(unvested: int, left: int, fresh: int) -> int:
    """Seconds of a stream of `unvested` that had `left`, with `fresh` {asset} on top that would take a day."""
    return DAY if unvested == 0 else max(1, (unvested * left + fresh * DAY) // (unvested + fresh))


@dataclass
class StakingModel(EpochGrid):
    """One vault.

    Operations take the time `now` in Unix seconds, check first, and change nothing when they raise `Refused`.

    Args:
        genesis: start of epoch 0, Unix seconds. length: of an epoch, seconds.
        born: Unix second of the deployment.
    """

    genesis: int
    length: int
    born: int
    worth: int = 0
    cooling: int = 0
    stream: Stream = field(default_factory=Stream)
    cooldown: int = MAX_COOLDOWN
    cut: int | None = None
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    allowances: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    operators: set[tuple[str, str]] = field(default_factory=set)
    running: dict[str, RunningRequest] = field(default_factory=dict)
    parked: dict[str, tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))

    def __post_init__(self) -> None:
        self.history: list[tuple[int, StakingState]] = [(self.born, StakingState())]

    # ------------------------------------------------------------ readings

    @property
    def supply(self) -> int:
        """{share} of all holders."""
        return sum(self.balances.values())

    @property
    def state(self) -> StakingState:
        return StakingState(self.worth, self.supply, self.stream)

    @property
    def staked(self) -> int:
        """{asset} among the accounted assets, vested or not."""
        return self.worth + self.stream.assets

    def unvested(self, now: int) -> int:
        """{asset}."""
        return self.staked - self.total(now)

    def total(self, now: int) -> int:
        """{asset} that all shares are worth."""
        return self.state.total(now)

    def assets(self, now: int, shares: int) -> int:
        """{asset}, rounded down."""
        return shares * (self.total(now) + VIRTUAL) // (self.supply + VIRTUAL)

    def shares(self, now: int, assets: int) -> int:
        """{share}, rounded down."""
        return assets * (self.supply + VIRTUAL) // (self.total(now) + VIRTUAL)

    def preview_mint(self, now: int, shares: int) -> int:
        """{asset}, rounded up."""
        return ceil_div(shares * (self.total(now) + VIRTUAL), self.supply + VIRTUAL)

    def room(self) -> int:
        """{asset} that still fit."""
        return MAX - self.staked

    def max_deposit(self, now: int) -> int:
        """{asset}; 0 where all that fits is not worth a share-wei."""
        return self.room() if self.shares(now, self.room()) else 0

    def max_mint(self, now: int) -> int:
        """{share}."""
        return self.shares(now, self.room())

    def matures(self, controller: str) -> int | None:
        """Unix second, None without a running request."""
        request = self.running.get(controller)
        return None if request is None else request.time + min(request.cooldown, self.cooldown)

    def _matured(self, now: int, controller: str) -> bool:
        moment = self.matures(controller)
        return moment is not None and now >= moment

    def pending(self, now: int, controller: str) -> tuple[int, int]:
        """{asset} and {share} that cool."""
        if controller not in self.running or self._matured(now, controller):
            return 0, 0
        return self.running[controller].assets, self.running[controller].shares

    def claimable(self, now: int, controller: str) -> tuple[int, int]:
        """{asset} and {share} that have matured."""
        assets, shares = self.parked[controller]
        if self._matured(now, controller):
            assets += self.running[controller].assets
            shares += self.running[controller].shares
        return assets, shares

    def exit_of(self, now: int, controller: str) -> tuple[int, int, int, int, int]:
        """Cooling {asset} and {share}, the second when they mature or 0, claimable {asset} and {share}."""
        pending = self.pending(now, controller)
        moment = self.matures(controller)
        return (*pending, moment if moment is not None and pending != (0, 0) else 0, *self.claimable(now, controller))

    # ------------------------------------------------------------ rates

    def rate(self, now: int) -> int:
        """D18{asset/share}."""
        return self.state.rate(now)

    def rate_at(self, now: int, epoch: int) -> int:
        """D18{asset/share} in the epoch's first second, before anything that happens in it. Raises FutureEpoch."""
        if epoch > self.epoch(now):
            raise FutureEpoch(epoch, self.epoch(now))
        boundary = self.genesis + epoch * self.length
        states = [state for time, state in self.history if time < boundary]
        return states[-1].rate(boundary) if states else WAD

    def epoch_apr(self, now: int, epoch: int) -> int:
        """D18 a year. Raises FutureEpoch."""
        before = self.rate_at(now, epoch)
        running = epoch == self.epoch(now)
        after = self.rate(now) if running else self.rate_at(now, epoch + 1)
        seconds = now - (self.genesis + epoch * self.length) if running else self.length
        return (after - before) * WAD * YEAR // (before * seconds) if seconds else 0

    def current_apr(self, now: int) -> int:
        """D18 a year."""
        if self.supply < VIRTUAL or now - self.stream.start >= self.stream.duration:
            return 0
        return self.stream.assets * WAD * YEAR // (self.stream.duration * (self.total(now) + VIRTUAL))

    # ------------------------------------------------------------ operations

    def _settle(self, now: int) -> None:
        """Before the worth, the supply or the stream changes."""
        self.worth, _, self.stream = self.state.settled(now)

    def _changed(self, now: int) -> None:
        self.history.append((now, self.state))

    def _authorize(self, caller: str, controller: str) -> None:
        if caller != controller and (controller, caller) not in self.operators:
            raise NotAuthorized(controller, caller)

    def _require_room(self, assets: int) -> None:
        if assets > self.room():
            raise ExceedsMaximum(assets, self.room())

    def _join(self, now: int, assets: int, shares: int, receiver: str) -> None:
        if shares == 0:
            raise ZeroAmount
        self._settle(now)
        self.worth += assets
        self.balances[receiver] += shares
        self._changed(now)

    def deposit(self, now: int, assets: int, receiver: str) -> int:
        """{share}. Raises ExceedsMaximum, ZeroAmount."""
        self._require_room(assets)
        shares = self.shares(now, assets)
        self._join(now, assets, shares, receiver)
        return shares

    def mint(self, now: int, shares: int, receiver: str) -> int:
        """{asset}. Raises ExceedsMaximum, ZeroAmount."""
        assets = self.preview_mint(now, shares)
        self._require_room(assets)
        self._join(now, assets, shares, receiver)
        return assets

    def add_rewards(self, now: int, assets: int) -> None:
        """Raises ZeroAmount, ExceedsMaximum."""
        if assets == 0:
            raise ZeroAmount
        self._require_room(assets)
        self._settle(now)
        unvested, _, left = self.stream
        self.stream = Stream(unvested + assets, now, averaged(unvested, left, assets))
        self._changed(now)

    def request_redeem(self, now: int, shares: int, controller: str, owner: str, caller: str) -> int:
        """{asset}. Raises ZeroAmount, NotAuthorized, InsufficientAllowance, InsufficientBalance."""
        if shares == 0:
            raise ZeroAmount
        self._authorize(caller, controller)
        spends = caller != owner and (owner, caller) not in self.operators
        allowance = self.allowances[owner, caller]
        if spends and allowance < shares:
            raise InsufficientAllowance(caller, allowance, shares)
        if shares > self.balances[owner]:
            raise InsufficientBalance(owner, self.balances[owner], shares)
        if spends and allowance != UNLIMITED:
            self.allowances[owner, caller] -= shares

        assets = self.assets(now, shares)
        self._settle(now)
        if self._matured(now, controller):
            done, (parked_assets, parked_shares) = self.running.pop(controller), self.parked[controller]
            self.parked[controller] = parked_assets + done.assets, parked_shares + done.shares
        before = self.running.get(controller, RunningRequest(0, 0, 0, 0))
        self.running[controller] = RunningRequest(before.assets + assets, before.shares + shares, now, self.cooldown)
        self.worth -= assets
        self.cooling += assets
        self.balances[owner] -= shares
        self._changed(now)
        return assets

    def cancel(self, now: int, controller: str, caller: str) -> int:
        """{share}. Raises NotAuthorized, NothingCooling, ExceedsMaximum, ZeroAmount."""
        self._authorize(caller, controller)
        assets, _ = self.pending(now, controller)
        if assets == 0:
            raise NothingCooling(controller)
        self._require_room(assets)
        shares = self.shares(now, assets)
        self._join(now, assets, shares, controller)
        del self.running[controller]
        self.cooling -= assets
        return shares

    def _claim(self, now: int, controller: str, assets: int, shares: int) -> None:
        """Takes from what can be claimed; what has matured stays so, and together."""
        all_assets, all_shares = self.claimable(now, controller)
        if self._matured(now, controller):
            del self.running[controller]
        self.parked[controller] = all_assets - assets, all_shares - shares
        self.cooling -= assets

    def redeem(self, now: int, shares: int, controller: str, caller: str) -> int:
        """{asset}, rounded down. Raises ZeroAmount, NotAuthorized, ExceedsClaimable."""
        if shares == 0:
            raise ZeroAmount
        self._authorize(caller, controller)
        all_assets, all_shares = self.claimable(now, controller)
        if shares > all_shares:
            raise ExceedsClaimable(controller, shares, all_shares)
        assets = all_assets * shares // all_shares
        self._claim(now, controller, assets, shares)
        return assets

    def withdraw(self, now: int, assets: int, controller: str, caller: str) -> int:
        """{share}, rounded up; one stays for the assets that stay. Raises ZeroAmount, NotAuthorized,
        ExceedsClaimable.
        """
        if assets == 0:
            raise ZeroAmount
        self._authorize(caller, controller)
        all_assets, all_shares = self.claimable(now, controller)
        if assets > all_assets:
            raise ExceedsClaimable(controller, assets, all_assets)
        rest = max(all_shares * (all_assets - assets) // all_assets, int(assets < all_assets))
        shares = all_shares - rest
        self._claim(now, controller, assets, shares)
        return shares

    def set_cooldown(self, now: int, cooldown: int) -> None:
        """Raises CooldownTooLong, RaiseTooSoon."""
        if cooldown > MAX_COOLDOWN:
            raise CooldownTooLong(cooldown, MAX_COOLDOWN)
        if cooldown > self.cooldown and self.cut is not None and now < self.cut + MAX_COOLDOWN:
            raise RaiseTooSoon(self.cut + MAX_COOLDOWN)
        if cooldown < self.cooldown:
            self.cut = now
        self.cooldown = cooldown

    def transfer(self, now: int, owner: str, to: str, value: int) -> None:
        """Raises InsufficientBalance."""
        if value > self.balances[owner]:
            raise InsufficientBalance(owner, self.balances[owner], value)
        self.balances[owner] -= value
        self.balances[to] += value
        self._changed(now)
