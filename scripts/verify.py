"""Compares a deployment with its sources, and shows these to explorers: `ape run verify [--publish etherscan]`."""

from ssi.cli.verify import cli

__all__ = ["cli"]
