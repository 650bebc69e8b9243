"""From an index's fees to its stakers' yield. Ids are those of docs/invariants.md."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm, Receipt
from ssi.constants import BPS, DAY, ZERO
from tests.support.governance import govern
from tests.support.indexes import new_index, stock, unlimited
from tests.support.reverts import error, reverts

SHARE = 10**18
UNIT = 10**27


class FeeDistributorScene:
    """One index, its staked token and a distributor of their own, with alice's 100 shares and `owner` in charge at
    once.
    """

    def __init__(self, evm: Evm, project: Any, authority: Deployed, owner: str, alice: str) -> None:
        self.evm, self.project, self.authority, self.owner, self.alice = evm, project, authority, owner, alice
        self.treasury = evm.account("treasury")
        implementation = evm.deploy(project.FeeDistributor, sender=owner)
        data = implementation.initialize.encode(authority, self.treasury)
        proxy = evm.deploy(project.ProtocolProxy, implementation.address, data, sender=owner)
        self.distributor = evm.at(project.FeeDistributor, proxy.address)
        self.token = evm.deploy(project.QuirkToken, 18, sender=owner)
        self.index = new_index(evm, project, authority, [self.token], [UNIT], owner, feeReceiver=proxy.address)
        self.staked = self.new_staked()
        stock([self.token], self.index, [owner, alice])
        self.index.mint(100 * SHARE, alice, *unlimited([self.token]), sender=alice)
        self.distributor.setSplit(self.index.address, self.staked.address, 8_000, sender=owner)
        # The first second of a UTC day.
        evm.mine_at((evm.now // DAY + 1) * DAY)

    def new_staked(self) -> Deployed:
        index = self.index
        return self.evm.deploy(
            self.project.StakedToken,
            self.authority,
            index.address,
            "Staked",
            "sTEST",
            index.epochGenesis(),
            index.epochLength(),
            sender=self.owner,
        )

    def stake(self, shares: int) -> None:
        self.index.approve(self.staked.address, shares, sender=self.alice)
        self.staked.deposit(shares, self.alice, sender=self.alice)

    def distribute(self, sender: str | None = None) -> Receipt:
        return self.distributor.distribute(self.index.address, sender=sender or self.owner)

    def refuse(self, name: str, **inputs: Any) -> AbstractContextManager[None]:
        return reverts(error(self.project.FeeDistributor, f"FeeDistributor_{name}"), **inputs)


@pytest.fixture
def scene(evm: Evm, project: Any, authority: Deployed, owner: str, alice: str) -> FeeDistributorScene:
    return FeeDistributorScene(evm, project, authority, owner, alice)


def test_a_day_of_fees_is_split_and_vests_over_the_next(scene, bob):
    scene.stake(50 * SHARE)
    scene.evm.warp(DAY)
    earned = scene.index.pendingFeeShares()
    stakers, treasury = earned * 8_000 // BPS, earned - earned * 8_000 // BPS
    assert tuple(scene.distributor.pending(scene.index.address)) == (stakers, treasury)

    receipt = scene.distribute(bob)
    assert receipt.events(scene.distributor)[0].values == {
        "index": scene.index.address,
        "caller": bob,
        "day": scene.evm.now // DAY,
        "toStakers": stakers,
        "toTreasury": treasury,
    }
    assert scene.index.balanceOf(scene.treasury) == treasury
    assert scene.index.balanceOf(scene.staked.address) == 50 * SHARE + stakers
    assert scene.staked.totalAssets() == 50 * SHARE, "S4 nothing has vested"
    assert scene.index.balanceOf(scene.distributor.address) == 0
    scene.evm.warp(DAY // 2)
    assert scene.staked.totalAssets() == 50 * SHARE + stakers // 2
    scene.evm.warp(DAY // 2)
    assert scene.staked.totalAssets() == 50 * SHARE + stakers


def test_once_a_day(scene):
    scene.stake(50 * SHARE)
    scene.distribute()
    scene.evm.warp(DAY - 1)
    with scene.refuse("AlreadyDistributed", index=scene.index.address, next=scene.evm.now + 1):
        scene.distribute()
    scene.evm.warp(1)
    scene.distribute()
    assert tuple(scene.distributor.splitOf(scene.index.address)) == (scene.staked.address, 8_000, scene.evm.now // DAY)


def test_missed_days_are_not_lost(scene):
    """Thirty days with a distribution on each, on some, or on the last alone: stakers and treasury get the same shares,
    and all vests.
    """
    scene.stake(50 * SHARE)
    totals = []
    for every in (1, 3, 10, 30):
        with scene.evm.isolated():
            for _ in range(30 // every):
                scene.evm.warp(every * DAY)
                scene.distribute()
            scene.evm.warp(DAY)
            totals.append((scene.staked.totalAssets() - 50 * SHARE, scene.index.balanceOf(scene.treasury)))
    for stakers, treasury in totals:
        # Each distribution leaves at most a wei of the stakers' part with the treasury.
        assert abs(stakers - totals[0][0]) <= 30, "S10 how often fees are distributed changes no staker's total"
        assert abs(treasury - totals[0][1]) <= 30
    assert totals[0][0] > 10**17


def test_collecting_before_changes_nothing(scene, bob):
    """Fees that a stranger has collected into the distributor are split like those that it collects itself."""
    scene.stake(50 * SHARE)
    scene.evm.warp(DAY)
    parts = tuple(scene.distributor.pending(scene.index.address))
    scene.index.collectFees(sender=bob)
    assert tuple(scene.distributor.pending(scene.index.address)) == parts
    receipt = scene.distribute()
    values = receipt.events(scene.distributor)[0].values
    assert (values["toStakers"], values["toTreasury"]) == parts


@pytest.mark.parametrize("staked", [0, 10**15 - 1])
def test_with_hardly_any_stakers_the_treasury_takes_all(scene, staked):
    """The next staker finds no windfall, and nothing falls to the virtual shares."""
    if staked:
        scene.stake(staked)
    scene.evm.warp(DAY)
    earned = scene.index.pendingFeeShares()
    assert tuple(scene.distributor.pending(scene.index.address)) == (0, earned)
    scene.distribute()
    assert scene.index.balanceOf(scene.treasury) == earned
    assert scene.staked.unvestedRewards() == 0
    scene.stake(10**15 - staked)
    scene.evm.warp(DAY)
    scene.distribute()
    assert scene.staked.unvestedRewards() > 0


def test_dear_shares_do_not_turn_the_stakers_part_away(scene):
    """A staker makes a share-wei worth 10^9 while they are alone, and leaves.

    By shares, the next stakers would need a million tokens.
    """
    scene.stake(10**9)
    scene.index.approve(scene.staked.address, 2 * SHARE, sender=scene.alice)
    scene.staked.addRewards(2 * SHARE, sender=scene.alice)
    scene.evm.warp(DAY)
    scene.staked.requestRedeem(10**9, scene.alice, scene.alice, sender=scene.alice)
    assert scene.staked.exchangeRate() > 10**9 * SHARE
    assert scene.distributor.pending(scene.index.address).toStakers == 0, "no staker is there"
    scene.stake(SHARE)
    assert scene.staked.totalSupply() < 10**9
    assert scene.distributor.pending(scene.index.address).toStakers > 0, "S10 nothing is lost"


def test_a_day_without_fees_is_not_used_up(scene):
    scene.index.setStreamingFee(0, sender=scene.owner)
    scene.distribute()
    scene.evm.warp(DAY)
    with scene.refuse("NothingToDistribute", index=scene.index.address):
        scene.distribute()
    scene.index.transfer(scene.distributor.address, 100, sender=scene.alice)
    scene.stake(SHARE)
    scene.distribute()
    assert scene.staked.unvestedRewards() == 80


def test_what_was_earned_before_a_change_is_split_by_the_old_rule(scene):
    scene.stake(50 * SHARE)
    scene.evm.warp(DAY)
    earned = scene.index.pendingFeeShares()
    other = scene.new_staked()
    receipt = scene.distributor.setSplit(scene.index.address, other.address, 5_000, sender=scene.owner)
    distributed, split = receipt.events(scene.distributor)
    assert (distributed.name, distributed.values["toStakers"]) == ("Distributed", earned * 8_000 // BPS)
    assert split.values == {"index": scene.index.address, "stakedToken": other.address, "stakersPart": 5_000}
    assert scene.staked.unvestedRewards() == earned * 8_000 // BPS
    assert scene.index.allowance(scene.distributor.address, scene.staked.address) == 0
    assert scene.distributor.stakedTokenOf(scene.index.address) == other.address


def test_the_treasury_can_move(scene, bob):
    receipt = scene.distributor.setTreasury(bob, sender=scene.owner)
    assert receipt.events(scene.distributor)[0].values == {"treasury": bob}
    assert scene.distributor.treasury() == bob
    scene.evm.warp(DAY)
    scene.distribute()
    assert scene.index.balanceOf(bob) > 0


def test_what_is_refused(scene, project, owner, alice):
    index, staked, split = scene.index.address, scene.staked.address, scene.distributor.setSplit
    with scene.refuse("UnknownIndex", index=alice):
        scene.distributor.distribute(alice, sender=alice)
    for address in ((ZERO, staked), (index, ZERO)):
        with scene.refuse("ZeroAddress"):
            split(*address, 8_000, sender=owner)
    with scene.refuse("ZeroAddress"):
        scene.distributor.setTreasury(ZERO, sender=owner)
    with scene.refuse("WrongAsset", stakedToken=staked, asset=index, index=scene.token.address):
        split(scene.token.address, staked, 8_000, sender=owner)
    for part in (4_999, 10_001):
        with scene.refuse("PartOutOfBounds", stakersPart=part, minimum=5_000, maximum=10_000):
            split(index, staked, part, sender=owner)
    for call in (
        lambda: split(index, staked, 8_000, sender=alice),
        lambda: scene.distributor.setTreasury(alice, sender=alice),
    ):
        with reverts(error(project.FeeDistributor, "AccessManagedUnauthorized"), caller=alice):
            call()


def test_it_cannot_be_initialised_again(scene, evm, project, authority, owner, alice):
    expected = error(project.FeeDistributor, "InvalidInitialization")
    with reverts(expected):
        scene.distributor.initialize(authority, alice, sender=alice)
    implementation = evm.deploy(project.FeeDistributor, sender=owner)
    with reverts(expected):
        implementation.initialize(authority, alice, sender=alice)
    data = implementation.initialize.encode(ZERO, alice)
    with reverts(error(project.FeeDistributor, "GovernedUUPS_ZeroAuthority")):
        evm.deploy(project.ProtocolProxy, implementation.address, data, sender=owner)


def test_the_deployed_one_feeds_every_index(system):
    for symbol, index in system.record.indexes.items():
        staked = system.staked(symbol)
        assert staked.asset() == index
        assert (staked.symbol(), staked.decimals()) == (f"s{symbol}", 18)
        assert system.index(symbol).terms().feeReceiver == system.distributor.address
        assert tuple(system.distributor.splitOf(index))[:2] == (staked.address, 8_000)
    assert system.distributor.treasury() == system.record.contracts["Safe"]
    assert system.staked("SOSO").asset() == system.token("SOSO").address


def test_governance_changes_the_split_after_the_notice(system):
    index, staked = system.record.indexes["USSI"], system.staked("USSI").address
    govern(system, system.distributor, "setSplit", [index, staked, 9_000])
    assert system.distributor.splitOf(index).stakersPart == 9_000
