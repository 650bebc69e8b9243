"""SupplyRegistry: steps, intervals and age. Ids are those of docs/invariants.md."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, ZERO
from tests.support.reverts import error, reverts

WEEK, AGE = 7 * DAY, 100 * DAY
MILLION = 10**24


@pytest.fixture
def registry(evm: Evm, project: Any, owner: str, authority: Deployed) -> Deployed:
    return evm.deploy(project.SupplyRegistry, authority, sender=owner)


@pytest.fixture
def refuses(project: Any) -> Callable[..., AbstractContextManager[None]]:
    return lambda name, **inputs: reverts(error(project.SupplyRegistry, f"SupplyRegistry_{name}"), **inputs)


def test_first_figures_and_how_they_are_read(evm, registry, alice, bob, owner, refuses):
    receipt = registry.list([alice, bob], [MILLION, 7], sender=owner)
    assert [(event.name, event.values) for event in receipt.events(registry)] == [
        ("SupplyListed", {"token": alice, "supply": MILLION}), ("SupplyListed", {"token": bob, "supply": 7}),
    ]  # fmt: skip
    assert registry.supplies([bob, alice]) == [7, MILLION]
    assert registry.supplies([]) == []
    assert tuple(registry.lastPosting(alice)) == (MILLION, evm.now)
    assert tuple(registry.lastPosting(owner)) == (0, 0)
    for call in (lambda: registry.supply(owner), lambda: registry.supplies([alice, owner])):
        with refuses("NotListed", token=owner):
            call()


def test_nothing_is_listed_twice(registry, alice, owner, refuses):
    with refuses("AlreadyListed", token=alice):
        registry.list([alice, alice], [1, 2], sender=owner)
    registry.list([alice], [1], sender=owner)
    with refuses("AlreadyListed", token=alice):
        registry.list([alice], [10**30], sender=owner)


@given(before=st.integers(1, 2**128 - 1), up=st.booleans(), nudge=st.integers(-2, 2))
@example(before=1, up=True, nudge=0)
@example(before=2**128 - 1, up=True, nudge=0)
@example(before=3, up=False, nudge=0)
def test_steps_of_a_quarter_at_most(evm, registry, alice, owner, refuses, before, up, nudge):
    """W4, at and around the bound, in both directions."""
    with evm.isolated():
        after = max(0, before + (1 if up else -1) * (before // 4) + nudge)
        registry.list([alice], [before], sender=owner)
        evm.warp(WEEK)
        if not 0 < after < 2**128:
            with refuses("InvalidSupply", token=alice, supply=after):
                registry.post([alice], [after], sender=owner)
        elif abs(after - before) * 4 > before:
            with refuses("StepTooLarge", token=alice, supply=after, before=before, maxStep=2_500):
                registry.post([alice], [after], sender=owner)
        else:
            receipt = registry.post([alice], [after], sender=owner)
            [event] = receipt.events(registry)
            assert event.values == {"token": alice, "supply": after, "before": before}
            assert tuple(registry.lastPosting(alice)) == (after, evm.now), "W4 within a quarter"


def test_a_week_between_postings(evm, registry, alice, owner, refuses):
    registry.list([alice], [MILLION], sender=owner)
    since = evm.now
    evm.mine_at(since + WEEK - 1)
    with refuses("TooSoon", token=alice, earliest=since + WEEK):
        registry.post([alice], [MILLION], sender=owner)
    evm.mine_at(since + WEEK)
    with refuses("TooSoon", token=alice, earliest=since + 2 * WEEK):
        registry.post([alice, alice], [MILLION * 5 // 4, MILLION * 25 // 16], sender=owner)
    registry.post([alice], [MILLION], sender=owner)


def test_old_figures_are_refused_to_readers_and_can_be_renewed(evm, registry, alice, owner, refuses):
    registry.list([alice], [MILLION], sender=owner)
    since = evm.now
    assert registry.supply.call(alice, at=since + AGE) == MILLION
    evm.mine_at(since + AGE + 1)
    for call in (lambda: registry.supply(alice), lambda: registry.supplies([alice])):
        with refuses("Stale", token=alice, postedAt=since, maxAge=AGE):
            call()
    assert tuple(registry.lastPosting(alice)) == (MILLION, since)
    registry.post([alice], [MILLION], sender=owner)
    assert registry.supply(alice) == MILLION


def test_what_is_no_figure(registry, alice, bob, owner, refuses):
    for supply in (0, 2**128, 2**256 - 1):
        with refuses("InvalidSupply", token=alice, supply=supply):
            registry.list([alice], [supply], sender=owner)
    for call in (registry.list, registry.post):
        with refuses("LengthMismatch", tokens=2, supplies=1):
            call([alice, bob], [1], sender=owner)
    with refuses("NotListed", token=alice):
        registry.post([alice], [1], sender=owner)


def test_only_whom_the_manager_allows(project, registry, alice):
    for call in (registry.list, registry.post):
        with reverts(error(project.SupplyRegistry, "AccessManagedUnauthorized"), caller=alice):
            call([alice], [1], sender=alice)


def test_no_registry_without_an_authority(evm, project, owner, refuses):
    with refuses("ZeroAddress"):
        evm.deploy(project.SupplyRegistry, ZERO, sender=owner)


def test_constants(registry):
    assert (registry.MAX_STEP(), registry.MIN_INTERVAL(), registry.MAX_AGE()) == (2_500, WEEK, AGE)
