"""The keeper that runs for months, through everything that happens to one."""

from __future__ import annotations

import signal
import time
import urllib.error
import urllib.request

import pytest

DAY = 86_400


@pytest.fixture
def due(deployed):
    """A new UTC day: the fees of every index can be distributed."""
    deployed.warp(DAY)
    return deployed


@pytest.fixture
def keep(due):
    """Starts keepers, and kills what is left of them. Returns the process and its web address."""
    started = []

    def start(account="keeper", *words):
        running = due.start("keeper", "run", "--account", account, "--look", "0.1", "--listen", "127.0.0.1:0", *words)
        started.append(running)
        said = running.until("health on ")
        return running, said.partition("health on ")[2].split("/healthz")[0]

    yield start
    for running in started:
        if not running.code.exists():
            running.kill()


def ask(url):
    """Status and text of a web page."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metric(url, name):
    """One figure of /metrics."""
    return float(next(line.rpartition(" ")[2] for line in ask(f"{url}/metrics")[1].splitlines() if line.rpartition(" ")[0] == name))


def wait_for(true, seconds=240):
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


def distributed(live):
    """Whether all fees of today were."""
    system = live.system
    today = system.evm.now // DAY
    return all(system.distributor.splitOf(index).lastDay == today for index in system.record.indexes.values())


def test_it_does_what_is_due_says_how_it_is_and_stops_when_told(due, keep):
    running, url = keep()
    wait_for(lambda: distributed(due))
    wait_for(lambda: metric(url, 'ssi_keeper_chore_transactions_total{chore="distribute"}') == 4)
    wait_for(lambda: metric(url, 'ssi_keeper_chore_runs_total{chore="points"}') >= 1)
    assert ask(f"{url}/healthz") == (200, "ok\n")
    assert metric(url, "ssi_keeper_healthy") == 1
    running.kill(signal.SIGTERM)
    done = running.wait()
    assert done.code == 0, done.err
    assert done.err.splitlines()[-1].endswith("INFO stopped")


def test_it_outlives_a_node_that_is_gone(due, keep):
    """Ill while nothing answers, well afterwards, and the work is done."""
    running, _ = keep()
    due.weather.down = True
    wait_for(lambda: "no answer from the node" in running.err.read_text())
    due.weather.down = False
    wait_for(lambda: distributed(due))
    running.until("the node answers again")


def test_pages_of_html_and_cut_connections_cost_time_and_nothing_else(due, keep):
    running, _ = keep()
    due.weather.refuse = due.weather.drop = 3
    wait_for(lambda: distributed(due))
    assert "unexpected" not in running.err.read_text()


def test_a_transaction_that_got_lost_is_replaced_with_a_higher_fee(due, keep):
    """The node says that it has it, and never mines it."""
    due.weather.swallow = 1
    _, url = keep("keeper", "--stuck", "1")
    wait_for(lambda: distributed(due))
    assert metric(url, "ssi_keeper_fees_raised_total") >= 1


def test_what_a_killed_keeper_left_unmined_is_taken_over(due, keep):
    """Killed with a transaction in the pool: the next keeper replaces that, and everything is done once."""
    due.direct.call("evm_setAutomine", False)
    running, _ = keep()
    wait_for(lambda: int(due.direct.call("txpool_status")["pending"], 16) == 1)
    running.kill()
    _, url = keep("keeper", "--stuck", "1")
    wait_for(lambda: metric(url, "ssi_keeper_fees_raised_total") >= 1 or due.weather.asked["eth_sendRawTransaction"] > 2)
    due.direct.call("evm_setAutomine", True)
    due.direct.call("evm_mine")
    wait_for(lambda: distributed(due))


def test_somebody_else_was_faster(due, keep):
    """Two keepers at once, each with an account of its own: what is due is done, and nobody calls it a failure for long."""
    (_, first), (_, second) = keep("keeper"), keep("other")
    wait_for(lambda: distributed(due))
    done = [metric(url, 'ssi_keeper_chore_transactions_total{chore="distribute"}') for url in (first, second)]
    assert 0 <= sum(done) <= 8
    wait_for(lambda: all(metric(url, 'ssi_keeper_chore_failing{chore="distribute"}') == 0 for url in (first, second)))


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


def test_a_keeper_without_funds_says_so_and_goes_on_when_it_has_some(due, keep):
    running, url = keep("poor")
    running.until("out of funds")
    assert ask(f"{url}/healthz")[0] == 503
    due.direct.call("anvil_setBalance", due.address("poor"), hex(10**20))
    wait_for(lambda: distributed(due))
    wait_for(lambda: ask(f"{url}/healthz")[0] == 200)
    due.direct.call("anvil_setBalance", due.address("poor"), hex(10**12))
