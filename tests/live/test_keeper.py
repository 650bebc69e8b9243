"""The keeper that runs for months, through everything that happens to one."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from forks import control
from forks.seeding import invest
from ssi.constants import DAY, HOUR
from ssi.governance import proposals
from ssi.governance.decoder import Decoder
from ssi.governance.proposal import execution, scheduling
from ssi.keeper import maintenance
from ssi.keeper.rebalance import RebalanceKeeper
from ssi.places import ROOT
from ssi.points.ledger import Ledger
from tests.live.network import PASSPHRASE, Live, RunningCommand
from tests.live.words import every

RUN = ("keeper", "run", "--look", "0.1")


@pytest.fixture
def due(deployed: Live) -> Live:
    """A new UTC day: the fees of every index can be distributed."""
    deployed.warp(DAY)
    return deployed


@pytest.fixture
def keep(due: Live) -> Iterator[Callable[..., tuple[RunningCommand, str]]]:
    """Starts keepers, and kills what is left of them. Returns the process and its web address."""
    started = []

    def start(account="keeper", *words):
        running = due.start(*RUN, "--account", account, "--listen", "127.0.0.1:0", *words)
        started.append(running)
        said = running.until("health on ")
        return running, said.partition("health on ")[2].split("/healthz")[0]

    yield start
    for running in started:
        if not running.ended:
            running.kill()


def ask(url: str) -> tuple[int, str]:
    """Status and text of a web page."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metric(url: str, name: str) -> float:
    """One figure of /metrics."""
    return float(
        next(
            line.rpartition(" ")[2] for line in ask(f"{url}/metrics")[1].splitlines() if line.rpartition(" ")[0] == name
        )
    )


def wait_for(true: Callable[[], object], seconds: float = 240) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


def transactions(url: str) -> float:
    """What a keeper says it has sent."""
    lines = ask(f"{url}/metrics")[1].splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("ssi_keeper_job_transactions_total"))


def pooled(live: Live) -> Any:
    """Transactions that wait to be mined, by sender and nonce."""
    return live.direct.call("txpool_content")["pending"]


def only(live: Live) -> Any:
    """The one transaction that waits."""
    ((waiting,),) = [pool.values() for pool in pooled(live).values()]
    return waiting


def distributed(live: Live) -> bool:
    """Whether all fees of today were."""
    system = live.system
    today = system.evm.now // DAY
    return all(system.distributor.splitOf(index).lastDay == today for index in system.record.indexes.values())


@pytest.mark.shows("keeper run", "unattended")
def test_it_does_what_is_due_says_how_it_is_and_stops_when_told(due, keep):
    running, url = keep()
    wait_for(lambda: distributed(due))
    wait_for(lambda: metric(url, 'ssi_keeper_job_transactions_total{job="distribute"}') == 4)
    wait_for(lambda: metric(url, 'ssi_keeper_job_runs_total{job="points"}') >= 1)
    assert ask(f"{url}/healthz") == (200, "ok\n")
    assert metric(url, "ssi_keeper_healthy") == 1
    assert metric(url, "ssi_keeper_balance_ether") == pytest.approx(100, abs=0.1)
    running.kill(signal.SIGTERM)
    done = running.wait()
    assert done.code == 0, done.err
    assert done.err.splitlines()[-1].endswith("INFO stopped")


@pytest.mark.shows("keeper run", "by hand")
def test_a_person_starts_it_and_stops_it_with_control_c(due):
    """They are asked for the passphrase, once and for all transactions."""
    with due.person("keeper", "run", "--account", "locked", "--look", "0.1", "--listen", "127.0.0.1:0") as person:
        person.sees("Enter passphrase")
        person.types(PASSPHRASE)
        person.sees("health on ")
        wait_for(lambda: distributed(due))
        person.presses("\x03")
        done = person.leaves()
    assert done.code == 0, done.out
    assert "INFO stopped" in done.out
    assert done.out.count("passphrase") == 1


