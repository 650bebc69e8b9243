"""An indexer beside the chain: twenty thousand operations of two thousand accounts, compared with the contracts value
by value; and commands that print the same with it and without.

One history and one indexer for all tests of this file. The indexer is killed while it reads the history and started
again; the chain stands still after the history.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils import to_checksum_address

from ssi.chain.evm import Evm
from ssi.indexer.client import Indexer
from ssi.places import ROOT
from ssi.points.ledger import Ledger
from ssi.protocol import Protocol
from ssi.registry.record import Record
from ssi.registry.system import System
from tests.live.network import Live, shell
from tests.live.proxy import proxied
from tools import app_config, indexer_config
from tools.crowd_acts import OFTEN
from tools.indexer import IndexerProcess, running

OPERATIONS, PEOPLE = 20_000, 2_000  # operations that succeed
TRIED = 21_000
PATIENCE = 900  # seconds to sync; the machine may be busy
# Share prices and rates at old blocks have tests of their own; without them the indexer needs no archive. A check asks
# more often than a person: it would wait for its turn. All other limits are those of any indexer.
SETTINGS = {"INDEXER_READS": "off", "INDEXER_RATE": "1000000"}
# What keepers, bidders and signers do beside the people of `tools/crowd_acts.py`.
KEEPERS = {"bid", "cancel", "distribute", "execute", "fund", "poke", "record many", "sample", "schedule"}


@dataclass
class World:
    """The history, the indexer that has read it, and commands on its chain."""

    lived: dict[str, Any]
    indexer: IndexerProcess
    live: Live
    system: System

    def says(self, *words: str, **environment: str) -> str:
        """What a command prints on standard output, from the indexer unless told otherwise."""
        done = self.live.run(*words, **{"SSI_INDEXER": self.indexer.url, **environment})
        assert done.code == 0, done.err
        return done.out


@contextmanager
def lived(folder: Path) -> Iterator[dict[str, Any]]:
    """A chain with the history on it, in a process of its own; what it says of itself."""
    command = [sys.executable, "-m", "tools.crowd", "--operations", str(TRIED), "--people", str(PEOPLE)]
    environment = {k: v for k, v in os.environ.items() if k not in ("APE_FOUNDRY_HOST", "MAINNET_RPC_URL")}
    environment |= {"SSI_DEPLOYMENTS": str(folder / "crowd"), "SSI_STATE": str(folder / "crowd-state")}
    with (folder / "crowd.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (folder / "crowd.log").read_text()[-3_000:]
            yield json.loads(line)
        finally:
            process.communicate("", timeout=60)


@pytest.fixture(scope="module")
def world(live: Live, project: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("indexed")
    with lived(folder) as said, proxied() as (url, weather), shell(folder, url) as started:
        weather.upstream = said["url"]
        (folder / "deployments").mkdir()
        record = folder / "deployments/ethereum-mainnet.json"
        shutil.copy(said["record"], record)
        system = System(Evm(said["url"], impersonate=False), project, Record.read(record, 1))
        settings = folder / "settings.json"
        app_config.write(indexer_config.config(system, blocks_per_look=1), settings)
        with running(IndexerProcess(settings, said["url"], folder / "indexer", SETTINGS)) as indexer:
            crash_within(indexer, (said["first"] + said["last"]) // 2, said["last"])
            indexer.start()
            indexer.wait(said["last"], PATIENCE)
            yield World(said, indexer, Live(url, weather, folder, started, project, live.seen), system)


def crash_within(indexer: IndexerProcess, first: int, last: int) -> None:
    """Kills the indexer when it has written down blocks after the first of these two, and not yet the last."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        lines = [json.loads(line) for line in indexer.log.read_text().splitlines() if line.startswith("{")]
        ends = [json.loads(line["block_range"])[1] for line in lines if line["msg"] == "Indexed block range"]
        if ends and ends[-1] > first:
            assert ends[-1] < last, "it was through before it could be killed"
            indexer.stop(signal.SIGKILL)
            return
        time.sleep(0.2)
    raise AssertionError(indexer.log.read_text()[-3_000:])


def test_the_history_is_large_enough(world):
    """Of every kind of operation there are some, and they are successful ones that count."""
    assert sum(world.lived["done"].values()) >= OPERATIONS
    assert len(set(world.lived["people"])) == PEOPLE
    assert world.lived["done"].keys() >= OFTEN.keys() | KEEPERS


@pytest.mark.shows("indexer check", "unattended")
def test_the_indexer_agrees_with_the_chain(world):
    """Every value of every subject; each subject has something to compare."""
    done = world.live.run("indexer", "check", world.indexer.url, "--json")
    assert json.loads(done.out)["differences"] == []
    said = done.json
    assert said["agrees"] is True
    assert said["block"] == world.lived["last"]
    assert all(said["compared"].values()), said["compared"]
    assert sum(said["compared"].values()) > 50_000


@pytest.mark.parametrize(
    "words",
    [("portfolio", "WHO"), ("portfolio", "WHO", "--json"), ("history", "WHO", "--json"), ("points", "leaderboard")],
)
def test_commands_print_the_same(world, words):
    """Byte for byte."""
    typed = [world.lived["people"][0] if word == "WHO" else word for word in words]
    said = world.says(*typed)
    assert said == world.says(*typed, SSI_INDEXER="")
    assert len(said) > 500


def test_accounts_read_the_same(world):
    """Of many accounts, by the classes behind the commands; some have done much, and some have claims in kind."""
    read, asked = Protocol(world.system), Protocol(replace(world.system, indexer=Indexer(world.indexer.url)))
    people = [*world.lived["people"][:20], *world.lived["owed"]]
    happened = 0
    for who in people:
        assert asked.history(who) == read.history(who)
        assert asked.portfolio(who) == read.portfolio(who)
        happened += len(read.history(who))
    assert happened > 5 * len(people)


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_leaderboards_read_the_same(world, epoch):
    system, client = world.system, Indexer(world.indexer.url)
    said = Ledger(system.points, system.prices, system.record.block or 0, client).leaderboard(epoch)
    assert said == Ledger(system.points, system.prices, system.record.block or 0).leaderboard(epoch)
    assert len(said) > PEOPLE // 2


@pytest.mark.shows("indexer check", "by hand")
def test_changed_rows_are_named(world):
    """The file of the embedded database is changed while nothing runs: a balance is one wei more, a record is gone."""
    who, token = world.lived["people"][7], world.system.record.indexes["MAG7.ssi"]
    balance = world.system.index("MAG7.ssi").balanceOf(who)
    (record,) = Indexer(world.indexer.url).rows("select account, epoch, total from record order by total desc limit 1")
    world.indexer.stop()
    change(
        world.indexer,
        f"update position set balance = balance + 1 where account = '{who.lower()}' and source = '{token.lower()}'",
        f"delete from record where account = '{record['account']}' and epoch = {record['epoch']}",
    )
    world.indexer.start()
    world.indexer.wait(world.lived["last"], PATIENCE)
    with world.live.person("indexer", "check", SSI_INDEXER=world.indexer.url) as person:
        done = person.leaves()
    said = " ".join(done.out.split())
    assert done.code == 1
    assert f"position/MAG7.ssi/{who}/balance {balance} {balance + 1}" in said
    account = to_checksum_address(record["account"])
    assert f"record/epoch {record['epoch']}/{account} {record['total']} 0" in said
    assert "✗ 2 differ" in said
    as_json = world.live.run("indexer", "check", world.indexer.url, "--json")
    assert (as_json.code, len(json.loads(as_json.out)["differences"])) == (1, 2)


def change(indexer: IndexerProcess, *statements: str) -> None:
    """Runs SQL that changes a row each on the embedded database of an indexer that is stopped, past the engine's
    triggers.
    """
    script = """
      import { PGlite } from "@electric-sql/pglite";
      const db = new PGlite(process.argv[1]);
      await db.exec("set session_replication_role = replica; set search_path to ssi");
      for (const sql of process.argv.slice(2)) {
        const { affectedRows } = await db.query(sql);
        if (affectedRows !== 1) throw new Error(`${affectedRows} rows were changed by ${sql}`);
      }
      await db.close();
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, str(indexer.folder / "data"), *statements],
        cwd=ROOT / "indexer", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_without_the_indexer_commands_go_on(world):
    """It is gone: the same is printed, and standard error says why it took longer."""
    who = world.lived["people"][0]
    with_it = world.says("history", who)
    world.indexer.stop()
    done = world.live.run("history", who, SSI_INDEXER=world.indexer.url)
    assert done.code == 0
    assert done.out == with_it
    assert f"{world.indexer.url} does not answer" in done.err
    assert "The chain is read instead" in done.err
    refused = world.live.run("indexer", "check", world.indexer.url)
    assert refused.code == 1
    assert "There is nothing to compare" in refused.err
