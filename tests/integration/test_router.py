"""Buying and selling over genuine Uniswap v3 pools. Ids are those of docs/invariants.md."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forks import control
from forks.addresses import CONTRACTS
from ssi.chain.evm import Deployed, Evm, Interface
from ssi.chain.permits import permit, permit2
from ssi.chain.wallet import PermissionKind
from ssi.constants import MAX
from ssi.registry.system import System
from tests.support.reverts import error, reverts
from tests.support.trading import ETHER, KEY, Trader, left_in_router

SHARE = 10**18
INDEXES = ("MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI")
PERMIT2_ERRORS = Interface(
    "Permit2",
    [
        {"type": "error", "name": "InvalidAmount", "inputs": [{"name": "maxAmount", "type": "uint256"}]},
        {"type": "error", "name": "SignatureExpired", "inputs": [{"name": "signatureDeadline", "type": "uint256"}]},
        {"type": "error", "name": "InvalidNonce", "inputs": []},
        {"type": "error", "name": "InvalidSigner", "inputs": []},
    ],
)
USDC_DOMAIN = {"name": "USD Coin", "version": "2"}


def usdc_permit(trader: Trader, amount: int, deadline: int = 2**40) -> bytes:
    usdc = trader.system.index("USSI").evm.at(trader.system.project.IndexToken, trader.address_of("USDC"))
    return permit(KEY, usdc.address, USDC_DOMAIN, trader.router.address, amount, usdc.nonces(trader.account), deadline)


# ---------------------------------------------------------------- quotes and trades


@pytest.mark.parametrize("token", ["USDC", "ETH", "WETH", "DAI", "WBTC", "BNB", "USDT", "sUSDS"])
@pytest.mark.parametrize("index", INDEXES)
def test_a_quote_is_what_the_trade_costs_and_brings(trader, index, token):
    shares = 3 * SHARE + 7
    cost = trader.quote_buy(index, token, shares)
    trader.provide(token, cost)
    before = trader.holds(token)
    receipt = trader.buy(index, token, shares, cost, value=2 * cost if token == "ETH" else 0)
    (bought,) = receipt.events(trader.router, "Bought")
    assert bought.values["amountIn"] == cost, "I4 quotes equal outcomes"
    if token != "ETH":
        assert before - trader.holds(token) == cost, "I4 quotes equal outcomes"
    assert trader.holds(index) == shares

    trader.allow(index)
    brings = trader.quote_sell(index, token, shares)
    before = trader.holds(token)
    receipt = trader.sell(index, token, shares, brings)
    (sold,) = receipt.events(trader.router, "Sold")
    assert sold.values["amountOut"] == brings, "I4 quotes equal outcomes"
    if token != "ETH":
        assert trader.holds(token) - before == brings, "I4 quotes equal outcomes"
    assert trader.holds(index) == 0
    assert brings < cost, "I2 a round trip costs"
    assert left_in_router(trader.system) == {}, "I9 the router is empty"


@settings(max_examples=60)
@given(data=st.data())
def test_any_trade_of_any_size_is_as_quoted(system, data):
    index = data.draw(st.sampled_from(INDEXES))
    token = data.draw(st.sampled_from(["USDC", "ETH", "DAI", "USDT", "LINK", "SHIB", "COMP", "SOL"]))
    shares = data.draw(st.one_of(st.integers(10**6, 10**12), st.integers(10**12, 2 * 10**22)))
    with system.evm.isolated():
        trader = Trader(system, system.evm.account("any trader"))
        cost = trader.quote_buy(index, token, shares)
        trader.provide(token, cost)
        receipt = trader.buy(index, token, shares, cost, value=cost if token == "ETH" else 0)
        assert receipt.events(trader.router, "Bought")[0].values["amountIn"] == cost, "I4 quotes equal outcomes"
        trader.allow(index)
        brings = trader.quote_sell(index, token, shares)
        receipt = trader.sell(index, token, shares, brings)
        assert receipt.events(trader.router, "Sold")[0].values["amountOut"] == brings, "I4 quotes equal outcomes"
        assert brings <= cost, "I2 a round trip gains nothing"
        assert left_in_router(system) == {}, "I9 the router is empty"


def test_trades_are_fair_to_the_prices(trader):
    """Over all four indexes a trade of about 1,000 USD loses at most 1 % to pools and the mint fee each way."""
    for index in INDEXES:
        shares = 10 * SHARE
        worth = trader.system.lens.valueOf(trader.address_of(index), shares) // 10**12
        assert (
            worth * 99 // 100
            < trader.quote_sell(index, "USDC", shares)
            < worth
            < trader.quote_buy(index, "USDC", shares)
        )
        assert trader.quote_buy(index, "USDC", shares) < worth * 101 // 100


@pytest.mark.parametrize("amount", [10**6, 1_000 * 10**6, 250_000 * 10**6])
@pytest.mark.parametrize("index", INDEXES)
def test_exact_input_spends_nearly_all(trader, index, amount):
    trader.provide("USDC", amount)
    shares, cost = trader.router.quoteBuyExactInput.call(trader.address_of(index), trader.address_of("USDC"), amount)
    trader.router.buyExactInput(trader.order(index, "USDC"), amount, shares, shares, sender=trader.account)
    assert trader.holds(index) == shares
    assert amount - trader.holds("USDC") == cost, "I4 quotes equal outcomes"
    assert amount * 998 // 1_000 <= cost <= amount, "a satoshi is a tenth of a percent of the smallest trade"
    assert amount < 10**9 or amount * 999_999 // 1_000_000 <= cost
    assert left_in_router(trader.system) == {}, "I9 the router is empty"


def test_exact_input_buys_less_when_prices_have_risen(trader, refuse, bob):
    index, amount = "MAG7.ssi", 50_000 * 10**6
    trader.provide("USDC", amount)
    shares, _ = trader.router.quoteBuyExactInput.call(trader.address_of(index), trader.address_of("USDC"), amount)
    Trader(trader.system, bob).with_shares(index, 20_000 * SHARE)

    order = trader.order(index, "USDC")
    got, spent = trader.router.buyExactInput.call(order, amount, shares, 1, sender=trader.account)
    with refuse("TooLittle", amountOut=got, minimum=shares):
        trader.router.buyExactInput(order, amount, shares, shares, sender=trader.account)
    trader.router.buyExactInput(order, amount, shares, shares * 9 // 10, sender=trader.account)
    assert trader.holds(index) == got < shares
    assert amount - trader.holds("USDC") == spent <= amount
    assert spent > amount * 99 // 100


def test_exact_input_in_ether_returns_the_rest(evm, trader):
    amount = 10**18
    shares, cost = trader.router.quoteBuyExactInput.call(trader.address_of("MAG7.ssi"), ETHER, amount)
    before = trader.holds("ETH")
    order = trader.order("MAG7.ssi", "ETH")
    receipt = trader.router.buyExactInput(order, amount, shares, shares, sender=trader.account, value=amount)
    (bought,) = receipt.events(trader.router, "Bought")
    price = int(evm.rpc.call("eth_getBlockByNumber", hex(receipt.block), False)["baseFeePerGas"], 16)
    assert bought.values["amountIn"] == cost
    assert before - trader.holds("ETH") == cost + receipt.gas_used * price


@pytest.mark.parametrize("token", ["USDC", "ETH"])
def test_exact_output_sells_as_little_as_it_takes(trader, refuse, token):
    index = "MAG7.ssi"
    trader.with_shares(index, 100 * SHARE)
    most = trader.quote_sell(index, token, 100 * SHARE)
    with refuse("TooLittle", amountOut=most, minimum=most + 1):
        trader.router.sellExactOutput(trader.order(index, token), most + 1, 100 * SHARE, sender=trader.account)

    wanted = most // 3
    receipt = trader.router.sellExactOutput(trader.order(index, token), wanted, 100 * SHARE, sender=trader.account)
    sold = receipt.events(trader.router, "Sold")[0].values
    assert wanted <= sold["amountOut"] < wanted * 1_001 // 1_000
    assert 100 * SHARE - trader.holds(index) == sold["shares"] < 34 * SHARE
    assert left_in_router(trader.system) == {}, "I9 the router is empty"


def test_a_friend_receives_and_the_event_names_all_parties(trader, bob):
    code = b"FRIEND".ljust(32, b"\0")
    cost = trader.quote_buy("USSI", "USDC", SHARE)
    trader.provide("USDC", cost)
    receipt = trader.buy("USSI", "USDC", SHARE, receiver=bob, code=code)
    assert receipt.events(trader.router)[0].values == {
        "index": trader.address_of("USSI"),
        "payer": trader.account,
        "receiver": bob,
        "token": trader.address_of("USDC"),
        "amountIn": cost,
        "shares": SHARE,
        "referralCode": code,
    }
    assert Trader(trader.system, bob).holds("USSI") == SHARE

    trader.with_shares("USSI", SHARE)
    brings = trader.quote_sell("USSI", "DAI", SHARE)
    before = Trader(trader.system, bob).holds("DAI")
    receipt = trader.sell("USSI", "DAI", SHARE, receiver=bob)
    assert receipt.events(trader.router)[0].values == {
        "index": trader.address_of("USSI"),
        "seller": trader.account,
        "receiver": bob,
        "token": trader.address_of("DAI"),
        "shares": SHARE,
        "amountOut": brings,
    }
    assert Trader(trader.system, bob).holds("DAI") - before == brings


# ---------------------------------------------------------------- permissions


def test_a_permit_needs_no_transaction_before(trader):
    cost = trader.quote_buy("MAG7.ssi", "USDC", SHARE)
    control.deal(trader.evm.rpc, "USDC", trader.account, cost)
    trader.buy("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT, permit=usdc_permit(trader, cost))
    assert trader.holds("USDC") == 0

    index = trader.system.index("MAG7.ssi")
    domain = {"name": index.name(), "version": "1"}
    signature = permit(KEY, index.address, domain, trader.router.address, SHARE, 0, 2**40)
    trader.sell("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT, permit=signature)
    assert trader.holds("MAG7.ssi") == 0


def test_a_permit_that_was_used_first_is_no_harm(trader, bob):
    from eth_abi import decode

    cost = trader.quote_buy("MAG7.ssi", "USDC", SHARE)
    control.deal(trader.evm.rpc, "USDC", trader.account, cost)
    signature = usdc_permit(trader, cost)
    value, deadline, v, r, s = decode(["uint256", "uint256", "uint8", "bytes32", "bytes32"], signature)
    usdc = trader.evm.at(trader.system.project.IndexToken, trader.address_of("USDC"))
    usdc.permit(trader.account, trader.router.address, value, deadline, v, r, s, sender=bob)
    trader.buy("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT, permit=signature)
    assert trader.holds("MAG7.ssi") == SHARE


def test_the_permit_of_another_owner_is_no_allowance(trader, bob):
    cost = trader.quote_buy("MAG7.ssi", "USDC", SHARE)
    control.deal(trader.evm.rpc, "USDC", trader.account, cost)
    thief = Trader(trader.system, bob)
    with reverts("ERC20: transfer amount exceeds allowance"):
        thief.buy("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT, permit=usdc_permit(trader, cost))


def test_permit2(trader):
    cost = trader.quote_buy("MAG7.ssi", "USDC", SHARE)
    control.deal(trader.evm.rpc, "USDC", trader.account, 2 * cost)
    trader.token("USDC").approve(CONTRACTS["Permit2"], 2**256 - 1, sender=trader.account)

    def signed(maximum, deadline=2**40):
        return permit2(KEY, trader.address_of("USDC"), trader.router.address, maximum, 7, deadline)

    with reverts(error(PERMIT2_ERRORS, "InvalidAmount"), maxAmount=cost - 1):
        trader.buy("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT2, permit=signed(cost - 1))
    with reverts(error(PERMIT2_ERRORS, "SignatureExpired"), signatureDeadline=1):
        trader.buy("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT2, permit=signed(cost, deadline=1))
    trader.buy("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT2, permit=signed(2 * cost))
    assert trader.holds("USDC") == cost, "no more is taken than the trade costs"
    with reverts(error(PERMIT2_ERRORS, "InvalidNonce")):
        trader.buy("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT2, permit=signed(2 * cost))


def test_a_stolen_permit2_signature_buys_nothing(trader, bob):
    cost = trader.quote_buy("MAG7.ssi", "USDC", SHARE)
    control.deal(trader.evm.rpc, "USDC", trader.account, cost)
    trader.token("USDC").approve(CONTRACTS["Permit2"], 2**256 - 1, sender=trader.account)
    signature = permit2(KEY, trader.address_of("USDC"), trader.router.address, cost, 7, 2**40)
    with reverts(error(PERMIT2_ERRORS, "InvalidSigner")):
        Trader(trader.system, bob).buy("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT2, permit=signature)


def test_shares_do_not_move_by_permit2(trader, refuse):
    trader.with_shares("MAG7.ssi", SHARE)
    with refuse("UnsupportedPermission", permission=PermissionKind.PERMIT2):
        trader.sell("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.PERMIT2)


def test_without_allowance_nothing_moves(project, trader):
    control.deal(trader.evm.rpc, "USDC", trader.account, 10**12)
    with reverts("ERC20: transfer amount exceeds allowance"):
        trader.buy("MAG7.ssi", "USDC", SHARE)
    trader.provide("USDC", 0)
    trader.buy("MAG7.ssi", "USDC", SHARE)
    inputs = {"spender": trader.router.address, "allowance": 0, "needed": SHARE}
    with reverts(error(project.IndexToken, "ERC20InsufficientAllowance"), **inputs):
        trader.sell("MAG7.ssi", "USDC", SHARE, permission=PermissionKind.ALLOWANCE)


# ---------------------------------------------------------------- refusals


def test_bad_orders_are_refused(trader, refuse, bob):
    now = trader.evm.now
    trader.provide("USDC", 10**12)
    trader.evm.next_at(now + 100)
    with refuse("Expired", deadline=now + 99, timestamp=now + 100):
        trader.buy("MAG7.ssi", "USDC", SHARE, deadline=now + 99)
    with refuse("ZeroAddress"):
        trader.buy("MAG7.ssi", "USDC", SHARE, receiver=ETHER)
    usdc = trader.address_of("USDC")
    with refuse("UnknownIndex", index=usdc):
        trader.buy("USDC", "USDC", SHARE)
    with refuse("UnknownIndex", index=usdc):
        trader.quote_sell("USDC", "USDC", SHARE)
    with refuse("NoPath", token=bob):
        trader.router.quoteBuy.call(trader.address_of("MAG7.ssi"), bob, SHARE)
    with reverts(error(trader.system.project.IndexToken, "IndexToken_ZeroShares")):
        trader.buy("MAG7.ssi", "USDC", 0)


def test_the_last_second_of_the_deadline_counts(trader):
    trader.provide("USDC", trader.quote_buy("MAG7.ssi", "USDC", SHARE))
    then = trader.evm.now + 50
    trader.evm.next_at(then)
    trader.buy("MAG7.ssi", "USDC", SHARE, deadline=then)
    assert trader.holds("MAG7.ssi") == SHARE


def test_limits_hold_to_the_wei(trader, refuse):
    cost = trader.quote_buy("MAG7.ssi", "USDC", SHARE)
    trader.provide("USDC", cost)
    with refuse("TooExpensive", amountIn=cost, maximum=cost - 1):
        trader.buy("MAG7.ssi", "USDC", SHARE, cost - 1)
    trader.buy("MAG7.ssi", "USDC", SHARE, cost)
    trader.allow("MAG7.ssi")
    brings = trader.quote_sell("MAG7.ssi", "USDC", SHARE)
    with refuse("TooLittle", amountOut=brings, minimum=brings + 1):
        trader.sell("MAG7.ssi", "USDC", SHARE, brings + 1)


@pytest.mark.minimainnet  # real pools run dry elsewhere
def test_a_pool_that_runs_dry_is_named(trader, refuse):
    factory = trader.router.v3Factory()
    get_pool = bytes.fromhex("1698ee82")
    pair = [bytes.fromhex(trader.address_of(name)[2:]).rjust(32, b"\0") for name in ("SOL", "WETH")]
    found = trader.evm.call(factory, get_pool + b"".join(pair) + (3_000).to_bytes(32, "big"))
    with refuse("NotEnoughLiquidity", pool="0x" + found[-20:].hex()):
        trader.quote_buy("MAG7.ssi", "USDC", 500_000 * SHARE)


def test_ether_comes_with_ether_orders_only(trader, refuse, bob):
    cost = trader.quote_buy("MAG7.ssi", "ETH", SHARE)
    with refuse("UnexpectedEther", value=cost - 1):
        trader.buy("MAG7.ssi", "ETH", SHARE, cost, value=cost - 1)
    trader.provide("USDC", 10**12)
    with refuse("UnexpectedEther", value=1):
        trader.buy("MAG7.ssi", "USDC", SHARE, value=1)
    with refuse("UnexpectedEther", value=5):
        trader.evm.send(bob, trader.router.address, value=5)


def test_strangers_cannot_call_back(trader, refuse, bob):
    with refuse("UnexpectedCallback", caller=bob):
        trader.router.uniswapV3SwapCallback(1, -1, b"", sender=bob)
    with refuse("UnexpectedCallback", caller=bob):
        trader.router.onIndexMint([], [], b"", sender=bob)
    index = trader.address_of("MAG7.ssi")
    trader.quote_buy("MAG7.ssi", "USDC", SHARE)
    with refuse("UnexpectedCallback", caller=index):
        trader.router.onIndexMint([], [], b"", sender=index)


def test_a_receiver_of_ether_cannot_come_back(evm, project, trader):
    trader.with_shares("MAG7.ssi", 2 * SHARE)
    receiver = evm.deploy(project.EtherReentrant, sender=trader.account)
    again = trader.router.quoteSell.encode(trader.address_of("MAG7.ssi"), ETHER, SHARE)
    receiver.setPayload(again, sender=trader.account)
    with reverts(error(project.IndexRouter, "ReentrancyGuardReentrantCall")):
        trader.sell("MAG7.ssi", "ETH", SHARE, receiver=receiver.address)


@pytest.mark.minimainnet  # no key here owns the real WBTC
def test_a_claim_that_a_sale_leaves_belongs_to_the_seller(evm, trader):
    """One constituent is paused: the rest is sold, the paused part waits for the seller."""
    shares = 10 * SHARE
    trader.with_shares("MAG7.ssi", shares)
    index, wbtc = trader.system.index("MAG7.ssi"), trader.address_of("WBTC")
    whole, expected = trader.quote_sell("MAG7.ssi", "USDC", shares), index.previewRedeem(shares)[0]
    control.pause(evm.rpc, "WBTC")
    receipt = trader.sell("MAG7.ssi", "USDC", shares)
    assert whole * 6 // 10 < receipt.events(trader.router, "Sold")[0].values["amountOut"] < whole * 7 // 10
    assert index.claimOf(wbtc, trader.account) == expected > 0
    control.pause(evm.rpc, "WBTC", paused=False)
    before = trader.holds("WBTC")
    index.claim(wbtc, MAX, trader.account, 0, sender=trader.account)
    assert trader.holds("WBTC") - before == expected


# ---------------------------------------------------------------- paths


class TestPaths:
    """`owner` may set them here."""

    @pytest.fixture
    def router(self, evm: Evm, project: Any, system: System, authority: Deployed, owner: str) -> Deployed:
        external = [
            system.factory.address,
            system.distributor.address,
            CONTRACTS["UniswapV3Factory"],
            CONTRACTS["Permit2"],
            system.token("WETH").address,
        ]
        return evm.deploy(project.IndexRouter, authority, *external, sender=owner)

    def test_paths_lead_to_the_root(self, system, router, refuse, owner):
        weth, usdc, usds, susds = (system.token(name).address for name in ("WETH", "USDC", "USDS", "sUSDS"))
        with refuse("NoPath", token=usdc):
            router.setHop(usds, usdc, 100, sender=owner)
        receipt = router.setHop(usdc, weth, 500, sender=owner)
        assert receipt.events(router)[0].values == {"token": usdc, "next": weth, "fee": 500}
        router.setHop(usds, usdc, 100, sender=owner)
        router.setHop(susds, usds, 100, sender=owner)
        assert tuple(router.hop(susds)) == (usds, 100)
        with refuse("InvalidHop", token=usdc, next=usds, fee=100):
            router.setHop(usdc, usds, 100, sender=owner)  # a circle
        with refuse("InvalidHop", token=weth, next=usdc, fee=500):
            router.setHop(weth, usdc, 500, sender=owner)  # the root leads nowhere
        with refuse("InvalidHop", token=susds, next=weth, fee=500):
            router.setHop(susds, weth, 500, sender=owner)  # no such pool
        receipt = router.setHop(susds, usds, 0, sender=owner)
        assert receipt.events(router)[0].values == {"token": susds, "next": ETHER, "fee": 0}
        assert tuple(router.hop(susds)) == (ETHER, 0)

    def test_a_path_has_six_hops_at_most(self, evm, project, system, router, refuse, owner):
        from forks.placing import encode

        last = system.token("WETH").address
        for _ in range(7):
            token = evm.deploy(project.PlainToken, "Link of a chain", "LINK", 18, sender=owner).address
            pair = sorted((token, last), key=lambda address: int(address, 16))
            create = bytes.fromhex(encode("createPool(address,address,uint24)", *pair, 3000)[2:])
            evm.send(owner, CONTRACTS["UniswapV3Factory"], create)
            if _ < 6:
                router.setHop(token, last, 3000, sender=owner)
                last = token
        with refuse("InvalidHop", token=token, next=last, fee=3000):
            router.setHop(token, last, 3000, sender=owner)

    def test_any_caller_prepares_it_for_staking(self, system, router, refuse, bob):
        """The deployed one is; no buyer's first purchase pays for that."""
        index, staked = system.index("MAG7.ssi"), system.staked("MAG7.ssi")
        assert index.allowance(system.router.address, staked.address) == 2**256 - 1
        assert index.allowance(router.address, staked.address) == 0
        for _ in range(2):
            router.prepare(index.address, sender=bob)
            assert index.allowance(router.address, staked.address) == 2**256 - 1
        with refuse("UnknownIndex", index=staked.address):
            router.prepare(staked.address, sender=bob)

    def test_only_governors_set_them(self, project, router, alice):
        with reverts(error(project.IndexRouter, "AccessManagedUnauthorized"), caller=alice):
            router.setHop(alice, alice, 500, sender=alice)

    def test_a_router_needs_its_addresses(self, evm, project, authority, refuse, owner):
        with refuse("ZeroAddress"):
            evm.deploy(project.IndexRouter, authority, ETHER, ETHER, ETHER, ETHER, ETHER, sender=owner)
