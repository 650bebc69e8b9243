"""Fixtures of attacks."""

from __future__ import annotations

from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm
from tests.support.quirk_tokens import QuirkTokenScene


@pytest.fixture
def scene(evm: Evm, project: Any, authority: Deployed, owner: str) -> QuirkTokenScene:
    """An index over a token that misbehaves as a test tells it."""
    return QuirkTokenScene(evm, project, authority, owner)
