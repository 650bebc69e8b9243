"""The indexer ends where a fresh one does: after crashes at any block, after
reorganisations while it runs and while it does not, and in the backfill from the block of the deployment.
"""

from __future__ import annotations

import random
import signal
import time

import pytest

from ssi.registry.system import System
from tests.indexer.conftest import GENEROUS, StartIndexer, head
from tools.indexer import IndexerProcess, tables

SEED = 14
# What the market of this chain has nothing of: no token fails or loses, and its weeks are fewer than an epoch's.
EMPTY = {"basket_claim", "loss", "pot_claim", "record", "recorder", "surplus", "trade"}


def live(system: System, salt: int, blocks: int) -> None:
    """Some blocks with holders who move, stake and leave; other salts make other histories."""
    evm, rng = system.evm, random.Random(salt)
    for _ in range(blocks):
        symbol = rng.choice(sorted(system.record.indexes))
        who = evm.account(f"app investor {symbol}")
        index, vault = system.index(symbol), system.staked(symbol)
        amount = rng.randrange(1, 10**18)
        evm.warp(rng.randrange(60, 5_000))  # feeds go stale, and do not fill the chain with blocks
        match rng.randrange(5):
            case 0:
                index.transfer(evm.account(f"salt {salt}"), amount, sender=who)
            case 1:
                index.approve(vault.address, amount, sender=who)
                vault.deposit(amount, who, sender=who)
            case 2:
                vault.requestRedeem(amount, who, who, sender=who)
            case 3:
                index.redeem(amount, who, who, bytes(32), [], 2**40, sender=who)
            case _:
                vault.transfer(evm.account(f"salt {salt}"), amount, sender=who)


def crash_while(indexer: IndexerProcess, rng: random.Random) -> None:
    """Kills it at some moment of the next seconds, or when it is through."""
    time.sleep(rng.uniform(0, 2))
    indexer.stop(signal.SIGKILL)


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, list[str]]:
    """Rows that only one of two dumps has, by table."""
    found = {table: sorted(set(one[table]) ^ set(other[table]))[:4] for table in one}
    return {table: rows for table, rows in found.items() if rows or len(one[table]) != len(other[table])}


def test_crashes_and_reorganisations_leave_no_trace(
    start: StartIndexer, market: System, request: pytest.FixtureRequest
) -> None:
    rng, evm = random.Random(SEED), market.evm
    battered = start("battered", **GENEROUS)
    battered.wait(head(market) - 1)  # follows the chain from here on

    # It runs, and the chain takes back blocks that it has indexed. The new ones are other, and more.
    snapshot = evm.rpc.call("evm_snapshot")
    live(market, 1, 4)
    battered.wait(head(market))
    evm.rpc.call("evm_revert", snapshot)
    live(market, 2, 6)
    battered.wait(head(market))

    # It crashes with blocks that the chain takes back while it is down.
    snapshot = evm.rpc.call("evm_snapshot")
    live(market, 3, 5)
    battered.wait(head(market) - rng.randrange(3))
    battered.stop(signal.SIGKILL)
    evm.rpc.call("evm_revert", snapshot)
    live(market, 4, 7)

    # It crashes while it catches up.
    battered.start()
    crash_while(battered, rng)
    live(market, 5, 2)
    battered.start()

    fresh = request.getfixturevalue("indexer")  # begins now, and has seen none of this
    fresh.wait(head(market))
    battered.wait(head(market))
    expected = fresh.dump()
    assert differences(battered.dump(), expected) == {}
    assert {table for table, rows in expected.items() if not rows} <= EMPTY, "a table without rows proves nothing"
    assert set(expected) == set(tables())
