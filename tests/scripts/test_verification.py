"""A stranger compiles what a deployment wrote, and nothing else, and gets what stands on chain."""

from __future__ import annotations

import copy
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result
from eth_utils import function_signature_to_4byte_selector as selector

from ssi.cli.verify import KEY, cli
from ssi.constants import IMPLEMENTATION_SLOT
from ssi.deploy import explorers, sources, verification
from ssi.registry.record import Record
from ssi.registry.system import System

SMALL = ("FixedWeights", "FeeDistributor", "ProtocolProxy", "UniswapV3TwapFeed")  # quick to compile


@pytest.fixture(scope="module")
def given(system: System) -> dict[str, sources.Input]:
    return verification.inputs(system.record.inputs, system.record)


@pytest.fixture(scope="module")
def compiled(given: dict[str, sources.Input]) -> Callable[[str], sources.Compiled]:
    """Each input is compiled once, from its own texts. Small ones are compiled alone, as a stranger does, and the
    others in one run, which takes a third of the time; `make deep` compiles each alone.
    """
    made: dict[str, sources.Compiled] = {}

    def once(contract: str) -> sources.Compiled:
        if contract not in made:
            alone = contract in SMALL or os.environ.get("HYPOTHESIS_PROFILE") == "deep"
            names = [contract] if alone else [name for name in given if name not in SMALL]
            made.update(zip(names, sources.compiled_together([given[name] for name in names]), strict=True))
        return made[contract]

    return once


@pytest.fixture
def small(system: System) -> Record:
    """The record with the contracts that compile quickly."""
    record = copy.copy(system.record)
    record.creations = {name: made for name, made in record.creations.items() if made["contract"] in SMALL}
    proxies = [name for name, made in record.creations.items() if made["contract"] == "ProtocolProxy"]
    for name in proxies:
        if f"{name}Implementation" not in record.creations:
            del record.creations[name]
    return record


def differences(system: System, record: Record, compiled: Callable[[str], sources.Compiled]) -> dict[str, str]:
    return {each.name: each.difference for each in verification.verify(system.evm.rpc, record, compiled)}


def test_every_contract_is_what_its_input_compiles_to(system, compiled):
    """All of them, indexes and staked tokens of factories included, with immutables, and what stands behind proxies."""
    record = system.record
    found = differences(system, record, compiled)
    assert not any(found.values()), found
    strangers = {"Safe", "GuardianSafe"}
    assert found.keys() == record.addresses.keys() - strangers
    assert {"MAG7.ssi", "sMAG7.ssi", "sSOSO", "PointsLedger", "PointsLedgerImplementation"} <= found.keys()


def test_an_input_holds_what_it_needs_and_no_more(given):
    files = given["FixedWeights"]["sources"]
    assert "contracts/methodology/FixedWeights.sol" in files
    assert not any("index/IndexToken.sol" in name or name.startswith(("/", "..")) for name in files)
    assert all(each.keys() == {"content"} for each in files.values())


def test_inputs_that_disagree_are_not_compiled_together(given):
    """Another setting, and another text of a file that both have."""
    one, other = given["FeeDistributor"], copy.deepcopy(given["ProtocolProxy"])
    other["settings"]["optimizer"]["runs"] = 1
    with pytest.raises(ValueError, match="has other settings than"):
        sources.compiled_together([one, other])
    other = copy.deepcopy(one)
    shared = next(iter(other["sources"]))
    other["sources"][shared]["content"] += "// more"
    with pytest.raises(ValueError, match=f"has another text of {shared}"):
        sources.compiled_together([one, other])


def test_one_changed_character_is_noticed(system, small, given, compiled):
    """In a comment, which changes no instruction: the hash of the sources stands at the end of the code."""
    changed = copy.deepcopy(given["FixedWeights"])
    text = changed["sources"]["contracts/methodology/FixedWeights.sol"]
    text["content"] = text["content"].replace("/// @notice", "/// @Notice".replace("N", "n") + " ", 1)
    assert changed != given["FixedWeights"]
    found = differences(
        system, small, lambda name: sources.compiled(changed) if name == "FixedWeights" else compiled(name)
    )
    assert " bytes differ, the first at " in found.pop("FixedWeights")
    assert not any(found.values())


