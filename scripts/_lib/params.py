"""What a deployment is made of: `deployments/params/`, checked."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deployments" / "params"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Multisig(_Strict):
    """A Safe."""

    owners: list[str]
    threshold: int

    @model_validator(mode="after")
    def _possible(self) -> Multisig:
        if not 0 < self.threshold <= len(self.owners):
            raise ValueError(f"{self.threshold} of {len(self.owners)} owners cannot sign")
        return self


class External(_Strict):
    """Contracts of others that the deployment uses."""

    safe_singleton: str = Field(alias="safeSingleton")
    safe_proxy_factory: str = Field(alias="safeProxyFactory")
    safe_fallback_handler: str = Field(alias="safeFallbackHandler")
    uniswap_v2_factory: str = Field(alias="uniswapV2Factory")
    position_manager: str = Field(alias="positionManager")
    uniswap_v3_factory: str = Field(alias="uniswapV3Factory")
    permit2: str
    weth: str


class Staking(_Strict):
    """What can be staked besides the indexes, and what part of the fees their stakers get, bp."""

    stakers_part_bps: int = Field(alias="stakersPartBps")
    assets: list[str]


class Protocol(_Strict):
    """Common to all indexes. Times in seconds."""

    epoch_genesis: int = Field(alias="epochGenesis")
    epoch_length: int = Field(alias="epochLength")
    safe: Multisig
    guardian: Multisig
    staking: Staking
    contracts: External


class Leg(_Strict):
    """One leg of a price: `source` is a feed, a TWAP or an asset by name; bounds in units of the quote."""

    source: str
    kind: Literal["Aggregator", "Erc4626Rate"]
    heartbeat: int
    min: Decimal
    max: Decimal


class Hop(_Strict):
    """The Uniswap v3 pool towards WETH."""

    next: str
    fee: int


class Asset(_Strict):
    """A token: where it is, what it is worth, how it is bought."""

    address: str
    price: list[Leg]
    hop: Hop | None


class Twap(_Strict):
    """A feed of our own over a Uniswap v3 pool. Window in seconds."""

    base: str
    quote: str
    fee: int
    window: int
    min_liquidity: int = Field(alias="minLiquidity")


class Assets(_Strict):
    """Everything that indexes can hold or be bought with."""

    feeds: dict[str, str]
    twaps: dict[str, Twap]
    assets: dict[str, Asset]


class Index(_Strict):
    """One index at birth. Weights in bp of value, share price in USD, cap in whole shares."""

    name: str
    symbol: str
    weights: dict[str, int]
    share_price: Decimal = Field(alias="sharePrice")
    seed_shares: Decimal = Field(alias="seedShares")
    daily_fee_bps: Decimal = Field(alias="dailyFeeBps")
    mint_fee_bps: int = Field(alias="mintFeeBps")
    supply_cap: int = Field(alias="supplyCap")

    @model_validator(mode="after")
    def _whole(self) -> Index:
        if sum(self.weights.values()) != 10_000:
            raise ValueError(f"the weights of {self.symbol} sum up to {sum(self.weights.values())} bp")
        return self


def protocol() -> Protocol:
    """Raises pydantic.ValidationError when the file is not right."""
    return Protocol.model_validate(json.loads((FOLDER / "protocol.json").read_text()))


def assets() -> Assets:
    """Raises pydantic.ValidationError when the file is not right."""
    return Assets.model_validate(json.loads((FOLDER / "assets.json").read_text()))


def indexes() -> list[Index]:
    """In the order of the file names. Raises pydantic.ValidationError when a file is not right."""
    return [Index.model_validate(json.loads(path.read_text())) for path in sorted((FOLDER / "indexes").glob("*.json"))]
