"""The deployed protocol, ready to be called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ssi.chain.erc20 import erc20
from ssi.chain.evm import Deployed, Evm, Interface
from ssi.indexer.client import BEHIND, Indexer, Standing
from ssi.registry import params
from ssi.registry.record import Record


@dataclass
class System:
    """Contracts of a deployment by name.

    Args:
        indexer: asked for what was, where there is one; else the node's logs are.
    """

    evm: Evm
    project: Any
    record: Record
    indexer: Indexer | None = None

    def follow(self, indexer: Indexer, most_behind: int | None = BEHIND) -> Standing:
        """Asks this indexer for what was, from now on. Raises IndexerSilent where it is not fit for that."""
        tokens = [*self.record.indexes.values(), *self.record.staked.values()]
        standing = indexer.follow(self.evm, self.record.chain_id, tokens, most_behind)
        self.indexer = indexer
        return standing

    def contract(self, name: str, kind: str | None = None) -> Deployed:
        """A contract of the record. Raises KeyError when it is not deployed."""
        return self.evm.at(getattr(self.project, kind or name), self.record.contracts[name])

    @cached_property
    def manager(self) -> Deployed:
        return self.contract("ProtocolManager")

    @cached_property
    def oracle(self) -> Deployed:
        return self.contract("PriceOracle")

    @cached_property
    def factory(self) -> Deployed:
        return self.contract("IndexFactory")

    @cached_property
    def router(self) -> Deployed:
        return self.contract("IndexRouter")

    @cached_property
    def lens(self) -> Deployed:
        return self.contract("IndexLens")

    @cached_property
    def distributor(self) -> Deployed:
        return self.contract("FeeDistributor")

    @cached_property
    def locker(self) -> Deployed:
        return self.contract("LpLocker")

    @cached_property
    def referrals(self) -> Deployed:
        return self.contract("ReferralRegistry")

    @cached_property
    def points(self) -> Deployed:
        return self.contract("PointsLedger")

    @cached_property
    def prices(self) -> Deployed:
        """Those that points count at."""
        return self.contract("ReferencePrices")

    @cached_property
    def rebalancer(self) -> Deployed:
        return self.contract("Rebalancer")

    @cached_property
    def filler(self) -> Deployed:
        return self.contract("UniswapFiller")

    @cached_property
    def assets(self) -> params.Assets:
        return params.assets()

    @cached_property
    def _erc20(self) -> Interface:
        return Interface.of(erc20())

    def index(self, symbol: str) -> Deployed:
        """An index by symbol. Raises KeyError when there is none."""
        return self.evm.at(self.project.IndexToken, self.record.indexes[symbol])

    def staked(self, symbol: str) -> Deployed:
        """The staked token of an index or an asset, by the symbol of what is staked.

        Raises KeyError when there is none.
        """
        return self.evm.at(self.project.StakedToken, self.record.staked[symbol])

    def token(self, name: str) -> Deployed:
        """An asset by name or address, as an ERC-20."""
        known = self.assets.assets.get(name)
        return self.evm.at(self._erc20, known.address if known else name)
