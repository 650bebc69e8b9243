"""What a deployment would stand on, with one fault at a time: each is named, and nothing else changes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from forks import control
from forks.addresses import FEEDS, TOKENS
from ssi.chain.evm import Evm
from ssi.cli.preflight import cli
from ssi.deploy import preflight
from ssi.deploy.preflight import Preflight, Verdict
from ssi.registry import params

NETWORK = ("--network", "ethereum:mainnet-fork:foundry")
# What the parameters of this repository are not ready for.
KNOWN = {"owners of the Safe", "owners of the guardian"}
LIQUIDITY = "0x4"  # slot of a Uniswap v3 pool


@pytest.fixture
def flight(evm: Evm) -> Preflight:
    """On a chain whose feeds have kept their heartbeats."""
    for _ in range(3):
        evm.warp(600)
        control.refresh_feeds(evm.rpc)
    return Preflight(evm.rpc)


def stops(flight: Preflight) -> dict[str, str]:
    return {line.subject: line.said for line in flight.lines() if line.verdict is Verdict.STOP}


def with_asset(flight: Preflight, name: str, of: str | None = None, **changed: Any) -> None:
    """Changes an asset, or makes another of the one that is named."""
    known = flight.assets.assets
    changed_one = known[of or name].model_copy(update=changed)
    flight.assets = flight.assets.model_copy(update={"assets": known | {name: changed_one}})


def with_feed(flight: Preflight, name: str, address: str) -> None:
    flight.assets = flight.assets.model_copy(update={"feeds": flight.assets.feeds | {name: address}})


def only(flight: Preflight, subject: str) -> str:
    """What the one fault says; what was known before is not counted."""
    found = stops(flight)
    assert found.keys() - KNOWN == {subject}, found
    return found[subject]


@pytest.fixture(autouse=True)
def recent_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rounds that the fixture above makes; older ones of the test chain are hours apart."""
    monkeypatch.setattr(preflight, "ROUNDS", 3)


def test_what_is_ready_is_fine(flight):
    found = stops(flight)
    assert found.keys() == KNOWN
    assert "published for tests" in found["owners of the Safe"]


def test_what_is_retired_is_noticed(flight):
    """A token that its issuer has replaced, and the feed that prices it."""
    (defi,) = (index for index in flight.indexes if "SKY" in index.weights)
    weights = {"MKR" if name == "SKY" else name: bps for name, bps in defi.weights.items()}
    flight.indexes = [*flight.indexes, defi.model_copy(update={"weights": weights, "symbol": "OLD.ssi"})]
    with_asset(flight, "MKR", address=TOKENS["MKR"], of="SKY")
    found = stops(flight)
    assert "retired, and OLD.ssi would hold it: SKY took its place" in found.pop("token MKR")
    assert all("purchase of OLD.ssi" in subject or subject == "path of MKR" for subject in found.keys() - KNOWN)
    leg = flight.assets.assets["COMP"].price[0]
    with_feed(flight, "MKR/USD", FEEDS["COMP/USD"])
    with_asset(flight, "COMP", price=[leg.model_copy(update={"source": "MKR/USD"})])
    assert stops(flight)["feed MKR/USD"].startswith("retired: It prices a token that hardly trades")


def test_no_code_is_noticed(flight, evm):
    evm.rpc.call("anvil_setCode", params.protocol().contracts.safe_singleton, "0x")
    assert only(flight, "safeSingleton").startswith("no code at 0x")


def test_another_token_is_noticed(flight):
    with_asset(flight, "LDO", address=TOKENS["CRV"], hop=None)
    flight.indexes = [index for index in flight.indexes if "LDO" not in index.weights]
    flight.assets = flight.assets.model_copy(
        update={"twaps": {name: twap for name, twap in flight.assets.twaps.items() if twap.base != "LDO"}}
    )
    assert only(flight, "token LDO") == "calls itself CRV, 18 decimals"


def test_an_address_that_is_no_token_is_noticed(flight, evm):
    evm.rpc.call("anvil_setCode", TOKENS["SOSO"], "0x5f5ffd")
    found = stops(flight)
    assert found.keys() - KNOWN == {"token SOSO"}
    assert found["token SOSO"].endswith("symbol() gives no answer")


def test_the_feed_of_another_pair_is_noticed(flight):
    with_feed(flight, "CRV/USD", FEEDS["COMP/USD"])
    assert only(flight, "feed CRV/USD") == f"{FEEDS['COMP/USD']} describes itself as COMP / USD"


def test_an_old_answer_is_noticed(flight, evm):
    """A day and more without a round; all others answer."""
    (heartbeat,) = {leg.heartbeat for leg in flight._legs() if leg.source == "SOL/USD"}
    answer, _ = control.read_feed(evm.rpc, "SOL/USD")
    control.set_feed(evm.rpc, "SOL/USD", answer, evm.now - heartbeat - 60, rounds=3)
    flight.chain = preflight.Chain(evm.rpc)
    assert only(flight, "feed SOL/USD").startswith(f"180 is {heartbeat + 6:,}"[:6])


def test_a_feed_that_was_silent_is_noticed(flight, evm):
    """Its last answer is fresh, and between two before it more time went by than our heartbeat."""
    (heartbeat,) = {leg.heartbeat for leg in flight._legs() if leg.source == "AAVE/USD"}
    answer, _ = control.read_feed(evm.rpc, "AAVE/USD")
    for ago in (2 * heartbeat + 100, heartbeat - 100, 0):
        control.set_feed(evm.rpc, "AAVE/USD", answer, evm.now - ago, rounds=1)
    flight.chain = preflight.Chain(evm.rpc)
    assert f"prices would be refused after {heartbeat:,} s" in only(flight, "feed AAVE/USD")


