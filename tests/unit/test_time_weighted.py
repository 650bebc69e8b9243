"""TimeWeightedERC20 against the definition of a time-weighted balance, for every account and epoch, to the wei."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm
from tests.model.points import ZERO
from tests.model.time_weighted import MAX_SUPPLY, SUPPLY, NaiveLedger
from tests.support.reverts import error, reverts

LENGTH = 28 * 24 * 3600
ACCOUNTS = 4
STEPS = 220
RUNS = 8


@pytest.fixture
def token(evm: Evm, project: Any, owner: str) -> tuple[Deployed, NaiveLedger]:
    genesis = evm.now - 1000
    return evm.deploy(project.TimeWeightedMock, genesis, LENGTH, sender=owner), NaiveLedger(genesis, LENGTH)


def pause(rng: random.Random, model: NaiveLedger, now: int) -> int:
    """A time not before `now`: the same second, soon, the boundary second and its neighbours, or after a long sleep."""
    boundary = model.genesis + (model.epoch(now) + 1) * model.length
    return rng.choice(
        [
            now,
            now,
            now + 1,
            now + rng.randrange(1, 10**5),
            boundary - 1,
            boundary,
            boundary + 1,
            now + rng.randrange(LENGTH),
            boundary + 5 * LENGTH,
        ]
    )


def value(rng: random.Random, most: int) -> int:
    return rng.choice([0, min(1, most), most, most // 2, rng.randrange(most + 1)])


@pytest.mark.parametrize("seed", range(RUNS))
def test_every_average_equals_the_definition(evm, token, seed):
    """More than 20,000 comparisons over all runs: each step compares balances and averages of an account and of the
    supply.
    """
    contract, model = token
    rng = random.Random(seed)
    people = [evm.account(f"holder {n}") for n in range(ACCOUNTS)]
    now, compared = max(evm.now, model.genesis), 0
    for _ in range(STEPS):
        now = pause(rng, model, now)
        evm.next_at(now)
        giver, taker = rng.choice(people), rng.choice(people)
        action = rng.choice(["mint", "mint", "burn", "transfer", "transfer", "transfer"])
        if action == "mint":
            amount = value(rng, MAX_SUPPLY - model.balance(SUPPLY))
            contract.mint(taker, amount, sender=giver)
            model.mint(now, taker, amount)
        elif action == "burn":
            amount = value(rng, model.balance(giver))
            contract.burn(giver, amount, sender=giver)
            model.burn(now, giver, amount)
        else:
            amount = value(rng, model.balance(giver))
            contract.transfer(taker, amount, sender=giver)
            model.transfer(now, giver, taker, amount)

        last = model.epoch(now)
        first = rng.randrange(last + 1)
        spans = [(first, first + 1), (0, last + 1), (last, last + 2)]
        for span in spans:
            for person in people:
                assert contract.balanceSeconds(person, *span) == model.balance_seconds(now, person, *span), (
                    "I8",
                    seed,
                    person,
                    span,
                )
            each = [model.balance_seconds(now, person, *span) for person in people]
            assert contract.balanceSecondsBatch([*people, ZERO], *span) == [*each, 0], ("I8", seed, span)
            assert contract.supplySeconds(*span) == model.balance_seconds(now, SUPPLY, *span), ("I8", seed, span)
            compared += len(people) + 1
        for person in people:
            assert contract.balanceOf(person) == model.balance(person)
    assert compared * RUNS >= 20_000


def test_no_supply_beyond_96_bits(project, token, alice):
    contract, _ = token
    contract.mint(alice, MAX_SUPPLY, sender=alice)
    with reverts(error(project.TimeWeightedMock, "TimeWeightedERC20_SupplyOverflow"), supply=MAX_SUPPLY, value=1):
        contract.mint(alice, 1, sender=alice)


def test_epochs_must_be_in_order_and_begun(project, token, alice):
    contract, _ = token
    wrong = error(project.TimeWeightedMock, "TimeWeightedERC20_InvalidEpochs")
    with reverts(wrong, fromEpoch=0, toEpoch=0, currentEpoch=0):
        contract.balanceSeconds(alice, 0, 0)
    with reverts(wrong, fromEpoch=1, toEpoch=2, currentEpoch=0):
        contract.supplySeconds(1, 2)
    with reverts(wrong, fromEpoch=1, toEpoch=2, currentEpoch=0):
        contract.balanceSecondsBatch([alice], 1, 2)


def test_the_grid_must_have_begun_and_have_a_length(evm, project, owner):
    wrong = error(project.TimeWeightedMock, "TimeWeightedERC20_InvalidEpochGrid")
    future = evm.now + 10**6
    with reverts(wrong, genesis=future, length=LENGTH):
        evm.deploy(project.TimeWeightedMock, future, LENGTH, sender=owner)
    with reverts(wrong, genesis=1, length=0):
        evm.deploy(project.TimeWeightedMock, 1, 0, sender=owner)


def test_no_account_spends_more_than_it_has(project, token, alice, bob):
    contract, _ = token
    contract.mint(alice, 5, sender=alice)
    with reverts(error(project.TimeWeightedMock, "ERC20InsufficientBalance"), sender=alice, balance=5, needed=6):
        contract.transfer(bob, 6, sender=alice)
