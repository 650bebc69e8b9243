"""Writes what the web app, or the indexer, knows of the contracts: `python -m tools.app_abis [indexer]`.

ABIs come from the compiled contracts, so that TypeScript checks every name and argument against the Solidity.
Constants come from `ssi/constants.py`, which a test compares with the Solidity.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ssi import constants
from ssi.build import ROOT, fresh_project
from ssi.keeper.rebalance import Phase

APP, INDEXER = ROOT / "app" / "src" / "generated", ROOT / "indexer"  # abis.ts and constants.ts are written there
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
)
# What the indexer knows besides: all that governance may call.
GOVERNED = ("CappedMarketCap", "FixedWeights", "FloorAndMarketCap", "UniswapFiller", "UniswapV3TwapFeed")

# Of `ssi.constants`, under the same names. Times are in seconds.
NUMBERS = (
    "HOUR", "DAY", "NOTICE", "RECORDING", "MAX_COOLDOWN", "LOCK_COOLDOWN", "HELD", "STAKED", "LOCKED", "BOOST",
    "REFEREE_PART", "SLOTS",
)  # fmt: skip
WHOLES = ("WAD",)  # larger than a number of JavaScript holds exactly
TEXTS = ("ZERO", "IMPLEMENTATION_SLOT")


def lean(value: Any) -> Any:
    """Without what only a compiler reads."""
    if isinstance(value, dict):
        return {key: lean(inner) for key, inner in value.items() if key != "internalType"}
    return [lean(inner) for inner in value] if isinstance(value, list) else value


def source(project: Any, names: Sequence[str] = CONTRACTS) -> str:
    """One typed constant a contract, and all their errors together."""
    lines = ["// Made by tools/app_abis.py from the compiled contracts. Do not edit."]
    errors: dict[str, dict[str, Any]] = {}
    for name in names:
        entries = getattr(project, name).contract_type.abi
        abi = [lean(json.loads(entry.model_dump_json(by_alias=True, exclude_none=True))) for entry in entries]
        lines.append(f"export const {name[0].lower()}{name[1:]}Abi = {json.dumps(abi, sort_keys=True)} as const;")
        errors.update({json.dumps(entry, sort_keys=True): entry for entry in abi if entry["type"] == "error"})
    lines.append(
        f"export const errorsAbi = {json.dumps([errors[key] for key in sorted(errors)], sort_keys=True)} as const;"
    )
    return "\n".join(lines) + "\n"


def figures() -> str:
    """One typed constant a line, and the words for the phases of a rebalance by their numbers."""
    known = vars(constants)
    lines = ["// Made by tools/app_abis.py from ssi/constants.py. Do not edit."]
    lines += [f"export const {name} = {known[name]};" for name in NUMBERS]
    lines += [f"export const {name} = {known[name]}n;" for name in WHOLES]
    lines += [f"export const {name} = {json.dumps(known[name])};" for name in TEXTS]
    lines.append(f"export const PHASES = {json.dumps([phase.word for phase in Phase])} as const;")
    return "\n".join(lines) + "\n"


def write(folder: Path, names: Sequence[str] = CONTRACTS) -> None:
    """Writes the files where they differ, so that nothing is built again for nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("abis.ts", source(fresh_project(), names)), ("constants.ts", figures())):
        target = folder / name
        if not target.exists() or target.read_text() != text:
            target.write_text(text)


if __name__ == "__main__":
    if sys.argv[1:] == ["indexer"]:
        write(INDEXER, (*CONTRACTS, *GOVERNED))
    else:
        write(APP)
    sys.exit(0)
