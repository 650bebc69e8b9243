"""What an account has in a deployment: positions, worth, yield, points, timers, claims.

Everything is read at one block.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssi.index.client import Claim, IndexClient
from ssi.points.client import PointsClient, Pot, Statement
from ssi.points.locks import Locks, LocksClient
from ssi.points.referral import Referral, ReferralClient
from ssi.registry.holder import ETHER, Holder, Token
from ssi.staking.client import Stake, Stakes


@dataclass(frozen=True)
class Holding:
    """Shares of an index, or ether."""

    token: Token
    wei: int
    usd_d18: int | None


@dataclass(frozen=True)
class Portfolio:
    """An account after `block`, whose time is `time_s`.

    Args:
        holdings: indexes of which it has any.
        stakes: what it has staked, or is leaving with; SOSO among them.
        live: points of the running epoch; `last` of the one before, None in the first.
        recordable: D18 points that can be written down now, by epoch.
        joined_at_s: Unix seconds, 0 where it has not joined.
        soso_wei: SOSO that is not staked.
    """

    account: str
    block: int
    time_s: int
    ether: Holding
    holdings: tuple[Holding, ...]
    stakes: tuple[Stake, ...]
    locks: Locks
    claims: tuple[Claim, ...]
    live: Statement
    last: Statement | None
    joined_at_s: int
    recordable: dict[int, int]
    pots: tuple[Pot, ...]
    referral: Referral
    soso_wei: int

    @property
    def worth_usd_d18(self) -> int:
        """D18{USD} of indexes, stakes, what leaves, and locked liquidity; without ether, and without what has
        no price.
        """
        parts = [holding.usd_d18 for holding in self.holdings]
        parts += [stake.usd_d18 for stake in self.stakes]
        parts += [lock.usd_d18 for lock in self.locks.positions] + [lock.usd_d18 for lock in self.locks.tokens]
        return sum(part for part in parts if part is not None)


def portfolio(holder: Holder, account: str | None = None) -> Portfolio:
    """Reads it; by default that of this account.

    The worth of a stake includes what is on its way out, at the price of the asset.
    """
    system, who = holder.system, account or holder.account.address
    evm, record = system.evm, system.record
    block = evm.block
    time = int(evm.rpc.call("eth_getBlockByNumber", hex(block), False)["timestamp"], 16)
    points, locks, referral = PointsClient(holder), LocksClient(holder), ReferralClient(holder)
    epoch = points.epoch(int(system.points.currentEpoch()))
    stakes = list(Stakes(holder).values())

    asked = [(system.index(symbol).balanceOf, (who,)) for symbol in record.indexes]
    asked += [call for stake in stakes for call in stake.calls(who, epoch.number)]
    asked += [(system.points.joinedAt, (who,)), (holder.erc20("SOSO").balanceOf, (who,))]
    answers = iter(evm.batch(asked, block))
    shares = {symbol: next(answers) for symbol in record.indexes}
    positions = []
    for stake in stakes:
        found = stake.made_of([next(answers) for _ in stake.calls(who, epoch.number)], epoch.number, None)
        leaving = found.exit
        if found.shares_wei or leaving.cooling_assets_wei or leaving.claimable_assets_wei:
            total = found.assets_wei + leaving.cooling_assets_wei + leaving.claimable_assets_wei
            positions.append(Stake(**{**vars(found), "usd_d18": holder.value_usd_d18(found.asset, total, block)}))
    joined, soso = answers

    def holding(token: Token, wei: int) -> Holding:
        return Holding(token, wei, holder.value_usd_d18(token, wei, block))

    ether = int(evm.rpc.call("eth_getBalance", who, hex(block)), 16)
    return Portfolio(
        account=who, block=block, time_s=time, ether=holding(ETHER, ether),
        holdings=tuple(holding(holder.token(symbol), wei) for symbol, wei in shares.items() if wei),
        stakes=tuple(positions), locks=locks.of(who, block),
        claims=tuple(claim for symbol in record.indexes for claim in IndexClient(holder, symbol).claims(who, block)),
        live=points.statement(epoch.number, who, block),
        last=points.statement(epoch.number - 1, who, block) if epoch.number else None,
        joined_at_s=joined, recordable=points.recordable(who),
        pots=points.pots([*points.claimable_epochs(), *points.ledger.recordable(), epoch.number], who, block),
        referral=referral.of(who, block), soso_wei=soso,
    )  # fmt: skip
