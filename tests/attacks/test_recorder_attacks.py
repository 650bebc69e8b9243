"""Attacks on the pay of recorders: on those they record, on each other, and on the pot. Ids are those of
docs/invariants.md.
"""

from __future__ import annotations

from itertools import permutations

import pytest

from ssi.chain.evm import Deployed, Evm
from ssi.constants import CLAIMING, MAX
from tests.support.points import DOLLARS, WEEK, PointsWorld
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import error

POT = 1_000_003  # divides by nothing that happens here
PART = POT * 500 // 10_000


@pytest.fixture
def thief(evm: Evm) -> str:
    return evm.account("a recorder who steals")


@pytest.fixture
def people(evm: Evm, world: PointsWorld) -> list[str]:
    """Three with one, two and four parts of seven; the second was referred by the first."""
    names = [evm.account(f"recorded {n}") for n in range(3)]
    for n, person in enumerate(names):
        world.hold(person, DOLLARS << n)
    world.join(*names)
    world.referrals.bind(names[1], names[0], sender=names[1])
    return names


def fund(world: PointsWorld, reward: Deployed, epoch: int, amount: int, bps: int) -> None:
    reward.mint(world.owner, amount, sender=world.owner)
    reward.approve(world.ledger, MAX, sender=world.owner)
    world.ledger.fund(epoch, reward, amount, bps, sender=world.owner)


@pytest.fixture
def over(world: PointsWorld, people: list[str], reward: Deployed) -> PointsWorld:
    """The epoch of these people is over; of its pot five percent are for recorders."""
    assert len(people) == 3
    fund(world, reward, 0, POT, 500)
    world.close(0)
    return world


def claims(world: PointsWorld, reward: Deployed, *people: str, epoch: int = 0) -> list[int]:
    """What each can claim once the pots are open, {tok}."""
    world.go(world.end(epoch) + WEEK)
    return [world.ledger.claimable(person, epoch, reward) for person in people]


def test_who_records_first_takes_nothing_from_the_recorded(over, people, reward, thief):
    """P15: a thief who is there in the first second, with a batch or one by one in any order, changes no account's
    part. It is what another recorder would have left them.
    """
    outcomes = set()
    for n, order in enumerate(permutations(people)):
        recorder = over.evm.account(f"recorder {n}")
        with over.evm.isolated():
            if n == 0:
                over.ledger.recordMany(list(order), 0, sender=thief)
            else:
                for person in order:
                    over.ledger.record(person, 0, sender=recorder)
            outcomes.add(tuple(claims(over, reward, *people)))
    assert len(outcomes) == 1, "P15"
    assert POT - PART - len(people) < sum(outcomes.pop()) <= POT - PART, "P15"


def test_an_account_counts_once_however_often_it_is_recorded(over, people, thief):
    """P14: in a list a hundred times, in two batches, and by itself."""
    over.ledger.recordMany([people[2]] * 100, 0, sender=thief)
    over.ledger.recordMany([people[2], people[2]], 0, sender=thief)
    assert over.ledger.pointsRecordedBy(thief, 0) == over.ledger.pointsOf(people[2], 0), "P14"
    assert over.ledger.totalRecorded(0) == over.ledger.pointsOf(people[2], 0), "P14"


def test_a_crowd_of_recorders_is_paid_as_one(over, people, reward, evm):
    """P14: a recorder for every account is paid no wei more than one for all."""
    with evm.isolated():
        alone = evm.account("alone")
        over.ledger.recordMany(people, 0, sender=alone)
        one = claims(over, reward, alone)[0]
    crowd = [evm.account(f"crowd {n}") for n in range(3)]
    for person, recorder in zip(people, crowd, strict=True):
        over.ledger.record(person, 0, sender=recorder)
    assert one == PART, "P14"
    assert PART - len(crowd) < sum(claims(over, reward, *crowd)) <= PART, "P14"


def test_a_crowd_of_empty_wallets_brings_nothing(world, reward, thief, evm):
    """P14: a hundred wallets with no tokens, all joined and recorded by the thief, are worth no pay."""
    fund(world, reward, 0, POT, 500)
    empty = [evm.account(f"empty {n}") for n in range(100)]
    world.join(*empty)
    world.close(0)
    world.ledger.recordMany(empty, 0, sender=thief)
    assert world.ledger.pointsRecordedBy(thief, 0) == world.ledger.totalRecorded(0) == 0, "P14"


