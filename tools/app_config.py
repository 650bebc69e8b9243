"""What the web app is told, `config.json` beside the page: `python -m tools.app_config --rpc https://... --out
app/dist/config.json`.

Says which deployment the site shows: chain, endpoint, addresses, tokens to pay with, rules in words.
Reads `deployments/` and asks the chain what only the chain knows; sends nothing.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
import eth_abi
from eth_utils import is_hex_address, keccak, to_checksum_address

from forks.addresses import CONTRACTS
from ssi.build import ROOT, fresh_project
from ssi.chain.evm import Evm
from ssi.chain.rpc import Rpc, RpcError
from ssi.registry import params
from ssi.registry.record import Record, RecordUnusable
from ssi.registry.system import System

CONFIG = ROOT / "app" / "dist" / "config.json"
FIRST = ("USDC", "USDT", "DAI")
EXPLORERS = {1: "https://etherscan.io", 11155111: "https://sepolia.etherscan.io"}
WORDS = {
    "FloorAndMarketCap": "Every constituent gets the floor, and what is left is shared out by circulating market cap.",
    "CappedMarketCap": (
        "By circulating market cap, with no constituent above the cap; what is cut off goes to the others."
    ),
    "FixedWeights": "Fixed weights, set by governance.",
}
_DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_PERMIT = keccak(text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")


def _asked(rpc: Rpc, token: str, call: str, *args: str) -> bytes:
    """What a token answers; empty where it knows no such function."""
    data = keccak(text=call)[:4] + b"".join(bytes(12) + bytes.fromhex(arg[2:]) for arg in args)
    try:
        return bytes.fromhex(rpc.call("eth_call", {"to": token, "data": "0x" + data.hex()}, "latest")[2:])
    except RpcError:
        return b""


def _text(answer: bytes) -> str | None:
    try:
        return str(eth_abi.decode(["string"], answer)[0])
    except (eth_abi.exceptions.DecodingError, UnicodeDecodeError, OverflowError):
        return None


def permit_of(rpc: Rpc, token: str, chain_id: int) -> dict[str, str] | None:
    """Name and version of a token's EIP-712 domain where its permit is EIP-2612's.

    None where it has none, or one like DAI's.
    """
    separator, name = _asked(rpc, token, "DOMAIN_SEPARATOR()"), _text(_asked(rpc, token, "name()"))
    typehash = _asked(rpc, token, "PERMIT_TYPEHASH()")
    if len(separator) != 32 or name is None or len(_asked(rpc, token, "nonces(address)", token)) != 32:
        return None
    if len(typehash) == 32 and typehash != _PERMIT:
        return None
    for version in {_text(_asked(rpc, token, "version()")) or "1", "1", "2"}:
        told = eth_abi.encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [_DOMAIN, keccak(text=name), keccak(text=version), chain_id, token],
        )
        if keccak(told) == separator:
            return {"name": name, "version": version}
    return None


def pay_tokens(system: System) -> list[dict[str, Any]]:
    """Every asset that the router has a path for, those that people pay with first."""
    known = system.assets.assets
    names = [*FIRST, *sorted((name for name in known if name not in FIRST), key=str.lower)]
    tokens = []
    for name in names:
        address = known[name].address
        if int(system.router.hop(address)[0], 16) == 0 and name != "WETH":
            continue
        permit = permit_of(system.evm.rpc, address, system.record.chain_id)
        tokens.append(
            {"symbol": name, "address": address, "decimals": int(system.token(name).decimals()), "permit": permit}
        )
    return tokens


def config(
    system: System,
    rpc_url: str,
    *,
    test_key: str | None = None,
    project: str | None = None,
    indexer: str | None = None,
) -> dict[str, Any]:
    """The content of `config.json`.

    Args:
        indexer: its URL, for pages to ask for what was; without one they read the chain.
        test_key: of a local fork alone; then the page says that it shows one.
        project: WalletConnect's project id; without one, WalletConnect is not offered.
    """
    record, known, protocol = system.record, params.assets(), params.protocol()
    methodologies = {}
    for index in params.indexes():
        method = index.methodology
        given = {key: str(value) for key, value in method.model_dump(exclude_none=True).items() if key != "name"}
        methodologies[index.symbol] = {"contract": method.name, "words": WORDS[method.name], "parameters": given}
    fork = test_key is not None
    return {
        "chainId": record.chain_id,
        "network": "a local fork" if fork else "Ethereum",
        "fork": fork,
        "rpcUrl": rpc_url,
        "indexerUrl": indexer,
        "explorer": None if fork else EXPLORERS.get(record.chain_id),
        "deployedAtBlock": record.block,
        "contracts": record.contracts,
        "indexes": record.indexes,
        "staked": record.staked,
        "tokens": pay_tokens(system),
        "methodologies": methodologies,
        "external": {
            "multicall3": CONTRACTS["Multicall3"],
            "permit2": protocol.contracts.permit2,
            "positionManager": protocol.contracts.position_manager,
            "weth": protocol.contracts.weth,
            "soso": known.assets["SOSO"].address,
        },
        "walletConnectProjectId": project or None,
        "testWallet": {"key": test_key} if test_key else None,
    }


def checksummed(value: Any) -> Any:
    """The same with every address in its checksummed spelling, which viem insists on."""
    if isinstance(value, dict):
        return {key: checksummed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [checksummed(one) for one in value]
    return str(to_checksum_address(value)) if isinstance(value, str) and is_hex_address(value) else value


def write(content: dict[str, Any], out: Path) -> None:
    """Writes it as the page expects it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(checksummed(content), indent=1) + "\n")


@click.command()
@click.option(
    "--network", default="ethereum-mainnet", show_default=True, help="The record in deployments/ that the site shows."
)
@click.option(
    "--rpc",
    required=True,
    help="The endpoint that pages ask unless their user chooses another. All the world can read it.",
)
@click.option("--indexer", help="The indexer that pages ask for what was. All the world can read it.")
@click.option("--out", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
def main(network: str, rpc: str, indexer: str | None, out: Path) -> None:
    """Write config.json for a deployment."""
    try:
        node = Rpc(rpc)
        chain_id = int(node.call("eth_chainId"), 16)
        record = Record.load(network, chain_id)
    except (RecordUnusable, RpcError, OSError) as error:
        raise click.ClickException(str(error)) from None
    if not record.indexes or record.block is None:
        raise click.ClickException(f"{record.path} has no deployment to show.")
    project = os.environ.get("WALLETCONNECT_PROJECT_ID")
    write(config(System(Evm(rpc), fresh_project(), record), rpc, project=project, indexer=indexer), out)
    click.echo(f"{out}: {len(record.indexes)} indexes of {network}, chain {chain_id}.")


if __name__ == "__main__":
    sys.exit(main())
