"""Every command that reads logs, on a node that limits them as providers do: by blocks and by results."""

from __future__ import annotations

import signal
from datetime import datetime, timezone

import pytest

from forks.seeding import invest
from ssi.chain.evm import Evm
from ssi.chain.http import HttpRpc
from ssi.constants import DAY
from ssi.points.ledger import Ledger
from tests.live.network import Live
from tests.live.test_keeper import metric, wait_for
from tests.support.governance import schedule

LIMITS = [(40, 10_000, 0), (2_000, 10_000, 5_000)]  # blocks, results, blocks that are mined without anything in them


def happens(live: Live, mined: int) -> None:
    """A holder mints, an account joins, an operation waits, empty blocks are mined, days pass."""
    with live.world() as evm:
        system = live.system_of(evm)
        invest(system, "MAG7.ssi", evm.account("minter"), 10**18)
        evm.send(live.address("other"), system.points, system.points.join.encode())
        schedule(system, system.index("USSI"), system.index("USSI").setSupplyCap.encode(71))
    # Before the days of the report: the node forgets states of thousands of blocks ago.
    for _ in range(mined // 500):  # in parts: a busy machine mines thousands for minutes
        live.direct.call("anvil_mine", hex(500), "0x0")
    for _ in range(3):
        live.warp(DAY)


@pytest.mark.parametrize(("blocks", "results", "mined"), LIMITS)
def test_what_is_read_from_logs_is_whole_under_limits(deployed, monkeypatch, tmp_path, blocks, results, mined):
    """Each command begins without a cursor, so it reads every block since the deployment."""
    live, who = deployed, deployed.address("other")
    happens(live, mined)
    monkeypatch.setenv("SSI_STATE", str(tmp_path / "unlimited"))
    joined = Ledger(live.system.points, live.system.prices, live.record.block).joined()
    assert joined[-1] == who, "others may have joined in the tests before"
    live.weather.blocks, live.weather.results = blocks, results
    spans = (int(live.direct.call("eth_blockNumber"), 16) - live.record.block) // blocks
    assert spans >= 2, "else the limit is none"
    since = datetime.fromtimestamp(live.system.evm.now - DAY, timezone.utc).strftime("%Y-%m-%d")
    found = {}
    for name in ("pending", f"history {who}", "points leaderboard", f"report MAG7.ssi --from {since}"):
        asked = live.weather.asked["eth_getLogs"]
        found[name.split()[0]] = live.run(*name.split(), "--json", SSI_STATE=str(tmp_path / name.split()[0])).json
        assert live.weather.asked["eth_getLogs"] - asked >= spans, name
    assert [o["arguments"] for o in found["pending"]] == [{"cap": 71}]
    assert [each["event"] for each in found["history"]] == ["Joined"]
    assert found["points"]["accounts"] == [], "an account without a position has no points; so ask who joined"
    monkeypatch.setenv("SSI_STATE", str(tmp_path / "here"))
    system = live.system_of(Evm(HttpRpc(live.url), impersonate=False))
    assert Ledger(system.points, system.prices, live.record.block).joined() == joined
    assert found["report"]["holders"]["count"] > 0


def test_a_keeper_works_under_limits(deployed, tmp_path):
    """Points need every account that ever joined; no job fails."""
    live = deployed
    happens(live, 0)
    live.weather.blocks, live.weather.results, _ = LIMITS[0]
    words = ("keeper", "run", "--look", "0.1", "--account", "keeper", "--listen", "127.0.0.1:0")
    running = live.start(*words, SSI_STATE=str(tmp_path / "state"))
    try:
        url = running.until("/healthz").partition("health on ")[2].split("/healthz")[0]
        wait_for(lambda: metric(url, 'ssi_keeper_job_runs_total{job="points"}') >= 1)
        wait_for(lambda: metric(url, 'ssi_keeper_job_transactions_total{job="distribute"}') == 4)
        for job in ("points", "distribute"):
            assert metric(url, f'ssi_keeper_job_failures_total{{job="{job}"}}') == 0
        running.kill(signal.SIGTERM)
        assert live.ended(running).code == 0
    finally:
        if not running.ended:
            running.kill()
