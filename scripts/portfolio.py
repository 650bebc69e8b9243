"""What an account has: `ape run portfolio [ACCOUNT]`."""

from ssi.cli.portfolio import cli

__all__ = ["cli"]
