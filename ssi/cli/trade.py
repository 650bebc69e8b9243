"""Trades over the router: `ape run buy`, `ape run sell`, `ape run quote`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click
from rich.console import RenderableType
from rich.text import Text

from ssi.amounts import Written, dollars
from ssi.chain import network
from ssi.cli import common, holders
from ssi.cli.command import Command, Commands, Number, json_option
from ssi.cli.holders import acting, amount, card, plain, receiver, slippage, typed
from ssi.failure import Misused
from ssi.index.client import SLIPPAGE_BPS, IndexClient, Quote
from ssi.points.referral import encoded
from ssi.protocol import Protocol
from ssi.registry.holder import ETHER

network.quiet()
_PAYS = click.option(
    "--for",
    "other",
    required=True,
    metavar="AMOUNT",
    help="What pays: ETH or any token with a path; the side with a number is exact.",
)
_GETS = click.option(
    "--for",
    "other",
    required=True,
    metavar="AMOUNT",
    help="What is wanted: ETH or any token with a path; the side with a number is exact.",
)
_MINUTES = click.option(
    "--minutes",
    type=Number(1, 1440),
    default="20",
    show_default=True,
    help="How long the order is good, from the signature.",
)


@click.command(cls=Command)
@amount
@_PAYS
@click.option("--stake", is_flag=True, help="Stake at once what is bought.")
@click.option("--code", help="A referral code; counts on the first purchase.")
@slippage
@_MINUTES
@receiver
@acting
def buy(
    amount: tuple[str, ...],
    other: str,
    stake: bool,
    code: str | None,
    slippage: Decimal,
    minutes: Decimal,
    receiver: str | None,
    how: holders.Acting,
) -> Any:
    """Buy AMOUNT of an index.

    The side with a number is exact:

    \b
      ape run buy MAG7.ssi --for "1_000.50 USDC"
      ape run buy 2 MAG7.ssi --for ETH
    """
    protocol = holders.opened(how.account)
    index, quote = buying(protocol, typed(amount), typed(other))
    bps, word = holders.bps(slippage), encoded(code) if code is not None else bytes(32)
    way, spends = index.way(quote, bps), index.spends_wei(quote, bps)
    shown = _card(quote, bps, spends, way.value, f"{minutes} minutes", stake)
    bought = holders.go(
        protocol,
        how,
        shown,
        lambda: index.buy(
            quote, slippage_bps=bps, receiver=receiver, stake=stake, referral_code=word, patience_s=int(minutes * 60)
        ),
    )
    if how.json:
        return {**_plain(quote, bps), "way": plain(way), "spends_at_most_wei": spends, "result": plain(bought)}
    if bought:
        got = quote.gets.amount(bought.received_wei)
        more = (
            f", staked as {protocol.stakes[index.symbol].shares.amount(bought.staked_wei)}"
            if bought.staked_wei is not None
            else ""
        )
        holders.done(f"Bought {got} for {quote.pays.amount(bought.paid_wei)}{more}.", bought.transaction)
    return None


@click.command(cls=Command)
@amount
@_GETS
@slippage
@_MINUTES
@receiver
@acting
def sell(
    amount: tuple[str, ...], other: str, slippage: Decimal, minutes: Decimal, receiver: str | None, how: holders.Acting
) -> Any:
    """Sell AMOUNT of an index.

    The side with a number is exact:

    \b
      ape run sell all MAG7.ssi --for ETH
      ape run sell MAG7.ssi --for "500 USDC"
    """
    protocol = holders.opened(how.account)
    index, quote = selling(protocol, typed(amount), typed(other))
    bps = holders.bps(slippage)
    way, spends = index.way(quote, bps), index.spends_wei(quote, bps)
    shown = _card(quote, bps, spends, way.value, f"{minutes} minutes", False)
    sold = holders.go(
        protocol,
        how,
        shown,
        lambda: index.sell(quote, slippage_bps=bps, receiver=receiver, patience_s=int(minutes * 60)),
    )
    if how.json:
        return {**_plain(quote, bps), "way": plain(way), "spends_at_most_wei": spends, "result": plain(sold)}
    if sold:
        holders.done(
            f"Sold {quote.pays.amount(sold.paid_wei)} for {quote.gets.amount(sold.received_wei)}.", sold.transaction
        )
        for address, wei in sold.unsold:
            common.console().print(
                f"  [yellow]{protocol.token(address).amount(wei)} could not be sold and came as it is.[/]"
            )
    return None


@click.group(cls=Commands)
def quote() -> None:
    """What a trade would cost or bring now. Needs no account."""


@quote.command(cls=Command, name="buy")
@amount
@_PAYS
@json_option
def quote_buy(amount: tuple[str, ...], other: str, json: bool) -> Any:
    """As `ape run buy`, only the quote."""
    return _quoted(buying(_open(), typed(amount), typed(other))[1], json)


@quote.command(cls=Command, name="sell")
@amount
@_GETS
@json_option
def quote_sell(amount: tuple[str, ...], other: str, json: bool) -> Any:
    """As `ape run sell`, only the quote."""
    return _quoted(selling(_open(), typed(amount), typed(other))[1], json)


def _open() -> Protocol:
    return Protocol(common.opened("IndexRouter"))


# ---------------------------------------------------------------- what was typed


def _sides(protocol: Protocol, first: Written, other: Written) -> IndexClient:
    if first.said == other.said:
        much = "Both sides say" if first.said else "Neither side says"
        raise Misused(f'{much} how much: give one of them a number, as in: ape run buy MAG7.ssi --for "1_000.50 USDC".')
    if first.unit is None or other.unit is None:
        raise Misused("Say of what: 2 MAG7.ssi, or 1_000.50 USDC.")
    return protocol.index(first.unit)


def buying(protocol: Protocol, what: Written, pays: Written) -> tuple[IndexClient, Quote]:
    """The quote of what a person wants to buy. Raises Misused and Impossible."""
    index = _sides(protocol, what, pays)
    assert pays.unit is not None
    token = protocol.token(pays.unit)
    if what.everything:
        raise Misused(f"`all` is what you have: say how many {index.symbol} you want, or --for 'all {token.name}'.")
    if what.said:
        return index, index.quote_buy(token, shares_wei=protocol.holder.wei(what, index.token))
    return index, index.quote_buy(token, amount_in_wei=protocol.holder.wei(pays, token))


def selling(protocol: Protocol, what: Written, gets: Written) -> tuple[IndexClient, Quote]:
    """The quote of what a person wants to sell. Raises Misused and Impossible."""
    index = _sides(protocol, what, gets)
    assert gets.unit is not None
    token = protocol.token(gets.unit)
    if gets.everything:
        raise Misused(f"Say how many {token.name} you want, or sell 'all {index.symbol}'.")
    if what.said:
        return index, index.quote_sell(token, shares_wei=protocol.holder.wei(what, index.token))
    return index, index.quote_sell(token, amount_out_wei=protocol.holder.wei(gets, token))


# ---------------------------------------------------------------- what is shown


def _difference(quote: Quote) -> Text:
    bps = quote.difference_bps
    if bps is None:
        return Text("a price is missing", "yellow")
    return Text(f"{bps / 100:+.2f} %".replace("-", "−"), "red" if bps < -200 else "yellow" if bps < -100 else "green")


def _rows(quote: Quote) -> list[tuple[Any, ...]]:
    pays, budget = quote.pays.amount(quote.pays_wei), quote.pays.amount(quote.budget_wei)
    # Of an amount that buys whole share-wei, a little may be left.
    of = "" if quote.fixed != "pays" else "exact" if quote.pays_wei == quote.budget_wei else f"of {budget}"
    return [
        ("you pay", str(pays), dollars(quote.pays_usd_d18), of),
        (
            "you get",
            str(quote.gets.amount(quote.gets_wei)),
            dollars(quote.gets_usd_d18),
            "exact" if quote.fixed == "gets" else "",
        ),
        (
            "difference",
            "",
            _difference(quote),
            "pool and mint fees, price impact" if quote.side == "buy" else "pool fees, price impact",
        ),
    ]


def _card(quote: Quote, bps: int, spends: int, way: str, good: str, stake: bool) -> RenderableType:
    pays, gets, difference = _rows(quote)
    if quote.fixed == "gets":
        pays = (*pays[:3], f"at most {quote.pays.amount(spends)}")
    else:
        gets = (*gets[:3], f"at least {quote.gets.amount(quote.limit_wei(bps))}")
    extra = [("stake", "", "", f"at once, as s{quote.index.name}")] if stake else []
    paying = [] if quote.pays == ETHER else [("payment", "", "", way)]
    rows = [pays, gets, difference, *extra, *paying, ("good for", "", "", good)]
    verb, other = ("Buy", quote.pays.name) if quote.side == "buy" else ("Sell", quote.gets.name)
    return card(f"{verb} {quote.index.name} for {other}", *rows)


def _quoted(quote: Quote, json: bool) -> Any:
    if json:
        return _plain(quote, SLIPPAGE_BPS)
    common.console().print(card(f"Quote after block {quote.block:,}", *_rows(quote)))
    return None


def _plain(quote: Quote, bps: int) -> dict[str, Any]:
    return {
        "quote": plain(quote),
        "difference_bps": quote.difference_bps,
        "slippage_bps": bps,
        "limit_wei": quote.limit_wei(bps),
    }
