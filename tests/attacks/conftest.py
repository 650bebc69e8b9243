"""Fixtures of attacks."""

from __future__ import annotations

import pytest

from tests.support.quirk_tokens import QuirkTokenScene


@pytest.fixture
def scene(evm, project, authority, owner):
    """An index over a token that misbehaves as a test tells it."""
    return QuirkTokenScene(evm, project, authority, owner)
