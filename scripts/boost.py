"""Stakes SOSO to boost points: `ape run boost`."""

from ssi.cli.stake import boost as cli

__all__ = ["cli"]
