"""Gas of staking: whole transactions, cold, over a plain OpenZeppelin ERC-20; the daily distribution over an index of
seven.
"""

from __future__ import annotations

from typing import Any

from ssi.chain.evm import Evm
from ssi.constants import DAY, MAX
from ssi.index.bounds import bounds
from tests.support.indexes import new_index
from tools.gas_figures import GasFigures

SHARES = 10 * 10**18
UNIT = 10**27

BARS = {"stake_first": 84_000, "stake_repeat": 63_000, "staked_transfer": 36_500, "whole_exit": 113_500}


class StakingGas:
    """A staked token with rewards under way, a staker `user` who was there yesterday, and `other` who never was."""

    def __init__(self, evm: Evm, project: Any) -> None:
        self.evm, self.user, self.other = evm, evm.account("gas user"), evm.account("gas other")
        self.owner = evm.account("gas owner")
        manager = evm.deploy(project.ProtocolManager, self.owner, sender=self.owner)
        asset = evm.deploy(project.SupplyToken, sender=self.owner)
        self.staked = evm.deploy(
            project.StakedToken, manager, asset, "Staked", "sTEST", evm.now - 1000, 28 * DAY, sender=self.owner
        )  # fmt: skip
        for person in (self.owner, self.user, self.other):
            if person != self.owner:
                asset.transfer(person, 10**26, sender=self.owner)
            asset.approve(self.staked.address, MAX, sender=person)
        for person in (self.owner, self.user):
            self.stake(person)
        self.staked.addRewards(10**18, sender=self.owner)
        evm.warp(DAY // 2)

    def stake(self, person: str) -> int:
        return int(self.staked.deposit(SHARES, person, sender=person).gas_used)

    def request(self, shares: int) -> int:
        return int(self.staked.requestRedeem(shares, self.user, self.user, sender=self.user).gas_used)

    def claim(self) -> int:
        self.evm.warp(14 * DAY)
        return int(
            self.staked.redeem(self.staked.maxRedeem(self.user), self.user, self.user, sender=self.user).gas_used
        )

    def again(self) -> int:
        self.request(SHARES // 4)
        self.evm.warp(DAY)
        return self.request(SHARES // 4)

    def exit_in_part(self) -> int:
        self.request(SHARES // 2)
        return self.claim()


def _daily(evm: Evm, project: Any) -> int:
    """The second distribution to a staked index of seven constituents, in the same epoch as the first."""
    owner = evm.account("gas owner")
    manager = evm.deploy(project.ProtocolManager, owner, sender=owner)
    implementation = evm.deploy(project.FeeDistributor, sender=owner)
    data = implementation.initialize.encode(manager.address, evm.account("gas treasury"))
    distributor = evm.at(project.FeeDistributor, evm.deploy(project.ProtocolProxy, implementation, data, sender=owner))
    tokens = [evm.deploy(project.SupplyToken, sender=owner) for _ in range(7)]
    index = new_index(evm, project, manager, tokens, [UNIT] * 7, owner, feeReceiver=distributor.address)
    staked = evm.deploy(
        project.StakedToken, manager, index, "Staked", "sTEST", index.epochGenesis(), index.epochLength(), sender=owner
    )  # fmt: skip
    for token in tokens:
        token.approve(index.address, MAX, sender=owner)
    index.mint(SHARES, owner, *bounds(tokens, [MAX] * 7), sender=owner)
    index.approve(staked.address, MAX, sender=owner)
    staked.deposit(SHARES // 2, owner, sender=owner)
    distributor.setSplit(index.address, staked.address, 8_000, sender=owner)
    for _ in range(2):
        evm.warp(DAY)
        gas = distributor.distribute(index.address, sender=owner).gas_used
    return int(gas)


def measure_staking(evm: Evm, project: Any) -> dict[str, int]:
    """Every operation by itself, from the same state. `whole_exit`: the request for everything and the claim."""
    figures = GasFigures(evm)
    record = figures.record
    with evm.isolated():
        bench = StakingGas(evm, project)
        record("stake_first", lambda: bench.stake(bench.other))
        record("stake_repeat", lambda: bench.stake(bench.user))
        record("staked_transfer", lambda: bench.staked.transfer(bench.owner, 10**18, sender=bench.user).gas_used)
        record("cooldown_start_first", lambda: bench.request(SHARES // 2))
        record("cooldown_start_again", bench.again)
        record("claim_after_cooldown", bench.exit_in_part)
        record("whole_exit", lambda: bench.request(bench.staked.balanceOf(bench.user)) + bench.claim())
    with evm.isolated():
        figures["distribute_daily"] = _daily(evm, project)
    return figures
