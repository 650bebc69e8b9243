"""Lets positions earn points: `ape run join`."""

from ssi.cli.reward import join as cli

__all__ = ["cli"]
