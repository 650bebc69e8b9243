"""What is asked of forks.

The package `forks` makes them; a command is given them, so that nothing here depends on a test chain.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any


class NotStarted(RuntimeError):  # noqa: N818 - it says what happened
    """A fork did not start. The message may contain the URL of what was to be forked."""


class Forks(ABC):
    """Makes forks, and moves them."""

    @abstractmethod
    def fork(self, url: str, block: int | None = None) -> AbstractContextManager[str]:
        """A fork of the chain at `url`, at its head unless `block` is said; yields its URL and ends it.

        Raises NotStarted.
        """

    @abstractmethod
    def warp(self, rpc: Any, seconds: int) -> None:
        """Lets time pass on a fork, with feeds that keep up."""

    @abstractmethod
    def deal(self, rpc: Any, token: str, holder: str, amount: int) -> None:
        """Makes a holder's balance at least `amount` token-wei on a fork. `token` by name."""

    @abstractmethod
    def simulate(self, fork: Any, symbol: str) -> dict[str, Any]:
        """Runs the rebalance of an index on a fork to its end, and says what came of it."""
