"""The deployed protocol, a fifth index with a hostile constituent, and the people who live in it: built once for all
runs.
"""

from __future__ import annotations

from typing import Any

import eth_abi

from forks import control
from forks.addresses import FEEDS
from forks.placing import aggregator
from ssi.chain.evm import Deployed, Interface
from ssi.constants import DAY, MAX, MULTICALL3, SWAP_ROUTER, WAD
from ssi.points.locks import PoolKind
from ssi.registry.system import System
from tests.model.index import DEAD
from tests.model.rebalancing import Terms
from tests.support.bazaar import FEE, WETH_A_TOKEN, Bazaar
from tests.support.governance import schedule, wait
from tests.support.indexes import unlimited
from tests.support.liquidity import POOL_FEES, UniswapMarket
from tests.support.prices import leg

REAL, HOSTILE = "MAG7.ssi", "BAZ.ssi"  # the indexes
HOLDERS = ("alice", "bob", "carol")
PEOPLE = (*HOLDERS, "mallory", "bidder")
SHOP = ("ODD", "EIGHT", "SIX")  # constituents of the hostile index
DECIMALS = {"ODD": 18, "EIGHT": 8, "SIX": 6}
TERMS = Terms(premium=100, discount=200, duration=DAY, budget=50, dust=50, turnover=5000, daily=5000, band=1000)
WEIGHTS = {"ODD": 4 * 10**17, "EIGHT": 3 * 10**17, "SIX": 3 * 10**17}
RICH = 3_000_000  # dollars of each token that each person begins with
BURDEN = 1_000  # {whole share} of the real index that Alice holds; others hold less

_DEAD = "0x000000000000000000000000000000000000dead"
_MULTICALL = Interface(
    "Multicall3",
    [
        {
            "type": "function", "name": "aggregate", "stateMutability": "payable",
            "inputs": [{"name": "calls", "type": "tuple[]", "components": [
                {"name": "target", "type": "address"}, {"name": "callData", "type": "bytes"}]}],
            "outputs": [{"name": "", "type": "uint256"}, {"name": "", "type": "bytes[]"}],
        }
    ],
)  # fmt: skip
SETTER = Interface(
    "SettableAggregator",
    [
        {
            "type": "function", "name": "set", "stateMutability": "nonpayable", "outputs": [],
            "inputs": [{"name": "answer", "type": "int256"}, {"name": "updatedAt", "type": "uint256"}],
        }
    ],
)  # fmt: skip


