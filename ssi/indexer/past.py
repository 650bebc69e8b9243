"""What commands ask of an indexer: what an account did, which pots there are, who has how many points.

Addresses are checksummed, as a node's answers are read; amounts are integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils import to_checksum_address

from ssi.constants import BOOST, DAY, HELD, LOCKED, STAKED, WAD
from ssi.indexer.client import PAGE, Indexer, understood

CLASSES = ("held", "staked", "locked", "soso")


@dataclass(frozen=True)
class Priced:
    """A source of points: `kind` is one of `CLASSES`; the price is D18{USD/1e18 tok}."""

    source: str
    kind: str
    price: int


@dataclass(frozen=True)
class Points:
    """D18 points of an account: before referrals, and as recorded, with them."""

    account: str
    points: int
    recorded: int


def happenings(indexer: Indexer, account: str, event: str = "", contract: str = "") -> list[dict[str, Any]]:
    """What an account did, oldest first: of one event, of one contract of the deployment, where these are said."""
    who, found = account.lower(), list[dict[str, Any]]()
    wanted, given = "account = $1", [who]
    for column, value in (("event", event), ("contract", contract)):
        if value:
            given.append(value)
            wanted += f" and {column} = ${len(given)}"
    after, place = "", (-1, -1)
    while True:
        page = indexer.rows(
            f"select * from happening where {wanted}{after} order by block, log limit {PAGE}", *given
        )  # fmt: skip
        found += page
        if len(page) < PAGE:
            return found
        with understood(indexer):
            before, place = place, (int(page[-1]["block"]), int(page[-1]["log"]))
            if place <= before:
                raise ValueError("the next page is no later one")
            after = f" and (block, log) > ({place[0]}, {place[1]})"


def pots(indexer: Indexer, epoch: int) -> list[str]:
    """Tokens that were ever put into the pot of an epoch, sorted."""
    rows = indexer.rows(f"select token from pot where epoch = {int(epoch)}")
    with understood(indexer):
        return sorted(str(to_checksum_address(row["token"])) for row in rows)


def points(indexer: Indexer, epoch: int, begins: int, until: int, sheet: Sequence[Priced]) -> Iterator[Points]:
    """Accounts that joined and have points in an epoch, in the order of their addresses.

    The arithmetic is that of `docs/points-math.md`, done by the indexer's database.

    Args:
        begins: of the epoch, Unix seconds.
        until: its end; of a running epoch, now.
        sheet: the sources that count in it.
    """
    if not sheet:
        return
    # Each source stands there once: the engine takes texts of 5,000 characters.
    listed = ",".join(f"('{one.source.lower()}','{one.kind}',{int(one.price)})" for one in sheet)
    sums = ", ".join(f"sum(case when kind = '{name}' then value else 0 end) as {name}" for name in CLASSES)
    after = ""
    while True:
        rows = indexer.rows(
            " ".join(
                f"""
            with member as (
              select address from account where joined_at is not null and address > $1 order by address limit {PAGE}
            ), known as (
              select p.account, p.source, p.epoch, p.seconds, p.closing, p.last, s.removed_at,
                row_number() over (partition by p.account, p.source order by p.epoch desc) as place
              from position_epoch p join member m on m.address = p.account join source s on s.address = p.source
              where p.epoch <= {int(epoch)}
            ), amount as (
              select account, source, case when epoch = {int(epoch)}
                then seconds + closing * greatest(least({int(until)}, coalesce(removed_at, {int(until)})) - last, 0)
                else closing * greatest(least({int(until)}, coalesce(removed_at, {int(until)})) - {int(begins)}, 0)
                end as seconds
              from known where place = 1
            ), price as (
              select * from (values {listed}) as listed (source, kind, price)
            ), value as (
              select a.account, p.kind, div(a.seconds * p.price, {WAD}) as value
              from amount a join price p on p.source = a.source
            ), class as (
              select account, {sums} from value group by account
            ), first as (
              select *, least(locked, soso) as x_locked from class
            ), second as (
              select *, least(staked, soso - x_locked) as x_staked from first
            ), third as (
              select *, least(held, soso - x_locked - x_staked) as x_held from second
            )
            select m.address, coalesce(r.total, 0) as recorded, coalesce(div(
              {HELD} * (held + {BOOST} * x_held) + {STAKED} * (staked + {BOOST} * x_staked)
                + {LOCKED} * (locked + {BOOST} * x_locked), {DAY}
            ), 0) as points
            from member m left join third t on t.account = m.address
            left join record r on r.account = m.address and r.epoch = {int(epoch)} order by m.address
            """.split()
            ),
            after,
        )
        with understood(indexer):
            found = [
                Points(str(to_checksum_address(row["address"])), int(row["points"]), int(row["recorded"]))
                for row in rows
            ]
            if rows:
                before, after = after, str(rows[-1]["address"])
                if after <= before:
                    raise ValueError("the next page is no later one")
        yield from (each for each in found if each.points)
        if len(rows) < PAGE:
            return
