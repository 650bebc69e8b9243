"""A month later: prices have moved, the multisig proposes, the notice runs, a keeper rebalances with Uniswap's
liquidity.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from rich.table import Table

from demo.report import Report
from forks import control
from forks.local import FORKS
from forks.seeding import invest
from ssi.chain.evm import Reverted
from ssi.constants import DAY, HOUR, NOTICE
from ssi.governance import proposals
from ssi.governance.decoder import Decoder
from ssi.governance.proposal import Proposal, attempt, execution, scheduling
from ssi.governance.safe import Multisig
from ssi.index.bounds import UNBOUNDED
from ssi.keeper import maintenance
from ssi.keeper.rebalance import Phase, RebalanceKeeper

MOVES = {"SOL": 1.2, "BNB": 1.1, "LINK": 0.85, "UNI": 0.9}
INVESTED = 5_000 * 10**18
CLOSE = 25  # bp


class RebalancingChapter:
    """MAG7.ssi gets back to its weights."""

    def __init__(self, report: Report) -> None:
        self.report, self.system, self.evm, self.mag7 = report, report.system, report.evm, report.mag7
        self.rebalancer = self.system.rebalancer
        self.safe = Multisig(self.evm, self.system.record.contracts["Safe"])
        self.keeper = self.evm.account("demo keeper")
        self.rebalance_keeper = RebalanceKeeper(self.system, "MAG7.ssi", self.keeper)

    def run(self) -> None:
        """All steps in their order."""
        with self.evm.frozen_time():
            self.a_month_passes()
            self.propose()
            self.too_early()
            self.execute()
            self.fill()

    def a_month_passes(self) -> None:
        invest(self.system, "MAG7.ssi", self.evm.account("demo investor"), INVESTED)
        control.warp(self.evm.rpc, 28 * DAY)
        for name in maintenance.due_pokes(self.system):
            self.system.oracle.poke(self.system.token(name).address, sender=self.keeper)
        for token, factor in MOVES.items():
            control.move_price(self.evm.rpc, token, factor)
        control.warp(self.evm.rpc, HOUR)  # until the pools' averages agree with the feeds
        before = self.rebalance_keeper.report()
        self.before, farthest = before.weights, before.farthest_bps
        self.report.step(
            "A month passes and prices move", None, {"moves": MOVES, "farthest_from_target_bp": farthest},
            {"the weights are off": farthest > 4 * CLOSE},
        )  # fmt: skip

    def propose(self) -> None:
        """Fresh supplies and the start, in one proposal that is tried out on a fork of this fork first."""
        decoder, registry = Decoder(self.system), self.system.contract("SupplyRegistry")
        start = proposals.rebalance(decoder, "MAG7.ssi")
        tokens = self.mag7.basket().tokens
        post = registry.post.encode(tokens, [registry.supply(token) * 1_002 // 1_000 for token in tokens])
        proposal = Proposal(
            "monthly-MAG7.ssi",
            "Post supplies and rebalance MAG7.ssi",
            [(registry, post), *start.calls],
            watch=start.watch,
        )
        trial = attempt(self.system, proposal, NOTICE, FORKS)
        self.calls = [(target.address, data) for target, data in proposal.calls]
        receipt = self.send(scheduling(self.system.manager, proposal.calls))
        scheduled = [event.values for event in receipt.events(self.system.manager, "OperationScheduled")]
        self.ready_at = max(values["schedule"] for values in scheduled)
        self.report.step(
            "The multisig proposes supplies and a rebalance, tried out before it signs",
            receipt,
            {
                "operations": len(scheduled),
                "notice_days": (self.ready_at - self.evm.now) / DAY,
                "changes_foreseen": len(trial.changes),
            },
            {
                "what was tried out is what was scheduled": (
                    [values["operationId"] for values in scheduled] == trial.operations
                ),
                "the notice is 16 days": self.ready_at == self.evm.now + NOTICE,
            },
        )

    def too_early(self) -> None:
        early = self.system.manager.interface["AccessManagerNotReady"].hash[:4]
        self.evm.warp(NOTICE - 1)
        try:
            self.evm.call(
                self.system.manager.address, execution(self.system.manager, self.calls), sender=self.safe.address
            )
            refused = False
        except Reverted as reverted:
            refused = reverted.data[:4] == early
        self.report.step(
            "Execute a second before the notice has passed",
            None,
            {"refused": refused},
            {"refused as not ready": refused},
        )

    def execute(self) -> None:
        control.warp(self.evm.rpc, 1)
        receipt = self.send(execution(self.system.manager, self.calls))
        status = self.rebalance_keeper.status()
        self.report.step(
            "The multisig executes: targets are fixed, the auctions open", receipt,
            {"surplus": status.surplus, "deficit": status.deficit, "premium_bp": status.premium / 1e14},
            {"the rebalance runs": self.rebalance_keeper.phase is Phase.RUNNING},
        )  # fmt: skip

    def fill(self) -> None:
        started, gas = self.evm.now, []
        shares = 10**18
        investor = self.evm.account("demo investor")

        def send(arguments: tuple[Any, ...]) -> str:
            gas.append(self.rebalance_keeper.filler.fill(*arguments, sender=self.keeper).gas_used)
            return ""

        fills = [fill for fill, _ in self.rebalance_keeper.run(send, partial(control.warp, self.evm.rpc))]
        report = self.rebalance_keeper.report()
        table = Table("token", "before", "target", "after", title="Weights of MAG7.ssi", title_justify="left")
        for name, weight in report.weights.items():
            table.add_row(
                name,
                *(f"{bps / 100:.2f} %" for bps in (self.before[name].now_bps, weight.target_bps, weight.now_bps)),
            )
        expected = self.mag7.previewRedeem(shares)
        redeemed = self.mag7.redeem.call(shares, investor, investor, *UNBOUNDED, sender=investor)
        self.report.step(
            "A keeper fills every auction from Uniswap once its price pays",
            None,
            {
                "fills": len(fills),
                "hours": (self.evm.now - started) / 3600,
                "gas_a_fill": max(gas, default=0),
                "cost_bp": report.cost_bps,
                "keeper_profit_usd": sum(fill.net_usd_d18 for fill in fills) / 1e18,
                "farthest_from_target_bp": report.farthest_bps,
                "weights": {
                    name: {
                        "before": self.before[name].now_bps,
                        "now": weight.now_bps,
                        "target": weight.target_bps,
                    }
                    for name, weight in report.weights.items()
                },
            },
            {
                "it is completed": report.phase is Phase.COMPLETED,
                f"all weights are within {CLOSE} bp of their targets": report.farthest_bps < CLOSE,
                "it cost less than the budget": 0 <= report.cost_bps <= report.budget_bps,
                "redemption works": redeemed == expected,
            },
        )
        self.report.console.print(table)

    def send(self, data: bytes) -> Any:
        """The Safe calls the manager."""
        return self.safe.simulate(self.safe.transaction(self.system.manager.address, data))
