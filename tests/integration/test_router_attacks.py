"""Attempts on those who trade through the router: dust, receivers, re-entrancy, and constituents that turn bad.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from forks import control
from ssi.chain.evm import Deployed, Evm
from ssi.chain.permits import permit
from ssi.registry.system import System
from tests.support.bazaar import FEE, Bazaar
from tests.support.governance import govern
from tests.support.indexes import ANYTHING
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import error, reverts
from tests.support.trading import ETHER, KEY, NO_CODE, Trader, left_in_router

SHARE, MILLION = 10**18, 10**6


@pytest.fixture
def bazaar(system: System, project: Any, owner: str) -> Iterator[Bazaar]:
    """An index of four tokens that can be told to misbehave, of 6, 8, 9 and 18 decimals."""
    bazaar = Bazaar(system, [system.evm.deploy(project.QuirkToken, n, sender=owner) for n in (6, 8, 9, 18)])
    yield bazaar
    bazaar.close()


# ---------------------------------------------------------------- dust


def force_ether(evm: Evm, router: Deployed, amount: int = 1) -> None:
    """As the end of a contract or a block's reward does it."""
    evm.rpc.call("anvil_setBalance", router.address, hex(amount))


def test_forced_ether_is_in_no_ones_way(system, evm):
    """A contract that takes no ether buys with USDC."""
    contract = Trader(system, system.factory.address)
    contract.provide("USDC", contract.quote_buy("MAG7.ssi", "USDC", SHARE))
    force_ether(evm, system.router)
    contract.buy("MAG7.ssi", "USDC", SHARE)
    assert contract.holds("MAG7.ssi") == SHARE
    assert left_in_router(system) == {"ETH": 1}, "what was forced in stays"


def test_a_buyer_with_ether_gets_back_their_own_alone(system, evm, trader):
    force_ether(evm, system.router, 10**18)
    cost = trader.quote_buy("MAG7.ssi", "ETH", SHARE)
    before = trader.holds("ETH")
    receipt = trader.buy("MAG7.ssi", "ETH", SHARE, cost, value=cost + 10**17)
    price = int(evm.rpc.call("eth_getBlockByNumber", hex(receipt.block), False)["baseFeePerGas"], 16)
    assert before - trader.holds("ETH") == cost + receipt.gas_used * price
    assert left_in_router(system) == {"ETH": 10**18}


@pytest.mark.minimainnet  # no key here owns the real WBTC
def test_a_satoshi_of_a_paused_token_stops_no_sale(system, evm, trader, bob):
    trader.with_shares("MAG7.ssi", SHARE)
    control.deal(evm.rpc, "WBTC", bob, 1)
    system.token("WBTC").transfer(system.router.address, 1, sender=bob)
    control.pause(evm.rpc, "WBTC")
    before = trader.holds("USDC")
    receipt = trader.sell("MAG7.ssi", "USDC", SHARE)
    assert trader.holds("USDC") - before == receipt.events(trader.router, "Sold")[0].values["amountOut"] > 60 * MILLION
    assert receipt.events(trader.router, "Unsold") == []
    assert left_in_router(system) == {"WBTC": 1}


def test_a_wei_of_usdc_stops_no_buyer_whom_usdc_blocks(system, evm, trader, bob):
    Trader(system, bob).provide("USDC", 1)
    system.token("USDC").transfer(system.router.address, 1, sender=bob)
    control.freeze(evm.rpc, "USDC", trader.account)
    cost = trader.quote_buy("USSI", "ETH", SHARE)
    trader.buy("USSI", "ETH", SHARE, cost, value=2 * cost)
    assert trader.holds("USSI") == SHARE
    assert left_in_router(system) == {"USDC": 1}