def laden(live: Live) -> tuple[int, str]:
    """A rebalance begins an hour after an epoch has ended in which one account had points, with a pot for who records
    them; returns the epoch and the account.
    """
    with live.world() as evm:
        system, rpc, holder = live.system_of(evm), evm.rpc, evm.account("a holder")
        ledger, usdc, manager = Ledger(system.points, system.prices), system.token("USDC"), system.manager
        invest(system, "MAG7.ssi", holder, 2_000 * 10**18)
        system.points.join(sender=holder)
        control.warp(rpc, ledger.end(ledger.epoch) - ledger.now)
        epoch = ledger.epoch
        control.deal(rpc, "USDC", holder, 1_000 * 10**6)
        usdc.approve(system.points.address, 1_000 * 10**6, sender=holder)
        system.points.fund(epoch, usdc.address, 1_000 * 10**6, 500, sender=holder)
        for _ in range(8):
            control.warp(rpc, DAY)
            system.prices.sample(sender=holder)
        for name, factor in {"SOL": 1.2, "BNB": 1.1, "LINK": 0.85, "UNI": 0.9}.items():
            control.move_price(rpc, name, factor)
        control.warp(rpc, HOUR)  # until the pools' averages agree with the feeds
        registry, tokens = system.contract("SupplyRegistry"), system.index("MAG7.ssi").basket().tokens
        fresh = registry.post.encode(tokens, [registry.supply(token) for token in tokens])
        calls = [(registry, fresh), *proposals.rebalance(Decoder(system), "MAG7.ssi").calls]
        safe = system.record.contracts["Safe"]
        evm.send(safe, manager.address, scheduling(manager, calls))
        control.warp(rpc, ledger.end(epoch) - ledger.now + HOUR)
        evm.send(safe, manager.address, execution(manager, [(target.address, data) for target, data in calls]))
    return epoch, holder


def test_it_fills_a_rebalance_moves_checkpoints_and_records_points(due, keep):
    """With the test above, all of its jobs send in the live environment."""
    epoch, holder = laden(due)
    system = due.system
    assert maintenance.due_pokes(system) == ["sDAI", "sUSDS"]
    before = RebalanceKeeper(system, "MAG7.ssi", holder).report()
    _, url = keep("keeper", "--min-profit", "-1")

    def told(what: str, job: str) -> float:
        return metric(url, f'ssi_keeper_job_{what}_total{{job="{job}"}}')

    def looked_again_since(looked: float) -> bool:
        return told("runs", "rebalance MAG7.ssi") > looked

    wait_for(lambda: told("transactions", "poke") == 2)
    assert maintenance.due_pokes(system) == []
    wait_for(lambda: told("transactions", "points") == 2)
    assert system.prices.runningSlot().sampled
    assert system.points.recordedPoints(holder, epoch) > 0
    jumps = 0
    while jumps < 12:  # until the price has fallen so far that a fill pays
        if told("transactions", "rebalance MAG7.ssi"):
            break
        looked = told("runs", "rebalance MAG7.ssi")
        due.warp(2 * HOUR)
        jumps += 1
        wait_for(partial(looked_again_since, looked))
    assert told("transactions", "rebalance MAG7.ssi") > 0
    after = RebalanceKeeper(system, "MAG7.ssi", holder).report()
    assert after.id == before.id
    assert after.distance_bps < before.distance_bps
    assert told("failures", "rebalance MAG7.ssi") <= jumps, "a look between the clock's jump and the feeds' answers"
    assert told("failures", "poke") == told("failures", "points") == 0


# ---------------------------------------------------------------- the node


def test_it_outlives_a_node_that_is_gone(due, keep):
    """Ill while nothing answers, well afterwards, and the work is done."""
    running, url = keep()
    due.weather.down = True
    running.until("no answer from the node")
    due.weather.down = False
    running.until("the node answers again")
    wait_for(lambda: distributed(due))
    assert ask(f"{url}/healthz")[0] == 200


