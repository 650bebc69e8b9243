"""Writes down points: `ape run record`."""

from ssi.cli.reward import record as cli

__all__ = ["cli"]
