"""Exact forms keep their word at every size: a purchase for what one has, and a sale for what one needs.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimainnet import prices
from ssi.chain.evm import Deployed
from ssi.registry.system import System
from tests.support.bazaar import Bazaar
from tests.support.governance import govern
from tests.support.reverts import error, reverts
from tests.support.trading import ETHER, Trader, left_in_router

SHARE, MILLION = 10**18, 10**6
INDEXES = ("MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI")
TOKENS = ("USDC", "USDT", "ETH", "DAI", "WBTC", "SOL", "SHIB", "sUSDS")
SIZES = (1, 2, 5, 10, 20, 50, 100, 1_000, 10_000)


def wei(token: str, dollars: int) -> int:
    """So many dollars of a token, by the prices of the miniature mainnet."""
    return prices.wei("WETH" if token == "ETH" else token, dollars)


def spend(trader: Trader, index: str, token: str, amount: int, target: int, least: int = 0) -> tuple[int, int]:
    """Buys with all of `amount`; returns shares and what was spent of it."""
    trader.provide(token, amount)
    order = trader.order(index, token)
    receipt = trader.router.buyExactInput(
        order, amount, target, least, sender=trader.account, value=amount if token == "ETH" else 0
    )
    values = receipt.events(trader.router, "Bought")[0].values
    return values["shares"], values["amountIn"]


@pytest.mark.parametrize("dollars", SIZES)
@pytest.mark.parametrize("token", ["USDC", "ETH"])
def test_a_target_two_percent_too_high_still_spends_what_one_has(trader, token, dollars):
    amount = wei(token, dollars)
    quoted, _ = trader.router.quoteBuyExactInput.call(trader.address_of("MAG7.ssi"), trader.address_of(token), amount)
    shares, spent = spend(trader, "MAG7.ssi", token, amount, quoted * 102 // 100, quoted * 99 // 100)
    assert amount * 996 // 1_000 <= spent <= amount, "E1 exact input"
    assert trader.holds("MAG7.ssi") == shares
    assert left_in_router(trader.system) == {}, "I9 the router is empty"


@pytest.mark.parametrize("dollars", SIZES)
@pytest.mark.parametrize("token", ["USDC", "ETH"])
def test_a_sale_brings_what_one_needs(trader, token, dollars):
    """With five percent of room, as wallets leave it, at unmoved prices."""
    wanted = wei(token, dollars)
    room = dollars * SHARE * 105 // 10_000
    trader.with_shares("MAG7.ssi", room)
    order = trader.order("MAG7.ssi", token)
    receipt = trader.router.sellExactOutput(order, wanted, room, sender=trader.account)
    sold = receipt.events(trader.router, "Sold")[0].values
    assert wanted <= sold["amountOut"] <= wanted * 1_005 // 1_000, "E2 exact output"
    assert trader.holds("MAG7.ssi") == room - sold["shares"]
    assert left_in_router(trader.system) == {}, "I9 the router is empty"


@st.composite
def sizes(draw: Callable[[Any], Any]) -> int:
    """Dollars, as often of each order of magnitude, up to the cap of the largest index."""
    return draw(st.integers(1, 9)) * 10 ** draw(st.integers(0, 7)) * draw(st.integers(100, 199)) // 100


def check_exact_forms(trader: Trader, data: st.DataObject, indexes: Sequence[str]) -> None:
    system, router = trader.system, trader.router
    index, token = data.draw(st.sampled_from(indexes)), data.draw(st.sampled_from(TOKENS))
    amount = wei(token, data.draw(sizes()))
    quoted, cost = router.quoteBuyExactInput.call(trader.address_of(index), trader.address_of(token), amount)
    assert 0 < cost <= amount
    target = quoted * data.draw(st.integers(980, 1_020)) // 1_000
    shares, spent = spend(trader, index, token, amount, target)
    assert shares <= target
    assert spent <= amount, "E1 exact input"
    assert shares == target or spent * 1_000 >= amount * 970, "E1 what one has is spent"
    assert trader.holds(index) == shares

    trader.allow(index)
    most = trader.quote_sell(index, token, shares)
    wanted = most * data.draw(st.integers(1, 1_000)) // 1_000
    before = trader.holds(token)
    receipt = router.sellExactOutput(trader.order(index, token), wanted, shares, sender=trader.account)
    sold = receipt.events(router, "Sold")[0].values
    assert wanted <= sold["amountOut"] <= most, "E2 exact output"
    if token != "ETH":
        assert trader.holds(token) - before == sold["amountOut"]
    assert left_in_router(system) == {}, "I9 the router is empty"


@settings(max_examples=60)
@given(data=st.data())
def test_exact_forms_keep_their_word(system, data):
    """Any index, token and size, up to what the pools and the cap take; targets up to two percent off."""
    with system.evm.isolated():
        check_exact_forms(Trader(system, system.evm.account("exact trader")), data, INDEXES)


@pytest.fixture
def decimals(system: System, project: Any, owner: str) -> Iterator[Bazaar]:
    """An index of tokens of 6, 8, 9 and 18 decimals."""
    tokens = [system.evm.deploy(project.PlainToken, f"Of {n}", f"D{n}", n, sender=owner) for n in (6, 8, 9, 18)]
    bazaar = Bazaar(system, tokens)
    yield bazaar
    bazaar.close()


@settings(max_examples=30)
@given(data=st.data())
def test_exact_forms_keep_their_word_for_all_decimals(system, decimals, data):
    with system.evm.isolated():
        check_exact_forms(Trader(system, system.evm.account("exact trader")), data, [decimals.symbol])


def test_what_brings_nothing_is_refused(trader, refuse):
    with refuse("TooLittle", amountOut=0, minimum=0):
        trader.router.sellExactOutput(trader.order("MAG7.ssi", "USDC"), 0, 0, sender=trader.account)


# ---------------------------------------------------------------- the supply cap


def supply_after(index: Deployed, shares: int) -> int:
    """{share} docs/index-math.md "Mint": the supply that a mint of so many shares would leave, by which the cap
    decides.
    """
    base, multiplier, fee = index.unitsForTrade(ETHER, ETHER).base, index.multiplier(), index.terms().mintFee
    gross = -(-shares * 10_000 // (10_000 - fee))
    return (base - (-gross * multiplier // 10**27)) * 10**27 // multiplier


def over_the_cap(project: Any, index: Deployed, shares: int) -> AbstractContextManager[None]:
    """What the index says to a mint of so many shares."""
    cap = index.terms().supplyCap * SHARE
    return reverts(
        error(project.IndexToken, "IndexToken_SupplyCapExceeded"), supply=supply_after(index, shares), supplyCap=cap
    )


def set_cap(system: System, index: str, shares_left: int) -> int:
    """Leaves room for about so many whole shares; returns the most that fit, {share}."""
    supply = system.index(index).totalSupply() // SHARE
    govern(system, system.index(index), "setSupplyCap", [supply + shares_left])
    return int(system.router.mostShares(system.record.indexes[index]))


def test_the_most_shares_are_the_most_that_can_be_minted(trader, project):
    most = set_cap(trader.system, "USSI", 5)
    index = trader.system.index("USSI")
    assert 3 * SHARE < most < 6 * SHARE
    cost = trader.quote_buy("USSI", "USDC", most)
    with over_the_cap(project, index, most + 1):
        trader.quote_buy("USSI", "USDC", most + 1)
    trader.provide("USDC", cost)
    trader.buy("USSI", "USDC", most, cost)
    assert trader.router.mostShares(index.address) == 0
    assert index.totalSupply() <= index.terms().supplyCap * SHARE


def test_a_target_over_the_cap_buys_what_fits(trader, refuse):
    most = set_cap(trader.system, "MAG7.ssi", 5)
    amount = 2_000 * MILLION
    with refuse("TooLittle", amountOut=most, minimum=most + 1):
        spend(trader, "MAG7.ssi", "USDC", amount, 20 * SHARE, most + 1)
    cost = trader.quote_buy("MAG7.ssi", "USDC", most)
    assert spend(trader, "MAG7.ssi", "USDC", amount, 20 * SHARE, most) == (most, cost)
    assert trader.holds("USDC") == 2 * amount - cost


def test_a_target_over_the_cap_and_too_dear_buys_what_one_has(trader):
    most = set_cap(trader.system, "MAG7.ssi", 50)
    amount = trader.quote_buy("MAG7.ssi", "USDC", most) // 2
    shares, spent = spend(trader, "MAG7.ssi", "USDC", amount, 100 * SHARE)
    assert shares < most
    assert amount * 999 // 1_000 <= spent <= amount, "E1 exact input"


def test_a_quote_says_what_fits_under_the_cap(trader, project):
    most = set_cap(trader.system, "MAG7.ssi", 5)
    index, usdc = trader.address_of("MAG7.ssi"), trader.address_of("USDC")
    shares, cost = trader.router.quoteBuyExactInput.call(index, usdc, 10**12)
    assert (shares, cost) == (most, trader.quote_buy("MAG7.ssi", "USDC", most))
    trader.provide("USDC", cost)
    trader.buy("MAG7.ssi", "USDC", most, cost)
    with over_the_cap(project, trader.system.index("MAG7.ssi"), 1):
        trader.router.quoteBuyExactInput.call(index, usdc, 10**12)


def test_a_quote_says_what_the_pools_have(trader):
    """Two hundred million dollars: the pools of MAG7.ssi have less, and its cap leaves less."""
    index, usdc = trader.address_of("MAG7.ssi"), trader.address_of("USDC")
    shares, cost = trader.router.quoteBuyExactInput.call(index, usdc, 200 * MILLION * MILLION)
    assert 10_000 * SHARE < shares < trader.router.mostShares(index)
    assert spend(trader, "MAG7.ssi", "USDC", cost, shares, shares) == (shares, cost)


# ---------------------------------------------------------------- what quotes refuse


@pytest.mark.parametrize("stop", ["pauseMinting", "deprecate"])
def test_a_stopped_index_is_refused_by_name(trader, project, stop):
    system, index, usdc = trader.system, trader.address_of("MAG7.ssi"), trader.address_of("USDC")
    trader.with_shares("MAG7.ssi", SHARE)
    if stop == "deprecate":
        govern(system, system.index("MAG7.ssi"), stop, [])
    else:
        system.index("MAG7.ssi").pauseMinting(sender=system.record.contracts["GuardianSafe"])
    refusal = {"paused": stop == "pauseMinting", "deprecated": stop == "deprecate"}
    router, stopped = trader.router, error(project.IndexToken, "IndexToken_MintingStopped")
    with reverts(stopped, **refusal):
        router.quoteBuy.call(index, usdc, SHARE)
    with reverts(stopped, **refusal):
        router.quoteBuyExactInput.call(index, usdc, MILLION)
    with reverts(stopped, **refusal):
        spend(trader, "MAG7.ssi", "USDC", 1_000 * MILLION, SHARE)
    trader.provide("USDC", 1_000 * MILLION)
    with reverts(stopped, **refusal):
        trader.buy("MAG7.ssi", "USDC", SHARE)
    assert trader.quote_sell("MAG7.ssi", "USDC", SHARE) > 0, "the way out stays open"
    trader.sell("MAG7.ssi", "USDC", SHARE)


def test_unknown_indexes_are_refused(trader, refuse):
    usdc = trader.address_of("USDC")
    for ask in (trader.router.quoteBuy, trader.router.quoteBuyExactInput, trader.router.quoteSell):
        with refuse("UnknownIndex", index=usdc):
            ask.call(usdc, ETHER, SHARE)
    for ask, args in ((trader.router.mostShares, (usdc,)), (trader.router.prepare, (usdc,))):
        with refuse("UnknownIndex", index=usdc):
            ask.call(*args)
