"""The room that rebalances: the rebalancer behind its proxy, the filler, and how each index is to be weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssi.deploy.deployer import Deployer

# Mainnet's SwapRouter02, on every network that this deploys to.
SWAP_ROUTER_02 = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"


def deploy(d: Deployer, manager: Any, table: Any, oracle: Any) -> Any:
    """Deploys both, before the factory, whose indexes are born with their rebalancer. Returns that."""
    planner = d.contract("RebalancePlanner")
    rebalancer = d.proxied("Rebalancer", manager, constructor=(oracle, planner))
    d.contract("UniswapFiller", rebalancer, SWAP_ROUTER_02)
    d.roles(manager, table, "Rebalancer", rebalancer)
    return rebalancer


def plan(d: Deployer, rebalancer: Any) -> None:
    """Gives every index its terms and its methodology. The deployer must govern."""
    for index in d.index_params:
        address = d.record.indexes[index.symbol]
        d.once(f"terms of {index.symbol}", rebalancer.setTerms, address, index.rebalancing.onchain())
        tokens = [d.assets.assets[name].address for name in index.weights]
        methodology, parameters = d.record.contracts[index.methodology.name], index.methodology.parameters(index.weights)
        d.once(f"methodology of {index.symbol}", rebalancer.setMethodology, address, methodology, tokens, parameters)
