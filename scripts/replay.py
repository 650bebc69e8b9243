"""Years of daily prices through the deployed contracts, on a fork: `make replay`."""

from replay.command import cli

__all__ = ["cli"]
