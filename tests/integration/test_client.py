"""The typed client: what it quotes is what happens, and what it reads is what the contracts say."""

from __future__ import annotations

from typing import Any

import click
import pytest
from ape import accounts
from eth_utils import keccak

from forks import control
from forks.local import FORKS
from scripts import propose
from ssi import Protocol
from ssi.chain.evm import Reverted
from ssi.chain.wallet import Way
from ssi.constants import MAX, NOTICE, PERMIT2
from ssi.failure import Impossible, Misused
from ssi.governance.client import NothingReady, OperationNotReady, SigningRequest
from ssi.governance.safe import Multisig
from ssi.points.locks import PoolKind
from ssi.protocol import local
from ssi.registry.system import System
from tests.support.governance import govern, wait
from tests.support.liquidity import UniswapMarket
from tests.support.trading import give

SHARE = 10**18


@pytest.fixture
def me() -> Any:
    return accounts.test_accounts[6]


@pytest.fixture
def protocol(system: System, me: Any) -> Protocol:
    """As an outsider opens it: by the record's path, the node's URL and an account."""
    return Protocol.from_deployment(system.record.path, node=system.evm.rpc.url, account=me)


# ---------------------------------------------------------------- trades


@pytest.mark.parametrize("token", ["USDC", "DAI", "USDT", "WBTC", "ETH"])
@pytest.mark.parametrize("symbol", ["MAG7.ssi", "USSI"])
def test_quotes_are_outcomes_to_the_wei(protocol, symbol, token):
    """Exact in and exact out, bought and sold again, by each way to pay."""
    index, of = protocol.index(symbol), protocol.token(token)
    if token != "ETH":
        give(protocol, **{token: 10_000 if token != "WBTC" else 1})
    budget = {"WBTC": 10**6, "ETH": 10**17}.get(token, 700 * 10**of.decimals)
    for wanted in ({"amount_in_wei": budget}, {"shares_wei": 2 * SHARE}):
        quote = index.quote_buy(token, **wanted)
        done = index.buy(quote)
        assert (done.paid_wei, done.received_wei) == (quote.pays_wei, quote.gets_wei)
        assert quote.pays_wei <= (budget if quote.fixed == "pays" else quote.limit_wei())
        assert -200 < quote.difference_bps < 0
    quote = index.quote_sell(token, shares_wei=SHARE)
    before = protocol.holder.balance_wei(of)
    done = index.sell(quote)
    assert (done.paid_wei, done.received_wei, done.unsold) == (SHARE, quote.gets_wei, ())
    if token != "ETH":
        assert protocol.holder.balance_wei(of) - before == quote.gets_wei
    bought = [happened.values["shares"] for happened in protocol.history() if happened.event == "Bought"]
    assert protocol.holder.balance_wei(index.token) == sum(bought) - SHARE


