"""A price oracle of its own, and the making of what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from forks.addresses import CONTRACTS
from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY
from tests.support.reverts import error, reverts


class SourceKind(IntEnum):
    """As `IPriceOracle.SourceKind` counts."""

    FEED, RATE = range(2)


class Flaw(IntEnum):
    """As `IPriceOracle.Flaw` counts."""

    LEG_COUNT, SOURCE, DECIMALS, HEARTBEAT, BOUNDS, TOKEN, MOVE, DIGITS, DEVIATION, RATE_TWICE = range(10)


class FeedMode(IntEnum):
    """As in contracts/mocks/MockAggregator.sol."""

    HONEST, REFUSING, REFUSING_AT_LENGTH, SHORT, SILENT, VERBOSE, GREEDY = range(7)


LEAST, MOST = 10**13, 10**24
WINDOW = 1_800


@dataclass(frozen=True)
class PriceBench:
    """One oracle, and the making of what stands around it."""

    evm: Evm
    project: Any
    owner: str
    oracle: Deployed

    def token(self, decimals: int = 18) -> Deployed:
        return self.evm.deploy(self.project.PlainToken, "Token", "TOK", decimals, sender=self.owner)

    def feed(self, answer: int, decimals: int = 8) -> Deployed:
        return self.evm.deploy(self.project.MockAggregator, "Mock / USD", decimals, answer, sender=self.owner)

    def vault(self, rate: int, decimals: int = 18, asset_decimals: int = 18) -> Deployed:
        asset = self.token(asset_decimals)
        return self.evm.deploy(self.project.MockVault, asset, decimals, rate, sender=self.owner)

    def twap(self, pool: Any, base: Any, window: int = WINDOW) -> Deployed:
        factory = CONTRACTS["UniswapV3Factory"]
        return self.evm.deploy(self.project.UniswapV3TwapFeed, factory, pool, base, window, sender=self.owner)

    def route(self, token: Any, *legs: tuple[Any, ...]) -> Any:
        return self.oracle.setRoute(token, list(legs), sender=self.owner)

    def second_route(self, token: Any, *legs: tuple[Any, ...], deviation: int = 200) -> Any:
        return self.oracle.setSecondRoute(token, list(legs), deviation, sender=self.owner)

    def refuses(self, name: str, **inputs: Any) -> Any:
        return reverts(error(self.project.PriceOracle, name), **inputs)

    def twap_refuses(self, name: str, **inputs: Any) -> Any:
        return reverts(error(self.project.UniswapV3TwapFeed, f"UniswapV3TwapFeed_{name}"), **inputs)

    def flaw(self, token: Any, flaw: Flaw) -> Any:
        return self.refuses("PriceOracle_InvalidRoute", token=token, flaw=flaw)


def leg(source: Any, heartbeat: int = DAY, least: int = LEAST, most: int = MOST, max_move: int = 0) -> tuple[Any, ...]:
    return (source, SourceKind.FEED, heartbeat, max_move, least, most)


def rate_leg(source: Any, least: int = LEAST, most: int = MOST, max_move: int = 100) -> tuple[Any, ...]:
    return (source, SourceKind.RATE, 0, max_move, least, most)
