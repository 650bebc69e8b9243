"""Points and referrals of one's own: `ape run join | refer | record | claim-pot`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ssi.amounts import readable
from ssi.chain import network
from ssi.cli import common, holders
from ssi.cli.command import Command, Commands, json_option
from ssi.cli.holders import acting, card, plain
from ssi.failure import Impossible
from ssi.points.client import Paid, Pot
from ssi.points.referral import encoded
from ssi.protocol import Protocol

network.quiet()


@click.command(cls=Command)
@acting
def join(how: holders.Acting) -> Any:
    """Let your positions earn points from now on, in the running epoch as well.

    A first purchase with `ape run buy` does that, too.
    """
    protocol = holders.opened(how.account)
    protocol.holder.account.check(protocol.points.contract.join)
    of = protocol.points.epoch()
    shown = card("Join the points", ("epoch", str(of.number), f"until {common.moment(of.ends_at_s)}"))
    joined = holders.go(protocol, how, shown, protocol.points.join)
    if how.json:
        return {"epoch": plain(of), "transaction": joined}
    if joined:
        holders.done("Joined: your positions earn points.", joined)
    return None


@click.command(cls=Command)
@click.option("--epoch", type=click.IntRange(0, 2**32), help="By default all that can be recorded.")
@acting
def record(epoch: int | None, how: holders.Acting) -> Any:
    """Write down your points of an epoch that is over, within a week of its end.

    Keepers do that for every account whose record pays them; `claim-pot` does it along with your claims.
    """
    protocol = holders.opened(how.account)
    found = protocol.points.recordable()
    if epoch is not None:
        protocol.holder.account.check(protocol.points.contract.record, protocol.holder.account.address, epoch)
        found = {epoch: found.get(epoch, 0)}
    if not any(found.values()):
        raise Impossible("You have no points to record now: they are recorded already, or there are none.")
    until = {number: common.moment(protocol.points.epoch(number).claims_open_at_s) for number in found}
    rows = [
        (f"epoch {number}", f"{readable(points, 18)} points", f"until {until[number]}")
        for number, points in found.items()
    ]
    recorded = holders.go(
        protocol, how, card("Record points", *rows), lambda: [protocol.points.record(number) for number in found]
    )
    if how.json:
        return {"points_d18": plain(found), "result": plain(recorded)}
    for one in recorded or []:
        holders.done(f"Recorded {readable(one.points_d18, 18)} points of epoch {one.epoch}.", one.transaction)
    return None


@click.command(cls=Command)
@click.argument("tokens", nargs=-1, metavar="[TOKEN]...")
@click.option("--epoch", type=click.IntRange(0, 2**32), help="By default all whose pots are open.")
@acting
def claim_pot(tokens: tuple[str, ...], epoch: int | None, how: holders.Acting) -> Any:
    """Take your part of the pots, which open a week after their epoch, for 180 days; all of them, or the TOKENs named.

    Where an epoch has a pot and your points of it can still be recorded, the same transaction records them. A pot
    whose token cannot be transferred is left out.
    """
    protocol = holders.opened(how.account)
    wanted = {protocol.token(token).address for token in tokens}
    found = protocol.points.pots(None if epoch is None else [epoch])
    pots = [pot for pot in found if not wanted or pot.token.address in wanted]
    waiting = {n: points for n, points in protocol.points.paying().items() if epoch in (None, n)}
    if waiting:
        # A record has its time: no token that is unknown here may stop it.
        along = protocol.points.payable([pot for pot in pots if pot.named])
        return _recorded_and_claimed(protocol, how, waiting, along)
    if shut := [pot for pot in pots if not pot.open]:
        of = shut[0].epoch
        raise Impossible(
            f"The pots of epoch {of.number} are open from {common.moment(of.claims_open_at_s)} to"
            f" {common.moment(of.claims_close_at_s)}."
        )
    if not pots:
        raise Impossible(f"No pot owes {protocol.holder.account.address} anything{' of that' if wanted else ''} now.")
    if not (paying := protocol.points.payable(pots)):
        raise Impossible("No pot can pay now: the tokens cannot be transferred. The claims stay until the pots close.")
    shown = card("Claim your part of the pots", *_rows(paying))
    paid = holders.go(protocol, how, shown, lambda: protocol.points.claim(paying))
    if how.json:
        return {"pots": plain(paying), "result": plain(paid)}
    if paid:
        holders.done(f"{', '.join(str(pot.amount) for pot in paid.pots)} paid.", paid.transaction)
    return None


def _rows(pots: Sequence[Pot]) -> list[tuple[str, str, str]]:
    return [
        (f"epoch {pot.epoch.number}", str(pot.amount), f"until {common.moment(pot.epoch.claims_close_at_s)}")
        for pot in pots
    ]


def _recorded_and_claimed(protocol: Protocol, how: holders.Acting, waiting: dict[int, int], pots: Sequence[Pot]) -> Any:
    """Records every epoch in `waiting`, D18 points, the last of them along with the claims."""
    *before, last = sorted(waiting)
    rows = [
        (f"epoch {n}", f"{readable(waiting[n], 18)} points", f"paid from {common.moment(of.claims_open_at_s)}")
        for n, of in ((n, protocol.points.epoch(n)) for n in sorted(waiting))
    ]
    title = "Record points and claim your part of the pots" if pots else "Record points"

    def act() -> Paid:
        for number in before:
            protocol.points.record(number)
        return protocol.points.record_and_claim(last, pots)

    paid = holders.go(protocol, how, card(title, *rows, *_rows(pots)), act)
    if how.json:
        return {"points_d18": plain(waiting), "pots": plain(pots), "result": plain(paid)}
    if paid:
        said = [f"{readable(points, 18)} points of epoch {n} recorded" for n, points in sorted(waiting.items())]
        holders.done(f"{', '.join([*said, *(f'{pot.amount} paid' for pot in paid.pots)])}.", paid.transaction)
    return None


# ---------------------------------------------------------------- referrals


@click.group(cls=Commands)
def refer() -> None:
    """Your referral code, and who referred you. Both are for ever."""


@refer.command(cls=Command)
@click.argument("account", required=False)
@json_option
def show(account: str | None, json: bool) -> Any:
    """Show the code of ACCOUNT, an address or an alias, and who referred it."""
    protocol, who = holders.watched(account)
    found = protocol.referral.of(who)
    if json:
        return plain(found)
    since = f"since {common.moment(found.bound_at_s)}" if found.referrer else ""
    common.console().print(
        card(
            f"Referral of {who}",
            ("code", found.code or "none", ""),
            ("referred by", found.referrer or "none yet", since),
        )
    )
    return None


@refer.command(cls=Command)
@click.argument("code")
@acting
def create(code: str, how: holders.Acting) -> Any:
    """Make CODE yours: 3 to 16 of A to Z and 0 to 9. Publish it afterwards, not before."""
    protocol, word = holders.opened(how.account), encoded(code)
    protocol.holder.account.check(protocol.referral.contract.register, word)
    shown = card("Register a referral code", ("code", code.upper(), "for ever; it cannot be changed or sold"))
    return _done(how, code, holders.go(protocol, how, shown, lambda: protocol.referral.register(code)), "is yours")


@refer.command(cls=Command)
@click.argument("code")
@acting
def use(code: str, how: holders.Acting) -> Any:
    """Be referred by the owner of CODE."""
    protocol, word = holders.opened(how.account), encoded(code)
    protocol.holder.account.check(protocol.referral.contract.bind, word)
    shown = card(
        "Be referred", ("code", code.upper(), "for ever"), ("owner", protocol.referral.owner_of(code) or "", "")
    )
    return _done(how, code, holders.go(protocol, how, shown, lambda: protocol.referral.bind(code)), "has referred you")


def _done(how: holders.Acting, code: str, transaction: str | None, what: str) -> Any:
    if how.json:
        return {"code": code.upper(), "transaction": transaction}
    if transaction:
        holders.done(f"{code.upper()} {what}.", transaction)
    return None
