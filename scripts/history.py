"""What an account did: `ape run history [ACCOUNT]`."""

from ssi.cli.history import cli

__all__ = ["cli"]
