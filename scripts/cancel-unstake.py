"""Stakes again what cools down: `ape run cancel-unstake MAG7.ssi`."""

from ssi.cli.stake import cancel_unstake as cli

__all__ = ["cli"]
