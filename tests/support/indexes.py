"""Small indexes to try things on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, MAX
from ssi.index.bounds import UNBOUNDED, bounds

EPOCH = 28 * DAY
DAILY_FEE = 10**14
MINT_FEE = 10
CAP = 10**6
# The bounds of a redemption that takes what comes.
ANYTHING = UNBOUNDED


def new_index(
    evm: Evm,
    project: Any,
    authority: Deployed,
    tokens: Sequence[Deployed],
    units: Sequence[int],
    sender: str,
    **terms: Any,
) -> Deployed:
    """An index over `tokens` with `units` D27{tok/base}. `terms`: members of `IIndexToken.Params`."""
    terms = {
        "feeReceiver": evm.account("fee receiver"),
        "rebalancer": authority.address,
        "dailyFee": DAILY_FEE,
        "mintFee": MINT_FEE,
        "supplyCap": CAP,
        "epochGenesis": evm.now - 1000,
        "epochLength": EPOCH,
        "name": "Test Index",
        "symbol": "TEST.ssi",
        "authority": authority.address,
        "tokens": [token.address for token in tokens],
        "units": list(units),
        **terms,
    }
    (constructor,) = (entry for entry in project.IndexToken.contract_type.abi if entry.type == "constructor")
    params = [terms[component.name] for component in constructor.inputs[0].components]
    return evm.deploy(project.IndexToken, params, sender=sender)


def stock(tokens: Sequence[Deployed], index: Deployed, people: Sequence[str], amount: int = 2**120) -> None:
    """Gives all people plenty of every token and the index an allowance for it."""
    for token in tokens:
        for person in people:
            token.mint(person, amount, sender=person)
            token.approve(index.address, MAX, sender=person)


def unlimited(tokens: Sequence[Deployed]) -> tuple[bytes, list[int], int]:
    """The bounds of a mint that pays any amount of these tokens."""
    return bounds(tokens, [MAX] * len(tokens))
