"""A new index with all that belongs to it, as one proposal; and how the record comes to know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Any

import eth_abi
from eth_utils import keccak, to_checksum_address
from pydantic import ValidationError

from ssi.chain.evm import Deployed, Interface
from ssi.constants import CREATE2, NOTICE, WAD, ZERO
from ssi.governance.decoder import Decoder, Unknown
from ssi.governance.externals import DEPLOYER, POSITIONS, created
from ssi.governance.proposal import Proposal, born
from ssi.governance.proposals import FIXED, path_call, price_call, second_price_call
from ssi.governance.scheduled import announced
from ssi.index.seeding import seed_amounts, units_for
from ssi.registry import params
from ssi.registry.system import System

LATEST = 2**40  # an epoch that comes after all
SALT = bytes(32)
_BORN_AS = ("name", "symbol", "tokens", "units", "feeReceiver", "dailyFee", "mintFee", "supplyCap")  # `NewIndex`
V3 = 2  # as `ILpLocker.PoolKind` counts
POOL_CODE = bytes.fromhex("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54")  # of a Uniswap v3 pool
Call = tuple[Deployed, bytes]


@dataclass(frozen=True)
class PoolTerms:
    """A Uniswap v3 pool of the index, whose liquidity can be locked: with which asset, at which fee in millionths."""

    other: str
    fee: int


def read(path: Path) -> params.Index:
    """An index out of a file such as those of the parameters. Raises ParamsUnusable, and Unknown where it is not
    right.
    """
    try:
        return params.Index.model_validate(params.parsed(path))
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Unknown(f"{path}: {where + ': ' if where else ''}{first['msg']}") from None


def add_index(decoder: Decoder, new: params.Index, block: int | None = None, pool: PoolTerms | None = None) -> Proposal:
    """An index with all that belongs to it: prices and paths of what is new in it, its birth, terms and
    methodology, its staked token with roles and part of the fees, the router's leave to stake it, a pool, and points.

    Args:
        block: its prices make the first units, so that every signer computes the same; the last one unless told.

    Raises Unknown.
    """
    system, symbol = decoder.system, new.symbol
    block = block or system.evm.block
    if symbol in system.record.indexes:
        raise Unknown(f"{symbol} is there already.")
    if unknown := [name for name in new.weights if name not in system.assets.assets]:
        raise Unknown(f"deployments/params/assets.json has no asset {unknown[0]}: write it down there first.")
    birth = _Birth(decoder, new, block)
    calls = [*birth.before(), birth.creation(), *birth.after(), *(birth.pool(pool) if pool else ())]
    calls.append(birth.points())
    watch = [
        (f"{symbol} is an index", system.factory, "isIndex", [birth.index]),
        (f"plan of {symbol}", system.rebalancer, "planOf", [birth.index]),
        (f"staked token of {symbol}", system.distributor, "stakedTokenOf", [birth.index]),
        ("sources of points from the next epoch on", system.prices, "sourcesOf", [LATEST]),
    ]
    return Proposal(
        f"add-index-{symbol}",
        f"Create {symbol} at {birth.index}, its staked token at {birth.staked}"
        + (f", and a pool with {pool.other} at {pool.fee / 10_000:g} %" if pool else "")
        + f"; units by the prices of block {block}",
        calls,
        {f"{symbol} is an index": True, f"staked token of {symbol}": birth.staked},
        watch,
        seed=dict(zip(new.weights, birth.amounts, strict=True)),
    )


class _Birth:
    """The calls, and the addresses that follow from them."""

    def __init__(self, decoder: Decoder, new: params.Index, block: int) -> None:
        self.decoder, self.system, self.new, self.block = decoder, decoder.system, new, block
        self.protocol = params.protocol()
        self.index = to_checksum_address(self.system.factory.indexAddress(new.symbol))
        self.tokens = [self.system.assets.assets[name].address for name in new.weights]
        self.units = [
            units_for(new.share_price, weight, self.price(name), self.system.token(name).decimals())
            for name, weight in new.weights.items()
        ]
        self.amounts = seed_amounts(self.units, int(new.seed_shares * WAD), new.mint_fee_bps)
        self.code = self._staked_code()
        self.staked = created(CREATE2, SALT, keccak(self.code))

    def price(self, name: str) -> int:
        """D18{USD/whole token}: the oracle's, or what its sources say where it has no route yet."""
        oracle, token, found = self.system.oracle, self.decoder.address(name), Fraction(WAD)
        if oracle.route(token):
            return int(self._at_block(oracle, "price", token))
        _, call = price_call(self.decoder, name)
        for leg in oracle.interface["setRoute"].arguments(call[4:])["legs"]:
            source = self.system.evm.at(self.decoder.interfaces["UniswapV3TwapFeed"], leg.source)
            if leg.kind:
                vault = self.system.evm.at(self.system.project.StakedToken, leg.source)
                found *= Fraction(self._at_block(vault, "convertToAssets", WAD), WAD)
            else:
                answer = self._at_block(source, "latestRoundData").answer
                found *= Fraction(answer, 10 ** source.decimals())
        return int(found)

    def _at_block(self, contract: Deployed, function: str, *args: Any) -> Any:
        (value,) = self.system.evm.batch([(contract[function], args)], self.block)
        return value

    def before(self) -> Iterator[Call]:
        """Prices, paths and supplies of what no index has held before."""
        oracle, router = self.system.oracle, self.system.router
        listed: dict[str, int] = {}
        supplies = params.supplies().supplies
        for name, token in zip(self.new.weights, self.tokens, strict=True):
            if not oracle.route(token):
                yield price_call(self.decoder, name)
                if self.system.assets.assets[name].second is not None:
                    yield second_price_call(self.decoder, name)
            if self.system.assets.assets[name].hop is not None and not router.hop(token).fee:
                yield path_call(self.decoder, name)
            registry = self.system.contract("SupplyRegistry")
            if self.new.methodology.name != FIXED and not registry.lastPosting(token).amount:
                if name not in supplies:
                    raise Unknown(f"deployments/params/supplies.json has no supply of {name}: write it down first.")
                listed[token] = int(supplies[name].circulating * WAD)
        if listed:
            registry = self.system.contract("SupplyRegistry")
            yield registry, registry.list.encode(list(listed), list(listed.values()))

    def creation(self) -> Call:
        """The birth itself; its first shares go to the Safe."""
        new, factory, record = self.new, self.system.factory, self.system.record
        code = bytes(self.system.project.IndexToken.contract_type.deployment_bytecode.to_bytes())
        distributor = record.contracts["FeeDistributor"]
        daily = int(new.daily_fee_bps * 10**14)
        born_as = (
            new.name, new.symbol, self.tokens, self.units, distributor, daily, new.mint_fee_bps, new.supply_cap,
        )  # fmt: skip
        given = dict(zip(_BORN_AS, born_as, strict=True))
        # The factory would not pass on what the constructor refuses.
        self.system.evm.call(None, code + _construction(self.system, given), sender=factory.address)
        seed, receiver = int(new.seed_shares * WAD), record.contracts["Safe"]
        return factory, factory.createIndex.encode(code, born_as, seed, receiver, self.amounts)

    def after(self) -> Iterator[Call]:
        """Terms, methodology, and the staked token with what belongs to it."""
        system, new, rebalancer = self.system, self.new, self.system.rebalancer
        yield rebalancer, rebalancer.setTerms.encode(self.index, new.rebalancing.onchain())
        methodology = self.decoder.address(new.methodology.name)
        parameters = new.methodology.parameters(new.weights)
        yield rebalancer, rebalancer.setMethodology.encode(self.index, methodology, self.tokens, parameters)

        yield system.evm.at(DEPLOYER, CREATE2), SALT + self.code
        roles: dict[int, list[bytes]] = {}
        for row in system.contract("RoleTable").rows():
            if row.target == "StakedToken":
                roles.setdefault(row.role, []).append(row.selector)
        for role, selectors in roles.items():
            yield system.manager, system.manager.setTargetFunctionRole.encode(self.staked, selectors, role)
        yield system.manager, system.manager.setTargetAdminDelay.encode(self.staked, NOTICE)
        split = system.distributor.setSplit
        yield system.distributor, split.encode(self.index, self.staked, self.protocol.staking.stakers_part_bps)
        yield system.router, system.router.prepare.encode(self.index)

    def pool(self, terms: PoolTerms) -> Iterator[Call]:
        """A pool at the price of a share, and the locker's leave to lock its liquidity."""
        other, external = self.decoder.address(terms.other), self.protocol.contracts
        worth = Fraction(self.new.share_price) * WAD / self.price(terms.other)  # whole tokens of the other a share
        raw = worth * 10 ** int(self.system.token(other).decimals()) / WAD
        token0, token1 = sorted((self.index, other), key=lambda address: int(address, 16))
        ratio = raw if token0 == self.index else 1 / raw
        root = isqrt((ratio.numerator << 192) // ratio.denominator)
        positions = self.system.evm.at(POSITIONS, external.position_manager)
        create = positions.createAndInitializePoolIfNecessary
        yield positions, create.encode(token0, token1, terms.fee, root)
        salt = keccak(eth_abi.encode(["address", "address", "uint24"], [token0, token1, terms.fee]))
        pool = created(external.uniswap_v3_factory, salt, POOL_CODE)
        yield self.system.locker, self.system.locker.addPool.encode(pool, V3)

    def points(self) -> Call:
        """All sources as they are, and the new pair."""
        prices = self.system.prices
        now = prices.sourcesOf(LATEST)
        pairs = [*map(tuple, now.pairs), (self.index, self.staked)]
        return prices, prices.setSources.encode((pairs, now.stakedSoso, now.locker, now.referrals))

    def _staked_code(self) -> bytes:
        kind, symbol = self.system.project.StakedToken, self.new.symbol
        epochs = (self.protocol.epoch_genesis, self.protocol.epoch_length)
        arguments = (self.system.manager.address, self.index, f"Staked {self.new.name}", f"s{symbol}", *epochs)
        encoded: bytes = eth_abi.encode(Interface.of(kind).constructor, arguments)
        return bytes(kind.contract_type.deployment_bytecode.to_bytes()) + encoded


# ---------------------------------------------------------------- the record


def adopt(system: System) -> list[str]:
    """Writes indexes and staked tokens that governance has created into the record. Returns their names."""
    record, added = system.record, list[str]()
    for address in map(to_checksum_address, system.factory.indexes()):
        index = system.evm.at(system.project.IndexToken, address)
        symbol = index.symbol()
        if symbol not in record.indexes:
            record.indexes[symbol] = address
            record.created(symbol, "IndexToken", _construction(system, _announced(system)[symbol].named()))
            added.append(symbol)
        staked = to_checksum_address(system.distributor.stakedTokenOf(address))
        if symbol not in record.staked and staked != ZERO:
            record.staked[symbol] = staked
            token = system.evm.at(system.project.StakedToken, staked)
            epochs = (token.epochGenesis(), token.epochLength())
            arguments = (system.manager.address, address, token.name(), token.symbol(), *epochs)
            record.created(
                f"s{symbol}",
                "StakedToken",
                eth_abi.encode(Interface.of(system.project.StakedToken).constructor, arguments),
            )
            added.append(f"s{symbol}")
    if added:
        record.save()
    return added


def _announced(system: System) -> Mapping[str, Any]:
    """What governance has announced new indexes to be born as, by symbol."""
    births = (born(system, target, data) for target, data in announced(system))
    return {birth["newIndex"].symbol: birth["newIndex"] for birth in births if birth}


def _construction(system: System, new: Mapping[str, Any]) -> bytes:
    """The arguments of the constructor, as the factory makes them."""
    factory = system.factory
    given = {**new} | {
        "authority": system.manager.address,
        "rebalancer": factory.rebalancer(),
        "epochGenesis": factory.epochGenesis(),
        "epochLength": factory.epochLength(),
    }
    return bytes(system.project.IndexToken.constructor.encode_input(given))
