"""The module that prices: feeds over pools, a route for every asset, and a second one where there is a second
source.
"""

from __future__ import annotations

from typing import Any

from ssi.constants import BLOCK
from ssi.deploy.builder import Builder
from ssi.registry import params

_SLOT0 = (
    "sqrtPriceX96:uint160",
    "tick:int24",
    "index:uint16",
    "cardinality:uint16",
    "cardinalityNext:uint16",
    "fee:uint8",
    "unlocked:bool",
)


def _function(name: str, mutability: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> dict[str, Any]:
    def parameters(of: tuple[str, ...]) -> list[dict[str, str]]:
        return [dict(zip(("name", "type"), each.split(":"), strict=True)) for each in of]

    return {
        "type": "function",
        "name": name,
        "stateMutability": mutability,
        "inputs": parameters(inputs),
        "outputs": parameters(outputs),
    }


_FACTORY = [_function("getPool", "view", ("a:address", "b:address", "fee:uint24"), ("pool:address",))]
_POOL = [
    _function("slot0", "view", (), _SLOT0),
    _function("increaseObservationCardinalityNext", "nonpayable", ("observationCardinalityNext:uint16",), ()),
]


class HistoryTooShort(Exception):  # noqa: N818 - it says what is wrong
    """A pool keeps too few observations for a feed."""


def deploy(d: Builder, oracle: Any) -> None:
    """Sets all prices. The deployer must govern.

    Raises:
        HistoryTooShort: a pool has to be traded for a while; the same command goes on afterwards.
        ValueError: the bounds of a price mean nothing.
    """
    for name, asset in d.assets.assets.items():
        if (step := f"price of {name}") not in d.record.steps:
            d.once(step, oracle.setRoute, asset.address, _legs(d, asset.price))
    for name, asset in d.assets.assets.items():
        if asset.second is not None and (step := f"second price of {name}") not in d.record.steps:
            d.once(step, oracle.setSecondRoute, asset.address, _legs(d, asset.second.price), asset.second.max_deviation)


def _legs(d: Builder, legs: list[params.Leg]) -> list[tuple[str, int, int, int, int, int]]:
    found = []
    for leg in legs:
        source = _source(d, leg.source)
        feed = d.project.UniswapV3TwapFeed.at(source)  # any feed, for what is asked of it
        answer = None
        if leg.kind == "Aggregator":
            answer = feed.latestRoundData()[1] * 10 ** (18 - feed.decimals())
        found.append(leg.onchain(source, answer))
    return found


def _source(d: Builder, name: str) -> str:
    if name in d.assets.feeds:
        return d.assets.feeds[name]
    if name in d.assets.twaps:
        return _twap(d, name, d.assets.twaps[name])
    return d.assets.assets[name].address


def _twap(d: Builder, name: str, twap: params.Twap) -> str:
    from ape import Contract

    factory = d.protocol.contracts.uniswap_v3_factory
    base, quote = (d.assets.assets[token].address for token in (twap.base, twap.quote))
    pool = Contract(factory, abi=_FACTORY).getPool(base, quote, twap.fee)
    if name not in d.record.contracts:
        _remember(d, name, Contract(pool, abi=_POOL), twap.window // BLOCK + 1)
    feed: str = d.contract("UniswapV3TwapFeed", factory, pool, base, twap.window, key=name).address
    return feed


def _remember(d: Builder, name: str, pool: Any, needed: int) -> None:
    """Pays for the history that a feed needs. A pool takes it into use when its trades have filled what it
    had before.
    """
    before = pool.slot0()
    if before.cardinalityNext < needed:
        d.once(f"history of {name}", pool.increaseObservationCardinalityNext, needed)
    if before.cardinality < needed:
        raise HistoryTooShort(
            f"{name}: the pool {pool.address} keeps {before.cardinality} of {needed} observations. More are paid for;"
            f" they count once {before.cardinality - before.index} more blocks have traded in it, and the average needs"
            f" {needed * BLOCK // 60} minutes from then on. Run this again then: it goes on from here."
        )
