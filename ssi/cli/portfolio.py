"""What a holder wants to read at breakfast: `ape run portfolio [ACCOUNT]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ssi.amounts import dollars, readable
from ssi.chain import network
from ssi.cli import common, holders
from ssi.cli.command import Command, json_option
from ssi.cli.holders import plain
from ssi.points.client import PointsClient
from ssi.portfolio import Portfolio

network.quiet()


@click.command(cls=Command)
@click.argument("account", required=False)
@json_option
def cli(account: str | None, json: bool) -> Any:
    """Show what ACCOUNT, an address or an alias, has: positions, worth, yield, points, timers, claims, and what there
    is to do.
    """
    protocol, who = holders.watched(account)
    found = protocol.portfolio(who)
    if json:
        return {**plain(found), "worth_usd_d18": found.worth_usd_d18}
    screen = common.console()
    for number, part in enumerate(shown(found, protocol.points)):
        screen.print(*([""] if number else []), part, sep="\n")
    return None


def shown(found: Portfolio, points: PointsClient) -> Iterator[RenderableType]:
    """Part after part; those without anything are left out."""
    yield _head(found)
    if found.holdings:
        table = _table("Indexes", ("index", "<"), ("shares", ">"), ("worth", ">"), ("of your indexes", ">"))
        total = sum(holding.usd_d18 or 0 for holding in found.holdings)
        for holding in found.holdings:
            part = f"{(holding.usd_d18 or 0) * 100 / total:.1f} %" if total else "–"
            table.add_row(
                holding.token.name, readable(holding.wei, holding.token.decimals), dollars(holding.usd_d18), part
            )
        yield table
    if found.stakes:
        yield from _staked(found)
    yield from _locked(found)
    if found.claims:
        table = _table("Claims in kind", ("index", "<"), ("claim", ">"), ("would pay now", ">"))
        for claim in found.claims:
            pays = "–" if claim.pays_wei is None else str(claim.token.amount(claim.pays_wei))
            table.add_row(claim.index, str(claim.token.amount(claim.wei)), pays)
        yield table
    yield _points(found)
    if found.pots:
        table = _table("Pots", ("epoch", ">"), ("yours", ">"), ("", "<"))
        for pot in found.pots:
            of = pot.epoch
            when = (
                f"until {common.moment(of.claims_close_at_s)}"
                if pot.open
                else f"from {common.moment(of.claims_open_at_s)}, as things stand"
            )
            table.add_row(str(of.number), str(pot.amount), when)
        yield table
    if found.referral.code or found.referral.referrer:
        own = f"your code is [bold]{found.referral.code}[/]" if found.referral.code else "you have no code of your own"
        by = f"; referred by {found.referral.referrer}" if found.referral.referrer else ""
        yield Text.from_markup(f"[bold]Referral[/]  {own}{by}")
    if todo := list(to_do(found, points)):
        yield Group(Text("To do", "bold"), *[Text.assemble(("  → ", "cyan"), text) for text in todo])


def to_do(found: Portfolio, points: PointsClient) -> Iterator[str]:
    """What the account could do today, with the command for it."""
    for stake in found.stakes:
        if stake.exit.claimable_assets_wei:
            amount = stake.asset.amount(stake.exit.claimable_assets_wei)
            yield f"{amount} can be withdrawn: ape run withdraw {stake.asset.name}"
    for position in found.locks.positions:
        if 0 < position.matures_at_s <= found.time_s:
            yield f"Position {position.token_id} can be taken out: ape run unlock {position.token_id}"
    for tokens in found.locks.tokens:
        if tokens.matured_wei:
            yield f"LP tokens of {tokens.pool.name} can be taken out: ape run unlock {tokens.pool.name.split()[0]}"
    for index in dict.fromkeys(claim.index for claim in found.claims if claim.pays_wei):
        yield f"{index} owes you constituents: ape run claim {index}"
    for epoch, amount_d18 in found.recordable.items():
        until = common.moment(points.epoch(epoch).claims_open_at_s)
        yield (
            f"{readable(amount_d18, 18)} points of epoch {epoch} are not recorded; until {until}: ape run record"
            f" --epoch {epoch}"
        )
    if any(pot.open for pot in found.pots):
        yield "A pot owes you tokens: ape run claim-pot"
    if not found.joined_at_s and (found.holdings or found.stakes or found.locks.positions or found.locks.tokens):
        yield "Your positions earn no points: ape run join"
    elif found.live.soso_missing_wei and found.soso_wei:
        yield f"{readable(found.soso_wei, 18)} SOSO could boost your points: ape run boost"


def _head(found: Portfolio) -> RenderableType:
    head = Table.grid(padding=(0, 3, 0, 0))
    head.add_row(
        Text(dollars(found.worth_usd_d18), "bold green"),
        Text(f"and {found.ether.token.amount(found.ether.wei)}", "default"),
    )
    under = Text(f"{found.account}\nafter block {found.block:,}, {common.moment(found.time_s)}", "dim")
    return Group(head, under)


def _staked(found: Portfolio) -> Iterator[RenderableType]:
    table = _table(
        "Staked",
        ("", "<"),
        ("staked", ">"),
        ("leaving", ">"),
        ("worth", ">"),
        ("a year, now", ">"),
        ("last epoch", ">"),
    )
    timers = []
    for stake in found.stakes:
        yields, leaving = stake.yields, stake.exit
        out = leaving.cooling_assets_wei + leaving.claimable_assets_wei
        table.add_row(
            stake.asset.name, readable(stake.assets_wei, stake.asset.decimals), readable(out, stake.asset.decimals),
            dollars(stake.usd_d18), _percent(yields.apr_now_d18), _percent(yields.apr_last_epoch_d18),
        )  # fmt: skip
        if leaving.cooling_assets_wei:
            left = common.period(max(0, leaving.matures_at_s - found.time_s))
            amount = stake.asset.amount(leaving.cooling_assets_wei)
            timers.append(f"  ◷ {amount} cool down for {left} more, until {common.moment(leaving.matures_at_s)}")
        if leaving.claimable_assets_wei:
            timers.append(f"  ✓ {stake.asset.amount(leaving.claimable_assets_wei)} have matured")
    yield Group(table, *[Text(timer) for timer in timers])


def _locked(found: Portfolio) -> Iterator[RenderableType]:
    locks = found.locks
    if not (locks.positions or locks.tokens):
        return
    table = _table("Locked liquidity", ("pool", "<"), ("position", ">"), ("worth", ">"), ("", "<"))
    for position in locks.positions:
        table.add_row(
            position.pool.name,
            f"#{position.token_id}",
            dollars(position.usd_d18),
            _timer(position.matures_at_s, found.time_s),
        )
    for of in locks.tokens:
        parts = [f"{readable(of.locked_wei, 18)} LP"]
        state = _timer(of.matures_at_s, found.time_s) if of.cooling_wei else "locked"
        if of.matured_wei:
            state += f"; {readable(of.matured_wei, 18)} LP matured"
        table.add_row(of.pool.name, *parts, dollars(of.usd_d18), state)
    yield table


def _timer(matures_at_s: int, now: int) -> str:
    if not matures_at_s:
        return "locked"
    if matures_at_s <= now:
        return "can be taken out"
    return f"cools down for {common.period(matures_at_s - now)} more"


def _points(found: Portfolio) -> RenderableType:
    live, now = found.live, found.time_s
    left = common.period(max(0, live.epoch.ends_at_s - now))
    state = "" if found.joined_at_s else " [yellow](not joined: they do not count)[/]"
    head = f"[bold]Points[/] of epoch {live.epoch.number}, {left} left: [bold]{readable(live.points_d18, 18)}[/]"
    head += f" at {_times(live.multiplier_d18)}" if live.multiplier_d18 else ""
    lines: list[RenderableType] = [Text.from_markup(head + state)]
    if live.points_d18:
        table = Table.grid(padding=(0, 3, 0, 2))
        for _ in range(4):
            table.add_column(justify="right")
        table.add_row(*[Text(name, "dim") for name in ("", "dollar-days", "points", "multiplier")])
        for kind in live.kinds:
            if kind.usd_days_d18:
                table.add_row(
                    kind.kind,
                    readable(kind.usd_days_d18, 18),
                    readable(kind.points_d18, 18),
                    _times(kind.multiplier_d18),
                )
        lines.append(table)
    if live.soso_missing_wei:
        lines.append(
            Text(
                f"  {readable(live.soso_missing_wei, 18)} sSOSO more, held since the epoch began, would boost"
                " everything"
            )
        )
    if found.last and (found.last.points_d18 or found.last.recorded_d18):
        last = found.last
        recorded = (
            f", recorded with referrals: {readable(last.recorded_d18, 18)}" if last.recorded_d18 else ", not recorded"
        )
        lines.append(Text(f"  epoch {last.epoch.number}: {readable(last.points_d18, 18)}{recorded}"))
    return Group(*lines)


def _table(title: str, *columns: tuple[str, str]) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 3, 0, 0),
        header_style="dim",
        pad_edge=False,
    )
    for name, side in columns:
        table.add_column(name, justify="right" if side == ">" else "left", no_wrap=True)
    return table


def _percent(d18: int) -> str:
    return f"{d18 / 1e16:.2f} %"


def _times(d18: int) -> str:
    return f"{d18 / 1e18:.2f}".rstrip("0").rstrip(".") + "X"
