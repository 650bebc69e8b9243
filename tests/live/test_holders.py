"""Holders' commands on a network as if it were the real one: key files, no person at the keyboard, a node behind a
proxy.

Each journey is made twice: unattended, with the passphrase in the environment, --yes and --json; and by a person at a
terminal, who reads a card, answers one question and types the passphrase. The chain says afterwards what happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest

from forks import control
from ssi.constants import DAY
from ssi.points.locks import PoolKind
from tests.live.conftest import seed
from tests.live.network import PASSPHRASE, Live
from tests.support.governance import govern
from tests.support.liquidity import UniswapMarket
from tests.support.trading import Trader

ACCOUNT = ("--account", "other")
SHARE = 10**18
COOLDOWN = 14 * DAY
USDC = 10**6


@pytest.fixture(scope="module")
def funded(deployed: Live) -> Live:
    """The holder has dollars, SOSO, constituents, and shares that they did not buy; ether they have anyway."""
    who = deployed.address("other")
    seed(deployed, "other")
    with deployed.world() as evm:
        control.deal(evm.rpc, "USDC", who, 5_000 * USDC)
        control.deal(evm.rpc, "SOSO", who, 1_000_000 * SHARE)
        maker = Trader(deployed.system_of(evm), evm.account("maker")).with_shares("MAG7.ssi", 20 * SHARE)
        maker.token("MAG7.ssi").transfer(who, 20 * SHARE, sender=maker.account)
    return deployed


@dataclass(frozen=True)
class HolderJourney:
    """Makes a journey in one of both ways."""

    live: Live
    how: str

    @property
    def address(self) -> str:
        return self.live.address("other")

    def does(self, *words: str, asks: str) -> Any:
        """A command that signs.

        Returns its result as JSON, None where a person ran it; `asks` is the title of what the person reads.
        """
        if self.how == "unattended":
            return self.live.run(*words, *ACCOUNT, "--yes", "--json").json
        with self.live.person(*words, *ACCOUNT, APE_ACCOUNTS_other_PASSPHRASE="") as person:
            shown = person.sees("Sign with other and send? [y/N]:")
            person.types("y")
            person.sees("Enter passphrase")
            person.types(PASSPHRASE)
            done = person.leaves()
        assert done.code == 0, done.out
        assert asks in shown.splitlines()[0]
        assert (done.out.count("[y/N]"), done.out.count("passphrase")) == (1, 1), "asked once"
        assert "✓ " in done.out[len(shown) :], done.out
        return None

    def reads(self, *words: str, sees: str) -> Any:
        """A command that only reads.

        Returns JSON, None where a person ran it; `sees` is a part of what the person reads.
        """
        if self.how == "unattended":
            return self.live.run(*words, "--json").json
        with self.live.person(*words) as person:
            done = person.leaves()
        assert done.code == 0, done.out
        assert sees in done.out
        return None

    def holds(self, token: str) -> int:
        """Token-wei of an index or of an asset."""
        system = self.live.system
        return int(
            (system.index(token) if token in system.record.indexes else system.token(token)).balanceOf(self.address)
        )


def journey(*names: str) -> pytest.MarkDecorator:
    """Both ways, each marked with the commands of the journey."""
    return pytest.mark.parametrize(
        "how",
        [
            pytest.param(how, marks=[pytest.mark.shows(name, how) for name in names])
            for how in ("unattended", "by hand")
        ],
    )


@pytest.fixture
def holder(funded: Live, how: str) -> HolderJourney:
    return HolderJourney(funded, how)


# ---------------------------------------------------------------- journeys


@journey("quote buy", "quote sell", "buy", "sell")
def test_a_purchase_and_a_sale_bring_what_their_quotes_said(holder):
    """What a quote says is what a purchase brings, but for the seconds between them; all of it is sold again."""
    quoted = holder.reads("quote", "buy", "MAG7.ssi", "--for", "1_000.50 USDC", sees="you pay")
    held, dollars = holder.holds("MAG7.ssi"), holder.holds("USDC")
    bought = holder.does("buy", "MAG7.ssi", "--for", "1_000.50 USDC", asks="Buy MAG7.ssi for USDC")
    got, paid = holder.holds("MAG7.ssi") - held, dollars - holder.holds("USDC")
    assert 1_000 * USDC < paid <= 1_000_500_000
    assert got > SHARE
    if bought:
        assert (bought["result"]["received_wei"], bought["result"]["paid_wei"]) == (got, paid)
        assert got == pytest.approx(quoted["quote"]["gets_wei"], rel=1e-5)
    quoted, before = holder.reads("quote", "sell", "1 MAG7.ssi", "--for", "USDC", sees="you get"), holder.holds("USDC")
    sold = holder.does("sell", "all", "MAG7.ssi", "--for", "USDC", asks="Sell MAG7.ssi for USDC")
    assert holder.holds("MAG7.ssi") == 0
    assert holder.holds("USDC") - before > 1_000 * USDC
    if sold:
        assert sold["result"]["received_wei"] == holder.holds("USDC") - before
        assert 50 * USDC < quoted["quote"]["gets_wei"] < sold["result"]["received_wei"]


@journey("mint", "redeem", "claim")
def test_constituents_for_shares_and_back(holder):
    """One constituent cannot be transferred meanwhile: it is owed, and claimed later."""
    rpc, index, pepe = holder.live.direct, holder.live.system.index("MEME.ssi"), holder.live.system.token("PEPE")
    minted = holder.does("mint", "2", "MEME.ssi", asks="Mint 2 MEME.ssi")
    assert holder.holds("MEME.ssi") == 2 * SHARE
    with holder.live.world():
        control.freeze(rpc, "PEPE", holder.address)
    redeemed = holder.does("redeem", "all", "MEME.ssi", asks="Redeem 2 MEME.ssi")
    owed = index.claimOf(pepe.address, holder.address)
    assert (holder.holds("MEME.ssi"), owed > 0) == (0, True)
    with holder.live.world():
        control.freeze(rpc, "PEPE", holder.address, frozen=False)
    before = holder.holds("PEPE")
    claimed = holder.does("claim", "MEME.ssi", asks="Claims on MEME.ssi")
    assert holder.holds("PEPE") - before == owed
    assert index.claimOf(pepe.address, holder.address) == 0
    if minted:
        assert minted["result"]["shares_wei"] == redeemed["result"]["shares_wei"] == 2 * SHARE
        assert (
            [part["wei"] for part in redeemed["result"]["segregated"]]
            == [one["wei"] for one in claimed["result"]]
            == [owed]
        )


@journey("stake", "unstake", "cancel-unstake", "withdraw", "portfolio", "history")
def test_staking_and_leaving(holder):
    """Stake, ask for a part, change one's mind, ask for all, wait, and take it."""
    vault, who = holder.live.system.staked("MAG7.ssi"), holder.address
    staked = holder.does("stake", "6", "MAG7.ssi", asks="Stake 6 MAG7.ssi")
    assert (vault.balanceOf(who), holder.holds("MAG7.ssi")) == (6 * SHARE, 14 * SHARE)
    holder.does("unstake", "2", "MAG7.ssi", asks="Unstake 2 sMAG7.ssi")
    assert (vault.balanceOf(who), vault.exitOf(who).coolingAssets) == (4 * SHARE, 2 * SHARE)
    holder.does("cancel-unstake", "MAG7.ssi", asks="Stake 2 MAG7.ssi again")
    assert (vault.balanceOf(who), vault.exitOf(who).coolingAssets) == (6 * SHARE, 0)
    holder.does("unstake", "all", "MAG7.ssi", asks="Unstake 6 sMAG7.ssi")
    found = holder.reads("portfolio", who, sees="6 MAG7.ssi cool down for")
    holder.live.warp(COOLDOWN)
    withdrawn = holder.does("withdraw", "MAG7.ssi", asks="Withdraw")
    assert holder.holds("MAG7.ssi") == 20 * SHARE
    told = holder.reads("history", who, sees="staked 2 MAG7.ssi again that cooled down")
    if staked:
        assert staked["result"]["shares_wei"] == withdrawn["result"]["MAG7.ssi"]["assets_wei"] == 6 * SHARE
        (stake,) = found["stakes"]
        assert (stake["assets_wei"], stake["exit"]["cooling_assets_wei"]) == (0, 6 * SHARE)
        events = ["Deposit", "RedeemRequest", "RequestCancelled", "RedeemRequest", "Withdraw"]
        assert [one["event"] for one in told if one["contract"] == "sMAG7.ssi"][-5:] == events


