"""Requests a stake back: `ape run unstake 2 MAG7.ssi`."""

from ssi.cli.stake import unstake as cli

__all__ = ["cli"]
