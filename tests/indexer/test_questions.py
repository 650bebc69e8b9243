"""What the indexer refuses before the engine or the database sees it. No chain is needed: the modules run alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.indexer import HOME

# Two texts of which Ponder's check remembers the same 40 bits; six seconds of one core found them.
HARMLESS = "SELECT 1 AS a757177"
HARMFUL = "WITH gone AS (DELETE FROM position RETURNING *) SELECT 159876 FROM gone"


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No chain is needed here."""


def run(folder: Path, script: str, *words: str, seconds: float = 60) -> Any:
    """The JSON that a script prints; it may import from the indexer's `src/api`."""
    path = folder / "script.ts"
    path.write_text(script.replace("API", str(HOME / "src" / "api")))
    engine = HOME / "node_modules" / ".bin" / "vite-node"
    done = subprocess.run(
        [engine, path, "--", *words], cwd=HOME, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


ALLOWED = """
    import { requireAllowed } from "API/allowed.ts";
    const said = [];
    for (const sql of process.argv.slice(2).filter((word) => word !== "--")) {
      said.push(await requireAllowed(sql).then(() => "allowed", (error) => error.message));
    }
    console.log(JSON.stringify(said));
"""


REFUSED = [
    "SELECT repeat('a', 1000000000)",
    "SELECT 1 FROM position WHERE account = table_to_xml('position', true, true, '')::text",
    "SELECT U&\"c\\0075rrent_setting\"('data_directory')::int",
    "SELECT * FROM ponder_sync.logs",
    "SELECT * FROM generate_series(1, (SELECT 1000000000))",
    "WITH RECURSIVE n AS (SELECT 1 AS a UNION ALL SELECT a FROM n) SELECT count(*) FROM n",
    "SELECT 1 */ SELECT 2 /*",
]


def test_only_what_ponder_allows_reaches_the_planner(tmp_path: Path) -> None:
    """Also where another text with the same 40 bits was allowed before, and where it is asked again."""
    said = run(tmp_path, ALLOWED, HARMLESS, HARMFUL, HARMLESS, HARMFUL, *REFUSED)
    assert said[:4] == ["allowed", "DeleteStmt not supported"] * 2
    assert [sql for sql, answer in zip(REFUSED, said[4:], strict=True) if answer == "allowed"] == []


def test_fragments_of_fragments_are_not_walked_to_the_end(tmp_path: Path) -> None:
    levels, times = 17, 40
    parts = [f"fragment F{n} on Query {{ {f'...F{n + 1} ' * times} }}" for n in range(levels)]
    query = " ".join([*parts, f"fragment F{levels} on Query {{ _meta {{ status }} }}", "{ ...F0 }"])
    assert len(query) < 20_000
    script = """
        import { rowsOf } from "API/limits.ts";
        let said = "walked through";
        try { rowsOf(process.argv.at(-1) as string); } catch (error) { said = (error as Error).message; }
        console.log(JSON.stringify(said));
    """
    assert run(tmp_path, script, query, seconds=30) == "the operation has too many fields"
