"""The main job, end to end, on a forked mainnet: `make demo`. Exits with 0 only if every step did what it had to."""

from demo.command import cli

__all__ = ["cli"]
