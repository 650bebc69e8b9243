"""What a deployment is made of: the files of `ssi.places.params()`, checked."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import eth_abi
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ssi import places
from ssi.constants import BPS


class ParamsUnusable(ValueError):  # noqa: N818 - it says what is wrong
    """A file of parameters cannot be read. The message says which, and why."""


def parsed(path: Path) -> Any:
    """The JSON in a file. Raises ParamsUnusable."""
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise ParamsUnusable(
            f"{path} cannot be read: {error.strerror}. SSI_PARAMS says where parameters are."
        ) from None
    except ValueError as error:
        raise ParamsUnusable(f"{path} is no JSON: {error}.") from None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SafeParams(_Strict):
    """A Safe."""

    owners: list[str]
    threshold: int

    @model_validator(mode="after")
    def _possible(self) -> SafeParams:
        if not 0 < self.threshold <= len(self.owners):
            raise ValueError(f"{self.threshold} of {len(self.owners)} owners cannot sign")
        if len({owner.lower() for owner in self.owners}) < len(self.owners):
            raise ValueError(f"an owner is named twice: {', '.join(self.owners)}")
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


class StakingParams(_Strict):
    """What can be staked besides the indexes, and what part of the fees their stakers get, bp."""

    stakers_part_bps: int = Field(alias="stakersPartBps")
    assets: list[str]


class ProtocolParams(_Strict):
    """Common to all indexes. Times in seconds."""

    epoch_genesis: int = Field(alias="epochGenesis")
    epoch_length: int = Field(alias="epochLength")
    safe: SafeParams
    guardian: SafeParams
    staking: StakingParams
    contracts: External

    @model_validator(mode="after")
    def _apart(self) -> ProtocolParams:
        """Keys that are stolen from one multisig must not be worth anything in the other."""
        if shared := sorted(
            {owner.lower() for owner in self.safe.owners} & {owner.lower() for owner in self.guardian.owners}
        ):
            raise ValueError(
                "the Safe and the guardian share an owner, so that the veto would go with its keys:"
                f" {', '.join(shared)}"
            )
        return self


class Leg(_Strict):
    """One leg of a price: `source` is a feed, a TWAP or an asset by name; bounds in its quote; `maxMove` in bp, a round
    or a day.

    Bounds are `min` and `max`, or `within`: from that part of the answer at deployment to that multiple of it.
    """

    source: str
    kind: Literal["Aggregator", "Erc4626Rate"]
    heartbeat: int
    max_move: int = Field(alias="maxMove")
    min: Decimal | None = None
    max: Decimal | None = None
    within: int | None = Field(default=None, ge=2, le=100)

    @field_validator("min", "max")
    @classmethod
    def _four_digits(cls, bound: Decimal) -> Decimal:
        """What the oracle keeps of a bound."""
        wei = bound * 10**18
        if wei != int(wei) or len(str(int(wei)).rstrip("0")) > 4:
            raise ValueError(f"{bound}: a bound has at most four significant digits and 18 decimals")
        return bound

    @model_validator(mode="after")
    def _bounded(self) -> Leg:
        explicit = self.min is not None and self.max is not None
        if explicit == (self.within is not None) or (self.min is None) != (self.max is None):
            raise ValueError(f"{self.source}: say min and max, or within")
        return self

    def onchain(self, source: str, answer: int | None) -> tuple[str, int, int, int, int, int]:
        """As `IPriceOracle.Leg`, with the address of its source. `answer` is what a feed says now, D18.

        Raises:
            ValueError: a bound is more than a hundred times away from the answer, or the source gives no answer to
                derive it from.
        """
        kind = ("Aggregator", "Erc4626Rate").index(self.kind)
        if self.min is not None and self.max is not None:
            least, most = int(self.min * 10**18), int(self.max * 10**18)
        elif answer is not None and self.within is not None:
            least, most = _digits(answer // self.within, up=False), _digits(answer * self.within, up=True)
        else:
            raise ValueError(f"{self.source}: only of a feed can bounds be derived")
        if answer is not None and not (answer <= 100 * least and most <= 100 * answer):
            raise ValueError(f"{self.source}: bounds of {least} and {most} mean nothing around {answer}")
        return (source, kind, self.heartbeat, self.max_move, least, most)


def _digits(bound: int, up: bool) -> int:
    """The next bound of four significant digits."""
    step: int = 10 ** max(0, len(str(bound)) - 4)
    return -(-bound // step) * step if up else bound // step * step


class SecondRoute(_Strict):
    """Other sources for the same price. The two may be `maxDeviation` bp apart."""

    price: list[Leg]
    max_deviation: int = Field(alias="maxDeviation", ge=1, le=2_000)


class Hop(_Strict):
    """The Uniswap v3 pool towards WETH."""

    next: str
    fee: int


class Asset(_Strict):
    """A token: where it is, what it is worth, how it is bought."""

    address: str
    price: list[Leg]
    second: SecondRoute | None = None
    hop: Hop | None


class Twap(_Strict):
    """A feed of our own over a Uniswap v3 pool. Window in seconds, a multiple of nine."""

    base: str
    quote: str
    fee: int
    window: int


class Sequencer(_Strict):
    """Chainlink's uptime feed of a rollup's sequencer. Grace in seconds."""

    feed: str
    grace: int


class Assets(_Strict):
    """Everything that indexes can hold or be bought with. Without a rollup there is no sequencer."""

    sequencer: Sequencer | None
    feeds: dict[str, str]
    twaps: dict[str, Twap]
    assets: dict[str, Asset]


class Supply(_Strict):
    """What the asset behind a token has in circulation, whole units, rounded."""

    asset: str
    circulating: Decimal = Field(gt=0)


class Supplies(_Strict):
    """The first posting of the supply registry."""

    as_of: date = Field(alias="asOf")
    source: str
    supplies: dict[str, Supply]


class Retired(_Strict):
    """What its issuers have replaced or are about to switch off, with the reason. No deployment may stand on it."""

    tokens: dict[str, str]
    feeds: dict[str, str]


class Candidate(_Strict):
    """An asset that an index could hold. `token` is what stands for it in assets.json; without one, `lacks` says what
    is missing and `enters` what would let it in.
    """

    classes: list[str]
    token: str | None = None
    lacks: str = ""
    enters: str = ""

    @model_validator(mode="after")
    def _either(self) -> Candidate:
        if (self.token is None) != bool(self.lacks and self.enters):
            raise ValueError("say a token, or what is lacking and what would let it in")
        return self


class Ranking(_Strict):
    """An index holds the `count` largest of a class."""

    of: str = Field(alias="class")
    count: int = Field(gt=0)


class Selection(_Strict):
    """What each index chooses from; docs/selection.md says by which rule."""

    as_of: date = Field(alias="asOf")
    indexes: dict[str, Ranking]
    candidates: dict[str, Candidate]


class FloorAndMarketCap(_Strict):
    """`floor` each, the rest by market capitalisation."""

    name: Literal["FloorAndMarketCap"]
    floor: Decimal = Field(ge=0, le=1)

    def parameters(self, _weights: dict[str, int]) -> bytes:
        """As the contract of that name takes them."""
        return bytes(eth_abi.encode(["uint256"], [int(self.floor * 10**18)]))


class CappedMarketCap(_Strict):
    """By market capitalisation, none above `cap`."""

    name: Literal["CappedMarketCap"]
    cap: Decimal = Field(gt=0, le=1)

    def parameters(self, _weights: dict[str, int]) -> bytes:
        """As the contract of that name takes them."""
        return bytes(eth_abi.encode(["uint256"], [int(self.cap * 10**18)]))


class FixedWeights(_Strict):
    """The weights at birth, for ever."""

    name: Literal["FixedWeights"]

    def parameters(self, weights: dict[str, int]) -> bytes:
        """As the contract of that name takes them; `weights` in bp."""
        return bytes(eth_abi.encode(["uint256[]"], [[bps * 10**14 for bps in weights.values()]]))


Methodology = Annotated[FloorAndMarketCap | CappedMarketCap | FixedWeights, Field(discriminator="name")]


class RebalancingParams(_Strict):
    """The terms of an index's rebalances.

    Dust in parts per million of its value; `turnover` a rebalance and `daily` a day, in bp of it.
    """

    premium_bps: int = Field(alias="premiumBps")
    discount_bps: int = Field(alias="discountBps")
    hours: int
    budget_bps: int = Field(alias="budgetBps")
    dust_ppm: int = Field(alias="dustPpm")
    turnover_bps: int = Field(alias="turnoverBps")
    daily_bps: int = Field(alias="dailyBps")
    band_bps: int = Field(alias="bandBps")

    def onchain(self) -> tuple[int, ...]:
        """As `IRebalancer.RebalanceTerms`."""
        price, size = (self.premium_bps, self.discount_bps, self.hours * 3600), (self.budget_bps, self.dust_ppm)
        return (*price, *size, self.turnover_bps, self.daily_bps, self.band_bps)


class Index(_Strict):
    """One index at birth. Weights in bp of value, as the methodology weighs; share price in USD, cap in whole
    shares.
    """

    name: str
    symbol: str
    methodology: Methodology
    weights: dict[str, int]
    share_price: Decimal = Field(alias="sharePrice")
    seed_shares: Decimal = Field(alias="seedShares")
    daily_fee_bps: Decimal = Field(alias="dailyFeeBps")
    mint_fee_bps: int = Field(alias="mintFeeBps")
    supply_cap: int = Field(alias="supplyCap")
    rebalancing: RebalancingParams

    @model_validator(mode="after")
    def _whole(self) -> Index:
        if sum(self.weights.values()) != BPS:
            raise ValueError(f"the weights of {self.symbol} sum up to {sum(self.weights.values())} bp")
        return self


def protocol() -> ProtocolParams:
    """Raises ParamsUnusable, and pydantic.ValidationError when the file is not right."""
    return ProtocolParams.model_validate(parsed(places.params() / "protocol.json"))


def assets() -> Assets:
    """Raises ParamsUnusable, and pydantic.ValidationError when the file is not right."""
    return Assets.model_validate(parsed(places.params() / "assets.json"))


def supplies() -> Supplies:
    """Raises ParamsUnusable, and pydantic.ValidationError when the file is not right."""
    return Supplies.model_validate(parsed(places.params() / "supplies.json"))


def retired() -> Retired:
    """Raises ParamsUnusable, and pydantic.ValidationError when the file is not right."""
    return Retired.model_validate(parsed(places.params() / "retired.json"))


def selection() -> Selection:
    """Raises ParamsUnusable, and pydantic.ValidationError when the file is not right."""
    return Selection.model_validate(parsed(places.params() / "selection.json"))


def indexes() -> list[Index]:
    """In the order of the file names. Raises ParamsUnusable, and pydantic.ValidationError when a file is not right."""
    files = sorted((places.params() / "indexes").glob("*.json"))
    return [Index.model_validate(parsed(file)) for file in files]
