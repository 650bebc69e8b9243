"""What the indexer computes is what the chain computes, to the wei."""

from __future__ import annotations

from typing import Any

from ssi.chain.evm import Deployed
from ssi.constants import ZERO
from ssi.registry.system import System
from tests.indexer.conftest import head
from tools.indexer import IndexerProcess


def at(block: int, contract: Deployed, name: str, *args: Any) -> Any:
    """A view's answer at the end of a block."""
    entry = contract.interface[name]
    return entry.decode(contract.evm.call(contract.address, entry.encode(args), block=block))


def token(market: System, address: str) -> Deployed:
    return market.evm.at(market.project.IndexToken, address)


def test_every_balance_and_every_integral(indexer: IndexerProcess, market: System) -> None:
    block = head(market)
    now = int(market.evm.rpc.call("eth_getBlockByNumber", hex(block), False)["timestamp"], 16)
    genesis, length = int(market.points.epochGenesis()), int(market.points.epochLength())
    kinds = {row["address"]: row["kind"] for row in indexer.rows("SELECT address, kind FROM source")}
    checked = set()
    for row in indexer.rows("SELECT * FROM position"):
        kind, account, epoch = kinds[row["source"]], row["account"], row["epoch"]
        end = min(now, genesis + (epoch + 1) * length)
        seconds = int(row["seconds"]) + int(row["balance"]) * (end - int(row["since"]))
        if kind == "pool":
            expected = (
                at(block, market.locker, "liquidityOf", account, row["source"]),
                at(block, market.locker, "liquiditySeconds", account, row["source"], epoch, epoch + 1),
            )
        elif account == ZERO:
            supply = token(market, row["source"])
            expected = (at(block, supply, "issuedSupply"), at(block, supply, "supplySeconds", epoch, epoch + 1))
        else:
            held = token(market, row["source"])
            expected = (
                at(block, held, "balanceOf", account),
                at(block, held, "balanceSeconds", account, epoch, epoch + 1),
            )
        assert (int(row["balance"]), seconds) == expected, row
        checked.add(kind)
    assert checked == {"index", "staked", "pool"}


def test_the_leaderboard_is_the_ledgers(indexer: IndexerProcess, market: System) -> None:
    rows = indexer.rows(
        "SELECT s.*, t.block FROM standing s JOIN epoch e ON e.number = s.epoch"
        " JOIN slot t ON t.epoch = s.epoch AND t.time = e.standing_at ORDER BY s.rank"
    )
    assert len(rows) >= 4
    for row in rows:
        points = at(int(row["block"]), market.points, "pointsOf", row["account"], row["epoch"])
        assert int(row["points"]) == points, row
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows == sorted(rows, key=lambda row: (-int(row["points"]), row["account"]))


def test_pots_are_the_ledgers(indexer: IndexerProcess, market: System) -> None:
    block, pots = head(market), indexer.rows("SELECT * FROM pot")
    assert any(int(row["recorders"]) for row in pots)
    for row in pots:
        pot = at(block, market.points, "potOf", row["epoch"], row["token"])
        part = at(block, market.points, "recorderPart", row["epoch"], row["token"])
        assert (int(row["funded"]), int(row["paid"]), int(row["recorders"])) == (pot.funded, pot.paid, part)


def test_nav_is_the_lens_at_that_block(indexer: IndexerProcess, market: System) -> None:
    samples = indexer.rows("SELECT * FROM nav_sample WHERE period = 'day' ORDER BY start DESC LIMIT 8")
    assert len(samples) == 8
    for row in samples:
        assert int(row["start"]) == int(row["time"]) // 86_400 * 86_400
        said = at(int(row["block"]), market.lens, "overview", row["index"])
        assert (int(row["nav"]), int(row["share_price"]), row["priced"]) == (said.nav, said.sharePrice, said.priced)


def test_bids_cost_what_the_oracle_says(indexer: IndexerProcess, market: System) -> None:
    bids = indexer.rows("SELECT * FROM bid")
    assert bids
    for row in bids:
        out = at(int(row["block"]), market.oracle, "value", row["token_out"], int(row["amount_out"]))
        paid = at(int(row["block"]), market.oracle, "value", row["token_in"], int(row["amount_in"]))
        assert (int(row["value_out"]), int(row["value_in"])) == (out, paid)
        cost = abs(out - paid) * 10**18 // out
        assert int(row["cost"]) == (cost if out > paid else -cost)
    (ended,) = indexer.rows("SELECT * FROM rebalance WHERE phase <> 'running'")
    assert (ended["phase"], ended["bids"]) == ("completed", len(bids))


def test_operations_are_decoded(indexer: IndexerProcess) -> None:
    waiting = indexer.rows("SELECT * FROM operation WHERE status = 'scheduled' ORDER BY block, log")
    calls = [(row["contract"], row["function"], row["arguments"]) for row in waiting]
    assert ("MAG7.ssi", "setMintFee", {"mintFee": "8"}) in calls
    assert ("sMAG7.ssi", "setCooldown", {"newCooldown": str(10 * 86_400)}) in calls
    executed = indexer.rows("SELECT * FROM operation WHERE status = 'executed'")
    assert {row["function"] for row in executed} >= {"addPool", "startRebalance"}
