"""The npm package `ssi-protocol`: interfaces in Solidity, ABIs as JSON and as typed constants, addresses, and a token
list.

Addresses come from the committed records of deployments (`deployments/<ecosystem>-<network>.json`) and from their
parameters, never from here. While nothing is deployed on a live network the package says so: `addresses` is empty, and
there is no token list, because the schema of token lists wants a token in each.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ssi import constants, places
from ssi.build import ROOT, fresh_project
from ssi.registry import params
from tools.app_abis import lean

NAME = "ssi-protocol"
# What integrators call. Interfaces come whole; of these contracts the ABI does.
CONTRACTS = (
    "FeeDistributor",
    "IndexFactory",
    "IndexLens",
    "IndexRouter",
    "IndexToken",
    "LpLocker",
    "PointsLedger",
    "PriceOracle",
    "ProtocolManager",
    "Rebalancer",
    "ReferencePrices",
    "ReferralRegistry",
    "RoleTable",
    "StakedToken",
    "SupplyRegistry",
    "UniswapFiller",
)
# Our contracts are compiled by one compiler; those that call them need not be. A test compiles with the oldest.
PRAGMA = "^0.8.17"
_KINDS = ("contracts", "indexes", "staked")
_NOTHING = "Nothing is deployed on a live network yet: `addresses` is empty, and there is no token list."

Json = Any


def records(folder: Path) -> list[dict[str, Any]]:
    """The records of live networks in a folder, each as it was written. Those of forks do not count."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json")) if not path.stem.endswith("-fork")]


def addresses(known: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, str]]]:
    """Addresses by chain id, by kind, by name."""
    return {str(record["chain_id"]): {kind: dict(sorted(record[kind].items())) for kind in _KINDS} for record in known}


def token_list(known: Sequence[Mapping[str, Any]], version: str, time: datetime) -> dict[str, Any] | None:
    """Every index and staked token, as Uniswap's schema of token lists wants it. None where there is no token."""
    names = {index.symbol: index.name for index in params.indexes()}
    tokens = [
        {
            "chainId": record["chain_id"],
            "address": address,
            "name": name,
            "symbol": symbol,
            "decimals": 18,
            "tags": [tag],
        }
        for record in known
        for tag, found in (
            ("index", [(symbol, names[symbol], address) for symbol, address in record["indexes"].items()]),
            (
                "staked",
                [
                    (f"s{symbol}", f"Staked {names.get(symbol, symbol)}", address)
                    for symbol, address in record["staked"].items()
                ],
            ),
        )
        for symbol, name, address in found
    ]
    if not tokens:
        return None
    major, minor, patch = map(int, version.split("."))
    return {
        "name": "SSI indexes", "timestamp": time.isoformat(timespec="seconds"), "keywords": ["index", "ssi"],
        "version": {"major": major, "minor": minor, "patch": patch},
        "tags": {
            "index": {"name": "Index", "description": "A basket of tokens that is redeemed in kind"},
            "staked": {"name": "Staked", "description": "A staked index or SOSO, which leaves after a cooldown"},
        },
        "tokens": tokens,
    }  # fmt: skip


