"""Redeems an index in kind: `ape run redeem all MAG7.ssi`."""

from ssi.cli.kind import redeem as cli

__all__ = ["cli"]
