"""How fast the indexer is, and how large its database: `python -m tools.indexer_scale --accounts 10000,100000,1000000`.

With PostgreSQL, on this machine. Two measurements, neither of them on a real chain, which would be the bottleneck:

* events a second, and bytes an event: a node that makes transfers up (`tools/indexer_node.py`) feeds the engine;
* latencies: rows of that many accounts are written straight into the engine's tables, and then each query that the web
  app and the commands ask is put over HTTP.

Writes build/indexer-scale.json and, where all three numbers of accounts were measured, snapshots/indexer.json and the
figures of docs/indexer.md.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from forks import anvils
from ssi.build import ROOT
from tools import indexer_page, postgres
from tools.indexer import SCHEMA, IndexerProcess, running, tables
from tools.indexer_node import BLOCK_SECONDS, PER_BLOCK, Made, serving

REPORT = ROOT / "build" / "indexer-scale.json"
GENESIS, EPOCH = 1_700_000_000, 2_419_200
TOKENS = [f"0x{number:040x}" for number in range(0xA1, 0xA9)]  # four indexes, four staked tokens
EPOCHS = 3
CALLS = 100
SETTINGS = ("shared_buffers=1GB", "max_wal_size=4GB", "synchronous_commit=off", "random_page_cost=1.1")

# The queries of the web app, of the commands, and of docs/indexer.md, by GraphQL unless they begin with SELECT.
QUERIES = {
    "recorded leaderboard, first page": """
        { records(where: { epoch: 1, points_gt: "0" }, orderBy: "points", orderDirection: "desc", limit: 100) {
            items { account points } } }""",
    "leaderboard by SQL, first page": """
        SELECT s.rank, s.account, s.points, r.total FROM standing s LEFT JOIN record r USING (epoch, account)
        WHERE s.epoch = 2 ORDER BY s.rank LIMIT 50""",
    "leaderboard, first page": """
        { standings(where: { epoch: 2 }, orderBy: "rank", limit: 50) {
            items { rank account points record { total } } } }""",
    "leaderboard, page of an account": """
        query ($rank: Int!) { standings(where: { epoch: 2, rank_gte: $rank }, orderBy: "rank", limit: 50) {
            items { rank account points record { total } } } }""",
    "statement of an account": """
        query ($account: String!) {
          positions(where: { account: $account }) { items { source balance since epoch seconds } }
          positionEpochs(where: { account: $account, epoch_lte: 2 }) { items { source epoch seconds closing last } }
          referencePrices(where: { epoch: 2 }) { items { source class price } }
          standing(account: $account, epoch: 2) { rank points }
          record(account: $account, epoch: 2) { points credit total }
        }""",
    "history of an account": """
        query ($account: String!) { happenings(where: { account: $account }, orderBy: "block", limit: 100) {
            items { block log contract event values time transaction } } }""",
    "history of an account by SQL": """
        SELECT * FROM happening WHERE account = '$account' ORDER BY block, log LIMIT 1000""",
    "largest holders of an index": """
        query ($token: String!) { positions(
            where: { source: $token }, orderBy: "balance", orderDirection: "desc", limit: 20) {
            items { account balance } } }""",
    "a year of NAV by day": """
        query ($token: String!) { navSamples(where: { index: $token, period: day }, orderBy: "start", limit: 366) {
            items { start nav sharePrice } } }""",
}


def settings(folder: Path, token: str, first: int) -> Path:
    """Settings of a deployment that is none."""
    names: tuple[str, ...] = (
        "IndexFactory",
        "IndexRouter",
        "FeeDistributor",
        "LpLocker",
        "PointsLedger",
        "ReferencePrices",
    )
    names += ("ReferralRegistry", "Rebalancer", "UniswapFiller", "ProtocolManager", "IndexLens", "PriceOracle")
    content = {
        "chainId": 1, "startBlock": first, "blocksPerLook": 1_000_000, "epochGenesis": GENESIS, "epochLength": EPOCH,
        "contracts": {name: f"0x{number:040x}" for number, name in enumerate(names, 0xC1)},
        "indexes": {"MAG7.ssi": token}, "staked": {"MAG7.ssi": {"address": TOKENS[4], "asset": token}},
    }  # fmt: skip
    path = folder / "deployment.json"
    path.write_text(json.dumps(content))
    return path


def psql(url: str, text: str) -> str:
    """What the database says to some SQL. Raises CalledProcessError."""
    command = [
        str(postgres.binaries() / "psql"),
        url,
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        f"SET search_path={SCHEMA}; SET session_replication_role=replica",  # rows of no block need no undoing
    ]
    return subprocess.run([*command, "-c", text], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@contextmanager
def fed(blocks: int, accounts: int) -> Iterator[tuple[IndexerProcess, str]]:
    """An indexer that has taken in a made-up chain, and the URL of its new PostgreSQL."""
    made = Made(TOKENS[0], blocks, accounts, GENESIS)
    with postgres.server(*SETTINGS) as url, serving(made) as node, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        limits = {"DATABASE_URL": url, "INDEXER_RATE": "1000000", "INDEXER_READS": "off"}
        indexer = IndexerProcess(settings(folder, TOKENS[0], 0), node, folder, limits, strength=4)
        with running(indexer):
            indexer.wait(blocks, 3_000)
            yield indexer, url


def taken_in(log: Path) -> tuple[int, float]:
    """Events of the backfill by the engine's log, and the seconds that it took, fetching included."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    (began,) = [line["time"] for line in lines if line["msg"] == "Started backfill indexing"]
    ranges = [line for line in lines if line["msg"] == "Indexed block range"]
    return sum(line["event_count"] for line in ranges), (ranges[-1]["time"] - began) / 1_000


