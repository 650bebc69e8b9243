"""Points on the deployed protocol: real indexes, staking, liquidity, referral codes, purchases.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from eth_utils import keccak, to_checksum_address

from forks import control
from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, WAD, ZERO
from ssi.points.locks import PoolKind
from ssi.registry.system import System
from tests.model.points import LEAST, PointsModel, Sources, fair_price
from tests.support.deployed_points import sample_days, stake, to_next_epoch
from tests.support.governance import govern
from tests.support.liquidity import UniswapMarket
from tests.support.reverts import error, reverts
from tests.support.trading import Trader

WEEK = 7 * DAY
CODE = b"ALICE42".ljust(32, b"\0")
TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()


@pytest.fixture
def ledger(system: System) -> Deployed:
    return system.points


@pytest.fixture
def market(system: System) -> UniswapMarket:
    """A pool of MAG7.ssi against USDC on the locker's list."""
    market = UniswapMarket(system)
    govern(system, system.locker, "addPool", [market.pools["V3"].address, PoolKind.V3])
    return market


def history(system: System, evm: Evm, pool: str) -> Any:
    """The model, told every event that there ever was of tokens, locks and samples; and the staked tokens' rates."""
    ledger, rpc = system.points, evm.rpc
    sources = system.prices.sourcesOf(ledger.currentEpoch())
    model = PointsModel(ledger.epochGenesis(), ledger.epochLength())
    soso = (sources.stakedSoso, system.token("SOSO").address)
    model.set_sources(
        evm.now, Sources(tuple(map(tuple, sources.pairs)), soso, ((pool, *system.locker.poolTokens(pool)),))
    )
    for staked in [staked for _, staked in sources.pairs] + [sources.stakedSoso]:
        for epoch in range(ledger.currentEpoch() + 1):
            start = model.end(epoch - 1)
            model.rate_is(start - 1, staked, evm.at(system.project.StakedToken, staked).exchangeRateAt(epoch))
    times = {}

    def logs(address, *topics):
        for log in rpc.call("eth_getLogs", {"address": address, "fromBlock": "earliest", "topics": list(topics)}):
            if log["blockNumber"] not in times:
                times[log["blockNumber"]] = int(
                    rpc.call("eth_getBlockByNumber", log["blockNumber"], False)["timestamp"], 16
                )
            yield times[log["blockNumber"]], log

    def account(topic):
        return to_checksum_address("0x" + topic[-40:])

    for token in [token for pair in sources.pairs for token in pair] + [sources.stakedSoso]:
        for now, log in logs(token, TRANSFER):
            model.transfer(now, token, account(log["topics"][1]), account(log["topics"][2]), int(log["data"], 16))
    locked: dict[str, int] = {}
    kinds = ("PositionLocked", "PositionUnlockRequested", "PositionUnlockCancelled")
    names = {"0x" + system.locker.interface[name].hash.hex(): name for name in kinds}
    for now, log in logs(system.locker.address, list(names)):
        name, owner, token_id = names[log["topics"][0]], account(log["topics"][1]), log["topics"][2]
        if name == "PositionLocked":
            locked[token_id] = int(log["data"], 16)
        giver, taker = (owner, ZERO) if name == "PositionUnlockRequested" else (ZERO, owner)
        model.transfer(now, pool, giver, taker, locked[token_id])
    for _, log in logs(system.prices.address, "0x" + system.prices.interface["PriceSampled"].hash.hex()):
        epoch, slot = (int(topic, 16) for topic in log["topics"][1:3])
        model.samples[epoch].setdefault(slot, {})[account(log["topics"][3])] = int(log["data"], 16)
    return model


