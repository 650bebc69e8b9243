"""Liquidity that earns points: `ape run lock | unlock | collect`."""

from __future__ import annotations

from typing import Any

import click

from ssi.amounts import LARGEST, dollars
from ssi.chain import network
from ssi.cli import common, holders
from ssi.cli.command import Command
from ssi.cli.holders import acting, amount, card, plain, receiver, typed
from ssi.constants import MAX
from ssi.failure import Impossible, Misused
from ssi.points.locks import LockMoved, LockPool, PoolKind
from ssi.protocol import Protocol

network.quiet()


@click.command(cls=Command)
@amount
@acting
def lock(amount: tuple[str, ...], how: holders.Acting) -> Any:
    """Lock a position of Uniswap v3 by its number, or LP tokens of v2 by their pool.

    \b
      ape run lock 12345
      ape run lock all MAG7.ssi/WETH
    """
    protocol = holders.opened(how.account)
    locks, account, what = protocol.locks, protocol.holder.account, typed(amount)
    if what.unit is None:
        token_id = _id(what.number)
        locks.require_position(token_id)
        account.check(locks.positions_manager.safeTransferFrom, account.address, locks.contract.address, token_id)
        shown = card(f"Lock position {token_id}", *_terms(protocol))
        return _said(
            how,
            holders.go(protocol, how, shown, lambda: locks.lock_position(token_id)),
            f"Position {token_id} is locked",
        )
    pool = _v2(locks.pool(what.unit))
    token = protocol.token(pool.address)
    wei = protocol.holder.wei(what, token)
    protocol.holder.require(token, wei)
    shown = card(f"Lock {what.number or 'all'} LP tokens of {pool.name}", *_terms(protocol))
    return _said(
        how,
        holders.go(protocol, how, shown, lambda: locks.lock_tokens(pool, wei)),
        f"LP tokens of {pool.name} are locked",
    )


@click.command(cls=Command)
@amount
@click.option("--cancel", is_flag=True, help="Cancel a request that is still cooling.")
@receiver
@acting
def unlock(amount: tuple[str, ...], cancel: bool, receiver: str | None, how: holders.Acting) -> Any:
    """Request liquidity back, or take it out once its cooldown of 14 days is over.

    \b
      ape run unlock 12345
      ape run unlock all MAG7.ssi/WETH   requests them
      ape run unlock MAG7.ssi/WETH       takes out what has matured
    """
    protocol, what = holders.opened(how.account), typed(amount)
    if what.unit is None:
        return _unlock_position(protocol, _id(what.number), cancel, receiver, how)
    locks = protocol.locks
    pool = _v2(locks.pool(what.unit))
    of, name = locks.stake(pool), f"LP tokens of {pool.name}"
    if cancel:
        if not of.cooling_wei:
            raise Impossible(f"No {name} are cooling down.")
        shown = card(f"Lock {name} again", ("cooling", str(protocol.token(pool.address).amount(of.cooling_wei))))
        return _said(
            how, holders.go(protocol, how, shown, lambda: locks.cancel_unlock_tokens(pool)), f"{name} are locked again"
        )
    if what.said:
        wei = what.wei(18, of.locked_wei)
        if not 0 < wei <= of.locked_wei:
            raise Impossible(
                f"{protocol.token(pool.address).amount(of.locked_wei)} of it are locked: unlock a part of that, or all."
            )
        shown = card(f"Request {name}", *_cooldown(protocol))
        return _said(
            how,
            holders.go(protocol, how, shown, lambda: locks.request_unlock_tokens(pool, wei)),
            f"{name} are requested",
        )
    if not of.matured_wei:
        when = (
            f"The next mature on {common.moment(of.matures_at_s)}."
            if of.cooling_wei
            else f"Request them: ape run unlock all {what.unit}."
        )
        raise Impossible(f"There are no matured {name} to take out. {when}")
    shown = card(f"Take out {name}", ("matured", str(protocol.token(pool.address).amount(of.matured_wei))))
    return _said(
        how, holders.go(protocol, how, shown, lambda: locks.unlock_tokens(pool, receiver)), f"{name} are yours again"
    )


