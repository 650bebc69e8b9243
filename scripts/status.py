"""Shows every index of a deployment, and who governs it: `ape run status [--json]`."""

from ssi.cli.status import cli

__all__ = ["cli"]