class TestStory:
    """Alice holds, stakes, boosts and locks; bob buys with her code; two epochs pass."""

    @pytest.fixture
    def story(self, system: System, evm: Evm, ledger: Deployed, market: UniswapMarket, alice: str, bob: str) -> int:
        system.referrals.register(CODE, sender=alice)
        to_next_epoch(evm, ledger)
        index, vault = system.index("MAG7.ssi"), system.staked("MAG7.ssi")
        market.fund(alice, 400, 20_000)
        stake(index, vault, alice, 50 * WAD)
        control.deal(evm.rpc, "SOSO", alice, 10**22)
        stake(system.token("SOSO"), system.staked("SOSO"), alice, 10**22)
        self.position = market.position(alice, 100)
        market.positions.approve(system.locker.address, self.position, sender=alice)
        system.locker.lockPosition(self.position, sender=alice)
        trader = Trader(system, bob)
        trader.provide("USDC", trader.quote_buy("MAG7.ssi", "USDC", 30 * WAD))
        trader.buy("MAG7.ssi", "USDC", 30 * WAD, code=CODE)
        sample_days(system, LEAST, bob)
        assert not any(state > 1 for state in system.prices.slotsOf(ledger.currentEpoch())), "nothing was missing"
        control.warp(evm.rpc, 2 * DAY)
        index.transfer(bob, 7 * WAD, sender=alice)
        system.locker.requestUnlock(self.position, sender=alice)
        control.warp(evm.rpc, 3 * DAY)
        system.locker.cancelUnlock(self.position, sender=alice)
        return ledger.currentEpoch()

    def test_buying_joins_and_binds(self, system, ledger, story, alice, bob):
        """The purchase told the ledger, the ledger told the registry."""
        assert story == ledger.currentEpoch()
        assert system.referrals.referrerOf(bob).referrer == alice
        assert 0 < system.referrals.referrerOf(bob).boundAt == ledger.joinedAt(bob)
        assert ledger.joinedAt(alice) > 0, "she bought as well"

    def test_points_follow_from_events_alone(self, system, evm, ledger, market, story, alice, bob):
        """P11: with real tokens, staking rates and liquidity, in the running epoch and after it."""
        pool = market.pools["V3"].address
        for _ in range(2):
            model = history(system, evm, pool)
            for person in (alice, bob):
                assert ledger.pointsOf(person, story) == model.points(evm.now, person, story) > 0, "P11"
            to_next_epoch(evm, ledger, DAY)

    def test_prices_are_those_of_the_specification(self, system, market, story):
        index, vault, pool = system.index("MAG7.ssi"), system.staked("MAG7.ssi"), market.pools["V3"].address
        prices = system.prices
        price, soso = prices.referencePrice(story, index), prices.referencePrice(story, system.staked("SOSO"))
        assert 50 * WAD < price < 200 * WAD
        assert prices.medianOf(story, index) == (price, LEAST)
        assert prices.referencePrice(story, vault) == price * vault.exchangeRateAt(story) // WAD
        assert soso > 0
        usdc, samples = prices.medianOf(story, system.token("USDC"))
        assert (abs(usdc - WAD * 10**12) < 10**28, samples) == (True, LEAST), "a dollar is a dollar, more or less"
        assert prices.referencePrice(story, pool) == fair_price(price, usdc)

    def test_both_are_paid(self, system, evm, ledger, story, alice, bob):
        """Recorded by a stranger, with the bonus of both sides, and the pot is shared out by that."""
        usdc, pot = system.token("USDC"), 1_000 * 10**6
        control.deal(evm.rpc, "USDC", bob, pot)
        usdc.approve(ledger.address, pot, sender=bob)
        ledger.fund(story, usdc, pot, 0, sender=bob)
        to_next_epoch(evm, ledger)
        ledger.recordMany([bob, alice], story, sender=system.record.contracts["Safe"])
        alices, bobs = (ledger.pointsOf(person, story) for person in (alice, bob))
        assert ledger.recordedPoints(alice, story) == alices + bobs // 10, "P8"
        assert ledger.recordedPoints(bob, story) == bobs + bobs // 20, "P8"
        control.warp(evm.rpc, WEEK)
        before = [usdc.balanceOf(person) for person in (alice, bob)]
        paid = [ledger.claim(story, usdc, sender=person).events(ledger)[0].values["amount"] for person in (alice, bob)]
        total = ledger.totalRecorded(story)
        assert paid == [pot * ledger.recordedPoints(person, story) // total for person in (alice, bob)]
        assert [usdc.balanceOf(person) for person in (alice, bob)] == [
            had + got for had, got in zip(before, paid, strict=True)
        ]
        assert pot - 2 <= sum(paid) <= pot, "P1"

    def test_trading_the_pool_moves_no_points(self, evm, ledger, market, story, alice):
        """P6: a trade of a third of the pool, and liquidity that a stranger adds to a locked position."""
        before = ledger.pointsOf(alice, story)
        stranger = evm.account("stranger")
        market.fund(stranger, 50, 20_000)
        market.trade(stranger, 3_000)
        market.increase(stranger, self.position, 5)
        evm.warp(0)
        assert ledger.pointsOf(alice, story) == before, "P6"


def test_nothing_on_the_way_of_transfers_knows_the_ledger(system, evm, alice, bob):
    """A transfer, a stake and a mint touch no address of the ledger."""
    index, vault = system.index("MAG7.ssi"), system.staked("MAG7.ssi")
    Trader(system, alice).with_shares("MAG7.ssi", 3 * WAD)
    known = {system.points.address.lower(), system.record.contracts["PointsLedgerImplementation"].lower()}
    index.approve(vault.address, WAD, sender=alice)
    for to, data in (
        (index, index.transfer.encode(bob, WAD)), (vault, vault.deposit.encode(WAD, alice)),
        (vault, vault.transfer.encode(bob, 1)),
    ):  # fmt: skip
        evm.send(alice, to.address, data)
        block = evm.rpc.call("eth_getBlockByNumber", "latest", False)
        trace = evm.rpc.call("debug_traceTransaction", block["transactions"][0], {"tracer": "callTracer"})
        assert not known & set(called(trace))


def called(call: Mapping[str, Any]) -> Iterator[str]:
    """All addresses in a trace."""
    yield call["to"].lower()
    for inner in call.get("calls", []):
        yield from called(inner)


def test_a_purchase_goes_on_with_any_behaviour_of_the_ledger(system, alice):
    """Where the ledger has forgotten the router, buying works all the same, and joins no buyer."""
    govern(system, system.points, "setRouter", ["0x" + "00" * 20])
    trader = Trader(system, alice)
    trader.provide("USDC", trader.quote_buy("MAG7.ssi", "USDC", WAD))
    trader.buy("MAG7.ssi", "USDC", WAD, code=CODE)
    assert trader.holds("MAG7.ssi") >= WAD
    assert system.points.joinedAt(alice) == 0


def test_a_new_ledger_waits_for_the_notice(system, evm, project, bob):
    """UUPS behind 16 days; state stays. The prices have no proxy."""
    system.points.join(sender=bob)
    joined = system.points.joinedAt(bob)
    other = evm.deploy(project.PointsLedger, sender=bob)
    with reverts(error(project.PointsLedger, "AccessManagedUnauthorized"), caller=bob):
        system.points.upgradeToAndCall(other, b"", sender=bob)
    with reverts(error(project.PointsLedger, "InvalidInitialization")):
        other.initialize(bob, bob, bob, sender=bob)
    govern(system, system.points, "upgradeToAndCall", [other, b""])
    assert system.points.joinedAt(bob) == joined > 0
    assert system.points.prices() == system.prices.address
