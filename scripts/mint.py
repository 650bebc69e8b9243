"""Mints an index in kind: `ape run mint 2 MAG7.ssi`."""

from ssi.cli.kind import mint as cli

__all__ = ["cli"]
