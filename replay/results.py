"""What came of a replay: figures, bars, and the section of its report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from replay.market import Market
from replay.model import yearly_error
from replay.run import ReplayOutcome
from ssi.constants import WAD
from ssi.report.facts import IndexReport

ERROR_BAR_BP = 20  # of the yearly tracking error, apart from stated costs


@dataclass(frozen=True)
class Result:
    """Basis points are numbers with a fraction; times are seconds.

    Args:
        difference_bp: the share, after fees and costs, against the methodology, over the whole time.
        error_bp: yearly, fees left out and stated costs put back; `error_with_costs_bp` without that.
        error_calendar_bp: the same against a methodology that goes on the first of each month without delay.
        holds: what must be true, by name.
    """

    market: str
    index: str
    days: int
    share_return_bp: float
    methodology_return_bp: float
    difference_bp: float
    fee_bp: float
    error_bp: float
    error_with_costs_bp: float
    error_calendar_bp: float
    rebalances: int
    completed: int
    trades: int
    turnover_a_year_bp: float
    methodology_turnover_a_year_bp: float
    cost_a_year_bp: float
    worst_day: str
    worst_day_bp: float
    halted: list[dict[str, str]]
    holds: dict[str, bool]
    seconds: float
    cpu_seconds: float

    @property
    def broken(self) -> list[str]:
        """What is not true."""
        return [what for what, true in self.holds.items() if not true]

    def section(self) -> dict[str, Any]:
        """For the page of the report."""
        figures = {
            "days": f"{self.days:,}",
            "a share, after fees and costs": f"{_signed(self.share_return_bp / 100, 2)} %",
            "the methodology, executed without cost": f"{_signed(self.methodology_return_bp / 100, 2)} %",
            "tracking difference, after fees and costs": f"{_signed(self.difference_bp, 1)} bp",
            "of it the streaming fee": f"{_signed(self.fee_bp, 1)} bp",
            "tracking error a year, apart from fee and stated costs": f"{self.error_bp:.2f} bp",
            "tracking error a year, with stated costs": f"{self.error_with_costs_bp:.2f} bp",
            "tracking error a year, against a move on each first without delay": (f"{self.error_calendar_bp:.2f} bp"),
            "rebalances, of them completed": f"{self.rebalances}, {self.completed}",
            "trades": f"{self.trades:,}",
            "sold a year; by the methodology": (
                f"{self.turnover_a_year_bp:,.0f} bp; {self.methodology_turnover_a_year_bp:,.0f} bp"
            ),
            "cost of rebalancing a year": f"{self.cost_a_year_bp:.1f} bp",
            "worst day, apart from fee and stated costs": f"{self.worst_day}, {_signed(self.worst_day_bp, 2)} bp",
            **{what: "yes" if true else "NO" for what, true in self.holds.items()},
        }
        return {"market": self.market, "figures": figures, "halted": self.halted}


def result(
    market: Market,
    what: str,
    report: IndexReport,
    outcome: ReplayOutcome,
    losses: dict[int, Decimal],
    seconds: float,
    cpu: float,
) -> Result:
    """Args: losses: parts of NAV that rebalances stated as lost before a day's measurement, by its place."""
    restored, kept = [], Decimal(1)
    for day, worth in enumerate(outcome.index):
        kept *= 1 - losses.get(day, Decimal(0))
        restored.append(worth / kept)
    apart = [
        restored[n] / restored[n - 1] / (outcome.ideal[n] / outcome.ideal[n - 1]) - 1 for n in range(1, len(restored))
    ]
    worst = max(range(len(apart)), key=lambda n: abs(apart[n]))
    years = Decimal(len(market.days)) / 365
    error = float(yearly_error(restored, outcome.ideal) * 10_000)
    ended = [one.phase != "running" and one.ended_at_s is not None for one in report.rebalances]
    return Result(
        market=what, index=report.symbol, days=len(market.days),
        share_return_bp=_bp(outcome.shares[-1] / outcome.shares[0]),
        methodology_return_bp=_bp(outcome.ideal[-1] / outcome.ideal[0]),
        difference_bp=_bp(outcome.shares[-1] / outcome.shares[0] / (outcome.ideal[-1] / outcome.ideal[0])),
        fee_bp=_bp(outcome.shares[-1] / outcome.shares[0] / (outcome.index[-1] / outcome.index[0])),
        error_bp=error, error_with_costs_bp=float(yearly_error(outcome.index, outcome.ideal) * 10_000),
        error_calendar_bp=float(yearly_error(restored, outcome.calendar) * 10_000),
        rebalances=len(report.rebalances), completed=sum(one.phase == "completed" for one in report.rebalances),
        trades=sum(len(one.trades) for one in report.rebalances),
        turnover_a_year_bp=float(sum(one.turnover_d18 for one in report.rebalances) / years / WAD * 10_000),
        methodology_turnover_a_year_bp=float(outcome.ideal_turnover / years * 10_000),
        cost_a_year_bp=float(sum(one.cost_d18 for one in report.rebalances) / years / WAD * 10_000),
        worst_day=str(market.days[worst + 1]), worst_day_bp=float(apart[worst] * 10_000),
        halted=[asdict(halt) for halt in outcome.halts],
        holds={
            f"the tracking error, apart from fee and costs, is under {ERROR_BAR_BP} bp a year": error < ERROR_BAR_BP,
            "on no day accounted balances exceed balances": not outcome.short,
            "there was a rebalance, and every one ended": bool(ended) and all(ended),
        },
        seconds=round(seconds, 1), cpu_seconds=round(cpu, 1),
    )  # fmt: skip


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def _bp(ratio: Decimal) -> float:
    return float((ratio - 1) * 10_000)
