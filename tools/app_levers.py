"""The other side of the browser tests: moves the fork, and works out in Python what the page must show.

Reads one JSON list a line, `[name, argument, ...]`, and answers with one line. Started by the tests with the endpoint
of their fork.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from math import isqrt
from pathlib import Path
from typing import Any

from forks import control
from ssi.build import fresh_project
from ssi.chain.evm import Evm
from ssi.chain.rpc import Rpc
from ssi.governance.decoder import plain
from ssi.governance.scheduled import operations
from ssi.registry.record import Record
from ssi.registry.system import System
from tests.model.points import DAY, WAD, Values
from tools.app_config import CONFIG

SEED = 6963
CASES = 200
SYMBOL = "MAG7.ssi"


def system_of(url: str) -> System:
    """The deployment that the site shows."""
    told = json.loads(CONFIG.read_text())
    record = Record(
        Path(), told["chainId"], told["contracts"], told["indexes"], told["staked"], block=told["deployedAtBlock"]
    )
    return System(Evm(url), fresh_project(), record)


# ---------------------------------------------------------------- what the page must show


def grouped(value: int, decimals: int, digits: int) -> str:
    """Cut towards zero after so many digits, thousands apart."""
    number = (Decimal(value) / Decimal(10) ** decimals).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_DOWN)
    return f"{number:,.{digits}f}"


def dollars(value: int) -> str:
    """D18 dollars of a cent or more."""
    return f"${grouped(value, 18, 2)}"


def tokens(value: int, decimals: int) -> str:
    """Token-wei of a whole token or more."""
    text = grouped(value, decimals, 2 if value >= 1_000 * 10**decimals else 4)
    return text.rstrip("0").rstrip(".")


def overviews(system: System) -> list[dict[str, Any]]:
    """Figures of every index, exact and as they read. NAV is worked out anew from accounted balances and prices."""
    found = []
    for index in system.lens.overviews():
        worth = [min(c.accounted, c.available) * c.price // 10**c.decimals for c in index.constituents]
        found.append(
            {
                "symbol": index.symbol,
                "nav": index.nav,
                "summed": sum(worth),
                "sharePrice": index.sharePrice,
                "supply": index.totalSupply,
                "read": {"price": dollars(index.sharePrice), "supply": tokens(index.totalSupply, 18)},
                "constituents": [
                    {
                        "symbol": c.symbol,
                        "accounted": c.accounted,
                        "available": c.available,
                        "value": c.value,
                        "weight": c.weight,
                        "read": {
                            "accounted": tokens(c.accounted, c.decimals),
                            "price": dollars(c.price),
                            "value": dollars(c.value),
                        },
                    }
                    for c in index.constituents
                ],
            }
        )
    return found


def quotes(system: System, dollars_in: int, shares: int) -> dict[str, Any]:
    """The router's quotes for MAG7.ssi and USDC. A sale for an exact amount sells pro rata of what all shares bring."""
    index, usdc, router = system.index(SYMBOL).address, system.token("USDC").address, system.router
    bought, spent = router.quoteBuyExactInput.call(index, usdc, dollars_in)
    everything = router.quoteSell.call(index, usdc, shares)
    return {
        "buyIn": [bought, spent],
        "buyOut": [shares, router.quoteBuy.call(index, usdc, shares)],
        "sellIn": [shares, everything],
        "sellOut": [-(-shares * dollars_in // everything), dollars_in],
    }  # fmt: skip


def position(system: System, who: str) -> dict[str, Any]:
    """What an account has staked of MAG7.ssi, and its points."""
    vault, ledger = system.staked(SYMBOL), system.points
    statement = ledger.statement(who, ledger.currentEpoch())
    exit_ = vault.exitOf(who)
    return {
        "assets": vault.convertToAssets(vault.balanceOf(who)),
        "cooling": exit_.coolingAssets,
        "maturesAt": exit_.maturesAt,
        "points": statement.points,
        "multiplier": statement.multiplier,
        "held": statement.held.points,
        "staked": statement.staked.points,
    }


def scheduled(system: System) -> list[dict[str, Any]]:
    """What waits, decoded."""
    now = system.evm.now
    return [
        {
            "target": op.call.target, "function": op.call.function, "arguments": plain(op.call.arguments),
            "readyAt": op.ready_at, "expiresAt": op.expires_at,
        }
        for op in operations(system)
        if op.status(now) != "expired"
    ]  # fmt: skip


def cases() -> dict[str, list[list[Any]]]:
    """Numbers at random and what must come of them, by the models that the contracts are compared with."""
    rng = random.Random(SEED)
    found: dict[str, list[list[Any]]] = {
        "points": [],
        "limits": [],
        "liquidity": [],
        "usd": [],
        "amount": [],
        "perToken": [],
    }
    for _ in range(CASES):
        held, staked, locked, soso = (rng.choice((0, 1, rng.randrange(10**25))) for _ in range(4))
        daily = Values(held * DAY, staked * DAY, locked * DAY, soso * DAY).points()
        found["points"].append([held, staked, locked, soso, daily])
        value, tolerance = rng.randrange(10**30), rng.choice((10**15, 5 * 10**15, 10**16, 3 * 10**16))
        found["limits"].append(
            [value, tolerance, value * (WAD - tolerance) // WAD, -(-value * (WAD + tolerance) // WAD)]
        )
        liquidity, price0, price1 = rng.randrange(10**20), rng.randrange(1, 10**24), rng.randrange(1, 10**24)
        decimals = rng.choice((6, 8, 18))
        found["liquidity"].append(
            [liquidity, price0, decimals, price1, isqrt(4 * liquidity**2 * price0 * price1 // 10 ** (decimals + 18))]
        )
        cents = rng.randrange(10**16, 10 ** rng.randrange(17, 30))
        found["usd"].append([cents, dollars(cents)])
        decimals = rng.choice((6, 8, 9, 18))
        some = rng.randrange(10**decimals, 10 ** (decimals + rng.randrange(1, 12)))
        found["amount"].append([some, decimals, tokens(some, decimals)])
        price, out, paid = rng.randrange(1, 10**40), rng.choice((6, 8, 18)), rng.choice((6, 8, 18))
        found["perToken"].append([price, out, paid, -(-price * 10**out // 10 ** (9 + paid))])
    return found


def words(value: Any) -> Any:
    """Integers as text: JSON has none of this size."""
    if isinstance(value, dict):
        return {key: words(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [words(one) for one in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def main(url: str) -> None:
    """Answers until its input ends."""
    rpc, system = Rpc(url), system_of(url)
    names = {asset.address: name for name, asset in system.assets.assets.items()}
    known: dict[str, Callable[..., Any]] = {
        "warp": lambda seconds: control.warp(rpc, seconds),
        "freeze": lambda token, account, frozen=True: control.freeze(rpc, token, account, frozen),
        "deal": lambda token, account, amount: control.deal(rpc, names[token], account, int(amount)),
        "overviews": lambda: overviews(system),
        "quotes": lambda dollars_in, shares: quotes(system, int(dollars_in), int(shares)),
        "position": lambda who: position(system, who),
        "scheduled": lambda: scheduled(system),
        "cases": cases,
    }
    for line in sys.stdin:
        name, *args = json.loads(line)
        try:
            answer: dict[str, Any] = {"ok": words(known[name](*args))}
        except Exception as error:  # the test says it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