@journey("report")
def test_some_days_in_a_page(holder, tmp_path):
    """As JSON, and as a file that a person opens: the same figures."""
    live, file = holder.live, tmp_path / "report.html"
    for _ in range(4):  # the node knows no state from before it was reset for this test
        live.warp(DAY)
    since = datetime.fromtimestamp(live.system.evm.now - DAY, timezone.utc).strftime("%Y-%m-%d")
    asked = ("report", "MAG7.ssi", "--from", since)
    found = holder.reads(*asked, "--out", str(file), sees="Written to")
    text = file.read_text()
    assert "Where the figures come from" in text
    assert live.system.record.indexes["MAG7.ssi"] in text
    if found:
        last, seen = found["days"][-1], live.system.lens.overview(live.system.index("MAG7.ssi").address)
        assert last["share_price_d18"] == pytest.approx(seen.sharePrice, rel=1e-6), "but for the seconds since"
        assert found["holders"]["count"] > 0
        assert found["fees"]["earned_wei"] > 0
        assert live.run(*asked, "--json").json["days"][-1]["share_price_d18"] == last["share_price_d18"]


@journey("join", "refer create", "refer use", "refer show", "boost", "record", "claim-pot")
def test_points_from_joining_to_the_pot(holder):
    """In a new epoch: join, be referred, hold for a week, boost; after it record the points, and take what its pot
    pays.
    """
    live, who = holder.live, holder.address
    points, referrals = live.system.points, live.system.referrals
    genesis, length = points.epochGenesis(), points.epochLength()
    epoch = points.currentEpoch() + 1
    begins, ends = genesis + epoch * length, genesis + (epoch + 1) * length
    live.warp(begins - live.system.evm.now)
    live.run("refer", "create", "OLDER", "--account", "keeper", "--yes", "--json").json  # noqa: B018
    holder.does("join", asks="Join the points")
    assert points.joinedAt(who) > 0
    holder.does("refer", "use", "older", asks="Be referred")
    assert referrals.referrerOf(who).referrer == live.address("keeper")
    holder.does("refer", "create", "mine1", asks="Register a referral code")
    shown = holder.reads("refer", "show", who, sees="MINE1")
    if shown:
        assert (shown["code"], shown["referrer"]) == ("MINE1", live.address("keeper"))

    with live.world() as evm:
        system, sponsor = live.system_of(evm), evm.account("sponsor")
        control.deal(evm.rpc, "USDC", sponsor, 1_000 * USDC)
        system.token("USDC").approve(system.points.address, 1_000 * USDC, sender=sponsor)
        system.points.fund(epoch, system.token("USDC"), 1_000 * USDC, 0, sender=sponsor)
        for _ in range(7):
            control.warp(evm.rpc, DAY)
            system.prices.sample(sender=sponsor)
    before = holder.holds("SOSO")
    boosted = holder.does("boost", asks="Stake ")
    spent = before - holder.holds("SOSO")
    assert live.system.staked("SOSO").balanceOf(who) > 0
    assert 0 < spent < before, "no more than lifts points"
    if boosted:
        assert boosted["assets_wei"] == spent

    live.warp(ends - live.system.evm.now)
    mine = points.pointsOf(who, epoch)
    holder.does("record", asks="Record points")
    assert points.recordedPoints(who, epoch) == mine + mine // 20, "a twentieth more, since they were referred"
    assert mine > 0
    live.warp(7 * DAY)
    due, dollars = points.claimable(who, epoch, live.system.token("USDC").address), holder.holds("USDC")
    holder.does("claim-pot", asks="Claim your part of the pots")
    assert holder.holds("USDC") - dollars == due > 0


