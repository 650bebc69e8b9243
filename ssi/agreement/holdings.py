"""Indexes, staked tokens, balances over time, locked liquidity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ssi.agreement.sides import Asked, Compared, Sides, number
from ssi.constants import ZERO

_FRACTION = 64  # bits of a claim's parts after the point


def indexes(both: Sides) -> Iterator[Compared]:
    """Supply, what it stands for, and the terms."""
    rows, split = both.rows("index_token", "address"), both.system.distributor.splitOf
    for symbol, index in both.indexes.items():
        row = rows.pop(index.address, None)
        supply, basket, terms, (vault, part, _) = both.ask(
            [(index.issuedSupply, ()), (index.basket, ()), (index.terms, ()), (split, (index.address,))]
        )
        yield f"{symbol}/supply", supply, number(row, "supply")
        yield f"{symbol}/base", basket.base, number(row, "base")
        for name, column in (
            ("dailyFee", "daily_fee"), ("mintFee", "mint_fee"), ("supplyCap", "supply_cap"),
            ("anchor", "anchor"), ("anchorTime", "anchor_time"),
        ):  # fmt: skip
            yield f"{symbol}/{name}", terms.named()[name], number(row, column)
        for name, column in (
            ("paused", "paused"), ("deprecated", "deprecated"),
            ("feeReceiver", "fee_receiver"), ("rebalancer", "rebalancer"),
        ):  # fmt: skip
            yield f"{symbol}/{name}", terms.named()[name], row and row[column]
        yield f"{symbol}/stakedToken", vault, row and row["staked_token"]
        yield f"{symbol}/stakersPart", part, number(row, "stakers_part")
    for extra in rows:
        yield f"{extra}/supply", None, number(rows[extra], "supply")


def constituents(both: Sides) -> Iterator[Compared]:
    """Units of every basket, but for what vests into them."""
    rows = both.rows("constituent", "index", "token", where="active")
    for symbol, index in both.indexes.items():
        (basket,) = both.ask([(index.basket, ())])
        vesting = both.ask([(index.vestingOf, (token,)) for token in basket.tokens])
        for token, units, surplus in zip(basket.tokens, basket.units, vesting, strict=True):
            row = rows.pop((index.address, token), None)
            if not surplus.units:
                yield f"{symbol}/{token}/units", units, number(row, "units")
    for (index_, token), row in rows.items():
        yield f"{index_}/{token}/units", None, number(row, "units")


def claims_in_kind(both: Sides) -> Iterator[Compared]:
    """What redeemers are owed of constituents that did not move."""
    rows = both.rows("basket_claim", "index", "token", "account")
    keys: dict[tuple[str, str, str], Any] = {}
    for index, event, _ in both.events(list(both.indexes.values()), "Segregated"):
        keys[index.address, event.values["token"], event.values["account"]] = index
    owed = both.ask([(index.claimOf, key[1:]) for key, index in keys.items()])
    for key, amount in zip(keys, owed, strict=True):
        parts = number(rows.pop(key, None), "parts")
        yield "/".join(key), amount, None if parts is None else parts >> _FRACTION
    for key, row in rows.items():
        yield "/".join(key), 0, int(row["parts"]) >> _FRACTION


# ---------------------------------------------------------------- staking


def staked_tokens(both: Sides) -> Iterator[Compared]:
    """Supply and cooldown."""
    rows = both.rows("staked_token", "address")
    for symbol, vault in both.vaults.items():
        row = rows.get(vault.address)
        supply, cooldown = both.ask([(vault.issuedSupply, ()), (vault.cooldown, ())])
        yield f"s{symbol}/supply", supply, number(row, "supply")
        yield f"s{symbol}/cooldown", cooldown, number(row, "cooldown")


def exits(both: Sides) -> Iterator[Compared]:
    """What every account that ever asked to leave has cooling, and can take."""
    rows = both.rows("exit", "staked", "account")
    cooldowns = {vault.address: both.ask([(vault.cooldown, ())])[0] for vault in both.vaults.values()}
    keys: dict[tuple[str, str], Any] = {}
    for vault, event, _ in both.events(list(both.vaults.values()), "CooldownStarted"):
        keys[vault.address, event.values["controller"]] = vault
    keys |= {key: next(v for v in both.vaults.values() if v.address == key[0]) for key in rows if key not in keys}
    answers = both.ask([(vault.exitOf, (key[1],)) for key, vault in keys.items()])
    for key, said in zip(keys, answers, strict=True):
        ours = _exit(rows.get(key), cooldowns[key[0]], both.now)
        for name, value in said.named().items():
            yield f"{'/'.join(key)}/{name}", value, ours[name]


def _exit(row: dict[str, Any] | None, cooldown: int, now: int) -> dict[str, int]:
    """As `IStakedToken.exitOf` says it."""
    names = ("coolingAssets", "coolingShares", "maturesAt", "claimableAssets", "claimableShares")
    if row is None:
        return dict.fromkeys(names, 0)
    assets, shares, parked = (
        int(row["assets"]),
        int(row["shares"]),
        (int(row["parked_assets"]), int(row["parked_shares"])),
    )
    matures = int(row["started_at"]) + min(int(row["cooldown"]), cooldown)
    if not assets or matures <= now:
        return dict(zip(names, (0, 0, 0, parked[0] + assets, parked[1] + shares), strict=True))
    return dict(zip(names, (assets, shares, matures, *parked), strict=True))


# ---------------------------------------------------------------- balances over time


def _keys(both: Sides) -> dict[tuple[str, str], str]:
    """Every source and account that ever met, with the source's name; the account zero has the supply of a token."""
    found: dict[tuple[str, str], str] = {}
    holders = both.holders()
    for name, token in both.tokens.items():
        found |= {(token.address, account): name for account in [ZERO, *holders[token.address]]}
    for _, event, _ in both.events(both.system.locker, "PositionLocked", "TokensLocked"):
        found[event.values["pool"], event.values["owner"]] = f"pool {event.values['pool']}"
    return found