class ProtocolWorld:
    """Contracts, accounts and prices by name.

    `fair`: D18 USD of a whole token, as the oracle says at the beginning. What people have is valued at these prices,
    not at what feeds and pools say later.
    """

    def __init__(self, system: System, project: Any) -> None:
        self.system, self.evm, self.project = system, system.evm, project
        self.safe, self.guardian = (system.record.contracts[name] for name in ("Safe", "GuardianSafe"))
        self.people = {name: self.evm.account(f"protocol {name}") for name in PEOPLE}
        self.owner, self.keeper = self.evm.account("protocol owner"), self.evm.account("protocol keeper")
        for account in (self.safe, self.guardian):
            self.evm.fund(account)  # now, so that a reorganisation does not take it back
        self.multicall = self.evm.at(_MULTICALL, MULTICALL3)
        self._open_the_shop()
        self.market = UniswapMarket(system)
        self.pool = self.market.pools["V3"]
        self._govern()
        self.indexes = {REAL: system.index(REAL), HOSTILE: self.bazaar.index}
        self.constituents = {REAL: self._names(REAL), HOSTILE: list(SHOP)}
        self.vaults = {"sMAG7": system.staked(REAL), "sSOSO": system.staked("SOSO")}
        self.tokens = {
            name: system.token(name) for name in dict.fromkeys([*self.constituents[REAL], "WETH", "USDC", "SOSO"])
        } | self.shop
        self.decimals = {name: int(token.decimals()) for name, token in self.tokens.items()}
        self.fair = {name: int(system.oracle.price(token)) for name, token in self.tokens.items()}
        self._live_feeds()
        self._endow()
        self._pools()
        self.liquidity = {token_id: self.market.liquidity(token_id) for token_id in self.homes}

    @property
    def accounts(self) -> dict[str, str]:
        """Addresses of all who may have something."""
        return self.people | {"odd": self.odd.address, "safe": self.safe, "lender": self.owner, DEAD: _DEAD}

    def close(self) -> None:
        """Forgets the index. The chain forgets it by itself."""
        self.bazaar.close()

    # ------------------------------------------------------------ the hostile index

    def _open_the_shop(self) -> None:
        """Three tokens, one of which can misbehave in any way, with pools of their own and prices of a feed."""
        deploy, project = self.evm.deploy, self.project
        odd = deploy(project.QuirkToken, 18, sender=self.owner)
        eight, six = (deploy(project.PlainToken, name, name, DECIMALS[name], sender=self.owner) for name in SHOP[1:])
        self.shop = dict(zip(SHOP, (odd, eight, six), strict=True))
        self.bazaar = Bazaar(self.system, list(self.shop.values()))
        self.odd = odd
        answer = int(self.system.oracle.price(self.system.token("WETH"))) * WETH_A_TOKEN // WAD // 10**10
        self.answers = dict.fromkeys(SHOP, answer)
        self.feeds = {name: deploy(project.MockAggregator, name, 8, answer, sender=self.owner) for name in SHOP}

    def _govern(self) -> None:
        """Prices, plan and terms of the hostile index, and a pool of the real one for the locker."""
        s, index = self.system, self.bazaar.index
        calls: list[tuple[Deployed, bytes]] = [
            (s.oracle, s.oracle.setRoute.encode(token, [leg(self.feeds[name], 7 * DAY, 10**15, 10**24)]))
            for name, token in self.shop.items()
        ]
        parameters = eth_abi.encode(["uint256[]"], [list(WEIGHTS.values())])
        plan = (index, s.record.contracts["FixedWeights"], list(self.shop.values()), parameters)
        terms = tuple(vars(TERMS).values())
        calls += [(s.rebalancer, s.rebalancer.setTerms.encode(index, terms))]
        calls += [(s.rebalancer, s.rebalancer.setMethodology.encode(*plan))]
        calls += [(s.locker, s.locker.addPool.encode(self.pool, PoolKind.V3))]
        for target, data in calls:
            schedule(s, target, data)
        wait(s)
        self.feeds_keep_up(self.answers)
        for target, data in calls:
            self.evm.send(self.safe, target, data)

    def feeds_keep_up(self, answers: dict[str, int]) -> None:
        """The feeds of the shop answer so, in one transaction."""
        calls = [(feed, feed.setAnswer.encode(answers[name], self.evm.now)) for name, feed in self.feeds.items()]
        self.multicall.aggregate(calls, sender=self.keeper)

    def _live_feeds(self) -> None:
        """The deployment's feeds, each with what it answers, to be refreshed in one transaction."""
        control.refresh_feeds(self.evm.rpc)
        self.live = [
            (self.evm.at(SETTER, aggregator(feed)), control.read_feed(self.evm.rpc, feed)[0]) for feed in FEEDS
        ]

    def refresh(self, now: int) -> None:
        """All feeds of the deployment answer anew."""
        self.multicall.aggregate(
            [(feed, feed.set.encode(answer, now)) for feed, answer in self.live], sender=self.keeper
        )

    # ------------------------------------------------------------ people

    def _names(self, symbol: str) -> list[str]:
        known = {asset.address: name for name, asset in self.system.assets.assets.items()}
        return [known[token] for token in self.system.index(symbol).basket().tokens]

    def _endow(self) -> None:
        """Tokens and allowances for all people, and what they hold, stake and put into pools."""
        positions, spenders = self.market.positions, (*self.indexes.values(), self.system.router.address)
        for person in (*self.people.values(), self.odd.address, self.owner):
            for name, token in self.tokens.items():
                amount = RICH * WAD * 10 ** self.decimals[name] // self.fair[name]
                if name in self.shop:
                    token.mint(person, amount, sender=self.owner)
                elif person != self.odd.address:
                    control.deal(self.evm.rpc, name, person, amount)
                for spender in (*spenders, self.system.points.address, self.system.rebalancer.address, SWAP_ROUTER):
                    token.approve(spender, MAX, sender=person)
            for index in self.indexes.values():
                index.approve(self.system.router, MAX, sender=person)
        for person in self.people.values():
            self.tokens["SOSO"].approve(self.vaults["sSOSO"], MAX, sender=person)
            self.indexes[REAL].approve(self.vaults["sMAG7"], MAX, sender=person)
            self.indexes[REAL].approve(SWAP_ROUTER, MAX, sender=person)
            for token in self.market.tokens:
                token.approve(positions, MAX, sender=person)
            positions.setApprovalForAll(self.system.locker, True, sender=person)
        for n, name in enumerate(("alice", "bob", "mallory")):
            self._buy(REAL, self.people[name], BURDEN * WAD // (n + 1))
        for n, name in enumerate((*HOLDERS, "mallory")):
            self._buy(HOSTILE, self.people[name], 400 * WAD // (n + 1))
        self._buy(HOSTILE, self.odd.address, 20 * WAD)
        self.homes = {
            self.market.position(self.people[name], shares): name
            for name, shares in (("alice", 50), ("alice", 5), ("bob", 20), ("bob", 1))
        }

    def _buy(self, symbol: str, person: str, shares: int) -> None:
        """In kind."""
        index = self.indexes[symbol]
        tokens = [self.tokens[name] for name in self.constituents[symbol]]
        index.mint(shares, person, *unlimited(tokens), sender=person)

    def _pools(self) -> None:
        """All pools that a trade of the machine touches, with their two tokens by name."""
        assets, found = self.system.assets.assets, dict[str, tuple[str, str]]()
        names, self.fees = [*self.constituents[REAL], "USDC"], dict[frozenset[str], int]()
        for name in names:
            at = name
            while hop := assets[at].hop:
                found[self.market.pool_of(self.tokens[at], self.tokens[hop.next], hop.fee)] = (at, hop.next)
                self.fees[frozenset((at, hop.next))] = hop.fee
                at = hop.next
        for name, address in zip(SHOP, self.bazaar.pools, strict=True):
            found[address] = (name, "WETH")
            self.fees[frozenset((name, "WETH"))] = FEE
        found[self.pool.address] = (REAL, "USDC")
        self.fees[frozenset((REAL, "USDC"))] = POOL_FEES["V3"]
        self.pools = found
