"""Takes what a locked position has earned: `ape run collect 12345`."""

from ssi.cli.lock import collect as cli

__all__ = ["cli"]
