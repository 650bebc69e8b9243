"""Stakes: `ape run stake 2 MAG7.ssi`."""

from ssi.cli.stake import stake as cli

__all__ = ["cli"]
