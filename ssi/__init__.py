"""Spot crypto indexes on chain. `from ssi import Protocol` is where programs begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssi.protocol import Protocol

__all__ = ["Protocol"]


def __getattr__(name: str) -> Any:
    """Imports it when it is asked for: the parts of this package do not need the whole."""
    if name == "Protocol":
        from ssi.protocol import Protocol

        return Protocol
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
