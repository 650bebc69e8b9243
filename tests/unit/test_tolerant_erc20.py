"""The assembly helpers against plain Solidity that says the same."""

from __future__ import annotations

from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm
from tests.support.quirk_tokens import Quirk


@pytest.fixture
def both(evm: Evm, project: Any, owner: str) -> tuple[Deployed, Deployed]:
    return evm.deploy(project.TolerantERC20Reference, sender=owner), evm.deploy(project.QuirkToken, 18, sender=owner)


@pytest.mark.parametrize("quirk", list(Quirk))
@pytest.mark.parametrize("amount", [0, 1, 10**18, 2 * 10**18])
def test_both_say_the_same_of_every_quirk(both, owner, bob, quirk, amount):
    reference, token = both
    token.mint(reference.address, 10**18, sender=owner)
    token.setQuirk(quirk, sender=owner)
    assert list(reference.tryTransfer.call(token.address, bob, amount)) == list(
        reference.plainTransfer.call(token.address, bob, amount)
    )
    assert list(reference.tryBalanceOf(token.address, reference.address)) == list(
        reference.plainBalanceOf(token.address, reference.address)
    )


def test_both_distrust_an_address_without_code(both, alice, bob):
    reference, _ = both
    assert (
        list(reference.tryTransfer.call(alice, bob, 1))
        == list(reference.plainTransfer.call(alice, bob, 1))
        == [False, False]
    )
    assert reference.tryBalanceOf(alice, bob)[0] is reference.plainBalanceOf(alice, bob)[0] is False


def test_packed_units_and_tokens_read_back_as_they_were_written(evm, project, authority, owner):
    """All 32 places, with values at the edges of 57 bits; the list of tokens is read by assembly out of code."""
    from tests.model.index import round57
    from tests.support.indexes import new_index

    units = [
        1,
        2**57 - 1,
        2**57,
        2**57 + 1,
        2**58 - 1,
        2**64 + 12345,
        2**128 - 1,
        2**127,
        *(3**n for n in range(1, 25)),
    ]
    tokens = [evm.deploy(project.PlainToken, "T", "T", 18, sender=owner) for _ in units]
    index = new_index(evm, project, authority, tokens, units, owner)
    basket = index.basket()
    assert basket.tokens == [token.address for token in tokens]
    assert basket.units == [round57(unit) for unit in units]
    for a in range(32):
        assert index.unitsForTrade(tokens[a], tokens[-1 - a]) == (0, basket.units[a], basket.units[-1 - a])
    assert index.unitsForTrade(owner, tokens[31]) == (0, 0, basket.units[31])
    assert index.unitsForTrade(tokens[0], owner) == (0, basket.units[0], 0)
