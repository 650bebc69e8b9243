"""Holders' commands on a network as if it were the real one: key files, nobody at the keyboard, a node behind a proxy."""

from __future__ import annotations

import pytest

from forks import control

HOLDER = ("--account", "other")


@pytest.fixture(scope="module")
def funded(deployed):
    """The holder has dollars; ether they have anyway."""
    with deployed.world() as evm:
        control.deal(evm.rpc, "USDC", deployed.address("other"), 5_000 * 10**6)
    return deployed


def test_without_a_yes_nothing_is_signed(funded):
    done = funded.run("buy", "MAG7.ssi", "--for", "100 USDC", *HOLDER)
    assert done.code == 2
    assert "at least" in done.out
    assert done.err.splitlines()[-1].startswith("Error: There is no terminal to ask whether to sign")


def test_who_acts_must_be_said(funded):
    done = funded.run("join")
    assert (done.code, done.err.splitlines()[-1][:24]) == (2, "Error: Say who signs: --")


def test_a_holder_buys_stakes_and_reads(funded):
    """By a permit that the key file signs; in bad weather, and with an answer that gets lost."""
    who = funded.address("other")
    dry = funded.run("buy", "MAG7.ssi", "--for", "1_000 USDC", *HOLDER, "--dry-run", "--json").json
    assert (dry["way"], dry["result"]) == ("permit", None)
    funded.weather.lose = 1
    bought = funded.run("buy", "MAG7.ssi", "--for", "1_000 USDC", *HOLDER, "--yes", "--json").json["result"]
    assert bought["paid_wei"] <= 1_000 * 10**6
    assert funded.system.index("MAG7.ssi").balanceOf(who) == bought["received_wei"]
    staked = funded.run("stake", "2 MAG7.ssi", *HOLDER, "--yes", "--json").json
    assert (staked["way"], funded.system.staked("MAG7.ssi").balanceOf(who)) == ("permit", staked["result"]["shares_wei"])
    funded.weather.refuse = funded.weather.drop = 1
    found = funded.run("portfolio", "other", "--json").json
    assert (found["account"], [stake["assets_wei"] for stake in found["stakes"]]) == (who, [2 * 10**18])
    assert [one["event"] for one in funded.run("history", who, "--json").json][-1] == "Staked"


def test_the_passphrase_is_asked_for_after_the_card(funded):
    done = funded.run("join", "--account", "locked", "--yes")
    assert done.code == 2
    assert "There is no terminal to ask for the passphrase of locked" in done.err
    assert "Join the points" in done.out
