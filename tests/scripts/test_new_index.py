"""A fifth index with all that belongs to it: one proposal, the notice, one execution, by the commands as typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forks import control
from scripts import execute, pending, propose, status
from ssi.build import ROOT
from ssi.chain.sender import MOST_GAS
from ssi.cli import common
from ssi.constants import CREATE2, GOVERNOR, MULTI_SEND, NOTICE, WAD
from ssi.deploy import sources, verification
from ssi.governance.birth import LATEST
from ssi.governance.safe import Multisig
from ssi.registry.record import Record
from ssi.registry.system import System
from tests.scripts.test_proposals import refused, run
from tests.support.governance import govern, wait
from tests.support.trading import Trader

FILE = ROOT / "docs/example-index.json"
SYMBOL = "THREE.ssi"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files of proposals go away with the test."""
    monkeypatch.setattr(common, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def record(system: System) -> Iterator[Path]:
    """The file of the record, which is afterwards as it was."""
    before = system.record.path.read_text()
    yield system.record.path
    system.record.path.write_text(before)


@pytest.fixture
def safe(system: System) -> Multisig:
    return Multisig(system.evm, system.record.contracts["Safe"])


def seed(system: System, safe: Multisig, said: dict[str, Any]) -> None:
    """The Safe holds what the first shares consist of."""
    for asset, amount in said["seed"].items():
        control.deal(system.evm.rpc, asset, safe.address, amount)


def reread(system: System) -> System:
    """The deployment as its record says now."""
    return System(system.evm, system.project, Record.read(system.record.path, system.record.chain_id))


def test_a_fifth_index_from_one_proposal_to_its_stakers(system, safe, alice, folder):
    """And what is new in it for the protocol: LINK has neither a price nor a path before."""
    link = system.token("LINK").address
    govern(system, system.oracle, "removeRoute", [link])
    govern(system, system.router, "setHop", [link, link, 0])
    old = [system.prices.sourcesOf(LATEST).pairs, system.factory.indexes(), safe.nonce]

    said = run(propose, "add-index", str(FILE), "--pool-with", "WETH", "--json")
    assert [call["function"] for call in said["calls"]] == [
        "setRoute", "setSecondRoute", "setHop", "createIndex", "setTerms", "setMethodology", "create",
        "setTargetFunctionRole", "setTargetAdminDelay", "setSplit", "prepare", "createAndInitializePoolIfNecessary",
        "addPool", "setSources",
    ]  # fmt: skip
    assert len(json.loads((folder / said["file"]).read_text())["transactions"]) == 1, "one to sign"
    changed = {change["what"] for change in said["changes"]}
    assert {f"{SYMBOL} is an index", f"staked token of {SYMBOL}"} <= changed
    assert not any(what.startswith(("MAG7.ssi.", "MEME.ssi.", "DEFI.ssi.", "USSI.")) for what in changed)
    created = next(call for call in said["calls"] if call["function"] == "create")
    assert created["arguments"]["kind"] == "StakedToken", "a signer sees what it is"
    assert [o["function"] for o in run(pending, "--json")] == [call["function"] for call in said["calls"]]
    assert "THREE.ssi" not in reread(system).record.indexes, "not before it exists"

    wait(system)
    assert "ERC20InsufficientBalance" in refused(execute), "the Safe has no seed yet"
    seed(system, safe, said)
    done = run(execute, "--json")
    birth, rest = done["transactions"]
    assert (birth["to"], birth["operation"], rest["to"], rest["operation"]) == (
        MULTI_SEND,
        1,
        system.manager.address,
        0,
    )
    assert safe.nonce == old[2] + 3
    assert len(json.loads((folder / birth["file"]).read_text())["transactions"]) == 1 + 3 + 1
    for transaction in (birth, rest):
        receipt = system.evm.rpc.call("eth_getTransactionReceipt", transaction["transaction"])
        assert int(receipt["gasUsed"], 16) * 6 // 5 < MOST_GAS, "within what one transaction may use, with a reserve"

    new = reread(system)
    index, staked = new.index(SYMBOL), new.staked(SYMBOL)
    assert [*old[1], index.address] == list(system.factory.indexes())
    assert index.balanceOf(safe.address) == WAD
    weights = {c.symbol: c.weight for c in system.lens.overview(index.address).constituents}
    wanted = json.loads(FILE.read_text())["weights"]
    assert {name: round(weight / 10**14) for name, weight in weights.items()} == pytest.approx(wanted, abs=1)
    assert (staked.asset(), system.distributor.stakedTokenOf(index.address)) == (index.address, staked.address)
    assert system.manager.getTargetFunctionRole(staked.address, staked.interface["setCooldown"].hash[:4]) == GOVERNOR
    assert system.manager.getTargetAdminDelay(index.address) == system.manager.getTargetAdminDelay(staked.address)
    pairs = system.prices.sourcesOf(LATEST).pairs
    assert [tuple(p) for p in pairs] == [
        *map(tuple, old[0]), (index.address, staked.address),
    ]  # fmt: skip
    assert len(system.locker.pools()) == 1
    plan = system.rebalancer.planOf(index.address)
    assert (plan.methodology, plan.terms.duration) == (system.record.contracts["CappedMarketCap"], 24 * 3600)

    trader = Trader(new, alice)
    trader.provide("USDC", trader.quote_buy(SYMBOL, "USDC", 9 * WAD))
    trader.buy(SYMBOL, "USDC", 9 * WAD, stake=True)
    assert staked.balanceOf(alice) > 0


def test_its_contracts_can_be_verified(system, safe):
    """Both by their inputs alone, though governance made them and no deployment."""
    seed(system, safe, run(propose, "add-index", str(FILE), "--json"))
    wait(system)
    run(execute, "--json")
    known = reread(system)
    given = verification.inputs(system.record.inputs, known.record)
    found = list(
        verification.verify(
            system.evm.rpc, known.record, lambda name: sources.compiled(given[name]), [SYMBOL, f"s{SYMBOL}"]
        )
    )
    assert [(each.name, each.difference) for each in found] == [(SYMBOL, ""), (f"s{SYMBOL}", "")]


def test_every_signer_computes_the_same(system):
    """With the block that the proposer says, although prices have moved since."""
    block = system.evm.block
    first = run(propose, "add-index", str(FILE), "--dry-run", "--json")
    control.move_price(system.evm.rpc, "LINK", 1.02)
    again = run(propose, "add-index", str(FILE), "--dry-run", "--json", "--block", str(block))
    other = run(propose, "add-index", str(FILE), "--dry-run", "--json")
    assert again["safeTxHash"] == first["safeTxHash"]
    assert other["safeTxHash"] != first["safeTxHash"]
    assert (first["transaction"], run(pending, "--json")) == (None, [])


def test_what_the_web_site_executed_is_written_down_on_request(system, safe):
    """`status --accept` finds what no command of this machine has sent."""
    said = run(propose, "add-index", str(FILE), "--json")
    seed(system, safe, said)
    wait(system)
    for prepared in run(execute, "--dry-run", "--json")["transactions"]:
        calls = [(call["to"], bytes.fromhex(call["data"][2:])) for call in _batch(prepared)]
        assert safe.together(calls).hash.hex() == prepared["safeTxHash"][2:], "as the web site packs the file"
        safe.simulate(safe.together(calls))
    assert SYMBOL not in reread(system).record.indexes
    run(status, "--accept", "--json")
    known = reread(system).record
    assert (known.indexes[SYMBOL], known.staked[SYMBOL]) == (
        system.factory.indexAddress(SYMBOL), system.distributor.stakedTokenOf(known.indexes[SYMBOL]),
    )  # fmt: skip


def _batch(prepared: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((common.folder() / prepared["file"]).read_text())["transactions"]
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"symbol": "MAG7.ssi"}, "MAG7.ssi is there already."),
        ({"weights": {"DOGE": 10_000}}, "deployments/params/assets.json has no asset DOGE"),
        ({"weights": {"WBTC": 9_999}}, "the weights of THREE.ssi sum up to 9999 bp"),
        ({"weights": {"USDC": 5_000, "WETH": 5_000}}, "supplies.json has no supply of USDC"),
        ({"dailyFeeBps": "5"}, "This cannot be proposed now: IndexToken_StreamingFeeTooHigh"),
    ],
)
@pytest.mark.usefixtures("system")
def test_an_index_that_cannot_be_is_one_line(tmp_path, change, message):
    (tmp_path / "index.json").write_text(json.dumps(json.loads(FILE.read_text()) | change))
    assert message in refused(propose, "add-index", str(tmp_path / "index.json"))
    (tmp_path / "index.json").write_text("{")
    assert "is no JSON" in refused(propose, "add-index", str(tmp_path / "index.json"))


def test_a_stranger_who_is_faster_changes_nothing(system, safe, bob):
    """Between the two transactions any account can create the staked token, at the one address that it can have."""
    said = run(propose, "add-index", str(FILE), "--json")
    seed(system, safe, said)
    wait(system)
    birth = run(pending, "--json")
    (create,) = [o["data"] for o in birth if o["function"] == "create"]
    run(execute, *(o["operation"] for o in birth if o["function"] == "createIndex"), "--json")
    system.evm.send(bob, CREATE2, bytes.fromhex(create[2:]))
    run(execute, "--json")
    assert reread(system).staked(SYMBOL).asset() == system.factory.indexAddress(SYMBOL)
    assert [o["function"] for o in run(pending, "--json")] == ["create"], "it is not needed any more, and expires"


def test_no_part_of_it_is_executed_before_its_time(system, safe):
    """The birth itself is the Safe's own call: the notice holds for it as well."""
    said = run(propose, "add-index", str(FILE), "--json")
    seed(system, safe, said)
    assert said["readyAt"] == system.evm.now + NOTICE
    wait(system, NOTICE - 60)
    assert "Nothing is ready" in refused(execute)