def test_pages_of_html_and_cut_connections_cost_time_and_nothing_else(due, keep):
    due.weather.refuse = due.weather.drop = 3
    running, _ = keep()
    due.weather.refuse = due.weather.drop = 3
    wait_for(lambda: distributed(due))
    assert "unexpected" not in running.err.read_text()


def test_answers_that_get_lost_and_receipts_that_are_late_send_nothing_twice(due, keep):
    """The node has every transaction before the keeper knows."""
    before = due.sent("keeper")
    due.weather.lose, due.weather.hide = 2, 5
    _, url = keep()
    wait_for(lambda: distributed(due))
    wait_for(lambda: metric(url, 'ssi_keeper_job_runs_total{job="points"}') >= 1)
    assert metric(url, 'ssi_keeper_job_transactions_total{job="distribute"}') == 4
    assert due.sent("keeper") - before == transactions(url)


# ---------------------------------------------------------------- transactions


def test_a_transaction_that_got_lost_is_replaced_with_a_higher_fee(due, keep):
    """The node says that it has it, and never mines it."""
    due.weather.swallow = 1
    _, url = keep("keeper", "--stuck", "1")
    wait_for(lambda: distributed(due))
    assert metric(url, "ssi_keeper_fees_raised_total") >= 1


def test_a_transaction_that_is_stuck_is_replaced_with_a_higher_fee(due, keep):
    """The node has it and does not mine it, while blocks go by.

    The one that is mined at last offers more, with the same nonce.
    """
    due.direct.call("evm_setAutomine", False)
    _, url = keep("keeper", "--stuck", "1")
    wait_for(lambda: pooled(due))
    first = only(due)
    wait_for(lambda: only(due)["hash"] != first["hash"])
    second = only(due)
    assert second["nonce"] == first["nonce"]
    assert int(second["maxFeePerGas"], 16) >= int(first["maxFeePerGas"], 16) * 11 // 10
    assert metric(url, "ssi_keeper_fees_raised_total") >= 1
    due.direct.call("evm_setAutomine", True)
    due.direct.call("evm_mine")
    wait_for(lambda: distributed(due))


def test_a_nonce_that_another_program_takes_is_no_harm(due, keep):
    """The account's owner sends something by hand meanwhile: the job is looked at again, and done."""
    due.direct.call("evm_setAutomine", False)
    running, url = keep()
    wait_for(lambda: pooled(due))
    due.transfer("keeper", nonce=due.sent("keeper"), gas_price=10**12)
    due.direct.call("evm_mine")
    due.direct.call("evm_setAutomine", True)
    due.direct.call("evm_mine")
    wait_for(lambda: distributed(due))
    wait_for(lambda: metric(url, 'ssi_keeper_job_failing{job="distribute"}') == 0)
    assert "unexpected" not in running.err.read_text()


def test_another_keeper_that_was_faster_is_no_failure(due, keep):
    """Both have the same job in the pool; one is mined first, and the other reverts. Then they share what is left."""
    due.direct.call("evm_setAutomine", False)
    (one, first), (two, second) = keep("keeper"), keep("other")
    wait_for(lambda: len(pooled(due)) == 2)
    due.direct.call("evm_mine")
    due.direct.call("evm_setAutomine", True)
    due.direct.call("evm_mine")
    wait_for(lambda: distributed(due))
    wait_for(lambda: "another keeper was faster" in one.err.read_text() + two.err.read_text())
    wait_for(lambda: all(metric(url, 'ssi_keeper_job_runs_total{job="points"}') >= 1 for url in (first, second)))
    assert [metric(url, 'ssi_keeper_job_failures_total{job="distribute"}') for url in (first, second)] == [0, 0]
    done = sum(metric(url, 'ssi_keeper_job_transactions_total{job="distribute"}') for url in (first, second))
    assert done == 4, "each once"


