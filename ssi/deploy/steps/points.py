"""Deploys the points ledger, and makes the router and the registry of referrals know it."""

from __future__ import annotations

from typing import Any

from ssi.deploy.builder import Builder

BOOSTER = "SOSO"


def deploy(d: Builder, manager: Any, table: Any, oracle: Any, router: Any) -> None:
    """Points for every index and its staked token, boosted by staked SOSO.

    No price is sampled yet: that is the keeper's.
    """
    known, epochs = d.record.contracts, (d.protocol.epoch_genesis, d.protocol.epoch_length)
    prices = d.contract("ReferencePrices", manager, oracle, *epochs)
    d.roles(manager, table, "ReferencePrices", prices)
    ledger = d.proxied("PointsLedger", manager, prices, router)
    d.roles(manager, table, "PointsLedger", ledger)
    pairs = [(d.record.indexes[index.symbol], d.record.staked[index.symbol]) for index in d.index_params]
    sources = (pairs, d.record.staked[BOOSTER], known["LpLocker"], known["ReferralRegistry"])
    d.once("where points come from", prices.setSources, sources)
    d.once("the registry knows the ledger", d.project.ReferralRegistry.at(known["ReferralRegistry"]).setLedger, ledger)
    d.once("the router tells the ledger", router.setBuyHook, ledger)
