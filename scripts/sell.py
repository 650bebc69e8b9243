"""Sells an index: `ape run sell all MAG7.ssi --for ETH`."""

from ssi.cli.trade import sell as cli

__all__ = ["cli"]