def test_other_arguments_are_noticed(system, small, compiled):
    """An address in an immutable, and one in the storage of a proxy's constructor that cannot run."""
    made = small.creations["FeeDistributor"]
    small.creations = small.creations | {
        "FeeDistributor": made | {"arguments": made["arguments"].replace(made["arguments"][26:66], "11" * 20, 1)}
    }
    found = differences(system, small, compiled)
    assert found.pop("FeeDistributor").startswith("its constructor refuses now: ")
    assert not any(found.values())


def test_what_a_feed_measured_is_shown_and_nothing_else_may_differ(system, small, compiled):
    """Another liquidity is a measurement of another block; another pool is another feed."""
    name = next(name for name, made in small.creations.items() if made["contract"] == "UniswapV3TwapFeed")
    address = small.addresses[name]

    def ask(view: str) -> bytes:
        data = "0x" + selector(view).hex()
        return bytes.fromhex(system.evm.rpc.call("eth_call", {"to": address, "data": data}, "latest")[2:])

    code, measured = bytes.fromhex(system.evm.rpc.call("eth_getCode", address, "latest")[2:]), ask("minLiquidity()")
    other = (int.from_bytes(measured, "big") + 1).to_bytes(32, "big")
    for old, new, fine in ((measured, other, True), (ask("pool()"), bytes(12) + b"\x11" * 20, False)):
        assert old in code
        system.evm.rpc.call("anvil_setCode", address, "0x" + code.replace(old, new).hex())
        (found,) = verification.verify(system.evm.rpc, small, compiled, [name])
        assert (found.difference == "", found.measured) == (fine, "0x" + new.hex() if fine else "")


def test_what_stands_behind_a_proxy_is_noticed(system, small, compiled):
    proxy, stranger = small.addresses["FeeDistributor"], small.addresses["FixedWeights"].lower()
    system.evm.rpc.call("anvil_setStorageAt", proxy, IMPLEMENTATION_SLOT, "0x" + stranger[2:].rjust(64, "0"))
    assert differences(system, small, compiled)["FeeDistributor"] == ""  # that one was verified: it is one of ours
    system.evm.rpc.call("anvil_setStorageAt", proxy, IMPLEMENTATION_SLOT, "0x" + "22" * 20 + "00" * 12)
    assert "is none that was verified" in differences(system, small, compiled)["FeeDistributor"]


def test_no_code_is_noticed(system, small, compiled):
    system.evm.rpc.call("anvil_setCode", small.addresses["FixedWeights"], "0x")
    assert differences(system, small, compiled)["FixedWeights"] == "there is no code"


# ---------------------------------------------------------------- the command


@pytest.fixture
def only_small(system: System, small: Record, monkeypatch: pytest.MonkeyPatch) -> Record:
    """The command finds a record of few contracts."""
    small.path = system.record.path
    monkeypatch.setattr("ssi.cli.common.opened", lambda: type("Opened", (), {"evm": system.evm, "record": small}))
    return small


def run(*words: str, **env: str) -> Result:
    return CliRunner().invoke(cli, ["--network", "ethereum:mainnet-fork:foundry", *words], env=env)


def test_the_command_says_what_it_found(only_small, system):
    said = run()
    assert said.exit_code == 0, said.output
    assert f"All {len(only_small.creations)} contracts are, byte for byte, what" in said.output.replace("\n", " ")
    system.evm.rpc.call("anvil_setCode", only_small.addresses["FixedWeights"], "0x00")
    said = run("--json")
    assert said.exit_code == 1
    answer = json.loads(said.stdout)
    assert answer["verified"] is False
    assert [row["name"] for row in answer["contracts"] if row["difference"]] == ["FixedWeights"]


@pytest.mark.usefixtures("only_small")
def test_some_contracts_can_be_named():
    said = run("FeeDistributor", "--json")
    assert [row["name"] for row in json.loads(said.stdout)["contracts"]] == [
        "FeeDistributorImplementation",
        "FeeDistributor",
    ]
    said = run("Fee")
    assert said.exit_code == 2
    assert "There is no Fee here. Known are " in said.output


def test_a_record_without_inputs_is_one_line(only_small, tmp_path):
    shutil.copy(only_small.path, tmp_path / "ethereum-mainnet-fork.json")
    only_small.path = tmp_path / "ethereum-mainnet-fork.json"
    said = run()
    assert said.exit_code == 1
    assert "is missing or damaged: take it from version control" in said.output


