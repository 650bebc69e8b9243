"""Every command on a live network, in good weather and in bad, unattended; and what each says to what cannot be meant."""

from __future__ import annotations

import json

import pytest

from ssi.constants import NOTICE
from tests.live.proxy import PASSWORD

OWNERS = ("--account", "safe0", "--account", "safe1", "--yes")
GUARDIANS = ("--account", "guardian0", "--yes")


# ---------------------------------------------------------------- reading


def test_everything_can_be_read(deployed):
    """By machines: JSON alone on standard output. By people: something."""
    who = deployed.address("other")
    for words in (["status"], ["pending"], ["points", "leaderboard"], ["points", "statement", who]):
        deployed.run(*words, "--json").json  # noqa: B018 - it fails where it is none
    assert "MAG7.ssi" in deployed.run("status").out


def test_reading_survives_bad_weather(deployed):
    """Refused with a page of HTML, cut off in the middle, and with the limits of a small provider."""
    deployed.weather.refuse = deployed.weather.drop = 2
    deployed.weather.blocks, deployed.weather.results = 2_000, 10_000
    assert deployed.run("pending", "--json", SSI_STATE=str(deployed.folder / "other state")).json == []


def test_a_dead_node_is_one_line_without_the_password(deployed):
    deployed.weather.down = True
    done = deployed.run("pending")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert PASSWORD not in done.err


# ---------------------------------------------------------------- the multisig


@pytest.fixture(scope="module")
def proposed(deployed):
    """A change that two owners have scheduled, and an answer that got lost on the way."""
    deployed.weather.lose = 1
    return deployed.run("propose", "set-cap", "USSI", "54321", *OWNERS, "--json").json


def test_owners_propose_and_the_guardian_cancels(deployed, proposed):
    operation = proposed["calls"][0]["operation"]
    assert proposed["transaction"] is not None
    assert [o["operation"] for o in deployed.run("pending", "--json").json] == [operation]
    early = deployed.run("execute", *OWNERS)
    assert early.code == 1
    assert early.err.splitlines()[-1].startswith("Error: Nothing is ready. The next is on ")
    for nothing in ("", "0x"):
        assert deployed.run("cancel", nothing, *GUARDIANS).code == 2
    assert len(deployed.run("pending", "--json").json) == 1
    cancelled = deployed.run("cancel", operation[:10], *GUARDIANS, "--json").json
    assert cancelled["transaction"] is not None
    assert deployed.run("pending", "--json").json == []


def test_owners_execute(deployed):
    assert deployed.run("propose", "set-cap", "USSI", "777000", *OWNERS, "--json").json["transaction"]
    deployed.warp(NOTICE + 60)
    assert deployed.run("execute", *OWNERS, "--json").json["transactions"][0]["transaction"]
    assert deployed.system.index("USSI").terms().supplyCap == 777_000


def test_nobody_signs_without_having_seen_it(deployed):
    """Without --yes and without a terminal: calls, changes and hashes are shown, and nothing is signed."""
    done = deployed.run("propose", "set-cap", "USSI", "11", *OWNERS[:-1])
    assert done.code == 2
    assert "There is no terminal to ask whether to sign" in done.err
    for text in ("USSI.setSupplyCap(", "what will change", "Safe transaction hash", "domain hash", "message hash"):
        assert text in done.out
    as_json = deployed.run("propose", "set-cap", "USSI", "11", *OWNERS[:-1], "--json")
    assert json.loads(as_json.out)["code"] == 2
    assert "Safe transaction hash" in as_json.err, "shown to the person, apart from the machine's answer"
    assert deployed.run("pending", "--json").json == []


def test_two_proposals_never_get_one_nonce_silently(deployed):
    """Two for the web site stand behind each other; the same again keeps its nonce; what would take another's place says so."""
    first = deployed.run("propose", "set-cap", "USSI", "21", "--json").json
    second = deployed.run("propose", "set-cap", "USSI", "22", "--json").json
    assert (second["nonce"], second["transaction"]) == (first["nonce"] + 1, None)
    again = deployed.run("propose", "set-cap", "USSI", "21", "--dry-run", "--json").json
    assert again["safeTxHash"] == first["safeTxHash"]
    jumping = deployed.run("propose", "set-cap", "USSI", "23", *OWNERS)
    assert jumping.code == 2
    assert f"say --nonce {first['nonce']} to take its place" in jumping.err
    taking = deployed.run("propose", "set-cap", "USSI", "23", "--nonce", str(second["nonce"]), "--dry-run", "--json").json
    assert taking["replaces"] == second["title"]
    used = deployed.run("propose", "set-cap", "USSI", "23", "--nonce", "0", "--dry-run")
    assert (used.code, "Nonce 0 of the Safe is used" in used.err) == (2, True)


# ---------------------------------------------------------------- keepers, once


def test_a_keepers_day(deployed):
    """Both daily jobs, with receipts that are late."""
    deployed.warp(86_400)
    deployed.weather.hide = 3
    done = deployed.run("keeper", "daily", "--account", "keeper", "--json").json
    assert {outcome["what"] for outcome in done if outcome["did"] == "distribute"} == set(deployed.record.indexes)
    assert all(outcome["transaction"] for outcome in done)
    assert deployed.run("keeper", "daily", "--account", "keeper", "--json").json == []
    points = deployed.run("points", "keeper", "--account", "keeper", "--json").json
    assert points["sampled"] is True


