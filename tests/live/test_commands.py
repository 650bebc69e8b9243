"""Every command on a live network: with no person at the keyboard, and by a person at a terminal; in good weather and
in bad.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from ssi.constants import DAY, NOTICE
from ssi.places import ROOT
from ssi.registry.system import System
from tests.live import words
from tests.live.network import PASSPHRASE, Live
from tests.live.words import typed
from tests.support.governance import govern

OWNERS = ("--account", "safe0", "--account", "safe1")
GUARDIANS = ("--account", "guardian0")
PROPOSALS = sorted(name for name in words.RIGHT if name.startswith("propose "))
FORK_ONLY = {"demo", "replay"}
READING = ("pending", "points leaderboard", "points statement", "selection", "status", "verify")
TO_COMPARE = ("Safe transaction hash", "domain hash", "message hash")


def possible(live: Live, name: str) -> None:
    """Makes room for the two proposals that are refused while nothing would change."""
    with live.world() as evm:
        system = System(evm, live.project, live.record)
        link = system.token("LINK").address
        if name == "propose set-price":
            govern(system, system.oracle, "removeRoute", [link])
        elif name == "propose set-path":
            govern(system, system.router, "setHop", [link, link, 0])


# ---------------------------------------------------------------- all of them


def test_every_command_has_a_test_of_both_kinds():
    """The marks say which test has which command; `calm` in conftest.py holds each test to its marks.

    "refused" is of commands that want a fork: unattended and by hand they do nothing but say so.
    """
    shown = set()
    for path in (ROOT / "tests/live").glob("test_*.py"):
        for test in vars(importlib.import_module(f"tests.live.{path.stem}")).values():
            marks = list(getattr(test, "pytestmark", []))
            for mark in [*marks]:
                if mark.name == "parametrize":
                    marks += [inner for row in mark.args[1] for inner in getattr(row, "marks", ())]
            shown |= {mark.args for mark in marks if mark.name == "shows"}
    wanted = {(name, how) for name in words.every().keys() - FORK_ONLY for how in ("unattended", "by hand")}
    assert shown == wanted | {(name, "refused") for name in FORK_ONLY}


def rows(names: Sequence[str], how: str) -> list[Any]:
    """Parameters with marks."""
    return [pytest.param(name, marks=pytest.mark.shows(name, how)) for name in names]


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("name", rows(READING, "unattended"))
def test_machines_read_json(deployed, name):
    assert deployed.run(*typed(name), "--json").json is not None


@pytest.mark.parametrize("name", rows(READING, "by hand"))
def test_people_read_tables(deployed, name):
    with deployed.person(*typed(name)) as person:
        done = person.leaves()
    assert done.code == 0
    said = {"pending": "Nothing is scheduled", "verify": "byte for byte", "selection": "XRP is left out."}
    assert (said | {"status": "MAG7.ssi"}).get(name, "points") in done.out


@pytest.mark.shows("preflight", "unattended")
def test_machines_read_what_stops_a_deployment(deployed):
    done = deployed.run("preflight", "--json")
    assert done.code == 1
    stops = {line["subject"] for line in json.loads(done.out) if line["verdict"] == "stop"}
    assert {"owners of the Safe", "owners of the guardian"} <= stops


@pytest.mark.shows("preflight", "by hand")
def test_people_read_what_stops_a_deployment(deployed):
    with deployed.person("preflight", "--account", "poor") as person:
        done = person.leaves()
    assert done.code == 1
    assert "that stop a deployment." in done.out
    assert f"{deployed.address('poor')} has " in done.out.replace("\n", " ")


def test_reading_survives_bad_weather(deployed):
    """Refused with a page of HTML, and cut off in the middle."""
    deployed.weather.refuse = deployed.weather.drop = 2
    assert deployed.run("pending", "--json").json == []


def test_logs_are_read_in_parts_where_a_node_limits_what_it_answers(deployed):
    """One result is enough for nothing; two are for a span with two operations."""
    for cap in ("31", "32", "33"):
        deployed.run("propose", "set-cap", "USSI", cap, *OWNERS, "--yes", "--json").json  # noqa: B018
    deployed.weather.results = 1
    assert len(deployed.run("pending", "--json", SSI_STATE=str(deployed.folder / "empty")).json) == 3


@pytest.mark.shows("demo", "refused")
def test_a_demonstration_wants_a_fork(deployed):
    """Nothing is sent, and a person is told the same."""
    assert deployed.run("demo").code == 2
    with deployed.person("demo") as person:
        assert "`make demo` starts a fork" in person.leaves().out.replace("\n", " ")


@pytest.mark.shows("replay", "refused")
def test_a_replay_wants_a_fork(deployed):
    """Nothing is sent, and a person is told the same."""
    assert deployed.run("replay").code == 2
    with deployed.person("replay") as person:
        assert "`make replay` starts a fork" in person.leaves().out.replace("\n", " ")


# ---------------------------------------------------------------- the multisig


@pytest.mark.parametrize("name", rows(PROPOSALS, "unattended"))
def test_owners_sign_and_send_a_proposal(deployed, name):
    """JSON with everything to compare; what it says is what is scheduled, from the time that it says."""
    possible(deployed, name)
    said = deployed.run(*typed(name), *OWNERS, "--yes", "--json").json
    assert said["transaction"] is not None
    assert said["changes"]
    assert [(o["operation"], o["data"], o["readyAt"]) for o in deployed.run("pending", "--json").json] == [
        (call["operation"], call["data"], said["readyAt"]) for call in said["calls"]
    ]


@pytest.mark.parametrize("name", ["propose set-cap", "propose add-constituent"])
def test_a_proposal_for_the_web_site(deployed, name):
    """A file; nothing is signed."""
    asked = deployed.weather.asked["eth_sendRawTransaction"]
    said = deployed.run(*typed(name), "--yes", "--json").json
    assert said["transaction"] is None
    (sent,) = json.loads((ROOT / said["file"]).read_text())["transactions"]
    assert (sent["to"], sent["data"]) == (said["to"], said["data"])
    assert deployed.weather.asked["eth_sendRawTransaction"] == asked


@pytest.mark.parametrize("name", rows(PROPOSALS, "by hand"))
def test_an_owner_sees_everything_before_the_one_question(deployed, name):
    """Calls, changes and hashes come first. If the owner answers no, nothing is signed."""
    possible(deployed, name)
    before = len(deployed.run("pending", "--json").json)
    asked = deployed.weather.asked["eth_sendRawTransaction"]
    with deployed.person(*typed(name), *OWNERS) as person:
        if name == "propose upgrade":
            person.sees(
                "Deploy a new implementation of Rebalancer with other? It does nothing before the Safe agrees. [y/N]:"
            )
            person.types("y")
        shown = person.sees("Sign with safe0 and safe1 and send? [y/N]:")
        person.types("n")
        done = person.leaves()
    assert done.code == 2
    assert "Nothing was signed." in done.out
    for text in ("what will change", "before", "after", *TO_COMPARE, "Tried out on a fork"):
        assert text in shown, text
    for word in (word for word in words.RIGHT[name] if word[0].isupper() and word.isalpha()):
        assert word in shown
    assert deployed.weather.asked["eth_sendRawTransaction"] - asked == (name == "propose upgrade")
    assert len(deployed.run("pending", "--json").json) == before


@pytest.mark.shows("cancel", "unattended")
@pytest.mark.shows("execute", "unattended")
def test_owners_and_the_guardian_unattended(deployed):
    """Proposed, cancelled, proposed anew, executed; an answer gets lost on the way, and nothing is done twice."""
    deployed.weather.lose = 1
    proposed = deployed.run("propose", "set-cap", "USSI", "54321", *OWNERS, "--yes", "--json").json
    operation = proposed["calls"][0]["operation"]
    assert proposed["transaction"] is not None
    assert [o["operation"] for o in deployed.run("pending", "--json").json] == [operation]
    early = deployed.run("execute", *OWNERS, "--yes")
    assert early.code == 1
    assert early.err.splitlines()[-1].startswith("Error: Nothing is ready. The next is on ")
    for nothing in ("", "0x", operation[:9]):
        assert deployed.run("cancel", nothing, *GUARDIANS, "--yes").code == 2
    assert len(deployed.run("pending", "--json").json) == 1
    assert deployed.run("cancel", operation[:10], *GUARDIANS, "--yes", "--json").json["transaction"] is not None
    assert deployed.run("pending", "--json").json == []

    assert deployed.run("propose", "set-cap", "USSI", "777000", *OWNERS, "--yes", "--json").json["transaction"]
    deployed.warp(NOTICE + 60)
    assert deployed.run("execute", *OWNERS, "--yes", "--json").json["transactions"][0]["transaction"]
    assert deployed.system.index("USSI").terms().supplyCap == 777_000


@pytest.mark.shows("cancel", "by hand")
@pytest.mark.shows("execute", "by hand")
def test_owners_and_the_guardian_by_hand(deployed):
    """Each sees the call and the hashes, is asked once, and says yes."""
    ids = []
    for cap in ("41", "42"):
        with deployed.person("propose", "set-cap", "USSI", cap, *OWNERS) as person:
            person.sees("Sign with safe0 and safe1 and send? [y/N]:")
            person.types("y")
            assert "Scheduled in 0x" in person.leaves().out
        ids = [o["operation"] for o in deployed.run("pending", "--json").json]
    assert len(ids) == 2

    with deployed.person("cancel", ids[0][:10], *GUARDIANS) as person:
        shown = person.sees("Sign with guardian0 and send? [y/N]:")
        person.types("y")
        done = person.leaves()
    assert done.code == 0
    assert "Cancelled in 0x" in done.out
    for text in ("USSI.setSupplyCap(", *TO_COMPARE):
        assert text in shown

    deployed.warp(NOTICE + 60)
    with deployed.person("execute", ids[1][:10], *OWNERS) as person:
        shown = person.sees("Sign with safe0 and safe1 and send? [y/N]:")
        person.types("y")
        done = person.leaves()
    assert done.code == 0
    assert done.out.count("[y/N]") == 1
    for text in ("USSI.setSupplyCap(", *TO_COMPARE):
        assert text in shown
    assert deployed.system.index("USSI").terms().supplyCap == 42


@pytest.mark.parametrize("name", ["propose set-cap", "cancel", "execute"])
def test_an_owner_signs_only_what_was_shown(deployed, name):
    """Without --yes and without a terminal: everything is shown, and nothing is signed.

    JSON stays alone on standard output.
    """
    words_of = typed("propose set-cap")
    owners = GUARDIANS if name == "cancel" else OWNERS
    if name != "propose set-cap":
        operation = deployed.run("propose", "set-cap", "USSI", "11", *OWNERS, "--yes", "--json").json["calls"][0][
            "operation"
        ]
        words_of = [name, operation[:10]]
    if name == "execute":
        deployed.warp(NOTICE + 60)
    asked = deployed.weather.asked["eth_sendRawTransaction"]
    done = deployed.run(*words_of, *owners)
    assert done.code == 2
    assert "There is no terminal to ask whether to sign" in done.err
    for text in ("USSI.setSupplyCap(", *TO_COMPARE):
        assert text in done.out
    as_json = deployed.run(*words_of, *owners, "--json")
    assert json.loads(as_json.out)["code"] == 2
    assert "Safe transaction hash" in as_json.err, "shown to the person, apart from the machine's answer"
    assert deployed.weather.asked["eth_sendRawTransaction"] == asked


def test_two_proposals_never_get_one_nonce_silently(deployed):
    """Two for the web site stand behind each other; the same again keeps its nonce; what would take another's place
    says so.
    """
    first = deployed.run("propose", "set-cap", "USSI", "21", "--json").json
    second = deployed.run("propose", "set-cap", "USSI", "22", "--json").json
    assert (second["nonce"], second["transaction"]) == (first["nonce"] + 1, None)
    again = deployed.run("propose", "set-cap", "USSI", "21", "--dry-run", "--json").json
    assert again["safeTxHash"] == first["safeTxHash"]
    jumping = deployed.run("propose", "set-cap", "USSI", "23", *OWNERS, "--yes")
    assert jumping.code == 2
    assert f"say --nonce {first['nonce']} to take its place" in jumping.err
    taking = deployed.run(
        "propose", "set-cap", "USSI", "23", "--nonce", str(second["nonce"]), "--dry-run", "--json"
    ).json
    assert taking["replaces"] == second["title"]
    with deployed.person("propose", "set-cap", "USSI", "23", "--nonce", str(first["nonce"]), *OWNERS) as person:
        assert f"It takes the place of “{first['title']}”." in person.sees("[y/N]:").replace("\n", " ")
        person.types("n")


def test_a_nonce_that_cannot_be_is_refused(deployed):
    """One that is used, and one that would have to wait for others."""
    deployed.run("propose", "set-cap", "USSI", "24", *OWNERS, "--yes", "--json").json  # noqa: B018
    used = deployed.run("propose", "set-cap", "USSI", "23", "--nonce", "0", "--dry-run")
    assert (used.code, "Nonce 0 of the Safe is used" in used.err) == (2, True)
    far = deployed.run("propose", "set-cap", "USSI", "23", "--nonce", "9", *OWNERS, "--yes")
    assert (far.code, "Nonce 9 cannot be sent before 1" in far.err) == (2, True)


# ---------------------------------------------------------------- hardware wallets


def test_a_hardware_wallet_signs_for_the_safe(deployed):
    """It asks on the device, and shows the hashes that were shown before the question. No passphrase."""
    with deployed.person(
        "propose", "set-cap", "USSI", "51", "--account", "safe0-ledger", "--account", "safe1"
    ) as person:
        shown = person.sees("Sign with safe0-ledger and safe1 and send? [y/N]:")
        person.types("y")
        person.sees("Please follow the prompts on your device.")
        person.sees("The device shows: ")
        device = person.sees("\n")
        person.sees("Please follow the prompts on your device.")  # the transaction that brings it to the Safe
        person.sees("The device shows: Review transaction to 0x")
        done = person.leaves()
    assert done.code == 0, done.out
    assert "Scheduled in 0x" in done.out
    for name in ("Domain hash", "message hash"):
        (said,) = re.findall(rf"{name} (0x\w+)", device)
        assert said.lower() in shown.lower(), "the same hash"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("no", "Not sent: safe0-ledger did not sign. A hardware wallet has to be unlocked, with its Ethereum app open"),
        ("unplugged", "The hardware wallet says: No Ledger device detected. Plug in the device"),
    ],
)
def test_a_hardware_wallet_that_refuses_signs_nothing(deployed, answer, said):
    before = deployed.weather.asked["eth_sendRawTransaction"]
    with deployed.person(
        "propose", "set-cap", "USSI", "52", "--account", "safe0-ledger", "--account", "safe1", LEDGER_SAYS=answer
    ) as person:
        person.sees("[y/N]:")
        person.types("y")
        done = person.leaves()
    assert done.code == 1
    assert f"Error: {said}" in done.out
    assert deployed.weather.asked["eth_sendRawTransaction"] == before


def test_a_hardware_wallet_leaves_json_alone(deployed):
    """What it says about its prompts is for people."""
    operation = deployed.run("propose", "set-cap", "USSI", "53", *OWNERS, "--yes", "--json").json["calls"][0][
        "operation"
    ]
    done = deployed.run("cancel", operation[:10], "--account", "guardian0-ledger", "--yes", "--json")
    assert done.json["transaction"]
    assert "Please follow the prompts on your device." in done.err


# ---------------------------------------------------------------- keepers, once


@pytest.mark.shows("keeper daily", "unattended")
@pytest.mark.shows("points keeper", "unattended")
def test_a_keepers_day(deployed):
    """Both daily jobs, with receipts that are late. Done again there is nothing to do."""
    deployed.warp(DAY)
    deployed.weather.hide = 3
    done = deployed.run("keeper", "daily", "--account", "keeper", "--json").json
    assert {outcome["what"] for outcome in done if outcome["did"] == "distribute"} == set(deployed.record.indexes)
    assert all(outcome["transaction"] for outcome in done)
    assert deployed.run("keeper", "daily", "--account", "keeper", "--json").json == []
    points = deployed.run("points", "keeper", "--account", "keeper", "--json").json
    assert points["sampled"] is True


@pytest.mark.shows("keeper daily", "by hand")
@pytest.mark.shows("points keeper", "by hand")
def test_a_keepers_day_by_hand(deployed):
    """Each asks once, for the passphrase."""
    deployed.warp(DAY)
    for name, said in (("keeper daily", "distribute MAG7.ssi  0x"), ("points keeper", "prices missing")):
        with deployed.person(*name.split(), "--account", "locked") as person:
            person.sees("Enter passphrase")
            person.types(PASSPHRASE)
            done = person.leaves()
        assert done.code == 0, done.out
        assert said in done.out
        assert done.out.count("passphrase") == 1


@pytest.mark.shows("keeper rebalance", "unattended")
@pytest.mark.shows("keeper rebalance", "by hand")
def test_a_rebalance_from_proposal_to_its_fills(deployed):
    """One constituent for another: the owners schedule and execute it, a keeper fills what pays, a second one by hand
    what is left.
    """
    said = deployed.run(
        "propose", "add-constituent", "MAG7.ssi", "SKY", "--instead-of", "UNI", *OWNERS, "--yes", "--json"
    ).json
    assert said["rebalance"]["phase"] == "completed"
    deployed.warp(NOTICE + 60)
    deployed.run("execute", *OWNERS, "--yes", "--json").json  # noqa: B018
    words_of = ["keeper", "rebalance", "MAG7.ssi", "--account", "keeper"]
    deployed.weather.lose = 1
    sky, sent = deployed.system.token("SKY").address, []
    for _ in range(8):
        sent += [
            fill["transaction"]
            for fill in deployed.run(*words_of, "--once", "--min-profit", "-10", "--json").json["fills"]
        ]
        if sky in deployed.system.index("MAG7.ssi").basket().tokens:
            break
        deployed.warp(3 * 3600)  # the price falls
    assert sky in deployed.system.index("MAG7.ssi").basket().tokens
    assert sent
    assert len(set(sent)) == len(sent)
    with deployed.person(*words_of, "--once", "--min-profit", "-10") as person:
        done = person.leaves()
    assert done.code == 0, done.out
    assert re.search(r"\d+ fills, rebalance \d+ is", done.out)


def test_a_passphrase_may_be_in_a_file(deployed, tmp_path):
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    file = {"APE_ACCOUNTS_locked_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    deployed.run("points", "keeper", "--account", "locked", "--json", **file).json  # noqa: B018
