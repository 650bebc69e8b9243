"""The chores of the protocol, as a keeper does them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ssi.chain.evm import Reverted
from ssi.chain.sender import Sender
from ssi.governance.decoder import Decoder
from ssi.keeper import maintenance
from ssi.keeper.maintenance import Outcome
from ssi.keeper.rebalance import Phase, RebalanceKeeper
from ssi.keeper.service import Chore
from ssi.points.ledger import Ledger, keep
from ssi.registry.system import System

FILLS = 20  # of one index, on one look; the rest has to wait for the other chores


def routine(system: System, sender: Sender, min_profit: int, min_worth: int | None) -> list[Chore]:
    """All of them. D18 USD: what a fill must bring after gas, and what a record of points must be worth."""
    explain = Decoder(system).error
    symbols = system.record.indexes if "Rebalancer" in system.record.contracts else []
    found = [
        Chore(
            f"rebalance {symbol}", 0, partial(fill, RebalanceKeeper(system, symbol, sender.address, min_profit), sender)
        )
        for symbol in symbols
    ]
    found.append(
        Chore("distribute", 60, lambda: maintenance.perform(maintenance.distributions(system), sender, explain))
    )
    found.append(Chore("poke", 600, lambda: maintenance.perform(maintenance.pokes(system), sender, explain)))
    if "PointsLedger" in system.record.contracts:
        ledger = Ledger(system.points, system.prices, system.record.block or 0)
        found.append(Chore("points", 300, lambda: points(system, ledger, sender, min_worth)))
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
        what = f"{rebalance_keeper.symbol} net ${found[0].net / 1e18:,.4f}"
        data = rebalance_keeper.filler.fill.encode(
            *found[0].arguments(rebalance_keeper.index.address, rebalance_keeper.keeper)
        )
        try:
            done.append(Outcome("fill", what, sender.send(rebalance_keeper.filler.address, data).hash))
        except Reverted:
            done.append(Outcome("fill", what))  # the world moved: the next look starts anew
            break
    return done


def points(system: System, ledger: Ledger, sender: Sender, min_worth: int | None) -> Sequence[Outcome]:
    """Samples prices and records who is worth it."""
    said: list[str] = []
    done = keep(ledger, sender, said.append, system.oracle, system.token("WETH").address, min_worth)
    outcomes = [Outcome("points", text, "sent") for text in said]
    for epoch, failed in done["failed"].items():
        outcomes += [Outcome("record", f"{who} of epoch {epoch}", problem=why) for who, why in failed.items()]
    return outcomes