def rate(blocks: int, accounts: int) -> dict[str, Any]:
    """Events a second, and bytes of database an event: the history, and the engine's store of raw logs."""
    with fed(blocks, accounts) as (indexer, url):
        events, seconds = taken_in(indexer.log)
        size = int(psql(url, "SELECT pg_database_size(current_database())"))
        own = f"SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relnamespace = '{SCHEMA}'::regnamespace"
        return {
            "events": events,
            "accounts": accounts,
            "seconds": round(seconds, 1),
            "events a second": round(events / seconds),
            "MB of history": round(int(psql(url, own + " AND relkind = 'r'")) / 1e6),
            "MB in all": round(size / 1e6),
        }


ROWS = """
    INSERT INTO account (address, joined_at, referees)
      SELECT '0x' || lpad(to_hex(n), 40, '0'), 1700000000 + n, 0 FROM generate_series(1, {n}) n;
    INSERT INTO source (address, kind, symbol) SELECT t, 'index', t FROM unnest('{tokens}'::text[]) t
      ON CONFLICT DO NOTHING;
    INSERT INTO position (source, account, balance, since, epoch, seconds)
      SELECT ('{tokens}'::text[])[1 + (n + k) % 8], '0x' || lpad(to_hex(n), 40, '0'),
        1000000000000000000::numeric * (1 + n % 1000), 1706000000 + n % 1000000, 2,
        2419200000000000000000::numeric * (n % 1000)
      FROM generate_series(1, {n}) n, generate_series(0, 2) k;
    INSERT INTO position_epoch (source, account, epoch, seconds, closing, last)
      SELECT source, account, e, seconds, balance, {genesis} + (e + 1) * {epoch} - 1000
      FROM position, generate_series(1, 2) e;
    INSERT INTO reference_price (epoch, source, class, price)
      SELECT e, t, (CASE WHEN o > 4 THEN 'staked' ELSE 'held' END)::position_class, 100000000000000000000
      FROM unnest('{tokens}'::text[]) WITH ORDINALITY AS u(t, o), generate_series(0, 2) e;
    INSERT INTO epoch (number, start, ends, samples, settled, recorded, total_recorded)
      SELECT e, {genesis} + e * {epoch}, {genesis} + (e + 1) * {epoch}, 28, false, 0, 0 FROM generate_series(0, 2) e
      ON CONFLICT DO NOTHING;
    INSERT INTO standing (epoch, account, points, rank, held, staked, locked, soso)
      SELECT e, '0x' || lpad(to_hex(n), 40, '0'), (1 + {n} - n) * 1000000000000000000::numeric, n, 1, 1, 0, 0
      FROM generate_series(1, {n}) n, generate_series(0, 2) e;
    INSERT INTO record (epoch, account, points, credit, referred, total, recorded_at)
      SELECT epoch, account, points, 0, false, points, 1707000000 FROM standing WHERE epoch < 2;
    INSERT INTO happening (block, log, account, contract, event, "values", time, transaction)
      SELECT 1000 + n / 100, n % 100 + k * 100, '0x' || lpad(to_hex(n), 40, '0'), 'IndexRouter', 'Bought',
        '{{"index": "0xa1", "amountIn": "1000000000", "shares": "1000000000000000000"}}', 1706000000,
        '0x' || md5(n::text)
      FROM generate_series(1, {n}) n, generate_series(0, 1) k;
    INSERT INTO nav_sample (index, period, start, block, time, priced, nav, share_price, total_supply,
        pending_fee_shares, multiplier)
      SELECT t, 'day', {genesis} + d * 86400, d, {genesis} + d * 86400, true, 1, 1, 1, 0, 1
      FROM unnest('{tokens}'::text[]) t, generate_series(1, 730) d;
    ANALYZE;
"""


