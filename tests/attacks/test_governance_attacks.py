"""What two stolen keys of the Safe try, and what stands in their way. Ids are those of docs/invariants.md."""

from __future__ import annotations

from typing import Any

import pytest

from forks.seeding import invest
from ssi.chain.evm import Deployed, Evm, Reverted
from ssi.registry.system import System
from tests.support.governance import schedule, wait


@pytest.fixture
def evil(evm: Evm, project: Any, bob: str) -> Deployed:
    """An authority that lets every caller do everything."""
    return evm.deploy(project.OpenAuthority, sender=bob)


def loot(evm: Evm, system: System, project: Any, index: Deployed, thief: str) -> int:
    """What a thief does under an authority of their own: every constituent goes for a wei of junk.

    Returns the D18 USD taken.
    """
    swapper = evm.deploy(project.SwapperMock, sender=thief)
    junk = evm.deploy(project.PlainToken, "Junk", "JUNK", 18, sender=thief)
    tokens, amounts, value = index.basket().tokens, index.holdings().accounted, 0
    prices = [system.oracle.price(token) for token in tokens]
    junk.mint(swapper, len(tokens), sender=thief)
    index.setRebalancer(swapper, sender=thief)
    for token, amount, price in zip(tokens, amounts, prices, strict=True):
        swapper.swap(index, token, amount, junk, 1, sender=thief)
        value += system.token(token).balanceOf(swapper) * price // 10 ** system.token(token).decimals()
    return value


@pytest.mark.parametrize("route", ["setAuthority", "updateAuthority"])
def test_no_stranger_puts_another_authority_in_charge_of_a_basket(evm, system, project, bob, evil, route):
    """G3: by either way that the manager has, with the notice, and without a veto. All 30,000 USD were gone once."""
    index, manager, safe = system.index("MAG7.ssi"), system.manager, system.record.contracts["Safe"]
    invest(system, "MAG7.ssi", safe, 300 * 10**18)
    target, data = (index, index.setAuthority.encode(evil))
    if route == "updateAuthority":
        target, data = manager, manager.updateAuthority.encode(index, evil)
    schedule(system, target, data)
    wait(system)

    try:
        manager.execute(target.address, data, sender=safe)
    except Reverted:
        stolen = 0
    else:
        stolen = loot(evm, system, project, index, bob)
    assert stolen == 0, f"G3 {stolen / 1e18:,.0f} USD taken"
    assert index.authority() == manager.address
