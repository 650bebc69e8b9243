"""What the owners of the multisig type, from a proposal to its effect, and what they are told when it cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ape
import eth_abi
import pytest
from click.testing import CliRunner
from eth_utils import keccak

from forks.local import FORKS
from scripts import cancel, execute, pending, propose
from ssi.chain import network
from ssi.chain.evm import Deployed
from ssi.chain.rpc import Rpc, RpcError
from ssi.cli import common
from ssi.constants import DAY, NOTICE
from ssi.governance import proposals
from ssi.governance.decoder import Decoder
from ssi.governance.proposal import Proposal, ProposalRefused, attempt
from ssi.governance.safe import Multisig, SafeTransaction, builder_checksum, builder_file
from ssi.governance.scheduled import operations
from ssi.registry.system import System
from tests.support.governance import govern, schedule, wait

DOMAIN_TYPE = keccak(text="EIP712Domain(uint256 chainId,address verifyingContract)")
SAFE_TX_TYPE = keccak(
    text=(
        "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,"
        "address gasToken,address refundReceiver,uint256 nonce)"
    )
)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files of proposals go away with the test."""
    monkeypatch.setattr(common, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def mag7(system: System) -> Deployed:
    return system.index("MAG7.ssi")


def run(script: Any, *words: str) -> Any:
    """A command as a person types it, `ape run` left away; its JSON if it was asked for."""
    done = CliRunner(mix_stderr=False).invoke(script.cli, list(words))
    assert done.exit_code == 0, f"{done.output}\n{done.stderr}"
    return json.loads(done.stdout) if "--json" in words else done.stdout


def refused(script: Any, *words: str) -> str:
    """The message of a command that does not do it."""
    done = CliRunner(mix_stderr=False).invoke(script.cli, list(words))
    assert done.exit_code in (1, 2), done.output
    assert done.stdout == ""
    return done.stderr.removeprefix("Error: ").strip()


# ---------------------------------------------------------------- from a proposal to its effect


def test_a_fee_from_proposal_to_effect(evm, system, mag7, folder):
    """Two calls in one transaction of the Safe, listed, refused before their time, executed after it."""
    proposed = run(propose, "set-fee", "MAG7.ssi", "--mint-bps", "25", "--daily-bps", "0.5", "--json")
    assert [call["function"] for call in proposed["calls"]] == ["setMintFee", "setStreamingFee"]
    changes = {change["what"]: (change["before"], change["after"]) for change in proposed["changes"]}
    assert changes["MAG7.ssi.terms.mintFee"] == (10, 25)
    assert changes["MAG7.ssi.terms.dailyFee"] == (10**14, 5 * 10**13)
    assert {what.split(".")[0] for what in changes} == {"MAG7"}, "nothing else changes"
    assert (folder / proposed["file"]).exists()
    assert proposed["transaction"] is not None, "on a fork the test accounts sign"
    assert mag7.terms().mintFee == 10

    listed = run(pending, "--json")
    assert [(o["operation"], o["status"], o["readyAt"], o["expiresAt"]) for o in listed] == [
        (call["operation"], "waiting", proposed["readyAt"], proposed["expiresAt"]) for call in proposed["calls"]
    ]
    assert proposed["readyAt"] == evm.now + NOTICE
    assert listed[0]["arguments"] == {"mintFee": 25}
    assert "Nothing is ready. The next is on" in refused(execute)
    assert "can be executed from" in refused(execute, listed[0]["operation"][:10])

    wait(system)
    assert [o["status"] for o in run(pending, "--json")] == ["ready", "ready"]
    done = run(execute, "--json")
    assert [o["function"] for o in done["operations"]] == ["setMintFee", "setStreamingFee"]
    assert len(done["transactions"]) == 1
    assert (mag7.terms().mintFee, mag7.terms().dailyFee) == (25, 5 * 10**13)
    assert run(pending, "--json") == []
    assert "Nothing is scheduled" in run(pending)


def test_terms_that_are_not_given_stay():
    """The chain is where the terms of an index stand: no default of the command goes over them."""
    proposed = run(propose, "set-terms", "USSI", "--premium-bps", "50", "--hours", "12", "--dry-run", "--json")
    changes = {change["what"]: (change["before"], change["after"]) for change in proposed["changes"]}
    assert {what: values for what, values in changes.items() if ".terms." in what} == {
        "plan of USSI.terms.premiumStart": (100, 50),
        "plan of USSI.terms.duration": (DAY, DAY // 2),
    }


def test_people_see_the_change_the_hashes_and_the_next_step(system):
    said = run(propose, "set-cap", "USSI", "5000")
    for text in (
        "Set the supply cap of USSI to 5,000 shares", "USSI.setSupplyCap(", "1,000,000 shares",
        "Safe transaction hash", "domain hash", "message hash", "`ape run execute`",
    ):  # fmt: skip
        assert text in said
    listed = run(pending)
    assert "waiting, 16 d 0 h left" in listed
    wait(system)
    assert "USSI.setSupplyCap" in run(execute)


def test_a_dry_run_only_writes_a_file(evm, system, folder):
    """Nothing reaches the chain, and the file says exactly what the Safe would send."""
    block, nonce = evm.rpc.call("eth_blockNumber"), Multisig(evm, system.record.contracts["Safe"]).safe.nonce()
    proposed = run(propose, "set-cap", "MAG7.ssi", "7", "--dry-run", "--json")
    assert proposed["transaction"] is None
    assert (evm.rpc.call("eth_blockNumber"), Multisig(evm, system.record.contracts["Safe"]).safe.nonce()) == (
        block,
        nonce,
    )
    batch = json.loads((folder / proposed["file"]).read_text())
    data = system.manager.schedule.encode(
        system.index("MAG7.ssi").address, system.index("MAG7.ssi").setSupplyCap.encode(7), 0
    )
    (transaction,) = batch["transactions"]
    assert (transaction["to"], transaction["value"], transaction["data"]) == (
        system.manager.address,
        "0",
        "0x" + data.hex(),
    )
    assert (batch["chainId"], batch["meta"]["createdFromSafeAddress"]) == ("1", system.record.contracts["Safe"])
    checksum = batch["meta"].pop("checksum")
    assert builder_checksum(batch) == checksum
    batch["transactions"][0]["value"] = "1"
    assert builder_checksum(batch) != checksum
    assert run(pending, "--json") == []


def test_the_guardian_cancels_by_command(system, mag7):
    proposed = run(propose, "set-fee", "MAG7.ssi", "--mint-bps", "0", "--json")
    operation = proposed["calls"][0]["operation"]
    done = run(cancel, operation[:10], "--json")
    assert done["safe"] == system.record.contracts["GuardianSafe"]
    assert run(pending, "--json") == []
    wait(system)
    assert refused(execute) == "Nothing is ready. Nothing is waiting either."
    assert mag7.terms().mintFee == 10


def test_what_was_not_executed_expires(system):
    operation = run(propose, "set-cap", "USSI", "1", "--json")["calls"][0]["operation"]
    wait(system, NOTICE + 7 * DAY + 60)
    assert [o["status"] for o in run(pending, "--json")] == ["expired"]
    assert "propose it again" in refused(execute, operation[:10])
    run(propose, "set-cap", "USSI", "1", "--json")
    assert [o["status"] for o in run(pending, "--json")] == ["waiting"]


def test_one_of_several_is_executed_by_its_id(system, mag7):
    first = run(propose, "set-cap", "MAG7.ssi", "9", "--json")["calls"][0]["operation"]
    run(propose, "set-cap", "USSI", "9", "--json")
    wait(system)
    run(execute, first[:12], "--json")
    assert mag7.terms().supplyCap == 9
    assert [o["contract"] for o in run(pending, "--json")] == ["USSI"]


def test_prices_and_paths_come_from_the_parameters(system):
    """Both are refused while nothing would change."""
    assert refused(propose, "set-price", "LINK") == "This would change nothing: it is so already. Nothing was proposed."
    link = system.token("LINK").address
    govern(system, system.oracle, "removeRoute", [link])
    govern(system, system.router, "setHop", [link, link, 0])
    price = run(propose, "set-price", "LINK", "--json")
    assert any(
        change["what"] == "price of LINK" and change["before"].startswith("reverts: PriceOracle_NoRoute")
        for change in price["changes"]
    )
    path = run(propose, "set-path", "LINK", "--json")
    assert {"what": "path of LINK.fee", "before": 0, "after": 3000} in path["changes"]
    wait(system)
    run(execute, "--json")
    assert system.oracle.price(link) > 0
    assert system.router.hop(link).fee == 3000


def test_anything_can_be_called(system):
    """Numbers with exponents, names instead of addresses, JSON for lists."""
    run(propose, "call", "MAG7.ssi", "setFeeReceiver", "GuardianSafe", "--json")
    selectors = '["0x' + system.index("USSI").sync.encode(system.token("USDC").address)[:4].hex() + '"]'
    run(propose, "call", "ProtocolManager", "setTargetFunctionRole", "USSI", selectors, "1", "--json")
    wait(system)
    run(execute, "--json")
    assert system.index("MAG7.ssi").terms().feeReceiver == system.record.contracts["GuardianSafe"]


def test_a_list_is_shown_whole_also_where_it_begins_like_markup():
    """The screen takes `[s…]` for markup: the constituents were not shown to those who sign for them."""
    words = ("FixedWeights", "sDAI=4000", "USDC=2000", "sUSDS=4000")
    for shown in (run(propose, "set-methodology", "USSI", *words), run(pending)):
        assert "[sDAI" in shown


def test_what_a_scheduled_text_says_hides_nothing_and_stops_no_command():
    text = "[conceal]nothing :x: here[/][/]"
    proposed = run(propose, "call", "ProtocolManager", "labelRole", "77", text, "--json")
    for shown in (run(pending), run(cancel, proposed["calls"][0]["operation"])):
        assert all(word in shown for word in text.split())


def test_a_call_that_cannot_be_read_is_shown_and_can_be_cancelled(system):
    """The manager schedules what begins with a selector, and what comes after it is for the guardian to see."""
    ussi, factory = system.index("USSI"), system.factory
    schedule(system, ussi, ussi.setSupplyCap.encode(7)[:9])
    schedule(system, factory, factory.interface["createIndex"].hash[:4] + b"\xff" * 40)
    listed = run(pending, "--json")
    assert [(o["contract"], o["function"]) for o in listed] == [
        ("USSI", "0x" + ussi.setSupplyCap.encode(7)[:4].hex()),
        ("IndexFactory", "0x" + factory.interface["createIndex"].hash[:4].hex()),
    ]
    wait(system)
    assert "This fails now with" in refused(execute)
    for operation in listed:
        run(cancel, operation["operation"][:10], "--json")
    assert run(pending, "--json") == []


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["set-fee", "MAG8.ssi", "--mint-bps", "1"],
         "There is no index MAG8.ssi here. Known are DEFI.ssi, MAG7.ssi, MEME.ssi, USSI."),
        (["set-fee", "MAG7.ssi"], "Say which fee: --mint-bps or --daily-bps, or both."),
        (["set-fee", "MAG7.ssi", "--mint-bps", "-1"],
         "Invalid value for '--mint-bps': -1 is not in the range 0<=x<=10000."
         " `ape run cli set-fee --help` says what can be."),
        (["set-fee", "MAG7.ssi", "--mint-bps", "10"],
         "This would change nothing: it is so already. Nothing was proposed."),
        (["set-fee", "MAG7.ssi", "--mint-bps", "101"],
         "The execution would fail with IndexToken_MintFeeTooHigh(mintFee=101, maximum=100). Nothing was proposed."),
        (["set-price", "DOGE"],
         "deployments/params/assets.json has no asset DOGE: "
         "write down its address, its price and its hop there first."),
        (["set-path", "WETH"], "deployments/params/assets.json has no hop for WETH: write it down there first."),
        (["call", "PriceOracle", "price", "LINK"],
         "PriceOracle has no function price that changes anything. It has poke, "
         "removeRoute, removeSecondRoute, setRoute, setSecondRoute."),
        (["call", "PriceOracle", "removeRoute"], "PriceOracle.removeRoute takes address token: 1 arguments, not 0."),
        (["call", "MAG7.ssi", "setMintFee", "many"], "'many' is no uint256 for mintFee."),
        (["call", "MAG7.ssi", "setMintFee", "0.5"], "'0.5' is no uint256 for mintFee."),
        (["upgrade", "PriceOracle"], "PriceOracle is not upgradeable: there is no proxy in front of it."),
        (["set-cap", "USSI", "1", "--account", "stranger"],
         "Ape knows no account stranger: `ape accounts list` shows them, `ape accounts import` adds one."),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("system")
def test_bad_input_says_what_to_do(words, message, folder):
    assert refused(propose, *words) == message
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("system")
def test_what_is_the_guardians_cannot_be_proposed():
    assert "The Safe has no right to schedule this (AccessManagerUnauthorizedCall" in refused(
        propose, "call", "USSI", "pauseMinting"
    )


@pytest.mark.usefixtures("system")
def test_the_same_is_not_proposed_twice():
    run(propose, "set-cap", "USSI", "3", "--json")
    assert refused(propose, "set-cap", "USSI", "3") == "Exactly this is scheduled already: see `ape run pending`."


@pytest.mark.usefixtures("system")
def test_an_unknown_operation_is_named():
    assert refused(execute, "0x12345678") == "No operation begins with 0x12345678: `ape run pending` lists them."
    assert refused(cancel, "12345678") == "No operation begins with 12345678: `ape run pending` lists them."


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("id", ["", "0x", "0x1234567", "0x1234567g", "*"])
def test_an_unset_variable_names_no_operation(id):
    """`cancel "$ID"` once cancelled the only one there was, for good."""
    run(propose, "set-cap", "USSI", "4321", "--json")
    for script in (cancel, execute):
        assert (
            refused(script, id) == f"{id!r} is not a valid operation: give at least eight hex digits of its id."
            " `ape run pending` lists them."
        )
    assert len(run(pending, "--json")) == 1


def test_an_operation_of_long_ago_is_not_lost(system, monkeypatch):
    """Its time may be any that the proposer chose: here 600,000 blocks, three months, go by."""
    ussi = system.index("USSI")
    schedule(system, ussi, ussi.setSupplyCap.encode(7))
    call = Rpc.call

    def later(self, method, *params):
        head = int(call(self, "eth_blockNumber"), 16)
        if method == "eth_blockNumber":
            return hex(head + 600_000)
        if method == "eth_getLogs":
            if int(params[0]["fromBlock"], 16) > head:
                return []
            params = ({**params[0], "toBlock": hex(min(head, int(params[0]["toBlock"], 16)))},)
        if method == "eth_getBlockByNumber" and params[0] != "latest":
            params = (hex(min(head, int(params[0], 16))), params[1])
        return call(self, method, *params)

    monkeypatch.setattr(Rpc, "call", later)
    assert [operation.call.function for operation in operations(system)] == ["setSupplyCap"]


def test_a_time_beyond_all_calendars_is_shown(system):
    ussi, safe = system.index("USSI"), system.record.contracts["Safe"]
    system.manager.schedule(ussi.address, ussi.setSupplyCap.encode(7), 2**48 - 1 - 7 * DAY, sender=safe)
    assert "after the year 9999" in run(pending)


def test_the_trial_refuses_what_comes_too_soon_or_out_wrong(system, mag7):
    """What a compromised script or manager would show."""
    call = (mag7, mag7.setMintFee.encode(20))
    with pytest.raises(ProposalRefused, match="sooner than the notice"):
        attempt(system, Proposal("x", "x", [call]), NOTICE + 1, FORKS)
    with pytest.raises(ProposalRefused, match=r"MAG7.ssi.terms.mintFee would be 20, not 30. Do not sign"):
        attempt(system, Proposal("x", "x", [call], {"MAG7.ssi.terms.mintFee": 30}), NOTICE, FORKS)


def test_the_trial_leaves_the_chain_alone(evm, system):
    """Its sixteen days pass on a fork of its own."""
    now, block = evm.now, evm.rpc.call("eth_blockNumber")
    attempt(system, proposals.set_cap(Decoder(system), "USSI", 4), NOTICE, FORKS)
    assert (evm.now, evm.rpc.call("eth_blockNumber")) == (now, block)


# ---------------------------------------------------------------- who signs


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Ape accounts by alias: the owners among them, and a stranger."""
    known = {f"account{n}": ape.accounts.test_accounts[n] for n in range(9)} | {
        "stranger": ape.accounts.test_accounts[9]
    }
    named = SimpleNamespace(aliases=known, load=known.__getitem__, test_accounts=ape.accounts.test_accounts)
    monkeypatch.setattr(ape, "accounts", named)
    return known


def test_owners_sign_by_alias(evm, system, accounts):
    safe = Multisig(evm, system.record.contracts["Safe"])
    owners = [alias for alias, account in accounts.items() if account.address in safe.owners]
    run(propose, "set-cap", "USSI", "8", "--account", owners[2], "--account", owners[0], "--json")
    assert len(run(pending, "--json")) == 1


def test_strangers_and_too_few_owners_are_told(evm, system, accounts):
    safe = Multisig(evm, system.record.contracts["Safe"])
    owners = [alias for alias, account in accounts.items() if account.address in safe.owners]
    assert "stranger (" in refused(propose, "set-cap", "USSI", "8", "--account", "stranger")
    assert refused(propose, "set-cap", "USSI", "8", "--account", owners[0]).startswith(
        "2 owners must sign, and you named 1"
    )
    twice = ["--account", owners[0], "--account", owners[0]]
    assert refused(propose, "set-cap", "USSI", "8", *twice).startswith("2 owners must sign")


def test_a_live_network_signs_with_no_account_unless_told(evm, system, monkeypatch):
    monkeypatch.setattr(network, "is_fork", lambda: False)
    assert common.signers(Multisig(evm, system.record.contracts["Safe"]), common.Signing()) == []


# ---------------------------------------------------------------- hashes and files


def test_hashes_are_those_of_the_safe(evm, system):
    """Against the contract, and each half against the words of EIP-712."""
    safe = Multisig(evm, system.record.contracts["Safe"])
    for data in (b"", b"\x12\x34\x56\x78" + bytes(300)):
        transaction = safe.transaction(system.manager.address, data)
        assert safe.safe.getTransactionHash(*transaction.call, transaction.nonce) == transaction.hash
        assert transaction.domain_hash == keccak(
            eth_abi.encode(["bytes32", "uint256", "address"], [DOMAIN_TYPE, 1, safe.address])
        )
        fields = [
            SAFE_TX_TYPE,
            system.manager.address,
            0,
            keccak(data),
            0,
            0,
            0,
            0,
            "0x" + "00" * 20,
            "0x" + "00" * 20,
            0,
        ]
        kinds = ["bytes32", "address", "uint256", "bytes32", *["uint256"] * 4, "address", "address", "uint256"]
        assert transaction.message_hash == keccak(eth_abi.encode(kinds, fields))


def test_a_safe_that_hashes_differently_is_refused(evm, system, monkeypatch):
    monkeypatch.setattr(SafeTransaction, "hash", bytes(32))
    with pytest.raises(RuntimeError, match="do not sign anything"):
        Multisig(evm, system.record.contracts["Safe"]).transaction(system.manager.address, b"")


def test_the_checksum_is_that_of_the_transaction_builder():
    """The example of Safe's own tests."""
    owner = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"

    def method(name, **parameters):
        inputs = [{"internalType": kind, "name": parameter, "type": kind} for parameter, kind in parameters.items()]
        return {"inputs": inputs, "name": name, "payable": False}

    batch = {
        "version": "1.0", "chainId": "4", "createdAt": 1646321521061,
        "meta": {
            "name": "test batch file", "txBuilderVersion": "1.4.0", "checksum": "",
            "createdFromSafeAddress": "0xDF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa", "createdFromOwnerAddress": owner,
        },
        "transactions": [
            {"to": owner, "value": "0", "contractMethod": method("testAddress", paramAddress="address"),
             "contractInputsValues": {"paramAddress": owner}},
            {"to": owner, "value": "0", "contractMethod": method("testBool", paramBool="bool"),
             "contractInputsValues": {"paramAddress": "", "paramBool": "false"}},
            {"to": owner, "value": "2000000000000000000", "data": "0x42f45790" + owner[2:].lower().zfill(64)},
        ],
    }  # fmt: skip
    assert builder_checksum(batch) == "0x4ecbfd364aa6759983915644e73f8bd411e85a2dc306f252a387c2728c4db64c"


def test_the_file_has_what_the_transaction_builder_asks_for():
    batch = builder_file("0x1", 1, "name", "what", 5, [("0x2", b"\x01")])
    assert (batch["version"], batch["chainId"], batch["createdAt"]) == ("1.0", "1", 5000)
    assert batch["transactions"] == [
        {"to": "0x2", "value": "0", "data": "0x01", "contractMethod": None, "contractInputsValues": None}
    ]


def test_logs_are_asked_for_in_parts_where_a_node_refuses_many(evm, system, monkeypatch):
    """Nodes for rent answer a few thousand blocks at a time."""
    from ssi.governance import scheduled as operations

    schedule(system, system.index("USSI"), system.index("USSI").setSupplyCap.encode(2))
    evm.rpc.call("anvil_mine", hex(1000), "0x0")
    schedule(system, system.index("USSI"), system.index("USSI").setSupplyCap.encode(3))
    whole, asked = operations.operations(system), list[int]()
    real = evm.rpc.call

    def stingy(method, *params):
        if method == "eth_getLogs":
            blocks = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16)
            asked.append(blocks)
            if blocks > 200:
                raise RpcError(-32005, "query returned more than allowed")
        return real(method, *params)

    monkeypatch.setitem(vars(evm.rpc), "call", stingy)  # an attribute set and undone would stay on the instance
    assert operations.operations(system) == whole
    assert len(whole) == 2
    assert min(asked) <= 200
