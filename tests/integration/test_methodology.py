"""Weights, supplies and guarded prices of the deployed system. Ids are those of docs/invariants.md."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from forks import control
from forks.addresses import FEEDS
from ssi.constants import DAY, WAD
from ssi.registry import params
from ssi.registry.system import System
from tests.model import weights as model
from tests.support.governance import govern
from tests.support.reverts import error, reverts

INDEXES = {index.symbol: index for index in params.indexes()}


def modelled(system: System, index: params.Index) -> list[int]:
    """What the model says at the oracle's prices and the registry's supplies."""
    if index.methodology.name == "FixedWeights":
        return model.fixed_weights([weight * 10**14 for weight in index.weights.values()])
    tokens = [system.token(name).address for name in index.weights]
    caps = model.market_caps(system.oracle.prices(tokens), system.contract("SupplyRegistry").supplies(tokens))
    if index.methodology.name == "FloorAndMarketCap":
        return model.floor_and_market_cap(caps, int(index.methodology.floor * WAD))
    return model.capped_market_cap(caps, int(index.methodology.cap * WAD))


def weighed(system: System, index: params.Index) -> list[int]:
    """What the contract says."""
    methodology = system.contract(index.methodology.name)
    tokens = [system.token(name).address for name in index.weights]
    parameters = index.methodology.parameters(index.weights)
    methodology.validate(tokens, parameters)
    return methodology.weights(tokens, system.oracle.prices(tokens), parameters)


@pytest.mark.parametrize("symbol", INDEXES)
def test_an_index_is_weighed_as_the_model_says(system, symbol):
    """W1."""
    assert weighed(system, INDEXES[symbol]) == modelled(system, INDEXES[symbol]), "W1"


@pytest.mark.minimainnet
@pytest.mark.parametrize("symbol", INDEXES)
def test_weights_at_birth_are_what_the_methodology_says(system, symbol):
    """Within two bp, at the miniature mainnet's prices: elsewhere the market has moved since the parameters were
    written.
    """
    index = INDEXES[symbol]
    for (name, bps), weight in zip(index.weights.items(), weighed(system, index), strict=True):
        assert abs(weight - bps * 10**14) <= 2 * 10**14, f"{name}: {weight / 10**14:.2f} bp, the file says {bps}"


def test_weights_follow_prices_and_supplies(system, evm):
    """W1, after the market has moved and governance has posted."""
    index, registry = INDEXES["MAG7.ssi"], system.contract("SupplyRegistry")
    before = weighed(system, index)
    control.set_feed(evm.rpc, "ETH/USD", 2 * control.read_feed(evm.rpc, "ETH/USD")[0])
    doubled = weighed(system, index)
    assert doubled == modelled(system, index), "W1"
    assert doubled[1] > before[1]

    bnb = system.token("BNB").address
    govern(system, registry, "post", [[bnb], [registry.supply(bnb) * 4 // 5]])
    burnt = weighed(system, index)
    assert burnt == modelled(system, index), "W1"
    assert burnt[2] < doubled[2]


def test_first_supplies_are_those_of_the_parameters(system):
    listed = params.supplies().supplies
    registry = system.contract("SupplyRegistry")
    tokens = [system.token(name).address for name in listed]
    assert registry.supplies(tokens) == [int(supply.circulating * WAD) for supply in listed.values()]
    needed = {name for index in INDEXES.values() if index.methodology.name != "FixedWeights" for name in index.weights}
    assert set(listed) == needed


def test_no_weights_out_of_a_missing_or_stale_figure(system, project, evm):
    """W2: errors of the sources arrive as they are."""
    index, registry = INDEXES["DEFI.ssi"], system.contract("SupplyRegistry")
    methodology, tokens = system.contract("CappedMarketCap"), [system.token(name).address for name in index.weights]
    parameters = index.methodology.parameters(index.weights)
    usdc, prices = system.token("USDC").address, system.oracle.prices(tokens)
    with reverts(error(project.SupplyRegistry, "SupplyRegistry_NotListed"), token=usdc):
        methodology.weights([*tokens, usdc], [*prices, WAD], parameters)

    _, posted = registry.lastPosting(tokens[0])
    control.warp(evm.rpc, 100 * DAY + 1)
    with reverts(
        error(project.SupplyRegistry, "SupplyRegistry_Stale"), token=tokens[0], postedAt=posted, maxAge=100 * DAY
    ):
        methodology.weights(tokens, prices, parameters)

    _, updated_at = control.read_feed(evm.rpc, "UNI/USD")
    evm.mine_at(updated_at + 4_501)
    expected = error(project.PriceOracle, "PriceOracle_Stale")
    with reverts(expected, token=tokens[0], source=FEEDS["UNI/USD"], updatedAt=updated_at, heartbeat=4_500):
        system.rebalancer.previewStart(system.index("DEFI.ssi"), [], 0)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        (params.Index, {"methodology": {"name": "FloorAndMarketCap", "floor": "1.1"}}, "less than or equal to 1"),
        (params.Index, {"methodology": {"name": "CappedMarketCap", "cap": "0"}}, "greater than 0"),
        (params.Index, {"methodology": {"name": "Guessing"}}, "does not match any of the expected tags"),
        (params.Supplies, {"supplies": {"WBTC": {"asset": "BTC", "circulating": "0"}}}, "greater than 0"),
        (params.Supplies, {"asOf": "lately"}, "valid date"),
    ],
)
def test_bad_parameters_are_named(kind, change, message):
    good = INDEXES["MAG7.ssi"] if kind is params.Index else params.supplies()
    with pytest.raises(ValidationError, match=message):
        kind.model_validate(good.model_dump(mode="json", by_alias=True) | change)
