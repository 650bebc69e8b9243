"""Shows what is scheduled: `ape run pending [--json]`."""

from ssi.cli.pending import cli

__all__ = ["cli"]
