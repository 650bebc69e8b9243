"""Epochs of the deployed points, as keepers and stakers live through them."""

from __future__ import annotations

from forks import control
from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, MAX
from ssi.registry.system import System


def end(ledger: Deployed) -> int:
    """Of the running epoch."""
    return int(ledger.epochGenesis() + (ledger.currentEpoch() + 1) * ledger.epochLength())


def to_next_epoch(evm: Evm, ledger: Deployed, later: int = 0) -> None:
    """To the first second of the next epoch, or so many seconds later."""
    control.warp(evm.rpc, end(ledger) + later - evm.now)


def sample_days(system: System, days: int, keeper: str) -> None:
    """As a keeper does, with feeds that keep up."""
    for _ in range(days):
        control.warp(system.evm.rpc, DAY)
        control.refresh_feeds(system.evm.rpc)
        system.prices.sample(sender=keeper)


def stake(token: Deployed, vault: Deployed, person: str, amount: int) -> None:
    """Deposits, with an allowance for all that follows."""
    token.approve(vault.address, MAX, sender=person)
    vault.deposit(amount, person, sender=person)
