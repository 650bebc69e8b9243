"""The room that rebalances: the rebalancer behind its proxy, the filler, and how each index is to be weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripts._lib.deployer import Deployer

REBALANCER = 3
# Mainnet's SwapRouter02, on every network that this deploys to.
SWAP_ROUTER_02 = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"

# premium at the start and discount at the end in bp, seconds, loss budget in bp, dust in ppm of NAV
TERMS = (100, 100, 24 * 3600, 50, 50)


def deploy(d: Deployer, manager: Any, table: Any, oracle: Any) -> dict[str, Any]:
    """Deploys both, gives the rebalancer its role and every index its terms; returns what is managed, by name. The deployer must govern."""
    implementation = d.contract("Rebalancer", oracle, key="RebalancerImplementation")
    proxy = d.contract("ProtocolProxy", implementation, implementation.initialize.encode_input(manager), key="Rebalancer")
    rebalancer = d.project.Rebalancer.at(proxy.address)
    d.contract("UniswapFiller", rebalancer, SWAP_ROUTER_02)

    roles: dict[int, list[bytes]] = {}
    for row in table.rows():
        if row.target == "Rebalancer":
            roles.setdefault(row.role, []).append(row.selector)
    for role, selectors in roles.items():
        d.once(f"role {role} on Rebalancer", manager.setTargetFunctionRole, rebalancer, selectors, role)
    d.once("the rebalancer may swap", manager.grantRole, REBALANCER, rebalancer, 0)

    for index in d.index_params:
        address = d.record.indexes[index.symbol]
        d.once(f"terms of {index.symbol}", rebalancer.setTerms, address, TERMS)
        # Without the room of the methodologies an index has none yet, and nothing can be started.
        chosen = getattr(index, "methodology", None)
        if chosen is not None and chosen.name in d.record.contracts:
            tokens = [d.assets.assets[name].address for name in index.weights]
            methodology, parameters = d.record.contracts[chosen.name], chosen.parameters(index.weights)
            d.once(f"methodology of {index.symbol}", rebalancer.setMethodology, address, methodology, tokens, parameters)
    return {"Rebalancer": rebalancer}
