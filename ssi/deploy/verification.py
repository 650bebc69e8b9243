"""Is what stands at the addresses of a record what its sources say? Asked of the chain alone, without an explorer."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils import function_signature_to_4byte_selector, to_checksum_address

from ssi.chain.rpc import RpcError
from ssi.constants import IMPLEMENTATION_SLOT
from ssi.deploy import sources
from ssi.registry.record import Record

# Immutables that a constructor measures on the chain as it is in its block, with the view that tells each.
MEASURED = {"UniswapV3TwapFeed": "minLiquidity()"}
PROXY, BEHIND = "ProtocolProxy", "Implementation"


@dataclass(frozen=True)
class Finding:
    """What was found about one contract. `difference` is empty where it is what the sources say. `measured` is the one
    immutable that a constructor works out from the chain as it was in its block, in hex; empty where there is none.
    """

    name: str
    address: str
    contract: str
    difference: str
    measured: str = ""


class InputMissing(ValueError):  # noqa: N818 - it says what is wrong
    """There is no input to compile for a contract of the record. The message says what to do."""


def inputs(folder: Path, record: Record) -> dict[str, sources.Input]:
    """The inputs of a record by the contract's name, as the deployment wrote them.

    Raises InputMissing.
    """
    found = {}
    for name in sorted({creation["contract"] for creation in record.creations.values()}):
        path = folder / f"{name}.json"
        try:
            found[name] = json.loads(path.read_text())
            sources.identifier(found[name])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise InputMissing(
                f"{path} is missing or damaged: take it from version control, or run `ape run deploy` where it ran."
            ) from None
    return found


def verify(
    rpc: Any, record: Record, compiled: Callable[[str], sources.Compiled], names: Collection[str] = ()
) -> Iterator[Finding]:
    """Compares byte for byte, immutables included, what each address has with what its constructor leaves.

    `compiled` makes of a contract's name what its input compiles to. All contracts of the record, or those of `names`
    with what stands behind their proxies.
    """
    chosen = {*names, *(f"{name}{BEHIND}" for name in names)} if names else record.creations
    proxied: dict[str, str] = {}
    genuine: set[str] = set()
    for name, creation in record.creations.items():
        if name not in chosen:
            continue
        address, contract = record.addresses[name], creation["contract"]
        made = compiled(contract)
        born = made.code + bytes.fromhex(creation["arguments"].removeprefix("0x"))
        difference, measured = _difference(rpc, address, born, made.immutables, MEASURED.get(contract))
        if not difference and contract == PROXY:
            proxied[name] = address
            continue
        if not difference:
            genuine.add(address.lower())
        yield Finding(name, address, contract, difference, measured)
    for name, address in proxied.items():
        behind = to_checksum_address(
            bytes.fromhex(rpc.call("eth_getStorageAt", address, IMPLEMENTATION_SLOT, "latest")[-40:])
        )
        known = behind.lower() in genuine
        yield Finding(name, address, PROXY, "" if known else f"its implementation {behind} is none that was verified")


def _difference(
    rpc: Any, address: str, born: bytes, immutables: tuple[frozenset[int], ...], view: str | None
) -> tuple[str, str]:
    """What differs, and the immutable that was measured. The constructor runs again at the contract's own address, on
    empty storage, so that immutables that depend on the address come out alike. Nothing is sent.

    One immutable may differ, the one that `view` tells. It is shown, not believed.
    """
    deployed = bytes.fromhex(rpc.call("eth_getCode", address, "latest")[2:])
    if not deployed:
        return "there is no code", ""
    empty = {address: {"code": "0x" + born.hex(), "state": {}}}
    try:
        again = bytes.fromhex(rpc.call("eth_call", {"to": address}, "latest", empty)[2:])
    except RpcError as error:
        return f"its constructor refuses now: {error}", ""
    if again == deployed:
        return "", ""
    if len(again) != len(deployed):
        return f"{len(deployed):,} bytes of code, and the sources make {len(again):,}", ""
    differing = [at for at, (a, b) in enumerate(zip(again, deployed, strict=True)) if a != b]
    for places in immutables if view else ():
        kept = "0x" + deployed[min(places) : min(places) + 32].hex()
        if places.issuperset(differing) and kept == rpc.call(
            "eth_call", {"to": address, "data": _data(view)}, "latest"
        ):
            return "", kept
    return f"{len(differing):,} of {len(deployed):,} bytes differ, the first at {differing[0]:,}", ""


def _data(view: str | None) -> str:
    return "0x" + bytes(function_signature_to_4byte_selector(view or "")).hex()
