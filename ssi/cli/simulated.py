"""What the simulation of a rebalance says, for people."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def tables(simulated: dict[str, Any]) -> list[Table]:
    """The weights, and the trades that a keeper would make."""
    weights = Table("constituent", "weight now", "target", "after", title="Weights", title_justify="left")
    for name, weight in simulated["weights"].items():
        weights.add_row(name, *(f"{weight[key] / 100:.2f} %" for key in ("now", "target", "after")))
    title = (
        f"Trades expected: {simulated['phase']}, cost {simulated['costBps']:.2f} of {simulated['budgetBps']:.0f} bp"
        " of NAV"
    )
    trades = Table("sell", "buy", "USD", "hours after the start", title=title, title_justify="left")
    for trade in simulated["trades"]:
        trades.add_row(trade["sell"], trade["buy"], f"{trade['usd']:,.2f}", f"{trade['secondsAfterStart'] / 3600:.1f}")
    return [weights, trades]