@pytest.mark.parametrize("bps", [1, 333, 500])
def test_no_order_of_claims_takes_more_than_the_pot(world, people, reward, thief, bps):
    """P1, P14: accounts and recorders claim in every order, one records itself, and dust stays behind."""
    fund(world, reward, 0, POT, bps)
    fund(world, reward, 0, 7, 0)
    world.close(0)
    world.ledger.recordMany(people[:2], 0, sender=thief)
    world.ledger.record(people[2], 0, sender=people[2])
    world.go(world.end(0) + WEEK)
    recorders = [*people, thief]
    due = {person: world.ledger.claimable(person, 0, reward) for person in recorders}
    assert POT + 7 - 5 <= sum(due.values()) <= POT + 7, "P14"
    for order in (recorders, recorders[::-1]):
        with world.evm.isolated():
            for person in order:
                world.ledger.claim(0, reward, sender=person)
                assert reward.balanceOf(person) == due[person], "P1"
            funded, paid = world.ledger.potOf(0, reward)
            assert reward.balanceOf(world.ledger) == funded - paid == POT + 7 - sum(due.values()), "P1"


def test_a_wei_with_the_largest_part_moves_no_other_money(world, reward):
    """P14: each funder decides on what they fund, before or after others did."""
    for amounts in (((1, 500), (POT, 0)), ((POT, 0), (1, 500))):
        with world.evm.isolated():
            for amount, bps in amounts:
                fund(world, reward, 0, amount, bps)
            assert world.ledger.recorderPart(0, reward) == 0, "P14"


def test_passing_a_pot_on_again_and_again_never_raises_the_part(over, people, reward, thief):
    """P14: accounts are paid and the recorder is not, then the rest moves through three epochs."""
    over.ledger.recordMany(people, 0, sender=thief)
    over.go(over.end(0) + WEEK)
    for person in people:
        over.ledger.claim(0, reward, sender=person)
    epoch = 0
    over.go(over.end(0) + WEEK + CLAIMING)
    for _ in range(3):
        over.ledger.rollOver(epoch, reward, sender=thief)
        epoch = over.epoch
        funded, paid = over.ledger.potOf(epoch, reward)
        assert paid == 0
        assert over.ledger.recorderPart(epoch, reward) <= funded * 500 // 10_000, "P14"
        over.go(over.end(epoch) + WEEK)


def test_a_recorder_who_calls_back_while_they_are_paid_is_paid_once(over, people, reward, project, thief):
    """P1: the token calls the ledger during the payment."""
    over.ledger.recordMany(people, 0, sender=thief)
    over.go(over.end(0) + WEEK)
    reward.setQuirk(Quirk.REENTERS, sender=thief)
    for payload in (
        over.ledger.claim.encode(0, reward), over.ledger.claimMany.encode([0], [reward.address]),
        over.ledger.recordAndClaim.encode(0, [0], [reward.address]),
    ):  # fmt: skip
        with over.evm.isolated():
            reward.setReentry(over.ledger, payload, sender=thief)
            over.ledger.claim(0, reward, sender=thief)
            assert not reward.reentered()
            assert reward.answer() == error(project.PointsLedger, "ReentrancyGuardReentrantCall").encode([])
            assert reward.balanceOf(thief) == PART, "P1"


def test_who_is_overtaken_pays_for_a_look(over, people, thief, bob):
    """P15: the slower of two recorders of the same batch loses little gas, and what was not recorded still counts for
    them.
    """
    over.ledger.recordMany(people[:2], 0, sender=thief)
    with over.evm.isolated():
        none = over.ledger.recordMany([], 0, sender=bob).gas_used
        looked = over.ledger.recordMany(people[:2], 0, sender=bob).gas_used
        assert (looked - none) / 2 < 6_000
    over.ledger.recordMany(people, 0, sender=bob)
    assert over.ledger.pointsRecordedBy(bob, 0) == over.ledger.pointsOf(people[2], 0), "P15"