def _unlock_position(protocol: Protocol, token_id: int, cancel: bool, receiver: str | None, how: holders.Acting) -> Any:
    locks, account = protocol.locks, protocol.holder.account
    of = locks.position(token_id)
    what = ("worth", dollars(of.usd_d18), of.pool.name)
    if cancel:
        account.check(locks.contract.cancelUnlock, token_id)
        shown = card(f"Lock position {token_id} again", what)
        return _said(
            how,
            holders.go(protocol, how, shown, lambda: locks.cancel_unlock(token_id)),
            f"Position {token_id} is locked again",
        )
    if not of.matures_at_s:
        account.check(locks.contract.requestUnlock, token_id)
        shown = card(f"Request position {token_id}", what, *_cooldown(protocol))
        return _said(
            how,
            holders.go(protocol, how, shown, lambda: locks.request_unlock(token_id)),
            f"Position {token_id} is requested",
        )
    account.check(locks.contract.unlock, token_id, receiver or account.address)
    shown = card(f"Take out position {token_id}", what)
    return _said(
        how,
        holders.go(protocol, how, shown, lambda: locks.unlock(token_id, receiver)),
        f"Position {token_id} is yours again",
    )


@click.command(cls=Command)
@click.argument("token_id", type=click.IntRange(0, MAX), metavar="POSITION")
@receiver
@acting
def collect(token_id: int, receiver: str | None, how: holders.Acting) -> Any:
    """Take what a locked POSITION of Uniswap v3 has earned."""
    protocol = holders.opened(how.account)
    of = protocol.locks.position(token_id)
    tokens = (of.pool.token0, of.pool.token1)
    earned = protocol.locks.earned_wei(token_id)
    rows = [(token.name, str(token.amount(wei)), dollars(protocol.holder.value_usd_d18(token, wei)))
            for token, wei in zip(tokens, earned, strict=True)]  # fmt: skip
    moved = holders.go(
        protocol, how, card(f"Fees of position {token_id}", *rows), lambda: protocol.locks.collect(token_id, receiver)
    )  # fmt: skip
    if how.json:
        return {"tokens": plain(tokens), "earned_wei": list(earned), "result": plain(moved)}
    if moved:
        paid = " and ".join(str(token.amount(wei)) for token, wei in zip(tokens, moved.amounts_wei, strict=True))
        holders.done(f"Collected {paid}.", moved.transaction)
    return None


def _id(number: str | None) -> int:
    if number is None or "." in number:
        raise Misused(
            "A position has a whole number, such as 12345; LP tokens go by amount and pool, such as all MAG7.ssi/WETH."
        )
    digits = number.lstrip("0") or "0"
    if len(digits) > 78 or int(digits) > LARGEST:  # Python refuses to read much longer ones
        raise Misused("No position has so large a number.")
    return int(digits)


def _v2(pool: LockPool) -> LockPool:
    if pool.kind is not PoolKind.V2:
        raise Misused(f"{pool.name} has positions, not LP tokens: name the position's number.")
    return pool


def _terms(protocol: Protocol) -> list[tuple[str, ...]]:
    cooldown = common.period(int(protocol.locks.contract.COOLDOWN()))
    return [("weight", "", "measured now and never again"), ("leaving takes", cooldown, "from the request")]


def _cooldown(protocol: Protocol) -> list[tuple[str, ...]]:
    seconds, now = int(protocol.locks.contract.COOLDOWN()), protocol.system.evm.now
    return [
        ("cooldown", common.period(seconds), f"until {common.moment(now + seconds)}; it weighs nothing from now on")
    ]


def _said(how: holders.Acting, moved: LockMoved | None, text: str) -> Any:
    if how.json:
        return {"result": plain(moved)}
    if moved:
        more = f" and can be taken out from {common.moment(moved.matures_at_s)}" if moved.matures_at_s else ""
        holders.done(f"{text}{more}.", moved.transaction)
    return None
