"""Referral codes: `ape run refer show | create CODE | use CODE`."""

from ssi.cli.reward import refer as cli

__all__ = ["cli"]
