"""What somebody has to do now and then, and anybody may: pay out fees, and move the checkpoints of vaults' rates."""

from __future__ import annotations

from scripts._lib.system import System

DAY = 86_400
POKE_AFTER = 7 * DAY  # the oracle allows it every six hours, and wants it once in thirty days


def due_distributions(system: System) -> list[str]:
    """Symbols of the indexes that were not distributed on this UTC day and have earned something."""
    today, distributor = system.evm.now // DAY, system.distributor
    due = []
    for symbol, index in system.record.indexes.items():
        split, pending = distributor.splitOf(index), distributor.pending(index)
        if int(split.stakedToken, 16) and split.lastDay < today and pending.toStakers + pending.toTreasury:
            due.append(symbol)
    return due


def due_pokes(system: System) -> list[str]:
    """Names of the assets whose price has a vault's rate with an old checkpoint."""
    rates = {name: leg.source for name, asset in system.assets.assets.items() for leg in asset.price if leg.kind == "Erc4626Rate"}
    due = []
    for name, source in rates.items():
        _, at = system.oracle.checkpoint(system.token(name).address, system.token(source).address)
        if at and system.evm.now - at >= POKE_AFTER:
            due.append(name)
    return due
