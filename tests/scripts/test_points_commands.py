"""The points keeper and what people see of points, on the deployed protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ape import accounts
from click.testing import CliRunner

from forks import control
from scripts import points
from ssi.chain import logs
from ssi.chain.evm import Evm, Reverted
from ssi.chain.rpc import Rpc, RpcError
from ssi.chain.sender import Sender
from ssi.constants import DAY
from ssi.keeper import points as lib
from ssi.keeper.points import PointsKeeper
from ssi.points.ledger import Ledger
from ssi.points.pay import Policy
from ssi.registry.params import protocol
from ssi.registry.system import System
from tests.support.trading import Trader

SHARES = 10 * 10**18
GENEROUS = Policy(subsidy_bps=10_000)  # counts what accounts get as its own gain


@pytest.fixture
def ledger(system: System) -> Ledger:
    return Ledger(system.points, system.prices)


@pytest.fixture
def keeper(evm: Evm) -> Sender:
    return Sender(evm.rpc, accounts.test_accounts[5])


@pytest.fixture
def keep(system: System, keeper: Sender) -> Callable[..., Any]:
    """One run of the keeper."""

    def run(say=lambda _: None, policy=GENEROUS):
        return PointsKeeper(system, keeper, say, policy).keep().plain()

    return run


@pytest.fixture
def people(system: System, evm: Evm) -> list[str]:
    """Three who bought MAG7.ssi through the router, which made them join; the first has staked half and boosts with
    SOSO.
    """
    names = [evm.account(f"points buyer {n}") for n in range(3)]
    for n, person in enumerate(names):
        Trader(system, person).with_shares("MAG7.ssi", (n + 1) * SHARES)
    first, index = names[0], system.index("MAG7.ssi")
    for asset, vault, amount in (
        (index, system.staked("MAG7.ssi"), SHARES // 2),
        (system.token("SOSO"), system.staked("SOSO"), 10**20),
    ):
        if asset is not index:
            control.deal(evm.rpc, "SOSO", first, amount)
        asset.approve(vault.address, amount, sender=first)
        vault.deposit(amount, first, sender=first)
    return names


def next_epoch(system: System, later: int = 0) -> None:
    ledger = Ledger(system.points, system.prices)
    control.warp(system.evm.rpc, ledger.end(ledger.epoch) - ledger.now + later)


def sample_daily(system: System, keeper: Sender, days: int = 7) -> None:
    """As many as an epoch needs, one a day."""
    for _ in range(days):
        control.warp(system.evm.rpc, DAY)
        control.refresh_feeds(system.evm.rpc)
        assert PointsKeeper(system, keeper).sample().taken


def said_by(*command: str) -> Any:
    """What a command of the group prints as JSON."""
    done = CliRunner().invoke(points.cli, [*command, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_the_deployment_points_everywhere(system):
    """Every index with its staked token, SOSO, the locker, the registry; both they and the router know the ledger."""
    sources = system.prices.sourcesOf(system.points.currentEpoch())
    assert [tuple(pair) for pair in sources.pairs] == [
        (system.record.indexes[symbol], system.record.staked[symbol])
        for symbol in ("MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI")
    ]
    assert sources.stakedSoso == system.record.staked["SOSO"]
    assert (sources.locker, sources.referrals) == (system.locker.address, system.referrals.address)
    assert system.referrals.ledger() == system.router.buyHook() == system.points.address
    assert system.points.router() == system.router.address
    assert (system.points.prices(), system.prices.oracle()) == (system.prices.address, system.oracle.address)
    for module in (system.points, system.prices):
        assert (module.epochGenesis(), module.epochLength()) == (protocol().epoch_genesis, protocol().epoch_length)


def test_buying_joins_and_a_keeper_does_the_rest(system, evm, ledger, keep, keeper, people):
    """Samples prices once a day, records all accounts once it is over, and has nothing left to do when run again."""
    assert ledger.joined() == people
    said: list[str] = []
    first = keep(said.append)
    assert first == {
        "epoch": ledger.epoch,
        "slot": system.prices.runningSlot().slot,
        "sampled": True,
        "missing": 0,
        "recorded": first["recorded"],
        "skipped": {},
        "failed": {},
        "claimed": [],
    }
    assert not any(first["recorded"].values())
    assert keep(said.append)["sampled"] is False
    epoch = ledger.epoch
    sample_daily(system, keeper)
    board = ledger.leaderboard(epoch)
    assert [row.account for row in board] == [people[0], people[2], people[1]]
    assert board[0].points_d18 == system.points.pointsOf(people[0], epoch)

    next_epoch(system)
    done = keep(said.append)
    assert done == {
        "epoch": epoch + 1,
        "slot": 0,
        "sampled": True,
        "missing": 0,
        "recorded": {epoch: 3},
        "skipped": {},
        "failed": {},
        "claimed": [],
    }
    assert all(system.points.recordedPoints(person, epoch) for person in people)
    blocks = evm.rpc.call("eth_blockNumber")
    assert keep(said.append)["recorded"] == {epoch: 0}
    assert evm.rpc.call("eth_blockNumber") == blocks, "nothing is sent a second time"


def test_a_keeper_goes_on_where_another_stopped(system, ledger, keep, keeper, people):
    epoch = ledger.epoch
    sample_daily(system, keeper)
    next_epoch(system)
    system.points.record(people[1], epoch, sender=people[1])
    assert ledger.to_record(epoch) == [people[0], people[2]], "the most points first"
    assert keep()["recorded"] == {epoch: 2}


def test_batches_stay_under_the_limit(system, ledger, keep, keeper, people, monkeypatch):
    """With a limit that two accounts do not fit in, one goes at a time."""
    epoch = ledger.epoch
    sample_daily(system, keeper)
    next_epoch(system)
    monkeypatch.setattr(lib, "MOST_ESTIMATE", ledger.gas_of(people[:2], epoch, keeper.address) - 1)
    said: list[str] = []
    assert keep(said.append)["recorded"] == {epoch: 3}
    assert [text for text in said if text.startswith("record")] == [f"record 1 accounts of epoch {epoch}"] * 3


def test_an_estimate_that_is_stale_when_the_batch_is_mined_stops_no_record(system, evm, ledger, keep, keeper, people):
    """A stranger touches every account of the batch between the estimate and the transaction, which makes
    each dearer.
    """
    more = [evm.account(f"points joiner {n}") for n in range(17)]
    index = system.index("MAG7.ssi")
    for person in more:
        system.points.join(sender=person)
        index.transfer(person, SHARES // 100, sender=people[2])
    epoch = ledger.epoch
    sample_daily(system, keeper)
    next_epoch(system)

    def touch(said):
        if said.startswith("record"):
            for token in [*map(system.index, system.record.indexes), *map(system.staked, system.record.staked)]:
                for person in people + more:
                    token.transfer(person, 0, sender=people[1])

    done = keep(touch)
    assert (done["recorded"], done["failed"]) == ({epoch: 20}, {})
    assert all(system.points.recordedPoints(person, epoch) for person in people + more)


def test_a_batch_that_fails_is_halved_and_who_fails_alone_is_reported(
    system, ledger, keep, keeper, people, monkeypatch
):
    """As if the chain refused one account for a reason of its own: the others are recorded."""
    epoch = ledger.epoch
    sample_daily(system, keeper)
    next_epoch(system)
    send, poisoned = keeper.send, people[0]

    def refuse(to, data, **options):
        if bytes.fromhex(poisoned[2:]) in data:
            raise Reverted(b"", "the chain")
        return send(to, data, **options)

    monkeypatch.setattr(keeper, "send", refuse)
    done = keep()
    assert done["recorded"] == {epoch: 2}
    assert done["failed"] == {epoch: {poisoned: "the chain reverted with 0x"}}
    assert ledger.to_record(epoch) == [poisoned]


def test_dust_is_left_to_itself_and_named(system, evm, ledger, keep, keeper, people):
    """Two accounts with a millionth of a millionth of a share cost the keeper nothing, and can record themselves."""
    dust = [evm.account(f"points dust {n}") for n in range(2)]
    for person in dust:
        system.points.join(sender=person)
        system.index("MAG7.ssi").transfer(person, 10**6, sender=people[0])
    epoch = ledger.epoch
    sample_daily(system, keeper)
    next_epoch(system)
    done = keep()
    assert done["recorded"] == {epoch: 3}
    assert set(done["skipped"][epoch]) == set(dust)
    system.points.record(dust[0], epoch, sender=dust[0])
    assert keep()["skipped"] == {epoch: {dust[1]: ledger.points_to_record(epoch)[dust[1]]}}


def test_what_a_record_is_worth_is_what_the_pot_pays_for_it(system, evm, ledger, keep, keeper, people):
    """With 900 USDC in the pot a keeper who wants 400 dollars a record serves only the largest."""
    epoch, usdc = ledger.epoch, system.token("USDC")
    sample_daily(system, keeper)
    control.deal(evm.rpc, "USDC", people[0], 900 * 10**6)
    usdc.approve(system.points.address, 900 * 10**6, sender=people[0])
    system.points.fund(epoch, usdc, 900 * 10**6, 0, sender=people[0])
    next_epoch(system)
    points = ledger.points_to_record(epoch)
    worth = {person: 900 * has / sum(points.values()) for person, has in points.items()}
    between = (sorted(worth.values())[-1] + sorted(worth.values())[-2]) / 2
    done = keep(policy=Policy(10_000, int(between * 10**18)))
    assert done["recorded"] == {epoch: 1}
    assert set(done["skipped"][epoch]) == set(list(points)[1:])
    assert keep()["recorded"] == {epoch: 2}, "for its gas, which costs next to nothing here, every account is worth it"


# ---------------------------------------------------------------- for pay


@pytest.fixture
def paying(system: System, evm: Evm, ledger: Ledger, keeper: Sender, people: list[str]) -> int:
    """The last epoch, with 900 USDC in its pot, a twentieth of them for recorders."""
    epoch, usdc = ledger.epoch, system.token("USDC")
    sample_daily(system, keeper)
    control.deal(evm.rpc, "USDC", people[0], 900 * 10**6)
    usdc.approve(system.points.address, 900 * 10**6, sender=people[0])
    system.points.fund(epoch, usdc, 900 * 10**6, 500, sender=people[0])
    next_epoch(system)
    return epoch


def test_a_stranger_records_for_pay_down_to_the_gas(ledger, keep, paying):
    """Of 45 USDC for recorders the keeper wants more for each record than the second account brings."""
    points = ledger.points_to_record(paying)
    pay = sorted(45 * has / sum(points.values()) for has in points.values())
    done = keep(policy=Policy(min_worth=int((pay[-1] + pay[-2]) / 2 * 10**18)))
    assert done["recorded"] == {paying: 1}
    assert set(done["skipped"][paying]) == set(list(points)[1:]), "the largest is recorded"
    assert keep(policy=Policy())["recorded"] == {paying: 2}, "for its gas, which costs next to nothing here"


def test_without_pay_a_stranger_records_no_account(system, ledger, keep, keeper, people):
    epoch = ledger.epoch
    sample_daily(system, keeper)
    next_epoch(system)
    done = keep(policy=Policy())
    assert (done["recorded"], set(done["skipped"][epoch])) == ({epoch: 0}, set(people))


def test_the_gas_price_of_the_moment_decides(keep, keeper, paying, monkeypatch):
    """It rises a million times after the first batch of one: the others are left out, and recorded once it fell."""
    fees = keeper.fees
    sent: list[str] = []
    monkeypatch.setattr(lib, "LARGEST_BATCH", 1)
    monkeypatch.setattr(keeper, "fees", lambda: tuple(fee * (10**6 if len(sent) == 1 else 1) for fee in fees()))
    done = keep(lambda said: sent.append(said) if said.startswith("record") else None, Policy())
    assert (done["recorded"], len(done["skipped"][paying])) == ({paying: 1}, 2)
    monkeypatch.setattr(keeper, "fees", fees)
    assert keep(policy=Policy())["recorded"] == {paying: 2}


def test_a_keeper_claims_the_pay(system, evm, keep, keeper, paying):
    usdc = system.token("USDC")
    said: list[str] = []
    assert keep(policy=Policy())["claimed"] == [], "pots open a week later"
    control.warp(evm.rpc, 7 * DAY)
    control.refresh_feeds(evm.rpc)
    before = usdc.balanceOf(keeper.address)
    done = keep(said.append, Policy())
    assert done["claimed"] == [{"epoch": paying, "token": usdc.address, "amount": 45 * 10**6}]
    assert usdc.balanceOf(keeper.address) - before == 45 * 10**6
    assert "claim 1 pots" in said
    assert keep(policy=Policy())["claimed"] == []


def test_pay_that_is_less_than_its_gas_stays_in_the_pot(evm, keep, keeper, paying, monkeypatch):
    assert keep(policy=Policy())["recorded"] == {paying: 3}
    control.warp(evm.rpc, 7 * DAY)
    control.refresh_feeds(evm.rpc)
    fees = keeper.fees
    monkeypatch.setattr(keeper, "fees", lambda: tuple(fee * 10**6 for fee in fees()))
    assert keep(policy=Policy())["claimed"] == []


# ---------------------------------------------------------------- what nodes answer


@pytest.fixture
def stingy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Nodes that answer for 20 blocks or 2 results at once, and count."""
    monkeypatch.setenv("SSI_STATE", str(tmp_path))
    asked, call = [], Rpc.call

    def limited(self, method, *params):
        if method != "eth_getLogs":
            return call(self, method, *params)
        blocks = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
        asked.append(blocks)
        if blocks > 20:
            raise RpcError(-32602, "query exceeds max block range 20")
        found = call(self, method, *params)
        if len(found) > 2:
            raise RpcError(-32005, "query returned more than 2 results")
        return found

    monkeypatch.setattr(Rpc, "call", limited)
    return asked


