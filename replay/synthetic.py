"""A market that never was: seeded, with crashes, a depeg, a delisting, a feed that stops, and a token that enters."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from math import exp, log
from random import Random

from replay.market import Market

FIRST = date(2025, 1, 1)
# USD at the beginning, whole units in circulation, how much it follows the market, and its own daily volatility.
_TOKENS = {
    "WBTC": (95_000.0, 19_900_000, 0.8, 0.010),
    "WETH": (3_300.0, 120_700_000, 1.0, 0.012),
    "BNB": (900.0, 139_000_000, 0.9, 0.015),
    "SOL": (180.0, 555_000_000, 1.3, 0.025),
    "LINK": (20.0, 697_000_000, 1.2, 0.025),
    "UNI": (9.0, 630_000_000, 1.2, 0.028),
    "AAVE": (250.0, 15_200_000, 1.2, 0.028),
    "CRV": (1.2, 1_360_000_000, 0.9, 0.020),
}
_MARKET = 0.018  # daily volatility of the market as a whole
_BACK = 0.006  # a day's way back to where a price began, so that none leaves its bounds
LEAVES, ENTERS, SILENT = "AAVE", "CRV", "LINK"


def synthetic(days: int = 365, seed: int = 2025) -> Market:
    """The same for the same seed. What happens, happens at the same parts of the time, however long that is."""
    dice = Random(seed)
    dates = [FIRST + timedelta(n) for n in range(days)]
    crashes = {int(days * part): size for part, size in ((0.21, -0.28), (0.52, -0.35), (0.83, -0.22))}
    firsts = [n for n, day in enumerate(dates) if day.day == 1 and n > 20]
    left = _nearest(firsts, days * 0.55) - 20  # before a rebalance is proposed
    silent = _nearest(firsts, days * 0.4)
    depeg = _nearest(firsts, days * 0.7)
    logs = {name: log(start[0]) for name, start in _TOKENS.items()}
    closes: dict[str, list[Decimal | None]] = {name: [] for name in [*_TOKENS, "USDC"]}
    supplies: dict[str, list[Decimal | None]] = {name: [] for name in closes}
    for n in range(days):
        market = dice.gauss(0.0004, _MARKET) + crashes.get(n, 0.0)
        for name, (start, supply, beta, own) in _TOKENS.items():
            if n:
                logs[name] += beta * market + dice.gauss(0, own) - _BACK * (logs[name] - log(start))
                if name == LEAVES and left - 6 <= n < left:
                    logs[name] -= 0.09
            silence = name == SILENT and silent - 1 <= n < silent + 3
            closes[name].append(None if silence else _rounded(exp(logs[name])))
            belongs = n < left if name == LEAVES else n >= left if name == ENTERS else True
            supplies[name].append(Decimal(int(supply * (1 + 0.0001 * n))) if belongs else None)
        peg = 0.93 if depeg - 1 <= n <= depeg + 1 else 1.0
        closes["USDC"].append(_rounded(peg + dice.gauss(0, 0.0003)))
        supplies["USDC"].append(None)
    return Market(dates, closes, supplies)


def _nearest(places: list[int], wanted: float) -> int:
    return min(places, key=lambda place: abs(place - wanted))


def _rounded(price: float) -> Decimal:
    """Eight digits, as feeds have."""
    return round(Decimal(price), 8) if price > 1 else Decimal(f"{price:.7e}")