def latencies(counts: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Milliseconds of each query for each number of accounts: the least, the median, and the 95th in a hundred.

    The least is what a machine with nothing else to do would take.
    """
    with fed(1, 1) as (indexer, url):
        for accounts in counts:
            psql(url, "TRUNCATE " + ", ".join(tables()))
            yield _latencies(indexer, url, accounts)


def _latencies(indexer: IndexerProcess, url: str, accounts: int) -> dict[str, Any]:
    began = time.monotonic()
    psql(url, ROWS.format(n=accounts, tokens="{" + ",".join(TOKENS) + "}", genesis=GENESIS, epoch=EPOCH))
    wrote = time.monotonic() - began
    found: dict[str, Any] = {}
    for name, query in QUERIES.items():
        took = []
        for call in range(CALLS):
            number = 1 + call * 7_919 % accounts
            asked: dict[str, Any] = {"account": f"0x{number:040x}", "rank": number, "token": TOKENS[call % 8]}
            used = {key: value for key, value in asked.items() if f"${key}" in query}
            text = query.replace("$account", asked["account"])
            start = time.monotonic()
            sql = query.lstrip().startswith("SELECT")
            status, answer = indexer.sql(text) if sql else indexer.query(query, **used)
            took.append(1_000 * (time.monotonic() - start))
            if status != 200 or "errors" in answer:
                raise click.ClickException(f"{name}: {answer}")
        took.sort()
        found[name] = [round(ms, 1) for ms in (took[0], statistics.median(took), took[len(took) * 95 // 100])]
    size = int(psql(url, "SELECT pg_database_size(current_database())"))
    return {"accounts": accounts, "seconds to write": round(wrote), "MB": round(size / 1e6), "ms": found}


@click.command()
@click.option("--accounts", default="10000,100000,1000000", show_default=True)
@click.option(
    "--blocks", default=1_000, show_default=True, help=f"Of the made-up chain, {PER_BLOCK} events each; 0 for none."
)
def main(accounts: str, blocks: int) -> None:
    """Measure the indexer."""
    anvils.stop_in_order()
    assert BLOCK_SECONDS * blocks < EPOCH * EPOCHS
    report: dict[str, Any] = {"rate": rate(blocks, blocks * PER_BLOCK // 10) if blocks else None, "latencies": []}
    click.echo(json.dumps(report["rate"]))
    for measured in latencies([int(count) for count in accounts.split(",")]):
        report["latencies"].append(measured)
        click.echo(json.dumps(measured))
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(report, indent=1) + "\n")
    if report["rate"] and [each["accounts"] for each in report["latencies"]] == [10_000, 100_000, 1_000_000]:
        indexer_page.SNAPSHOT.write_text(REPORT.read_text())
        indexer_page.PAGE.write_text(indexer_page.refreshed(indexer_page.PAGE.read_text(), report))


if __name__ == "__main__":
    main()
