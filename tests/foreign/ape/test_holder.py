"""What a project that builds on the protocol would test: its holders buy, stake, wait, and live through a fall in
prices.
"""

from pathlib import Path

import ape
import pytest

import ssi
from ssi.chain.wallet import PermissionKind

SHARES = 10 * 10**18
DAY = 86_400
seen = []


def test_ssi_is_installed():
    assert Path(ssi.__file__).parents[1].name == "site-packages"


def test_a_whale_buys_with_dollars(protocol, whale):
    router, index, usdc = protocol.contract("IndexRouter"), protocol.index("MAG7.ssi"), protocol.token("USDC")
    cost = router.quoteBuy.call(index, usdc, SHARES)
    usdc.approve(router, cost, sender=whale)
    trade = {
        "index": index, "token": usdc, "receiver": whale, "deadline": protocol.now + 600,
        "permission": PermissionKind.ALLOWANCE, "permit": b"", "stake": False, "referralCode": bytes(32),
    }  # fmt: skip
    router.buy(trade, SHARES, cost, sender=whale)
    assert index.balanceOf(whale) == SHARES
    assert usdc.balanceOf(whale) == 10**13 - cost


def test_a_staker_waits_for_the_cooldown(protocol, whale):
    index, staked = protocol.index("MAG7.ssi"), protocol.staked("MAG7.ssi")
    protocol.invest("MAG7.ssi", whale, SHARES)
    index.approve(staked, SHARES, sender=whale)
    staked.deposit(SHARES, whale, sender=whale)
    staked.requestRedeem(staked.balanceOf(whale), whale, whale, sender=whale)
    assert staked.claimableRedeemRequest(0, whale) == 0
    began = protocol.now
    assert protocol.warp(14 * DAY + 1) > began + 14 * DAY
    assert staked.claimableRedeemRequest(0, whale) > 0


def test_prices_move_in_feeds_and_pools(protocol):
    router, index, usdc = protocol.contract("IndexRouter"), protocol.index("MAG7.ssi"), protocol.token("USDC")
    before, cost = protocol.price("SOL"), router.quoteBuy.call(index, usdc, SHARES)
    protocol.move_price("SOL", 0.9)
    assert protocol.price("SOL") * 10 == pytest.approx(before * 9, rel=1e-6)
    assert router.quoteBuy.call(index, usdc, SHARES) < cost


def test_a_price_that_no_feed_has_is_refused(protocol):
    with pytest.raises(ValueError, match="PEPE has no feed in dollars"):
        protocol.move_price("PEPE", 2)


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_begins_where_the_first_one_did(protocol, turn):
    index = protocol.index("MAG7.ssi")
    seen.append((protocol.now, index.totalSupply()))
    assert seen[0] == seen[-1]
    protocol.invest("MAG7.ssi", protocol.evm.account("passer-by"), SHARES * turn)
    protocol.warp(DAY)
    assert index.totalSupply() > seen[0][1]


def test_ape_itself_is_on_the_fork(protocol):
    assert ape.chain.provider.network.name == "mainnet-fork"
    assert ape.chain.blocks.head.timestamp == protocol.now
