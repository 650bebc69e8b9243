"""What recording others pays a keeper, and down to which account it does.

USD have 18 decimals, points too.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssi.constants import BPS

GAS_OF_RECORD = 75_000  # of one account within a batch
GAS_OF_CLAIM = 95_000  # of one pot
DUST = 10**18  # D18 points: about a dollar held for eight hours


@dataclass(frozen=True)
class Policy:
    """When a keeper records an account.

    Args:
        subsidy_bps: of what the pots pay the account itself, the part that the keeper counts as their own gain, in
            basis points. At 0 a keeper works for pay alone; at 10,000 for every account whose part is worth the gas.
        min_worth: D18 USD that a record must bring the keeper; by default what its gas costs.
    """

    subsidy_bps: int = 0
    min_worth: int | None = None


@dataclass(frozen=True)
class Worth:
    """D18 USD that the pots of an epoch hold, as far as their tokens have prices."""

    recorders: int = 0
    accounts: int = 0

    def to_keeper(self, policy: Policy) -> int:
        """D18 USD that all records of the epoch together bring a keeper, rounded down."""
        return self.recorders + self.accounts * policy.subsidy_bps // BPS


def least_points(worth: Worth, points: int, cost: int, policy: Policy) -> int | None:
    """D18 points of an account from which its record brings a keeper `cost`, rounded up; None where no record does.

    Without a price for any pot, a keeper who gives to others records them down to dust.

    Args:
        points: D18, of all accounts, recorded or waiting.
        cost: D18 USD of the gas of one record.
    """
    gain = worth.to_keeper(policy)
    if not gain:
        return DUST if policy.subsidy_bps else None
    least = cost if policy.min_worth is None else policy.min_worth
    return -(-least * points // gain)
