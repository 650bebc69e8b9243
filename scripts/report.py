"""What an index did in some weeks, as a page: `ape run report INDEX --from 2026-01-01 --to 2026-02-01`."""

from ssi.cli.report import cli

__all__ = ["cli"]
