"""Looks at what a deployment would stand on: `ape run preflight [--supplies FILE] [--account ALIAS]`."""

from ssi.cli.preflight import cli

__all__ = ["cli"]
