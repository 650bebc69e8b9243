"""LpLocker: every function, every event, every error. Ids are those of docs/invariants.md."""

from __future__ import annotations

from typing import Any

import pytest

from forks import control
from forks.addresses import TOKENS
from ssi.chain.evm import Deployed, Evm, Receipt
from ssi.constants import MAX
from ssi.points.locks import PoolKind
from ssi.registry.system import System
from tests.model.locker import COOLDOWN, full_range, measure
from tests.support.indexes import EPOCH
from tests.support.liquidity import FEE, SPACING, UniswapMarket, new_locker
from tests.support.reverts import error, reverts
from tests.support.trading import ETHER


@pytest.fixture
def market(system: System, alice: str, bob: str) -> UniswapMarket:
    """Alice and Bob have shares and dollars.

    Bob has added liquidity and traded, so an LP token is an odd number of liquidity.
    """
    market = UniswapMarket(system)
    for person in (alice, bob):
        market.fund(person, 100, 50_000)
    market.position(bob, 10)
    market.add(bob, 10)
    for n, amount in enumerate(market.amounts(1.234567, 76.543)):
        market.swap(bob, n, amount)
    return market


@pytest.fixture
def empty(evm: Evm, project: Any, authority: Deployed, market: UniswapMarket, owner: str) -> Deployed:
    return new_locker(evm, project, authority, market, owner, EPOCH)


@pytest.fixture
def locker(empty: Deployed, market: UniswapMarket, owner: str, alice: str) -> Deployed:
    """The pair and a pool of v3 are on the list, and Alice has approved everything."""
    empty.addPool(market.pair.address, PoolKind.V2, sender=owner)
    empty.addPool(market.pools["V3"].address, PoolKind.V3, sender=owner)
    market.positions.setApprovalForAll(empty.address, True, sender=alice)
    market.pair.approve(empty.address, MAX, sender=alice)
    return empty


def only(receipt: Receipt, contract: Deployed, name: str) -> dict[str, Any]:
    """The values of the only event."""
    (event,) = receipt.events(contract)
    assert event.name == name
    return event.values


