"""What attackers try on a rebalance, and how it fails. Ids are those of docs/invariants.md."""

from __future__ import annotations

from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm, Reverted
from ssi.constants import DAY, MAX
from ssi.keeper.rebalance import Phase
from tests.model import rebalancing as model
from tests.support.indexes import ANYTHING, unlimited
from tests.support.quirk_tokens import Quirk
from tests.support.rebalancing import TERMS, RebalancingWorld
from tests.support.reverts import error, reverts

USD = 10**8
DECIMALS = (18, 8, 6, 18)
PRICES = (100 * USD, 90_000 * USD, USD, 25 * USD)


@pytest.fixture
def world(evm: Evm, project: Any, authority: Deployed, owner: str) -> RebalancingWorld:
    """Three constituents in equal parts; half of the third is to go into the first."""
    world = RebalancingWorld(evm, project, authority, owner, DECIMALS, PRICES, 3)
    world.mint("alice", 1000 * 10**18)
    third = 10**18 // 3
    world.set_plan({"0": third * 3 // 2, "1": third, "2": 10**18 - third - third * 3 // 2})
    return world


@pytest.fixture
def running(world: RebalancingWorld) -> RebalancingWorld:
    world.start()
    world.warp(DAY // 3)  # at the oracle price exactly
    assert world.rebalancer.status(world.index).premium == 0
    return world


@pytest.fixture
def bidder(evm: Evm, project: Any, running: RebalancingWorld, owner: str) -> Deployed:
    """A contract with a callback that holds plenty."""
    contract = evm.deploy(project.BidderMock, running.rebalancer, sender=owner)
    for token in running.tokens:
        token.mint(contract, 2**100, sender=owner)
    return contract


def wealth(world: RebalancingWorld, person: str) -> int:
    """D36 USD of everything that a person holds, with shares at what they redeem for."""
    who, index = world.people[person], world.index
    held = [token.balanceOf(who) for token in world.tokens]
    numbers = {token.address: n for n, token in enumerate(world.tokens)}
    for token, amount in zip(index.basket().tokens, index.previewRedeem(index.balanceOf(who)), strict=True):
        held[numbers[token]] += amount
    return sum(amount * world.model.price(str(n), world.usd) for n, amount in enumerate(held))


# ---------------------------------------------------------------- the start


def test_sandwiching_the_start_gains_nothing(world):
    """Minting before the start and redeeming after it costs the mint fee and moves no target."""
    expected = list(world.rebalancer.previewStart(world.index, [], 0).targets)
    before = wealth(world, "bob")
    world.mint("bob", 10**21)
    assert list(world.rebalancer.previewStart(world.index, [], 0).targets) == expected, "R2 targets are per share"
    world.start()
    assert list(world.rebalancer.targetsOf(world.index).targets) == expected
    world.redeem("bob", 10**21)
    assert wealth(world, "bob") < before


def test_a_start_happens_once(world):
    """R8: replayed."""
    nonce = world.model.nonce
    world.start()
    world.rebalancer.cancel(world.index, sender=world.owner)
    wrong = error(world.project.Rebalancer, "Rebalancer_WrongNonce")
    with reverts(wrong, index=world.index.address, nonce=nonce, expected=nonce + 1):
        world.start_unmodelled(nonce=nonce)


def test_a_start_under_other_rules_does_not_happen(world):
    """R8: front-run by a change of plan, or of terms, that was scheduled as well."""
    nonce = world.model.nonce
    world.set_terms(TERMS)
    wrong = error(world.project.Rebalancer, "Rebalancer_WrongNonce")
    with reverts(wrong, index=world.index.address, nonce=nonce, expected=nonce + 1):
        world.start_unmodelled(nonce=nonce)
    world.set_plan({"0": 10**18})
    with reverts(wrong, index=world.index.address, nonce=nonce + 1, expected=nonce + 2):
        world.start_unmodelled(nonce=nonce + 1)


def test_strangers_cannot_govern(world, bob):
    refused = error(world.project.Rebalancer, "AccessManagedUnauthorized")
    terms = (0, 0, DAY, 1, 1, 1, 1, 1)
    calls: tuple[tuple[Any, tuple[Any, ...]], ...] = (
        (world.rebalancer.startRebalance, (world.index, world.words(world.proposal()))),
        (world.rebalancer.setTerms, (world.index, terms)),
        (world.rebalancer.setMethodology, (world.index, world.methodology, [], b"")),
        (world.rebalancer.cancel, (world.index,)),
        (world.rebalancer.upgradeToAndCall, (world.methodology, b"")),
    )
    for method, args in calls:
        with reverts(refused, caller=bob):
            method(*args, sender=bob)


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize("amount", [0, 1, 10**4])
def test_tiny_bids_move_nothing_and_block_no_bidder(running, amount):
    """R3: the bid of a wei is no bid, and the one behind it is filled as quoted."""
    wanted, price = running.quote(2, 0, MAX)
    assert running.bid("carol", 2, 0, amount) == (0, 0), "R3 tiny bids move nothing"
    assert running.bid("bob", 2, 0, wanted, price) == (wanted, price), "R3 as quoted"


def test_a_bid_is_filled_with_what_another_has_left(running):
    wanted, price = running.quote(2, 0, MAX)
    running.both_bid("carol", 2, 0, wanted * 9 // 10)
    out, paid = running.bid("bob", 2, 0, wanted, price)
    assert 0 < out <= wanted // 10 + 1, "R3 filled up to what is there"
    assert paid <= -(-price * out // wanted), "R3 at no worse a price"


def test_a_bid_that_comes_too_late_moves_nothing(running):
    wanted, price = running.quote(2, 0, MAX)
    running.both_bid("carol", 2, 0, wanted)
    assert running.model.phase == model.COMPLETED, "R7 completed by its last bid"
    assert running.bid("bob", 2, 0, wanted, price) == (0, 0), "R3 nothing left"


def test_donations_change_no_bid(running):
    """R3: neither the token that is sold nor the one that is bought."""
    quoted = running.quote(2, 0, MAX)
    for n in (0, 2):
        running.tokens[n].mint(running.index, 10**24, sender=running.owner)
        assert running.quote(2, 0, MAX) == quoted, "R3 donations change no bid"


def test_mints_and_redemptions_scale_bids(running):
    out, paid = running.quote(2, 0, MAX)
    supply = running.index.totalSupply()
    running.mint("bob", supply)
    twice = running.quote(2, 0, MAX)
    assert abs(twice[0] - 2 * out) * 100 < out
    running.redeem("bob", supply)
    again = running.quote(2, 0, MAX)
    assert abs(again[0] - out) * 100 < out
    assert running.bid("carol", 2, 0, again[0], again[1]) == again, "R3 no mint makes a bid fail"
    assert paid


# ---------------------------------------------------------------- value


def test_mint_bid_redeem_loops_pay_no_more_than_bids(running):
    """At a discount a bidder gains what the auction gives away.

    Minting before and redeeming after gains nothing on top.
    """
    evm = running.evm
    running.warp(DAY // 2)
    gains = []
    for shares in (0, 10**20, 10**22):
        with evm.isolated():
            before = wealth(running, "bob")
            wanted, _ = running.quote(2, 0, MAX)
            who = running.people["bob"]
            if shares:
                running.index.mint(shares, who, *unlimited(running.index.basket().tokens), sender=who)
            running.bid("bob", 2, 0, wanted)
            if shares:
                running.index.redeem(shares, who, who, *ANYTHING, sender=who)
            gains.append(wealth(running, "bob") - before)
    assert gains[0] > 0
    assert gains[1] < gains[0], "R1 minting and redeeming costs"
    assert gains[2] < gains[0], "R1 minting and redeeming costs"


def test_what_bidders_gain_stays_in_the_budget(world):
    """R1: a whole auction at its deepest discount."""
    world.set_terms(model.Terms(0, 500, DAY, 50, 50))
    world.start()
    world.warp(DAY - 1)
    before = world.nav()
    for _ in range(4):
        world.both_bid("bob", 2, 0, MAX)
    assert world.model.phase == model.HALTED, "R1 the budget halts it"
    assert before - world.nav() <= before * 50 // 10_000, "R1 the loss stays in the budget"
    assert world.rebalancer.status(world.index).phase == Phase.HALTED
    world.agree()
    assert world.bid("bob", 2, 0, MAX) == (0, 0), "R1 nothing after that"
    world.redeem("alice", 10**18)


def test_an_oracle_round_trip_is_impossible(running):
    """What was sold cannot be sold back when the price has moved: a constituent that is done stays done."""
    running.both_bid("bob", 2, 0, running.quote(2, 0, MAX)[0] // 2)
    running.set_price(0, 110 * USD)
    assert running.quote(0, 2, MAX) == (0, 0), "R2 nothing is bought back"
    running.both_bid("bob", 2, 0, MAX)
    running.set_price(0, 50 * USD)
    for pair in ((0, 2), (2, 0), (0, 1), (1, 0)):
        assert running.quote(*pair, MAX) == (0, 0), "R2 what is done stays done"


def test_a_stale_price_stops_bids_and_not_redemption(running, evm):
    """R4: the way out asks for no price."""
    evm.warp(2 * DAY // 3 - 1)
    now = evm.now
    stale = running.feeds[0]
    stale.setAnswer(100 * USD, now - 2 * DAY, sender=running.owner)
    running.feeds[2].setAnswer(USD, now, sender=running.owner)
    inputs = {"token": running.tokens[0].address, "source": stale.address, "updatedAt": now - 2 * DAY, "heartbeat": DAY}
    with reverts(error(running.project.PriceOracle, "PriceOracle_Stale"), **inputs):
        running.bid("bob", 2, 0, MAX)
    assert running.rebalancer.bidsOf(running.index) == [], "R6 pairs without a price are left out"
    running.redeem("alice", 10**20)


# ---------------------------------------------------------------- bidders with code


def test_a_bidder_has_the_tokens_before_paying(running, bidder):
    out, paid = running.quote(2, 0, MAX)
    held = running.tokens[2].balanceOf(bidder)
    bidder.bid(running.index, running.tokens[2], running.tokens[0], out, b"\1", sender=running.owner)
    assert bidder.heldOut() == held + out
    assert bidder.owed() == paid, "R6 the callback is told what is paid"


def test_a_bidder_who_does_not_pay_gets_nothing(running, bidder):
    bidder.setShortBy(1, sender=running.owner)
    before = running.tokens[2].balanceOf(bidder)
    with pytest.raises(Reverted):
        bidder.bid(running.index, running.tokens[2], running.tokens[0], MAX, b"\1", sender=running.owner)
    assert running.tokens[2].balanceOf(bidder) == before
    running.agree()


def test_a_bidder_cannot_re_enter(running, bidder):
    """Neither bids nor mints nor ends anything within their callback, nor reads a price that is half-way."""
    index, rebalancer, who = running.index, running.rebalancer, running.owner
    out, in_ = running.tokens[2], running.tokens[0]
    calls = (
        (rebalancer, rebalancer.bid.encode(index, out, in_, 10**9, MAX, bidder, b"")),
        (rebalancer, rebalancer.quoteBid.encode(index, out, in_, 10**9)),
        (rebalancer, rebalancer.bidsOf.encode(index)),
        (rebalancer, rebalancer.weightsOf.encode(index)),
        (rebalancer, rebalancer.close.encode(index)),
        (index, index.mint.encode(10**18, bidder, bytes(32), [MAX] * 3, MAX)),
        (index, index.redeem.encode(1, bidder, bidder, *ANYTHING)),
        (index, index.previewRedeem.encode(10**18)),
        (index, index.unitsForTrade.encode(out, in_)),
    )
    guarded = error(running.project.Rebalancer, "ReentrancyGuardReentrantCall").hash[:4]
    part = running.quote(2, 0, MAX)[0] // len(calls)
    for target, data in calls:
        bidder.setCall(target, data, sender=who)
        bidder.bid(index, out, in_, part, b"\1", sender=who)
        assert bidder.owed() > 0, "the callback was called"
        assert not bidder.succeeded(), "R3 no re-entrance"
        assert bidder.answer() == guarded, "R3 no re-entrance"
        bidder.setCall("0x" + "00" * 20, b"", sender=who)


def test_a_callback_cannot_make_another_pay(running, bidder, bob):
    """Bob's allowance to the rebalancer pays for bob's bids alone."""
    index, out, in_ = running.index, running.tokens[2], running.tokens[0]
    unexpected = error(running.project.Rebalancer, "Rebalancer_UnexpectedCallback")
    before = in_.balanceOf(bob)
    data = running.rebalancer.onIndexSwap.encode(out, 1, in_, 10**18, b"")
    bidder.setCall(running.rebalancer, data, sender=running.owner)
    bidder.bid(index, out, in_, MAX, b"\1", sender=running.owner)
    assert not bidder.succeeded()
    assert bidder.answer() == unexpected.encode([bidder.address])
    with reverts(unexpected, caller=bob):
        running.rebalancer.onIndexSwap(out, 1, in_, 10**18, b"", sender=bob)
    assert in_.balanceOf(bob) == before


def test_the_index_itself_cannot_receive(running, bob):
    invalid = error(running.project.Rebalancer, "Rebalancer_InvalidReceiver")
    for receiver in (running.index.address, running.rebalancer.address, "0x" + "00" * 20):
        with reverts(invalid, receiver=receiver):
            running.rebalancer.bid(
                running.index, running.tokens[2], running.tokens[0], 10**9, MAX, receiver, b"", sender=bob
            )


def test_a_token_cannot_re_enter(running):
    """A constituent that calls back in the middle of a bid on it."""
    index, rebalancer, token = running.index, running.rebalancer, running.tokens[2]
    guarded = error(running.project.Rebalancer, "ReentrancyGuardReentrantCall").hash[:4]
    token.setReentry(
        rebalancer,
        rebalancer.bid.encode(index, token, running.tokens[0], 10**9, MAX, running.owner, b""),
        sender=running.owner,
    )
    token.setQuirk(Quirk.REENTERS, sender=running.owner)
    assert running.bid("bob", 2, 0, MAX)[0] > 0
    assert not token.reentered()
    assert token.answer() == guarded


# ---------------------------------------------------------------- broken constituents


@pytest.fixture
def wide(evm: Evm, project: Any, authority: Deployed, owner: str) -> RebalancingWorld:
    """Two to be sold and two to be bought: 0 and 1 against 2 and 3."""
    world = RebalancingWorld(evm, project, authority, owner, DECIMALS, PRICES, 4)
    world.mint("alice", 1000 * 10**18)
    world.set_plan({"0": 15 * 10**16, "1": 15 * 10**16, "2": 35 * 10**16, "3": 35 * 10**16})
    world.start()
    world.warp(DAY // 3)
    return world


@pytest.mark.parametrize("quirk", [Quirk.FROZEN, Quirk.BURNS_GAS, Quirk.BALANCE_BURNS])
@pytest.mark.parametrize("broken", [0, 2])
def test_a_broken_constituent_blocks_its_own_pairs_alone(wide, quirk, broken):
    """R3, whether it is to be sold or to be bought."""
    wide.tokens[broken].setQuirk(quirk, sender=wide.owner)
    pairs = [(i, j) for i in (0, 1) for j in (2, 3)]
    for i, j in pairs:
        if broken in (i, j):
            who, both = wide.people["bob"], (wide.tokens[i], wide.tokens[j])
            with pytest.raises(Reverted):
                wide.rebalancer.bid(wide.index, *both, MAX, MAX, who, b"", sender=who)
    assert len(wide.rebalancer.bidsOf(wide.index)) == 4
    good = next(pair for pair in pairs if broken not in pair)
    assert wide.both_bid("bob", *good, MAX)[0] > 0, "R3 the others go on"
    who = wide.people["alice"]
    wide.index.redeem(10**18, who, who, *ANYTHING, sender=who)


def test_a_short_constituent_blocks_its_own_sale_alone(wide):
    holdings = wide.index.holdings()
    accounted = holdings.accounted[0]
    wide.tokens[0].burn(wide.index, holdings.available[0] - accounted + 1, sender=wide.owner)
    short = error(wide.project.IndexToken, "IndexToken_Shortfall")
    with reverts(short, token=wide.tokens[0].address, accounted=accounted, available=accounted - 1):
        wide.bid("bob", 0, 2, MAX)
    assert wide.both_bid("bob", 1, 2, MAX)[0] > 0, "R3 the others go on"


def test_a_fee_on_transfer_is_not_at_the_cost_of_the_index(wide):
    wide.tokens[2].setQuirk(Quirk.FEE, sender=wide.owner)
    with pytest.raises(Reverted) as caught:
        wide.bid("bob", 0, 2, MAX)
    assert caught.value.data[:4] == error(wide.project.IndexToken, "IndexToken_ShortDelivery").hash[:4]


# ---------------------------------------------------------------- officials


def test_the_guardian_only_ends(running):
    """The basket stays as it is, redemption goes on, and the guardian cannot begin again."""
    basket = running.index.basket()
    running.rebalancer.cancel(running.index, sender=running.owner)
    assert running.index.basket() == basket
    assert running.quote(2, 0, MAX) == (0, 0)
    assert running.bid("bob", 2, 0, MAX) == (0, 0)
    with reverts(error(running.project.Rebalancer, "Rebalancer_NotRunning"), index=running.index.address):
        running.rebalancer.cancel(running.index, sender=running.owner)
    running.redeem("alice", 10**20)


def test_a_replaced_rebalancer_moves_nothing(running, evm, project, owner):
    """Its bids revert whole, redemption goes on, and the new one starts afresh."""
    old, index, tokens = running.rebalancer, running.index, running.tokens
    implementation = evm.deploy(project.Rebalancer, running.oracle, old.planner(), sender=owner)
    proxy = evm.deploy(
        project.ProtocolProxy, implementation, implementation.initialize.encode(running.manager), sender=owner
    )
    new = evm.at(project.Rebalancer, proxy.address)
    plan = old.planOf(index)
    new.setMethodology(index, plan.methodology, plan.tokens, plan.parameters, sender=owner)
    new.setTerms(index, plan.terms, sender=owner)
    index.setRebalancer(new, sender=owner)

    basket, people = index.basket(), running.people
    assert running.quote(2, 0, MAX)[0] > 0, "its views do not know"
    with reverts(error(project.IndexToken, "IndexToken_NotRebalancer"), caller=old.address):
        running.bid("bob", 2, 0, MAX)
    assert index.basket() == basket
    running.redeem("alice", 10**20)

    new.startRebalance(index, running.words(running.proposal(nonce=new.planOf(index).nonce)), sender=owner)
    running.warp(DAY // 3)
    tokens[0].approve(new, MAX, sender=people["bob"])
    new.bid(index, tokens[2], tokens[0], MAX, MAX, people["bob"], b"", sender=people["bob"])
    assert index.basket().units[0] > basket.units[0]


def test_an_upgrade_cannot_be_initialised_again(running, project, bob):
    """Nor can the implementation."""
    for at in (
        running.rebalancer,
        running.evm.deploy(project.Rebalancer, running.oracle, running.rebalancer.planner(), sender=running.owner),
    ):
        with reverts(error(project.Rebalancer, "InvalidInitialization")):
            at.initialize(bob, sender=bob)
