"""The proposals that have a name. Each is built from names and numbers as people type them, and says what must come of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from eth_utils import to_checksum_address

from scripts._lib import chain
from scripts._lib.catalog import Catalog, Unknown, encoded
from scripts._lib.deployer import KINDS
from scripts._lib.evm import Deployed
from scripts._lib.proposal import IMPLEMENTATION_SLOT, Proposal


def set_fee(catalog: Catalog, symbol: str, mint_bps: int | None, daily_bps: Decimal | None) -> Proposal:
    """Fees of an index: on minting in bp, streaming in bp a day. Raises Unknown."""
    index, calls, expect, said = catalog.index(symbol), [], {}, []
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


def set_cap(catalog: Catalog, symbol: str, shares: int) -> Proposal:
    """Supply cap of an index in whole shares. Raises Unknown."""
    index = catalog.index(symbol)
    call = index.setSupplyCap.encode(_positive(shares, "the supply cap"))
    title = f"Set the supply cap of {symbol} to {shares:,} shares"
    return Proposal(f"set-cap-{symbol}", title, [(index, call)], {f"{symbol}.terms.supplyCap": shares})


def set_price(catalog: Catalog, asset: str) -> Proposal:
    """The price route of an asset of the parameters. Raises Unknown."""
    oracle, call = price_call(catalog, asset)
    token = catalog.address(asset)
    watch = [(f"route of {asset}", oracle, "route", [token]), (f"price of {asset}", oracle, "price", [token])]
    return Proposal(f"set-price-{asset}", f"Set the price route of {asset}", [(oracle, call)], watch=watch)


def set_path(catalog: Catalog, asset: str) -> Proposal:
    """The pool towards WETH of an asset of the parameters. Raises Unknown."""
    router, call = path_call(catalog, asset)
    watch = [(f"path of {asset}", router, "hop", [catalog.address(asset)])]
    return Proposal(f"set-path-{asset}", f"Set the trading path of {asset}", [(router, call)], watch=watch)


def price_call(catalog: Catalog, asset: str) -> tuple[Deployed, bytes]:
    """Contract and calldata. Raises Unknown."""
    known, record, oracle = catalog.system.assets, catalog.system.record, catalog.contract("PriceOracle")
    if asset not in known.assets:
        raise Unknown(f"deployments/params/assets.json has no asset {asset}: write down its address, its price and its hop there first.")

    def source(name: str) -> str:
        if name in known.feeds:
            return known.feeds[name]
        if name in known.twaps and name not in record.contracts:
            raise Unknown(f"The feed {name} is not deployed here: `ape run deploy` does that, anybody may.")
        return record.contracts[name] if name in known.twaps else known.assets[name].address

    legs = [
        (source(leg.source), KINDS[leg.kind], leg.heartbeat, int(leg.min * 10**18), int(leg.max * 10**18))
        for leg in known.assets[asset].price
    ]
    return oracle, oracle.setRoute.encode(known.assets[asset].address, legs)


def path_call(catalog: Catalog, asset: str) -> tuple[Deployed, bytes]:
    """Contract and calldata. Raises Unknown."""
    known, router = catalog.system.assets.assets, catalog.contract("IndexRouter")
    if asset not in known or (hop := known[asset].hop) is None:
        raise Unknown(f"deployments/params/assets.json has no hop for {asset}: write it down there first.")
    return router, router.setHop.encode(known[asset].address, known[hop.next].address, hop.fee)


def upgrade(catalog: Catalog, name: str, implementation: str | None, deployer: str | None) -> Proposal:
    """A new implementation behind the proxy of a contract, deployed now unless there is one. Raises Unknown."""
    system = catalog.system
    proxy = catalog.contract(name)
    slot = int(system.evm.rpc.call("eth_getStorageAt", proxy.address, IMPLEMENTATION_SLOT, "latest"), 16)
    if not slot or "upgradeToAndCall" not in proxy.interface.entries:
        raise Unknown(f"{name} is not upgradeable: there is no proxy in front of it.")
    if implementation is None:
        if deployer is None and not chain.is_fork():
            raise Unknown("Say who deploys the new implementation, --deployer ALIAS, or where it is, --implementation ADDRESS.")
        implementation = str(chain.signer(deployer).deploy(getattr(system.project, name)).address)
    new = to_checksum_address(catalog.address(implementation))
    _check_code(catalog, name, new)
    call = proxy.upgradeToAndCall.encode(new, b"")
    expect = {f"{name}.implementation": catalog.address(new)}
    return Proposal(f"upgrade-{name}", f"Upgrade {name} from {catalog.address(f'0x{slot:040x}')} to {new}", [(proxy, call)], expect)


def _check_code(catalog: Catalog, name: str, implementation: str) -> None:
    """The implementation is what the sources compile to, but for immutables. Raises Unknown."""
    kind = getattr(catalog.system.project, name).contract_type
    ours, theirs = bytes(kind.runtime_bytecode.to_bytes()), bytes.fromhex(_code(catalog, implementation))
    own = bytes.fromhex(implementation[2:])
    if not theirs:
        raise Unknown(f"There is no code at {implementation}.")
    if theirs.replace(own, bytes(20)) != ours:
        raise Unknown(f"The code at {implementation} is not what the sources of {name} compile to. Do not sign.")


def _code(catalog: Catalog, address: str) -> str:
    code: str = catalog.system.evm.rpc.call("eth_getCode", address, "latest")
    return code[2:]


def call(catalog: Catalog, name: str, function: str, arguments: Sequence[str]) -> Proposal:
    """Any call of any contract. Raises Unknown."""
    contract = catalog.contract(name)
    data = encoded(contract, catalog.function(contract, function), arguments, catalog)
    return Proposal(f"{function}-{name}", f"Call {catalog.call(contract.address, data)}", [(contract, data)], must_change=False)


def _positive(value: Any, what: str) -> Any:
    if value < 0:
        raise Unknown(f"{what} cannot be negative.".capitalize())
    return value
