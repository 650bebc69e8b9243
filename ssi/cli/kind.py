"""Shares for constituents, and back, without any pool: `ape run mint`, `ape run redeem`, `ape run claim`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click
from rich.console import RenderableType

from ssi.amounts import dollars
from ssi.chain import network
from ssi.cli import common, holders
from ssi.cli.command import Command, Number
from ssi.cli.holders import acting, amount, card, plain, receiver, typed
from ssi.constants import MAX
from ssi.failure import Impossible, Misused
from ssi.index.client import ConstituentAmount, KindQuote

network.quiet()
_SLIPPAGE = click.option(
    "--slippage",
    type=Number(0, 50),
    default="0.1",
    show_default=True,
    help="Percent by which an amount may move against you.",
)


@click.command(cls=Command)
@amount
@_SLIPPAGE
@receiver
@acting
def mint(amount: tuple[str, ...], slippage: Decimal, receiver: str | None, how: holders.Acting) -> Any:
    """Mint AMOUNT of an index for its constituents, such as 2 MAG7.ssi; `all MAG7.ssi` is what your constituents
    suffice for.
    """
    protocol, bps = holders.opened(how.account), holders.bps(slippage)
    what = typed(amount)
    index = protocol.index(_unit(what.unit))
    shares = what.wei(18, index.most_shares_wei() if what.everything else 0)
    if not shares:
        raise Impossible(
            f"Your constituents of {index.symbol} do not suffice for any share."
            if what.everything
            else "The amount is zero."
        )
    quote = index.quote_mint(shares)
    for part in quote.parts:
        protocol.holder.require(part.token, part.wei)
    minted = holders.go(
        protocol, how, _card(f"Mint {index.token.amount(shares)}", "pay", quote),
        lambda: index.mint(quote, slippage_bps=bps, receiver=receiver),
    )  # fmt: skip
    if how.json:
        return {"quote": plain(quote), "slippage_bps": bps, "result": plain(minted)}
    if minted:
        holders.done(f"Minted {index.token.amount(minted.shares_wei)} for {_listed(minted.parts)}.", minted.transaction)
    return None


@click.command(cls=Command)
@amount
@_SLIPPAGE
@receiver
@acting
def redeem(amount: tuple[str, ...], slippage: Decimal, receiver: str | None, how: holders.Acting) -> Any:
    """Redeem AMOUNT of an index for its constituents, such as all MAG7.ssi. No account can stop this."""
    protocol, bps = holders.opened(how.account), holders.bps(slippage)
    what = typed(amount)
    index = protocol.index(_unit(what.unit))
    shares = protocol.holder.wei(what, index.token)
    protocol.holder.require(index.token, shares)
    quote = index.quote_redeem(shares)
    redeemed = holders.go(
        protocol, how, _card(f"Redeem {index.token.amount(shares)}", "get", quote),
        lambda: index.redeem(quote, slippage_bps=bps, receiver=receiver),
    )  # fmt: skip
    if how.json:
        return {"quote": plain(quote), "slippage_bps": bps, "result": plain(redeemed)}
    if redeemed:
        holders.done(
            f"Redeemed {index.token.amount(redeemed.shares_wei)} for {_listed(redeemed.parts)}.", redeemed.transaction
        )
        for part in redeemed.segregated:
            text = (
                f"{part.token.amount(part.wei)} could not be transferred and is your claim: `ape run claim"
                f" {index.symbol}` later."
            )
            common.console().print(f"  [yellow]{text}[/]")
    return None


@click.command(cls=Command)
@click.argument("index")
@click.argument("tokens", nargs=-1, metavar="[TOKEN]...")
@receiver
@acting
def claim(index: str, tokens: tuple[str, ...], receiver: str | None, how: holders.Acting) -> Any:
    """Take constituents that INDEX owes you since it could not transfer them; all of them, or the TOKENs named."""
    protocol = holders.opened(how.account)
    of = protocol.index(index)
    wanted = {protocol.token(token).address for token in tokens}
    claims = [claim for claim in of.claims() if not wanted or claim.token.address in wanted]
    if not claims:
        raise Impossible(f"{of.symbol} owes {protocol.holder.account.address} nothing{' of that' if wanted else ''}.")
    rows = [(claim.token.name, str(claim.token.amount(claim.wei)), _now(claim.pays_wei, claim)) for claim in claims]
    payable = [claim for claim in claims if claim.pays_wei]
    if not payable:
        raise Impossible(f"{of.symbol} cannot pay any of it now. The claims stay: try again later.")
    for each in payable:
        protocol.holder.account.check(
            of.contract.claim, each.token.address, MAX, receiver or protocol.holder.account.address, 0
        )
    paid = holders.go(
        protocol,
        how,
        card(f"Claims on {of.symbol}", *rows),
        lambda: [of.claim(claim.token, receiver=receiver) for claim in payable],
    )
    if how.json:
        return {"claims": plain(claims), "result": plain(paid)}
    for one in paid or []:
        holders.done(f"{one.token.amount(one.wei)} paid.", one.transaction)
    return None


def _now(pays: int | None, claim: Any) -> str:
    return "cannot be read now" if pays is None else f"pays {claim.token.amount(pays)} now"


def _unit(unit: str | None) -> str:
    if unit is None:
        raise Misused("Say of which index: 2 MAG7.ssi.")
    return unit


def _card(title: str, verb: str, quote: KindQuote) -> RenderableType:
    rows = [
        (f"you {verb}" if not n else "", str(part.token.amount(part.wei)), dollars(part.usd_d18))
        for n, part in enumerate(quote.parts)
    ]
    return card(title, *rows, ("the shares", "are worth", dollars(quote.shares_usd_d18)))


def _listed(parts: tuple[ConstituentAmount, ...]) -> str:
    return ", ".join(str(part.token.amount(part.wei)) for part in parts)
