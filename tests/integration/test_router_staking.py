"""Buying into staking, staking with a permit, and the purchase hook. Ids are those of docs/invariants.md."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm, Reverted
from ssi.chain.permits import permit
from ssi.registry.system import System
from tests.support.governance import govern
from tests.support.indexes import new_index
from tests.support.reverts import error, reverts
from tests.support.trading import ETHER, KEY, Trader, left_in_router

SHARE = 10**18
CODE = b"FRIEND".ljust(32, b"\0")


class HookMood(IntEnum):
    """As in contracts/mocks/BuyHookMock.sol."""

    FRIENDLY, REFUSING, BURNS_GAS = range(3)


@pytest.mark.parametrize("index", ["MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI"])
def test_buy_and_stake_in_one_transaction(system, trader, index, bob):
    staked, shares = system.staked(index), 3 * SHARE
    cost = trader.quote_buy(index, "USDC", shares)
    trader.provide("USDC", cost)
    expected = staked.previewDeposit(shares)
    receipt = trader.buy(index, "USDC", shares, cost, stake=True, receiver=bob)
    assert staked.balanceOf(bob) == expected == shares
    assert system.index(index).balanceOf(bob) == system.index(index).balanceOf(trader.account) == 0
    assert receipt.events(trader.router, "Staked")[0].values == {
        "index": system.record.indexes[index],
        "payer": trader.account,
        "receiver": bob,
        "shares": shares,
        "stakedShares": expected,
    }
    assert left_in_router(system) == {}, "I9 the router is empty"


def test_exact_input_can_be_staked_too(system, trader):
    trader.provide("USDC", 10**9)
    shares, cost = trader.router.quoteBuyExactInput.call(
        trader.address_of("MAG7.ssi"), trader.address_of("USDC"), 10**9
    )
    trader.router.buyExactInput(
        trader.order("MAG7.ssi", "USDC", stake=True), 10**9, shares, shares, sender=trader.account
    )
    assert system.staked("MAG7.ssi").balanceOf(trader.account) == shares
    assert trader.holds("USDC") == 10**9 - cost


def index_permit(trader: Trader, shares: int, deadline: int = 2**40) -> bytes:
    index = trader.system.index("MAG7.ssi")
    domain = {"name": index.name(), "version": "1"}
    return permit(KEY, index.address, domain, trader.router.address, shares, index.nonces(trader.account), deadline)


def test_stake_with_a_permit(system, trader, bob):
    trader.provide("USDC", trader.quote_buy("MAG7.ssi", "USDC", 2 * SHARE))
    trader.buy("MAG7.ssi", "USDC", 2 * SHARE)
    signature = index_permit(trader, SHARE)
    receipt = trader.router.stakeWithPermit(trader.address_of("MAG7.ssi"), SHARE, bob, signature, sender=trader.account)
    assert receipt.events(trader.router, "Staked")[0].values["stakedShares"] == SHARE
    assert system.staked("MAG7.ssi").balanceOf(bob) == SHARE
    assert trader.holds("MAG7.ssi") == SHARE
    assert system.index("MAG7.ssi").allowance(trader.account, trader.router.address) == 0


def test_a_permit_that_a_stranger_has_used_still_works(system, trader, bob):
    trader.provide("USDC", trader.quote_buy("MAG7.ssi", "USDC", SHARE))
    trader.buy("MAG7.ssi", "USDC", SHARE)
    signature = index_permit(trader, SHARE)
    value, deadline, v, r, s = (int.from_bytes(signature[n : n + 32], "big") for n in range(0, 160, 32))
    index = system.index("MAG7.ssi")
    index.permit(
        trader.account,
        trader.router.address,
        value,
        deadline,
        v,
        r.to_bytes(32, "big"),
        s.to_bytes(32, "big"),
        sender=bob,
    )
    trader.router.stakeWithPermit(index.address, SHARE, trader.account, signature, sender=trader.account)
    assert system.staked("MAG7.ssi").balanceOf(trader.account) == SHARE


def test_staking_through_the_router_takes_the_callers_shares_only(system, project, trader, bob):
    trader.with_shares("MAG7.ssi", SHARE)  # with an unlimited allowance for the router
    index = system.index("MAG7.ssi")
    expected = error(project.IndexToken, "ERC20InsufficientAllowance")
    with reverts(expected, spender=trader.router.address, allowance=0, needed=SHARE):
        trader.router.stakeWithPermit(index.address, SHARE, bob, b"", sender=bob)
    trader.router.stakeWithPermit(index.address, SHARE, bob, b"", sender=trader.account)
    assert system.staked("MAG7.ssi").balanceOf(bob) == SHARE


def test_what_cannot_be_staked_is_refused(evm, project, trader, authority, owner, refuse):
    stake = trader.router.stakeWithPermit
    with refuse("ZeroAddress"):
        stake(trader.address_of("USSI"), SHARE, ETHER, b"", sender=trader.account)
    token = evm.deploy(project.SupplyToken, sender=owner)
    foreign = new_index(evm, project, authority, [token], [10**27], owner)
    with refuse("UnknownIndex", index=foreign.address):
        stake(foreign.address, SHARE, trader.account, b"", sender=trader.account)


class TestHook:
    """Told about purchases, and never in their way."""

    @pytest.fixture
    def hook(self, evm: Evm, system: System, project: Any, owner: str) -> Deployed:
        hook = evm.deploy(project.BuyHookMock, sender=owner)
        receipt = govern(system, system.router, "setBuyHook", [hook.address])
        assert [event.values for event in receipt.events(system.router)] == [{"hook": hook.address}]
        assert system.router.buyHook() == hook.address
        return hook

    def test_it_hears_of_the_buyer_not_of_the_receiver(self, trader, hook, bob):
        trader.provide("USDC", trader.quote_buy("USSI", "USDC", SHARE))
        trader.buy("USSI", "USDC", SHARE, receiver=bob, code=CODE)
        assert (hook.buyer(), hook.code()) == (trader.account, CODE)

    @pytest.mark.parametrize("mood", [HookMood.REFUSING, HookMood.BURNS_GAS])
    def test_it_cannot_stop_a_purchase(self, trader, hook, mood, owner):
        hook.setMood(mood, sender=owner)
        trader.provide("USDC", trader.quote_buy("USSI", "USDC", SHARE))
        receipt = trader.buy("USSI", "USDC", SHARE, code=CODE)
        assert trader.holds("USSI") == SHARE
        assert hook.buyer() == ETHER
        assert receipt.gas_used < 1_500_000

    def test_the_least_gas_of_a_purchase_is_enough_for_it(self, evm, project, trader, hook):
        """Wallets send what an estimate says.

        It left the hook nothing, so the purchase went through and the buyer was not bound.
        """
        trader.provide("USDC", trader.quote_buy("USSI", "USDC", SHARE))
        router, data = trader.router, trader.router.buy.encode(trader.order("USSI", "USDC", code=CODE), SHARE, 10**60)
        least = int(
            evm.rpc.call("eth_estimateGas", {"from": trader.account, "to": router.address, "data": "0x" + data.hex()}),
            16,
        )
        with evm.isolated():
            receipt = evm.send(trader.account, router.address, data, gas=least)
            assert (hook.buyer(), hook.code()) == (trader.account, CODE)
            assert receipt.gas_used < least - 100_000, "most of what the hook may use comes back"
        with pytest.raises(Reverted) as caught:
            evm.send(trader.account, router.address, data, gas=least - 10_000)
        expected = error(project.IndexRouter, "IndexRouter_TooLittleGas")
        available, needed = expected.arguments(caught.value.data[4:]).values()
        assert (caught.value.data[:4], needed) == (expected.hash[:4], 300_000)
        assert 280_000 < available < 300_000
        assert (trader.holds("USSI"), hook.buyer()) == (0, ETHER)

    def test_it_can_be_removed(self, system, hook, trader):
        govern(system, system.router, "setBuyHook", [ETHER])
        trader.provide("USDC", trader.quote_buy("USSI", "USDC", SHARE))
        trader.buy("USSI", "USDC", SHARE)
        assert hook.buyer() == ETHER

    def test_it_must_be_a_contract(self, system, project, bob):
        with reverts(error(project.IndexRouter, "IndexRouter_InvalidHook"), hook=bob):
            govern(system, system.router, "setBuyHook", [bob])
