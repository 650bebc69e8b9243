"""What people would try with a locker of liquidity. Ids are those of docs/invariants.md."""

from __future__ import annotations

from math import isqrt
from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm, Reverted
from ssi.constants import MAX
from ssi.points.locks import PoolKind
from ssi.registry.system import System
from tests.model.locker import COOLDOWN, full_range, measure
from tests.support.indexes import EPOCH
from tests.support.liquidity import UniswapMarket, new_locker
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import error, reverts


@pytest.fixture
def market(system: System, alice: str, bob: str, mallory: str) -> UniswapMarket:
    market = UniswapMarket(system)
    for person in (alice, bob, mallory):
        market.fund(person, 100, 50_000)
    market.position(bob, 10)
    market.add(bob, 10)
    return market


@pytest.fixture
def locker(
    evm: Evm, project: Any, authority: Deployed, market: UniswapMarket, owner: str, alice: str, mallory: str
) -> Deployed:
    locker = new_locker(evm, project, authority, market, owner, EPOCH)
    locker.addPool(market.pair.address, PoolKind.V2, sender=owner)
    locker.addPool(market.pools["V3"].address, PoolKind.V3, sender=owner)
    for person in (alice, mallory):
        market.positions.setApprovalForAll(locker.address, True, sender=person)
        market.pair.approve(locker.address, MAX, sender=person)
    return locker


def everything(locker: Deployed, market: UniswapMarket, person: str, token_id: int) -> list[Any]:
    """All that a stranger must not be able to move."""
    pool, pair = market.pools["V3"].address, market.pair.address
    weights = [locker.liquidityOf(person, address) for address in (pool, pair)]
    return [tuple(locker.positionOf(token_id)), tuple(locker.stakeOf(person, pair)), weights]


