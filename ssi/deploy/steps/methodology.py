"""The module that weighs: supplies and methodologies."""

from __future__ import annotations

from typing import Any

from ssi.deploy.builder import Builder
from ssi.registry import params


def deploy(d: Builder, manager: Any, table: Any) -> None:
    """Deploys the registry with its first supplies and the methodologies. The deployer must govern."""
    registry = d.contract("SupplyRegistry", manager)
    for name in ("FloorAndMarketCap", "CappedMarketCap"):
        d.contract(name, registry)
    d.contract("FixedWeights")

    d.roles(manager, table, "SupplyRegistry", registry)
    listed = params.supplies().supplies
    tokens = [d.assets.assets[name].address for name in listed]
    d.once(
        "the first supplies", registry.list, tokens, [int(supply.circulating * 10**18) for supply in listed.values()]
    )