def test_a_passphrase_may_be_in_a_file(deployed):
    file = deployed.folder / "passphrase"
    file.write_text("correct horse\n")
    deployed.run("points", "keeper", "--account", "locked", "--json", APE_ACCOUNTS_locked_PASSPHRASE_FILE=str(file)).json  # noqa: B018


# ---------------------------------------------------------------- what cannot be meant


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["keeper", "daily"], 2, "Say who signs: --account ALIAS."),
        (["keeper", "daily", "--account", "nobody"], 2, "Ape knows no account nobody"),
        (["keeper", "daily", "--account", "locked"], 2, "There is no terminal to ask for the passphrase of locked"),
        (["keeper", "rebalance", "MAG7.ssi", "--account", "keeper", "--min-profit", "NaN"], 2, "'NaN' is no number"),
        (["keeper", "rebalance", "MAG7.ssi", "--account", "keeper", "--min-profit", "Infinity"], 2, "'Infinity' is no number"),
        (["keeper", "rebalance", "MAG7.ssi", "--account", "keeper", "--min-profit", "9" * 80], 2, "is no number that can be meant"),
        (["keeper", "rebalance", "MAG9.ssi", "--account", "keeper"], 2, "There is no index MAG9.ssi here."),
        (["keeper", "rebalance", "MAG7.ssi", "--account", "keeper"], 2, "MAG7.ssi was never rebalanced"),
        (["keeper", "rebalance", "MAG7.ssi", "--account", "keeper", "--fast-forward"], 2, "this is a live network"),
        (["keeper", "run", "--account", "keeper", "--listen", "everywhere"], 2, "'everywhere' is not HOST:PORT."),
        (["keeper", "run", "--account", "keeper", "--look", "1e999999999"], 2, "is no number that can be meant"),
        (["points", "keeper", "--account", "keeper", "--min-worth", "-1"], 2, "-1 is not from 0"),
        (["points", "leaderboard", "--epoch", "-1"], 2, "-1 is not in the range"),
        (["points", "leaderboard", "--epoch", "4000000"], 2, "Epoch 4000000 has not begun"),
        (["points", "leaderboard", "--epoch", "9" * 80], 2, "is not in the range"),
        (["points", "statement", "0x1234"], 2, "'0x1234' is no address"),
        (["points", "statement", "0x70997970C51812dc3A010C7d01b50e0d17dc79c8"], 2, "has a wrong checksum"),
        (["propose", "set-cap", "USSI", "9" * 80], 2, "is not in the range"),
        (["propose", "set-cap", "USSI", "-5"], 2, "No such option"),
        (["propose", "set-fee", "USSI", "--daily-bps", "NaN"], 2, "'NaN' is no number"),
        (["propose", "set-fee", "USSI", "--mint-bps", "-1"], 2, "-1 is not in the range"),
        (["propose", "set-terms", "USSI", "--premium-bps", "-1", "--discount-bps", "1", "--hours", "1"], 2, "-1 is not in"),
        (["propose", "call", "USSI", "setSupplyCap", "9" * 80], 2, ""),
        (["propose", "call", "USSI", "setSupplyCap", "1e999999999"], 2, "is no uint"),
        (["propose", "call", "USSI", "setSupplyCap", "NaN"], 2, "is no uint"),
        (["propose", "call", "USSI", "sync", "0x70997970C51812dc3A010C7d01b50e0d17dc79c8"], 2, "wrong checksum"),
        (["propose", "set-cap", "USSI", "1", "--account", "other"], 2, "does not own this Safe"),
        (["propose", "set-cap", "USSI", "1", "--account", "safe0"], 2, "2 owners must sign"),
        (["propose", "set-cap", "USSI", "1", "--nonce", "-1"], 2, "-1 is not in the range"),
        (["cancel", "0x12345678"], 2, "No operation begins with 0x12345678"),
        (["execute", "0x12345678"], 2, "No operation begins with 0x12345678"),
        (["status", "--colour"], 2, "No such option"),
        (["deploy", "--account", "nobody", "--yes"], 2, "Ape knows no account nobody"),
        (["keeper", "daily", "--account", "poor"], 1, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_line(deployed, words, code, message):
    if words[-1] == "poor":
        deployed.warp(86_400)
    done = deployed.run(*words)
    lines = done.err.strip().splitlines()
    assert (done.code, len(lines)) == (code, 1), done
    assert lines[0].startswith("Error: ")
    assert message in lines[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is damaged"), ("[]", "is damaged"), ('{"chain_id": 1, "surprise": 1}', "is damaged"),
        ('{"chain_id": 1, "contracts": {"Safe": "0x12"}}', "is damaged"), ('{"chain_id": 5}', "is of another chain (5, not 1)"),
        ('{"chain_id": 1, "contracts": {"Safe": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"}}', "there is nothing"), ("", "is damaged"),
    ],
)  # fmt: skip
def test_a_record_that_is_damaged_or_of_another_chain_is_told(live, tmp_path, content, message):
    (tmp_path / "ethereum-mainnet.json").write_text(content)
    for words in (["pending"], ["deploy", "--account", "deployer", "--yes"]):
        done = live.run(*words, SSI_DEPLOYMENTS=str(tmp_path))
        assert done.code in (1, 2)
        assert message in done.err.splitlines()[-1]
    assert (tmp_path / "ethereum-mainnet.json").read_text() == content
