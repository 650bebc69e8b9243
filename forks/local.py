"""Forks on this machine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from forks import anvils, control, simulation
from ssi.chain.forking import Forks


class LocalForks(Forks):
    """Each an anvil of its own."""

    def fork(self, url: str, block: int | None = None) -> AbstractContextManager[str]:
        return anvils.fork_of(url, block=block)

    def warp(self, rpc: Any, seconds: int) -> None:
        control.warp(rpc, seconds)

    def deal(self, rpc: Any, token: str, holder: str, amount: int) -> None:
        control.deal(rpc, token, holder, amount)

    def simulate(self, fork: Any, symbol: str) -> dict[str, Any]:
        return simulation.simulate(fork, symbol)


FORKS = LocalForks()
