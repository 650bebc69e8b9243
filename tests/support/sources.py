"""What the sources of the contracts say about themselves."""

from __future__ import annotations

import re

from ssi.build import ROOT


def mocks() -> set[str]:
    """Names of all contracts in `contracts/mocks`."""
    texts = (path.read_text() for path in (ROOT / "contracts/mocks").rglob("*.sol"))
    return {name for text in texts for name in re.findall(r"^(?:abstract )?contract (\w+)", text, re.MULTILINE)}
