"""Rebalances of the deployed protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import eth_abi

from forks import control
from forks.seeding import invest
from ssi.chain.evm import Deployed, Struct
from ssi.constants import DAY, MAX
from ssi.governance.proposal import execution
from ssi.governance.starting import Bounds, start_call
from ssi.registry.system import System
from tests.support.governance import schedule, wait
from tests.support.trading import Trader

# As wide as may be where a test is about something else.
TERMS = (100, 200, 86_400, 50, 50, 5_000, 5_000, 2_500)
EQUAL = {"WBTC": 1600, "WETH": 1400, "BNB": 1400, "SOL": 1400, "LINK": 1400, "UNI": 1400, "AAVE": 1400}  # bp
BP = 10**14
BOUNDS = Bounds(5000, 5000)


@contextmanager
def recorded(system: System, **contracts: str | None) -> Iterator[System]:
    """The system with contracts added to its record, or left out of it where None, so that commands see it so.

    Undone at the end.
    """
    record = system.record
    known = dict(record.contracts)
    record.contracts = {name: address for name, address in (known | contracts).items() if address is not None}
    record.save()
    try:
        yield system
    finally:
        record.contracts = known
        record.save()


def govern_all(system: System, target: Deployed, calls: Sequence[bytes]) -> None:
    """Schedules several calls of one contract, waits, and executes them together."""
    manager, safe = system.manager, system.record.contracts["Safe"]
    manager.multicall([manager.schedule.encode(target, call, 0) for call in calls], sender=safe)
    wait(system)
    system.evm.send(safe, manager, execution(manager, [(target.address, call) for call in calls]))


def unbalanced(system: System) -> None:
    """Gives MAG7.ssi, worth about 200,000 USD, a plan that wants other weights than it has."""
    rebalancer, index = system.contract("Rebalancer"), system.index("MAG7.ssi")
    tokens, weights = [system.token(name) for name in EQUAL], [weight * 10**14 for weight in EQUAL.values()]
    parameters = eth_abi.encode(["uint256[]"], [weights])
    plan = rebalancer.setMethodology.encode(index, system.record.contracts["FixedWeights"], tokens, parameters)
    govern_all(system, rebalancer, [plan, rebalancer.setTerms.encode(index, TERMS)])
    invest(system, "MAG7.ssi", system.evm.account("investor"), 2_000 * 10**18)


class DeployedRebalance:
    """Proposes, executes and bids for one index."""

    def __init__(self, system: System, project: Any, symbol: str, shares: int) -> None:
        self.system, self.evm, self.symbol = system, system.evm, symbol
        self.rebalancer, self.index = system.rebalancer, system.index(symbol)
        self.safe = system.record.contracts["Safe"]
        self.keeper = self.evm.account("keeper")
        self.names = {asset.address: name for name, asset in system.assets.assets.items()}
        self.methodology = self.evm.deploy(project.MethodologyMock, sender=self.keeper)
        self.holder = Trader(system, self.evm.account("holder")).with_shares(symbol, shares)

    def token(self, name: str) -> Deployed:
        return self.system.token(name)

    def propose(self, weights: Mapping[str, int], terms: Sequence[int] = TERMS, bounds: Bounds = BOUNDS) -> list[bytes]:
        """Sets plan and terms, and schedules the start near the prices and targets of now; returns it."""
        tokens = [self.token(name).address for name in weights]
        parameters = eth_abi.encode(["uint256[]"], [list(weights.values())])
        plan = self.rebalancer.setMethodology.encode(self.index, self.methodology, tokens, parameters)
        govern_all(self.system, self.rebalancer, [plan, self.rebalancer.setTerms.encode(self.index, terms)])
        call, _ = start_call(self.rebalancer, self.index, self.evm.now + 24 * DAY, bounds)
        schedule(self.system, self.rebalancer, call)
        return [call]

    def execute(self, calls: Sequence[bytes]) -> None:
        for call in calls:
            self.evm.send(self.safe, self.rebalancer, call)

    def status(self) -> Any:
        return self.rebalancer.status(self.index)

    def offers(self) -> Any:
        return self.rebalancer.bidsOf(self.index)

    def later(self, seconds: int) -> None:
        control.warp(self.evm.rpc, seconds)

    def bid(self, offer: Struct, amount: int = MAX) -> None:
        """By a bidder who has the tokens."""
        out, in_ = self.names[offer.tokenOut], self.names[offer.tokenIn]
        control.deal(self.evm.rpc, in_, self.keeper, offer.amountIn * 11 // 10)
        token = self.token(in_)
        if token.allowance(self.keeper, self.rebalancer.address) < offer.amountIn * 11 // 10:
            token.approve(self.rebalancer, offer.amountIn * 2, sender=self.keeper)
        self.rebalancer.bid(self.index, self.token(out), token, amount, MAX, self.keeper, b"", sender=self.keeper)

    def bid_all(self) -> None:
        """One offer after the other, until there is none."""
        for _ in range(40):
            offers = self.offers()
            if not offers:
                return
            self.bid(max(offers, key=lambda offer: offer.amountIn * self.system.oracle.price(offer.tokenIn)))

    def weights(self) -> dict[str, tuple[int, int]]:
        """D18 of now and of the target, by name."""
        tokens, current, target = self.rebalancer.weightsOf(self.index)
        return {self.names[token]: (a, b) for token, a, b in zip(tokens, current, target, strict=True)}

    def near(self, bps: int) -> None:
        """Every constituent is this near its target."""
        for name, (current, target) in self.weights().items():
            assert abs(current - target) <= bps * BP, f"{name} is at {current / BP:.1f} bp instead of {target / BP:.1f}"

    def path(self, token_in: str, token_out: str) -> bytes:
        """Over the registered pools: up from what is bought to WETH, then down."""

        def climb(name: str) -> list[str | int]:
            steps: list[str | int] = [name]
            while name != "WETH":
                hop = self.system.assets.assets[name].hop
                assert hop
                steps, name = [*steps, hop.fee, hop.next], hop.next
            return steps

        up, down = climb(token_in), climb(token_out)[::-1]
        return b"".join(
            step.to_bytes(3, "big") if isinstance(step, int) else bytes.fromhex(self.token(step).address[2:])
            for step in up + down[1:]
        )