class TestStrangers:
    def test_adding_to_a_locked_position_changes_no_weight(self, locker, market, pool, locked, alice, mallory, evm):
        """v3 asks for no owner when liquidity is added. It is the owner's in the end, and weighs nothing."""
        before = locker.liquidityOf(alice, pool)
        market.increase(mallory, locked, 20)
        assert market.liquidity(locked) > 4 * before
        evm.warp(1000)
        assert locker.liquidityOf(alice, pool) == before, "L2"
        assert locker.liquiditySeconds(alice, pool, 0, 1) == 1000 * before, "L2"
        locker.requestUnlock(locked, sender=alice)
        locker.cancelUnlock(locked, sender=alice)
        assert locker.liquidityOf(alice, pool) == before, "L2"

    def test_dust_and_pokes_move_nothing(self, locker, market, pair, locked, lp_tokens, alice, mallory):
        """L6: LP tokens and positions that are merely sent, additions, trades, donations, and every call that a
        stranger can make.
        """
        locker.requestUnlockTokens(alice, pair, lp_tokens // 2, sender=alice)
        before = everything(locker, market, alice, locked)
        dust = market.add(mallory, 1)
        market.pair.transfer(locker.address, dust // 2, sender=mallory)
        stray = market.position(mallory, 1)
        market.positions.transferFrom(mallory, locker.address, stray, sender=mallory)
        market.increase(mallory, locked, 1)
        market.trade(mallory, 100)
        market.give(mallory, 10**6, 10**6)
        market.pair.sync(sender=mallory)
        locker.lockTokens(pair, dust // 4, sender=mallory)
        market.positions["safeTransferFrom(address,address,uint256)"](
            mallory, locker.address, market.position(mallory, 1), sender=mallory
        )
        for method, args in (
            ("requestUnlock", (locked,)), ("cancelUnlock", (locked,)), ("unlock", (locked, mallory)),
            ("collect", (locked, mallory)),
            ("requestUnlockTokens", (alice, pair, 1)), ("cancelUnlockTokens", (alice, pair)),
            ("unlockTokens", (alice, pair, mallory)),
            ("lockPosition", (locked,)), ("lockPosition", (stray,)),
        ):  # fmt: skip
            with pytest.raises(Reverted):
                getattr(locker, method)(*args, sender=mallory)
        assert everything(locker, market, alice, locked) == before, "L6"

    def test_an_approval_is_no_invitation(self, locker, market, alice, mallory):
        """Alice has approved the locker for all that she has. No other account can lock it."""
        token_id = market.position(alice, 1)
        with reverts("ERC721: transfer of token that is not own"):
            locker.lockPosition(token_id, sender=mallory)

    def test_rights_given_before_the_lock_end_with_it(self, locker, market, alice, mallory):
        token_id = market.position(alice, 1)
        market.positions.approve(mallory, token_id, sender=alice)
        locker.lockPosition(token_id, sender=alice)
        with reverts("Not approved"):
            market.positions.decreaseLiquidity((token_id, 1, 0, 0, 2**40), sender=mallory)
        with reverts("Not approved"):
            market.positions.collect((token_id, mallory, 1, 1), sender=mallory)
        with reverts("ERC721: transfer caller is not owner nor approved"):
            market.positions.transferFrom(locker.address, mallory, token_id, sender=mallory)
        with reverts(""):  # asks the locker for an ERC-1271 signature, which it does not give
            market.positions.permit(mallory, token_id, 2**40, 27, b"\1" * 32, b"\1" * 32, sender=mallory)

    def test_the_owner_has_no_way_around_the_cooldown(self, market, locked, alice):
        for call in (
            lambda: market.positions.decreaseLiquidity((locked, 1, 0, 0, 2**40), sender=alice),
            lambda: market.positions.collect((locked, alice, 1, 1), sender=alice),
            lambda: market.positions.burn(locked, sender=alice),
        ):
            with reverts("Not approved"):
                call()


class TestFakes:
    def test_a_contract_that_says_it_is_a_pool(self, evm, project, locker, market, owner):
        fake = evm.deploy(project.PoolMock, *market.tokens, sender=owner)
        for kind in (PoolKind.V2, PoolKind.V3):
            with reverts(error(project.LpLocker, "LpLocker_NotGenuine"), pool=fake.address):
                locker.addPool(fake.address, kind, sender=owner)

    def test_a_contract_that_says_it_is_the_position_manager(self, project, locker, mallory):
        with reverts(error(project.LpLocker, "LpLocker_NotPositionManager"), caller=mallory):
            locker.onERC721Received(mallory, mallory, 1, b"", sender=mallory)

    def test_a_position_in_a_pool_of_ones_own(self, evm, project, locker, market, mallory):
        """A pool of the index and a token that Mallory prints."""
        junk = evm.deploy(project.QuirkToken, 18, sender=mallory)
        token_id = position(market, junk, mallory)
        with reverts(error(project.LpLocker, "LpLocker_PoolNotOpen"), pool="0x" + "00" * 20):
            locker.lockPosition(token_id, sender=mallory)

    def test_almost_the_whole_range(self, project, locker, market, mallory):
        """A tick's spacing less at one end would hold the same weight for less."""
        low, high = full_range(60)
        token_id = market.position(mallory, 1, (low + 60, high))
        with reverts(
            error(project.LpLocker, "LpLocker_NotFullRange"), tokenId=token_id, tickLower=low + 60, tickUpper=high
        ):
            market.positions["safeTransferFrom(address,address,uint256)"](
                mallory, locker.address, token_id, sender=mallory
            )


def position(market: UniswapMarket, junk: Deployed, person: str) -> int:
    """A position over the whole range of a new pool of the index and a token that any account can mint."""
    tokens = sorted((market.index, junk), key=lambda token: int(token.address, 16))
    junk.mint(person, 10**20, sender=person)
    junk.approve(market.positions.address, MAX, sender=person)
    market.positions.createAndInitializePoolIfNecessary(*tokens, 3000, 2**96, sender=person)
    order = (*tokens, 3000, *full_range(60), 10**19, 10**19, 0, 0, person, 2**40)
    receipt = market.positions.mint(order, sender=person)
    return receipt.events(market.positions, "IncreaseLiquidity")[0].values["tokenId"]


class TestFlash:
    def test_a_lock_within_one_block_weighs_nothing(self, locker, pool, pair, locked, lp_tokens, alice, evm):
        locker.requestUnlock(locked, sender=alice)
        locker.requestUnlockTokens(alice, pair, lp_tokens, sender=alice)
        evm.warp(10 * EPOCH)
        for address in (pool, pair):
            assert locker.liquiditySeconds(alice, address, 0, 11) == 0, "L1"

    def test_and_cannot_be_paid_back(self, project, locker, pair, locked, lp_tokens, alice, evm):
        """A lender wants it back in the block: there is no way to have it before two weeks are over."""
        locker.requestUnlock(locked, sender=alice)
        locker.requestUnlockTokens(alice, pair, lp_tokens, sender=alice)
        not_yet = error(project.LpLocker, "LpLocker_NotMatured")
        with reverts(not_yet, maturesAt=evm.now + COOLDOWN):
            locker.unlock(locked, alice, sender=alice)
        with reverts(not_yet, maturesAt=evm.now + COOLDOWN):
            locker.unlockTokens(alice, pair, alice, sender=alice)


class TestPrices:
    def test_a_swap_before_the_lock_gains_nothing(self, locker, market, pair, mallory):
        """However far the price is pushed, the weight moves by the fee of the push alone, which the tokens then stand
        for.
        """
        amount = market.add(mallory, 2)
        honest = measure(amount, *market.state())
        market.swap(mallory, market.tokens.index(market.usdc), 20_000 * 10**6)
        pushed = locker.lockTokens.call(pair, amount, sender=mallory)
        assert honest <= pushed < honest * 1002 // 1000
        market.swap(mallory, market.tokens.index(market.index), 5 * 10**18)
        locker.lockTokens(pair, amount, sender=mallory)
        assert backed(locker, market, mallory), "L3"

    def test_the_weight_of_a_position_knows_no_price(self, locker, market, mallory):
        token_id = market.position(mallory, 5)
        honest = locker.lockPosition.call(token_id, sender=mallory)
        market.trade(mallory, 20_000)
        assert locker.lockPosition.call(token_id, sender=mallory) == honest


def backed(locker: Deployed, market: UniswapMarket, *people: str) -> bool:
    """L3: what weighs is no more than what the locked tokens stand for."""
    reserve0, reserve1, _, supply = market.state()
    stakes = [locker.stakeOf(person, market.pair.address) for person in people]
    return all((stake.liquidity * supply) ** 2 <= stake.locked**2 * reserve0 * reserve1 for stake in stakes)


class TestDonations:
    def test_a_donation_is_given_away(self, locker, market, pair, mallory):
        """The same money weighs less as a donation than as liquidity, and the tokens stand for what was recorded."""
        amount = market.add(mallory, 2)
        shares = market.amounts(1, 100)
        added = measure(amount, *market.state()) + isqrt(shares[0] * shares[1])
        market.give(mallory, *shares)
        locker.lockTokens(pair, amount, sender=mallory)
        assert locker.liquidityOf(mallory, pair) < added
        assert backed(locker, market, mallory), "L3"

    def test_what_is_not_synced_cannot_be_taken_back_after_it_has_counted(self, locker, market, pair, mallory):
        """Sent, locked, skimmed: the lock has taken it into the reserves."""
        amount = market.add(mallory, 2)
        market.give(mallory, *market.amounts(5, 500))
        before = [token.balanceOf(mallory) for token in market.tokens]
        locker.lockTokens(pair, amount, sender=mallory)
        market.pair.skim(mallory, sender=mallory)
        assert [token.balanceOf(mallory) for token in market.tokens] == before
        assert backed(locker, market, mallory), "L3"

    def test_the_owner_of_nearly_all_gives_locks_little_and_burns_the_rest(self, locker, market, pair, bob, mallory):
        """An owner of nearly the whole pool gets nearly all of a gift to it back, but for the part behind what they
        have locked.
        """
        market.burn(bob, market.pair.balanceOf(bob) * 999 // 1000)
        amount = market.add(mallory, 10)
        market.give(mallory, *market.amounts(20, 2000))
        locker.lockTokens(pair, amount // 100, sender=mallory)
        recorded = locker.liquidityOf(mallory, pair)
        market.burn(mallory, amount - amount // 100)
        reserve0, reserve1, _, supply = market.state()
        assert recorded**2 * supply**2 <= (amount // 100) ** 2 * reserve0 * reserve1, "L3 it is all still there"
        assert backed(locker, market, mallory), "L3"


class TestReentrancy:
    @pytest.fixture
    def quirk(self, evm: Evm, project: Any, market: UniswapMarket, locker: Deployed, bob: str, owner: str) -> Deployed:
        """A token that calls the account it was told to when it is transferred, in a pair with the index that is on the
        list.
        """
        quirk = evm.deploy(project.QuirkToken, 18, sender=owner)
        for person in (bob, quirk.address):
            quirk.mint(person, 10**24, sender=owner)
        locker.addPool(market.pair_of(market.index, quirk).address, PoolKind.V2, sender=owner)
        return quirk

    def test_a_lock_in_the_middle_of_a_burn(self, locker, market, quirk, bob):
        """Nearly all LP tokens are burnt and nothing is paid yet: each of the rest would look like a thousand."""
        pair = market.pair_of(market.index, quirk)
        for token in (market.index, quirk):
            token.transfer(pair.address, 10**19, sender=bob)
        pair.mint(bob, sender=bob)
        amount = pair.balanceOf(bob) // 1000
        pair.transfer(quirk.address, amount, sender=bob)
        pair.approve(locker.address, MAX, sender=quirk.address)
        quirk.setReentry(locker.address, locker.lockTokens.encode(pair.address, amount), sender=bob)
        quirk.setQuirk(Quirk.REENTERS, sender=bob)
        pair.transfer(pair.address, pair.balanceOf(bob), sender=bob)
        pair.burn(bob, sender=bob)
        assert not quirk.reentered()
        assert b"UniswapV2: LOCKED" in quirk.answer()
        assert locker.liquidityOf(quirk.address, pair.address) == 0
        quirk.setQuirk(Quirk.NONE, sender=bob)
        honest = locker.lockTokens.call(pair.address, amount, sender=quirk.address)
        assert 10**16 * 99 // 100 < honest <= 10**16, "a thousandth of ten each"

    def test_a_lock_in_the_middle_of_a_flash_swap(self, evm, project, locker, market, pair, mallory):
        borrower = evm.deploy(project.LockerReentrant, sender=mallory)
        amount = market.add(mallory, 1)
        market.pair.transfer(borrower.address, amount, sender=mallory)
        market.pair.approve(locker.address, MAX, sender=borrower.address)
        borrower.prepare(locker.address, locker.lockTokens.encode(pair, amount), sender=mallory)
        reserves = list(market.pair.getReserves())[:2]
        market.give(mallory, reserves[0] // 50, 0)
        market.pair.swap(reserves[0] // 100, 0, borrower.address, b"\1", sender=mallory)
        assert (borrower.calls(), borrower.succeeded()) == (1, False)
        assert b"UniswapV2: LOCKED" in borrower.answer()

    def test_a_collection_cannot_be_reentered(self, evm, project, locker, market, alice, bob, owner):
        """A token of the pool calls the locker as an operator while fees are being paid."""
        quirk = evm.deploy(project.QuirkToken, 18, sender=owner)
        token_id = position(market, quirk, alice)
        fresh = new_locker(evm, project, evm.at(project.ProtocolManager, locker.authority()), market, owner, EPOCH)
        info = market.positions.positions(token_id)
        fresh.addPool(market.pool_of(info.token0, info.token1, info.fee), PoolKind.V3, sender=owner)
        market.positions.approve(fresh.address, token_id, sender=alice)
        fresh.lockPosition(token_id, sender=alice)
        fresh.setOperator(quirk.address, True, sender=alice)
        quirk.mint(bob, 10**20, sender=bob)
        quirk.approve(market.swap_router.address, MAX, sender=bob)
        guard = error(project.LpLocker, "ReentrancyGuardReentrantCall").hash[:4]
        calls = (
            fresh.requestUnlock.encode(token_id),
            fresh.collect.encode(token_id, bob),
            fresh.unlock.encode(token_id, bob),
            fresh.requestUnlockTokens.encode(quirk.address, quirk.address, 1),
            fresh.lockTokens.encode(quirk.address, 1),
            fresh.lockPosition.encode(token_id),
            fresh.cancelUnlock.encode(token_id),
            fresh.onERC721Received.encode(bob, bob, 1, b""),
            fresh.cancelUnlockTokens.encode(quirk.address, quirk.address),
            fresh.unlockTokens.encode(quirk.address, quirk.address, bob),
        )
        for call in calls:
            quirk.setQuirk(Quirk.NONE, sender=bob)
            market.swap_router.exactInputSingle(
                (quirk.address, market.index.address, 3000, bob, 10**18, 0, 0), sender=bob
            )
            quirk.setQuirk(Quirk.REENTERS, sender=bob)
            quirk.setReentry(fresh.address, call, sender=bob)
            (collected,) = fresh.collect(token_id, alice, sender=alice).events(fresh, "FeesCollected")
            assert collected.values["amount0"] + collected.values["amount1"] > 0
            assert (quirk.reentered(), quirk.answer()) == (False, guard)

    def test_a_position_is_returned_without_a_call_to_its_owner(self, evm, project, locker, market, locked, alice):
        """Not even its receiver, who could refuse it or come back."""
        receiver = evm.deploy(project.LockerReentrant, sender=alice)
        locker.requestUnlock(locked, sender=alice)
        evm.warp(COOLDOWN)
        locker.unlock(locked, receiver.address, sender=alice)
        assert market.positions.ownerOf(locked) == receiver.address
        assert receiver.calls() == 0
        receiver.send(market.positions.address, locker.address, locked, sender=alice)
        assert locker.positionOf(locked).owner == receiver.address