def test_events_are_found_under_any_limit_of_the_node(ledger, people, stingy):
    assert ledger.joined() == people
    assert max(stingy) > 20
    assert stingy[-1] <= 20


def test_what_was_read_is_not_read_again(evm, ledger, people, stingy, monkeypatch):
    monkeypatch.setattr(logs, "FINAL", 2)
    evm.mine_at(evm.now + 1)
    assert ledger.joined() == people
    asked = len(stingy)
    assert ledger.joined() == people
    assert stingy[asked:] == [2], "only what may still change"


def test_a_cursor_of_another_chain_counts_for_nothing(evm, ledger, people, stingy, monkeypatch):
    monkeypatch.setattr(logs, "FINAL", 0)
    ledger.joined()
    with evm.isolated():
        evm.mine_at(evm.now + 5)
        ledger.joined()
    evm.mine_at(evm.now + 9)
    assert ledger.joined() == people
    assert len(stingy) > 2


def test_the_commands(system, evm, ledger, keeper, people):
    """As people type them."""
    done = said_by("keeper")
    assert (done["sampled"], done["missing"]) == (True, 0)
    usdc = system.token("USDC")
    control.deal(evm.rpc, "USDC", people[2], 10**9)
    usdc.approve(system.points.address, 10**9, sender=people[2])
    epoch = ledger.epoch
    system.points.fund(epoch, usdc, 10**9, 500, sender=people[2])
    sample_daily(system, keeper)
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
    assert 95 * 10**7 - 3 <= sum(claims) <= 95 * 10**7
    assert said_by("keeper")["claimed"] == [{"epoch": epoch, "token": usdc.address, "amount": 5 * 10**7}]
    for command in (["leaderboard"], ["statement", people[0]], ["keeper"]):
        shown = CliRunner().invoke(points.cli, command, catch_exceptions=False)
        assert shown.exit_code == 0
        assert shown.output
