"""Whether an indexer and the chain agree: `ape run indexer check --help`."""

from ssi.cli.indexer import cli

__all__ = ["cli"]
