"""Stops what is scheduled: `ape run cancel OPERATION`."""

from ssi.cli.cancel import cli

__all__ = ["cli"]
