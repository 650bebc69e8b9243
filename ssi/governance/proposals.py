"""The proposals that have a name.

Each is built from names and numbers as people type them, and says what must come of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import eth_abi
from eth_utils import to_checksum_address

from ssi.chain import network
from ssi.chain.abi import decode
from ssi.chain.evm import Deployed, Interface
from ssi.chain.forking import Forks
from ssi.constants import DAY, IMPLEMENTATION_SLOT
from ssi.governance import storage as layout
from ssi.governance.decoder import Decoder, Unknown, encoded, parsed
from ssi.governance.proposal import Proposal, Watch, foreseen
from ssi.governance.starting import Bounds, start_call
from ssi.registry.params import Leg
from ssi.registry.system import System

FIXED = "FixedWeights"


def set_fee(decoder: Decoder, symbol: str, mint_bps: int | None, daily_bps: Decimal | None) -> Proposal:
    """Fees of an index: on minting in bp, streaming in bp a day. Raises Unknown."""
    index, calls, expect, said = decoder.index(symbol), [], {}, []
    if mint_bps is not None:
        calls.append((index, index.setMintFee.encode(_positive(mint_bps, "the mint fee"))))
        expect[f"{symbol}.terms.mintFee"] = mint_bps
        said.append(f"the mint fee of {symbol} to {mint_bps} bp")
    if daily_bps is not None:
        daily = int(_positive(daily_bps, "the streaming fee") * 10**14)
        calls.append((index, index.setStreamingFee.encode(daily)))
        expect[f"{symbol}.terms.dailyFee"] = daily
        said.append(f"the streaming fee of {symbol} to {daily_bps} bp a day")
    if not calls:
        raise Unknown("Say which fee: --mint-bps or --daily-bps, or both.")
    return Proposal(f"set-fee-{symbol}", "Set " + " and ".join(said), calls, expect)


def set_cap(decoder: Decoder, symbol: str, shares: int) -> Proposal:
    """Supply cap of an index in whole shares. Raises Unknown."""
    index = decoder.index(symbol)
    call = index.setSupplyCap.encode(_positive(shares, "the supply cap"))
    title = f"Set the supply cap of {symbol} to {shares:,} shares"
    return Proposal(f"set-cap-{symbol}", title, [(index, call)], {f"{symbol}.terms.supplyCap": shares})


def set_price(decoder: Decoder, asset: str) -> Proposal:
    """The price route of an asset of the parameters. Raises Unknown."""
    (oracle, call), token = price_call(decoder, asset), decoder.address(asset)
    calls = [(oracle, call)]
    if decoder.system.assets.assets[asset].second is not None:
        calls.append(second_price_call(decoder, asset))
    watch = [(f"{what} of {asset}", oracle, what, [token]) for what in ("route", "secondRoute", "price")]
    return Proposal(f"set-price-{asset}", f"Set the price route of {asset}", calls, watch=watch)


def set_path(decoder: Decoder, asset: str) -> Proposal:
    """The pool towards WETH of an asset of the parameters. Raises Unknown."""
    router, call = path_call(decoder, asset)
    watch = [(f"path of {asset}", router, "hop", [decoder.address(asset)])]
    return Proposal(f"set-path-{asset}", f"Set the trading path of {asset}", [(router, call)], watch=watch)


def price_call(decoder: Decoder, asset: str) -> tuple[Deployed, bytes]:
    """Contract and calldata. Raises Unknown."""
    known, oracle = decoder.system.assets.assets, decoder.contract("PriceOracle")
    if asset not in known:
        raise Unknown(
            f"deployments/params/assets.json has no asset {asset}: write down its address, its price and its hop there"
            " first."
        )
    return oracle, oracle.setRoute.encode(known[asset].address, _legs(decoder, known[asset].price))


def second_price_call(decoder: Decoder, asset: str) -> tuple[Deployed, bytes]:
    """The same for the second route of an asset that has one. Raises Unknown."""
    oracle, second = decoder.contract("PriceOracle"), decoder.system.assets.assets[asset].second
    if second is None:
        raise Unknown(f"deployments/params/assets.json has no second price of {asset}.")
    legs = _legs(decoder, second.price)
    return oracle, oracle.setSecondRoute.encode(decoder.address(asset), legs, second.max_deviation)


def _legs(decoder: Decoder, legs: Sequence[Leg]) -> list[tuple[str, int, int, int, int, int]]:
    """As the oracle takes them, with bounds around what their feeds say now where the parameters say so.

    Raises Unknown.
    """
    known, record, evm = decoder.system.assets, decoder.system.record, decoder.system.evm

    def source(name: str) -> str:
        if name in known.feeds:
            return known.feeds[name]
        if name in known.twaps and name not in record.contracts:
            raise Unknown(f"The feed {name} is not deployed here: `ape run deploy` does that, from any account.")
        return record.contracts[name] if name in known.twaps else known.assets[name].address

    found = []
    for leg in legs:
        feed = evm.at(decoder.interfaces["UniswapV3TwapFeed"], source(leg.source))  # any feed, for what is asked of it
        answer = None
        if leg.kind == "Aggregator":
            answer = feed.latestRoundData().answer * 10 ** (18 - feed.decimals())
        try:
            found.append(leg.onchain(feed.address, answer))
        except ValueError as error:
            raise Unknown(str(error)) from None
    return found


def path_call(decoder: Decoder, asset: str) -> tuple[Deployed, bytes]:
    """Contract and calldata. Raises Unknown."""
    known, router = decoder.system.assets.assets, decoder.contract("IndexRouter")
    if asset not in known or (hop := known[asset].hop) is None:
        raise Unknown(f"deployments/params/assets.json has no hop for {asset}: write it down there first.")
    return router, router.setHop.encode(known[asset].address, known[hop.next].address, hop.fee)


def upgrade(
    decoder: Decoder,
    name: str,
    implementation: str | None,
    deploying: Callable[[], Any] | None,
    arguments: Sequence[str] = (),
) -> Proposal:
    """A new implementation behind a proxy, deployed now unless there is one; what is in its code stays unless
    `arguments` say else.

    `deploying` gives the Ape account that deploys, or raises where its owner says no.

    Raises:
        Unknown: the contract has no proxy, the storage would break, or the code at `implementation` is something else.
    """
    system = decoder.system
    proxy = decoder.contract(name)
    slot = int(system.evm.rpc.call("eth_getStorageAt", proxy.address, IMPLEMENTATION_SLOT, "latest"), 16)
    if not slot or "upgradeToAndCall" not in proxy.interface.entries:
        raise Unknown(f"{name} is not upgradeable: there is no proxy in front of it.")
    account = None
    if implementation is None:
        if deploying is None:
            raise Unknown(
                "Say who deploys the new implementation, --deployer ALIAS, or where it is, --implementation ADDRESS."
            )
        account = deploying()
    else:
        implementation = decoder.address(implementation)
        if not network.code(implementation):
            raise Unknown(f"There is no code at {implementation}.")
    values = _construction(decoder, proxy, name, arguments)
    if (why := layout.unsafe(name)) is not None:
        raise Unknown(f"The sources of {name} are no safe upgrade: {why}")
    if account is not None:
        implementation = account.deploy(getattr(system.project, name), *values).address
    new = to_checksum_address(str(implementation))
    _require_code(decoder, name, new, values)
    call = proxy.upgradeToAndCall.encode(new, b"")
    title = f"Upgrade {name} from {decoder.address(f'0x{slot:040x}')} to {new}"
    return Proposal(f"upgrade-{name}", title, [(proxy, call)], {f"{name}.implementation": new})


def _construction(decoder: Decoder, proxy: Deployed, name: str, arguments: Sequence[str]) -> list[Any]:
    """The arguments of the constructor: as given, else what the getters of the same names say now. Raises Unknown."""
    abi = getattr(decoder.system.project, name).contract_type.abi
    inputs = [
        i.model_dump(mode="json", by_alias=True) for entry in abi if entry.type == "constructor" for i in entry.inputs
    ]
    if arguments:
        if len(arguments) != len(inputs):
            raise Unknown(f"{name} is constructed from {len(inputs)} arguments, not {len(arguments)}.")
        return [parsed(parameter, text, decoder) for parameter, text in zip(inputs, arguments, strict=True)]
    getters = [parameter["name"].rstrip("_") for parameter in inputs]
    unknown = [getter for getter in getters if f"{getter}()" not in proxy.interface.entries]
    if unknown:
        raise Unknown(
            f"{name} does not tell its {', '.join(unknown)}: say all arguments of its constructor with --argument."
        )
    return [proxy[f"{getter}()"].call() for getter in getters]


def _require_code(decoder: Decoder, name: str, implementation: str, values: Sequence[Any]) -> None:
    """The code is what these sources and arguments leave on chain, but for where it knows its own address.

    Raises Unknown.
    """
    evm, kind = decoder.system.evm, getattr(decoder.system.project, name)
    theirs = bytes.fromhex(evm.rpc.call("eth_getCode", implementation, "latest")[2:])
    creation = bytes(kind.contract_type.deployment_bytecode.to_bytes()) + eth_abi.encode(
        Interface.of(kind).constructor, list(values)
    )
    ours, itself = evm.call(None, creation, where=f"new {name}"), bytes.fromhex(implementation[2:])
    places = [n for n in range(len(theirs)) if theirs.startswith(itself, n)]
    selves = {ours[n : n + 20] for n in places}
    if len(selves) > 1 or theirs.replace(itself, bytes(20)) != ours.replace(next(iter(selves), itself), bytes(20)):
        raise Unknown(f"The code at {implementation} is not what the sources of {name} compile to. Do not sign.")


def call(decoder: Decoder, name: str, function: str, arguments: Sequence[str]) -> Proposal:
    """Any call of any contract. Raises Unknown."""
    contract = decoder.contract(name)
    data = encoded(contract, decoder.function(contract, function), arguments, decoder)
    return Proposal(
        f"{function}-{name}", f"Call {decoder.call(contract.address, data)}", [(contract, data)], must_change=False
    )


# ---------------------------------------------------------------- rebalancing


def rebalance(decoder: Decoder, symbol: str, bounds: Bounds = Bounds()) -> Proposal:  # noqa: B008 - it is frozen
    """A start of the rebalance of an index, by its plan as it is, near the prices and targets of now.

    Raises Unknown, Reverted.
    """
    index, rebalancer = decoder.index(symbol), _rebalancer(decoder)
    _known_plan(rebalancer, symbol, index)
    call, turnover = start_call(rebalancer, index, _latest(decoder, bounds), bounds)
    title = f"Rebalance {symbol}: {_said(turnover, bounds)}"
    watch = [_watched(rebalancer, symbol, index)]
    return Proposal(f"rebalance-{symbol}", title, [(rebalancer, call)], watch=watch, rebalanced=symbol)


def set_terms(decoder: Decoder, symbol: str, terms: Sequence[int | None]) -> Proposal:
    """The terms of rebalances to come, in the order of `IRebalancer.RebalanceTerms`; None leaves one as it is now.

    Raises Unknown.
    """
    index, rebalancer = decoder.index(symbol), _rebalancer(decoder)
    now = rebalancer.planOf(index.address).terms
    words = tuple(old if new is None else new for new, old in zip(terms, now, strict=True))
    title = f"Set the terms of rebalances of {symbol}"
    return Proposal(
        f"set-terms-{symbol}",
        title,
        [(rebalancer, rebalancer.setTerms.encode(index.address, words))],
        watch=[(f"plan of {symbol}", rebalancer, "planOf", [index.address])],
    )


def set_methodology(decoder: Decoder, symbol: str, methodology: str, bps: int | None, words: Sequence[str]) -> Proposal:
    """How an index is weighed: by `FixedWeights`, constituents as NAME=BP; by another, NAME, with floor or cap in
    `bps`.

    Raises Unknown.
    """
    weights = dict(_weighted(word) for word in words)
    if methodology == FIXED:
        parameters = _fixed({name: weight or 0 for name, weight in weights.items()})
    elif bps is None or any(weight is not None for weight in weights.values()):
        raise Unknown(f"{methodology} takes one number, --bps, and constituents without weights.")
    else:
        parameters = bytes(eth_abi.encode(["uint256"], [bps * 10**14]))
    call = _plan_call(decoder, symbol, decoder.address(methodology), list(weights), parameters)
    title = f"Weigh {symbol} by {methodology}: {', '.join(words)}"
    return Proposal(f"set-methodology-{symbol}", title, [call], watch=[_plan_watched(decoder, symbol)])


def change_constituents(
    decoder: Decoder,
    symbol: str,
    add: str | None,
    remove: str | None,
    bps: int | None,
    forks: Forks,
    bounds: Bounds = Bounds(),  # noqa: B008 - it is frozen
    price: Decimal | None = None,
) -> Proposal:
    """Another list of constituents, and at once the rebalance that trades them: what is added is priced, traded,
    weighed and bought.

    `FixedWeights` wants the weight of what is added, unless it takes over that of what is removed; the others keep
    their proportions.
    `price` in USD sells what is removed although the oracle has none for it.

    Raises:
        Unknown: the asset is not in the parameters, is in the index already, or is not.
        Refused: what comes before the start, or the start itself, would fail.
    """
    index, rebalancer = decoder.index(symbol), _rebalancer(decoder)
    plan = _known_plan(rebalancer, symbol, index)
    names = [decoder.name(token) for token in plan.tokens]
    if add in names:
        raise Unknown(f"{add} is a constituent of {symbol} already.")
    if remove is not None and remove not in names:
        raise Unknown(f"{remove} is not a constituent of {symbol}. Those are {', '.join(names)}.")
    calls = []
    if add is not None:
        token, (oracle, priced), (router, path) = (
            decoder.address(add),
            price_call(decoder, add),
            path_call(decoder, add),
        )
        if not oracle.route(token):
            calls.append((oracle, priced))
        if not router.hop(token).fee:
            calls.append((router, path))
    kept = [name for name in names if name != remove]
    parameters = plan.parameters
    if decoder.name(plan.methodology) == FIXED:
        (old,) = decode(["uint256[]"], plan.parameters)
        parameters = _fixed(_reweighed(dict(zip(names, old, strict=True)), add, remove, bps), unit=1)
    calls.append(_plan_call(decoder, symbol, plan.methodology, [*kept, *([add] if add else [])], parameters))
    latest, given = (
        _latest(decoder, bounds),
        {} if price is None or remove is None else {decoder.address(remove): int(price * 10**18)},
    )

    def start(fork: System) -> tuple[bytes, int]:
        return start_call(fork.rebalancer, fork.index(symbol), latest, bounds, given)

    started, turnover = foreseen(decoder.system, calls, forks, start)
    calls.append((rebalancer, started))
    said = [f"add {add}" if add else "", f"remove {remove}" if remove else ""]
    title = f"{' and '.join(filter(None, said)).capitalize()} in {symbol}, and rebalance: {_said(turnover, bounds)}"
    watch = [_watched(rebalancer, symbol, index), _plan_watched(decoder, symbol)]
    return Proposal(f"constituents-{symbol}", title, calls, watch=watch, rebalanced=symbol)


def add_constituent(
    decoder: Decoder,
    symbol: str,
    asset: str,
    instead_of: str | None = None,
    bps: int | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008 - it is frozen
    *,
    forks: Forks,
) -> Proposal:
    """An asset of the parameters into an index, in the place of another where `instead_of` says so.

    Raises as `change_constituents` does.
    """
    return change_constituents(decoder, symbol, asset, instead_of, bps, forks, bounds)


def remove_constituent(
    decoder: Decoder,
    symbol: str,
    asset: str,
    price: Decimal | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008 - it is frozen
    *,
    forks: Forks,
) -> Proposal:
    """A constituent out of an index; sold by `price` in USD where the oracle has none for it.

    Raises as `change_constituents` does.
    """
    return change_constituents(decoder, symbol, None, asset, None, forks, bounds, price)


def _reweighed(weights: dict[str, int], add: str | None, remove: str | None, bps: int | None) -> dict[str, int]:
    """D18 weights after the change; they sum to 1e18, what division leaves goes to the first. Raises Unknown."""
    freed = weights.pop(remove, 0) if remove else 0
    taken = bps * 10**14 if bps is not None else freed if add else 0
    if add and not 0 < taken < 10**18:
        raise Unknown(f"Say how much of the index {add} shall be: --bps, from 1 to 9999.")
    rest = sum(weights.values())
    if not rest:
        raise Unknown("Nothing would be left of the others.")
    new = {name: weight * (10**18 - taken) // rest for name, weight in weights.items()}
    new[next(iter(new))] += 10**18 - taken - sum(new.values())
    return new | ({add: taken} if add else {})


def _weighted(word: str) -> tuple[str, int | None]:
    name, _, weight = word.partition("=")
    if weight and not weight.isdecimal():
        raise Unknown(f"{word!r} is not NAME or NAME=BP.")
    return name, int(weight) if weight else None


def _fixed(weights: Mapping[str, int], unit: int = 10**14) -> bytes:
    if (total := sum(weights.values()) * unit) != 10**18:
        raise Unknown(f"The weights sum up to {total // 10**14} bp, not to 10000.")
    return bytes(eth_abi.encode(["uint256[]"], [[weight * unit for weight in weights.values()]]))


def _plan_call(
    decoder: Decoder, symbol: str, methodology: str, names: Sequence[str], parameters: bytes
) -> tuple[Deployed, bytes]:
    rebalancer, index = _rebalancer(decoder), decoder.index(symbol)
    tokens = [decoder.address(name) for name in names]
    return rebalancer, rebalancer.setMethodology.encode(index.address, methodology, tokens, parameters)


def _known_plan(rebalancer: Deployed, symbol: str, index: Deployed) -> Any:
    plan = rebalancer.planOf(index.address)
    if not plan.tokens:
        raise Unknown(f"{symbol} has no methodology yet: `ape run propose set-methodology` first.")
    return plan


def _plan_watched(decoder: Decoder, symbol: str) -> Watch:
    return (f"plan of {symbol}", _rebalancer(decoder), "planOf", [decoder.index(symbol).address])


def _latest(decoder: Decoder, bounds: Bounds) -> int:
    return decoder.system.evm.now + bounds.days * DAY


def _said(turnover: int, bounds: Bounds) -> str:
    near = f"prices within {bounds.price_bps / 100:g} %, targets within {bounds.target_bps / 100:g} % of what they are"
    return f"sell {turnover / 100:.2f} % of it, within {bounds.days} days, {near}"


def _watched(rebalancer: Deployed, symbol: str, index: Deployed) -> Watch:
    return (f"rebalance of {symbol}", rebalancer, "status", [index.address])


def _rebalancer(decoder: Decoder) -> Deployed:
    return decoder.contract("Rebalancer")


def _positive(value: Any, what: str) -> Any:
    if value < 0:
        raise Unknown(f"{what} cannot be negative.".capitalize())
    return value
