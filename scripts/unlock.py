"""Requests liquidity back, or takes it out: `ape run unlock 12345`."""

from ssi.cli.lock import unlock as cli

__all__ = ["cli"]
