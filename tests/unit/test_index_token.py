"""What an index refuses, what its governors can do, and the rebalancer's door."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm, Receipt
from ssi.constants import DAY, MAX, ZERO
from ssi.index.bounds import basket_hash, bounds
from tests.model.index import ceil_div
from tests.support.indexes import ANYTHING, CAP, DAILY_FEE, new_index, stock, unlimited
from tests.support.reverts import error, reverts

SHARE = 10**18
UNIT = 10**27


@pytest.fixture
def tokens(evm: Evm, project: Any, owner: str) -> list[Deployed]:
    return [evm.deploy(project.PlainToken, f"Token {n}", f"T{n}", 18, sender=owner) for n in range(3)]


@pytest.fixture
def index(
    evm: Evm, project: Any, authority: Deployed, tokens: list[Deployed], owner: str, alice: str, bob: str
) -> Deployed:
    index = new_index(evm, project, authority, tokens[:2], [UNIT, 3 * UNIT], owner)
    stock(tokens, index, [alice, bob], 10**30)
    index.mint(100 * SHARE, alice, *unlimited(tokens[:2]), sender=alice)
    return index


@pytest.fixture
def refuse(project: Any) -> Callable[..., AbstractContextManager[None]]:
    def refuse(name, **inputs):
        return reverts(error(project.IndexToken, f"IndexToken_{name}"), **inputs)

    return refuse


def test_mint_refuses_bad_input(index, tokens, refuse, alice):
    with refuse("ZeroShares"):
        index.mint(0, alice, *bounds(tokens[:2], [0, 0]), sender=alice)
    with refuse("LengthMismatch", expected=2, actual=1):
        index.mint(SHARE, alice, *bounds(tokens[:2], [0]), sender=alice)
    with refuse("InvalidReceiver", receiver=index.address):
        index.mint(SHARE, index.address, *unlimited(tokens[:2]), sender=alice)
    with refuse("SharesOutOfRange", shares=2**96):
        index.mint(2**96, alice, *unlimited(tokens[:2]), sender=alice)
    first, second = index.previewMint(SHARE)
    with refuse("MaxAmountExceeded", token=tokens[1].address, amount=second, maxAmount=second - 1):
        index.mint(SHARE, alice, *bounds(tokens[:2], [first, second - 1]), sender=alice)


def test_redeem_refuses_bad_input(project, index, tokens, refuse, alice, bob):
    with refuse("ZeroShares"):
        index.redeem(0, alice, alice, *ANYTHING, sender=alice)
    with refuse("LengthMismatch", expected=2, actual=3):
        index.redeem(SHARE, alice, alice, *bounds(tokens[:2], [0, 0, 0]), sender=alice)
    for receiver in (index.address, "0x" + "00" * 20):
        with refuse("InvalidReceiver", receiver=receiver):
            index.redeem(SHARE, receiver, alice, *ANYTHING, sender=alice)
    amount = index.previewRedeem(SHARE)[0]
    with refuse("MinAmountNotMet", token=tokens[0].address, amount=amount, minAmount=amount + 1):
        index.redeem(SHARE, alice, alice, *bounds(tokens[:2], [amount + 1, 0]), sender=alice)
    with reverts(error(project.IndexToken, "ERC20InsufficientAllowance"), spender=bob, allowance=0, needed=SHARE):
        index.redeem(SHARE, bob, alice, *ANYTHING, sender=bob)
    with reverts(error(project.IndexToken, "ERC20InsufficientBalance"), sender=bob, balance=0, needed=1):
        index.redeem(1, bob, bob, *ANYTHING, sender=bob)


@pytest.mark.parametrize("method", ["mint", "redeem"])
def test_bounds_are_for_the_tokens_that_they_name(evm, project, index, tokens, refuse, owner, alice, method):
    """A signed redemption came after a change of the basket: it demanded 10.000000 of a token and took 1e-10 of
    another.
    """
    arguments = (SHARE, alice) if method == "mint" else (SHARE, alice, alice)
    limits = [MAX] * 2 if method == "mint" else [1, 1]
    meant = bounds(tokens[:2], limits)
    swapper = evm.deploy(project.SwapperMock, sender=owner)
    index.setRebalancer(swapper, sender=owner)
    tokens[2].mint(swapper.address, SHARE, sender=owner)
    swapper.swap(
        index.address, tokens[0].address, index.holdings().accounted[0], tokens[2].address, SHARE, sender=owner
    )
    with refuse("BasketChanged", expected=meant[0], actual=index.basketHash()):
        getattr(index, method)(*arguments, *meant, sender=alice)
    assert index.basketHash() == basket_hash([tokens[2], tokens[1]])
    with refuse("BasketChanged", expected=basket_hash([tokens[1], tokens[2]]), actual=index.basketHash()):
        getattr(index, method)(*arguments, *bounds([tokens[1], tokens[2]], limits), sender=alice)
    getattr(index, method)(*arguments, *bounds([tokens[2], tokens[1]], limits), sender=alice)


@pytest.mark.parametrize("method", ["mint", "redeem"])
def test_bounds_end_at_their_deadline(evm, index, tokens, refuse, alice, method):
    arguments = (SHARE, alice) if method == "mint" else (SHARE, alice, alice)
    limits, deadline = [MAX if method == "mint" else 1] * 2, evm.now + 100
    evm.next_at(deadline + 1)
    with refuse("Expired", deadline=deadline, timestamp=deadline + 1):
        getattr(index, method)(*arguments, *bounds(tokens[:2], limits, deadline), sender=alice)
    with evm.isolated():
        evm.next_at(deadline + 1)
        getattr(index, method)(*arguments, *bounds(tokens[:2], limits, deadline + 1), sender=alice)


def test_only_a_redemption_goes_without_bounds_and_only_altogether(index, refuse, alice):
    real, none = index.basketHash(), bytes(32)
    index.redeem(SHARE, alice, alice, none, [], MAX, sender=alice)
    with refuse("BasketChanged", expected=none, actual=real):
        index.redeem(SHARE, alice, alice, none, [0, 0], MAX, sender=alice)
    with refuse("LengthMismatch", expected=2, actual=0):
        index.redeem(SHARE, alice, alice, real, [], MAX, sender=alice)
    with refuse("BasketChanged", expected=none, actual=real):
        index.mint(SHARE, alice, none, [], MAX, sender=alice)


class TestMintWithCallback:
    """The caller delivers constituents in any way; the index trusts its balances alone."""

    @pytest.fixture
    def minter(self, evm: Evm, project: Any, tokens: list[Deployed], owner: str) -> Deployed:
        minter = evm.deploy(project.MinterMock, sender=owner)
        for token in tokens:
            token.mint(minter.address, 10**30, sender=owner)
        return minter

    def test_it_costs_what_a_mint_costs(self, index, minter, tokens, alice, bob):
        amounts, held = index.previewMint(SHARE), [token.balanceOf(index.address) for token in tokens[:2]]
        receipt = minter.mint(index, SHARE, bob, b"anything", sender=alice)
        paid = [token.balanceOf(index.address) - had for token, had in zip(tokens, held, strict=False)]
        assert paid == amounts, "I4 the preview"
        assert index.balanceOf(bob) == SHARE
        assert [minter.tokens(n) for n in (0, 1)] == [token.address for token in tokens[:2]]
        assert [minter.amounts(n) for n in (0, 1)] == amounts
        assert minter.data() == b"anything"
        (event,) = (event for event in receipt.events(index) if event.name == "Minted")
        assert (event.values["caller"], event.values["receiver"], event.values["shares"]) == (
            minter.address,
            bob,
            SHARE,
        )

    def test_a_wei_too_little_is_refused_and_too_much_is_a_gift(self, index, minter, tokens, refuse, alice):
        amount = index.previewMint(SHARE)[0]
        minter.set(1, 0, ZERO, b"", sender=alice)
        with refuse("ShortDelivery", token=tokens[0].address, required=amount, received=amount - 1):
            minter.mint(index, SHARE, alice, b"", sender=alice)
        minter.set(0, 5, ZERO, b"", sender=alice)
        minter.mint(index, SHARE, alice, b"", sender=alice)
        accounted, available = index.holdings()
        assert all(there - owed >= 5 for there, owed in zip(available, accounted, strict=True))

    def test_it_is_refused_as_a_mint_is(self, index, minter, refuse, owner, alice):
        with refuse("ZeroShares"):
            minter.mint(index, 0, alice, b"", sender=alice)
        with refuse("InvalidReceiver", receiver=index.address):
            minter.mint(index, SHARE, index.address, b"", sender=alice)
        index.pauseMinting(sender=owner)
        with refuse("MintingStopped", paused=True, deprecated=False):
            minter.mint(index, SHARE, alice, b"", sender=alice)

    @pytest.mark.parametrize(
        "method", ["mint", "mintWithCallback", "redeem", "claim", "collectFees", "basket", "basketHash", "previewMint"]
    )
    def test_every_door_is_shut_meanwhile(self, project, index, minter, tokens, alice, method):
        arguments = {
            "mint": (SHARE, alice, *unlimited(tokens[:2])), "mintWithCallback": (SHARE, alice, b""),
            "redeem": (SHARE, alice, alice, *ANYTHING),
            "claim": (tokens[0].address, 1, alice, 0), "previewMint": (SHARE,),
        }.get(method, ())  # fmt: skip
        minter.set(0, 0, index.address, getattr(index, method).encode(*arguments), sender=alice)
        minter.mint(index, SHARE, alice, b"", sender=alice)
        assert minter.succeeded() is False
        assert minter.answer() == error(project.IndexToken, "ReentrancyGuardReentrantCall").encode([])


def test_an_allowance_redeems_for_its_owner(index, alice, bob):
    index.approve(bob, SHARE, sender=alice)
    index.redeem(SHARE, bob, alice, *ANYTHING, sender=bob)
    assert index.balanceOf(alice) == 99 * SHARE
    assert index.allowance(alice, bob) == 0


def test_the_first_mint_locks_dead_shares(index):
    assert index.balanceOf("0x000000000000000000000000000000000000dEaD") == 10**16


def test_the_cap_stops_minting_only(evm, index, tokens, refuse, owner, alice):
    index.setSupplyCap(50, sender=owner)
    now = evm.now
    base, multiplier = index.basket.call(at=now).base, index.multiplier.call(at=now)
    added = ceil_div(ceil_div(SHARE * 10_000, 9_990) * multiplier, 10**27)
    refused = {"supply": (base + added) * 10**27 // multiplier, "supplyCap": 50 * SHARE}
    with refuse("SupplyCapExceeded", **refused):
        index.previewMint.call(SHARE, at=now)
    evm.next_at(now)
    with refuse("SupplyCapExceeded", **refused):
        index.mint(SHARE, alice, *unlimited(tokens[:2]), sender=alice)
    index.redeem(SHARE, alice, alice, *ANYTHING, sender=alice)


def test_pause_stops_minting_and_deprecation_ends_it(evm, index, tokens, refuse, owner, alice):
    index.pauseMinting(sender=owner)
    with refuse("MintingStopped", paused=True, deprecated=False):
        index.mint(SHARE, alice, *unlimited(tokens[:2]), sender=alice)
    index.redeem(SHARE, alice, alice, *ANYTHING, sender=alice)
    index.unpauseMinting(sender=owner)
    index.mint(SHARE, alice, *unlimited(tokens[:2]), sender=alice)

    index.deprecate(sender=owner)
    multiplier = index.multiplier()
    evm.warp(100 * DAY)
    assert index.multiplier() == multiplier, "no streaming fee after the end"
    with refuse("MintingStopped", paused=False, deprecated=True):
        index.mint(SHARE, alice, *unlimited(tokens[:2]), sender=alice)
    with refuse("AlreadyDeprecated"):
        index.setStreamingFee(1, sender=owner)
    index.redeem(SHARE, alice, alice, *ANYTHING, sender=alice)


def test_fees_do_not_depend_on_how_often_they_are_collected(evm, index, owner):
    start = evm.now
    with evm.isolated():
        for day in range(1, 31):
            evm.next_at(start + day * DAY)
            index.collectFees(sender=owner)
        often = index.totalSupply()
    with evm.isolated():
        evm.next_at(start + 30 * DAY)
        index.collectFees(sender=owner)
        once = index.totalSupply()
    assert often == once, "I7 fees depend on time alone"
    assert index.multiplier.call(at=start + DAY) <= 10**27 - 10**23


def test_a_change_of_receiver_pays_the_old_one_first(evm, index, owner, bob):
    evm.warp(10 * DAY)
    old = index.terms().feeReceiver
    evm.next_at(evm.now + 1)
    receipt = index.setFeeReceiver(bob, sender=owner)
    assert [event.name for event in receipt.events(index)] == ["Transfer", "FeesCollected", "FeeReceiverSet"]
    assert index.balanceOf(old) > 0
    assert index.balanceOf(bob) == 0
    assert index.pendingFeeShares() == 0


def test_hard_caps_of_the_fees_and_the_supply(index, refuse, owner):
    limit = 5 * 10**16 // 365
    with refuse("StreamingFeeTooHigh", dailyFee=limit + 1, maximum=limit):
        index.setStreamingFee(limit + 1, sender=owner)
    with refuse("MintFeeTooHigh", mintFee=101, maximum=100):
        index.setMintFee(101, sender=owner)
    with refuse("SupplyCapTooHigh", supplyCap=2**35 + 1, maximum=2**35):
        index.setSupplyCap(2**35 + 1, sender=owner)
    with refuse("ZeroAddress"):
        index.setFeeReceiver("0x" + "00" * 20, sender=owner)


def test_a_basket_has_one_to_32_different_constituents(evm, project, authority, tokens, refuse, owner):
    with refuse("ConstituentCount", count=0):
        new_index(evm, project, authority, [], [], owner)
    with refuse("ConstituentCount", count=33):
        new_index(evm, project, authority, tokens * 11, [UNIT] * 33, owner)
    with refuse("DuplicateConstituent", token=tokens[0].address):
        new_index(evm, project, authority, [tokens[0], tokens[0]], [UNIT] * 2, owner)
    with refuse("UnitsOutOfRange", token=tokens[0].address, units=0):
        new_index(evm, project, authority, tokens[:1], [0], owner)
    with refuse("LengthMismatch", expected=3, actual=2):
        new_index(evm, project, authority, tokens, [UNIT] * 2, owner)


class TestSwap:
    """The one way for a constituent to leave besides redemption and claims. `owner` makes the swapper the
    rebalancer.
    """

    @pytest.fixture
    def swapper(self, evm: Evm, project: Any, index: Deployed, tokens: list[Deployed], owner: str) -> Deployed:
        swapper = evm.deploy(project.SwapperMock, sender=owner)
        index.setRebalancer(swapper, sender=owner)
        for token in tokens:
            token.mint(swapper.address, 10**30, sender=owner)
        return swapper

    def swap(
        self,
        swapper: Deployed,
        index: Deployed,
        out: Deployed,
        amount_out: int,
        into: Deployed,
        amount_in: int,
        sender: str,
    ) -> Receipt:
        return swapper.swap(index.address, out.address, amount_out, into.address, amount_in, sender=sender)

    @pytest.mark.parametrize("name", ["alice", "owner"])
    def test_no_stranger_gets_in(self, evm, index, swapper, tokens, refuse, name):
        """Neither the governor nor a former rebalancer may swap."""
        with refuse("NotRebalancer", caller=evm.account(name)):
            index.swap(tokens[0].address, 1, tokens[1].address, 1, swapper, b"", sender=evm.account(name))

    def test_governance_alone_replaces_the_rebalancer(self, evm, project, index, swapper, tokens, refuse, owner, alice):
        assert index.terms().rebalancer == swapper.address
        other = evm.deploy(project.SwapperMock, sender=owner)
        (event,) = index.setRebalancer(other, sender=owner).events(index)
        assert (event.name, event.values) == ("RebalancerSet", {"rebalancer": other.address})
        assert index.terms().rebalancer == other.address
        with refuse("NotRebalancer", caller=swapper.address):
            self.swap(swapper, index, tokens[0], SHARE, tokens[1], SHARE, alice)
        for stranger in (ZERO, alice):
            with refuse("InvalidRebalancer", rebalancer=stranger):
                index.setRebalancer(stranger, sender=owner)
        with reverts(error(project.IndexToken, "AccessManagedUnauthorized"), caller=alice):
            index.setRebalancer(alice, sender=alice)

    def test_a_trade_moves_units_and_keeps_what_is_accounted_covered(self, index, swapper, tokens, alice):
        accounted = index.holdings().accounted
        receipt = self.swap(swapper, index, tokens[0], 10 * SHARE, tokens[1], 25 * SHARE, alice)
        after = index.holdings()
        (event,) = receipt.events(index)
        units = index.basket().units
        assert (event.name, event.values) == ("Swapped", {
            "tokenOut": tokens[0].address, "tokenIn": tokens[1].address, "receiver": swapper.address,
            "amountOut": 10 * SHARE, "amountIn": 25 * SHARE, "unitsOut": units[0], "unitsIn": units[1],
        })  # fmt: skip
        # Units have 57 bits: what they forget is surplus.
        assert 0 <= accounted[0] - 10 * SHARE - after.accounted[0] <= accounted[0] // 2**55
        assert 0 <= accounted[1] + 25 * SHARE - after.accounted[1] <= accounted[1] // 2**55
        assert all(there >= owed for there, owed in zip(after.available, after.accounted, strict=True))

    def test_a_short_payment_is_refused(self, index, swapper, tokens, refuse, alice):
        swapper.setShortBy(1, sender=alice)
        with refuse("ShortDelivery", token=tokens[1].address, required=SHARE, received=SHARE - 1):
            self.swap(swapper, index, tokens[0], SHARE, tokens[1], SHARE, alice)

    def test_a_new_constituent_joins_and_a_sold_out_one_leaves(self, index, swapper, tokens, refuse, alice):
        accounted = index.holdings().accounted[0]
        with refuse("AmountExceedsAccounted", token=tokens[0].address, amount=accounted + 1, accounted=accounted):
            self.swap(swapper, index, tokens[0], accounted + 1, tokens[2], SHARE, alice)
        events = self.swap(swapper, index, tokens[0], accounted, tokens[2], 40 * SHARE, alice).events(index)
        assert [event.name for event in events] == ["ConstituentAdded", "ConstituentRemoved", "Swapped"]
        assert (events[-1].values["unitsOut"], events[-1].values["unitsIn"]) == (0, index.basket().units[0])
        assert index.basket().tokens == [tokens[2].address, tokens[1].address]
        index.mint(SHARE, alice, *unlimited([tokens[2], tokens[1]]), sender=alice)
        index.redeem(SHARE, alice, alice, *ANYTHING, sender=alice)

    def test_only_constituents_can_be_sold(self, index, swapper, tokens, refuse, alice):
        with refuse("NotAConstituent", token=tokens[2].address):
            self.swap(swapper, index, tokens[2], 1, tokens[0], 1, alice)
        with refuse("DuplicateConstituent", token=tokens[0].address):
            self.swap(swapper, index, tokens[0], 1, tokens[0], 1, alice)

    def test_an_empty_index_trades_nothing(self, evm, project, authority, tokens, refuse, owner):
        empty = new_index(evm, project, authority, tokens[:2], [UNIT, UNIT], owner)
        swapper = evm.deploy(project.SwapperMock, sender=owner)
        empty.setRebalancer(swapper, sender=owner)
        with refuse("NotSeeded"):
            self.swap(swapper, empty, tokens[0], 0, tokens[1], 0, owner)
        with refuse("NotSeeded"):
            empty.sync(tokens[0].address, sender=owner)


class TestSync:
    """A surplus of 20 on a basket of 200: a holder who minted before the sync and redeemed after it took 81 % of it."""

    SURPLUS = 20 * SHARE
    VESTING = 28 * DAY

    @pytest.fixture
    def surplus(self, index: Deployed, tokens: list[Deployed], owner: str) -> Deployed:
        """A surplus of the second token, of which the basket holds 300; alice has all shares."""
        index.setStreamingFee(0, sender=owner)
        index.setMintFee(0, sender=owner)
        tokens[1].mint(index.address, self.SURPLUS, sender=owner)
        return tokens[1]

    def test_a_sandwich_gains_nothing(self, index, surplus, tokens, owner, bob):
        before = [token.balanceOf(bob) for token in tokens]
        index.mint(430 * SHARE, bob, *unlimited(tokens[:2]), sender=bob)
        index.sync(surplus.address, sender=owner)
        index.redeem(430 * SHARE, bob, bob, *ANYTHING, sender=bob)
        gained = [token.balanceOf(bob) - had for token, had in zip(tokens, before, strict=True)]
        assert all(-(10**4) < gain <= 0 for gain in gained), "I12 a sandwich around a sync gains nothing"

    @pytest.mark.parametrize("days", [1, 7, 28])
    def test_what_others_take_is_for_the_time_that_they_hold(self, evm, index, surplus, tokens, owner, bob, days):
        """Bob has 81 % of all shares from the second before, and gets their part of what vests meanwhile, no more."""
        before = surplus.balanceOf(bob)
        index.mint(430 * SHARE, bob, *unlimited(tokens[:2]), sender=bob)
        part = 430 * SHARE / index.totalSupply()
        index.sync(surplus.address, sender=owner)
        evm.next_at(evm.now + days * DAY)
        index.redeem(430 * SHARE, bob, bob, *ANYTHING, sender=bob)
        assert surplus.balanceOf(bob) - before == pytest.approx(part * self.SURPLUS * days / 28, rel=1e-5)

    def test_a_mint_by_callback_pays_for_it_as_well(self, evm, project, index, surplus, tokens, owner, bob):
        index.sync(surplus.address, sender=owner)
        minter = evm.deploy(project.MinterMock, sender=owner)
        for token in tokens:
            token.mint(minter.address, 10**30, sender=owner)
        amounts, paid = index.previewMint(SHARE), surplus.balanceOf(index.address)
        minter.mint(index, SHARE, bob, b"", sender=bob)
        assert surplus.balanceOf(index.address) - paid == amounts[1] > index.previewRedeem(SHARE)[1] + 1

    def test_who_comes_after_pays_for_it(self, evm, index, surplus, tokens, owner, bob):
        """A minter pays for the whole surplus, and has all of it once it has vested.

        Alice keeps her part of what vested before.
        """
        worth = index.previewRedeem(100 * SHARE)[1]
        index.sync(surplus.address, sender=owner)
        start, before = evm.now, surplus.balanceOf(bob)
        index.mint(100 * SHARE, bob, *unlimited(tokens[:2]), sender=bob)
        paid = before - surplus.balanceOf(bob)
        assert paid == pytest.approx(worth + self.SURPLUS, rel=1e-3)
        with evm.isolated():
            index.redeem(100 * SHARE, bob, bob, *ANYTHING, sender=bob)
            assert surplus.balanceOf(bob) == pytest.approx(before - self.SURPLUS, rel=1e-3), (
                "at once they leave it behind"
            )
        vested = index.previewRedeem.call(100 * SHARE, at=start + self.VESTING)[1]
        assert paid - 10 <= vested <= paid
        accounted, available = index.holdings.call(at=start + self.VESTING)
        assert accounted[1] <= available[1], "I1 solvency"

    def test_what_vests_is_said(self, evm, index, surplus, owner, tokens):
        base, unit = index.basket().base, index.basket().units[1]
        receipt = index.sync(surplus.address, sender=owner)
        units = (surplus.balanceOf(index.address)) * 10**27 // base - unit
        # Accounted balances are floors, and so are the units that they are made of.
        assert index.basket().units[1] <= unit
        extra = index.vestingOf(surplus.address)
        assert extra.named() == {"units": extra.units, "start": evm.now, "end": evm.now + self.VESTING}
        assert abs(extra.units - units) <= unit >> 50
        assert [event.name for event in receipt.events(index)] == ["UnitsSet", "SurplusVesting"]
        assert receipt.events(index)[1].values == {"token": surplus.address, "units": extra.units, "end": extra.end}
        assert list(index.vestingOf(tokens[0].address)) == [0, 0, 0]

    def test_a_second_sync_counts_anew_and_a_loss_ends_it(self, evm, index, surplus, owner):
        index.sync(surplus.address, sender=owner)
        evm.next_at(evm.now + self.VESTING // 2)
        index.sync(surplus.address, sender=owner)
        extra = index.vestingOf(surplus.address)
        assert (extra.start, extra.end) == (evm.now, evm.now + self.VESTING)
        assert extra.units * index.basket().base // 10**27 == pytest.approx(self.SURPLUS / 2, rel=1e-3)
        surplus.burn(index.address, surplus.balanceOf(index.address) // 2, sender=owner)
        index.sync(surplus.address, sender=owner)
        assert list(index.vestingOf(surplus.address)) == [0, 0, 0]
        accounted, available = index.holdings()
        assert accounted[1] <= available[1]

    def test_a_trade_keeps_what_vests(self, evm, project, index, surplus, tokens, owner, alice):
        swapper = evm.deploy(project.SwapperMock, sender=owner)
        index.setRebalancer(swapper, sender=owner)
        tokens[0].mint(swapper.address, 10**30, sender=owner)
        index.sync(surplus.address, sender=owner)
        end = evm.now + self.VESTING
        evm.next_at(evm.now + self.VESTING // 4)
        swapper.swap(index.address, surplus.address, 10 * SHARE, tokens[0].address, SHARE, sender=alice)
        extra, accounted = index.vestingOf(surplus.address), index.holdings().accounted[1]
        assert extra.end == end
        assert extra.units * index.basket().base // 10**27 == pytest.approx(self.SURPLUS * 3 / 4, rel=1e-3)
        accounted_then = index.holdings.call(at=end).accounted[1]
        assert accounted_then - accounted == pytest.approx(self.SURPLUS * 3 / 4, rel=1e-3)
        evm.next_at(end)
        swapper.swap(index.address, surplus.address, accounted_then, tokens[0].address, SHARE, sender=alice)
        assert index.basket().tokens == [tokens[0].address]
        assert list(index.vestingOf(surplus.address)) == [0, 0, 0]


def test_fees_can_be_collected_beyond_the_last_share(evm, project, authority, tokens, owner, alice):
    """At the highest cap and fee all balances are full in the 19th year.

    Collection and a change of receiver once reverted then.
    """
    terms = {"supplyCap": 2**35, "dailyFee": 5 * 10**16 // 365, "mintFee": 0}
    index = new_index(evm, project, authority, tokens[:1], [UNIT], owner, **terms)
    stock(tokens, index, [alice])
    index.mint(2**35 * SHARE - 10**17, alice, *unlimited(tokens[:1]), sender=alice)
    evm.warp(19 * 365 * DAY)
    assert index.basket().base * 10**27 // index.multiplier() > 2**96
    assert index.totalSupply() == 2**96 - 1
    index.setFeeReceiver(alice, sender=owner)
    assert index.issuedSupply() == 2**96 - 1
    evm.warp(DAY)
    index.collectFees(sender=owner)
    index.redeem(index.balanceOf(alice), alice, alice, *ANYTHING, sender=alice)


def test_filling_the_cap_to_block_buyers_costs_the_mint_fee(index, tokens, refuse, owner, bob):
    """SECURITY.md tells the cost: the mint fee on all room that is left, for every transaction that is blocked.

    The holders get it.
    """
    index.setSupplyCap(1_000_000, sender=owner)
    index.setStreamingFee(0, sender=owner)
    index.collectFees(sender=owner)
    room = 1_000_000 * SHARE - index.totalSupply()
    shares, fees = room * 9_990 // 10_000 - 10, index.pendingFeeShares()
    before = [token.balanceOf(bob) for token in tokens[:2]]
    index.mint(shares, bob, *unlimited(tokens[:2]), sender=bob)
    with refuse(
        "SupplyCapExceeded", supply=index.totalSupply() + SHARE * 10_000 // 9_990 + 1, supplyCap=1_000_000 * SHARE
    ):
        index.previewMint(SHARE)
    index.redeem(shares, bob, bob, *ANYTHING, sender=bob)
    lost = [had - token.balanceOf(bob) for token, had in zip(tokens[:2], before, strict=True)]
    assert lost[0] == pytest.approx(room / 1_000, rel=1e-6)
    assert index.pendingFeeShares() - fees == pytest.approx(room / 1_000, rel=1e-6)


def test_permits_are_signed_for_the_index_by_name(evm, index, bob):
    from eth_abi import decode
    from eth_account import Account

    from ssi.chain.permits import permit

    key = "0x" + "b0b".zfill(64)
    signer = Account.from_key(key).address
    deadline = evm.now + 100
    value, until, v, r, s = decode(
        ["uint256", "uint256", "uint8", "bytes32", "bytes32"],
        permit(key, index.address, {"name": index.name(), "version": "1"}, bob, 5, 0, deadline),
    )
    index.permit(signer, bob, value, until, v, r, s, sender=bob)
    assert (index.allowance(signer, bob), index.nonces(signer)) == (5, 1)


def test_terms_are_what_was_set(index):
    terms = index.terms()
    assert (terms.dailyFee, terms.mintFee, terms.supplyCap, terms.paused, terms.deprecated) == (
        DAILY_FEE,
        10,
        CAP,
        False,
        False,
    )