class Explorer(BaseHTTPRequestHandler):
    """Answers as Etherscan and Sourcify do: "later" once, then `verdict`."""

    verdict = "fine"
    heard: ClassVar[list[tuple[Any, Any]]] = []
    asked: ClassVar[dict[str, int]] = {}

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def _answer(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        path = urlsplit(self.path)
        if path.path.startswith("/v2/verify/"):
            Explorer.heard.append((path.path.split("/")[3:], json.loads(body)))
            self._answer({"verificationId": path.path.split("/")[-1]})
        else:
            form = {name: values[0] for name, values in parse_qs(body).items()}
            Explorer.heard.append((parse_qs(path.query), form))
            refused = form["apikey"] != "a key"
            self._answer({"status": "0" if refused else "1", "result": "Invalid API Key" if refused else "guid"})

    def do_GET(self) -> None:
        turns = Explorer.asked[self.path] = Explorer.asked.get(self.path, 0) + 1
        if "/v2/verify/" in self.path:
            bad = {"error": {"message": "no match"}} if Explorer.verdict != "fine" else {}
            done: Any = {"isJobCompleted": True, "contract": {"match": "exact_match"}} | bad
            self._answer({"isJobCompleted": False} if turns == 1 else done)
        else:
            done = "Pass - Verified" if Explorer.verdict == "fine" else "Fail - Unable to verify"
            self._answer({"status": "1", "result": "Pending in queue" if turns == 1 else done})


@pytest.fixture
def explorer(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its address. Waits are short."""
    Explorer.verdict, Explorer.heard, Explorer.asked = "fine", [], {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Explorer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for publish in ("etherscan", "sourcify"):
        real = getattr(explorers, publish)
        monkeypatch.setattr(explorers, publish, lambda *args, real=real: real(*args, pause=0.01))
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_etherscan_gets_the_inputs_of_the_deployment(only_small, explorer, given):
    said = run("--publish", "etherscan", "--explorer", explorer, "--json", **{KEY: "a key"})
    assert said.exit_code == 0, said.output
    assert {row["published"] for row in json.loads(said.stdout)["contracts"]} == {"Pass - Verified"}
    forms = {form["contractaddress"]: (query, form) for query, form in Explorer.heard}
    assert forms.keys() == {only_small.addresses[name] for name in only_small.creations}
    query, form = forms[only_small.addresses["FeeDistributor"]]
    assert query["chainid"] == [str(only_small.chain_id)]
    assert form["contractname"] == "contracts/governance/ProtocolProxy.sol:ProtocolProxy"
    assert form["compilerversion"].startswith("v0.8.37+commit.")
    assert "0x" + form["constructorArguments"] == only_small.creations["FeeDistributor"]["arguments"]
    assert json.loads(form["sourceCode"]) == given["ProtocolProxy"]


def test_sourcify_gets_the_inputs_of_the_deployment(only_small, explorer, given):
    said = run("--publish", "sourcify", "--explorer", explorer, "--json")
    assert said.exit_code == 0, said.output
    assert {row["published"] for row in json.loads(said.stdout)["contracts"]} == {"exact_match"}
    ((_, body),) = [each for each in Explorer.heard if each[0][1] == only_small.addresses["FixedWeights"]]
    assert body["stdJsonInput"] == given["FixedWeights"]
    assert body["contractIdentifier"] == "contracts/methodology/FixedWeights.sol:FixedWeights"


@pytest.mark.parametrize("publish", ["etherscan", "sourcify"])
@pytest.mark.usefixtures("only_small")
def test_what_an_explorer_refuses_is_one_line(explorer, publish):
    Explorer.verdict = "bad"
    said = run("--publish", publish, "--explorer", explorer, **{KEY: "a key"})
    assert said.exit_code == 1
    assert f"{publish.capitalize()} refuses 0x" in said.output
    assert "a key" not in said.output


@pytest.mark.usefixtures("only_small")
def test_a_wrong_key_and_none_are_one_line(explorer):
    said = run("--publish", "etherscan", "--explorer", explorer, **{KEY: "another"})
    assert said.exit_code == 1
    assert "Invalid API Key" in said.output
    said = run("--publish", "etherscan")
    assert said.exit_code == 2
    assert f"put yours into the environment variable {KEY}" in said.output


def test_nothing_is_published_that_is_not_deployed(only_small, explorer, system):
    system.evm.rpc.call("anvil_setCode", only_small.addresses["FixedWeights"], "0x00")
    assert run("--publish", "sourcify", "--explorer", explorer).exit_code == 1
    assert Explorer.heard == []
