"""Gas of rebalancing: whole transactions, cold, on an index of seven plain OpenZeppelin tokens.

Each token is priced by one of mainnet's own feeds, through its proxy; the methodology says the weights that it is
given. Bidders hold both tokens and have an unlimited allowance. Starts and bids are of a later rebalance than the
first, but for `start_rebalance_first`.
"""

from __future__ import annotations

from typing import Any

import eth_abi

from forks import control
from forks.addresses import FEEDS
from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, MAX
from ssi.governance.starting import Bounds, start_call
from ssi.index.bounds import bounds
from ssi.registry.system import System
from tests.support.governance import schedule, wait
from tests.support.indexes import new_index
from tests.support.prices import leg

PRICED = ("BTC/USD", "ETH/USD", "BNB/USD", "SOL/USD", "LINK/USD", "UNI/USD", "AAVE/USD")
NO_SEQUENCER = "0x" + "00" * 20
TERMS = (100, 100, DAY, 50, 50, 5_000, 5_000, 500)
SHARES = 10**21
# A bid of about one percent of the index.
SIZE = 10**18

BARS = {"start_rebalance_repeat": 335_000, "bid_first": 205_000, "bid_later": 166_000}


class RebalancingGas:
    """Seven tokens, one index that holds 1,000 USD of each per share, and a rebalancer that the owner governs without
    delay.
    """

    def __init__(self, evm: Evm, project: Any) -> None:
        self.evm, self.owner, self.bidder = evm, evm.account("gas owner"), evm.account("gas bidder")
        manager = evm.deploy(project.ProtocolManager, self.owner, sender=self.owner)
        oracle = evm.deploy(project.PriceOracle, manager, NO_SEQUENCER, 0, sender=self.owner)
        self.tokens = [evm.deploy(project.SupplyToken, sender=self.owner) for _ in PRICED]
        units = []
        for token, name in zip(self.tokens, PRICED, strict=True):
            oracle.setRoute(token, [leg(FEEDS[name], 2 * DAY, 1, 10**30)], sender=self.owner)
            units.append(100 * 10**18 * 10**27 // oracle.price(token))
        planner = evm.deploy(project.RebalancePlanner, sender=self.owner)
        implementation = evm.deploy(project.Rebalancer, oracle, planner, sender=self.owner)
        proxy = evm.deploy(
            project.ProtocolProxy, implementation, implementation.initialize.encode(manager), sender=self.owner
        )
        self.rebalancer = evm.at(project.Rebalancer, proxy.address)
        self.index = new_index(evm, project, manager, self.tokens, units, self.owner, rebalancer=proxy.address)
        self.methodology = evm.deploy(project.MethodologyMock, sender=self.owner)
        self.callback = evm.deploy(project.BidderMock, self.rebalancer, sender=self.owner)
        self._grant(manager)
        for token in self.tokens:
            for account in (self.bidder, self.callback.address):
                token.transfer(account, 10**26, sender=self.owner)
            token.approve(self.index, MAX, sender=self.owner)
            token.approve(self.rebalancer, MAX, sender=self.bidder)
        self.mint()
        self.rebalancer.setTerms(self.index, TERMS, sender=self.owner)

    def _grant(self, manager: Deployed) -> None:
        """As deployed: the governor starts."""
        start = self.rebalancer.startRebalance.entry.hash[:4]
        manager.setTargetFunctionRole(self.rebalancer, [start], 1, sender=self.owner)
        manager.grantRole(1, self.owner, 0, sender=self.owner)

    def mint(self) -> int:
        limits = [amount * 101 // 100 for amount in self.index.previewMint(SHARES)]
        return int(
            self.index.mint(
                SHARES, self.owner, *bounds(self.tokens, limits, self.evm.now + 600), sender=self.owner
            ).gas_used
        )

    def plan(self, percent: tuple[int, ...]) -> None:
        parameters = eth_abi.encode(["uint256[]"], [[part * 10**16 for part in percent]])
        self.rebalancer.setMethodology(self.index, self.methodology, self.tokens, parameters, sender=self.owner)

    def start(self) -> int:
        call, _ = start_call(self.rebalancer, self.index, self.evm.now + DAY, Bounds())
        return int(self.evm.send(self.owner, self.rebalancer, call).gas_used)

    def limits(self, amount: int) -> tuple[int, int]:
        quoted = self.rebalancer.quoteBid(self.index, self.tokens[6], self.tokens[0], amount)
        return quoted.filledOut, quoted.paidIn

    def bid(self, amount: int = SIZE) -> int:
        """A part of what can be bid, with a limit as a bidder would set it."""
        out, paid = self.limits(amount)
        assert out == amount
        arguments = (self.index, self.tokens[6], self.tokens[0], amount, paid * 101 // 100, self.bidder, b"")
        return int(self.rebalancer.bid(*arguments, sender=self.bidder).gas_used)

    def bid_with_callback(self) -> int:
        arguments = (self.index, self.tokens[6], self.tokens[0], SIZE, b"\1")
        return int(self.callback.bid(*arguments, sender=self.bidder).gas_used)


def measure_rebalancing(evm: Evm, project: Any) -> dict[str, int]:
    """Every operation by itself.

    Bids come a third through the auction, at a premium; `bid_discount` comes two thirds through, where its loss is
    written down.
    """
    with evm.isolated():
        bench = RebalancingGas(evm, project)
        bench.plan((16, 14, 14, 14, 14, 14, 14))
        figures = {"start_rebalance_first": bench.start()}
        bench.rebalancer.cancel(bench.index, sender=bench.owner)
        bench.plan((20, 20, 15, 15, 10, 10, 10))
        evm.warp(DAY)
        figures["start_rebalance_repeat"] = bench.start()
        evm.warp(DAY // 3)
        figures["bid_first"] = bench.bid()
        figures["bid_later"] = bench.bid()
        evm.warp(DAY // 3)
        figures["bid_discount"] = bench.bid()
        figures["bid_callback"] = bench.bid_with_callback()
    return figures


def measure_filler(system: System, project: Any) -> dict[str, int]:
    """A fill of MAG7.ssi on the deployed system, WBTC for WETH over one pool of Uniswap v3."""
    evm, index, rebalancer = system.evm, system.index("MAG7.ssi"), system.rebalancer
    keeper, safe = evm.account("gas keeper"), system.record.contracts["Safe"]
    with evm.isolated():
        names = ("WBTC", "WETH", "BNB", "SOL", "LINK", "UNI", "AAVE")
        tokens = [system.token(name).address for name in names]
        parameters = eth_abi.encode(["uint256[]"], [[part * 10**16 for part in (20, 25, 12, 11, 11, 11, 10)]])
        methodology = evm.deploy(project.MethodologyMock, sender=keeper)
        for call in (
            rebalancer.setMethodology.encode(index, methodology, tokens, parameters),
            rebalancer.setTerms.encode(index, TERMS),
        ):
            schedule(system, rebalancer, call)
            wait(system)
            evm.send(safe, rebalancer, call)
        start, _ = start_call(rebalancer, index, evm.now + 17 * DAY, Bounds())
        schedule(system, rebalancer, start)
        wait(system)
        evm.send(safe, rebalancer, start)
        control.warp(evm.rpc, DAY * 9 // 10)
        hop = system.assets.assets["WBTC"].hop
        assert hop is not None
        path = bytes.fromhex(tokens[1][2:]) + hop.fee.to_bytes(3, "big") + bytes.fromhex(tokens[0][2:])
        arguments = (index, tokens[0], tokens[1], 10**3, path, 0, keeper)
        system.filler.fill(*arguments, sender=keeper)
        return {"filler_bid": int(system.filler.fill(*arguments, sender=keeper).gas_used)}


def measure_deployed_start(system: System) -> dict[str, int]:
    """The second start of MAG7.ssi as it is deployed: by market cap, over mainnet's own feed proxies, two of them
    guarded.
    """
    evm, index, rebalancer, safe = (
        system.evm,
        system.index("MAG7.ssi"),
        system.rebalancer,
        system.record.contracts["Safe"],
    )
    with evm.isolated():
        for _ in range(2):
            start, _ = start_call(rebalancer, index, evm.now + 17 * DAY, Bounds())
            schedule(system, rebalancer, start)
            wait(system)
            gas = evm.send(safe, rebalancer, start).gas_used
        return {"start_rebalance_mag7": gas}
