"""Parameters of a deployment for a market: the first day's weights and supplies, and bounds of prices for years."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

from replay.market import Market
from replay.model import weights
from ssi import places
from ssi.failure import Misused
from ssi.index.weighing import basis_points
from ssi.registry import params

WIDEST = 90  # times the first answer: nearly the farthest that a bound may be


def rule(symbol: str) -> tuple[str, Decimal]:
    """Name and number of an index's methodology. Raises Misused where it does not weigh by market capitalisation."""
    index = chosen(symbol)
    if isinstance(index.methodology, params.FixedWeights):
        raise Misused(f"{symbol} has fixed weights: a replay is of an index that weighs by market capitalisation.")
    method = index.methodology
    return method.name, method.floor if isinstance(method, params.FloorAndMarketCap) else method.cap


def chosen(symbol: str) -> params.Index:
    """The parameters of an index. Raises Misused where there are none."""
    found = [index for index in params.indexes() if index.symbol.lower() in (symbol.lower(), f"{symbol.lower()}.ssi")]
    if not found:
        raise Misused(f"There is no index {symbol} in the parameters.")
    return found[0]


def prepare(market: Market, symbol: str, folder: Path) -> None:
    """Copies the parameters and adapts them to the first day. Raises Misused where the methodology cannot weigh it."""
    shutil.copytree(places.params(), folder, dirs_exist_ok=True)
    name, number = rule(symbol)
    first = {token: market.close(token, 0) for token in market.members(0)}
    together = number * len(first)
    if together > 1 if name == "FloorAndMarketCap" else together < 1:
        raise Misused(f"{symbol} cannot weigh {len(first)} tokens with {number}.")
    wanted = weights(name, number, first, {token: supply for token in first if (supply := market.supplies[token][0])})
    for file in sorted((folder / "indexes").glob("*.json")):
        content = json.loads(file.read_text())
        if content["symbol"] == symbol:
            content["weights"] = basis_points(wanted)
            file.write_text(json.dumps(content))
    supplies = json.loads((folder / "supplies.json").read_text())
    for token, amounts in market.supplies.items():
        known = next((amount for amount in amounts if amount is not None), None)
        if known is not None:
            supplies["supplies"][token] = {"asset": token, "circulating": f"{known:f}"}
    (folder / "supplies.json").write_text(json.dumps(supplies))
    assets = json.loads((folder / "assets.json").read_text())
    for asset in assets["assets"].values():
        for leg in [*asset["price"], *(asset.get("second") or {"price": []})["price"]]:
            _widen(leg)
    (folder / "assets.json").write_text(json.dumps(assets))


def _widen(leg: dict[str, Any]) -> None:
    """Prices of years leave bounds that a deployment sets for months; governance would move them meanwhile."""
    stable = leg["source"] in {f"{name}/USD" for name in ("USDC", "USDT", "DAI", "USDS")}
    if leg["kind"] == "Aggregator" and not stable:
        leg.pop("min", None)
        leg.pop("max", None)
        leg["within"] = WIDEST
