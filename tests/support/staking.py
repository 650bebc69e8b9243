"""A staked token to try things on, and its model's refusals as the contract's errors."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from ssi.chain.evm import Deployed, Entry, Evm, Receipt
from ssi.constants import DAY, MAX
from tests.model import staking as model
from tests.support.indexes import EPOCH
from tests.support.reverts import error, reverts

WHOLE = 10**18

# How the contract calls what the model refuses, with the arguments in the model's order.
ERRORS: dict[type[model.IndexRefused], tuple[str, tuple[str, ...]]] = {
    model.ZeroAmount: ("StakedToken_ZeroAmount", ()),
    model.ExceedsMaximum: ("StakedToken_ExceedsMaximum", ("amount", "maximum")),
    model.NotAuthorized: ("StakedToken_NotAuthorized", ("controller", "caller")),
    model.ExceedsClaimable: ("StakedToken_ExceedsClaimable", ("controller", "amount", "claimable")),
    model.NothingCooling: ("StakedToken_NothingCooling", ("controller",)),
    model.CooldownTooLong: ("StakedToken_CooldownTooLong", ("cooldown", "maximum")),
    model.RaiseTooSoon: ("StakedToken_RaiseTooSoon", ("earliest",)),
    model.FutureEpoch: ("StakedToken_FutureEpoch", ("epoch", "currentEpoch")),
    model.InsufficientBalance: ("ERC20InsufficientBalance", ("sender", "balance", "needed")),
    model.InsufficientAllowance: ("ERC20InsufficientAllowance", ("spender", "allowance", "needed")),
}


def refusal(staked: Deployed, refused: model.IndexRefused, names: dict[str, str]) -> tuple[Entry, dict[str, Any]]:
    """The error of the contract and its arguments; `names` has the addresses of the model's people."""
    name, inputs = ERRORS[type(refused)]
    values = [names.get(value, value) for value in refused.args]
    return staked.interface[name], dict(zip(inputs, values, strict=True))


def new_staked(
    evm: Evm, project: Any, authority: Deployed, asset: Deployed, sender: str, genesis: int | None = None
) -> Deployed:
    """A staked token over `asset`, with epochs of 28 days from `genesis`, Unix seconds."""
    genesis = evm.now - 1000 if genesis is None else genesis
    return evm.deploy(project.StakedToken, authority, asset, "Staked Test", "sTEST", genesis, EPOCH, sender=sender)


class Vault:
    """A staked token over a plain token of 18 decimals.

    All people named have plenty of it and has approved the vault without limit.
    """

    def __init__(self, evm: Evm, project: Any, authority: Deployed, owner: str, people: Sequence[str]) -> None:
        self.evm, self.project, self.owner = evm, project, owner
        self.asset = evm.deploy(project.PlainToken, "Asset", "AST", 18, sender=owner)
        self.token = new_staked(evm, project, authority, self.asset, owner)
        for person in (owner, *people):
            self.supply(person)

    def supply(self, person: str, amount: int = 2**100) -> None:
        """Gives a person assets, and the vault their allowance."""
        self.asset.mint(person, amount, sender=person)
        self.asset.approve(self.token.address, MAX, sender=person)

    def stake(self, person: str, assets: int = 100 * WHOLE, receiver: str | None = None) -> Receipt:
        receipt: Receipt = self.token.deposit(assets, receiver or person, sender=person)
        return receipt

    def reward(self, assets: int, sender: str | None = None) -> Receipt:
        receipt: Receipt = self.token.addRewards(assets, sender=sender or self.owner)
        return receipt

    def request(self, person: str, shares: int | None = None) -> Receipt:
        """For everything, unless told."""
        shares = self.token.balanceOf(person) if shares is None else shares
        receipt: Receipt = self.token.requestRedeem(shares, person, person, sender=person)
        return receipt

    def claim(self, person: str) -> int:
        """{asset} that came, of everything that can be claimed."""
        before = self.holds(person)
        self.token.redeem(self.token.maxRedeem(person), person, person, sender=person)
        return self.holds(person) - before

    def holds(self, person: str) -> int:
        """{asset}."""
        return int(self.asset.balanceOf(person))

    def worth(self, person: str) -> int:
        """{asset} of an account's shares, cooling and claimable part."""
        exit_ = self.token.exitOf(person)
        return int(
            self.token.convertToAssets(self.token.balanceOf(person)) + exit_.coolingAssets + exit_.claimableAssets
        )

    def pass_days(self, days: int) -> None:
        self.evm.warp(days * DAY)

    def refuse(self, name: str, **inputs: Any) -> AbstractContextManager[None]:
        """The block must revert with this error of the staked token."""
        prefix = "" if name.startswith(("ERC", "AccessManaged", "Reentrancy", "SafeCast")) else "StakedToken_"
        return reverts(error(self.project.StakedToken, prefix + name), **inputs)
