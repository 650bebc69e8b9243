"""Deploys the locker of liquidity and the registry of referrals."""

from __future__ import annotations

from typing import Any

from ssi.deploy.builder import Builder


def deploy(d: Builder, manager: Any, table: Any, factory: Any) -> None:
    """No pool is on the locker's list yet, and the registry knows no ledger."""
    external, epochs = d.protocol.contracts, (d.protocol.epoch_genesis, d.protocol.epoch_length)
    lp_locker = d.contract(
        "LpLocker", manager, external.position_manager, external.uniswap_v2_factory, factory, *epochs
    )
    registry = d.contract("ReferralRegistry", manager)
    d.roles(manager, table, "LpLocker", lp_locker)
    d.roles(manager, table, "ReferralRegistry", registry)