@pytest.mark.parametrize("dollars", [1, 150, 5_000])
def test_a_sale_for_an_exact_amount_brings_it(protocol, dollars):
    """The quoted shares suffice, and are nearly the fewest: of a dollar, a satoshi of WBTC is a tenth of a cent."""
    give(protocol, USDC=20_000)
    index = protocol.index("MAG7.ssi")
    index.buy(index.quote_buy("USDC", amount_in_wei=10_000 * 10**6))
    wanted = dollars * 10**6 + 1
    quote = index.quote_sell("USDC", amount_out_wei=wanted)
    assert index.quote_sell("USDC", shares_wei=quote.pays_wei).gets_wei >= wanted
    assert index.quote_sell("USDC", shares_wei=quote.pays_wei * 99 // 100).gets_wei < wanted
    done = index.sell(quote, slippage_bps=10)
    assert wanted <= done.received_wei <= wanted * 1_001 // 1_000 + 10_000
    assert done.paid_wei <= quote.limit_wei(10)


def test_the_way_to_pay_is_the_least_troublesome(protocol, me):
    """A permit where the token has one, Permit2 where the account allows it, an approval else; ether needs none."""
    give(protocol, USDC=1_000, DAI=1_000)
    index, router = protocol.index("MAG7.ssi"), protocol.system.router.address
    usdc, dai = (protocol.holder.erc20(name) for name in (protocol.token("USDC"), protocol.token("DAI")))
    for token, way in (("ETH", Way.ETHER), ("USDC", Way.PERMIT), ("DAI", Way.APPROVAL)):
        assert index.way(index.quote_buy(token, shares_wei=SHARE)) is way, "DAI's own kind of permit is none"
    nonces = protocol.holder.account.evm.rpc.call("eth_getTransactionCount", me.address, "latest")
    quote = index.quote_buy("USDC", shares_wei=SHARE)
    index.buy(quote)
    assert int(protocol.system.evm.rpc.call("eth_getTransactionCount", me.address, "latest"), 16) == int(nonces, 16) + 1
    dai.approve(PERMIT2, MAX, sender=me.address)
    quote = index.quote_buy("DAI", shares_wei=SHARE)
    assert index.way(quote) is Way.PERMIT2
    assert index.buy(quote).paid_wei == quote.pays_wei
    usdc.approve(router, MAX, sender=me.address)
    assert index.way(index.quote_buy("USDC", shares_wei=SHARE)) is Way.ALLOWED
    assert index.way(index.quote_sell("DAI", shares_wei=SHARE)) is Way.PERMIT


def test_an_approval_that_is_too_small_is_replaced(protocol, me):
    """USDT takes no other approval before the old one is zero; BNB takes no zero."""
    give(protocol, USDT=1_000)
    index, router = protocol.index("MAG7.ssi"), protocol.system.router.address
    usdt = protocol.holder.erc20(protocol.token("USDT"))
    usdt.approve(router, 5, sender=me.address)
    quote = index.quote_buy("USDT", shares_wei=SHARE)
    assert index.buy(quote).paid_wei == quote.pays_wei
    index.redeem(index.quote_redeem(SHARE // 2))
    index.mint(index.quote_mint(SHARE // 10))
    index.mint(index.quote_mint(SHARE // 5))


def test_prices_that_move_too_far_are_refused(protocol):
    give(protocol, USDC=2_000)
    index = protocol.index("MAG7.ssi")
    quote = index.quote_buy("USDC", shares_wei=SHARE)
    control.move_price(protocol.system.evm.rpc, "LINK", 1.5)
    with pytest.raises(Reverted) as refused:
        index.buy(quote, slippage_bps=1)
    assert refused.value.data[:4] == keccak(text="IndexRouter_TooExpensive(uint256,uint256)")[:4]


def test_what_cannot_be_meant_is_refused(protocol):
    index = protocol.index("mag7")
    assert index.symbol == "MAG7.ssi"
    with pytest.raises(Impossible, match=r"needed, and 0x\w+ has 0 USDC"):
        index.buy(index.quote_buy("USDC", shares_wei=SHARE))
    with pytest.raises(Misused, match=r"Known are .*MAG7\.ssi"):
        protocol.index("MAG8")
    with pytest.raises(Misused, match="no token XYZ"):
        index.quote_buy("XYZ", shares_wei=SHARE)
    with pytest.raises(Misused):
        index.quote_buy("USDC")
    with pytest.raises(Impossible, match="Even all shares"):
        index.quote_sell("USDC", amount_out_wei=10**15)


def test_an_address_reads_and_does_not_sign(system, me):
    reader = Protocol.from_deployment(system.record.path, node=system.evm.rpc.url, account=me.address)
    assert reader.portfolio().account == me.address
    assert reader.holder.account.way(system.token("USDC"), system.router.address, 1) is Way.APPROVAL
    with pytest.raises(Misused, match="whose account"):
        Protocol.from_deployment(system.record.path, node=system.evm.rpc.url).portfolio()


# ---------------------------------------------------------------- in kind


def test_in_kind_is_to_the_wei(protocol):
    give(protocol, USDC=1_000)
    index = protocol.index("MAG7.ssi")
    index.buy(index.quote_buy("USDC", shares_wei=2 * SHARE))
    for quote, act in ((index.quote_redeem(SHARE), index.redeem), (index.quote_mint(SHARE // 2), index.mint)):
        before = {part.token: protocol.holder.balance_wei(part.token) for part in quote.parts}
        done = act(quote)
        moved = {token: abs(protocol.holder.balance_wei(token) - held) for token, held in before.items()}
        assert moved == {part.token: part.wei for part in quote.parts} == {part.token: part.wei for part in done.parts}
    assert abs(sum(part.usd_d18 for part in quote.parts) - quote.shares_usd_d18) < quote.shares_usd_d18 // 50
    most = index.most_shares_wei()
    assert index.mint(index.quote_mint(most)).shares_wei == most


def test_a_frozen_constituent_becomes_a_claim_and_is_paid(protocol, me):
    """PEPE blocks the holder: the rest is paid, and what is owed is there once PEPE lets them go."""
    give(protocol, USDC=1_000)
    index, rpc = protocol.index("MEME.ssi"), protocol.system.evm.rpc
    index.buy(index.quote_buy("USDC", shares_wei=SHARE))
    control.freeze(rpc, "PEPE", me.address)
    quote = index.quote_redeem(SHARE)
    done = index.redeem(quote)
    (owed,) = [part for part in quote.parts if part.token.name == "PEPE"]
    assert [(part.token.name, part.wei) for part in done.segregated] == [("PEPE", owed.wei)]
    (claim,) = protocol.portfolio().claims
    assert (claim.token.name, claim.wei, claim.pays_wei) == ("PEPE", owed.wei, owed.wei)
    with pytest.raises(Reverted):
        index.claim("PEPE")
    control.freeze(rpc, "PEPE", me.address, frozen=False)
    assert index.claim("PEPE").wei == owed.wei
    assert index.claims() == ()


# ---------------------------------------------------------------- everything that an account has


def test_a_portfolio_is_what_the_contracts_say(system, protocol, me):
    give(protocol, USDC=10_000, SOSO=100)
    index, evm = protocol.index("MAG7.ssi"), system.evm
    index.buy(index.quote_buy("USDC", shares_wei=10 * SHARE))
    protocol.stakes["MAG7.ssi"].deposit(4 * SHARE)
    protocol.stakes["SOSO"].deposit(60 * SHARE)
    protocol.stakes["MAG7.ssi"].request(SHARE)
    protocol.referral.register("CLIENT1")
    vault, mag7 = system.staked("MAG7.ssi"), system.index("MAG7.ssi")
    control.deal(evm.rpc, "USDC", me.address, 10**9)
    mag7.approve(vault.address, SHARE, sender=me.address)
    vault.addRewards(SHARE, sender=me.address)
    control.warp(evm.rpc, 86_400 // 2)
    found = protocol.portfolio()

    (holding,) = found.holdings
    assert (holding.token.name, holding.wei) == ("MAG7.ssi", mag7.balanceOf(me.address))
    assert holding.usd_d18 == system.lens.valueOf(mag7.address, holding.wei)
    stakes = {stake.asset.name: stake for stake in found.stakes}
    assert set(stakes) == {"MAG7.ssi", "SOSO"}
    stake, leaving = stakes["MAG7.ssi"], vault.exitOf(me.address)
    assert stake.shares_wei == vault.balanceOf(me.address)
    assert stake.assets_wei == vault.convertToAssets(stake.shares_wei)
    assert tuple(vars(stake.exit).values()) == tuple(leaving)
    assert leaving.coolingAssets == SHARE
    assert (stake.yields.rate_d18, stake.yields.apr_now_d18) == (vault.exchangeRate(), vault.currentApr())
    assert stake.yields.apr_now_d18 > 0
    assert stake.usd_d18 == system.lens.valueOf(mag7.address, stake.assets_wei + leaving.coolingAssets)
    assert found.soso_wei == 40 * SHARE
    said = system.points.statement(me.address, found.live.epoch.number)
    assert (found.live.points_d18, found.live.multiplier_d18, found.live.counts) == (said.points, said.multiplier, True)
    assert [kind.points_d18 for kind in found.live.kinds] == [said.held.points, said.staked.points, said.locked.points]
    assert found.joined_at_s == system.points.joinedAt(me.address)
    assert (found.referral.code, found.referral.referrer) == ("CLIENT1", None)
    assert found.worth_usd_d18 == holding.usd_d18 + sum(stake.usd_d18 for stake in found.stakes)
    assert found.time_s == evm.now


def test_locked_liquidity_from_lock_to_unlock(system, protocol, me):
    """A position of v3 and LP tokens of v2: locked, in the portfolio at what they are worth, requested, taken back,
    taken out.
    """
    market = UniswapMarket(system)
    market.fund(me.address, 100, 20_000)
    govern(system, system.locker, "addPool", [market.pools["V3"].address, PoolKind.V3])
    govern(system, system.locker, "addPool", [market.pair.address, PoolKind.V2])
    control.refresh_feeds(system.evm.rpc)
    token_id, lp, locks = market.position(me.address, 10), market.add(me.address, 5), protocol.locks
    assert locks.lock_position(token_id).liquidity == market.liquidity(token_id)
    pool = locks.pool(
        "MAG7.ssi/USDC v2" if market.tokens[0].address == system.index("MAG7.ssi").address else "USDC/MAG7.ssi v2"
    )
    locks.lock_tokens(pool, lp)
    found = protocol.portfolio().locks
    (position,), (tokens,) = found.positions, found.tokens
    assert (position.token_id, position.matures_at_s, tokens.locked_wei) == (token_id, 0, lp)
    worth = 2 * system.lens.valueOf(system.index("MAG7.ssi").address, 10 * SHARE)
    assert abs(position.usd_d18 - worth) < worth // 50
    assert abs(2 * tokens.usd_d18 - position.usd_d18) < worth // 50

    market.trade(me.address, 500)
    assert locks.earned_wei(token_id) == locks.collect(token_id).amounts_wei
    assert locks.request_unlock(token_id).matures_at_s == system.locker.positionOf(token_id).maturesAt
    locks.cancel_unlock(token_id)
    locks.request_unlock(token_id)
    locks.request_unlock_tokens(pool, lp)
    with pytest.raises(Reverted):
        locks.unlock(token_id)
    control.warp(system.evm.rpc, 14 * 86_400)
    locks.unlock(token_id)
    assert locks.unlock_tokens(pool).wei == lp
    assert market.positions.ownerOf(token_id) == me.address
    assert protocol.portfolio().locks == type(found)((), ())


def test_history_says_what_happened_once(protocol):
    """In order, with the block's time, and nothing of others."""
    give(protocol, USDC=1_000)
    index, stake = protocol.index("MAG7.ssi"), protocol.stakes["MAG7.ssi"]
    bought = index.buy(index.quote_buy("USDC", shares_wei=3 * SHARE), stake=True)
    requested = stake.request(SHARE)
    found = protocol.history()
    assert [h.event for h in found if h.transaction == requested.transaction] == ["RedeemRequest"]
    assert sorted(h.event for h in found if h.transaction == bought.transaction) == [
        "Bought",
        "Deposit",
        "Joined",
        "Staked",
    ]
    assert len(found) == 5
    assert {h.time_s for h in found} == {protocol.system.evm.now}
    assert protocol.history(protocol.system.evm.account("a stranger")) == []


def test_a_proposal_is_what_the_owners_would_sign(system, protocol):
    proposed = protocol.governance.propose("set-cap", "USSI", 12_345)
    (call,) = proposed.calls
    assert (call.function, list(call.arguments.values())) == ("setSupplyCap", [12_345])
    safe = Multisig(system.evm, system.record.contracts["Safe"])
    (transaction,) = proposed.transactions()
    assert (transaction.safe, transaction.nonce, proposed.trial) == (safe.address, safe.nonce, None)
    assert protocol.governance.pending() == []


def test_governance_from_a_proposal_to_its_effect(system, protocol):
    """A program proposes, is told when it is too early, executes and cancels; the Safes' owners approve each."""
    governance, index, start = protocol.governance, protocol.system.index("USSI"), protocol.system.evm.now

    def done(request: SigningRequest) -> None:
        for transaction in request.transactions():
            Multisig(system.evm, request.multisig.address).simulate(transaction)

    for cap in (31, 32):
        done(governance.propose("set-cap", "USSI", cap))
    first, second = governance.pending()
    with pytest.raises(NothingReady) as nothing:
        governance.execute()
    assert nothing.value.next_at == first.ready_at == start + NOTICE
    with pytest.raises(OperationNotReady) as early:
        governance.execute(second.id.hex())
    assert (early.value.operation, early.value.status) == (second, "waiting")
    cancelled = governance.cancel(second.id.hex()[:8])
    assert (cancelled.multisig.address, cancelled.operations) == (system.record.contracts["GuardianSafe"], (second,))
    done(cancelled)
    assert governance.pending() == [first]

    wait(system)
    executed = governance.execute()
    assert (executed.multisig.address, executed.operations) == (system.record.contracts["Safe"], (first,))
    done(executed)
    assert index.terms().supplyCap == 31
    assert governance.pending() == []


def test_a_constituent_is_added_by_a_program(protocol):
    """It is built and tried out on forks, as the command does it; without forks it cannot be built."""
    arguments = ("add-constituent", "MAG7.ssi", "SKY", "UNI")
    with pytest.raises(Misused, match="add-constituent is built on a fork"):
        protocol.governance.propose(*arguments)
    proposed = protocol.governance.propose(*arguments, forks=FORKS)
    assert [call.function for call in proposed.calls][-2:] == ["setMethodology", "startRebalance"]
    assert proposed.trial is not None
    assert proposed.trial.extra["phase"] == "completed"


def test_programs_know_the_proposals_that_the_command_knows(protocol):
    assert isinstance(propose.cli, click.Group)
    assert protocol.governance.BUILDERS.keys() == propose.cli.commands.keys()
    with pytest.raises(Misused, match="There is no proposal set-cup"):
        protocol.governance.propose("set-cup", "USSI", 1)


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://127.0.0.1:8545", True),
        ("http://localhost", True),
        ("http://[::1]:8545", True),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example:8545", False),
        ("http://127.0.0.1@node.example", False),
        ("http://user:password@127.0.0.1:8545", False),  # the fast connection knows no passwords
        ("https://localhost", False),
    ],
)
def test_a_node_is_local_by_its_host_alone(url, is_local):
    assert local(url) is is_local
