"""A rebalance from its start to its end on a fork, with a keeper and nobody else: what a proposal would lead to, trade
by trade.
"""

from __future__ import annotations

from typing import Any

from forks import control
from ssi.governance.decoder import Catalog
from ssi.keeper.rebalance import Filling
from ssi.registry.system import System

# D18 USD that the keeper of a rehearsal may lose on a fill: the proposer's own would rather pay for gas than leave crumbs.
GAS_MONEY = -10 * 10**18


def simulate(fork: System, symbol: str) -> dict[str, Any]:
    """Runs what is running on a fork to its end; prices stay as they are while time passes.

    Weights and cost in bp, profit D18 USD.
    """
    filling = Filling(fork, symbol, fork.evm.account("keeper of a rehearsal"), GAS_MONEY)
    before, status, fills = filling.report(), filling.status(), []

    def send(arguments: tuple[Any, ...]) -> str:
        filling.filler.fill(*arguments, sender=filling.keeper)
        return ""

    def wait(seconds: int) -> None:
        control.warp(fork.evm.rpc, seconds)

    catalog = Catalog(fork)
    for fill, _ in filling.run(send, wait):
        names = catalog.name(fill.token_out), catalog.name(fill.token_in)
        fills.append(
            {
                "sell": names[0],
                "buy": names[1],
                "amountOut": fill.amount_out,
                "amountIn": fill.amount_in,
                "usd": fill.worth / 1e18,
                "secondsAfterStart": fork.evm.now - status.started,
            }
        )
    after = filling.report()
    weights = {
        name: {**weight, "after": after["weights"].get(name, {}).get("now", 0.0)}
        for name, weight in before["weights"].items()
    }
    return {
        "phase": after["phase"],
        "costBps": after["costBps"],
        "budgetBps": after["budgetBps"],
        "weights": weights,
        "trades": fills,
    }
