"""Code and accounts of our own, at addresses of our own or at given ones, on a chain that lets us."""

from __future__ import annotations

import eth_abi
from eth_utils import function_signature_to_4byte_selector as selector
from eth_utils import keccak, to_checksum_address

from forks import artifacts
from ssi.chain.rpc import Rpc


def named(label: str) -> str:
    """An address of our own, by label."""
    return str(to_checksum_address(keccak(text=f"minimainnet {label}")[12:]))


OWNER = named("owner of stand-ins")
PROVIDER = named("liquidity provider")


def aggregator(feed: str) -> str:
    """Address of the settable aggregator behind a feed."""
    return named(f"aggregator {feed}")


def encode(signature: str, *args: object) -> str:
    """Calldata of `name(type,...)`; a struct is written as its types in parentheses."""
    types = signature[signature.index("(") :]
    body = eth_abi.encode([types], [args]) if args else b""
    dynamic = body[:32] == (32).to_bytes(32, "big") and len(body) > 32 and _is_dynamic(types)
    calldata: bytes = selector(signature) + (body[32:] if dynamic else body)
    return "0x" + calldata.hex()


def _is_dynamic(types: str) -> bool:
    return bool(eth_abi.registry.registry.get_encoder(types).is_dynamic)


def deploy_to(
    rpc: Rpc,
    address: str,
    init_code: bytes,
    types: tuple[str, ...] = (),
    args: tuple[object, ...] = (),
    sender: str = OWNER,
) -> None:
    """Runs a constructor at a chosen address: its code is put there as if it were runtime, called, and replaced by what
    it returns.
    """
    code = "0x" + (init_code + eth_abi.encode(types, args)).hex()
    rpc.call("anvil_setBalance", sender, hex(10**24))
    rpc.call("anvil_setCode", address, code)
    rpc.call("anvil_setNonce", address, "0x1")
    runtime = rpc.call("eth_call", {"from": sender, "to": address, "gas": hex(29_000_000)}, "latest")
    rpc.send(sender, address)
    rpc.call("anvil_setCode", address, runtime)


def put_aggregator(rpc: Rpc, feed: str, decimals_: int) -> str:
    """Puts the settable aggregator of a feed where it belongs; returns its address."""
    source = aggregator(feed)
    code = bytes.fromhex(artifacts.standins()["SettableAggregator"]["bytecode"])
    deploy_to(rpc, source, code, ("string", "uint8", "int256"), (feed.replace("/", " / "), decimals_, 0))
    return source
