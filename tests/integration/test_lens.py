"""One call that says everything, against the many calls that it stands for."""

from __future__ import annotations

import pytest

from forks import control
from forks.addresses import TOKENS
from ssi.chain.evm import Deployed
from ssi.constants import WAD
from ssi.registry import params
from ssi.registry.system import System
from tests.support.indexes import ANYTHING
from tests.support.reverts import error, reverts
from tests.support.trading import Trader


@pytest.fixture(params=["MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI"])
def index(request: pytest.FixtureRequest, system: System) -> Deployed:
    return system.index(request.param)


def by_hand(system: System, index: Deployed) -> tuple[int, list[int]]:
    """NAV and values, D18 USD, from single reads and the page about arithmetic."""
    holdings = index.holdings()
    values = []
    for token, accounted, available in zip(index.basket().tokens, holdings.accounted, holdings.available, strict=True):
        price = system.oracle.price(token)
        values.append(min(accounted, available) * price // 10 ** system.token(token).decimals())
    return sum(values), values


def test_an_overview_is_what_single_reads_say(system, index, alice):
    Trader(system, alice).with_shares(index.symbol(), 7 * WAD)
    o = system.lens.overview(index.address)
    nav, values = by_hand(system, index)
    assert (o.named()["index"], o.name, o.symbol) == (index.address, index.name(), index.symbol())
    assert (o.totalSupply, o.issuedSupply, o.pendingFeeShares) == (
        index.totalSupply(),
        index.issuedSupply(),
        index.pendingFeeShares(),
    )
    assert (o.baseSupply, o.multiplier) == (index.basket().base, index.multiplier())
    assert tuple(o.terms) == tuple(index.terms())
    assert (o.priced, o.nav) == (True, nav)
    assert o.sharePrice == nav * WAD // index.totalSupply()
    for constituent, token, units, value in zip(o.constituents, *index.basket()[:2], values, strict=True):
        c = constituent.named()
        assert (c["token"], c["units"], c["value"], c["priced"]) == (token, units, value, True)
        assert c["weight"] == value * WAD // nav
        assert c["claimed"] == 0
    assert WAD - len(values) <= sum(c.weight for c in o.constituents) <= WAD


def test_weights_at_birth_are_those_of_the_parameters(system, index):
    wanted = next(entry for entry in params.indexes() if entry.symbol == index.symbol()).weights
    for constituent, (name, weight) in zip(
        system.lens.overview(index.address).constituents, wanted.items(), strict=True
    ):
        assert constituent.token == system.token(name).address
        assert abs(constituent.weight - weight * 10**14) < 10**14, f"{name} within a basis point"


def test_all_indexes_in_one_call(system):
    everything = system.lens.overviews()
    assert [o.named()["index"] for o in everything] == system.factory.indexes()
    assert [o.symbol for o in everything] == ["MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI"]


def test_a_missing_price_is_said_and_stops_nothing(system, project, evm):
    index = system.index("MAG7.ssi")
    before = system.lens.overview(index.address)
    control.set_feed(evm.rpc, "BTC/USD", 0)
    o = system.lens.overview(index.address)
    wbtc, *rest = o.constituents
    assert (wbtc.priced, wbtc.price, wbtc.value, wbtc.weight) == (False, 0, 0, 0)
    assert wbtc.accounted == before.constituents[0].accounted
    assert not o.priced
    assert o.nav == sum(c.value for c in rest) < before.nav

    feed = system.assets.feeds["BTC/USD"]
    _, at = control.read_feed(evm.rpc, "BTC/USD")
    expected = error(project.PriceOracle, "PriceOracle_InvalidAnswer")
    with reverts(expected, token=wbtc.token, source=feed, answer=0, updatedAt=at):
        system.lens.valueOf(index.address, WAD)


# What a broken constituent does on every question: reverts, answers all ones, answers a text that is cut off, or
# burns the gas.
BROKEN = {
    "reverts": "0x5f5ffd",
    "answers nonsense": "0x7f" + "ff" * 32 + "5f5260405ff3",
    "answers a cut-off text": "0x60205f5260ff60205260405ff3",
    "burns": "0x5b5f56",
}


@pytest.mark.parametrize("code", BROKEN.values(), ids=BROKEN)
def test_a_broken_constituent_hides_nothing_else(system, evm, code):
    """One that reverted for `decimals`, or had a malformed symbol, killed the view of all indexes."""
    before = {o.symbol: o for o in system.lens.overviews()}
    link = system.token("LINK").address
    evm.rpc.call("anvil_setCode", link, code)
    after = {o.symbol: o for o in system.lens.overviews()}
    assert list(after) == list(before)
    assert all(o.readable for o in after.values())
    for symbol, o in after.items():
        broken = [c for c in o.constituents if c.token == link]
        if not broken:
            assert (o.nav, o.priced) == (before[symbol].nav, True)
            continue
        (c,) = broken
        assert c.readable is False
        assert o.nav <= before[symbol].nav
        if "f3" not in code:
            assert (c.symbol, c.decimals, c.priced, c.value) == ("", 0, False, 0)
            assert o.nav == sum(each.value for each in o.constituents if each.token != link) > 0
        assert all(each.readable for each in o.constituents if each.token != link)


def test_an_index_that_cannot_be_read_hides_no_other(system, evm):
    before = system.lens.overviews()
    evm.rpc.call("anvil_setCode", system.index("MEME.ssi").address, BROKEN["reverts"])
    after = system.lens.overviews()
    assert [o.readable for o in after] == [True, False, True, True]
    assert after[1].named()["index"] == system.index("MEME.ssi").address
    assert (after[1].symbol, after[1].constituents) == ("", [])
    assert [o.nav for n, o in enumerate(after) if n != 1] == [o.nav for n, o in enumerate(before) if n != 1]


def test_the_inverse_preview_is_exact(system, index):
    for shares in (1, 999, WAD, 7 * WAD + 3):
        amounts = index.previewMint(shares)
        most = system.lens.sharesForAmounts(index.address, amounts)
        assert most >= shares, "I4 the inverse of previewMint"
        assert all(a <= b for a, b in zip(index.previewMint(most), amounts, strict=True))
        assert any(a > b for a, b in zip(index.previewMint(most + 1), amounts, strict=True))
    with reverts(error(system.project.IndexToken, "IndexToken_LengthMismatch"), expected=len(amounts), actual=0):
        system.lens.sharesForAmounts(index.address, [])


def test_value_of_shares_is_what_they_redeem_at_these_prices(system, index):
    amounts = index.previewRedeem(WAD)
    value = sum(
        system.oracle.value(token, amount) for token, amount in zip(index.basket().tokens, amounts, strict=True)
    )
    assert system.lens.valueOf(index.address, WAD) == value
    assert 99 * WAD < value < 101 * WAD


@pytest.mark.minimainnet  # its stand-in keeps the symbol in the code, so that the code can stand elsewhere
def test_symbols_of_32_bytes_are_read(system, evm):
    evm.rpc.call("anvil_setCode", TOKENS["SKY"], evm.rpc.call("eth_getCode", TOKENS["MKR"], "latest"))
    symbols = [c.symbol for c in system.lens.overview(system.record.indexes["DEFI.ssi"]).constituents]
    assert symbols == ["UNI", "AAVE", "MKR", "LDO", "CRV", "COMP"]


@pytest.mark.minimainnet  # no key here owns the real WBTC
def test_open_claims_are_shown_apart_from_the_basket(system, evm, alice):
    trader = Trader(system, alice).with_shares("MAG7.ssi", 5 * WAD)
    index = system.index("MAG7.ssi")
    control.pause(evm.rpc, "WBTC")
    owed = index.previewRedeem(5 * WAD)[0]
    index.redeem(5 * WAD, alice, alice, *ANYTHING, sender=trader.account)
    wbtc = system.lens.overview(index.address).constituents[0]
    assert wbtc.claimed == owed > 0
    assert system.lens.previewClaim(index.address, wbtc.token, alice) == owed
    assert wbtc.available + wbtc.claimed == system.token("WBTC").balanceOf(index.address)
    assert wbtc.accounted <= wbtc.available


def test_staking_is_part_of_the_overview(system, index, alice):
    trader = Trader(system, alice)
    trader.provide("USDC", trader.quote_buy(index.symbol(), "USDC", 9 * WAD))
    trader.buy(index.symbol(), "USDC", 9 * WAD, stake=True)
    control.warp(system.evm.rpc, 86_400)
    system.distributor.distribute(index.address, sender=alice)
    control.warp(system.evm.rpc, 28 * 86_400)
    system.distributor.distribute(index.address, sender=alice)
    system.evm.warp(2_000)
    staked = system.staked(index.symbol())
    staked.requestRedeem(WAD, alice, alice, sender=alice)
    epoch, s = staked.currentEpoch(), system.lens.overview(index.address).staking
    assert tuple(s) == tuple(system.lens.staking(index.address))
    assert s.named() == {
        "stakedToken": staked.address, "totalAssets": staked.totalAssets(), "totalSupply": staked.totalSupply(),
        "exchangeRate": staked.exchangeRate(), "epochStartRate": staked.exchangeRateAt(epoch),
        "unvestedRewards": staked.unvestedRewards(), "setAside": staked.assetsSetAside(),
        "cooldown": 14 * 86_400, "currentApr": staked.currentApr(), "epochApr": staked.epochApr(epoch),
        "lastEpochApr": staked.epochApr(epoch - 1), "stakersPart": 8_000,
        "pendingToStakers": system.distributor.pending(index.address).toStakers,
    }  # fmt: skip
    assert s.setAside > WAD
    assert all((s.unvestedRewards, s.currentApr, s.epochApr, s.lastEpochApr, s.pendingToStakers))