@journey("lock", "collect", "unlock")
def test_liquidity_that_is_locked(holder):
    """A position of a pool that governance has listed: locked, its fees collected, requested, and taken out."""
    live, who = holder.live, holder.address
    with live.world() as evm:
        system = live.system_of(evm)
        market = UniswapMarket(system)
        govern(system, system.locker, "addPool", [market.pools["V3"].address, PoolKind.V3])
        market.fund(who, 30, 3_000)
        number = market.position(who, 10)
    locker = live.system.locker
    holder.does("lock", str(number), asks=f"Lock position {number}")
    assert locker.positionOf(number).owner == who
    with live.world():
        market.trade(who, 500)
    before = [holder.holds("MAG7.ssi"), holder.holds("USDC")]
    collected = holder.does("collect", str(number), asks=f"Fees of position {number}")
    assert holder.holds("USDC") - before[1] == pytest.approx(500 * USDC * 3 // 1000, rel=1e-3), (
        "three per mille of what was traded"
    )
    if collected:
        assert (
            sum(collected["result"]["amounts_wei"])
            == holder.holds("MAG7.ssi") - before[0] + holder.holds("USDC") - before[1]
        )
    holder.does("unlock", str(number), asks=f"Request position {number}")
    assert locker.positionOf(number).maturesAt > 0
    live.warp(COOLDOWN)
    holder.does("unlock", str(number), asks=f"Take out position {number}")
    assert market.positions.ownerOf(number) == who