@pytest.mark.parametrize("token", ["USDC", "ETH"])
def test_gifts_to_the_router_stay_there(system, evm, trader, bob, token):
    """Purchases and sales cost and bring what they would without them, and leave them where they are."""
    names = ("USDC", "WETH", "WBTC", "LINK")
    for name in names:
        control.deal(evm.rpc, name, bob, 10**9)
        system.token(name).transfer(system.router.address, 10**9, sender=bob)
    force_ether(evm, system.router, 10**9)
    cost = trader.quote_buy("MAG7.ssi", token, SHARE)
    trader.provide(token, cost)
    receipt = trader.buy("MAG7.ssi", token, SHARE, cost, value=cost if token == "ETH" else 0)
    assert receipt.events(trader.router, "Bought")[0].values["amountIn"] == cost, "I4 quotes equal outcomes"
    trader.allow("MAG7.ssi")
    brings = trader.quote_sell("MAG7.ssi", token, SHARE)
    receipt = trader.sell("MAG7.ssi", token, SHARE, brings)
    assert receipt.events(trader.router, "Sold")[0].values["amountOut"] == brings, "I4 quotes equal outcomes"
    assert left_in_router(system) == dict.fromkeys((*names, "ETH"), 10**9)


# ---------------------------------------------------------------- receivers


@pytest.mark.parametrize("who", ["router", "index"])
def test_what_no_receiver_could_get_back_is_refused(system, trader, refuse, who):
    trader.with_shares("MAG7.ssi", SHARE)
    trader.provide("USDC", 10**9)
    index = system.index("MAG7.ssi").address
    receiver = system.router.address if who == "router" else index
    order, account = trader.order("MAG7.ssi", "USDC", receiver=receiver), trader.account
    router = trader.router
    for method, args in (
        (router.buy, (order, SHARE, 10**9)),
        (router.buyExactInput, (order, 10**9, SHARE, 0)),
        (router.sell, (order, SHARE, 0)),
        (router.sellExactOutput, (order, MILLION, SHARE)),
        (router.stakeWithPermit, (index, SHARE, receiver, b"")),
    ):
        with refuse("InvalidReceiver", receiver=receiver):
            method(*args, sender=account)


# ---------------------------------------------------------------- re-entrancy


def entries(trader: Trader, bazaar: Bazaar) -> Any:
    """Every entry of the router as an attacker would call it from within a swap."""
    router, index = trader.router, bazaar.index.address
    order = trader.order(bazaar.symbol, "USDC")
    return {
        "buy": (order, SHARE, 10**9),
        "buyExactInput": (order, 10**9, SHARE, 0),
        "sell": (order, SHARE, 0),
        "sellExactOutput": (order, MILLION, SHARE),
        "stakeWithPermit": (index, SHARE, trader.account, b""),
        "prepare": (index,),
        "quoteBuy": (index, ETHER, SHARE),
        "quoteSell": (index, ETHER, SHARE),
        "quoteBuyExactInput": (index, ETHER, 10**18),
    }, router


def test_every_entry_is_known(trader, bazaar):
    """All that is neither a view nor a rule nor a callback is tried below."""
    known = set(entries(trader, bazaar)[0]) | {"uniswapV3SwapCallback", "onIndexMint", "setHop", "setBuyHook"}
    writes = {entry.name for entry in trader.router.interface.kinds("function") if not entry.reads}
    assert writes == known


@pytest.mark.parametrize("direction", ["buy", "sell"])
def test_no_entry_can_be_entered_from_within_a_swap(project, trader, bazaar, owner, direction):
    token, guarded = bazaar.tokens[0], error(project.IndexRouter, "ReentrancyGuardReentrantCall")
    trader.with_shares(bazaar.symbol, 2 * SHARE)
    trader.provide("USDC", 10**12)
    arguments, router = entries(trader, bazaar)
    token.setQuirk(Quirk.REENTERS, sender=owner)
    for name, args in arguments.items():
        with trader.evm.isolated():
            token.setReentry(router.address, getattr(router, name).encode(*args), sender=owner)
            if direction == "buy":
                trader.buy(bazaar.symbol, "USDC", SHARE)
            else:
                trader.sell(bazaar.symbol, "USDC", SHARE)
            assert (token.reentered(), token.answer()) == (False, guarded.encode([])), name


