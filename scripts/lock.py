"""Locks liquidity: `ape run lock 12345`."""

from ssi.cli.lock import lock as cli

__all__ = ["cli"]
