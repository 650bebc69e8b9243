"""Takes a part of the pots: `ape run claim-pot`."""

from ssi.cli.reward import claim_pot as cli

__all__ = ["cli"]
