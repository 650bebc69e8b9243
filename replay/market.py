"""Daily prices and supplies out of files, checked strictly. The format is described in docs/replay.md."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from ssi.failure import Misused
from ssi.registry import params

COLUMNS = ("date", "symbol", "close_usd", "circulating_supply")
LEAST_DAYS = 35  # a proposal, its notice, and a rebalance
_MOST = Decimal(10) ** 18


@dataclass(frozen=True)
class Market:
    """Closes and supplies of each day, by the names of deployments/params/assets.json.

    Args:
        closes: USD a whole token, None on a day on which its feed is silent.
        supplies: whole units in circulation, None on a day on which the token does not belong to the index.
    """

    days: Sequence[date]
    closes: Mapping[str, Sequence[Decimal | None]]
    supplies: Mapping[str, Sequence[Decimal | None]]

    def members(self, day: int) -> list[str]:
        """Who belongs to the index on a day, by its place, in the order of the file."""
        return [name for name, values in self.supplies.items() if values[day] is not None]

    def posted(self, day: int) -> dict[str, Decimal]:
        """Supplies of the members on a day."""
        return {name: amount for name, values in self.supplies.items() if (amount := values[day]) is not None}

    def now(self, day: int) -> dict[str, Decimal]:
        """Closes of that day, of tokens whose feeds are not silent."""
        return {name: close for name, values in self.closes.items() if (close := values[day]) is not None}

    def last(self, day: int) -> dict[str, Decimal]:
        """The last closes until that day, of all tokens that have had one."""
        return {
            name: self.close(name, day)
            for name, values in self.closes.items()
            if any(close is not None for close in values[: day + 1])
        }

    def close(self, name: str, day: int) -> Decimal:
        """The last close until that day, USD."""
        found = next(value for value in reversed(self.closes[name][: day + 1]) if value is not None)
        assert found is not None
        return found

    def until(self, days: int) -> Market:
        """The first days alone."""
        return Market(
            self.days[:days],
            {name: values[:days] for name, values in self.closes.items()},
            {name: values[:days] for name, values in self.supplies.items()},
        )


def write(market: Market, file: Path) -> None:
    """Writes a market as one file of this format."""
    with file.open("w", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(COLUMNS)
        for place, day in enumerate(market.days):
            for name, closes in market.closes.items():
                close, supply = closes[place], market.supplies[name][place]
                rows.writerow(
                    [
                        day.isoformat(),
                        name,
                        "" if close is None else f"{close:f}",
                        "" if supply is None else f"{supply:f}",
                    ]
                )


def read(prices: Path, supplies: Path | None = None) -> Market:
    """Both files. What `supplies` says replaces what `prices` says of supplies, symbol by symbol.

    Raises:
        Misused: a file is not there, or something in it cannot be meant; the message says where and what.
    """
    names, days = _names(), set[date]()
    closes: dict[str, dict[date, Decimal | None]] = {}
    amounts: dict[str, dict[date, Decimal | None]] = {}
    for at, day, name, close, supply in _rows(prices, names, COLUMNS[:3]):
        days.add(day)
        if day in closes.setdefault(name, {}):
            raise Misused(f"{at}: {name} has had a row on {day} already.")
        closes[name][day] = _number(close, at, "close_usd")
        amounts.setdefault(name, {})[day] = _number(supply, at, "circulating_supply")
    if supplies is not None:
        replaced: dict[str, dict[date, Decimal | None]] = {}
        for at, day, name, _, supply in _rows(supplies, names, (COLUMNS[0], COLUMNS[1], COLUMNS[3])):
            if name not in closes:
                raise Misused(f"{at}: {name} has no prices in {prices}.")
            if day in replaced.setdefault(name, {}):
                raise Misused(f"{at}: {name} has had a row on {day} already.")
            replaced[name][day] = _number(supply, at, "circulating_supply")
        for name, found in replaced.items():
            amounts[name] = {day: found.get(day) for day in closes[name]}
    return checked(prices, sorted(days), closes, amounts)


def checked(
    file: Path, days: Sequence[date],
    closes: Mapping[str, Mapping[date, Decimal | None]], amounts: Mapping[str, Mapping[date, Decimal | None]],
) -> Market:  # fmt: skip
    """A market in which every day is there, and a token has a price before it belongs to the index. Raises Misused."""
    if len(days) < LEAST_DAYS:
        raise Misused(f"{file} has {len(days)} days, and a replay needs {LEAST_DAYS} at least.")
    for before, after in pairwise(days):
        if after - before != timedelta(1):
            raise Misused(f"{file}: no row is of {before + timedelta(1)}, and days follow one another.")
    if "WETH" not in closes:
        raise Misused(f"{file} has no rows of ETH: pools are priced in it.")
    table: dict[str, list[Decimal | None]] = {}
    owned: dict[str, list[Decimal | None]] = {}
    for name, known in closes.items():
        first, last = min(known), max(known)
        missing = [day for day in days if first <= day <= last and day not in known]
        if missing:
            raise Misused(
                f"{file}: {name} has no row of {missing[0]}. An empty close_usd says that its feed was silent."
            )
        if known[first] is None:
            raise Misused(f"{file}: {name} begins on {first} without a price.")
        if last != days[-1]:
            raise Misused(
                f"{file}: {name} ends on {last}, before the file does. One that leaves the index has an empty"
                " circulating_supply; one that has no price any more, an empty close_usd."
            )
        table[name] = [known.get(day) for day in days]
        owned[name] = [amounts[name].get(day) for day in days]
    if any(value is None for value in table["WETH"]):
        silent = days[table["WETH"].index(None)]
        raise Misused(f"{file}: ETH has no price on {silent}: pools are priced in it, so its feed cannot be silent.")
    market = Market(days, table, owned)
    for place, day in enumerate(days):
        if len(market.members(place)) < 2:
            raise Misused(f"{file}: on {day} fewer than two tokens have a circulating_supply.")
    return market


def _names() -> dict[str, str]:
    """Names of assets, and those of what stands behind them: BTC for WBTC."""
    assets = params.assets().assets
    names = {name: name for name, asset in assets.items() if asset.hop is not None or name == "WETH"}
    for name, supply in params.supplies().supplies.items():
        if name in names:
            names.setdefault(supply.asset, name)
    return names


def _rows(file: Path, names: Mapping[str, str], needed: Iterable[str]) -> Iterator[tuple[str, date, str, str, str]]:
    """Where a row is, its day, its token by name, its close and its supply as written."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
    rows = csv.DictReader(text.splitlines(), strict=True)
    head = rows.fieldnames or []
    if absent := [column for column in needed if column not in head]:
        raise Misused(f"{file} has no column {absent[0]}. Its first line says {','.join(COLUMNS)}.")
    if surplus := [column for column in head if column not in COLUMNS]:
        raise Misused(f"{file} has a column {surplus[0]!r}, which means nothing here. Known are {', '.join(COLUMNS)}.")
    if len(set(head)) != len(head):
        raise Misused(f"{file} has a column twice.")
    try:
        for number, row in enumerate(rows, 2):
            at = f"{file}, line {number}"
            if None in row or None in row.values():
                raise Misused(f"{at}: it has not as many fields as the first line.")
            try:
                day = date.fromisoformat(row["date"])
            except ValueError:
                raise Misused(f"{at}: {row['date']!r} is no day such as 2026-01-31.") from None
            if row["symbol"] not in names:
                raise Misused(f"{at}: {row['symbol']!r} is no token here. Known are {', '.join(names)}.")
            yield at, day, names[row["symbol"]], row.get("close_usd") or "", row.get("circulating_supply") or ""
    except csv.Error as error:
        raise Misused(f"{file}: {error}.") from None


def _number(text: str, at: str, column: str) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= _MOST:
        raise Misused(
            f"{at}: {column} {text!r} is no number over 0 and up to 10^18. Leave it empty where there is none."
        )
    return value
