"""Who pays for recording, at how many holders and which gas price: the tables of docs/recording.md, from
snapshots/gas.json. `make gas` writes both, and a test keeps them equal.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ssi.build import ROOT

PAGE = ROOT / "docs" / "recording.md"
HOLDERS, GWEI = (10_000, 100_000, 1_000_000), (0.1, 1.0, 10.0)
ETHER = 3_000.0  # USD
POT = 5.0  # USD a holder and epoch, on average
PART = 0.05  # of it for recorders
SLOPE = 1 / 1.16  # the largest fifth of the holders has four fifths
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
STRANGERS = ("holders", "gwei", "recorded from", "accounts", "of all points", "gas", "cost", "pay")
OTHERS = (
    "holders", "gwei", "record themselves from", "accounts", "of all points", "cost", "not worth it: accounts",
    "of all points",
)  # fmt: skip
WEEK, BLOCK = 7 * 86_400 // 12, 36_000_000  # blocks, and gas of one


@dataclass(frozen=True)
class Shares:
    """USD that the pots pay each holder and their recorder together, the most first, and the sums of the first n."""

    each: Sequence[float]
    sums: Sequence[float]

    @classmethod
    def of(cls, holders: int) -> Shares:
        """As Zipf has it: the holder at place i has i^-SLOPE of the points of the first."""
        weights = [place**-SLOPE for place in range(1, holders + 1)]
        unit = POT * holders / sum(weights)
        each = [unit * weight for weight in weights]
        return cls(each, [0.0, *accumulate(each)])

    def down_to(self, least: float) -> int:
        """How many have at least so many USD."""
        return bisect_right(self.each, -least, key=lambda share: -share)


@dataclass(frozen=True)
class Case:
    """Who is recorded by whom, where each record that pays is made and no other.

    Args:
        stranger: gas of an account in a batch.
        own: gas that recording oneself adds to a claim.
    """

    shares: Shares
    gwei: float
    stranger: int
    own: int

    def usd(self, gas: float) -> float:
        return gas * self.gwei * 1e-9 * ETHER

    @property
    def threshold(self) -> float:
        """USD of the pots from which a stranger records the account."""
        return self.usd(self.stranger) / PART

    @property
    def strangers(self) -> int:
        """How many they record."""
        return self.shares.down_to(self.threshold)

    @property
    def worth_it(self) -> int:
        """How many are recorded at all."""
        return max(self.strangers, self.shares.down_to(self.usd(self.own)))

    def of(self, first: int, last: int) -> str:
        """The part of all points that the accounts from place `first` to `last` have."""
        return f"{(self.shares.sums[last] - self.shares.sums[first]) / self.shares.sums[-1]:.1%}"

    def by_strangers(self) -> list[str]:
        """A row."""
        count, gas = self.strangers, self.strangers * self.stranger
        return [
            f"{len(self.shares.each):,}", f"{self.gwei:g}", f"${self.threshold:,.2f}", f"{count:,}", self.of(0, count),
            f"{gas / 1e9:,.2f} G", f"${self.usd(gas):,.0f}", f"${PART * self.shares.sums[count]:,.0f}",
        ]  # fmt: skip

    def by_themselves(self) -> list[str]:
        """A row."""
        count, every = self.worth_it - self.strangers, len(self.shares.each)
        return [
            f"{every:,}", f"{self.gwei:g}", f"${self.usd(self.own):,.2f}", f"{count:,}",
            self.of(self.strangers, self.worth_it), f"${self.usd(count * self.own):,.0f}",
            f"{every - self.worth_it:,}", self.of(self.worth_it, every),
        ]  # fmt: skip


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---:"] * len(head), *rows))


def figures_of(gas: Mapping[str, int]) -> str:
    """All cases, as Markdown. Raises KeyError where the snapshot lacks a figure."""
    stranger, own = gas["record_batch_touched"], gas["record_and_claim"] - gas["points_claim"]
    cases = [Case(shares, gwei, stranger, own) for shares in map(Shares.of, HOLDERS) for gwei in GWEI]
    all_holders = HOLDERS[-1] * stranger
    return "\n\n".join(
        [
            "By strangers, for pay:",
            _table(STRANGERS, [case.by_strangers() for case in cases]),
            "By themselves, along with a claim:",
            _table(OTHERS, [case.by_themselves() for case in cases]),
            f"A record of each of {HOLDERS[-1]:,} holders would take {all_holders / 1e9:,.1f} G gas, "
            f"{all_holders / WEEK / BLOCK:.1%} of a\nweek's blocks of {BLOCK // 10**6} million gas.",
        ]
    )


def refreshed(page: str, gas: Mapping[str, int]) -> str:
    """The page with its figures as they are now."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{figures_of(gas)}\n\n{END}{rest.split(END)[1]}"