def test_a_price_outside_our_bounds_is_noticed(flight):
    """By a factor of a hundred, as a bound in the wrong unit would be."""
    leg = flight.assets.assets["COMP"].price[0]
    with_asset(flight, "COMP", price=[leg.model_copy(update={"min": Decimal(1000), "max": Decimal(9000)})])
    assert only(flight, "feed COMP/USD") == "45 is outside our bounds of 1,000 and 9,000"


@pytest.mark.parametrize(("least", "most", "fine"), [(1, 10**13, True), (10**8, 10**13, False), (1, 10**10, False)])
def test_bounds_of_an_aggregator_are_compared(flight, evm, project, owner, least, most, fine):
    """A price that stops at 1 USD, or at 100: our bounds would take it for one of the market."""
    leg = flight.assets.assets["COMP"].price[0]
    assert least < leg.min * 10**8 or not fine
    feed = evm.deploy(project.BoundedAggregator, "COMP / USD", 8, 45 * 10**8, least, most, sender=owner)
    for _ in range(3):
        feed.set(45 * 10**8, evm.now, sender=owner)
    with_feed(flight, "COMP/USD", feed.address)
    flight.chain = preflight.Chain(evm.rpc)
    found = stops(flight)
    assert found.keys() - KNOWN == (set() if fine else {"feed COMP/USD"})
    assert fine or "accept where the aggregator stops" in found["feed COMP/USD"]


def test_a_pool_that_remembers_too_little_is_noticed(flight):
    twap = flight.assets.twaps["PEPE/WETH twap"]
    longer = twap.model_copy(update={"window": 7_200})
    flight.assets = flight.assets.model_copy(update={"twaps": flight.assets.twaps | {"PEPE/WETH twap": longer}})
    said = only(flight, "average PEPE/WETH twap")
    assert said.endswith("keeps 200 of 601 observations; more have to be paid for")


def test_a_path_without_a_pool_is_noticed(flight):
    hop = flight.assets.assets["SOSO"].hop.model_copy(update={"fee": 500})
    with_asset(flight, "SOSO", hop=hop)
    assert only(flight, "path of SOSO") == "the pool to WETH at 0.05 % does not exist"


def test_a_pool_without_liquidity_is_noticed(flight, evm):
    """Its average, the path over it and the purchases that need it."""
    pool = flight._pool("COMP", "WETH", 3000)
    evm.rpc.call("anvil_setStorageAt", pool, LIQUIDITY, "0x" + "00" * 32)
    found = stops(flight)
    assert found.keys() - KNOWN >= {"average COMP/WETH twap", "path of COMP"}
    assert found["path of COMP"] == "the pool to WETH at 0.3 % has no liquidity at its price"


def test_a_dear_purchase_is_noticed(flight, monkeypatch):
    """Of all purchases the large one of MEME.ssi loses most, some 60 bp."""
    monkeypatch.setattr(preflight, "PURCHASES", {1_000: 50, 100_000: 58})
    assert only(flight, "purchase of MEME.ssi for 100,000 USD").endswith(" bp, of 58")


def test_supplies_are_compared_with_two_sources(flight):
    right = {supply.asset: supply.circulating for supply in params.supplies().supplies.values()}
    flight.supplies = [("one", right), ("two", right | {"UNI": right["UNI"] * 2})]
    assert only(flight, "supply of UNI") == "10000 bp from two: 1,260,000,000"
    flight.supplies = [("one", right), ("two", {"UNI": right["UNI"]})]
    looks = [line.subject for line in flight.lines() if line.verdict is Verdict.LOOK and "of 2 sources" in line.said]
    assert len(looks) == len(right) - 1
    assert "supply of UNI" not in looks


def test_a_deployer_without_ether_is_noticed(flight, evm, bob):
    evm.rpc.call("anvil_setBalance", bob, hex(10**15))
    flight.payer = bob
    assert f"and {bob} has 0.001" in only(flight, "cost")


def test_owners_of_their_own_are_fine(flight):
    ours = flight.protocol.safe.model_copy(update={"owners": ["0x" + f"{n:040x}" for n in range(1, 4)], "threshold": 2})
    flight.protocol = flight.protocol.model_copy(update={"safe": ours})
    assert stops(flight).keys() == KNOWN - {"owners of the Safe"}


# ---------------------------------------------------------------- the command


@pytest.mark.usefixtures("flight")
def test_the_command_counts_and_fails():
    said = CliRunner().invoke(cli, [*NETWORK, "--json"])
    assert said.exit_code == 1
    lines = json.loads(said.stdout)
    assert {line["subject"] for line in lines if line["verdict"] == "stop"} == KNOWN
    said = CliRunner().invoke(cli, [*NETWORK])
    assert said.exit_code == 1
    assert f"{len(KNOWN)} that stop a deployment." in said.output


def test_supplies_that_cannot_be_read_are_one_line(tmp_path):
    (tmp_path / "bad.json").write_text("[]")
    said = CliRunner().invoke(cli, [*NETWORK, "--supplies", str(tmp_path / "bad.json")])
    assert said.exit_code == 2
    assert "The supplies cannot be read" in said.output