def test_a_keeper_without_funds_says_so_and_goes_on_when_it_has_some(due, keep):
    running, url = keep("poor")
    running.until("out of funds")
    assert ask(f"{url}/healthz")[0] == 503
    assert metric(url, "ssi_keeper_healthy") == 0
    due.direct.call("anvil_setBalance", due.address("poor"), hex(10**20))
    wait_for(lambda: distributed(due))
    wait_for(lambda: ask(f"{url}/healthz")[0] == 200)


def test_a_job_that_fails_stops_no_other(due, keep):
    """The rebalancer is broken: its jobs fail and say so, fees and points go on."""
    due.direct.call("anvil_setCode", due.record.contracts["Rebalancer"], "0xfe")
    _, url = keep()
    wait_for(lambda: metric(url, 'ssi_keeper_job_failing{job="rebalance MAG7.ssi"}') >= 2)
    wait_for(lambda: distributed(due))
    wait_for(lambda: metric(url, 'ssi_keeper_job_runs_total{job="points"}') >= 1)
    assert metric(url, 'ssi_keeper_job_failing{job="distribute"}') == 0
    assert ask(f"{url}/healthz") == (200, "ok\n"), "a job that fails is no reason to start the keeper anew"


# ---------------------------------------------------------------- crashes


@pytest.mark.parametrize("answered", [False, True], ids=["before it was sent", "before that was known"])
def test_killed_at_every_transaction_and_started_again_everything_is_done_once(due, keep, answered):
    """A keeper that dies at its first transaction each time gets all the work done, or the next one does."""
    jobs, before, lives = list[RunningCommand](), due.sent("keeper"), 0

    def watch(method: str, after: bool) -> bool:
        if jobs and method == "eth_sendRawTransaction" and after == answered:
            jobs.pop().kill()
            return True
        return False

    due.weather.watch = watch
    while not distributed(due) and lives < 4:
        job = due.start(*RUN, "--account", "keeper", "--listen", "127.0.0.1:0")
        jobs.append(job)
        wait_for(lambda: not jobs)
        lives += 1
    assert due.sent("keeper") - before == (lives if answered else 0)
    due.weather.watch = None
    _, url = keep()
    wait_for(lambda: distributed(due))
    wait_for(lambda: metric(url, 'ssi_keeper_job_runs_total{job="points"}') >= 1)
    assert due.sent("keeper") - before == (lives if answered else 0) + transactions(url), "nothing was sent twice"


def test_what_a_killed_keeper_left_unmined_is_taken_over(due, keep):
    """Killed with a transaction in the pool: the next keeper replaces that, and everything is done once."""
    due.direct.call("evm_setAutomine", False)
    running, _ = keep()
    wait_for(lambda: pooled(due))
    running.kill()
    _, url = keep("keeper", "--stuck", "1")
    wait_for(lambda: metric(url, "ssi_keeper_fees_raised_total") >= 1)
    due.direct.call("evm_setAutomine", True)
    due.direct.call("evm_mine")
    wait_for(lambda: distributed(due))
    wait_for(lambda: metric(url, 'ssi_keeper_job_transactions_total{job="distribute"}') == 4)


# ---------------------------------------------------------------- one machine


def test_one_account_is_kept_with_once(due, keep):
    keep()
    again = due.run("keeper", "run", "--account", "keeper", "--listen", "127.0.0.1:0")
    assert again.code == 2
    assert "A keeper runs with" in again.err


def test_a_port_that_is_taken_is_told(due, keep):
    _, url = keep()
    taken = due.run("keeper", "run", "--account", "other", "--listen", url.removeprefix("http://"))
    assert taken.code == 2
    assert "choose another with --listen" in taken.err


# ---------------------------------------------------------------- what comes with it


