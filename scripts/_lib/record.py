"""What is deployed where: `deployments/<ecosystem>-<network>.json`, sorted, written after every step."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts._lib.params import ROOT


@dataclass
class Record:
    """Addresses by name, how the Safes are set up, and the steps that are done. `staked` by the symbol of what is staked."""

    path: Path
    chain_id: int
    contracts: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, str] = field(default_factory=dict)
    staked: dict[str, str] = field(default_factory=dict)
    safes: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    @property
    def addresses(self) -> dict[str, str]:
        """Every contract by name: staked tokens as "sMAG7.ssi", "sSOSO"."""
        return self.contracts | self.indexes | {f"s{symbol}": address for symbol, address in self.staked.items()}

    @classmethod
    def load(cls, network: str, chain_id: int) -> Record:
        """The record of a network such as "ethereum-mainnet", empty where nothing is deployed.

        Raises:
            ValueError: the file is of another chain.
        """
        path = ROOT / "deployments" / f"{network}.json"
        if not path.exists():
            return cls(path, chain_id)
        known = json.loads(path.read_text())
        if known.pop("chain_id") != chain_id:
            raise ValueError(f"{path.name} is of another chain: move it away")
        return cls(path, chain_id, **known)

    def save(self) -> None:
        """Writes the file."""
        content = asdict(self)
        del content["path"]
        content["steps"] = sorted(self.steps)
        self.path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
