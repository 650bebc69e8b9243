"""The grid of epochs that all modules share."""

from __future__ import annotations


class EpochGrid:
    """Epoch 0 begins at `genesis`, Unix seconds; each is `length` seconds long."""

    genesis: int
    length: int

    def epoch(self, now: int) -> int:
        """The epoch that a second belongs to."""
        return (now - self.genesis) // self.length
