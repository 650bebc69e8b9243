"""Gas of operations, each measured from the same state."""

from __future__ import annotations

from collections.abc import Callable

from ssi.chain.evm import Evm


class GasFigures(dict[str, int]):
    """Gas by the name of the operation."""

    def __init__(self, evm: Evm) -> None:
        super().__init__()
        self.evm = evm

    def record(self, name: str, action: Callable[[], int]) -> None:
        """Does it, keeps what it used, and undoes it."""
        with self.evm.isolated():
            self[name] = action()
