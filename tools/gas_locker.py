"""Gas of locking liquidity and of referrals. Real position manager, real pair, MAG7.ssi; every transaction cold."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from ssi.constants import MAX
from ssi.points.locks import PoolKind
from ssi.registry.system import System
from tests.model.locker import COOLDOWN
from tests.support.indexes import EPOCH
from tests.support.liquidity import UniswapMarket, new_locker

# What an operation may cost at most.
BARS = MappingProxyType({"referral_bind": 80_000, "lp_lock": 225_000, "lp_lock_v2": 200_000})


def measure_locker(system: System) -> dict[str, int]:
    """An account's first lock of each kind, its way out, and a referral. `lp_lock` is a position of v3 by approval."""
    evm, project = system.evm, system.project
    governor, user, friend = (evm.account(f"gas {who}") for who in ("governor", "locker", "friend"))
    figures: dict[str, int] = {}

    def record(name: str, receipt: Any) -> None:
        figures[name] = int(receipt.gas_used)

    with evm.isolated():
        market = UniswapMarket(system)
        manager = evm.deploy(project.ProtocolManager, governor, sender=governor)
        locker = new_locker(evm, project, manager, market, governor, EPOCH)
        pair, pool = market.pair.address, market.pools["V3"].address
        locker.addPool(pair, PoolKind.V2, sender=governor)
        locker.addPool(pool, PoolKind.V3, sender=governor)
        market.fund(user, 100, 10_000)
        first, second = (market.position(user, 1) for _ in range(2))
        amount = market.add(user, 2)
        market.positions.setApprovalForAll(locker.address, True, sender=user)
        market.pair.approve(locker.address, MAX, sender=user)
        evm.warp(100)

        record("lp_lock", locker.lockPosition(first, sender=user))
        record("lp_lock_repeat", locker.lockPosition(second, sender=user))
        record("lp_lock_v2", locker.lockTokens(pair, amount // 2, sender=user))
        market.trade(user, 500)
        record("lp_collect", locker.collect(first, user, sender=user))
        record("lp_request", locker.requestUnlock(first, sender=user))
        record("lp_request_v2", locker.requestUnlockTokens(user, pair, amount // 4, sender=user))
        evm.warp(COOLDOWN)
        record("lp_unlock", locker.unlock(first, user, sender=user))
        record("lp_unlock_v2", locker.unlockTokens(user, pair, user, sender=user))

        registry = evm.deploy(project.ReferralRegistry, manager, sender=governor)
        code = b"FRIEND".ljust(32, b"\0")
        record("referral_register", registry.register(code, sender=friend))
        record("referral_bind", registry.bind(code, sender=user))
    return figures
