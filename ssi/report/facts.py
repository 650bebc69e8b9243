"""What a report says, in integers: `_wei` in the smallest unit, `_d18` with 18 decimals, `_s` in (Unix) seconds.

A return, a weight or a part of D18 is 10^18 for the whole. What is None has no price.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Day:
    """The index at one moment.

    Args:
        index_d18: worth relative to the beginning.
        methodology_d18: the same of the methodology, executed without cost or fee.
        relative_d18: prices of constituents relative to the beginning, or to the first day with one.
        earned_wei: {share} of fees since the day before.
    """

    time_s: int
    block: int
    share_price_d18: int | None
    nav_d18: int | None
    supply_wei: int
    staked_wei: int
    index_d18: int | None
    methodology_d18: int | None
    weights_d18: dict[str, int]
    relative_d18: dict[str, int]
    earned_wei: int


@dataclass(frozen=True)
class Compared:
    """What else could have been held, and what it would have brought."""

    name: str
    return_d18: int


@dataclass(frozen=True)
class Tracking:
    """The index against its methodology executed without cost.

    Args:
        difference_d18: the index's worth by that of the methodology, less one. It is made of the streaming fee, of what
            rebalances lost by the oracle, and of the rest: gains of rebalances, time away from targets, rounding.
        error_d18: yearly standard deviation of the daily differences, fee and stated costs put back; None under a week.
    """

    index_d18: int
    methodology_d18: int
    difference_d18: int
    fee_d18: int
    cost_d18: int
    rest_d18: int
    error_d18: int | None
    worst_day_s: int | None
    worst_day_d18: int | None


@dataclass(frozen=True)
class RebalanceTrade:
    """A bid that was filled.

    `premium_d18` over the oracle's price, negative for a discount; `usd_d18` of what was sold.
    """

    time_s: int
    after_s: int
    sold: str
    sold_wei: int
    sold_decimals: int
    bought: str
    bought_wei: int
    bought_decimals: int
    usd_d18: int | None
    premium_d18: int
    bidder: str
    sender: str
    transaction: str


@dataclass(frozen=True)
class Rebalance:
    """One rebalance. `cost_d18`: what its bids lost by the oracle, as a part of NAV; `turnover_d18`: what they sold."""

    id: int
    started_at_s: int
    ended_at_s: int | None
    phase: str
    targets_d18: dict[str, int]
    turnover_d18: int
    cost_d18: int
    premium_d18: int
    trades: tuple[RebalanceTrade, ...]


@dataclass(frozen=True)
class Fees:
    """{share} that the index earned and paid in the time, and their worth by the prices of its days, D18{USD}."""

    earned_wei: int
    earned_usd_d18: int
    to_stakers_wei: int
    to_treasury_wei: int
    paid_usd_d18: int
    pending_wei: int
    daily_fee_d18: int
    mint_fee_bps: int


@dataclass(frozen=True)
class EpochYield:
    """What staking yielded in an epoch: a simple yearly return, and the rate at its beginning, D18{asset/share}."""

    number: int
    begins_at_s: int
    ends_at_s: int
    over: bool
    apr_d18: int
    rate_d18: int


@dataclass(frozen=True)
class Owner:
    """An account, or a contract of the protocol by its name.

    `part_d18` of all issued shares, with what it has staked.
    """

    name: str
    wei: int
    part_d18: int


@dataclass(frozen=True)
class Holders:
    """Who owned the shares at the end. Contracts of the protocol are no holders."""

    count: int
    count_before: int
    stakers: int
    largest: tuple[Owner, ...]
    largest_ten_d18: int
    protocol: tuple[Owner, ...]


@dataclass(frozen=True)
class Risk:
    """A fact that a holder should know. `level`: "alarm", "watch" or "calm"."""

    level: str
    title: str
    fact: str


@dataclass(frozen=True)
class IndexReport:
    """All of it. `origins`: where the figures come from, by name."""

    symbol: str
    name: str
    since_s: int
    until_s: int
    days: tuple[Day, ...]
    compared: tuple[Compared, ...]
    tracking: Tracking | None
    rebalances: tuple[Rebalance, ...]
    fees: Fees
    epochs: tuple[EpochYield, ...]
    holders: Holders
    risks: tuple[Risk, ...]
    origins: dict[str, str]
    notes: tuple[str, ...] = ()
