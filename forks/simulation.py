"""A rebalance from its start to its end on a fork, with one keeper alone: what a proposal would lead to, trade
by trade.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from forks import control
from ssi.governance.decoder import Decoder
from ssi.keeper.rebalance import RebalanceKeeper
from ssi.registry.system import System

# D18 USD that the keeper of a simulation may lose on a fill: the proposer's own would rather pay for gas than leave
# crumbs.
GAS_MONEY = -10 * 10**18


def simulate(fork: System, symbol: str) -> dict[str, Any]:
    """Runs what is running on a fork to its end; prices stay as they are while time passes.

    Weights and cost in bp, profit D18 USD.
    """
    rebalance_keeper = RebalanceKeeper(fork, symbol, fork.evm.account("keeper of a simulation"), GAS_MONEY)
    before, status, fills = rebalance_keeper.report(), rebalance_keeper.status(), []

    def send(arguments: tuple[Any, ...]) -> str:
        rebalance_keeper.filler.fill(*arguments, sender=rebalance_keeper.keeper)
        return ""

    decoder = Decoder(fork)
    for fill, _ in rebalance_keeper.run(send, partial(control.warp, fork.evm.rpc)):
        names = decoder.name(fill.token_out), decoder.name(fill.token_in)
        fills.append(
            {
                "sell": names[0],
                "buy": names[1],
                "amountOut": fill.amount_out_wei,
                "amountIn": fill.amount_in_wei,
                "usd": fill.worth_usd_d18 / 1e18,
                "secondsAfterStart": fork.evm.now - status.started,
            }
        )
    after = rebalance_keeper.report()
    weights = {
        name: {
            "now": weight.now_bps,
            "target": weight.target_bps,
            "after": after.weights[name].now_bps if name in after.weights else 0.0,
        }
        for name, weight in before.weights.items()
    }
    return {
        "phase": after.phase.word,
        "costBps": after.cost_bps,
        "budgetBps": after.budget_bps,
        "weights": weights,
        "trades": fills,
    }
