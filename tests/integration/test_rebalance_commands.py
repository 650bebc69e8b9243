"""A rebalance from its proposal to its end, by the commands that people type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from click.testing import CliRunner

from forks import control
from scripts import execute, keeper, propose
from ssi.chain import network
from ssi.cli import common
from ssi.constants import IMPLEMENTATION_SLOT
from ssi.governance import storage as layout
from ssi.governance.starting import Bounds, start_call
from ssi.keeper.rebalance import NoPath, Phase, RebalanceKeeper
from ssi.registry import params
from ssi.registry.system import System
from tests.support.governance import govern, schedule, wait
from tests.support.rebalanced import TERMS, recorded, unbalanced

pytestmark = pytest.mark.minimainnet  # what pays for a keeper depends on the depth of the pools
LATER = 3600  # seconds: a look is at the second of the real clock, which must not be after the transaction


def run(script: Any, *words: str) -> Any:
    """The JSON of a command."""
    done = CliRunner(mix_stderr=False).invoke(script.cli, [*words, "--json"])
    assert done.exit_code == 0, f"{done.output}\n{done.stderr}\n{done.exception}"
    return json.loads(done.stdout)


def refused(script: Any, *words: str) -> str:
    """The message of a command that does not do it."""
    done = CliRunner(mix_stderr=False).invoke(script.cli, list(words))
    assert done.exit_code in (1, 2), done.output
    return done.stderr.removeprefix("Error: ").strip()


@pytest.fixture
def rebalanced(system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> System:
    """MAG7.ssi with a plan that wants other weights than it has, worth about 200,000 USD."""
    monkeypatch.setattr(common, "FOLDER", tmp_path)
    unbalanced(system)
    return system


def close(weights: Mapping[str, Mapping[str, float]], now: str = "now") -> bool:
    """Every weight within 25 bp of its target."""
    return all(abs(weight[now] - weight["target"]) < 25 for weight in weights.values())


def start(system: System) -> None:
    """A rebalance that has just begun."""
    rebalancer, index = system.contract("Rebalancer"), system.index("MAG7.ssi")
    call, _ = start_call(rebalancer, index, system.evm.now + 24 * 86_400, Bounds())
    schedule(system, rebalancer, call)
    wait(system)
    system.evm.send(system.record.contracts["Safe"], rebalancer, call)


def test_a_rebalance_from_proposal_to_end(rebalanced):
    """The proposal shows the trades, sixteen days later the keeper makes them, and the weights are what was shown."""
    proposed = run(propose, "rebalance", "MAG7.ssi")
    expected = proposed["rebalance"]
    assert expected["phase"] == "completed"
    assert {trade["sell"] for trade in expected["trades"]} == {"WBTC", "WETH"}
    assert {trade["buy"] for trade in expected["trades"]} == {"BNB", "SOL", "LINK", "UNI", "AAVE"}
    assert close(expected["weights"], "after")
    assert 0 < expected["costBps"] < 50

    wait(rebalanced)
    run(execute)
    done = run(keeper, "rebalance", "MAG7.ssi", "--fast-forward")
    assert done["phase"] == "completed"
    assert close(done["weights"])
    assert all(fill["netUsd"] > 0 for fill in done["fills"])
    assert done["costBps"] == pytest.approx(expected["costBps"], abs=3)
    again = run(keeper, "rebalance", "MAG7.ssi")
    assert (again["phase"], again["fills"]) == ("completed", [])


def test_people_see_weights_and_trades(rebalanced):
    done = CliRunner(mix_stderr=False).invoke(propose.cli, ["rebalance", "MAG7.ssi"])
    for text in (
        "weight now",
        "target",
        "after",
        "Trades expected: completed, cost",
        "hours after the start",
        "Safe transaction hash",
    ):
        assert text in done.stdout
    wait(rebalanced)
    run(execute)
    done = CliRunner(mix_stderr=False).invoke(keeper.cli, ["rebalance", "MAG7.ssi", "--fast-forward"])
    assert done.exit_code == 0, done.stderr
    assert "is completed, cost" in done.stdout
    assert "WBTC → LINK" in done.stdout


def test_a_keeper_stops_and_another_goes_on(rebalanced):
    """All state is on chain. `--once` fills what pays now, which is nothing at the start, and something later."""
    start(rebalanced)
    first = run(keeper, "rebalance", "MAG7.ssi", "--once")
    assert (first["phase"], first["fills"]) == ("running", [])
    control.warp(rebalanced.evm.rpc, 12 * 3600)
    second = run(keeper, "rebalance", "MAG7.ssi", "--once")
    assert second["phase"] == "running"
    assert len(second["fills"]) > 2
    assert run(keeper, "rebalance", "MAG7.ssi", "--once")["fills"] == []
    third = run(keeper, "rebalance", "MAG7.ssi", "--fast-forward")
    assert third["phase"] == "completed"
    assert close(third["weights"])


def test_a_keeper_wants_the_profit_it_asks_for(rebalanced):
    """With a minimum beyond what there is to earn, nothing happens until the end."""
    start(rebalanced)
    done = run(keeper, "rebalance", "MAG7.ssi", "--fast-forward", "--min-profit", "100000")
    assert (done["phase"], done["fills"]) == ("expired", [])


def test_profit_goes_to_the_keeper_and_the_filler_keeps_nothing(rebalanced):
    evm, index = rebalanced.evm, rebalanced.index("MAG7.ssi")
    start(rebalanced)
    control.warp(evm.rpc, 14 * 3600)
    rebalance_keeper = RebalanceKeeper(rebalanced, "MAG7.ssi", evm.account("a keeper"))
    fill = rebalance_keeper.fills()[0]
    evm.next_at(evm.now + LATER)
    rebalance_keeper.filler.fill(
        *fill.arguments(index.address, rebalance_keeper.keeper), sender=rebalance_keeper.keeper
    )
    got = rebalanced.token(fill.token_out).balanceOf(rebalance_keeper.keeper)
    assert got > fill.profit_wei > 0, "the price has fallen since"
    assert 0 < fill.net_usd_d18 < rebalanced.oracle.value(fill.token_out, fill.profit_wei), "gas is in it"
    for token in (fill.token_out, fill.token_in):
        assert rebalanced.token(token).balanceOf(rebalance_keeper.filler.address) == 0


def test_a_look_tells_exactly_what_the_transaction_does(rebalanced):
    """A look at a second to come, and the transaction in it, agree to the wei."""
    evm, index = rebalanced.evm, rebalanced.index("MAG7.ssi")
    start(rebalanced)
    control.warp(evm.rpc, 14 * 3600)
    rebalance_keeper = RebalanceKeeper(rebalanced, "MAG7.ssi", evm.account("a keeper"))
    for fill in rebalance_keeper.fills()[:5]:
        with evm.isolated():
            arguments, then = fill.arguments(index.address, rebalance_keeper.keeper), evm.now + LATER
            looked = rebalance_keeper.filler.fill.call(*arguments, sender=rebalance_keeper.keeper, at=then)
            evm.next_at(then)
            receipt = rebalance_keeper.filler.fill(*arguments, sender=rebalance_keeper.keeper)
            (filled,) = receipt.events(rebalance_keeper.filler, "Filled")
            assert [filled.values[name] for name in ("amountOut", "amountIn", "profit")] == list(looked)
            assert looked[0] == fill.amount_out_wei
            assert looked[2] > fill.profit_wei, "the price has fallen since"


def test_waiting_for_the_estimate_is_enough(rebalanced):
    """After the first wait something pays, or is a minute away from it; before it nothing does."""
    evm = rebalanced.evm
    start(rebalanced)
    rebalance_keeper = RebalanceKeeper(rebalanced, "MAG7.ssi", evm.account("a keeper"))
    found = rebalance_keeper.fills()
    assert not any(map(rebalance_keeper.pays, found))
    waited, steps = 0, 0
    while not (found and rebalance_keeper.pays(found[0])):
        seconds = rebalance_keeper.patience(found)
        control.warp(evm.rpc, seconds)
        waited, steps, found = waited + seconds, steps + 1, rebalance_keeper.fills()
    assert 3600 < waited < 14 * 3600
    assert steps < 12


# ---------------------------------------------------------------- constituents


def test_rules_are_proposed_by_name(rebalanced):
    """Methodology and terms of an index; a term that is not named stays as it was."""
    words = [f"{name}={weight}" for name, weight in {"USDC": 2000, "sDAI": 4000, "sUSDS": 4000}.items()]
    run(propose, "set-methodology", "USSI", "FixedWeights", *words)
    run(
        propose,
        "set-terms",
        "USSI",
        "--premium-bps",
        "50",
        "--discount-bps",
        "60",
        "--hours",
        "12",
        "--budget-bps",
        "40",
    )
    wait(rebalanced)
    run(execute)
    plan = rebalanced.contract("Rebalancer").planOf(rebalanced.index("USSI").address)
    (kept,) = (index.rebalancing for index in params.indexes() if index.symbol == "USSI")
    assert plan.methodology == rebalanced.record.contracts["FixedWeights"]
    assert plan.tokens == [rebalanced.token(name).address for name in ("USDC", "sDAI", "sUSDS")]
    assert list(eth_abi.decode(["uint256[]"], plan.parameters)[0]) == [2 * 10**17, 4 * 10**17, 4 * 10**17]
    assert tuple(plan.terms) == (50, 60, 12 * 3600, 40, *kept.onchain()[4:])


def test_one_constituent_is_replaced_by_another(rebalanced):
    """Weights, the new one's price and path, and the rebalance in one proposal; the old one is sold out and leaves."""
    proposed = run(propose, "add-constituent", "MAG7.ssi", "CRV", "--instead-of", "UNI")
    assert [call["function"] for call in proposed["calls"]] == [
        "setMethodology",
        "startRebalance",
    ], "price and path are there"
    assert proposed["rebalance"]["phase"] == "completed"
    wait(rebalanced)
    run(execute)
    done = run(
        keeper, "rebalance", "MAG7.ssi", "--fast-forward", "--min-profit", "-10"
    )  # crumbs are worth less than their gas
    held = rebalanced.index("MAG7.ssi").basket().tokens
    assert done["phase"] == "completed"
    assert rebalanced.token("CRV").address in held
    assert rebalanced.token("UNI").address not in held
    assert close(done["weights"])
    assert done["weights"]["CRV"]["target"] == pytest.approx(1400)


