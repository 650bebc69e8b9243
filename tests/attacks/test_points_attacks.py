"""Attacks on points through a staked token's rate, with the deployed modules. Ids are those of docs/invariants.md."""

from __future__ import annotations

import pytest

from forks import control
from forks.seeding import invest
from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, MAX, WAD
from ssi.registry.system import System
from tests.model.points import BOOST, LEAST, LOCKED
from tests.support.deployed_points import end, sample_days, stake, to_next_epoch

WEEK = 7 * DAY
MOST = LOCKED * (1 + BOOST)  # points that a dollar can earn a day
TINY, REWARD = 10**12, 99 * WAD


def to_the_day_before(evm: Evm, ledger: Deployed) -> None:
    """Rewards that are given now have just vested when the next epoch begins."""
    control.warp(evm.rpc, end(ledger) - evm.now - DAY - 60)


def blow_up_the_rate(evm: Evm, ledger: Deployed, token: Deployed, vault: Deployed, thief: str, reward: int) -> None:
    """Alone in the vault: a trifle staked, a reward given, and everything out and in again in the first second of the
    epoch.
    """
    to_the_day_before(evm, ledger)
    assert vault.issuedSupply() == 0
    stake(token, vault, thief, TINY)
    vault.addRewards(reward, sender=thief)
    to_next_epoch(evm, ledger)
    vault.requestRedeem(vault.balanceOf(thief), thief, thief, sender=thief)
    vault.cancelRequest(thief, sender=thief)


def dollars(system: System, epoch: int, token: Deployed, amount: int) -> int:
    """D18{USD} of an amount at the epoch's reference price."""
    return amount * system.prices.referencePrice(epoch, token) // WAD


@pytest.fixture
def ledger(system: System) -> Deployed:
    return system.points


@pytest.fixture
def thief(evm: Evm, ledger: Deployed) -> str:
    account = evm.account("thief")
    ledger.join(sender=account)
    return account


def test_leaving_and_coming_back_as_the_only_staker_multiplies_nothing(system, evm, ledger, thief, alice):
    """As found: 97,814,276 times the points, and 99,999.99 of a pot of 100,000 USDC beside a holder of as much, for a
    trifle.
    """
    index, vault, usdc, pot = system.index("DEFI.ssi"), system.staked("DEFI.ssi"), system.token("USDC"), 100_000 * 10**6
    for person in (thief, alice):
        invest(system, "DEFI.ssi", person, 100 * WAD)
    ledger.join(sender=alice)
    had = index.balanceOf(thief)
    blow_up_the_rate(evm, ledger, index, vault, thief, REWARD)
    epoch = ledger.currentEpoch()
    sample_days(system, LEAST, alice)
    control.deal(evm.rpc, "USDC", alice, pot)
    usdc.approve(ledger.address, MAX, sender=alice)
    ledger.fund(epoch, usdc, pot, 0, sender=alice)
    to_next_epoch(evm, ledger)

    days = ledger.epochLength() // DAY
    points, fair = ledger.pointsOf(thief, epoch), 15 * days * dollars(system, epoch, index, had)
    ledger.recordMany([thief, alice], epoch, sender=alice)
    control.warp(evm.rpc, WEEK)
    share = ledger.claimable(thief, epoch, usdc)
    assert points <= MOST * days * dollars(system, epoch, index, had), "P12 no more than the most that was held"
    assert points <= fair, "P12 nor more than those of a staked dollar"
    assert share <= pot * 15 // 18, "15 for a staked dollar, 3 for a held one"


def test_nor_does_it_multiply_the_boost(system, evm, ledger, thief):
    """As found: ten SOSO, worth 6.50, counted as 64.9 million dollars."""
    soso, vault, wealth = system.token("SOSO"), system.staked("SOSO"), 10 * WAD
    control.deal(evm.rpc, "SOSO", thief, wealth)
    blow_up_the_rate(evm, ledger, soso, vault, thief, wealth - TINY)
    epoch = ledger.currentEpoch()
    sample_days(system, LEAST, thief)
    to_next_epoch(evm, ledger)

    price = system.oracle.value(soso.address, WAD)
    boost, days = ledger.statement(thief, epoch).soso, ledger.epochLength() // DAY
    assert boost <= days * wealth * price // WAD * 1001 // 1000, "P12 SOSO lifts as much as it is worth"


def test_no_deployed_vault_starts_anew(system, evm, thief):
    """S14: all five were without a staker at deployment, and fell back from a rate of 999,001 to one when the only one
    left.
    """
    assert len(system.record.staked) == 5
    for symbol in system.record.staked:
        vault = system.staked(symbol)
        token = system.token(vault.asset())
        if symbol in system.record.indexes:
            invest(system, symbol, thief, 2 * WAD)
        else:
            control.deal(evm.rpc, symbol, thief, 2 * WAD)
        assert vault.issuedSupply() == 0
        stake(token, vault, thief, TINY)
        vault.addRewards(WAD, sender=thief)
        evm.warp(DAY)
        rate = vault.exchangeRate()
        assert rate > 9 * 10**5 * WAD
        vault.requestRedeem(vault.balanceOf(thief), thief, thief, sender=thief)
        assert vault.issuedSupply() == 0
        assert vault.exchangeRate() >= rate, f"S14 {symbol}"
        assert vault.convertToShares(TINY) <= TINY * WAD // rate, (
            f"S14 {symbol}: who comes next pays the price of who left"
        )