class TestPositions:
    def test_locking(self, locker, market, pool, alice, evm):
        token_id = market.position(alice, 5)
        liquidity = market.liquidity(token_id)
        assert locker.lockPosition.call(token_id, sender=alice) == liquidity
        receipt = locker.lockPosition(token_id, sender=alice)
        assert only(receipt, locker, "PositionLocked") == {
            "owner": alice,
            "tokenId": token_id,
            "pool": pool,
            "liquidity": liquidity,
        }
        assert market.positions.ownerOf(token_id) == locker.address
        assert tuple(locker.positionOf(token_id)) == (alice, pool, liquidity, 0)
        assert locker.liquidityOf(alice, pool) == liquidity
        evm.warp(100)
        assert locker.liquiditySeconds(alice, pool, 0, 1) == 100 * liquidity

    def test_locking_by_safe_transfer(self, locker, market, alice):
        token_id = market.position(alice, 5)
        send = market.positions["safeTransferFrom(address,address,uint256)"]
        receipt = send(alice, locker.address, token_id, sender=alice)
        assert only(receipt, locker, "PositionLocked")["owner"] == alice
        assert locker.positionOf(token_id).owner == alice

    def test_liquidity_is_the_geometric_mean(self, locker, market, alice):
        """The unit of the interface: sqrt(amount0 x amount1), at every price of the pool."""
        before = [token.balanceOf(alice) for token in market.tokens]
        token_id = market.position(alice, 5)
        paid = [held - token.balanceOf(alice) for token, held in zip(market.tokens, before, strict=True)]
        liquidity = locker.lockPosition.call(token_id, sender=alice)
        assert abs(liquidity**2 - paid[0] * paid[1]) * 10**7 < liquidity**2

    def test_the_whole_way_out(self, locker, market, pool, locked, alice, evm):
        liquidity = locker.liquidityOf(alice, pool)
        matures = evm.now + COOLDOWN
        receipt = locker.requestUnlock(locked, sender=alice)
        assert only(receipt, locker, "PositionUnlockRequested") == {
            "owner": alice, "tokenId": locked, "pool": pool, "caller": alice, "maturesAt": matures,
        }  # fmt: skip
        assert locker.liquidityOf(alice, pool) == 0
        assert tuple(locker.positionOf(locked)) == (alice, pool, liquidity, matures)
        with reverts(error(market.system.project.LpLocker, "LpLocker_NotMatured"), maturesAt=matures):
            locker.unlock.call(locked, alice, sender=alice, at=matures - 1)
        evm.next_at(matures)
        receipt = locker.unlock(locked, alice, sender=alice)
        assert only(receipt, locker, "PositionUnlocked") == {
            "owner": alice,
            "tokenId": locked,
            "pool": pool,
            "receiver": alice,
        }
        assert market.positions.ownerOf(locked) == alice
        assert tuple(locker.positionOf(locked)) == (ETHER, ETHER, 0, 0)

    def test_the_same_position_again(self, locker, market, pool, locked, alice, evm):
        locker.requestUnlock(locked, sender=alice)
        evm.warp(COOLDOWN)
        locker.unlock(locked, alice, sender=alice)
        market.increase(alice, locked, 1)
        locker.lockPosition(locked, sender=alice)
        assert locker.liquidityOf(alice, pool) == market.liquidity(locked)

    def test_cancelling(self, locker, pool, locked, alice, evm):
        liquidity = locker.liquidityOf(alice, pool)
        start = evm.now
        locker.requestUnlock(locked, sender=alice)
        evm.warp(COOLDOWN - 1)
        receipt = locker.cancelUnlock(locked, sender=alice)
        assert only(receipt, locker, "PositionUnlockCancelled") == {
            "owner": alice,
            "tokenId": locked,
            "pool": pool,
            "caller": alice,
        }
        assert locker.liquidityOf(alice, pool) == liquidity
        evm.warp(50)
        assert locker.liquiditySeconds(alice, pool, 0, 1) == 50 * liquidity
        assert evm.now == start + COOLDOWN - 1 + 50

    def test_every_position_has_its_own_timer(self, locker, market, locked, alice, evm):
        other = market.position(alice, 2)
        locker.lockPosition(other, sender=alice)
        first = locker.requestUnlock.call(locked, sender=alice)
        locker.requestUnlock(locked, sender=alice)
        evm.warp(1000)
        locker.requestUnlock(other, sender=alice)
        assert [locker.positionOf(token_id).maturesAt for token_id in (locked, other)] == [first, first + 1000]

    def test_fees_are_paid_in_every_state(self, locker, market, locked, alice, bob, evm):
        for step in (lambda: None, lambda: locker.requestUnlock(locked, sender=alice), lambda: evm.warp(COOLDOWN)):
            step()
            market.trade(bob, 500)
            purse = evm.account("purse")
            before = [token.balanceOf(purse) for token in market.tokens]
            expected = locker.collect.call(locked, purse, sender=alice)
            receipt = locker.collect(locked, purse, sender=alice)
            got = [token.balanceOf(purse) - held for token, held in zip(market.tokens, before, strict=True)]
            assert got == list(expected)
            assert got[market.tokens.index(market.usdc)] > 0
            assert only(receipt, locker, "FeesCollected") == {
                "owner": alice, "tokenId": locked, "receiver": purse, "amount0": got[0], "amount1": got[1],
            }  # fmt: skip
        assert market.liquidity(locked) == locker.positionOf(locked).liquidity, "fees alone"

    def test_an_operator_is_as_good_as_the_owner(self, locker, market, pair, locked, lp_tokens, alice, evm):
        operator = evm.account("operator")
        receipt = locker.setOperator(operator, True, sender=alice)
        assert only(receipt, locker, "OperatorSet") == {"controller": alice, "operator": operator, "approved": True}
        assert locker.isOperator(alice, operator)
        locker.collect(locked, operator, sender=operator)
        locker.requestUnlock(locked, sender=operator)
        locker.cancelUnlock(locked, sender=operator)
        receipt = locker.requestUnlock(locked, sender=operator)
        assert only(receipt, locker, "PositionUnlockRequested")["caller"] == operator
        locker.requestUnlockTokens(alice, pair, lp_tokens, sender=operator)
        locker.cancelUnlockTokens(alice, pair, sender=operator)
        locker.requestUnlockTokens(alice, pair, lp_tokens, sender=operator)
        evm.warp(COOLDOWN)
        locker.unlock(locked, operator, sender=operator)
        locker.unlockTokens(alice, pair, operator, sender=operator)
        assert (market.positions.ownerOf(locked), market.pair.balanceOf(operator)) == (operator, lp_tokens)

    def test_refusals(self, project, locker, locked, alice, bob, evm):
        def wrong(name):
            return error(project.LpLocker, f"LpLocker_{name}")

        for method, *args in (("requestUnlock",), ("cancelUnlock",), ("unlock", bob), ("collect", bob)):
            with reverts(wrong("NotAuthorized"), owner=alice, caller=bob):
                getattr(locker, method)(locked, *args, sender=bob)
            with reverts(wrong("UnknownPosition"), tokenId=1):
                getattr(locker, method)(1, *args, sender=bob)
        for receiver in (ETHER, locker.address):
            for method in ("unlock", "collect"):
                with reverts(wrong("InvalidReceiver"), receiver=receiver):
                    getattr(locker, method)(locked, receiver, sender=alice)
        with reverts(wrong("NothingCooling")):
            locker.cancelUnlock(locked, sender=alice)
        with reverts(wrong("NotMatured"), maturesAt=0):
            locker.unlock(locked, alice, sender=alice)
        locker.requestUnlock(locked, sender=alice)
        with reverts(wrong("AlreadyRequested"), tokenId=locked, maturesAt=evm.now + COOLDOWN):
            locker.requestUnlock(locked, sender=alice)
        evm.warp(COOLDOWN)
        with reverts(wrong("NothingCooling")):
            locker.cancelUnlock(locked, sender=alice)

    def test_what_cannot_be_locked(self, project, locker, market, alice):
        def wrong(name):
            return error(project.LpLocker, f"LpLocker_{name}")

        other = market.position(alice, 1, fee=10000)
        with reverts(wrong("PoolNotOpen"), pool=ETHER):
            locker.lockPosition(other, sender=alice)
        low, high = full_range(SPACING)
        for ticks in ((low + SPACING, high), (low, high - SPACING)):
            narrow = market.position(alice, 1, ticks)
            with reverts(wrong("NotFullRange"), tokenId=narrow, tickLower=ticks[0], tickUpper=ticks[1]):
                locker.lockPosition(narrow, sender=alice)
        empty = market.position(alice, 1)
        market.positions.decreaseLiquidity((empty, market.liquidity(empty), 0, 0, 2**40), sender=alice)
        with reverts(wrong("ZeroAmount")):
            locker.lockPosition(empty, sender=alice)
        with reverts("Invalid token ID"):
            locker.lockPosition(10**9, sender=alice)

    def test_more_than_96_bits(self, project, evm, locker, market, alice):
        """No real position is that large; storage is written into the position manager to make one."""
        token_id, small = market.position(alice, 1), market.position(alice, 1)
        too_much = error(project.LpLocker, "LpLocker_TooMuch")
        original = market.liquidity(token_id)
        slot = next(
            slot for slot in (hex(int(mapping_slot(token_id, 12), 16) + n) for n in range(2))
            if int(evm.rpc.call("eth_getStorageAt", market.positions.address, slot, "latest"), 16) >> 128 == original
        )  # fmt: skip
        word = int(evm.rpc.call("eth_getStorageAt", market.positions.address, slot, "latest"), 16) % 2**128

        def become(liquidity):
            evm.rpc.call("anvil_setStorageAt", market.positions.address, slot, f"0x{(liquidity << 128) + word:064x}")

        become(2**96)
        with reverts(too_much, held=0, added=2**96):
            locker.lockPosition(token_id, sender=alice)
        become(2**96 - 1)
        locker.lockPosition(token_id, sender=alice)
        with reverts(too_much, held=2**96 - 1, added=market.liquidity(small)):
            locker.lockPosition(small, sender=alice)
        locker.requestUnlock(token_id, sender=alice)
        locker.lockPosition(small, sender=alice)
        with reverts(too_much, held=market.liquidity(small), added=2**96 - 1):
            locker.cancelUnlock(token_id, sender=alice)


