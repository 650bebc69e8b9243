"""The rebalancer, function by function. Ids are those of docs/invariants.md."""

from __future__ import annotations

from dataclasses import astuple

import eth_abi
import pytest

from scripts._lib.evm import Reverted
from tests.model import rebalancing as model
from tests.support.indexes import DAY, MAX
from tests.support.rebalancing import TERMS, World
from tests.support.reverts import error, reverts

USD = 10**8
DECIMALS = (18, 8, 6, 18)
PRICES = (100 * USD, 90_000 * USD, USD, 25 * USD)
ZERO = "0x" + "00" * 20


@pytest.fixture
def world(evm, project, authority, owner):
    """Three constituents in equal parts, a fourth token outside, a thousand shares."""
    world = World(evm, project, authority, owner, DECIMALS, PRICES, 3)
    world.mint("alice", 1000 * 10**18)
    return world


def weights(*percent):
    return {str(n): part * 10**16 for n, part in enumerate(percent) if part}


def failure(project, name):
    return error(project.Rebalancer, f"Rebalancer_{name}")


def start(world, **changes):
    """On the chain alone, where it is to be refused."""
    world.rebalancer.startRebalance(world.index, world.words(world.proposal(**changes)), sender=world.owner)


# ---------------------------------------------------------------- from beginning to end


