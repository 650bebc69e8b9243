"""What each index should hold by market capitalisations, after docs/selection.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ssi.failure import Misused
from ssi.index.weighing import basis_points, capped, floored
from ssi.registry import params


@dataclass(frozen=True)
class LeftOut:
    """An asset that is larger than the smallest constituent and is none. `enters` says what would change that."""

    asset: str
    why: str
    enters: str


@dataclass(frozen=True)
class Chosen:
    """One index by the rule, and how that differs from its parameters.

    Attributes:
        weights: bp of value by token, the largest first; they sum to 10,000.
        enters, leaves: tokens that the parameters lack, or have.
        unknown: assets of the file that are large enough, and of which nothing is written down.
    """

    symbol: str
    weights: dict[str, int]
    enters: list[str]
    leaves: list[str]
    left_out: list[LeftOut]
    unknown: list[str]


def market_caps(path: Path) -> dict[str, Decimal]:
    """USD by asset out of a file such as {"BTC": "1890500000000"}. Raises Misused."""
    try:
        found = {str(name): Decimal(str(cap)) for name, cap in json.loads(path.read_text()).items()}
        if not found or not all(cap.is_finite() and cap > 0 for cap in found.values()):
            raise ValueError
    except (ValueError, ArithmeticError, AttributeError):
        raise Misused(f'{path} has no market capitalisations: write {{"BTC": "1890500000000", …}}, in USD.') from None
    return found


def select(caps: Mapping[str, Decimal]) -> list[Chosen]:
    """Every index that is ranked. Raises Misused where a candidate's capitalisation is missing."""
    known, indexes = params.selection(), {index.symbol: index for index in params.indexes()}
    eligible = [asset for asset, candidate in known.candidates.items() if candidate.token]
    if missing := [asset for asset in eligible if asset not in caps]:
        raise Misused(f"The file has no capitalisation of {', '.join(missing)}.")
    return [_chosen(indexes[symbol], ranking, known, caps) for symbol, ranking in known.indexes.items()]


def _chosen(
    index: params.Index, ranking: params.Ranking, known: params.Selection, caps: Mapping[str, Decimal]
) -> Chosen:
    ranked = sorted(caps, key=lambda asset: -caps[asset])
    of_class = [a for a in ranked if a in known.candidates and ranking.of in known.candidates[a].classes]
    held = [asset for asset in of_class if known.candidates[asset].token][: ranking.count]
    smallest = caps[held[-1]]
    tokens = {str(known.candidates[asset].token): caps[asset] for asset in held}
    rule = index.methodology
    if isinstance(rule, params.FloorAndMarketCap):
        weights = floored(tokens, rule.floor)
    elif isinstance(rule, params.CappedMarketCap):
        weights = capped(tokens, rule.cap)
    else:
        raise Misused(f"{index.symbol} has fixed weights: it is not ranked.")
    return Chosen(
        index.symbol,
        basis_points(weights),
        [token for token in tokens if token not in index.weights],
        [token for token in index.weights if token not in tokens],
        [
            LeftOut(asset, known.candidates[asset].lacks, known.candidates[asset].enters)
            for asset in of_class
            if not known.candidates[asset].token and caps[asset] > smallest
        ],
        [asset for asset in ranked if asset not in known.candidates and caps[asset] > smallest],
    )
