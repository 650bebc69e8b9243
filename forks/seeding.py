"""The deployed protocol on a fork, with holders."""

from __future__ import annotations

from rich.console import Console

from forks import control
from forks.local import FORKS
from ssi.deploy import run
from ssi.index.bounds import bounds
from ssi.registry.record import Record
from ssi.registry.system import System


def deploy(console: Console | None = None) -> Record:
    """Deploys on the connected fork. What the first shares consist of comes from nowhere."""
    return run.deploy(console=console, forks=FORKS)


def invest(system: System, symbol: str, who: str, shares: int) -> None:
    """Mints shares in kind, {share}, with constituents from nowhere, so that no pool moves."""
    index = system.index(symbol)
    names = {asset.address.lower(): name for name, asset in system.assets.assets.items()}
    amounts = index.previewMint(shares)
    for address, amount in zip(index.basket().tokens, amounts, strict=True):
        token = system.token(address)
        control.deal(system.evm.rpc, names[address.lower()], who, token.balanceOf(who) + amount)
        token.approve(index.address, amount, sender=who)
    index.mint(shares, who, *bounds(index.basket().tokens, amounts), sender=who)
