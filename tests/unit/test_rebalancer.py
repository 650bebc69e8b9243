"""The rebalancer, function by function. Ids are those of docs/invariants.md."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import eth_abi
import pytest

from ssi.chain.evm import Deployed, Entry, Evm, Reverted
from ssi.constants import DAY, MAX, ZERO
from ssi.keeper.rebalance import Phase
from tests.model import rebalancing as model
from tests.support.prices import leg
from tests.support.rebalancing import TERMS, RebalancingWorld
from tests.support.reverts import error, reverts

USD = 10**8
DECIMALS = (18, 8, 6, 18)
PRICES = (100 * USD, 90_000 * USD, USD, 25 * USD)


@pytest.fixture
def world(evm: Evm, project: Any, authority: Deployed, owner: str) -> RebalancingWorld:
    """Three constituents in equal parts, a fourth token outside, a thousand shares."""
    world = RebalancingWorld(evm, project, authority, owner, DECIMALS, PRICES, 3)
    world.mint("alice", 1000 * 10**18)
    return world


def weights(*percent: int) -> dict[str, int]:
    return {str(n): part * 10**16 for n, part in enumerate(percent) if part}


def failure(project: Any, name: str) -> Entry:
    return error(project.Rebalancer, f"Rebalancer_{name}")


# ---------------------------------------------------------------- from beginning to end


def test_two_bids_complete_it(world):
    world.set_plan(weights(50, 30, 20))
    receipt = world.start()
    (started,) = receipt.events(world.rebalancer, "RebalanceStarted")
    assert started.values["ends"] == world.evm.now + DAY
    tokens, _, targets = world.rebalancer.targetsOf(world.index)
    assert (started.values["tokens"], started.values["targets"]) == (tokens, targets)
    assert all(targets)
    world.warp(DAY // 2)
    assert world.both_bid("bob", 2, 0, MAX)[0] > 0
    assert world.both_bid("bob", 1, 0, MAX)[0] > 0
    world.agree()
    assert world.model.phase == model.COMPLETED


def test_one_leaves_and_another_comes(world):
    """The new token joins the basket with the first bid, and the leaving one is out with the last bid."""
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
    """Its price rises after the start, so the deficits are filled before it is sold out."""
    world.set_plan({"0": 10**18 // 3, "1": 10**18 // 3, "3": 10**18 - 2 * (10**18 // 3)})
    world.start()
    world.warp(DAY // 3)
    world.set_price(2, USD * 1001 // 1000)
    world.both_bid("bob", 2, 3, MAX)
    status = world.rebalancer.status(world.index)
    assert (status.phase, status.surplus, status.deficit) == (Phase.RUNNING, 1, 0)
    while world.model.phase == model.RUNNING:
        moved = [world.both_bid("bob", 2, n, MAX)[0] for n in (0, 1, 3) if world.model.phase == model.RUNNING]
        assert any(moved)
        world.agree()
    assert world.model.phase == model.COMPLETED
    assert world.tokens[2].address not in world.index.basket().tokens


def test_nothing_to_do_is_done_at_once(world):
    receipt = world.start()
    assert [event.name for event in receipt.events(world.rebalancer)] == ["RebalanceStarted", "RebalanceEnded"]
    assert world.rebalancer.status(world.index).phase == Phase.COMPLETED


def test_the_premium_falls_by_the_second(world):
    world.set_plan(weights(50, 30, 20))
    world.start()
    start = world.evm.now
    for seconds, premium in (
        (0, 10**16),
        (1, 10**16 - 3 * 10**16 // DAY),
        (DAY // 3, 0),
        (DAY - 1, -(2 * 10**16 - 3 * 10**16 // DAY) + 1),
    ):
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
    assert world.rebalancer.status(world.index).phase == Phase.EXPIRED, "R7 expired"
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
            world.start_unmodelled()


def test_a_share_of_millions_has_room_and_one_beyond_is_refused(world):
    """112 bits of D27{USD/base share}: five million fit, six million do not."""
    for n, price in enumerate(PRICES):
        world.set_price(n, price * 60_000)
    world.set_plan(weights(50, 30, 20))
    nav = world.nav()
    assert nav >= 2**112
    with reverts(failure(world.project, "NavOutOfRange"), nav=nav):
        world.start_unmodelled()

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
    assert (
        world.rebalancer.planOf(world.index).nonce == world.model.nonce == world.rebalancer.status(world.index).id + 2
    )
    world.rebalancer.cancel(world.index, sender=world.owner)
    world.model.cancel(world.evm.now)
    with reverts(
        failure(world.project, "WrongNonce"),
        index=world.index.address,
        nonce=world.model.nonce - 1,
        expected=world.model.nonce,
    ):
        world.start_unmodelled(nonce=world.model.nonce - 1)
    world.warp(DAY)
    world.start()


def test_a_start_needs_a_plan_terms_and_shares(evm, project, authority, owner, world):
    other = RebalancingWorld(evm, project, authority, owner, DECIMALS, PRICES, 3)
    with reverts(failure(project, "NotSeeded"), index=other.index.address):
        other.start_unmodelled()
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
    world = RebalancingWorld(evm, project, authority, owner, [18] * 32, [USD] * 32, 32, people=("alice",))
    world.mint("alice", 1000 * 10**18)
    parts = {str(n): (2 if n % 2 else 4) * 10**16 for n in range(32)}
    parts["0"] += 10**18 - sum(parts.values())
    world.set_plan(parts)
    world.start()
    data = world.rebalancer.bidsOf.encode(world.index)
    answer = evm.rpc.call(
        "eth_call", {"to": world.rebalancer.address, "data": "0x" + data.hex(), "gas": hex(12_000_000)}, "latest"
    )
    assert len(world.rebalancer.bidsOf.entry.decode(bytes.fromhex(answer[2:]))) == 16 * 16
    world.agree()


# ---------------------------------------------------------------- what was proposed


def test_a_start_that_comes_too_late_is_refused(world):
    world.set_plan(weights(50, 30, 20))
    proposal = world.proposal(latest=world.evm.now + 100)
    world.evm.warp(101)
    with reverts(failure(world.project, "TooLate"), index=world.index.address, latest=proposal.latest):
        world.rebalancer.startRebalance(world.index, world.words(proposal), sender=world.owner)
    world.start_unmodelled(latest=world.evm.now)


@pytest.mark.parametrize("name", ["price_tolerance", "target_tolerance"])
def test_a_tolerance_beyond_half_is_none(world, name):
    with reverts(failure(world.project, "ToleranceTooLarge"), tolerance=5001, most=5000):
        world.start_unmodelled(**{name: 5001})
    world.start_unmodelled(**{name: 5000})


@pytest.mark.parametrize("name", ["prices", "targets"])
def test_every_token_has_a_price_and_a_target(world, name):
    words = list(world.words(world.proposal()))
    place = 4 if name == "prices" else 5
    for wrong in (words[place][:-1], [*words[place], 1], []):
        changed = (*words[:place], wrong, *words[place + 1 :])
        with reverts(failure(world.project, "LengthMismatch"), expected=3, actual=len(wrong)):
            world.rebalancer.startRebalance(world.index, changed, sender=world.owner)


@pytest.mark.parametrize("name", ["prices", "targets"])
def test_nothing_is_near_a_number_beyond_all_prices(world, name):
    """A number beyond all prices does not overflow into the tolerance."""
    words = list(world.words(world.proposal()))
    place = 4 if name == "prices" else 5
    kind = "PriceOff" if name == "prices" else "TargetOff"
    for huge in (2**224, 2**256 // 10_000 + 1, MAX):
        changed = (*words[:place], [huge, *words[place][1:]], *words[place + 1 :])
        with pytest.raises(Reverted) as caught:
            world.rebalancer.startRebalance(world.index, changed, sender=world.owner)
        assert caught.value.data[:4] == failure(world.project, kind).hash[:4]


@pytest.mark.parametrize(("price", "off"), [(110, False), (11_001, True), (91, False), (9_090, True)])
def test_a_price_is_near_what_was_proposed(world, price, off):
    """At most a tenth more or, seen from below, a tenth less."""
    named = world.usd["0"]
    proposal = world.proposal(target_tolerance=5000)
    price = price * USD if price < 1000 else price * USD // 100
    world.set_price(0, price)
    if not off:
        world.rebalancer.startRebalance(world.index, world.words(proposal), sender=world.owner)
        return
    inputs = {"token": world.tokens[0].address, "price": price * 10**10, "expected": named, "tolerance": 1000}
    with reverts(failure(world.project, "PriceOff"), **inputs):
        world.rebalancer.startRebalance(world.index, world.words(proposal), sender=world.owner)


def test_targets_are_near_what_was_proposed(world):
    """The holder of a signed start cannot wait for a moment at which the targets suit them."""
    world.set_plan(weights(50, 30, 20))
    proposal = world.proposal(price_tolerance=5000)
    world.set_price(0, 140 * USD)  # targets are 0.81, 1.13 and 1.13 of what they were
    target = world.model.preview(world.usd)["0"]
    inputs = {"token": world.tokens[0].address, "target": target, "expected": proposal.targets["0"], "tolerance": 1000}
    with reverts(failure(world.project, "TargetOff"), **inputs):
        world.rebalancer.startRebalance(world.index, world.words(proposal), sender=world.owner)


def test_what_leaves_was_proposed_to_leave(world):
    world.set_plan(weights(50, 50))
    proposal = world.proposal()
    assert proposal.targets["2"] == 0
    wrong = {**proposal.targets, "2": 1}
    with reverts(
        failure(world.project, "TargetOff"), token=world.tokens[2].address, target=0, expected=1, tolerance=1000
    ):
        world.start_unmodelled(targets=wrong)
    world.start_unmodelled()


def test_without_a_proposed_price_the_last_start_counts(world):
    """It may be off by the band for each day since and one more, up to a factor of seven; so a pause locks no index for
    good.
    """
    unnamed = dict.fromkeys(map(str, range(3)), 0)
    with reverts(failure(world.project, "NoReference"), token=world.tokens[0].address):
        world.start_unmodelled(prices=unnamed)
    world.start()
    reference = world.rebalancer.referenceOf(world.index, world.tokens[0])
    assert (reference.decimals, reference.given) == (18, False)
    assert world.usd["0"] - reference.price < 2**10
    band, expected = TERMS.band, reference.price
    for days, drift in ((1, 2 * band), (2, 3 * band), (100, 60_000)):
        world.warp((days - (0 if days == 1 else 1 if days == 2 else 2)) * DAY)
        for price, off in ((100 * (10_000 + drift) // 10_000 - 1, False), (100 * (10_000 + drift) // 10_000 + 1, True)):
            world.set_price(0, price * USD)
            if not off:
                with world.evm.isolated():
                    world.start_unmodelled(prices=unnamed, target_tolerance=5000)
                continue
            inputs = {
                "token": world.tokens[0].address,
                "price": price * 10**18,
                "expected": expected,
                "tolerance": drift,
            }
            with reverts(failure(world.project, "PriceOff"), **inputs):
                world.start_unmodelled(prices=unnamed)


# ---------------------------------------------------------------- turnover


def test_a_rebalance_sells_no_more_than_its_turnover(world):
    """Thirteen parts of a hundred; `status` tells what is used and what is left of it."""
    world.set_terms(replace(TERMS, turnover=1_400))
    world.set_plan(weights(50, 30, 20))
    preview = world.rebalancer.previewStart(world.index, [], 0)
    assert (preview.turnover, preview.allowed) == (1_667, 1_400)
    with reverts(failure(world.project, "TurnoverTooLarge"), turnover=1_667, allowed=1_400):
        world.start_unmodelled()
    world.set_plan(weights(46, 33, 21))
    world.start()
    world.warp(DAY // 3)
    status = world.rebalancer.status(world.index)
    assert status.turnover == 1_267 * 10**14
    assert status.turnover - 10**14 < status.turnoverLeft <= status.turnover
    world.both_bid("bob", 2, 0, world.quote(2, 0, MAX)[0] // 2)
    left = world.rebalancer.status(world.index).turnoverLeft
    assert 6 * 10**16 < left < 7 * 10**16
    world.agree()
    world.both_bid("bob", 2, 0, MAX)
    world.both_bid("bob", 1, 0, MAX)
    assert world.rebalancer.status(world.index).turnoverLeft == 0


def test_turnover_comes_back_day_by_day(world):
    """A start may sell `daily` for each day since the last one, however that ended."""
    world.set_terms(replace(TERMS, turnover=1_400, daily=500))
    world.set_plan(weights(40, 33, 27))
    world.start()
    world.rebalancer.cancel(world.index, sender=world.owner)
    world.model.cancel(world.evm.now)
    wanted = world.rebalancer.previewStart(world.index, [], 0).turnover
    assert wanted == 667
    world.warp(DAY)
    allowed = world.rebalancer.previewStart(world.index, [], 0).allowed
    assert allowed == 500
    with reverts(failure(world.project, "TurnoverTooLarge"), turnover=wanted, allowed=allowed):
        world.start_unmodelled()
    world.warp(DAY)
    world.start()


# ---------------------------------------------------------------- the end of the budget


def test_a_bid_of_exactly_what_the_budget_allows_ends_it(world):
    """A bid that was cut to the budget ends it, and so does one of the exact size: without that it would run on without
    an offer.
    """
    world.set_terms(replace(TERMS, premium=0, discount=500, budget=20))
    world.set_plan(weights(60, 30, 10))
    world.start()
    world.warp(DAY - 1)
    wanted = world.quote(2, 0, MAX)[0]
    assert world.both_bid("bob", 2, 0, wanted)[0] == wanted, "nothing was cut"
    assert world.model.phase == model.HALTED
    assert world.rebalancer.status(world.index).phase == Phase.HALTED
    world.agree()


@pytest.mark.parametrize("less", [1, 2, 10**3])
def test_a_bid_that_leaves_less_than_a_bid_ends_it_too(world, less):
    world.set_terms(replace(TERMS, premium=0, discount=500, budget=20))
    world.set_plan(weights(60, 30, 10))
    world.start()
    world.warp(DAY - 1)
    world.both_bid("bob", 2, 0, world.quote(2, 0, MAX)[0] - less)
    assert world.model.phase == model.HALTED
    world.agree()


# ---------------------------------------------------------------- a constituent without a price


def remove_dead(world: RebalancingWorld, price: int) -> dict[str, Any]:
    """The plan leaves the third token out, and its feed is dead."""
    world.set_plan(weights(50, 50))
    world.oracle.removeRoute(world.tokens[2], sender=world.owner)
    return {"prices": {"2": price}, "unpriced": frozenset({"2"})}


def test_a_constituent_with_a_dead_feed_is_sold_by_the_proposed_price(world):
    """In one notice: governance need not find another feed first."""
    given = remove_dead(world, 9 * 10**17)
    with reverts(error(world.project.PriceOracle, "PriceOracle_NoRoute"), token=world.tokens[2].address):
        world.start_unmodelled()
    preview = world.rebalancer.previewStart(world.index, [0, 0, 9 * 10**17], 4)
    assert (preview.prices[2], preview.targets[2], preview.turnover) == (9 * 10**17, 0, 3_104)
    world.start(**given)
    reference = world.rebalancer.referenceOf(world.index, world.tokens[2])
    assert reference.given
    assert 9 * 10**17 - reference.price < 2**10
    tokens, current, target = world.rebalancer.weightsOf(world.index)
    assert (tokens[2], target[2], round(current[2] / 10**14)) == (world.tokens[2].address, 0, 3_103)
    world.evm.warp(DAY // 3)
    for n in (0, 1):
        world.set_price(n, world.usd[str(n)] // 10**10)
    assert {offer.tokenOut for offer in world.rebalancer.bidsOf(world.index)} == {world.tokens[2].address}
    for n in (0, 1):
        assert world.both_bid("bob", 2, n, MAX)[0] > 0
    world.agree()
    assert world.model.phase == model.COMPLETED
    assert world.tokens[2].address not in world.index.basket().tokens
    world.oracle.setRoute(world.tokens[2], [leg(world.feeds[2], 2 * DAY, 1, 10**30)], sender=world.owner)
    world.warp(DAY)
    assert not world.rebalancer.referenceOf(world.index, world.tokens[0]).given


def test_a_price_may_be_given_only_where_there_is_none(world):
    """A price is refused for a token with a live price and for one of the plan, and so is a price of zero."""
    given = remove_dead(world, 0)
    not_needed = failure(world.project, "PriceNotNeeded")
    with reverts(not_needed, token=world.tokens[2].address):
        world.rebalancer.previewStart(world.index, [0, 0, 0], 4)
    with reverts(not_needed, token=world.tokens[2].address):
        world.rebalancer.previewStart(world.index, [0, 0, 2**128], 4)
    with reverts(failure(world.project, "LengthMismatch"), expected=3, actual=2):
        world.rebalancer.previewStart(world.index, [0, 1], 4)
    with reverts(not_needed, token=world.tokens[0].address):
        world.rebalancer.previewStart(world.index, [1, 0, 1], 5)
    world.oracle.setRoute(world.tokens[2], [leg(world.feeds[2], 2 * DAY, 1, 10**30)], sender=world.owner)
    words = world.words(
        world.proposal(prices={"2": 10**17}, unpriced=given["unpriced"], targets=world.model.preview(world.usd))
    )
    with reverts(not_needed, token=world.tokens[2].address):
        world.rebalancer.startRebalance(world.index, words, sender=world.owner)
    world.set_plan(weights(40, 30, 30))
    world.oracle.removeRoute(world.tokens[2], sender=world.owner)
    with reverts(not_needed, token=world.tokens[2].address):
        world.rebalancer.previewStart(world.index, [0, 0, 10**18], 4)


def test_a_missing_price_leaves_the_list_of_bids_readable(world):
    """Where a leaving constituent may raise others, the list leaves out those without a price.

    It once divided by their zero.
    """
    world.set_plan({"0": 10**18 // 3, "1": 10**18 // 3, "3": 10**18 - 2 * (10**18 // 3)})
    world.start()
    world.warp(DAY // 3)
    world.set_price(2, USD * 1001 // 1000)
    world.both_bid("bob", 2, 3, MAX)
    assert world.rebalancer.status(world.index).deficit == 0
    world.oracle.removeRoute(world.tokens[1], sender=world.owner)
    outs = {(offer.tokenOut, offer.tokenIn) for offer in world.rebalancer.bidsOf(world.index)}
    assert outs == {(world.tokens[2].address, world.tokens[n].address) for n in (0, 3)}
