"""Takes what has matured: `ape run withdraw [MAG7.ssi]`."""

from ssi.cli.stake import withdraw as cli

__all__ = ["cli"]