def positions(both: Sides) -> Iterator[Compared]:
    """Balances now."""
    rows, keys, calls = both.rows("position", "source", "account"), _keys(both), list[Asked]()
    by_address = {token.address: token for token in both.tokens.values()}
    for source, account in keys:
        token = by_address.get(source)
        if token is None:
            calls.append((both.system.locker.liquidityOf, (account, source)))
        else:
            calls.append((token.issuedSupply, ()) if account == ZERO else (token.balanceOf, (account,)))
    removed = _removed(both)
    for key, balance in zip(keys, both.ask(calls), strict=True):
        ours = number(rows.pop(key, None), "balance") or 0
        yield f"{keys[key]}/{key[1]}/balance", balance, 0 if key[0] in removed else ours
    for (source, account), row in rows.items():
        if source in by_address or account != ZERO:  # a pool has no sum to be asked for
            yield f"{source}/{account}/balance", 0, int(row["balance"])


def integrals(both: Sides) -> Iterator[Compared]:
    """Balance-seconds of every epoch so far; of the running one until now."""
    keys, last, calls = _keys(both), both.epoch, list[Asked]()
    by_address = {token.address: token for token in both.tokens.values()}
    epochs = range(last + 1)
    for source, account in keys:
        token = by_address.get(source)
        for epoch in epochs:
            if token is None:
                calls.append((both.system.locker.liquiditySeconds, (account, source, epoch, epoch + 1)))
            elif account == ZERO:
                calls.append((token.supplySeconds, (epoch, epoch + 1)))
            else:
                calls.append((token.balanceSeconds, (account, epoch, epoch + 1)))
    history: dict[tuple[str, str], dict[int, dict[str, Any]]] = defaultdict(dict)
    for (account, source, epoch), row in both.rows("position_epoch", "account", "source", "epoch").items():
        history[source, account][int(epoch)] = row
    removed, answers = _removed(both), iter(both.ask(calls))
    for key, name in keys.items():
        for epoch in epochs:
            until = min(both.now, both.begins(epoch + 1), removed.get(key[0], both.now))
            ours = seconds(history.get(key, {}), epoch, both.begins(epoch), until)
            yield f"{name}/{key[1]}/epoch {epoch}", next(answers), ours


def seconds(rows: dict[int, dict[str, Any]], epoch: int, begins: int, until: int) -> int:
    """Amount-seconds of an epoch until then, out of the rows of `position_epoch` by their epochs."""
    known = [number_ for number_ in rows if number_ <= epoch]
    if not known:
        return 0
    row = rows[max(known)]
    if int(row["epoch"]) == epoch:
        return int(row["seconds"]) + int(row["closing"]) * max(0, until - int(row["last"]))
    return int(row["closing"]) * max(0, until - begins)


def _removed(both: Sides) -> dict[str, int]:
    """Pools that left the list, and when."""
    pools = both.pools
    found = both.ask([(both.system.locker.poolOf, (pool,)) for pool in pools])
    return {pool: of.removedAt for pool, of in zip(pools, found, strict=True) if of.removedAt}


# ---------------------------------------------------------------- locked liquidity


def locks(both: Sides) -> Iterator[Compared]:
    """Every position of Uniswap v3 that was ever locked."""
    locker, rows = both.system.locker, both.rows("lock", "token_id", where="unlocked_at is null")
    here = {int(token_id): row for token_id, row in rows.items()}
    ids = dict.fromkeys(event.values["tokenId"] for _, event, _ in both.events(locker, "PositionLocked"))
    ids |= dict.fromkeys(here)
    for token_id, of in zip(ids, both.ask([(locker.positionOf, (token_id,)) for token_id in ids]), strict=True):
        row = here.get(token_id)
        yield f"{token_id}/owner", of.owner, row["owner"] if row else ZERO
        yield f"{token_id}/pool", of.pool, row["pool"] if row else ZERO
        yield f"{token_id}/liquidity", of.liquidity, number(row, "liquidity") or 0
        yield f"{token_id}/maturesAt", of.maturesAt, number(row, "matures_at") or 0


def lp_stakes(both: Sides) -> Iterator[Compared]:
    """LP tokens of Uniswap v2, as the locker says them: what has cooled down has matured."""
    locker, rows = both.system.locker, both.rows("lp_stake", "owner", "pool")
    keys = {(e.values["owner"], e.values["pool"]): None for _, e, _ in both.events(locker, "TokensLocked")}
    keys |= dict.fromkeys(rows)
    for key, said in zip(keys, both.ask([(locker.stakeOf, key) for key in keys]), strict=True):
        row = rows.get(key)
        columns = {"locked": "locked", "matured": "matured", "cooling": "cooling",
                   "coolingLiquidity": "cooling_liquidity", "maturesAt": "matures_at"}  # fmt: skip
        ours = {name: number(row, column) or 0 for name, column in columns.items()}
        if ours["cooling"] and ours["maturesAt"] <= both.now:
            ours |= {"matured": ours["matured"] + ours["cooling"], "cooling": 0, "coolingLiquidity": 0, "maturesAt": 0}
        for name, value in ours.items():
            yield f"{'/'.join(key)}/{name}", said.named()[name], value
