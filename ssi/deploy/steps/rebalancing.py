"""The module that rebalances: the rebalancer behind its proxy, the filler, and how each index is to be weighed."""

from __future__ import annotations

from typing import Any

from ssi.constants import SWAP_ROUTER
from ssi.deploy.builder import Builder


def deploy(d: Builder, manager: Any, table: Any, oracle: Any) -> Any:
    """Deploys both, before the factory, whose indexes are born with their rebalancer. Returns that."""
    planner = d.contract("RebalancePlanner")
    rebalancer = d.proxied("Rebalancer", manager, constructor=(oracle, planner))
    d.contract("UniswapFiller", rebalancer, SWAP_ROUTER)
    d.roles(manager, table, "Rebalancer", rebalancer)
    return rebalancer


def plan(d: Builder, rebalancer: Any) -> None:
    """Gives every index its terms and its methodology. The deployer must govern."""
    for index in d.index_params:
        address = d.record.indexes[index.symbol]
        d.once(f"terms of {index.symbol}", rebalancer.setTerms, address, index.rebalancing.onchain())
        tokens = [d.assets.assets[name].address for name in index.weights]
        methodology, parameters = (
            d.record.contracts[index.methodology.name],
            index.methodology.parameters(index.weights),
        )
        d.once(f"methodology of {index.symbol}", rebalancer.setMethodology, address, methodology, tokens, parameters)