@pytest.mark.parametrize("direction", ["buy", "sell"])
def test_no_constituent_can_call_back(project, trader, bazaar, owner, direction):
    token, router = bazaar.tokens[0], trader.router
    trader.with_shares(bazaar.symbol, 2 * SHARE)
    trader.provide("USDC", 10**12)
    token.setQuirk(Quirk.REENTERS, sender=owner)
    for payload in (router.uniswapV3SwapCallback.encode(1, -1, bytes(96)), router.onIndexMint.encode([], [], b"")):
        with trader.evm.isolated():
            token.setReentry(router.address, payload, sender=owner)
            if direction == "buy":
                trader.buy(bazaar.symbol, "USDC", SHARE)
            else:
                trader.sell(bazaar.symbol, "USDC", SHARE)
            expected = error(project.IndexRouter, "IndexRouter_UnexpectedCallback").encode([token.address])
            assert (token.reentered(), token.answer()) == (False, expected)


# ---------------------------------------------------------------- constituents that turn bad


class Seller:
    """Sells ten shares of the bazaar, of which one token has turned bad, to a receiver."""

    def __init__(self, trader: Trader, bazaar: Bazaar, owner: str, receiver: str, bad: int = 1) -> None:
        self.trader, self.bazaar, self.owner, self.receiver = trader, bazaar, owner, receiver
        self.token, self.pool = bazaar.tokens[bad], bazaar.pools[bad]
        trader.with_shares(bazaar.symbol, 20 * SHARE)
        self.whole = trader.quote_sell(bazaar.symbol, "USDC", 10 * SHARE)
        self.part = bazaar.index.previewRedeem(10 * SHARE)[bad]
        self.claims = bazaar.index.claimOf(self.token.address, trader.account)

    def sell(self, least: int = 0) -> tuple[int, list[dict[str, Any]]]:
        """Returns what came of USDC, and the tokens that were handed over."""
        receipt = self.trader.sell(self.bazaar.symbol, "USDC", 10 * SHARE, least, receiver=self.receiver)
        (sold,) = receipt.events(self.trader.router, "Sold")
        held = Trader(self.trader.system, self.receiver).holds("USDC")
        assert held == sold.values["amountOut"]
        return held, [event.values for event in receipt.events(self.trader.router, "Unsold")]

    def handed_over(self, amount: int, to: str | None = None) -> list[dict[str, Any]]:
        return [
            {
                "index": self.bazaar.index.address, "seller": self.trader.account, "receiver": to or self.receiver,
                "token": self.token.address, "amount": amount,
            }
        ]  # fmt: skip

    def check_bounded(self, refuse: Callable[..., Any]) -> None:
        """A minimum that counts on the whole refuses the rest; the rest is three quarters."""
        with self.trader.evm.isolated():
            rest, _ = self.sell()
        assert self.whole * 74 // 100 < rest < self.whole * 76 // 100
        with refuse("TooLittle", amountOut=rest, minimum=rest + 1):
            self.sell(rest + 1)


@pytest.fixture
def seller(evm: Evm, trader: Trader, bazaar: Bazaar, owner: str) -> Seller:
    return Seller(trader, bazaar, owner, evm.account("receiver of sales"))


def test_what_its_pool_cannot_take_is_handed_over(seller, refuse):
    seller.token.setBlocked(seller.pool, True, sender=seller.owner)
    seller.check_bounded(refuse)
    _, unsold = seller.sell()
    assert unsold == seller.handed_over(seller.part)
    assert seller.token.balanceOf(seller.receiver) == seller.part
    assert seller.token.balanceOf(seller.trader.router.address) == 0, "I9 the router is empty"


def test_what_charges_a_fee_is_handed_over(seller, refuse):
    """One percent at each transfer: from the index, and to the receiver."""
    seller.token.setQuirk(Quirk.FEE, sender=seller.owner)
    seller.check_bounded(refuse)
    _, unsold = seller.sell()
    arrived = seller.part - seller.part // 100
    assert unsold == seller.handed_over(arrived)
    assert seller.token.balanceOf(seller.receiver) == arrived - arrived // 100
    assert seller.token.balanceOf(seller.trader.router.address) == 0, "I9 the router is empty"


