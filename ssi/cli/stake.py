"""Staking: `ape run stake | unstake | cancel-unstake | withdraw | boost`."""

from __future__ import annotations

from typing import Any

import click

from ssi.amounts import Written, dollars, readable
from ssi.chain import network
from ssi.cli import common, holders
from ssi.cli.command import Command
from ssi.cli.holders import acting, amount, card, plain, receiver, typed
from ssi.failure import Impossible, Misused
from ssi.protocol import Protocol
from ssi.staking.client import StakeClient

network.quiet()


def _of(protocol: Protocol, what: Written) -> StakeClient:
    if what.unit is None:
        raise Misused("Say of what: 2 MAG7.ssi, or all SOSO.")
    return protocol.stakes[what.unit]


@click.command(cls=Command)
@amount
@receiver
@acting
def stake(amount: tuple[str, ...], receiver: str | None, how: holders.Acting) -> Any:
    """Stake AMOUNT of an index or of SOSO, such as 2 MAG7.ssi or all SOSO."""
    protocol = holders.opened(how.account)
    what = typed(amount)
    vault = _of(protocol, what)
    return _staked(protocol, vault, protocol.holder.wei(what, vault.asset), receiver, how)


@click.command(cls=Command)
@click.argument("amount", nargs=-1, metavar="[AMOUNT]")
@acting
def boost(amount: tuple[str, ...], how: holders.Acting) -> Any:
    """Stake SOSO to boost your points: AMOUNT of it, or without one as much as still lifts them."""
    protocol = holders.opened(how.account)
    what = typed(amount) if amount else None
    if what is not None and what.unit is not None and what.unit.lower() != "soso":
        raise Misused(f"Points are boosted with SOSO, not with {what.unit}.")
    vault = protocol.stakes["SOSO"]
    if what is not None:
        return _staked(protocol, vault, protocol.holder.wei(what, vault.asset), None, how)
    missing = int(vault.contract.previewMint(protocol.points.live().soso_missing_wei))
    if not missing:
        raise Impossible(
            "Everything is boosted already, or there is nothing to boost: `ape run portfolio` shows your points."
        )
    held = protocol.holder.balance_wei(vault.asset)
    if not held:
        need = vault.asset.amount(missing)
        raise Impossible(
            f"{need} would boost everything, and {protocol.holder.account.address} has none. Get some first."
        )
    return _staked(protocol, vault, min(held, missing), None, how)


def _staked(protocol: Protocol, vault: StakeClient, assets_wei: int, receiver: str | None, how: holders.Acting) -> Any:
    way, shares = vault.way(assets_wei), vault.previews(assets_wei)
    found = vault.position()
    shown = card(
        f"Stake {vault.asset.amount(assets_wei)}",
        ("you get", str(vault.shares.amount(shares)), dollars(protocol.holder.value_usd_d18(vault.asset, assets_wei))),
        (
            "a year",
            f"{found.yields.apr_now_d18 / 1e16:.2f} %",
            f"now; {found.yields.apr_last_epoch_d18 / 1e16:.2f} % in the last epoch",
        ),
        ("leaving takes", common.period(found.yields.cooldown_s), "from the request"),
        ("payment", "", way.value),
    )
    moved = holders.go(protocol, how, shown, lambda: vault.deposit(assets_wei, receiver=receiver))
    if how.json:
        return {
            "asset": vault.symbol,
            "assets_wei": assets_wei,
            "shares_wei": shares,
            "way": plain(way),
            "result": plain(moved),
        }
    if moved:
        text = f"Staked {vault.asset.amount(moved.assets_wei)} for {vault.shares.amount(moved.shares_wei)}."
        holders.done(text, moved.transaction)
    return None