def test_two_bids_complete_it(world):
    world.set_plan(weights(50, 30, 20))
    receipt = world.start()
    (started,) = receipt.events(world.rebalancer, "RebalanceStarted")
    assert started.values["ends"] == world.evm.now + DAY
    world.warp(DAY // 2)
    assert world.both_bid("bob", 2, 0, MAX)[0] > 0
    assert world.both_bid("bob", 1, 0, MAX)[0] > 0
    world.agree()
    assert world.model.phase == model.COMPLETED


def test_one_leaves_and_another_comes(world):
    """The newcomer is in the basket with the first bid, and who leaves is out with the last one."""
    world.set_plan({"0": 10**18 // 3, "1": 10**18 // 3, "3": 10**18 - 2 * (10**18 // 3)})
    world.start()
    world.warp(DAY // 3)
    tokens = [token.address for token in world.tokens]
    half = world.quote(2, 3, MAX)[0] // 2
    world.both_bid("bob", 2, 3, half)
    assert world.index.basket().tokens == [tokens[n] for n in (0, 1, 2, 3)]
    world.both_bid("carol", 2, 3, MAX)
    assert world.index.basket().tokens == [tokens[n] for n in (0, 1, 3)]
    world.agree()
    assert world.model.phase == model.COMPLETED
    assert world.tokens[2].balanceOf(world.index) <= 2


def test_the_last_of_a_leaving_constituent_finds_a_buyer(world):
    """Its price rises after the start, so what is missing is bought before it is sold out."""
    world.set_plan({"0": 10**18 // 3, "1": 10**18 // 3, "3": 10**18 - 2 * (10**18 // 3)})
    world.start()
    world.warp(DAY // 3)
    world.set_price(2, USD * 1001 // 1000)
    world.both_bid("bob", 2, 3, MAX)
    status = world.rebalancer.status(world.index)
    assert (status.phase, status.surplus, status.deficit) == (1, 1, 0)
    while world.model.phase == model.RUNNING:
        moved = [world.both_bid("bob", 2, n, MAX)[0] for n in (0, 1, 3) if world.model.phase == model.RUNNING]
        assert any(moved)
        world.agree()
    assert world.model.phase == model.COMPLETED
    assert world.tokens[2].address not in world.index.basket().tokens


def test_nothing_to_do_is_done_at_once(world):
    receipt = world.start()
    assert [event.name for event in receipt.events(world.rebalancer)] == ["RebalanceStarted", "RebalanceEnded"]
    assert world.rebalancer.status(world.index).phase == 2


def test_the_premium_falls_by_the_second(world):
    world.set_plan(weights(50, 30, 20))
    world.start()
    start = world.evm.now
    for seconds, premium in ((0, 10**16), (1, 10**16 - 3 * 10**16 // DAY), (DAY // 3, 0), (DAY - 1, -(2 * 10**16 - 3 * 10**16 // DAY) + 1)):
        world.evm.mine_at(start + seconds)
        assert abs(world.rebalancer.status(world.index).premium - premium) <= 1
        assert world.rebalancer.status(world.index).premium == world.model.factor(world.evm.now) - 10**18


def test_time_ends_it(world):
    world.set_plan(weights(50, 30, 20))
    world.start()
    ends = world.evm.now + DAY
    with reverts(failure(world.project, "NotOver"), index=world.index.address, ends=ends):
        world.rebalancer.close(world.index, sender=world.owner)
    world.warp(DAY)
    assert world.rebalancer.status(world.index).phase == 5, "R7 expired"
    assert world.bid("bob", 2, 0, MAX) == (0, 0)
    world.rebalancer.close(world.index, sender=world.owner)
    with reverts(failure(world.project, "NotRunning"), index=world.index.address):
        world.rebalancer.close(world.index, sender=world.owner)
    world.start()


def test_a_limit_is_for_the_whole_amount(world):
    world.set_plan(weights(50, 30, 20))
    world.start()
    out, paid = world.quote(2, 0, MAX)
    with reverts(failure(world.project, "PriceTooHigh"), amountIn=paid, limit=paid - 1):
        world.bid("bob", 2, 0, out, paid - 1)
    assert world.bid("bob", 2, 0, 2 * out, 2 * paid) == (out, paid)


# ---------------------------------------------------------------- rules


OUT_OF_BOUNDS = (
    (1001, 0, DAY, 50, 50, 1500, 500, 500),
    (100, 501, DAY, 50, 50, 1500, 500, 500),
    (100, 100, 3599, 50, 50, 1500, 500, 500),
    (100, 100, 7 * DAY + 1, 50, 50, 1500, 500, 500),
    (100, 100, DAY, 0, 50, 1500, 500, 500),
    (100, 100, DAY, 101, 50, 1500, 500, 500),
    (100, 100, DAY, 50, 0, 1500, 500, 500),
    (100, 100, DAY, 50, 501, 1500, 500, 500),
    (100, 100, DAY, 50, 50, 0, 500, 500),
    (100, 100, DAY, 50, 50, 5001, 500, 500),
    (100, 100, DAY, 50, 50, 1500, 0, 500),
    (100, 100, DAY, 50, 50, 1500, 5001, 500),
    (100, 100, DAY, 50, 50, 1500, 500, 0),
    (100, 100, DAY, 50, 50, 1500, 500, 2501),
)
EXTREMES = (
    (0, 0, 3600, 1, 1, 1, 1, 1),
    (1000, 500, 7 * DAY, 100, 500, 5000, 5000, 2500),
    (1000, 0, 7 * DAY, 1, 500, 1, 5000, 1),
    (0, 500, 3600, 100, 1, 5000, 1, 2500),
)


@pytest.mark.parametrize("terms", OUT_OF_BOUNDS)
def test_terms_have_hard_bounds(world, terms):
    with reverts(failure(world.project, "InvalidTerms"), terms=terms):
        world.rebalancer.setTerms(world.index, terms, sender=world.owner)


@pytest.mark.parametrize("terms", EXTREMES)
def test_terms_are_kept_as_they_were_set(world, terms):
    """They share a slot, bit by bit."""
    world.rebalancer.setTerms(world.index, terms, sender=world.owner)
    plan = world.rebalancer.planOf(world.index)
    assert tuple(plan.terms) == terms
    assert plan.methodology == world.methodology.address


def test_what_is_running_keeps_its_terms(world):
    world.set_plan(weights(50, 30, 20))
    world.start()
    world.set_terms(model.Terms(0, 0, 3600, 1, 1, 1, 1, 1))
    world.agree()


def test_plans_are_checked(world):
    def plan(tokens, methodology=world.methodology, count=None):
        parameters = eth_abi.encode(["uint256[]"], [[0] * (len(tokens) if count is None else count)])
        world.rebalancer.setMethodology(world.index, methodology, tokens, parameters, sender=world.owner)

    first, second = world.tokens[:2]
    with reverts(failure(world.project, "TokenCount"), count=0):
        plan([])
    with reverts(failure(world.project, "TokenCount"), count=33):
        plan([first] * 33)
    with reverts(failure(world.project, "DuplicateToken"), token=first.address):
        plan([first, second, first])
    with reverts(failure(world.project, "InvalidToken"), token=world.index.address):
        plan([world.index])
    with reverts(failure(world.project, "InvalidToken"), token=world.owner):
        plan([world.owner])
    with reverts(failure(world.project, "ZeroAddress")):
        plan([first], ZERO)
    with reverts(error(world.project.MethodologyMock, "MethodologyMock_Refused")):
        plan([first, second], count=1)
    world.set_plan(weights(50, 30, 20))
    world.start()
    with reverts(failure(world.project, "Running"), index=world.index.address, id=world.model.nonce - 1):
        plan([first])


def test_weights_must_sum_to_one(world):
    for parts in ((5 * 10**17, 5 * 10**17 - 1), (5 * 10**17, 5 * 10**17 + 1), (2 * 10**18, 0)):
        world.set_plan(dict(zip("01", parts, strict=True)))
        wrong = parts[0] if parts[0] > 10**18 else sum(parts)
        with reverts(failure(world.project, "WeightsSum"), sum=wrong):
            start(world)


def test_a_share_of_millions_has_room_and_one_beyond_is_refused(world):
    """112 bits of D27 USD a base share: five millions are within, six are beyond."""
    for n, price in enumerate(PRICES):
        world.set_price(n, price * 60_000)
    world.set_plan(weights(50, 30, 20))
    nav = world.nav()
    assert nav >= 2**112
    with reverts(failure(world.project, "NavOutOfRange"), nav=nav):
        start(world)

    for n, price in enumerate(PRICES):
        world.set_price(n, price * 50_000)
    assert 2**111 < world.nav() < 2**112
    world.start()
    world.warp(DAY * 9 // 10)
    assert world.both_bid("bob", 2, 0, MAX)[0] > 0
    world.agree()


def test_the_nonce_outlives_what_it_counts(world):
    """Every change of plan or terms and every start, during a rebalance too."""
    world.set_plan(weights(50, 30, 20))
    world.start()
    world.set_terms(TERMS)
    world.warp(DAY * 9 // 10)
    assert world.both_bid("bob", 2, 0, MAX)[0] > 0
    assert world.rebalancer.planOf(world.index).nonce == world.model.nonce == world.rebalancer.status(world.index).id + 2
    world.rebalancer.cancel(world.index, sender=world.owner)
    world.model.cancel(world.evm.now)
    with reverts(failure(world.project, "WrongNonce"), index=world.index.address, nonce=world.model.nonce - 1, expected=world.model.nonce):
        start(world, nonce=world.model.nonce - 1)
    world.warp(DAY)
    world.start()


def test_a_start_needs_a_plan_terms_and_shares(evm, project, authority, owner, world):
    other = World(evm, project, authority, owner, DECIMALS, PRICES, 3)
    with reverts(failure(project, "NotSeeded"), index=other.index.address):
        start(other)
    later = evm.now + DAY
    with reverts(failure(project, "NoTerms"), index=other.index.address):
        world.rebalancer.startRebalance(other.index, (0, later, 0, 0, [], [], 0), sender=owner)
    world.rebalancer.setTerms(other.index, astuple(TERMS), sender=owner)
    with reverts(failure(project, "NoPlan"), index=other.index.address):
        world.rebalancer.startRebalance(other.index, (1, later, 0, 0, [], [], 0), sender=owner)


def test_the_oracle_and_the_authority_are_asked_for(evm, project, owner, world):
    with reverts(failure(project, "ZeroAddress")):
        evm.deploy(project.Rebalancer, ZERO, world.rebalancer.planner(), sender=owner)
    with reverts(failure(project, "ZeroAddress")):
        evm.deploy(project.Rebalancer, world.oracle, ZERO, sender=owner)
    implementation = evm.deploy(project.Rebalancer, world.oracle, world.rebalancer.planner(), sender=owner)
    with pytest.raises(Reverted):
        evm.deploy(project.ProtocolProxy, implementation, implementation.initialize.encode(ZERO), sender=owner)
    for pair in ((ZERO, owner), (owner, ZERO)):
        with reverts(error(project.UniswapFiller, "UniswapFiller_ZeroAddress")):
            evm.deploy(project.UniswapFiller, *pair, sender=owner)


def test_the_plan_can_be_read(world):
    world.set_plan(weights(50, 30, 20))
    plan = world.rebalancer.planOf(world.index)
    assert plan.methodology == world.methodology.address
    assert plan.nonce == world.model.nonce
    assert tuple(plan.terms) == astuple(TERMS)
    assert plan.tokens == [token.address for token in world.tokens[:3]]
    tokens, current, target = world.rebalancer.weightsOf(world.index)
    assert tokens == plan.tokens
    assert [round(weight / 10**16) for weight in current] == [33, 33, 33]
    assert [round(weight / 10**16) for weight in target] == [50, 30, 20]


def test_lists_of_thirty_two_stay_readable(evm, project, authority, owner):
    """All pairs of sixteen against sixteen, in one call that costs less than a transaction may."""
    world = World(evm, project, authority, owner, [18] * 32, [USD] * 32, 32, people=("alice",))
    world.mint("alice", 1000 * 10**18)
    parts = {str(n): (2 if n % 2 else 4) * 10**16 for n in range(32)}
    parts["0"] += 10**18 - sum(parts.values())
    world.set_plan(parts)
    world.start()
    data = world.rebalancer.bidsOf.encode(world.index)
    answer = evm.rpc.call("eth_call", {"to": world.rebalancer.address, "data": "0x" + data.hex(), "gas": hex(12_000_000)}, "latest")
    assert len(world.rebalancer.bidsOf.entry.decode(bytes.fromhex(answer[2:]))) == 16 * 16
    world.agree()