def test_what_has_neither_price_nor_path_gets_them_in_the_same_proposal(rebalanced):
    oracle, router, link = rebalanced.oracle, rebalanced.router, rebalanced.token("COMP").address
    govern(rebalanced, oracle, "removeRoute", [link])
    govern(rebalanced, router, "setHop", [link, link, 0])
    proposed = run(propose, "add-constituent", "MAG7.ssi", "COMP", "--bps", "200")
    assert [call["function"] for call in proposed["calls"]] == [
        "setRoute",
        "setHop",
        "setMethodology",
        "startRebalance",
    ]
    weights = proposed["rebalance"]["weights"]
    assert weights["COMP"]["target"] == pytest.approx(200)
    assert weights["WBTC"]["target"] == pytest.approx(1600 * 0.98)
    assert proposed["rebalance"]["phase"] == "completed"


@pytest.mark.usefixtures("rebalanced")
def test_a_constituent_leaves():
    proposed = run(propose, "remove-constituent", "MAG7.ssi", "AAVE")
    weights = proposed["rebalance"]["weights"]
    assert weights["AAVE"]["target"] == 0
    assert weights["AAVE"]["after"] == 0
    assert sum(weight["target"] for weight in weights.values()) == pytest.approx(10_000)


def test_a_constituent_without_a_price_leaves_by_a_given_one(rebalanced):
    """Its feed is dead: the proposal names a price, and one notice later a keeper sells it. No other feed had to be
    found.
    """
    aave, oracle = rebalanced.token("AAVE").address, rebalanced.oracle
    price = oracle.price(aave)
    govern(rebalanced, oracle, "removeRoute", [aave])
    assert refused(propose, "remove-constituent", "MAG7.ssi", "AAVE").startswith(
        "The proposal would fail with PriceOracle_NoRoute("
    )
    words = ["--price", str(price * 99 // 100 / 1e18), "--price-bps", "5000"]
    proposed = run(propose, "remove-constituent", "MAG7.ssi", "AAVE", *words)
    assert proposed["rebalance"]["phase"] == "completed"
    wait(rebalanced)
    run(execute)
    start, quote = rebalanced.rebalancer.referenceOf(rebalanced.index("MAG7.ssi"), aave), price * 99 // 100
    assert start.given
    assert start.price == pytest.approx(quote)


def test_execute_says_why_a_start_is_refused(rebalanced):
    """Before an owner signs: what is off, and what to do."""
    run(propose, "rebalance", "MAG7.ssi", "--price-bps", "1000")
    wait(rebalanced)
    with rebalanced.evm.isolated():
        control.move_price(rebalanced.evm.rpc, "SOL", 1.2)  # LINK has a second source, which would not agree yet
        said = refused(execute)
        assert said.startswith("This fails now with Rebalancer_PriceOff(token=SOL")
        assert "Wait until it is back" in said
        assert "`ape run propose rebalance`" in said
    with rebalanced.evm.isolated():
        govern(rebalanced, rebalanced.rebalancer, "setTerms", [rebalanced.index("MAG7.ssi"), TERMS])
        assert "Nothing is ready" in refused(execute), "void a week after its notice"
    run(execute)
    assert rebalanced.rebalancer.status(rebalanced.index("MAG7.ssi")).phase == Phase.RUNNING


# ---------------------------------------------------------------- paths


def test_paths_meet_at_the_nearest_common_token(rebalanced):
    """USDC to DAI is one pool, not a detour over WETH; every path ends where it should."""
    rebalance_keeper = RebalanceKeeper(rebalanced, "MAG7.ssi", rebalanced.evm.account("a keeper"))
    address = {name: rebalanced.token(name).address for name in ("WETH", "USDC", "DAI", "USDS", "LINK", "sDAI")}

    def hops(out, in_):
        path, names = (
            rebalance_keeper.path(address[out], address[in_]),
            {place.lower(): name for name, place in address.items()},
        )
        tokens = [names["0x" + path[n : n + 20].hex()] for n in range(0, len(path), 23)]
        return tokens, [int.from_bytes(path[n : n + 3], "big") for n in range(20, len(path), 23)]

    assert hops("USDC", "DAI") == (["DAI", "USDC"], [100])
    assert hops("DAI", "USDC") == (["USDC", "DAI"], [100])
    assert hops("sDAI", "USDS") == (["USDS", "USDC", "DAI", "sDAI"], [100, 100, 100])
    assert hops("LINK", "DAI") == (["DAI", "USDC", "WETH", "LINK"], [100, 500, 3000])
    assert hops("WETH", "LINK") == (["LINK", "WETH"], [3000])


def test_without_a_path_there_is_nothing_to_fill(rebalanced):
    """A keeper leaves such pairs to others."""
    link = rebalanced.token("LINK").address
    govern(rebalanced, rebalanced.router, "setHop", [link, link, 0])
    rebalance_keeper = RebalanceKeeper(rebalanced, "MAG7.ssi", rebalanced.evm.account("a keeper"))
    with pytest.raises(NoPath):
        rebalance_keeper.path(rebalanced.token("WBTC").address, link)
    start(rebalanced)
    control.warp(rebalanced.evm.rpc, 14 * 3600)
    assert link not in {fill.token_in for fill in rebalance_keeper.fills()}
    assert rebalance_keeper.fills() != []


# ---------------------------------------------------------------- what is refused


@pytest.mark.usefixtures("rebalanced")
def test_bad_input_says_what_to_do():
    for words, message in (
        (["rebalance", "MAG9.ssi"], "There is no index MAG9.ssi here. Known are DEFI.ssi, MAG7.ssi, MEME.ssi, USSI."),
        (["add-constituent", "MAG7.ssi", "SKY"], "Say how much of the index SKY shall be: --bps, from 1 to 9999."),
        (["add-constituent", "MAG7.ssi", "UNI"], "UNI is a constituent of MAG7.ssi already."),
        (["add-constituent", "MAG7.ssi", "DOGE"], "DOGE is neither an address nor a name known here"),
        (["remove-constituent", "MAG7.ssi", "SKY"],
         "SKY is not a constituent of MAG7.ssi. Those are WBTC, WETH, BNB, SOL, LINK, UNI, AAVE."),
        (["set-methodology", "USSI", "FixedWeights", "USDC=5000"], "The weights sum up to 5000 bp, not to 10000."),
        (["set-methodology", "USSI", "FixedWeights", "USDC=half"], "'USDC=half' is not NAME or NAME=BP."),
        (["set-methodology", "USSI", "Whims", "USDC", "--bps", "1"],
         "Whims is neither an address nor a name known here"),
        (["set-methodology", "USSI", "Whims", "USDC"],
         "Whims takes one number, --bps, and constituents without weights."),
        (["set-terms", "USSI", "--premium-bps", "100", "--discount-bps", "501", "--hours", "24", "--budget-bps", "50"],
         "The execution would fail with Rebalancer_InvalidTerms("),
    ):  # fmt: skip
        assert refused(propose, *words).startswith(message)
    assert (
        refused(keeper, "rebalance", "USSI")
        == "USSI was never rebalanced: `ape run propose rebalance USSI` proposes it."
    )
    assert refused(keeper, "rebalance", "X").startswith("There is no index X here.")


def test_a_keeper_on_a_stale_price_is_told(rebalanced):
    """Bidding waits for prices; the keeper says which one is missing and stops."""
    start(rebalanced)
    rebalanced.evm.warp(5 * 3600)
    assert "PriceOracle_Stale(token=" in refused(keeper, "rebalance", "MAG7.ssi", "--once")


@pytest.mark.usefixtures("rebalanced")
def test_time_is_moved_on_forks_only(monkeypatch):
    monkeypatch.setattr(network, "is_fork", lambda: False)
    done = CliRunner(mix_stderr=False).invoke(keeper.cli, ["rebalance", "MAG7.ssi", "--fast-forward"])
    assert done.exit_code == 2
    assert "live network" in done.stderr


def test_without_a_rebalancer_it_is_said(system):
    with recorded(system, Rebalancer=None, UniswapFiller=None):
        assert refused(propose, "rebalance", "MAG7.ssi").startswith("There is no contract Rebalancer here.")
        assert refused(keeper, "rebalance", "MAG7.ssi").startswith("There is no contract UniswapFiller here.")


def test_without_a_methodology_it_is_said(rebalanced, monkeypatch):
    class Unplanned:
        tokens = ()

    rebalancer = rebalanced.contract("Rebalancer")
    monkeypatch.setattr(type(rebalancer), "planOf", lambda *_: Unplanned, raising=False)
    for words in (["rebalance", "USSI"], ["add-constituent", "USSI", "DAI", "--bps", "1"]):
        assert refused(propose, *words) == "USSI has no methodology yet: `ape run propose set-methodology` first."


# ---------------------------------------------------------------- upgrades


@pytest.fixture
def references(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Layouts as they are now, as if committed when the contract was deployed."""
    monkeypatch.setattr(layout, "REFERENCES", tmp_path / "storage")
    (tmp_path / "storage").mkdir()
    known = layout.examine(["contracts/rebalancing"], {})["Rebalancer"].layout
    (tmp_path / "storage/Rebalancer.json").write_text(json.dumps(known))
    return tmp_path / "storage"


@pytest.mark.usefixtures("references")
def test_an_upgrade_by_command(evm, rebalanced):
    """A new implementation is deployed, compared, tried out, waited for and put behind the proxy; the rules are as they
    were.
    """
    rebalancer, index = rebalanced.contract("Rebalancer"), rebalanced.index("MAG7.ssi")
    plan = rebalancer.planOf(index)
    proposed = run(propose, "upgrade", "Rebalancer")
    (change,) = proposed["changes"]
    before = rebalanced.record.contracts["RebalancerImplementation"]
    assert (change["what"], change["before"]) == ("Rebalancer.implementation", before)
    wait(rebalanced)
    run(execute)
    behind = int(evm.rpc.call("eth_getStorageAt", rebalancer.address, IMPLEMENTATION_SLOT, "latest"), 16)
    assert behind == int(change["after"], 16) != int(change["before"], 16)
    assert rebalancer.planOf(index) == plan


@pytest.mark.usefixtures("rebalanced")
def test_an_unsafe_upgrade_is_refused_before_anything_is_deployed(evm, references):
    block = evm.rpc.call("eth_blockNumber")
    broken = json.loads((references / "Rebalancer.json").read_text())
    broken["namespaces"]["erc7201:ssi.storage.Rebalancer"][0]["label"] = "registry"
    (references / "Rebalancer.json").write_text(json.dumps(broken))
    assert refused(propose, "upgrade", "Rebalancer").startswith("The sources of Rebalancer are no safe upgrade: ")
    (references / "Rebalancer.json").unlink()
    assert "has no layout of Rebalancer to compare with" in refused(propose, "upgrade", "Rebalancer")
    assert evm.rpc.call("eth_blockNumber") == block


@pytest.mark.usefixtures("references")
def test_only_the_sources_can_be_upgraded_to(evm, project, rebalanced, bob):
    other = evm.deploy(project.CounterV1, sender=bob).address
    assert "is not what the sources of Rebalancer compile to" in refused(
        propose, "upgrade", "Rebalancer", "--implementation", other
    )
    assert refused(propose, "upgrade", "Rebalancer", "--implementation", bob) == f"There is no code at {bob}."
    planner = rebalanced.contract("Rebalancer").planner()
    elsewhere = evm.deploy(project.Rebalancer, other, planner, sender=bob).address
    assert "is not what the sources of Rebalancer compile to" in refused(
        propose, "upgrade", "Rebalancer", "--implementation", elsewhere
    )
    said = run(
        propose, "upgrade", "Rebalancer", "--implementation", elsewhere, "--argument", other, "--argument", planner
    )
    changes = {change["what"]: change["after"] for change in said["changes"]}
    assert changes == {
        "Rebalancer.implementation": elsewhere,
        "Rebalancer.oracle": other,
    }, "what is in the code shows as well"
    assert "constructed from 2 arguments, not 1" in refused(propose, "upgrade", "Rebalancer", "--argument", other)