# ---------------------------------------------------------------- what goes wrong


def test_without_a_yes_nothing_is_signed(funded):
    done = funded.run("buy", "MAG7.ssi", "--for", "100 USDC", *ACCOUNT)
    assert done.code == 2
    assert "at least" in done.out
    assert done.err.splitlines()[-1].startswith("Error: There is no terminal to ask whether to sign")


def test_who_acts_must_be_said(funded):
    done = funded.run("join")
    assert (done.code, done.err.splitlines()[-1][:24]) == (2, "Error: Say who signs: --")


def test_an_answer_that_is_lost_and_a_node_in_bad_weather(funded):
    """A purchase and a stake, each by a permit that the key file signs, and reading them."""
    who = funded.address("other")
    held = funded.system.index("MAG7.ssi").balanceOf(who)
    dry = funded.run("buy", "MAG7.ssi", "--for", "1_000 USDC", *ACCOUNT, "--dry-run", "--json").json
    assert (dry["way"], dry["result"]) == ("permit", None)
    funded.weather.lose = 1
    bought = funded.run("buy", "MAG7.ssi", "--for", "1_000 USDC", *ACCOUNT, "--yes", "--json").json["result"]
    assert bought["paid_wei"] <= 1_000 * USDC
    assert funded.system.index("MAG7.ssi").balanceOf(who) == held + bought["received_wei"], "once"
    staked = funded.run("stake", "2 MAG7.ssi", *ACCOUNT, "--yes", "--json").json
    assert (staked["way"], funded.system.staked("MAG7.ssi").balanceOf(who)) == (
        "permit",
        staked["result"]["shares_wei"],
    )
    funded.weather.refuse = funded.weather.drop = 1
    found = funded.run("portfolio", "other", "--json").json
    assert (found["account"], [stake["assets_wei"] for stake in found["stakes"]]) == (who, [2 * SHARE])
    assert [one["event"] for one in funded.run("history", who, "--json").json][-1] == "Staked"


def test_a_person_who_stops_the_waiting_is_told_what_is_on_its_way(funded):
    """Else they would do it again, and it would be done twice."""
    funded.weather.hide = 10**6
    staked = funded.system.staked("MAG7.ssi")
    with funded.person("stake", "1", "MAG7.ssi", *ACCOUNT) as person:
        person.sees("[y/N]:")
        person.types("y")
        hash = (person.sees("to be mined").rpartition("Waiting for ")[2]).split()[0]
        person.presses("\x03")
        done = person.leaves()
    assert (done.code, done.out.count("[y/N]")) == (1, 1)
    assert f"Stopped while transaction {hash} was on its way: it may still be mined." in " ".join(done.out.split())
    assert staked.balanceOf(funded.address("other")) > 0, "as it was"


def test_a_person_who_says_no_has_signed_nothing(funded):
    """Nor have they been asked for a passphrase."""
    asked = funded.weather.asked["eth_sendRawTransaction"]
    with funded.person("stake", "1 MAG7.ssi", *ACCOUNT, APE_ACCOUNTS_other_PASSPHRASE="") as person:
        person.sees("Sign with other and send? [y/N]:")
        person.types("n")
        done = person.leaves()
    assert (done.code, "passphrase" in done.out) == (2, False)
    assert "Nothing was signed." in done.out
    assert funded.weather.asked["eth_sendRawTransaction"] == asked


def test_the_passphrase_is_asked_for_after_the_card(funded):
    done = funded.run("join", "--account", "locked", "--yes")
    assert done.code == 2
    assert "There is no terminal to ask for the passphrase of locked" in done.err
    assert "Join the points" in done.out