def mapping_slot(key: int, slot: int) -> str:
    """Where a mapping keeps a number."""
    from eth_utils import keccak

    return "0x" + keccak(key.to_bytes(32, "big") + slot.to_bytes(32, "big")).hex()


class TestTokens:
    def test_locking(self, locker, market, pair, alice, evm):
        amount = market.add(alice, 3)
        expected = measure(amount, *market.state())
        assert locker.lockTokens.call(pair, amount, sender=alice) == expected
        receipt = locker.lockTokens(pair, amount, sender=alice)
        assert only(receipt, locker, "TokensLocked") == {
            "owner": alice,
            "pool": pair,
            "amount": amount,
            "liquidity": expected,
        }
        assert tuple(locker.stakeOf(alice, pair)) == (amount, expected, 0, 0, 0, 0)
        assert locker.liquidityOf(alice, pair) == expected
        assert market.pair.balanceOf(locker.address) == amount
        evm.warp(100)
        assert locker.liquiditySeconds(alice, pair, 0, 1) == 100 * expected

    def test_a_further_request_begins_the_cooldown_anew(self, locker, pair, lp_tokens, alice, evm):
        weight = locker.liquidityOf(alice, pair)
        part = lp_tokens // 3
        receipt = locker.requestUnlockTokens(alice, pair, part, sender=alice)
        matures = evm.now + COOLDOWN
        assert only(receipt, locker, "TokensUnlockRequested") == {
            "owner": alice, "pool": pair, "caller": alice, "amount": part, "cooling": part, "maturesAt": matures,
        }  # fmt: skip
        moved = -(-weight * part // lp_tokens)
        assert tuple(locker.stakeOf(alice, pair)) == (lp_tokens - part, weight - moved, part, moved, matures, 0)
        evm.warp(1000)
        receipt = locker.requestUnlockTokens(alice, pair, part, sender=alice)
        assert only(receipt, locker, "TokensUnlockRequested")["cooling"] == 2 * part
        assert locker.stakeOf(alice, pair).maturesAt == matures + 1000
        evm.mine_at(matures + 999)
        assert locker.stakeOf(alice, pair).matured == 0
        evm.mine_at(matures + 1000)
        assert tuple(locker.stakeOf(alice, pair))[2:] == (0, 0, 0, 2 * part)

    def test_what_has_matured_stays_so(self, locker, market, pair, lp_tokens, alice, evm):
        part = lp_tokens // 3
        locker.requestUnlockTokens(alice, pair, part, sender=alice)
        evm.warp(COOLDOWN)
        locker.requestUnlockTokens(alice, pair, part, sender=alice)
        stake = locker.stakeOf(alice, pair)
        assert (stake.matured, stake.cooling) == (part, part), "L5 matured tokens"
        receipt = locker.unlockTokens(alice, pair, alice, sender=alice)
        assert only(receipt, locker, "TokensUnlocked") == {
            "owner": alice,
            "pool": pair,
            "receiver": alice,
            "amount": part,
        }
        assert market.pair.balanceOf(alice) == part
        evm.warp(COOLDOWN)
        locker.unlockTokens(alice, pair, alice, sender=alice)
        assert market.pair.balanceOf(alice) == 2 * part
        assert locker.stakeOf(alice, pair).locked == lp_tokens - 2 * part

    def test_cancelling(self, locker, pair, lp_tokens, alice):
        before = tuple(locker.stakeOf(alice, pair))
        for part in (lp_tokens // 3, 1):
            locker.requestUnlockTokens(alice, pair, part, sender=alice)
        stake = locker.stakeOf(alice, pair)
        receipt = locker.cancelUnlockTokens(alice, pair, sender=alice)
        assert only(receipt, locker, "TokensUnlockCancelled") == {
            "owner": alice,
            "pool": pair,
            "caller": alice,
            "amount": lp_tokens // 3 + 1,
            "liquidity": stake.coolingLiquidity,
        }
        assert tuple(locker.stakeOf(alice, pair)) == before

    def test_refusals(self, project, locker, market, pair, pool, lp_tokens, alice, bob, evm):
        def wrong(name):
            return error(project.LpLocker, f"LpLocker_{name}")

        for method, args in (
            ("requestUnlockTokens", (alice, pair, 1)), ("cancelUnlockTokens", (alice, pair)),
            ("unlockTokens", (alice, pair, bob)),
        ):  # fmt: skip
            with reverts(wrong("NotAuthorized"), owner=alice, caller=bob):
                getattr(locker, method)(*args, sender=bob)
        with reverts(wrong("ZeroAmount")):
            locker.lockTokens(pair, 0, sender=alice)
        with reverts(wrong("ZeroAmount")):
            locker.requestUnlockTokens(alice, pair, 0, sender=alice)
        with reverts(wrong("ExceedsLocked"), amount=lp_tokens + 1, locked=lp_tokens):
            locker.requestUnlockTokens(alice, pair, lp_tokens + 1, sender=alice)
        for unlisted in (pool, market.pools["V3b"].address):
            with reverts(wrong("PoolNotOpen"), pool=unlisted):
                locker.lockTokens(unlisted, 1, sender=alice)
        with reverts(wrong("TooMuch"), held=lp_tokens, added=2**96 - lp_tokens):
            locker.lockTokens(pair, 2**96 - lp_tokens, sender=alice)
        with reverts(wrong("TooMuch"), held=lp_tokens, added=2**256 - 1):
            locker.lockTokens(pair, 2**256 - 1, sender=alice)
        with reverts(wrong("NothingCooling")):
            locker.cancelUnlockTokens(alice, pair, sender=alice)
        with reverts(wrong("NotMatured"), maturesAt=0):
            locker.unlockTokens(alice, pair, alice, sender=alice)
        for receiver in (ETHER, locker.address):
            with reverts(wrong("InvalidReceiver"), receiver=receiver):
                locker.unlockTokens(alice, pair, receiver, sender=alice)
        locker.requestUnlockTokens(alice, pair, 1, sender=alice)
        with reverts(wrong("NotMatured"), maturesAt=evm.now + COOLDOWN):
            locker.unlockTokens(alice, pair, alice, sender=alice)
        evm.warp(COOLDOWN)
        with reverts(wrong("NothingCooling")):
            locker.cancelUnlockTokens(alice, pair, sender=alice)

    def test_too_little_to_weigh_anything(self, project, locker, market, pair, lp_tokens, alice, bob):
        """LP tokens worth less than one unit of liquidity: the pair has lost nearly all that it had."""
        extra = market.add(alice, 1)
        for token in market.tokens:
            held = token.balanceOf(pair)
            token.transfer(bob, held - 1, sender=pair)
        with reverts(error(project.LpLocker, "LpLocker_ZeroAmount")):
            locker.lockTokens(pair, extra, sender=alice)
        locker.requestUnlockTokens(alice, pair, lp_tokens, sender=alice)

    def test_the_protocol_fee_is_left_out(self, locker, market, pair, alice, bob, evm):
        """With v2's fee on, the locker records what the tokens stand for after that fee."""
        market.protocol_fee(evm.account("uniswap"))
        market.add(bob, 1)
        for n in (0, 1):
            market.swap(bob, n, market.tokens[n].balanceOf(pair) * 3)
        amount = market.add(alice, 2)
        for n in (0, 1):
            market.swap(bob, n, market.tokens[n].balanceOf(pair) * 3)
        reserve0, reserve1, last, supply = market.state()
        assert last != 0
        locker.lockTokens(pair, amount, sender=alice)
        liquidity = locker.liquidityOf(alice, pair)
        assert liquidity == measure(amount, reserve0, reserve1, last, supply)
        assert liquidity < measure(amount, reserve0, reserve1, 0, supply)
        market.add(bob, 1)
        reserve0, reserve1, _, supply = market.state()
        real = amount**2 * reserve0 * reserve1 // supply**2
        assert 0 <= real - liquidity**2 < liquidity * 10**4, "exactly, but for roundings"


class TestPools:
    def test_listing(self, empty, market, pool, pair, owner):
        receipt = empty.addPool(pool, PoolKind.V3, sender=owner)
        token0, token1 = (token.address for token in market.tokens)
        assert only(receipt, empty, "PoolAdded") == {
            "pool": pool,
            "kind": PoolKind.V3,
            "token0": token0,
            "token1": token1,
        }
        receipt = empty.addPool(pair, PoolKind.V2, sender=owner)
        assert only(receipt, empty, "PoolAdded") == {
            "pool": pair,
            "kind": PoolKind.V2,
            "token0": token0,
            "token1": token1,
        }
        assert empty.pools() == [pool, pair]
        for listed, kind in ((pool, PoolKind.V3), (pair, PoolKind.V2)):
            assert tuple(empty.poolTokens(listed)) == (token0, token1)
            assert tuple(empty.poolOf(listed)) == (kind, token0, token1, 0)
        assert tuple(empty.poolOf(owner)) == (PoolKind.NONE, ETHER, ETHER, 0)

    @pytest.mark.usefixtures("locked", "lp_tokens")
    def test_removal_is_final(self, project, locker, market, pool, pair, alice, owner, evm):
        evm.warp(100)
        weights = [locker.liquidityOf(alice, address) for address in (pool, pair)]
        locker.requestUnlock(market_lock(locker, market, alice), sender=alice)
        for address, weight in zip((pool, pair), weights, strict=True):
            receipt = locker.removePool(address, sender=owner)
            assert only(receipt, locker, "PoolRemoved") == {"pool": address}
            assert locker.poolOf(address).removedAt == evm.now
            assert locker.liquidityOf(alice, address) == 0
            assert locker.liquiditySeconds(alice, address, 0, 1) == 100 * weight
        assert locker.pools() == [pair, pool]
        evm.warp(1000)
        for address, weight in zip((pool, pair), weights, strict=True):
            assert locker.liquiditySeconds(alice, address, 0, 1) == 100 * weight
            for method, args in (("removePool", ()), ("lockTokens", (1,))):
                with reverts(error(project.LpLocker, "LpLocker_PoolNotOpen"), pool=address):
                    getattr(locker, method)(address, *args, sender=owner)
            with reverts(error(project.LpLocker, "LpLocker_PoolAlreadyKnown"), pool=address):
                locker.addPool(address, PoolKind.V3, sender=owner)
        fresh = market.position(alice, 1)
        with reverts(error(project.LpLocker, "LpLocker_PoolNotOpen"), pool=pool):
            locker.lockPosition(fresh, sender=alice)

    def test_everything_leaves_a_removed_pool(
        self, project, locker, market, pool, pair, locked, lp_tokens, alice, bob, owner, evm
    ):
        """L4: also in many small steps, none of which may overflow what is kept for a cancellation that cannot come."""
        evm.warp(100)
        for address in (pool, pair):
            locker.removePool(address, sender=owner)
        evm.warp(1000)
        integrals = [locker.liquiditySeconds(alice, address, 0, 1) for address in (pool, pair)]
        assert all(integrals)
        market.trade(bob, 500)
        assert sum(locker.collect.call(locked, alice, sender=alice)) > 0
        locker.collect(locked, alice, sender=alice)
        locker.requestUnlock(locked, sender=alice)
        left = lp_tokens
        while left:
            part = (left + 1) // 2
            locker.requestUnlockTokens(alice, pair, part, sender=alice)
            left -= part
        assert locker.stakeOf(alice, pair).coolingLiquidity == 0
        refused = error(project.LpLocker, "LpLocker_PoolNotOpen")
        with reverts(refused, pool=pool):
            locker.cancelUnlock(locked, sender=alice)
        with reverts(refused, pool=pair):
            locker.cancelUnlockTokens(alice, pair, sender=alice)
        evm.warp(COOLDOWN)
        locker.unlock(locked, alice, sender=alice)
        locker.unlockTokens(alice, pair, alice, sender=alice)
        assert (market.positions.ownerOf(locked), market.pair.balanceOf(alice)) == (alice, lp_tokens)
        assert [locker.liquiditySeconds(alice, address, 0, 1) for address in (pool, pair)] == integrals

    @pytest.mark.usefixtures("locked")
    def test_an_epoch_after_the_removal_is_empty(self, locker, pool, alice, owner, evm):
        locker.removePool(pool, sender=owner)
        evm.warp(3 * EPOCH)
        assert locker.liquiditySeconds(alice, pool, 1, 3) == 0
        assert locker.currentEpoch() == 3

    def test_what_cannot_be_listed(self, project, empty, market, pool, pair, owner, bob):
        def wrong(name):
            return error(project.LpLocker, f"LpLocker_{name}")

        for address, kind in ((pool, PoolKind.NONE), (pair, PoolKind.NONE), (pool, PoolKind.V2)):
            with reverts(wrong("NotGenuine"), pool=address):
                empty.addPool(address, kind, sender=owner)
        with reverts(""):
            empty.addPool(pair, PoolKind.V3, sender=owner)
        weth, usdc = sorted((TOKENS["WETH"], TOKENS["USDC"]), key=lambda token: int(token, 16))
        other = market.pair_of(weth, usdc).address
        with reverts(wrong("NoIndexToken"), token0=weth, token1=usdc):
            empty.addPool(other, PoolKind.V2, sender=owner)
        with reverts(error(project.LpLocker, "AccessManagedUnauthorized"), caller=bob):
            empty.addPool(pool, PoolKind.V3, sender=bob)
        with reverts(error(project.LpLocker, "AccessManagedUnauthorized"), caller=bob):
            empty.removePool(pool, sender=bob)
        with reverts(wrong("PoolNotOpen"), pool=pool):
            empty.removePool(pool, sender=owner)
        with reverts(wrong("UnknownPool"), pool=pool):
            empty.poolTokens(pool)

    def test_sixteen_pools_ever(self, project, empty, market, system, owner):
        assert (empty.MAX_POOLS(), empty.COOLDOWN()) == (16, COOLDOWN)
        indexes = [system.index(symbol).address for symbol in system.record.indexes]
        others = [TOKENS[name] for name in ("WETH", "USDT", "DAI", "WBTC", "LINK")]
        pairs = [market.pair_of(indexes[n % 4], others[n // 4]).address for n in range(17)]
        for pair in pairs[:16]:
            empty.addPool(pair, PoolKind.V2, sender=owner)
        empty.removePool(pairs[0], sender=owner)
        with reverts(error(project.LpLocker, "LpLocker_TooManyPools"), maximum=16):
            empty.addPool(pairs[16], PoolKind.V2, sender=owner)

    def test_spacings_of_every_fee(self, project, empty, market, owner, alice):
        """Full range is what the pool's spacing allows, not one pool's ticks for all."""
        other = market.pools["V3b"].address
        empty.addPool(other, PoolKind.V3, sender=owner)
        market.positions.setApprovalForAll(empty.address, True, sender=alice)
        narrow = market.position(alice, 1, (-887_000, 887_000), fee=10000)
        with reverts(
            error(project.LpLocker, "LpLocker_NotFullRange"), tokenId=narrow, tickLower=-887_000, tickUpper=887_000
        ):
            empty.lockPosition(narrow, sender=alice)
        empty.lockPosition(market.position(alice, 1, fee=10000), sender=alice)

    def test_epochs(self, project, locker, pool, alice):
        wrong = error(project.LpLocker, "LpLocker_InvalidEpochs")
        for epochs in ((0, 0), (1, 2), (1, 0)):
            with reverts(wrong, fromEpoch=epochs[0], toEpoch=epochs[1], currentEpoch=0):
                locker.liquiditySeconds(alice, pool, *epochs)
            with reverts(wrong, fromEpoch=epochs[0], toEpoch=epochs[1], currentEpoch=0):
                locker.liquiditySecondsBatch([alice], pool, *epochs)
        assert locker.liquiditySeconds(alice, alice, 0, 1) == 0
        assert locker.epochLength() == EPOCH

    def test_construction(self, evm, project, authority, market, owner):
        for name in ("manager", "pairs", "indexes"):
            with reverts(error(project.LpLocker, "LpLocker_ZeroAddress")):
                new_locker(evm, project, authority, market, owner, EPOCH, **{name: ETHER})
        for genesis, length in ((evm.now + 10, EPOCH), (1, 0)):
            with reverts(error(project.LpLocker, "LpLocker_InvalidEpochGrid"), genesis=genesis, length=length):
                new_locker(evm, project, authority, market, owner, length, genesis=genesis)


def market_lock(locker: Deployed, market: UniswapMarket, person: str) -> int:
    """Another position of that person's, locked in this second."""
    token_id = market.position(person, 1)
    locker.lockPosition(token_id, sender=person)
    return token_id


def test_the_deployed_locker_lists_after_the_notice(system, market, alice, evm):
    """As in a real deployment: the Safe schedules, sixteen days pass, positions can be locked."""
    from tests.support.governance import govern

    locker, pool = system.locker, market.pools["V3"].address
    assert locker.pools() == []
    assert (locker.epochGenesis(), locker.epochLength()) == (
        system.factory.epochGenesis(),
        system.factory.epochLength(),
    )
    govern(system, locker, "addPool", [pool, PoolKind.V3])
    control.deal(evm.rpc, "USDC", alice, 10**10)
    token_id = market.position(alice, 1)
    market.positions.approve(locker.address, token_id, sender=alice)
    locker.lockPosition(token_id, sender=alice)
    assert locker.liquidityOf(alice, pool) == market.liquidity(token_id)
    assert market.pools["V3"].fee() == FEE
