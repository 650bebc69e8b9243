"""Gas of prices and weights on the deployed system: whole transactions to the view itself, cold."""

from __future__ import annotations

from ssi.chain.evm import Deployed
from ssi.registry import params
from ssi.registry.system import System

BARS = {"price_feed": 42_000, "price_feed_guarded": 50_000, "price_rate": 53_000, "weights_mag7": 75_000}


def measure_methodology(system: System) -> dict[str, int]:
    """Of the views that rebalancing reads.

    `price_feed`: one Chainlink proxy; `price_feed_guarded`: with the round before; `price_rate`: a vault's rate and a
    feed.
    `weights_*`: of an index, by its methodology.
    """
    evm, oracle = system.evm, system.oracle
    user = evm.account("gas asker")

    def asked(contract: Deployed, data: bytes) -> int:
        return evm.send(user, contract, data).gas_used

    named = {"price_feed": "WBTC", "price_feed_guarded": "BNB", "price_rate": "sDAI"}
    figures = {figure: asked(oracle, oracle.price.encode(system.token(name).address)) for figure, name in named.items()}
    for index in params.indexes():
        methodology = system.contract(index.methodology.name)
        tokens = [system.token(name).address for name in index.weights]
        call = methodology.weights.encode(tokens, oracle.prices(tokens), index.methodology.parameters(index.weights))
        figures[f"weights_{index.symbol.removesuffix('.ssi').lower()}"] = asked(methodology, call)
    return figures
