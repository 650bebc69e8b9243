"""The points keeper and what people see of points, on the deployed protocol."""

from __future__ import annotations

import json

import pytest
from ape import accounts
from click.testing import CliRunner

from minimainnet import control
from scripts import points
from scripts._lib import ledger as lib
from scripts._lib.ledger import Ledger, keep
from scripts._lib.params import protocol
from tests.support.trading import Trader

DAY = 86_400
SHARES = 10 * 10**18


@pytest.fixture
def ledger(system):
    return Ledger(system.points, system.prices)


@pytest.fixture
def writer(system, project):
    return project.PointsLedger.at(system.points.address)


@pytest.fixture
def sampler(system, project):
    return project.ReferencePrices.at(system.prices.address)


@pytest.fixture
def keeper():
    return accounts.test_accounts[5]


@pytest.fixture
def people(system, evm):
    """Three who bought MAG7.ssi through the router, which made them join; the first has staked half and boosts with SOSO."""
    names = [evm.account(f"points buyer {n}") for n in range(3)]
    for n, person in enumerate(names):
        Trader(system, person).with_shares("MAG7.ssi", (n + 1) * SHARES)
    first, index = names[0], system.index("MAG7.ssi")
    for asset, vault, amount in ((index, system.staked("MAG7.ssi"), SHARES // 2), (system.token("SOSO"), system.staked("SOSO"), 10**20)):
        if asset is not index:
            control.deal(evm.rpc, "SOSO", first, amount)
        asset.approve(vault.address, amount, sender=first)
        vault.deposit(amount, first, sender=first)
    return names


def next_epoch(system, later=0):
    ledger = Ledger(system.points, system.prices)
    control.warp(system.evm.rpc, ledger.end(ledger.epoch) - ledger.now + later)


def sample_daily(system, ledger, sampler, keeper, days=7):
    """As many as an epoch needs, one a day."""
    for _ in range(days):
        control.warp(system.evm.rpc, DAY)
        control.refresh_feeds(system.evm.rpc)
        assert lib.sample(ledger.prices, sampler, keeper, lambda _: None)["sampled"]


def said_by(*command):
    """What a command of the group prints as JSON."""
    done = CliRunner().invoke(points.cli, [*command, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_the_deployment_points_everywhere(system):
    """Every index with its staked token, SOSO, the locker, the registry; both they and the router know the ledger."""
    sources = system.prices.sourcesOf(system.points.currentEpoch())
    assert [tuple(pair) for pair in sources.pairs] == [
        (system.record.indexes[symbol], system.record.staked[symbol]) for symbol in ("MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI")
    ]
    assert sources.stakedSoso == system.record.staked["SOSO"]
    assert (sources.locker, sources.referrals) == (system.locker.address, system.referrals.address)
    assert system.referrals.ledger() == system.router.buyHook() == system.points.address
    assert system.points.router() == system.router.address
    assert (system.points.prices(), system.prices.oracle()) == (system.prices.address, system.oracle.address)
    for room in (system.points, system.prices):
        assert (room.epochGenesis(), room.epochLength()) == (protocol().epoch_genesis, protocol().epoch_length)


def test_buying_joins_and_a_keeper_does_the_rest(system, evm, ledger, writer, sampler, keeper, people):
    """Samples prices once a day, records everybody once the epoch is over, and has nothing left to do when run again."""
    assert ledger.joined() == people
    said = []
    first = keep(ledger, writer, sampler, keeper, said.append)
    slot = system.prices.runningSlot().slot
    assert first == {"epoch": ledger.epoch, "slot": slot, "sampled": True, "missing": 0, "recorded": first["recorded"]}
    assert not any(first["recorded"].values())
    assert keep(ledger, writer, sampler, keeper, said.append)["sampled"] is False
    epoch = ledger.epoch
    sample_daily(system, ledger, sampler, keeper)
    board = ledger.leaderboard(epoch)
    assert [row["account"] for row in board] == [people[0], people[2], people[1]]
    assert board[0]["points"] == system.points.pointsOf(people[0], epoch)

    next_epoch(system)
    done = keep(ledger, writer, sampler, keeper, said.append)
    assert done == {"epoch": epoch + 1, "slot": 0, "sampled": True, "missing": 0, "recorded": {epoch: 3}}
    assert all(system.points.recordedPoints(person, epoch) for person in people)
    blocks = evm.rpc.call("eth_blockNumber")
    assert keep(ledger, writer, sampler, keeper, said.append)["recorded"] == {epoch: 0}
    assert evm.rpc.call("eth_blockNumber") == blocks, "nothing is sent a second time"


def test_a_keeper_goes_on_where_another_stopped(system, ledger, writer, sampler, keeper, people):
    epoch = ledger.epoch
    sample_daily(system, ledger, sampler, keeper)
    next_epoch(system)
    system.points.record(people[1], epoch, sender=people[1])
    assert ledger.to_record(epoch) == [people[0], people[2]]
    assert keep(ledger, writer, sampler, keeper, print)["recorded"] == {epoch: 2}


def test_batches_stay_under_the_limit(system, ledger, writer, sampler, keeper, people, monkeypatch):
    """With a limit that two accounts do not fit in, one goes at a time."""
    epoch = ledger.epoch
    sample_daily(system, ledger, sampler, keeper)
    next_epoch(system)
    monkeypatch.setattr(lib, "MOST_GAS", limit := ledger.gas_of(people[:2], epoch, keeper.address))
    batches = list(ledger.batches(people, epoch, keeper.address))
    assert [len(accounts) for accounts, _ in batches] == [1, 1, 1]
    assert all(gas <= limit for _, gas in batches)
    assert keep(ledger, writer, sampler, keeper, print)["recorded"] == {epoch: 3}


def test_events_are_found_over_many_steps(ledger, people, monkeypatch):
    monkeypatch.setattr(lib, "BLOCKS", 7)
    assert ledger.joined() == people


def test_the_commands(system, evm, ledger, sampler, keeper, people):
    """As people type them."""
    done = said_by("keeper")
    assert (done["sampled"], done["missing"]) == (True, 0)
    usdc = system.token("USDC")
    control.deal(evm.rpc, "USDC", people[2], 10**9)
    usdc.approve(system.points.address, 10**9, sender=people[2])
    epoch = ledger.epoch
    system.points.fund(epoch, usdc, 10**9, sender=people[2])
    sample_daily(system, ledger, sampler, keeper)
    mine = said_by("statement", people[0])
    assert (mine["epoch"], mine["counts"]) == (epoch, True)
    assert mine["points"] == system.points.pointsOf(people[0], epoch)
    assert 15 * 10**18 < mine["staked"]["multiplier"] <= 165 * 10**18
    next_epoch(system)
    assert said_by("keeper")["recorded"] == {str(epoch): 3}
    control.warp(evm.rpc, 7 * DAY)
    board = said_by("leaderboard", "--epoch", str(epoch))["accounts"]
    assert sum(row["recorded"] for row in board) == system.points.totalRecorded(epoch)
    claims = [said_by("statement", person, "--epoch", str(epoch))["claims"][usdc.address] for person in people]
    assert 10**9 - 3 <= sum(claims) <= 10**9
    for command in (["leaderboard"], ["statement", people[0]], ["keeper"]):
        shown = CliRunner().invoke(points.cli, command, catch_exceptions=False)
        assert shown.exit_code == 0
        assert shown.output
