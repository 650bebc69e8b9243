"""Takes constituents that an index owes: `ape run claim MAG7.ssi`."""

from ssi.cli.kind import claim as cli

__all__ = ["cli"]
