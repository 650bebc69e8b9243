"""Executes what is ready: `ape run execute [OPERATION ...]`."""

from ssi.cli.execute import cli

__all__ = ["cli"]
