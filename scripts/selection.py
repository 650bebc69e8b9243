"""Applies the rule of docs/selection.md to market capitalisations: `ape run selection FILE`."""

from ssi.cli.selection import cli

__all__ = ["cli"]
