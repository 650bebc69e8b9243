"""The protocol for programs: a deployment, a node and an account, and everything that a holder, an integrator or a
keeper can ask of them.

    protocol = Protocol.from_deployment("deployments/ethereum-mainnet.json", node="https://…", account=account)
    quote = protocol.index("MAG7.ssi").quote_buy("USDC", amount_in_wei=1_000 * 10**6)
    protocol.index("MAG7.ssi").buy(quote)
    protocol.stakes["MAG7.ssi"].deposit(quote.gets_wei)
    protocol.portfolio().worth_usd_d18

Figures are integers in the smallest unit; names say which: `_wei`, `_d18` (18 decimals), `_bps`, `_s` (seconds, or Unix
seconds after `_at`). What a contract refuses is raised as `Reverted` with its exact bytes; what the account cannot do,
as `Impossible`; what cannot be meant, as `Misused`; what was not mined, as `NotSent`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ssi import history as happened
from ssi import portfolio as present
from ssi.build import fresh_project
from ssi.chain import network
from ssi.chain.evm import Evm
from ssi.chain.http import HttpRpc
from ssi.chain.rpc import Rpc
from ssi.chain.wallet import Wallet
from ssi.governance.client import GovernanceClient
from ssi.history import Happened
from ssi.index.client import IndexClient
from ssi.indexer.client import Indexer
from ssi.points.client import PointsClient
from ssi.points.locks import LocksClient
from ssi.points.referral import ReferralClient
from ssi.portfolio import Portfolio
from ssi.registry.holder import Holder, Token
from ssi.registry.record import Record
from ssi.registry.system import System
from ssi.staking.client import StakeClient, Stakes

_LOCAL = ("127.0.0.1", "localhost", "::1")


def local(url: str) -> bool:
    """Whether a node is on this machine and wants no password: it needs no patience. Raises ValueError for no URL."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOCAL and parts.username is None


class Protocol:
    """A deployment, seen by one account.

    Args:
        account: an Ape account, which may be locked until it has to sign; an address, to read for it; None to read what
            concerns no account.
        signed: told the hashes of every transaction before it is sent.
    """

    def __init__(
        self, system: System, account: Any = None, signed: Callable[[list[str]], object] = lambda _: None
    ) -> None:
        self.system = system
        self.holder = Holder(system, None if account is None else Wallet(system.evm, account, signed))

    @classmethod
    def from_deployment(
        cls,
        deployment: str | Path | None = None,
        *,
        node: Any = None,
        account: Any = None,
        project: Any = None,
        indexer: str | None = None,
    ) -> Protocol:
        """Opens a recorded deployment.

        Args:
            deployment: the network's name as records have it, such as "ethereum-mainnet", or the path of a record; that
                of Ape's network where it is left out.
            node: a URL, or a connection with the face of `ssi.chain.rpc.Rpc`; that of Ape's network where it is left
                out.
            project: where the contracts' interfaces come from; this repository's where it is left out.
            indexer: the URL of one that is asked for what was; the node's logs are read where it is left out.

        Raises:
            IndexerSilent: the indexer does not answer, is of another chain or deployment, or is far behind.
            RecordUnusable: the record is damaged or of another chain.
            FileNotFoundError: there is none.
        """
        if node is None:
            rpc = network.rpc()
        elif isinstance(node, str):
            rpc = Rpc(node) if local(node) else HttpRpc(node)
        else:
            rpc = node
        chain_id = int(rpc.call("eth_chainId"), 16)
        if isinstance(deployment, Path) or str(deployment).endswith(".json"):
            record = Record.read(Path(str(deployment)), chain_id)
        else:
            record = Record.load(deployment or network.name(), chain_id)
        if not record.contracts:
            raise FileNotFoundError(f"{record.path} has no deployment in it: `ape run deploy` writes it.")
        system = System(Evm(rpc, impersonate=False), project or fresh_project(), record)
        if indexer is not None:
            system.follow(Indexer(indexer))
        return cls(system, account)

    # ------------------------------------------------------------ parts

    @property
    def indexes(self) -> dict[str, IndexClient]:
        """All of them, by symbol."""
        return {symbol: IndexClient(self.holder, symbol) for symbol in self.system.record.indexes}

    def index(self, symbol: str) -> IndexClient:
        """One by symbol, in capitals or not, with `.ssi` or without. Raises Misused where there is none."""
        return IndexClient(self.holder, self.holder.index_symbol(symbol))

    @cached_property
    def stakes(self) -> Mapping[str, StakeClient]:
        """What can be staked, by the symbol of what is staked."""
        return Stakes(self.holder)

    @cached_property
    def points(self) -> PointsClient:
        return PointsClient(self.holder)

    @cached_property
    def locks(self) -> LocksClient:
        return LocksClient(self.holder)

    @cached_property
    def referral(self) -> ReferralClient:
        return ReferralClient(self.holder)

    @cached_property
    def governance(self) -> GovernanceClient:
        return GovernanceClient(self.system)

    # ------------------------------------------------------------ the whole

    def token(self, word: str) -> Token:
        """By name or address. Raises Misused where there is none."""
        return self.holder.token(word)

    def portfolio(self, account: str | None = None) -> Portfolio:
        """What an account has, by default this one: all of it read at one block."""
        return present.portfolio(self.holder, account)

    def history(self, account: str | None = None) -> list[Happened]:
        """What an account did, by default this one; oldest first."""
        return happened.history(self.holder, account)
