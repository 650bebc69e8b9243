"""Both sides: the chain at the indexer's block, and the indexer's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from eth_utils import to_checksum_address

from ssi.chain.evm import Deployed, Event, Receipt
from ssi.chain.logs import LogReader
from ssi.constants import ZERO
from ssi.indexer.client import Indexer, Standing
from ssi.registry.system import System

# Path, value on the chain, value in the indexer.
Compared = tuple[str, Any, Any]
Asked = tuple[Any, Sequence[Any]]
CALLS = 400  # reads that one call gathers


class Sides:
    """The chain as it was after the indexer's block, and the indexer."""

    def __init__(self, system: System, indexer: Indexer) -> None:
        self.system, self.indexer = system, indexer
        self.standing = Standing(0, 0, 0)

    # ------------------------------------------------------------ the block

    def look(self) -> None:
        """Takes the block at which both are read from now on."""
        self.standing = self.indexer.standing()

    def stands(self) -> bool:
        """Whether the indexer is still at that block."""
        return self.indexer.standing() == self.standing

    @property
    def block(self) -> int:
        return self.standing.block

    @property
    def now(self) -> int:
        """Time of that block, Unix seconds."""
        return self.standing.time_s

    # ------------------------------------------------------------ the chain

    def ask(self, calls: Sequence[Asked], at_once: int = CALLS) -> list[Any]:
        """One answer for every call, after the block."""
        found: list[Any] = []
        for start in range(0, len(calls), at_once):
            found += self.system.evm.batch(calls[start : start + at_once], self.block)
        return found

    def events(self, contracts: Deployed | Sequence[Deployed], *names: str) -> Iterator[tuple[Deployed, Event, int]]:
        """Events of those names until the block, oldest first, with the contract and the block of each."""
        group = [contracts] if isinstance(contracts, Deployed) else list(contracts)
        hashes = ["0x" + group[0].interface[name].hash.hex() for name in names]
        by_address = {contract.address.lower(): contract for contract in group}
        query = [contract.address for contract in group]
        since = self.system.record.block or 0
        for log in LogReader(self.system.evm.rpc, query, [hashes], since).read():
            block = int(log["blockNumber"], 16)
            if block <= self.block:
                contract = by_address[log["address"].lower()]
                for event in Receipt(0, [log], block, None).events(contract):
                    yield contract, event, block

    @cached_property
    def grid(self) -> tuple[int, int]:
        """Start of epoch 0 and length of all, seconds."""
        points = self.system.points
        return int(points.epochGenesis()), int(points.epochLength())

    @property
    def epoch(self) -> int:
        """The one that was running."""
        return (self.now - self.grid[0]) // self.grid[1]

    def begins(self, epoch: int) -> int:
        """Unix seconds."""
        return self.grid[0] + epoch * self.grid[1]

    @cached_property
    def indexes(self) -> dict[str, Deployed]:
        return {symbol: self.system.index(symbol) for symbol in self.system.record.indexes}

    @cached_property
    def vaults(self) -> dict[str, Deployed]:
        """Staked tokens, by the symbol of what is staked."""
        return {symbol: self.system.staked(symbol) for symbol in self.system.record.staked}

    @cached_property
    def tokens(self) -> dict[str, Deployed]:
        """Indexes and staked tokens by their own symbols."""
        return self.indexes | {f"s{symbol}": vault for symbol, vault in self.vaults.items()}

    @property
    def pools(self) -> list[str]:
        """Of the locker."""
        (pools,) = self.ask([(self.system.locker.pools, ())])
        return list(pools)

    def holders(self) -> dict[str, list[str]]:
        """Accounts that ever had a token, by the token's address."""
        found: dict[str, dict[str, None]] = {token.address: {} for token in self.tokens.values()}
        topic = "0x" + next(iter(self.tokens.values())).interface["Transfer"].hash.hex()
        since = self.system.record.block or 0
        for log in LogReader(self.system.evm.rpc, list(found), [topic], since).read():
            people = found[str(to_checksum_address(log["address"]))]
            for place in (1, 2):
                people[log["topics"][place][-40:]] = None
        return {
            token: [person for bare in people if (person := str(to_checksum_address("0x" + bare))) != ZERO]
            for token, people in found.items()
        }

    # ------------------------------------------------------------ the indexer

    def rows(self, table: str, *keys: str, where: str = "true") -> dict[Any, dict[str, Any]]:
        """All rows of a table by its key, addresses checksummed."""
        found = {}
        for row in self.indexer.every(table, keys, where):
            read = {name: address(value) for name, value in row.items()}
            found[read[keys[0]] if len(keys) == 1 else tuple(read[key] for key in keys)] = read
        return found


def address(value: Any) -> Any:
    """Checksummed where it is an address."""
    is_one = isinstance(value, str) and len(value) == 42 and value.startswith("0x")
    return str(to_checksum_address(value)) if is_one else value


def number(row: dict[str, Any] | None, name: str) -> int | None:
    """An integer of a row; None where there is no row, or nothing in it."""
    return None if row is None or row[name] is None else int(row[name])
