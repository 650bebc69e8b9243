"""What a trade would cost or bring: `ape run quote buy|sell`."""

from ssi.cli.trade import quote as cli

__all__ = ["cli"]