@click.command(cls=Command)
@amount
@acting
def unstake(amount: tuple[str, ...], how: holders.Acting) -> Any:
    """Request AMOUNT back: 2 MAG7.ssi by worth, 2 sMAG7.ssi by shares, or all MAG7.ssi.

    It can be withdrawn after the cooldown.
    """
    protocol = holders.opened(how.account)
    what = typed(amount)
    vault = _of(protocol, what)
    held = protocol.holder.balance_wei(vault.shares)
    if what.everything:
        shares = held
    elif (what.unit or "").lower() == vault.shares.name.lower():
        shares = what.wei(vault.shares.decimals)
    else:
        assets = what.wei(vault.asset.decimals)
        shares = vault.shares_for(assets)
        if int(vault.contract.convertToAssets(shares)) < assets:
            worth = vault.asset.amount(int(vault.contract.convertToAssets(held)))
            raise Impossible(f"Your {vault.shares.name} are worth {worth}: unstake less, or all {vault.symbol}.")
    if not shares:
        raise Impossible(f"There is no {vault.shares.name} in {protocol.holder.account.address}.")
    protocol.holder.require(vault.shares, shares)
    account = protocol.holder.account
    account.check(vault.contract.requestRedeem, shares, account.address, account.address)
    assets, leaving = int(vault.contract.convertToAssets(shares)), vault.exit
    cooldown, now = int(vault.contract.cooldown()), protocol.system.evm.now
    anew = [("warning", "", f"{vault.asset.amount(leaving.cooling_assets_wei)} that are still cooling down start anew")]
    shown = card(
        f"Unstake {vault.shares.amount(shares)}",
        ("worth", str(vault.asset.amount(assets)), "fixed by the request: it earns nothing from then on"),
        ("cooldown", common.period(cooldown), f"until {common.moment(now + cooldown)}"),
        *(anew if leaving.cooling_assets_wei else []),
    )
    moved = holders.go(protocol, how, shown, lambda: vault.request(shares))
    if how.json:
        return {
            "asset": vault.symbol,
            "assets_wei": assets,
            "shares_wei": shares,
            "cooldown_s": cooldown,
            "result": plain(moved),
        }
    if moved:
        when = common.moment(moved.matures_at_s)
        text = f"{vault.asset.amount(moved.assets_wei)} can be withdrawn from {when}: ape run withdraw {vault.symbol}"
        holders.done(text, moved.transaction)
    return None


@click.command(cls=Command)
@click.argument("asset")
@acting
def cancel_unstake(asset: str, how: holders.Acting) -> Any:
    """Stake all of ASSET again that still cools down, at the price of now."""
    protocol = holders.opened(how.account)
    vault, account = protocol.stakes[asset], protocol.holder.account
    leaving = vault.exit
    if not leaving.cooling_assets_wei:
        more = f" {vault.asset.amount(leaving.claimable_assets_wei)} have matured: ape run withdraw {vault.symbol}."
        raise Impossible(
            f"No {vault.symbol} of {account.address} are cooling down.{more if leaving.claimable_assets_wei else ''}"
        )
    shares = int(account.check(vault.contract.cancelRequest, account.address))
    shown = card(
        f"Stake {vault.asset.amount(leaving.cooling_assets_wei)} again",
        (
            "you get",
            str(vault.shares.amount(shares)),
            f"for {vault.shares.amount(leaving.cooling_shares_wei)} that you gave up",
        ),
    )
    moved = holders.go(protocol, how, shown, vault.cancel)
    if how.json:
        return {
            "asset": vault.symbol,
            "assets_wei": leaving.cooling_assets_wei,
            "shares_wei": shares,
            "result": plain(moved),
        }
    if moved:
        text = f"Staked {vault.asset.amount(moved.assets_wei)} again for {vault.shares.amount(moved.shares_wei)}."
        holders.done(text, moved.transaction)
    return None


@click.command(cls=Command)
@click.argument("asset", required=False)
@receiver
@acting
def withdraw(asset: str | None, receiver: str | None, how: holders.Acting) -> Any:
    """Take what has matured of ASSET; by default of all that you unstaked."""
    protocol = holders.opened(how.account)
    vaults = [protocol.stakes[asset]] if asset is not None else list(protocol.stakes.values())
    exits = [(vault, vault.exit) for vault in vaults]
    ready = [(vault, leaving) for vault, leaving in exits if leaving.claimable_shares_wei]
    if not ready:
        cooling = [leaving.matures_at_s for _, leaving in exits if leaving.cooling_assets_wei]
        now = protocol.system.evm.now
        when = (
            f"The next matures on {common.moment(min(cooling))}, in {common.period(min(cooling) - now)}."
            if cooling
            else "Nothing is cooling down either."
        )
        raise Impossible(f"Nothing has matured. {when}")
    rows = [
        (vault.symbol, str(vault.asset.amount(leaving.claimable_assets_wei)),
         dollars(protocol.holder.value_usd_d18(vault.asset, leaving.claimable_assets_wei)))
        for vault, leaving in ready
    ]  # fmt: skip
    moved = holders.go(
        protocol,
        how,
        card("Withdraw", *rows),
        lambda: {vault.symbol: vault.withdraw(receiver=receiver) for vault, _ in ready},
    )
    if how.json:
        return {"claimable": {vault.symbol: plain(leaving) for vault, leaving in ready}, "result": plain(moved)}
    for vault, _ in ready if moved else []:
        assert moved is not None
        paid = moved[vault.symbol]
        holders.done(f"Withdrew {readable(paid.assets_wei, vault.asset.decimals)} {vault.symbol}.", paid.transaction)
    return None
