"""Birth of an index, as the governor does it on a live chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from eth_utils import keccak

from forks import control
from ssi.chain.evm import Deployed, Interface
from ssi.constants import ZERO
from ssi.index.seeding import seed_amounts
from ssi.registry.system import System
from tests.model.index import round57
from tests.support.governance import govern
from tests.support.reverts import error, reverts

SHARE = 10**18


@pytest.fixture
def code(project: Any) -> bytes:
    return bytes(project.IndexToken.contract_type.deployment_bytecode.to_bytes())


@pytest.fixture
def new(system: System) -> list[Any]:
    """Two constituents, no fee on minting."""
    tokens = [system.token(name).address for name in ("WETH", "LINK")]
    return [
        "Two",
        "TWO.ssi",
        tokens,
        [round57(10**25), round57(10**27)],
        system.record.contracts["Safe"],
        10**14,
        0,
        1000,
    ]


def offer_seed(system: System, payer: str, symbols: Sequence[str], amounts: Sequence[int]) -> None:
    """What the factory is to take for the first shares."""
    for name, amount in zip(symbols, amounts, strict=True):
        control.deal(system.evm.rpc, name, payer, amount)
        system.token(name).approve(system.factory.address, amount, sender=payer)


def test_the_governor_creates_a_fifth_index(system, project, code, new):
    factory, safe = system.factory, system.record.contracts["Safe"]
    amounts = seed_amounts(new[3], 5 * SHARE, 0)
    offer_seed(system, safe, ("WETH", "LINK"), amounts)
    foreseen = factory.indexAddress("TWO.ssi")
    assert not factory.isIndex(foreseen)

    receipt = govern(system, factory, "createIndex", [code, new, 5 * SHARE, safe, amounts])
    assert receipt.events(factory)[-1].values == {
        "index": foreseen, "symbol": "TWO.ssi", "seedShares": 5 * SHARE, "seedReceiver": safe,
    }  # fmt: skip
    index: Deployed = system.evm.at(project.IndexToken, foreseen)
    assert factory.isIndex(foreseen)
    assert factory.indexCount() == 5
    assert factory.indexes() == [*system.record.indexes.values(), foreseen]
    assert (index.symbol(), index.balanceOf(safe)) == ("TWO.ssi", 5 * SHARE)
    assert index.authority() == system.manager.address
    assert (
        (index.terms().feeReceiver, index.terms().rebalancer)
        == (safe, factory.rebalancer())
        == (safe, system.rebalancer.address)
    )
    assert list(index.holdings().available) == amounts
    for row in system.contract("RoleTable").indexRows():
        assert system.manager.getTargetFunctionRole(foreseen, row.selector) == row.role
    for token in new[2]:
        assert system.token(token).balanceOf(factory.address) == 0
        assert system.token(token).allowance(factory.address, foreseen) == 0


def test_addresses_follow_from_factory_and_symbol_alone(system):
    for symbol, address in system.record.indexes.items():
        assert system.factory.indexAddress(symbol) == address
    assert system.factory.indexAddress("A.ssi") != system.factory.indexAddress("B.ssi")


def test_only_the_code_it_knows(system, project, code, new):
    other = code + b"\0"
    assert system.factory.indexCodeHash() == keccak(code)
    expected = error(project.IndexFactory, "IndexFactory_WrongCode")
    with reverts(expected, codeHash=keccak(other), expected=keccak(code)):
        govern(system, system.factory, "createIndex", [other, new, SHARE, new[4], [2**255, 2**255]])


def test_a_symbol_is_taken_once(system, project, code, new):
    new[1] = "MAG7.ssi"
    expected = error(project.IndexFactory, "IndexFactory_SymbolTaken")
    with reverts(expected, symbol="MAG7.ssi", index=system.record.indexes["MAG7.ssi"]):
        govern(system, system.factory, "createIndex", [code, new, SHARE, new[4], [2**255, 2**255]])


def test_a_seed_dearer_than_agreed_creates_nothing(system, project, code, new):
    safe, amounts = system.record.contracts["Safe"], seed_amounts(new[3], SHARE, 0)
    offer_seed(system, safe, ("WETH", "LINK"), amounts)
    expected = error(project.IndexToken, "IndexToken_MaxAmountExceeded")
    limits = [amounts[0], amounts[1] - 1]
    with reverts(expected, token=new[2][1], amount=amounts[1], maxAmount=amounts[1] - 1):
        govern(system, system.factory, "createIndex", [code, new, SHARE, safe, limits])
    assert system.factory.indexCount() == 4


def test_strangers_create_nothing(system, project, code, new, bob):
    with reverts(error(project.IndexFactory, "AccessManagedUnauthorized"), caller=bob):
        system.factory.createIndex(code, new, SHARE, bob, [0, 0], sender=bob)


def test_a_factory_needs_its_addresses(evm, project, authority, owner):
    for addresses in ((ZERO, authority, authority), (authority, ZERO, authority), (authority, authority, ZERO)):
        with reverts(error(project.IndexFactory, "IndexFactory_ZeroAddress")):
            evm.deploy(project.IndexFactory, *addresses, b"\0" * 32, 0, 1, sender=owner)


def test_what_the_constructor_refuses_is_not_deployed(system, code, new, bob):
    """CREATE3 keeps the constructor's own reason to itself."""
    new[2][1] = bob  # no token
    with reverts(
        Interface("CREATE3", [{"type": "error", "name": "DeploymentFailed", "inputs": []}])["DeploymentFailed"]
    ):
        govern(system, system.factory, "createIndex", [code, new, SHARE, new[4], [2**255, 2**255]])
    assert system.factory.indexCount() == 4
