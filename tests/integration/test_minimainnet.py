"""The chain that everything else stands on: the contracts are what they claim, stand-ins have their originals' quirks,
prices agree.
"""

from __future__ import annotations

import pytest

from forks import control
from forks.addresses import CONTRACTS, FEEDS, FEEDS_OWNER, POOLS, TOKENS
from forks.placing import OWNER, encode
from minimainnet import verify
from minimainnet.prices import USD, decimals
from tests.support.reverts import error, reverts

# Every test here looks at or uses what only the miniature mainnet has.
pytestmark = pytest.mark.minimainnet


def test_every_contract_is_as_exact_as_it_claims(evm):
    found = verify.check(evm.rpc)
    assert [contract.name for contract in found if not contract.holds] == []
    exact = {contract.name for contract in found if contract.exactness is verify.Exactness.HASH}
    assert {
        "WETH",
        "UniswapV3Factory",
        "NonfungiblePositionManager",
        "SwapRouter02",
        "QuoterV2",
        "Permit2",
        "Multicall3",
        "Safe",
    } <= exact


def test_a_wrong_byte_is_noticed(evm):
    code = evm.rpc.call("eth_getCode", CONTRACTS["QuoterV2"], "latest")
    evm.rpc.call("anvil_setCode", CONTRACTS["QuoterV2"], code[:-2] + "00")
    assert [contract.name for contract in verify.check(evm.rpc) if not contract.holds] == ["QuoterV2"]


@pytest.mark.parametrize("token", TOKENS)
def test_any_account_can_be_given_any_token(evm, project, alice, token):
    amount = 123 * 10 ** decimals(token)
    control.deal(evm.rpc, token, alice, amount)
    erc20 = evm.at(project.PlainToken, TOKENS[token])
    assert erc20.balanceOf(alice) >= amount
    assert erc20.decimals() == decimals(token)


@pytest.mark.parametrize("pool", POOLS, ids=lambda pool: f"{pool.a}-{pool.b}-{pool.fee}")
def test_pools_trade_near_the_prices(evm, pool, alice):
    """A thousand dollars through Uniswap's own router: the fee, a little impact, nothing else."""
    amount = int(1000 / USD[pool.a] * 10 ** decimals(pool.a))
    control.deal(evm.rpc, pool.a, alice, amount)
    router = CONTRACTS["SwapRouter02"]
    evm.send(alice, TOKENS[pool.a], bytes.fromhex(encode("approve(address,uint256)", router, amount)[2:]))
    swap = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
    before = control.balance_of(evm.rpc, pool.b, alice)
    order = (TOKENS[pool.a], TOKENS[pool.b], pool.fee, alice, amount, 0, 0)
    evm.send(alice, router, bytes.fromhex(encode(swap, order)[2:]))
    worth = (control.balance_of(evm.rpc, pool.b, alice) - before) * USD[pool.b] / 10 ** decimals(pool.b)
    kept = (1 - pool.fee / 10**6) * 1000
    assert kept * 0.998 < float(worth) < kept * 1.0005


@pytest.mark.parametrize("token", ["LDO", "AAVE", "sUSDS", "FLOKI"])
def test_tokens_can_be_bought_where_none_can_be_made(evm, alice, token):
    """How a fork of the real mainnet gets them."""
    amount = 7 * 10 ** decimals(token)
    control.buy(evm.rpc, token, alice, amount)
    assert control.balance_of(evm.rpc, token, alice) == amount


def test_a_feed_of_another_owner_is_taken_over(evm, project):
    """As on a fork of the real mainnet, where the aggregators are Chainlink's."""
    proxy = FEEDS["ETH/USD"]
    foreign = evm.deploy(project.SettableAggregator, "foreign", 8, 10**8, sender=FEEDS_OWNER)
    for step in ("proposeAggregator(address)", "confirmAggregator(address)"):
        evm.send(FEEDS_OWNER, proxy, bytes.fromhex(encode(step, foreign.address)[2:]))
    assert control.read_feed(evm.rpc, "ETH/USD")[0] == 10**8
    control.set_feed(evm.rpc, "ETH/USD", 5 * 10**8)
    assert control.read_feed(evm.rpc, "ETH/USD") == (5 * 10**8, evm.now)


def test_every_feed_answers_freshly(evm):
    for feed in FEEDS:
        answer, at = control.read_feed(evm.rpc, feed)
        assert answer > 0
        assert evm.now - at < 3600


def test_usdt_returns_nothing_and_refuses_to_change_an_allowance(evm, alice, bob):
    control.deal(evm.rpc, "USDT", alice, 10)
    usdt = TOKENS["USDT"]
    assert evm.call(usdt, bytes.fromhex(encode("transfer(address,uint256)", bob, 1)[2:]), sender=alice) == b""
    approve = lambda value: evm.send(alice, usdt, bytes.fromhex(encode("approve(address,uint256)", bob, value)[2:]))  # noqa: E731
    approve(5)
    with reverts(""):
        approve(6)
    approve(0)
    approve(6)


def test_bnb_refuses_zeros_without_a_word(evm, alice, bob):
    control.deal(evm.rpc, "BNB", alice, 10)
    for call in (
        ("transfer(address,uint256)", bob, 0),
        ("approve(address,uint256)", bob, 0),
        ("transfer(address,uint256)", bob, 10**30),
    ):
        with reverts(""):
            evm.send(alice, TOKENS["BNB"], bytes.fromhex(encode(*call)[2:]))
    assert evm.call(TOKENS["BNB"], bytes.fromhex(encode("transfer(address,uint256)", bob, 1)[2:]), sender=alice) == b""


def test_switches_work(evm, project, alice, bob):
    """What tests and the demo rely on to break a constituent."""
    for token, expected in (
        ("USDC", "Blacklistable: account is blacklisted"),
        ("PEPE", error(project.BlocklistToken, "BlocklistToken_Blocked")),
        ("USDT", ""),
    ):
        control.deal(evm.rpc, token, alice, 10)
        send = bytes.fromhex(encode("transfer(address,uint256)", bob, 1)[2:])
        control.freeze(evm.rpc, token, alice)
        with reverts(expected):
            evm.send(alice, TOKENS[token], send)
        control.freeze(evm.rpc, token, alice, frozen=False)
        evm.send(alice, TOKENS[token], send)
    for token, expected in (("WBTC", error(project.PausableToken, "PausableToken_Paused")), ("MKR", ""), ("USDT", "")):
        control.deal(evm.rpc, token, alice, 10)
        send = bytes.fromhex(encode("transfer(address,uint256)", bob, 1)[2:])
        control.pause(evm.rpc, token)
        with reverts(expected):
            evm.send(alice, TOKENS[token], send)
        control.pause(evm.rpc, token, paused=False)
        evm.send(alice, TOKENS[token], send)
    assert alice != OWNER


def test_savings_tokens_grow(evm, project):
    for token in ("sDAI", "sUSDS"):
        vault = evm.at(project.MockVault, TOKENS[token])
        before = vault.convertToAssets(10**18)
        evm.warp(365 * 86_400)
        assert before < vault.convertToAssets(10**18) < 2 * before