def test_what_has_no_path_any_more_is_handed_over_and_the_quote_knows(seller, refuse):
    govern(seller.trader.system, seller.trader.router, "setHop", [seller.token.address, ETHER, 0])
    part = seller.bazaar.index.previewRedeem(10 * SHARE)[1]
    seller.check_bounded(refuse)
    quoted = seller.trader.quote_sell(seller.bazaar.symbol, "USDC", 10 * SHARE)
    rest, unsold = seller.sell(quoted)
    assert rest == quoted, "I4 quotes equal outcomes"
    assert unsold == seller.handed_over(part)
    with refuse("NoPath", token=seller.token.address):
        seller.trader.quote_buy(seller.bazaar.symbol, "USDC", SHARE)


@pytest.mark.parametrize("left", [0, 10**6], ids=["nothing", "a millionth"])
def test_what_its_pool_cannot_pay_for_is_handed_over_and_the_quote_knows(seller, refuse, left):
    """No liquidity is left, or so little that the price would fall a hundredfold: that was quoted as nothing,
    and sold.
    """
    positions, provider = seller.bazaar.positions, seller.bazaar.provider
    token_id = positions.tokenOfOwnerByIndex(provider, 1)
    liquidity = positions.positions(token_id).liquidity
    positions.decreaseLiquidity(
        (token_id, liquidity - (liquidity // left if left else 0), 0, 0, 2**40), sender=provider
    )
    seller.check_bounded(refuse)
    quoted = seller.trader.quote_sell(seller.bazaar.symbol, "USDC", 10 * SHARE)
    rest, unsold = seller.sell(quoted)
    assert rest == quoted, "I4 quotes equal outcomes"
    assert unsold == seller.handed_over(seller.part)
    if not left:
        with refuse("NotEnoughLiquidity", pool=seller.pool):
            seller.trader.quote_buy(seller.bazaar.symbol, "USDC", SHARE)


@pytest.mark.parametrize(
    "quirk", [Quirk.BALANCE_REVERTS, Quirk.BALANCE_BURNS, Quirk.FROZEN, Quirk.BURNS_GAS, Quirk.BURNS_ALL]
)
def test_what_cannot_be_read_or_moved_becomes_the_sellers_claim(seller, refuse, quirk):
    """Read or not: what the index could not send is in its own hands alone."""
    seller.token.setQuirk(quirk, sender=seller.owner)
    seller.check_bounded(refuse)
    _, unsold = seller.sell()
    assert unsold == []
    seller.token.setQuirk(Quirk.NONE, sender=seller.owner)
    assert seller.bazaar.index.claimOf(seller.token.address, seller.trader.account) == seller.part > 0
    assert seller.token.balanceOf(seller.trader.router.address) == 0, "I9 the router is empty"


def test_a_claim_beside_one_that_lost_stops_no_sale(seller):
    """Beside another's claim that lost a third, one was a wei less than the index says, and the router tried to sell
    that wei.
    """
    index, token, account, other = seller.bazaar.index, seller.token, seller.trader.account, seller.receiver
    token.setQuirk(Quirk.FROZEN, sender=seller.owner)
    index.transfer(other, SHARE, sender=account)
    index.redeem(SHARE, other, other, *ANYTHING, sender=other)
    token.setQuirk(Quirk.NONE, sender=seller.owner)
    token.burn(index.address, token.balanceOf(index.address) // 3, sender=seller.owner)
    govern(seller.trader.system, index, "sync", [token.address])
    token.setQuirk(Quirk.BALANCE_REVERTS, sender=seller.owner)
    for n in range(12):
        shares = SHARE + n * 12_345_678_901_234_567
        with seller.trader.evm.isolated():
            said = index.previewRedeem(shares)[1]
            receipt = seller.trader.sell(seller.bazaar.symbol, "USDC", shares, receiver=seller.receiver)
            assert receipt.events(seller.trader.router, "Unsold") == []
            assert index.claimOf(token.address, account) == said


def test_what_the_receiver_may_not_have_goes_to_the_seller(seller):
    for who in (seller.pool, seller.receiver):
        seller.token.setBlocked(who, True, sender=seller.owner)
    _, unsold = seller.sell()
    assert unsold == seller.handed_over(seller.part, seller.trader.account)
    assert seller.token.balanceOf(seller.trader.account) == seller.part


def test_what_no_receiver_may_have_stops_the_sale_and_nothing_is_lost(seller, project):
    for who in (seller.pool, seller.receiver, seller.trader.account):
        seller.token.setBlocked(who, True, sender=seller.owner)
    with reverts(error(project.QuirkToken, "QuirkToken_Frozen")):
        seller.sell()
    assert seller.trader.holds(seller.bazaar.symbol) == 20 * SHARE


def test_proceeds_that_the_receiver_may_not_have_come_as_weth(system, evm, trader, refuse):
    """USDC blocks the receiver, so the last pool cannot pay. A seller who sets a minimum keeps their shares."""
    trader.with_shares("MAG7.ssi", SHARE)
    receiver = evm.account("blocked receiver")
    control.freeze(evm.rpc, "USDC", receiver)
    with refuse("TooLittle", amountOut=0, minimum=1):
        trader.sell("MAG7.ssi", "USDC", SHARE, 1, receiver=receiver)
    expected = trader.quote_sell("MAG7.ssi", "WETH", SHARE)
    receipt = trader.sell("MAG7.ssi", "USDC", SHARE, 0, receiver=receiver)
    assert receipt.events(trader.router, "Unsold")[0].values["amount"] == expected
    assert Trader(system, receiver).holds("WETH") == expected
    assert left_in_router(system) == {}, "I9 the router is empty"


def test_a_purchase_of_what_has_turned_bad_takes_nothing(seller, project):
    """Its pool delivers less than the index is owed, or cannot deliver."""
    trader, symbol = seller.trader, seller.bazaar.symbol
    trader.provide("USDC", 10**12)
    before = trader.holds("USDC")
    part = seller.bazaar.index.previewMint(10 * SHARE)[1]
    seller.token.setQuirk(Quirk.FEE, sender=seller.owner)
    short = {"token": seller.token.address, "required": part, "received": part - part // 100}
    with reverts(error(project.IndexToken, "IndexToken_ShortDelivery"), **short):
        trader.buy(symbol, "USDC", 10 * SHARE)
    seller.token.setQuirk(Quirk.FROZEN, sender=seller.owner)
    with reverts("TF"):  # Uniswap v3's word for a transfer that failed
        trader.buy(symbol, "USDC", 10 * SHARE)
    assert trader.holds("USDC") == before


def test_an_index_without_a_staked_token_is_refused(trader, bazaar, refuse):
    trader.provide("USDC", 10**9)
    for attempt in (
        lambda: trader.router.prepare(bazaar.index.address, sender=trader.account),
        lambda: trader.buy(bazaar.symbol, "USDC", SHARE, stake=True),
    ):
        with refuse("NoStakedToken", index=bazaar.index.address):
            attempt()


def test_a_permit_of_another_owner_sells_nothing(project, trader, bob):
    """The caller's shares are sold, with any permit that comes along."""
    trader.with_shares("MAG7.ssi", SHARE)
    index = trader.system.index("MAG7.ssi")
    signature = permit(
        KEY, index.address, {"name": index.name(), "version": "1"}, trader.router.address, SHARE, 0, 2**40
    )
    order = (index.address, trader.address_of("USDC"), bob, 2**40, 1, signature, False, NO_CODE)
    expected = error(project.IndexToken, "ERC20InsufficientAllowance")
    with reverts(expected, spender=trader.router.address, allowance=0, needed=SHARE):
        trader.router.sell(order, SHARE, 0, sender=bob)


def test_the_pools_are_those_of_the_paths(bazaar, trader):
    """What the bazaar says of its pools is what the router uses: the tests above break the right thing."""
    for token, pool in zip(bazaar.tokens, bazaar.pools, strict=True):
        assert tuple(trader.router.hop(token.address)) == (trader.address_of("WETH"), FEE)
        assert trader.token("WETH").balanceOf(pool) > 0