def literal(value: Json) -> str:
    """The TypeScript type of a JSON value that `as const` would give it."""
    if isinstance(value, dict):
        return "{ " + " ".join(f"readonly {json.dumps(key)}: {literal(inner)};" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "readonly [" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def constant(name: str, value: Json) -> tuple[str, str]:
    """A constant as a line of JavaScript and a line of its types."""
    return f"export const {name} = {json.dumps(value)};", f"export declare const {name}: {literal(value)};"


def constants_of(known: Sequence[Mapping[str, Any]], abis: Mapping[str, Json]) -> dict[str, Json]:
    """Everything that the module exports, by name."""
    errors = {
        json.dumps(entry, sort_keys=True): entry for abi in abis.values() for entry in abi if entry["type"] == "error"
    }
    external = params.protocol().contracts.model_dump(by_alias=True)
    return {
        **{f"{name[0].lower()}{name[1:]}Abi": abi for name, abi in abis.items()},
        "errorsAbi": [errors[key] for key in sorted(errors)],
        "addresses": addresses(known),
        "external": external,
        "roles": {"ADMIN": constants.ADMIN, "GOVERNOR": constants.GOVERNOR, "GUARDIAN": constants.GUARDIAN},
        "NOTICE_SECONDS": constants.NOTICE,
        "RECORDING_SECONDS": constants.RECORDING,
        "EPOCH_SECONDS": params.protocol().epoch_length,
        "EPOCH_GENESIS": params.protocol().epoch_genesis,
    }


def _described(version: str, listed: bool) -> dict[str, Any]:
    repository = json.loads((ROOT / "package.json").read_text())
    openzeppelin = repository["dependencies"]["@openzeppelin/contracts"]
    return {
        "name": NAME,
        "version": version,
        "description": "Interfaces, ABIs, addresses and constants of the SSI protocol",
        "license": "MIT",
        "type": "module",
        "sideEffects": False,
        "main": "index.js",
        "types": "index.d.ts",
        "exports": {
            ".": {"types": "./index.d.ts", "default": "./index.js"},
            "./abi/*.json": "./abi/*.json",
            "./interfaces/*": "./interfaces/*",
            "./package.json": "./package.json",
            **({"./tokenlist.json": "./tokenlist.json"} if listed else {}),
        },
        "files": [
            "abi",
            "interfaces",
            "index.js",
            "index.d.ts",
            "README.md",
            "LICENSE",
            *(["tokenlist.json"] if listed else []),
        ],
        "peerDependencies": {"@openzeppelin/contracts": openzeppelin},
        "peerDependenciesMeta": {"@openzeppelin/contracts": {"optional": True}},  # for those who compile the interfaces
    }


def _readme(known: Sequence[Mapping[str, Any]]) -> str:
    where = ", ".join(str(record["chain_id"]) for record in known)
    return f"""# {NAME}

Interfaces, ABIs, addresses and constants of the SSI protocol.

```ts
import {{ addresses, indexRouterAbi }} from "{NAME}";
```

```solidity
import {{IIndexRouter}} from "{NAME}/interfaces/IIndexRouter.sol"; // needs @openzeppelin/contracts
```

* `indexTokenAbi` and its siblings are typed as `as const` would, for viem, wagmi and abitype.
  `abi/*.json` are the same as files.
* `addresses` has contracts, indexes and staked tokens by chain id. {f"Chains: {where}." if known else _NOTHING}
* `external`, `roles`, `NOTICE_SECONDS`, `RECORDING_SECONDS`, `EPOCH_SECONDS`, `EPOCH_GENESIS` are what
  deployments are made of.
"""


def write(folder: Path, known: Sequence[Mapping[str, Any]], time: datetime) -> None:
    """Writes the package. `known` are the records of `records`."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "abi").mkdir(parents=True)
    shutil.copytree(ROOT / "interfaces", folder / "interfaces", ignore=shutil.ignore_patterns(".*"))
    for source in sorted((folder / "interfaces").rglob("*.sol")):
        source.write_text(
            re.sub(r"^pragma solidity [^;]+;", f"pragma solidity {PRAGMA};", source.read_text(), flags=re.MULTILINE)
        )
    shutil.copy(ROOT / "LICENSE", folder)
    project, abis = fresh_project(), {}
    for name in CONTRACTS:
        entries = getattr(project, name).contract_type.abi
        abis[name] = [lean(json.loads(entry.model_dump_json(by_alias=True, exclude_none=True))) for entry in entries]
        (folder / "abi" / f"{name}.json").write_text(json.dumps(abis[name], indent=1) + "\n")
    code, types = zip(*(constant(*item) for item in constants_of(known, abis).items()), strict=True)
    (folder / "index.js").write_text("\n".join(code) + "\n")
    (folder / "index.d.ts").write_text("\n".join(types) + "\n")
    version = _version()
    listed = token_list(known, version, time)
    if listed is not None:
        (folder / "tokenlist.json").write_text(json.dumps(listed, indent=2) + "\n")
    (folder / "package.json").write_text(json.dumps(_described(version, listed is not None), indent=2) + "\n")
    (folder / "README.md").write_text(_readme(known))


def _version() -> str:
    """Of the whole repository."""
    found = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert found is not None
    return found.group(1)


def build(target: Path, deployments: Path = places.ROOT / "deployments") -> list[Path]:
    """Writes `target/npm` and packs it; returns the archive, and the token list where there is one.

    Raises CalledProcessError.
    """
    known = records(deployments)
    folder = target / "npm"
    write(folder, known, datetime.now(timezone.utc))
    for old in target.glob(f"{NAME}-*.tgz"):
        old.unlink()
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(target), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        cwd=target,
    )
    made = [target / packed.stdout.strip().splitlines()[-1]]
    if (folder / "tokenlist.json").exists():
        made.append(Path(shutil.copy(folder / "tokenlist.json", target)))
    else:
        (target / "tokenlist.json").unlink(missing_ok=True)
    return made
