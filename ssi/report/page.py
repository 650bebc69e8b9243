"""A report as one HTML file with style, figures and the library of its charts in it: it asks no host for anything."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ssi import places
from ssi.amounts import dollars, readable
from ssi.constants import WAD
from ssi.failure import Impossible
from ssi.report.facts import Day, IndexReport

_HERE = Path(__file__).resolve().parent
LIBRARY = _HERE / "packages" / "node_modules" / "uplot"  # where `make setup` puts it
FILES = ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE")


def page(report: IndexReport, extra: dict[str, Any] | None = None) -> str:
    """The whole file. `extra`: figures of a replay, for its section.

    Raises:
        Impossible: the library of the charts is not installed.
    """
    script, style, licence = library()
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "percent": percent, "points": points, "usd": dollars, "moment": moment, "day": day, "amount": readable,
        "short": short, "seconds": seconds, "brief": brief, "date": date,
    }  # fmt: skip
    figures = json.dumps(charts(report), separators=(",", ":")).replace("<", "\\u003c")
    text: str = environment.get_template("page.html").render(
        report=report, replay=extra, licence=licence, library=Markup(script), library_style=Markup(style),
        style=Markup((_HERE / "page.css").read_text()), script=Markup((_HERE / "page.js").read_text()),
        figures=Markup(figures),
    )  # fmt: skip
    return text


def packaged(name: str) -> str:
    """What a file of the library is called in the data of a wheel."""
    return f"uplot-{Path(name).name}"


def library() -> list[str]:
    """Script, style and licence of what draws the charts. Raises Impossible where it is not installed."""
    try:
        return [
            (places.PACKAGED / packaged(name) if places.INSTALLED else LIBRARY / name).read_text() for name in FILES
        ]
    except OSError:
        raise Impossible("The library that draws charts is not there: `make setup` installs it.") from None


def plain(report: IndexReport) -> dict[str, Any]:
    """For JSON. Numbers are integers, all digits of them."""
    return asdict(report)


# ---------------------------------------------------------------- what charts draw


def charts(report: IndexReport) -> dict[str, Any]:
    """Columns of floats, as the library takes them. Percent, basis points and dollars; `hue`: a token's place among
    the colours, the same in each chart.
    """
    days = report.days
    names = list(dict.fromkeys(name for day in days for name in day.weights_d18))
    largest = max(days[0].weights_d18, key=lambda name: days[0].weights_d18[name], default=None)
    performance: list[dict[str, Any]] = [
        {"label": report.symbol, "values": [_percent(day.index_d18) for day in days], "kind": "main"},
        {"label": "Methodology", "values": [_percent(day.methodology_d18) for day in days], "kind": "dash"},
    ]
    for name in sorted(names, key=lambda name: name != largest):
        label = f"{name} (largest)" if name == largest else name
        kind = "bold" if name == largest else "thin"
        performance.append(
            {
                "label": label,
                "values": [_percent(day.relative_d18.get(name)) for day in days],
                "kind": kind,
                "hue": names.index(name),
            }
        )
    return {
        "times": [day.time_s for day in days],
        "performance": performance,
        "difference": [{"label": "Difference", "values": [_difference(day) for day in days], "kind": "main"}],
        "weights": [
            {"label": name, "values": [_weight(day, name) for day in days], "hue": place}
            for place, name in enumerate(names)
        ],
        "fees": [{"label": "Fees earned", "values": _earned(days), "kind": "bars"}],
        "staked": [
            {"label": "Staked", "values": [_part(day.staked_wei, day.supply_wei) for day in days], "kind": "main"}
        ],
    }  # fmt: skip


def _weight(day: Day, name: str) -> float | None:
    return _part(day.weights_d18.get(name, 0), WAD) if day.weights_d18 else None


def _part(of: int, whole: int) -> float | None:
    return round(100 * of / whole, 4) if whole else None


def _percent(relative_d18: int | None) -> float | None:
    return None if relative_d18 is None else round((relative_d18 - WAD) * 100 / WAD, 4)


def _difference(day: Day) -> float | None:
    if day.index_d18 is None or not day.methodology_d18:
        return None
    return round((day.index_d18 / day.methodology_d18 - 1) * 10_000, 3)


def _earned(days: tuple[Day, ...]) -> list[float]:
    found, price = [], 0
    for one in days:
        price = one.share_price_d18 or price
        found.append(round(one.earned_wei * price / WAD / WAD, 4))
    return found


# ---------------------------------------------------------------- what people read


def percent(d18: int, digits: int = 2) -> str:
    """Such as "+1.25 %"."""
    return f"{d18 * 100 / WAD:+.{digits}f} %".replace("-", "−")


def points(d18: int, digits: int = 1) -> str:
    """Basis points, such as "−3.2 bp"."""
    return f"{d18 * 10_000 / WAD:.{digits}f} bp".replace("-", "−")


def brief(d18: int | None) -> str:
    """Dollars in the width of a tile, such as "$1.41 M"."""
    for unit, size in (("B", 10**27), ("M", 10**24)):
        if d18 is not None and d18 >= size:
            return f"${d18 // (size // 100) / 100:,.2f} {unit}"
    return dollars(d18)


def moment(time_s: int) -> str:
    """Such as "2026-01-31 12:00"."""
    return datetime.fromtimestamp(time_s, timezone.utc).strftime("%Y-%m-%d %H:%M")


def day(time_s: int) -> str:
    """Such as "31 January 2026"."""
    return datetime.fromtimestamp(time_s, timezone.utc).strftime("%-d %B %Y")


def date(time_s: int) -> str:
    """Such as "31 Jan 2026", for tables."""
    return datetime.fromtimestamp(time_s, timezone.utc).strftime("%-d %b %Y")


def short(text: str) -> str:
    """An address or a hash by its ends; a name as it is."""
    return f"{text[:8]}…{text[-4:]}" if text.startswith("0x") else text


def seconds(time_s: int) -> str:
    """Such as "3 h 20 min"."""
    return f"{time_s // 3600} h {time_s // 60 % 60} min"
