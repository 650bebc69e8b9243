"""A token that misbehaves as it is told, and an index over it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from ssi.chain.evm import Deployed, Entry, Evm
from ssi.constants import ZERO
from tests.support.indexes import ANYTHING, new_index, stock, unlimited
from tests.support.reverts import error

SHARE = 10**18
UNIT = 2 * 10**27


class Quirk(IntEnum):
    """As in contracts/mocks/QuirkToken.sol."""

    (
        NONE,
        NO_RETURN,
        FALSE,
        FEE,
        ZERO,
        FROZEN,
        REENTERS,
        BURNS_GAS,
        BOMB,
        BALANCE_REVERTS,
        BALANCE_BURNS,
        BALANCE_REENTERS,
        LIES,
        BURNS_ALL,
        WANTS_GAS,
        MOVES_FALSE,
        MOVES_HALF_FALSE,
    ) = range(17)


class QuirkTokenScene:
    """An index over a token that can misbehave and one that cannot; `alice` holds ten shares, `bob` nothing."""

    def __init__(
        self, evm: Evm, project: Any, authority: Deployed, owner: str, units: int = UNIT, decimals: int = 18
    ) -> None:
        self.evm, self.project, self.owner = evm, project, owner
        self.alice, self.bob = evm.account("alice"), evm.account("bob")
        self.odd = evm.deploy(project.QuirkToken, decimals, sender=owner)
        self.good = evm.deploy(project.PlainToken, "Good", "GOOD", 18, sender=owner)
        self.tokens = [self.odd, self.good]
        self.index = new_index(evm, project, authority, self.tokens, [units, UNIT], owner)
        stock(self.tokens, self.index, [self.alice, self.bob])
        self.mint(self.alice, 10 * SHARE)

    def error(self, name: str) -> Entry:
        return error(self.project.IndexToken, f"IndexToken_{name}")

    def mint(self, who: str, shares: int = SHARE) -> Any:
        return self.index.mint(shares, who, *unlimited(self.tokens), sender=who)

    def redeem(self, receiver: str | None = None, shares: int = SHARE) -> Any:
        return self.index.redeem(shares, receiver or self.alice, self.alice, *ANYTHING, sender=self.alice)

    def quirk(self, quirk: Quirk) -> None:
        self.odd.setQuirk(quirk, sender=self.owner)

    def claim(self) -> int:
        return int(self.index.claimOf(self.odd.address, self.alice))

    def worth(self, who: str) -> int:
        """{tok} that all of a claim would be paid now."""
        lens = self.evm.deploy(self.project.IndexLens, ZERO, ZERO, ZERO, sender=self.owner)
        return int(lens.previewClaim(self.index.address, self.odd.address, who))
