"""Buys an index: `ape run buy MAG7.ssi --for "1_000.50 USDC"`."""

from ssi.cli.trade import buy as cli

__all__ = ["cli"]