def unit_lines() -> dict[str, list[str]]:
    """What the systemd unit says, by name; a name may stand more than once."""
    found = defaultdict(list)
    for line in (ROOT / "ops/keeper.service").read_text().splitlines():
        name, assigned, value = line.partition("=")
        if assigned and not line.startswith("#"):
            found[name].append(value)
    return found


def container_lines() -> dict[str, str]:
    """The container file's instructions, the last of each name."""
    text = (ROOT / "ops/Containerfile").read_text().replace("\\\n", "")
    return dict(line.split(" ", 1) for line in text.splitlines() if line and line[0].isupper())


def by_the_unit(live: Live, secrets: Path) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the systemd unit: with this checkout for /opt/ssi, the live environment's key files
    for /var/lib/ssi, and a directory of credentials as systemd makes one.
    """
    unit = unit_lines()
    (credential,), (start,) = unit["LoadCredential"], unit["ExecStart"]
    (secrets / credential.partition(":")[0]).write_text(PASSPHRASE)
    here = {"/opt/ssi": str(ROOT), "/var/lib/ssi": str(live.folder), "%d": str(secrets)}
    environment = dict(word.split("=", 1) for line in unit["Environment"] for word in shlex.split(line))
    return [placed(word, here) for word in start.split()], {k: placed(v, here) for k, v in environment.items()}


def by_the_container(live: Live, secrets: Path) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the container file, without the container: with this checkout for its work directory,
    the live environment's folder for its volume, and a file for its secret.
    """
    container = container_lines()
    (secrets / "keeper.passphrase").write_text(PASSPHRASE)
    here = {"/opt/ssi": str(ROOT), "/state": str(live.folder), "/run/secrets": str(secrets), "$PATH": "/usr/bin:/bin"}
    environment = dict(word.split("=", 1) for word in container["ENV"].split())
    return json.loads(container["CMD"]), {name: placed(value, here) for name, value in environment.items()}


def placed(text: str, here: Mapping[str, str]) -> str:
    """A path of a server, where it is in the live environment."""
    for there, place in here.items():
        text = text.replace(there, place)
    return text


@pytest.mark.parametrize("started", [by_the_unit, by_the_container])
def test_the_unit_s_and_the_container_s_own_command_keeps_with_nothing_but_their_environment(due, tmp_path, started):
    """The passphrase is a credential, the node and the record are those of the live environment, the port is free."""
    command, environment = started(due, tmp_path)
    if "--listen" in command:
        command[command.index("--listen") + 1] = "0.0.0.0:0"
    else:
        command += ["--listen", "127.0.0.1:0"]
    environment |= {"MAINNET_RPC_URL": due.url, "SSI_DEPLOYMENTS": str(due.record_path.parent)}
    command[0] = shutil.which(command[0], path=environment["PATH"])
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        wait_for(lambda: "/healthz" in log.read_text() or process.poll() is not None)
        said = log.read_text()
        assert "health on " in said, said
        port = said.partition("/healthz")[0].rpartition(":")[2]
        wait_for(lambda: distributed(due))
        assert ask(f"http://127.0.0.1:{port}/healthz") == (200, "ok\n")
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def test_the_unit_and_the_container_start_it_as_these_tests_do():
    """Both run a command that exists, with options that exist, and the container asks where the keeper listens."""
    unit, container = unit_lines(), container_lines()
    (start,) = unit["ExecStart"]
    service = start.split()
    assert service[0].endswith(".venv/bin/ape")
    for words in (service[1:], json.loads(container["CMD"])[1:]):
        assert words[:3] == ["run", "keeper", "run"]
        parsed = every()["keeper run"].make_context("keeper run", words[3:]).params
        assert parsed["account"] == "keeper"
        assert parsed["network"]
    assert unit["Restart"] == ["always"]
    port = container["HEALTHCHECK"].split("127.0.0.1:")[1].split("/")[0]
    assert parsed["listen"] == f"0.0.0.0:{port}"
    assert f"EXPOSE {port}" in (ROOT / "ops/Containerfile").read_text()
