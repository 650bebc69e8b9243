"""The jobs of the protocol, as a keeper does them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ssi.chain.evm import Reverted
from ssi.chain.sender import Sender
from ssi.governance.decoder import Decoder
from ssi.keeper import maintenance
from ssi.keeper.maintenance import Outcome
from ssi.keeper.points import PointsKeeper
from ssi.keeper.rebalance import Phase, RebalanceKeeper
from ssi.keeper.service import KeeperJob
from ssi.points.pay import Policy
from ssi.registry.system import System

FILLS = 20  # of one index, on one look; the rest has to wait for the other jobs


def routine(system: System, sender: Sender, min_profit: int, policy: Policy) -> list[KeeperJob]:
    """All of them. `min_profit`: D18 USD that a fill must bring after gas. `policy`: which records of points pay."""
    explain = Decoder(system).error
    symbols = system.record.indexes if "Rebalancer" in system.record.contracts else []
    found = [
        KeeperJob(
            f"rebalance {symbol}", 0, partial(fill, RebalanceKeeper(system, symbol, sender.address, min_profit), sender)
        )
        for symbol in symbols
    ]
    found.append(
        KeeperJob("distribute", 60, lambda: maintenance.perform(maintenance.distributions(system), sender, explain))
    )
    found.append(KeeperJob("poke", 600, lambda: maintenance.perform(maintenance.pokes(system), sender, explain)))
    if "PointsLedger" in system.record.contracts:
        found.append(KeeperJob("points", 300, lambda: points(system, sender, policy)))
    return found


def fill(rebalance_keeper: RebalanceKeeper, sender: Sender) -> Sequence[Outcome]:
    """All that pays now, of a running rebalance."""
    done: list[Outcome] = []
    for _ in range(FILLS):
        if rebalance_keeper.phase is not Phase.RUNNING:
            break
        found = rebalance_keeper.fills()
        if not found or not rebalance_keeper.pays(found[0]):
            break
        what = f"{rebalance_keeper.symbol} net ${found[0].net_usd_d18 / 1e18:,.4f}"
        data = rebalance_keeper.filler.fill.encode(
            *found[0].arguments(rebalance_keeper.index.address, rebalance_keeper.keeper)
        )
        try:
            done.append(Outcome("fill", what, sender.send(rebalance_keeper.filler.address, data).hash))
        except Reverted:
            done.append(Outcome("fill", what))  # the world moved: the next look starts anew
            break
    return done


def points(system: System, sender: Sender, policy: Policy) -> Sequence[Outcome]:
    """Samples prices, records who is worth it, and claims the pay."""
    said: list[str] = []
    done = PointsKeeper(system, sender, said.append, policy).keep()
    return [Outcome("points", text, "sent") for text in said] + [
        Outcome("record", f"{who} of epoch {epoch}", problem=why)
        for epoch, run in done.recordings.items()
        for who, why in run.failed.items()
    ]
