"""What the machine knows: the models of all modules, what is scheduled, and what every party had after the last step.

All of it is copied as one, so that a reorganisation takes it back with the chain.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ssi.constants import ZERO
from tests.model.index import IndexModel
from tests.model.locker import LockerModel
from tests.model.points import PointsModel, Sources
from tests.model.rebalancing import RebalanceModel
from tests.model.staking import StakingModel
from tests.stateful.protocol.world import DECIMALS, HOSTILE, REAL, TERMS, WEIGHTS, ProtocolWorld
from tests.support.quirk_tokens import Quirk

RECEIVERS = {REAL: "distributor", HOSTILE: "safe"}  # of the fees


@dataclass
class Announcement:
    """A call that the governor has scheduled: on which contract, what it is, and when it can be executed."""

    target: str
    data: bytes
    kind: str
    arguments: tuple[Any, ...]
    ready: int


@dataclass
class Possessions:
    """What an account has that counts for points: {share}, {asset} staked, {L}."""

    held: int
    staked: int
    locked: int


@dataclass
class Books:
    """Everything that a reorganisation must take back.

    `wealth` is D18 USD by party at fair prices after the last step, and `share` D36 USD of a share-wei by index;
    `first` is the wealth at the beginning, and `documented` what each party has gained since, with a document for it.
    """

    now: int
    indexes: dict[str, IndexModel]
    rebalance: RebalanceModel
    vaults: dict[str, StakingModel]
    locker: LockerModel
    points: PointsModel
    answers: dict[str, int]
    updated: int
    quirk: Quirk = Quirk.NONE
    liar: int = 1000  # thousandths of the fair answer that the first feed of the shop gives
    wrong_at_start: int = 1000
    nav_at_start: int = 0
    last_day: int = 0  # of the last distribution
    pending: list[Announcement] = field(default_factory=list)
    moments: dict[tuple[str, int], list[Possessions]] = field(default_factory=lambda: defaultdict(list))
    first: dict[str, int] = field(default_factory=dict)
    wealth: dict[str, int] = field(default_factory=dict)
    share: dict[str, int] = field(default_factory=dict)
    documented: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def names_of(w: ProtocolWorld) -> dict[str, str]:
    """Names of all accounts that may hold shares, by their addresses in small letters."""
    known = w.accounts | {"distributor": w.system.distributor.address, "router": w.system.router.address}
    known |= {name: vault.address for name, vault in w.vaults.items()} | {f"pool {pool}": pool for pool in w.pools}
    return {address.lower(): name for name, address in known.items()}


def _index(w: ProtocolWorld, symbol: str) -> IndexModel:
    """The model of an index as it stands."""
    index, names = w.indexes[symbol], w.constituents[symbol]
    terms, basket = index.terms(), index.basket()
    model = IndexModel(
        dict(zip(names, basket.units, strict=True)),
        terms.dailyFee, terms.mintFee, terms.supplyCap, terms.anchorTime, RECEIVERS[symbol],
    )  # fmt: skip
    model.anchor, model.base = terms.anchor, basket.base
    for address, name in names_of(w).items():
        model.balances[name] += index.balanceOf(address)
    for name in names:
        model.real[name] = w.tokens[name].balanceOf(index.address)
    assert model.issued == index.issuedSupply(), "all who hold shares are known"
    return model


def opening(w: ProtocolWorld) -> Books:
    """The books of the world as it begins."""
    s, now = w.system, w.evm.now
    grid = (s.points.epochGenesis(), s.points.epochLength())
    indexes = {symbol: _index(w, symbol) for symbol in w.indexes}
    vaults = {name: StakingModel(*grid, now) for name in w.vaults}
    assert not any(vault.issuedSupply() for vault in w.vaults.values())
    one, other = (REAL if token is w.market.index else "USDC" for token in w.market.tokens)
    points = PointsModel(*grid)
    points.set_sources(now, Sources(((REAL, "sMAG7"),), ("sSOSO", "SOSO"), (("pool", one, other),)))
    for who, balance in indexes[REAL].balances.items():
        points.transfer(now, REAL, ZERO, who, balance)
    nonce = s.rebalancer.planOf(w.indexes[HOSTILE]).nonce
    rebalance = RebalanceModel(indexes[HOSTILE], DECIMALS, dict(WEIGHTS), TERMS, nonce)
    return Books(now, indexes, rebalance, vaults, LockerModel(*grid), points, dict(w.answers), now)
