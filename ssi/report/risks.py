"""What a holder should know, out of facts alone: old feeds, one large constituent, thin liquidity, claims, what the
multisig has announced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ssi.amounts import dollars, readable
from ssi.constants import DAY, WAD
from ssi.report.facts import Holders, Risk
from ssi.report.source import Sample

LARGE_D18, LARGER_D18 = 40 * WAD // 100, 60 * WAD // 100  # weight of one constituent: watch, alarm
THIN_D18, THINNER_D18 = WAD // 100, 3 * WAD // 100  # what a sale of a hundredth loses: watch, alarm
OWNER_D18 = WAD // 4  # of all shares in one account
_LEVELS = ("alarm", "watch", "calm")


@dataclass(frozen=True)
class Feed:
    """A source of a constituent's price: how old its answer is and how old it may be, seconds; None: no answer."""

    token: str
    source: str
    age_s: int | None
    heartbeat_s: int


@dataclass(frozen=True)
class Seen:
    """What risks are worked out of.

    Args:
        sale_usd_d18: worth of a sale of shares by the oracle.
        brought_usd_d18: what the router would pay for it; None where it cannot be sold.
        announced: what the multisig has scheduled, and when it can be executed, Unix seconds.
    """

    feeds: tuple[Feed, ...] = ()
    sale_usd_d18: int | None = None
    brought_usd_d18: int | None = None
    announced: tuple[tuple[str, int], ...] = field(default=())


def risks(last: Sample, holders: Holders, seen: Seen) -> tuple[Risk, ...]:
    """The gravest first."""
    found = [
        *_prices(last, seen), *_basket(last), *_liquidity(seen), *_claims(last), *_owners(holders),
        *_notice(last, seen),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda risk: _LEVELS.index(risk.level)))


def _prices(last: Sample, seen: Seen) -> Iterator[Risk]:
    missing = [part.symbol for part in last.parts if part.price_d18 is None]
    if missing:
        yield Risk("alarm", "No price", f"The oracle has no price for {', '.join(missing)}: no rebalance can start.")
    old = [feed for feed in seen.feeds if feed.age_s is None or feed.age_s > feed.heartbeat_s]
    for feed in old:
        age = "gives no answer" if feed.age_s is None else f"answered {feed.age_s:,} s ago"
        yield Risk("alarm", "Feed", f"{feed.source} of {feed.token} {age}; {feed.heartbeat_s:,} s are allowed.")
    if seen.feeds and not old:
        oldest = max(seen.feeds, key=lambda feed: (feed.age_s or 0) / feed.heartbeat_s)
        part = 100 * (oldest.age_s or 0) // oldest.heartbeat_s
        yield Risk(
            "calm", "Feeds", f"All {len(seen.feeds)} sources are young enough. The oldest for what it may be is"
            f" {oldest.source} of {oldest.token}, at {part} % of its heartbeat.",
        )  # fmt: skip


def _basket(last: Sample) -> Iterator[Risk]:
    nav = last.nav_d18
    if nav:
        largest = max(last.parts, key=lambda part: part.value_d18 or 0)
        weight = (largest.value_d18 or 0) * WAD // nav
        level = "alarm" if weight > LARGER_D18 else "watch" if weight > LARGE_D18 else "calm"
        yield Risk(level, "Concentration", f"{largest.symbol} is {weight / 1e16:.1f} % of the index.")
    if last.deprecated or last.paused:
        what = "The index is deprecated" if last.deprecated else "Minting is paused"
        yield Risk("watch", "Minting", f"{what}; redemption is not affected.")


def _liquidity(seen: Seen) -> Iterator[Risk]:
    if not seen.sale_usd_d18:
        return
    sale = dollars(seen.sale_usd_d18)
    if seen.brought_usd_d18 is None:
        yield Risk("alarm", "Liquidity", f"Shares worth {sale} cannot be sold through the router now.")
        return
    lost = WAD - seen.brought_usd_d18 * WAD // seen.sale_usd_d18
    level = "alarm" if lost > THINNER_D18 else "watch" if lost > THIN_D18 else "calm"
    yield Risk(
        level, "Liquidity", f"A hundredth of the index, {sale}, sells through the router for {lost / 1e16:.2f} % less"
        " than it is worth.",
    )  # fmt: skip


def _claims(last: Sample) -> Iterator[Risk]:
    short = [part for part in last.parts if part.available_wei < part.accounted_wei]
    for part in short:
        missing = readable(part.accounted_wei - part.available_wei, part.decimals)
        yield Risk("alarm", "Shortfall", f"{missing} {part.symbol} that the accounted balances say are not there.")
    open_ = [f"{readable(part.claimed_wei, part.decimals)} {part.symbol}" for part in last.parts if part.claimed_wei]
    if open_:
        yield Risk("watch", "Claims", f"Holders have open claims on {', '.join(open_)}, set aside from the basket.")
    elif not short:
        yield Risk(
            "calm", "Accounted balances", "The index holds all that its accounted balances say, and owes no claim."
        )


def _owners(holders: Holders) -> Iterator[Risk]:
    if holders.largest and holders.largest[0].part_d18 > OWNER_D18:
        part = holders.largest[0].part_d18 / 1e16
        yield Risk("watch", "Holders", f"One account owns {part:.1f} % of all shares.")


def _notice(last: Sample, seen: Seen) -> Iterator[Risk]:
    for what, ready in seen.announced:
        left = max(0, ready - last.time_s)
        when = f"in {left // DAY} days" if left >= DAY else "within a day" if left else "now"
        yield Risk("watch", "Announced", f"The multisig can execute {what} {when}.")
    if not seen.announced:
        yield Risk("calm", "Announced", "The multisig has announced nothing.")
