"""The start of a rebalance as it is proposed: what must come of it, and what to do where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ssi.chain.evm import Deployed

_AGAIN = "Propose it again by the prices of now: `ape run propose rebalance`."
_WAIT = "Wait until it is back, and look for what moved it."
# What helps against a refusal, by the error's name.
ADVICE = {
    "Rebalancer_WrongNonce": f"The plan or the terms have changed since, or another start came first. {_AGAIN}",
    "Rebalancer_TooLate": f"The last moment that was proposed has passed. {_AGAIN}",
    "Rebalancer_PriceOff": f"A price is too far from what was proposed. {_WAIT} {_AGAIN}",
    "Rebalancer_TargetOff": f"A target is too far from what was proposed. {_WAIT} {_AGAIN}",
    "Rebalancer_NoReference": f"A token that is new here needs a price in the proposal. {_AGAIN}",
    "Rebalancer_TurnoverTooLarge": (
        "Wait some days: the longer ago the last start is, the more may be sold. "
        "Where the terms allow less even so, go in steps, or raise them: `ape run propose set-terms`."
    ),
    "Rebalancer_PriceNotNeeded": f"The oracle has a price for what was to be sold by a given one. {_AGAIN}",
    "Rebalancer_Running": "A rebalance is running. Wait for its end, or let the guardian cancel it.",
    "PriceOracle_Disagreement": (
        "Two sources of a price disagree. Wait until they agree, or look for which one is wrong."
    ),
    "PriceOracle_Stale": "A price is missing: `ape run status` shows which. Wait for it.",
}


@dataclass(frozen=True)
class Bounds:
    """How far from what is proposed a start may be, bp, and for how many days from now it may happen."""

    price_bps: int = 2_500
    target_bps: int = 1_000
    days: int = 24


def start_call(
    rebalancer: Deployed, index: Deployed, latest: int, bounds: Bounds, given: Mapping[str, int] | None = None
) -> tuple[bytes, int]:
    """Calldata of a start as it would be now, and the bp of NAV that it sells.

    Args:
        latest: Unix seconds. given: D18 USD of tokens that leave and have no price, by address.
    """
    given = given or {}
    plan = rebalancer.planOf(index)
    tokens = [*plan.tokens, *(token for token in index.basket().tokens if token not in plan.tokens)]
    unpriced = sum(1 << place for place, token in enumerate(tokens) if token in given)
    preview = rebalancer.previewStart(index, [given.get(token, 0) for token in tokens] if unpriced else [], unpriced)
    proposal = (plan.nonce, latest, bounds.price_bps, bounds.target_bps, preview.prices, preview.targets, unpriced)
    return rebalancer.startRebalance.encode(index, proposal), preview.turnover


def advice(error: str) -> str:
    """What to do about a revert as `Decoder.error` says it; empty where nothing is known."""
    return ADVICE.get(error.partition("(")[0], "")
