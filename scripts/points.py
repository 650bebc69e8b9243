"""Points: `ape run points keeper | leaderboard | statement ACCOUNT`, each with `--json`."""

from ssi.cli.points import cli

__all__ = ["cli"]
