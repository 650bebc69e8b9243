"""The indexer answers strangers, so none of them may write, or ask for more than it can bear."""

from __future__ import annotations

import json
import time

import pytest

from tools.indexer import IndexerProcess

RATE = 300  # a minute
STANDINGS = 'query ($first: Int) { standings(limit: $first, orderBy: "rank") { items { account rank points } } }'
EIGHT = ", ".join(f"happening {name}" for name in "abcdefgh")  # rows to the power of eight


def test_a_page_is_answered(indexer: IndexerProcess) -> None:
    status, answer = indexer.query(STANDINGS, first=3)
    ranks = [row["rank"] for row in answer["data"]["standings"]["items"]]
    assert (status, ranks[0]) == (200, 1)
    assert indexer.rows("SELECT count(*) AS n FROM position")[0]["n"] != "0"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO account (address, referees) VALUES ('0x00', 0)",
        "UPDATE position SET balance = 0",
        "DELETE FROM position",
        "DROP TABLE position",
        "TRUNCATE position",
        "WITH gone AS (DELETE FROM position RETURNING *) SELECT * FROM gone",
        "SELECT 1; DELETE FROM position",
        "SELECT * INTO mine FROM position",
        "EXPLAIN ANALYZE DELETE FROM position",
        "COPY position TO '/tmp/position'",
        "SET statement_timeout = 0",
    ],
)
def test_nothing_can_be_written(indexer: IndexerProcess, statement: str) -> None:
    before = indexer.rows("SELECT count(*) AS n, sum(balance) AS s FROM position")
    status, answer = indexer.sql(statement)
    assert status >= 400, answer
    assert indexer.rows("SELECT count(*) AS n, sum(balance) AS s FROM position") == before


def test_a_second_statement_is_never_shown_to_the_planner(indexer: IndexerProcess) -> None:
    assert indexer.sql("SELECT 1; DELETE FROM position") == (400, "only a SELECT can be asked")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pg_sleep(60)",
        "SELECT count(*) FROM position WHERE pg_sleep(60) IS NULL",
        f"SELECT count(*) FROM {EIGHT}",
        "SELECT a.account FROM position a, position b, position c",
        "SELECT current_setting('data_directory')",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_no_query_holds_the_database_up(indexer: IndexerProcess, query: str) -> None:
    began = time.monotonic()
    status, answer = indexer.sql(query)
    assert status >= 400, answer
    assert time.monotonic() - began < 10


def test_the_cost_of_a_query_is_said(indexer: IndexerProcess) -> None:
    status, answer = indexer.sql(f"SELECT count(*) FROM {EIGHT}")
    assert (status, "are allowed" in answer) == (403, True)


def test_a_query_that_is_too_deep_is_refused(indexer: IndexerProcess) -> None:
    deep = "of { positions(limit: 1) { items { " * 4 + "balance" + " } } }" * 4
    _, answer = indexer.query("{ positions(limit: 1) { items { " + deep + " } } }")
    assert "data" not in answer or answer["data"] is None
    assert "depth" in json.dumps(answer["errors"]).lower()


def test_pages_within_pages_count_as_their_product(indexer: IndexerProcess) -> None:
    query = "query ($n: Int) { accounts(limit: $n) { items { positions(limit: 1000) { items { balance } } } } }"
    status, answer = indexer.query(query, n=1000)
    assert (status, answer["errors"][0]["message"]) == (400, "up to 1000000 rows are asked for, and 10000 are allowed")
    assert indexer.query(query, n=10)[0] == 200
    spread = (
        "fragment Rest on accountPage { items { positions(limit: 1000) { items { balance } } } }"
        " { accounts(limit: 1000) { ...Rest } }"
    )
    assert indexer.query(spread)[0] == 400


def test_a_request_that_is_too_large_is_refused(indexer: IndexerProcess) -> None:
    status, _ = indexer.ask("/graphql", {"query": "{ accounts { items { address } } } #" + "x" * 30_000})
    assert status == 413


def test_a_caller_who_asks_too_often_waits(indexer: IndexerProcess) -> None:
    def said(address: str) -> int:
        return indexer.ask("/graphql", {"query": "{ _meta { status } }"}, {"x-forwarded-for": address})[0]

    assert [said("9.9.9.9, 10.0.0.1") for _ in range(RATE)] == [200] * RATE
    assert said("10.0.0.1") == 429
    assert said("8.8.8.8, 10.0.0.1") == 429, "what a caller writes into the header makes them no other caller"
    assert said("10.0.0.2") == 200
