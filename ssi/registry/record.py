"""What is deployed where: `deployments/<ecosystem>-<network>.json`, sorted, written after every step."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eth_utils import is_hex_address

from ssi.places import published, records


class RecordUnusable(ValueError):  # noqa: N818 - it says what is wrong
    """The record cannot be used. The message says what to do."""


@dataclass
class Record:
    """Addresses by name, how the Safes are set up, and the steps that are done.

    Args:
        staked: by the symbol of what is staked.
        creations: what each contract of ours is, by its name in `addresses`: `contract` and its constructor's
            `arguments`, ABI-encoded.
        block: before it, nothing of the deployment was there.
        despite: red lines of the preflight that the deployer named and went past, by their subjects.
        sent: hashes of the last transaction that was signed; its step may not be done yet.
    """

    path: Path
    chain_id: int
    contracts: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, str] = field(default_factory=dict)
    staked: dict[str, str] = field(default_factory=dict)
    creations: dict[str, dict[str, str]] = field(default_factory=dict)
    safes: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    block: int | None = None
    despite: dict[str, str] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    @property
    def addresses(self) -> dict[str, str]:
        """Every contract by name: staked tokens as "sMAG7.ssi", "sSOSO"."""
        return self.contracts | self.indexes | {f"s{symbol}": address for symbol, address in self.staked.items()}

    @property
    def inputs(self) -> Path:
        """Where the deployment writes solc's standard JSON inputs of its contracts."""
        return self.path.with_name(f"{self.path.stem}-sources")

    def created(self, name: str, contract: str, arguments: bytes) -> None:
        """Notes what a contract is made of; `save` writes it down."""
        self.creations[name] = {"contract": contract, "arguments": "0x" + arguments.hex()}

    @classmethod
    def load(cls, network: str, chain_id: int) -> Record:
        """The record of a network such as "ethereum-mainnet", empty where nothing is deployed.

        Raises:
            RecordUnusable: the file is damaged or of another chain.
        """
        path = records() / f"{network}.json"
        found = cls.read(path if path.exists() else published(network), chain_id)
        found.path = path
        return found

    @classmethod
    def read(cls, path: Path, chain_id: int) -> Record:
        """The record in a file, as `load`."""
        if not path.exists():
            return cls(path, chain_id)
        try:
            known = json.loads(path.read_text())
            found = known.pop("chain_id")
            record = cls(path, chain_id, **known)
            if (
                not isinstance(record.steps, list)
                or not isinstance(record.sent, list)
                or not isinstance(record.safes, dict)
                or not isinstance(record.despite, dict)
                or not all({"contract", "arguments"} == made.keys() for made in record.creations.values())
            ):
                raise ValueError
            for addresses in (record.contracts, record.indexes, record.staked):
                if not all(is_hex_address(address) for address in addresses.values()):
                    raise ValueError
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise RecordUnusable(f"{path} is damaged: take it from version control, or move it away.") from None
        if found != chain_id:
            raise RecordUnusable(
                f"{path} is of another chain ({found}, not {chain_id}): move it away, or choose its network."
            )
        return record

    def save(self) -> None:
        """Writes the file."""
        content = asdict(self)
        del content["path"]
        content["steps"] = sorted(self.steps)
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
        draft.replace(self.path)
