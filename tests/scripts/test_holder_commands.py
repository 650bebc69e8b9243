"""The holders' commands, each as a person types it on a fork: what it says, and what the chain says afterwards."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ape import accounts
from click.testing import CliRunner
from rich.console import Console

from forks import control
from ssi import Protocol
from ssi.build import ROOT
from ssi.chain import network
from ssi.chain.sender import Sender
from ssi.constants import DAY
from ssi.keeper.points import PointsKeeper
from ssi.points.locks import PoolKind
from ssi.registry.system import System
from tests.support.governance import govern
from tests.support.liquidity import UniswapMarket
from tests.support.trading import give

pytestmark = pytest.mark.usefixtures("system")
SHARE = 10**18
COMMANDS = (
    "buy",
    "sell",
    "mint",
    "redeem",
    "claim",
    "stake",
    "unstake",
    "cancel-unstake",
    "withdraw",
    "boost",
    "lock",
    "unlock",
    "collect",
    "join",
    "refer",
    "record",
    "claim-pot",
    "portfolio",
    "history",
    "quote",
)


@pytest.fixture
def me() -> str:
    """Who acts on a fork where no account is named."""
    return accounts.test_accounts[0].address


@pytest.fixture
def protocol(system: System, me: str) -> Protocol:
    return Protocol(system, me)


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSI_STATE", str(tmp_path))


def invoke(command: str, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    cli = importlib.import_module(f"scripts.{command}").cli
    done = CliRunner(mix_stderr=False).invoke(cli, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def said(command: str, *words: str) -> str:
    """What it says to people."""
    code, out, err = invoke(command, *words)
    assert code == 0, err
    return out


def answered(command: str, *words: str) -> Any:
    """What it says to machines: JSON alone."""
    return json.loads(said(command, *words, "--json"))


def refused(command: str, *words: str, code: int = 1) -> str:
    """The one line of a refusal, the same to machines."""
    found, out, err = invoke(command, *words)
    assert (found, out) == (code, "")
    assert err.startswith("Error: ")
    assert len(err.splitlines()) == 1
    found, out, _ = invoke(command, *words, "--json")
    assert found == code
    assert json.loads(out)["code"] == code
    return err.removeprefix("Error: ").strip()


def bought(protocol: Protocol, shares: int = 10, symbol: str = "MAG7.ssi") -> Any:
    """Shares for the account."""
    give(protocol, USDC=shares * 150)
    index = protocol.index(symbol)
    protocol.holder.account.approve(protocol.holder.erc20("USDC"), protocol.system.router.address, shares * 150 * 10**6)
    index.buy(index.quote_buy("USDC", shares_wei=shares * SHARE))
    return index


def test_every_command_has_a_file_and_helps():
    for command in COMMANDS:
        assert (ROOT / "scripts" / f"{command}.py").exists()
        assert "Usage:" in said(command, "--help")


# ---------------------------------------------------------------- trades


def test_buying_for_an_exact_amount(protocol, me):
    """The card says what is paid at most and what comes at least; then both have moved."""
    give(protocol, USDC=2_000)
    held = protocol.holder.balance_wei(protocol.token("USDC"))
    quote = answered("quote", "buy", "MAG7.ssi", "--for", "1_000.50 USDC")["quote"]
    shown = said("buy", "MAG7.ssi", "--for", "1_000.50 USDC")
    assert "1,000.50 USDC" in shown
    assert "at least" in shown
    assert "a permit: a signature, no approval" in shown
    assert "✓ Bought" in shown
    assert protocol.system.index("MAG7.ssi").balanceOf(me) == quote["gets_wei"]
    assert held - protocol.holder.balance_wei(protocol.token("USDC")) == quote["pays_wei"] <= 1_000_500_000


def test_buying_exact_shares_with_ether_and_staking_them(protocol, me):
    done = answered("buy", "2", "MAG7.ssi", "--for", "ETH", "--stake")
    assert done["way"] == "ether"
    assert done["result"]["received_wei"] == 2 * SHARE
    assert protocol.system.staked("MAG7.ssi").balanceOf(me) == done["result"]["staked_wei"] == 2 * SHARE


def test_buying_with_all_ether_leaves_the_gas(protocol, evm, me):
    evm.rpc.call("anvil_setBalance", me, hex(10**18))
    done = answered("buy", "MAG7.ssi", "--for", "all ETH", "--slippage", "5")
    assert 9 * 10**17 < done["result"]["paid_wei"] < 10**18
    assert 0 < protocol.holder.account.ether_wei < 10**17


def test_a_receiver_a_code_and_an_approval(protocol, system, evm):
    """DAI has no permit that the router takes, so an approval goes first; the code binds the receiver on their first
    purchase.
    """
    give(protocol, DAI=500)
    friend, owner = evm.account("friend"), evm.account("referrer")
    Protocol(system, owner).referral.register("FRIEND1")
    done = answered("buy", "1 MAG7.ssi", "--for", "DAI", "--to", friend, "--code", "friend1")
    assert done["way"] == "approval"
    assert system.index("MAG7.ssi").balanceOf(friend) == SHARE
    assert protocol.referral.of(friend).referrer == owner or protocol.referral.of().referrer == owner


def test_selling_all_and_selling_for_an_exact_amount(protocol, me):
    bought(protocol)
    done = answered("sell", "MAG7.ssi", "--for", "50 USDC")
    assert 50 * 10**6 <= done["result"]["received_wei"] <= 50_100_000
    before = protocol.holder.account.ether_wei
    shown = said("sell", "all MAG7.ssi", "--for", "ETH")
    assert "✓ Sold" in shown
    assert protocol.system.index("MAG7.ssi").balanceOf(me) == 0
    assert protocol.holder.account.ether_wei > before


def test_a_dry_run_signs_nothing(protocol, evm):
    give(protocol, USDC=2_000)
    block = evm.block
    shown = said("buy", "MAG7.ssi", "--for", "100 USDC", "--dry-run")
    assert "A dry run: nothing was signed." in shown
    assert answered("buy", "MAG7.ssi", "--for", "100 USDC", "--dry-run")["result"] is None
    assert evm.block == block


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["buy", "MAG7.ssi", "--for", "USDC"], "Neither side says how much"),
        (["buy", "2 MAG7.ssi", "--for", "2 USDC"], "Both sides say how much"),
        (["buy", "MAG7.ssi", "--for", "1.0000001 USDC"], "has more decimals than USDC, which has 6"),
        (["buy", "1,5 MAG7.ssi", "--for", "ETH"], "is not a valid amount"),
        (["buy", "1 MAG8.ssi", "--for", "ETH"], "There is no index MAG8.ssi here. Known are DEFI.ssi, MAG7.ssi"),
        (["buy", "1 MAG7.ssi", "--for", "NOPE"], "There is no token NOPE here"),
        (["buy", "all MAG7.ssi", "--for", "ETH"], "say how many MAG7.ssi you want"),
        (["buy", "1 MAG7.ssi", "--for", "ETH", "--account", "stranger-here"], "Ape knows no account stranger-here"),
        (["buy", "1 MAG7.ssi", "--for", "ETH", "--slippage", "0.001"], "finer than a hundredth of a percent"),
        (["buy", "1 MAG7.ssi", "--for", "ETH", "--to", "0x12"], "is not a valid address"),
        (["buy", "1 MAG7.ssi", "--for", "ETH", "--code", "no"], "is not a valid referral code"),
        (["sell", "MAG7.ssi", "--for", "all ETH"], "Say how many ETH you want"),
        (["stake", "5"], "Say of what"),
        (["stake", "5 LINK"], "LINK cannot be staked"),
        (["boost", "5 LINK"], "not with LINK"),
        (["lock", "1.5"], "A position has a whole number"),
        (["unlock", "987654321"], "is not locked"),
        (["refer", "create", "a-b"], "is not a valid referral code"),
        (["portfolio", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267"], "wrong checksum"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_code_2(words, why):
    assert why in refused(*words, code=2)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["buy", "MAG7.ssi", "--for", "1_000 USDC"], "1,000 USDC are needed, and"),
        (["buy", "90_000_000 MAG7.ssi", "--for", "ETH"], "(Index"),
        (["sell", "all MAG7.ssi", "--for", "ETH"], "There is no MAG7.ssi in"),
        (["mint", "all MAG7.ssi"], "do not suffice"),
        (["redeem", "1 MAG7.ssi"], "1 MAG7.ssi is needed, and"),
        (["claim", "MAG7.ssi"], "MAG7.ssi owes"),
        (["unstake", "1 MAG7.ssi"], "are worth 0 MAG7.ssi"),
        (["cancel-unstake", "MAG7.ssi"], "are cooling down"),
        (["withdraw"], "Nothing has matured. Nothing is cooling down either."),
        (["boost"], "Everything is boosted already"),
        (["lock", "987654321"], "There is no position 987654321"),
        (
            ["refer", "use", "UNKNOWN"],
            "This code is not registered. Check its spelling. (ReferralRegistry_UnknownCode(",
        ),
        (["record"], "You have no points to record now"),
        (["claim-pot"], "No pot owes"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_code_1(words, why):
    assert why in refused(*words)


# ---------------------------------------------------------------- asking


def test_on_a_live_network_it_asks_once_and_no_is_no(protocol, evm, monkeypatch):
    """As on a live network with a person at the keyboard: the card first, one question, and nothing without a yes."""
    asked: list[str] = []

    def confirm(answer: bool) -> Callable[..., bool]:
        def ask(text: str, **_: object) -> bool:
            asked.append(text)
            return answer

        return ask

    system = protocol.system
    monkeypatch.setattr("ssi.cli.holders.common.opened", lambda _: system)
    monkeypatch.setattr(network, "is_fork", lambda: False)
    monkeypatch.setattr(network, "account", lambda _: accounts.test_accounts[0])
    code, out, err = invoke("join")
    assert (code, out.splitlines()[0]) == (2, "Join the points")
    assert err.startswith("Error: There is no terminal to ask whether to sign: add --yes")
    monkeypatch.setattr(network, "interactive", lambda: True)
    monkeypatch.setattr("ssi.cli.holders.click.confirm", confirm(False))
    block = evm.block
    code, out, err = invoke("join")
    assert (code, err, evm.block) == (2, "Error: Nothing was signed.\n", block)
    assert out.startswith("Join the points")
    monkeypatch.setattr("ssi.cli.holders.click.confirm", confirm(True))
    assert "✓ Joined" in said("join")
    assert len(asked) == 2
    assert protocol.points.joined_at_s() == evm.now


# ---------------------------------------------------------------- in kind


def test_redeeming_and_minting_in_kind(protocol, system, me):
    bought(protocol)
    index = system.index("MAG7.ssi")
    tokens, expected = [system.token(token) for token in index.basket().tokens], list(index.previewRedeem(2 * SHARE))
    before = [token.balanceOf(me) for token in tokens]
    done = answered("redeem", "2 MAG7.ssi")
    assert [part["wei"] for part in done["result"]["parts"]] == expected
    assert [token.balanceOf(me) - held for token, held in zip(tokens, before, strict=True)] == expected
    assert "WBTC" in said("mint", "0.5", "MAG7.ssi")
    assert index.balanceOf(me) == 8 * SHARE + SHARE // 2
    done = answered("mint", "all MAG7.ssi")
    assert index.balanceOf(me) == 8 * SHARE + SHARE // 2 + done["quote"]["shares_wei"]
    assert done["quote"]["shares_wei"] > SHARE


def test_claiming_what_was_frozen(protocol, system, me):
    bought(protocol, symbol="MEME.ssi")
    control.freeze(system.evm.rpc, "PEPE", me)
    assert "is your claim: `ape run claim MEME.ssi` later." in " ".join(said("redeem", "1 MEME.ssi").split())
    control.freeze(system.evm.rpc, "PEPE", me, frozen=False)
    assert "MEME.ssi owes you constituents: ape run claim MEME.ssi" in said("portfolio")
    pepe = system.token("PEPE")
    owed, before = system.index("MEME.ssi").claimOf(pepe.address, me), pepe.balanceOf(me)
    assert answered("claim", "MEME.ssi")["result"][0]["wei"] == owed > 0
    assert pepe.balanceOf(me) - before == owed


# ---------------------------------------------------------------- staking


def test_staking_and_leaving(protocol, system, me):
    """Stake, request by worth and by shares, change one's mind, wait, withdraw."""
    bought(protocol)
    vault = system.staked("MAG7.ssi")
    done = answered("stake", "6 MAG7.ssi")
    assert (done["way"], vault.balanceOf(me)) == ("permit", 6 * SHARE)
    shown = said("unstake", "2", "MAG7.ssi")
    assert "✓ 2 MAG7.ssi can be withdrawn from" in shown
    assert vault.exitOf(me).coolingAssets == 2 * SHARE
    assert "that are still cooling down start anew" in said("unstake", "1 sMAG7.ssi", "--dry-run")
    assert "The next matures on" in refused("withdraw")
    assert answered("cancel-unstake", "MAG7.ssi")["result"]["shares_wei"] == 2 * SHARE
    assert vault.balanceOf(me) == 6 * SHARE
    answered("unstake", "all MAG7.ssi")
    assert "◷ 6 MAG7.ssi cool down for" in said("portfolio")
    control.warp(system.evm.rpc, 14 * DAY)
    assert "6 MAG7.ssi can be withdrawn: ape run withdraw MAG7.ssi" in said("portfolio")
    before = system.index("MAG7.ssi").balanceOf(me)
    assert "✓ Withdrew 6 MAG7.ssi." in said("withdraw")
    assert system.index("MAG7.ssi").balanceOf(me) - before == 6 * SHARE


def test_boosting_stakes_what_is_missing(protocol, system, me):
    """With more SOSO than lifts anything, only what does is staked."""
    bought(protocol)
    keeper = PointsKeeper(system, Sender(system.evm.rpc, accounts.test_accounts[5]))
    for _ in range(7):
        control.warp(system.evm.rpc, DAY)
        control.refresh_feeds(system.evm.rpc)
        keeper.sample()
    give(protocol, SOSO=1_000_000)
    missing = system.staked("SOSO").previewMint(protocol.points.live().soso_missing_wei)
    assert "SOSO could boost your points: ape run boost" in said("portfolio")
    assert answered("boost")["assets_wei"] == missing
    assert system.staked("SOSO").balanceOf(me) > 0
    assert answered("boost", "10 SOSO")["assets_wei"] == 10 * SHARE


# ---------------------------------------------------------------- points and referrals


def test_points_from_joining_to_the_pot(protocol, system, evm, me):
    """Join, hold, record, and take what the pot pays."""
    holder = evm.account("some holder")
    bought(protocol)
    index = system.index("MAG7.ssi")
    assert refused("join").startswith(
        "The account has joined already, and its points count. There is nothing to do. (Points"
    )
    control.deal(evm.rpc, "USDC", holder, 10**9)
    system.token("USDC").approve(system.points.address, 10**9, sender=holder)
    epoch = system.points.currentEpoch()
    system.points.fund(epoch, system.token("USDC"), 10**9, 0, sender=holder)
    keeper = PointsKeeper(system, Sender(evm.rpc, accounts.test_accounts[5]))
    for _ in range(7):
        control.warp(evm.rpc, DAY)
        control.refresh_feeds(evm.rpc)
        keeper.sample()
    shown = said("portfolio")
    assert f"Points of epoch {epoch}" in shown
    assert "held" in shown
    control.warp(evm.rpc, keeper.ledger.end(epoch) - evm.now)
    assert "points of epoch" in said("portfolio")
    mine = system.points.pointsOf(me, epoch)
    assert answered("record")["result"][0]["points_d18"] == mine > 0
    assert system.points.recordedPoints(me, epoch) == mine
    assert "as things stand" in said("portfolio")
    assert "These points are recorded already" in refused("record", "--epoch", str(epoch))
    assert f"The pots of epoch {epoch} are open from" in refused("claim-pot", "--epoch", str(epoch))
    control.warp(evm.rpc, 7 * DAY)
    assert "A pot owes you tokens: ape run claim-pot" in said("portfolio")
    before, due = system.token("USDC").balanceOf(me), system.points.claimable(me, epoch, system.token("USDC").address)
    assert "USDC paid." in said("claim-pot")
    assert system.token("USDC").balanceOf(me) - before == due > 0
    assert index.balanceOf(me) == 10 * SHARE


def test_claiming_records_along_with_it(protocol, system, evm, me):
    """`claim-pot` finds out what to do: nothing, record, both in one transaction, or claim."""
    bought(protocol)
    sponsor, usdc, ledger = evm.account("sponsor"), system.token("USDC"), system.points
    epoch = ledger.currentEpoch()
    control.deal(evm.rpc, "USDC", sponsor, 10**9)
    usdc.approve(ledger.address, 10**9, sender=sponsor)
    ledger.fund(epoch, usdc, 6 * 10**8, 500, sender=sponsor)
    ledger.fund(epoch + 1, usdc, 4 * 10**8, 500, sender=sponsor)
    keeper = PointsKeeper(system, Sender(evm.rpc, accounts.test_accounts[5]))
    ends = keeper.ledger.end
    assert "No pot owes" in refused("claim-pot")
    for _ in range(7):
        control.warp(evm.rpc, DAY)
        control.refresh_feeds(evm.rpc)
        keeper.sample()
    control.warp(evm.rpc, ends(epoch) - evm.now)
    first = answered("claim-pot")
    mine = ledger.pointsOf(me, epoch)
    assert (first["points_d18"], first["pots"]) == ({str(epoch): mine}, [])
    assert first["result"]["recorded"]["points_d18"] == ledger.recordedPoints(me, epoch) == mine > 0

    control.warp(evm.rpc, ends(epoch + 1) - evm.now)
    before = usdc.balanceOf(me)
    shown = said("claim-pot")
    assert f"points of epoch {epoch + 1} recorded, 600 USDC paid." in shown
    assert usdc.balanceOf(me) - before == 6 * 10**8, "all of it: the account recorded itself"
    assert ledger.recordedPoints(me, epoch + 1) == ledger.pointsRecordedBy(me, epoch + 1) > 0
    assert "No pot owes" in refused("claim-pot")

    control.warp(evm.rpc, 7 * DAY)
    assert [pot["wei"] for pot in answered("claim-pot")["result"]["pots"]] == [4 * 10**8]


def test_a_constituent_without_code_stops_no_redemption(protocol, system, evm, me):
    """It becomes a claim, and the others are paid. A token that is gone has no decimals either."""
    bought(protocol)
    gone, held = system.token("UNI").address, system.token("WBTC").balanceOf(me)
    evm.rpc.call("anvil_setCode", gone, "0x")
    shown = said("redeem", "1 MAG7.ssi")
    assert "UNI could not be transferred and is your claim" in " ".join(shown.split())
    assert system.token("WBTC").balanceOf(me) > held
    assert "UNI" in said("portfolio")


@pytest.mark.parametrize("quirk", [5, 7], ids=["frozen", "burns gas"])
def test_a_pot_of_a_token_that_does_not_move_stops_no_other(protocol, system, evm, project, quirk):
    """Any account may fund a pot with any token, for the price of one transaction."""
    bought(protocol)
    sponsor, usdc, ledger = evm.account("sponsor"), system.token("USDC"), system.points
    odd = evm.deploy(project.QuirkToken, 18, sender=sponsor)
    odd.mint(sponsor, 10**18, sender=sponsor)
    control.deal(evm.rpc, "USDC", sponsor, 10**9)
    epoch = ledger.currentEpoch()
    for token in (odd, usdc):
        token.approve(ledger.address, 10**18, sender=sponsor)
        ledger.fund(epoch, token, 6 * 10**8, 0, sender=sponsor)
        ledger.fund(epoch + 1, token, 4 * 10**8, 0, sender=sponsor)
    odd.setQuirk(quirk, sender=sponsor)
    keeper = PointsKeeper(system, Sender(evm.rpc, accounts.test_accounts[5]))
    for _ in range(7):
        control.warp(evm.rpc, DAY)
        control.refresh_feeds(evm.rpc)
        keeper.sample()
    control.warp(evm.rpc, keeper.ledger.end(epoch) - evm.now)
    assert answered("claim-pot")["result"]["recorded"]["points_d18"] > 0
    control.warp(evm.rpc, keeper.ledger.end(epoch + 1) - evm.now)
    assert "600 USDC paid." in said("claim-pot"), "the same transaction records the epoch that has ended"
    assert "No pot can pay now" in refused("claim-pot", odd.address)
    control.warp(evm.rpc, 7 * DAY)
    assert "No pot owes" in refused("claim-pot", "LINK")
    assert [pot["token"]["address"] for pot in answered("claim-pot", "--dry-run")["pots"]] == [usdc.address]
    odd.setQuirk(0, sender=sponsor)  # it pays in a trial, and may still do otherwise in a transaction
    assert [pot["token"]["address"] for pot in answered("claim-pot")["result"]["pots"]] == [usdc.address]
    assert len(answered("claim-pot")["result"]["pots"]) == 2, "of both epochs"


def test_joining_by_itself(protocol, evm):
    assert "✓ Joined" in said("join")
    assert protocol.points.joined_at_s() == evm.now


def test_referral_codes(system, evm, me):
    Protocol(system, evm.account("referrer")).referral.register("OLDER")
    assert answered("refer", "use", "older")["code"] == "OLDER"
    assert system.referrals.referrerOf(me).referrer == evm.account("referrer")
    assert "✓ MINE1 is yours." in said("refer", "create", "mine1")
    assert answered("refer", "show")["code"] == "MINE1"
    assert "MINE1" in said("refer", "show", me)
    assert "keeps it for ever" in refused("refer", "create", "OTHER")


# ---------------------------------------------------------------- liquidity


def test_liquidity_is_locked_collected_from_requested_and_taken_out(system, evm, me):
    market = UniswapMarket(system)
    market.fund(me, 100, 20_000)
    govern(system, system.locker, "addPool", [market.pools["V3"].address, PoolKind.V3])
    govern(system, system.locker, "addPool", [market.pair.address, PoolKind.V2])
    control.refresh_feeds(evm.rpc)
    token_id, lp = market.position(me, 10), market.add(me, 5)
    name = "/".join("MAG7.ssi" if token.address == market.index.address else "USDC" for token in market.tokens)

    assert "✓ Position" in said("lock", str(token_id))
    assert system.locker.positionOf(token_id).owner == me
    assert "is locked already" in refused("lock", str(token_id))
    assert f"{name} v3" in said("portfolio")
    market.trade(me, 500)
    done = answered("collect", str(token_id))
    assert done["result"]["amounts_wei"] == done["earned_wei"]
    assert sum(done["earned_wei"]) > 0
    answered("unlock", str(token_id))
    assert "It can be taken out from" in refused("unlock", str(token_id))
    answered("unlock", str(token_id), "--cancel")
    assert system.locker.positionOf(token_id).maturesAt == 0
    answered("unlock", str(token_id))

    pair = market.pair.address
    assert answered("lock", f"all {pair}")["result"]["wei"] == lp
    assert f"Request them: ape run unlock all {pair}" in refused("unlock", pair)
    answered("unlock", f"all {pair}")
    assert "The next mature on" in refused("unlock", pair)
    control.warp(evm.rpc, 14 * DAY)
    assert f"Position {token_id} can be taken out: ape run unlock {token_id}" in said("portfolio")
    answered("unlock", str(token_id))
    assert market.positions.ownerOf(token_id) == me
    assert answered("unlock", pair)["result"]["wei"] == lp
    assert market.pair.balanceOf(me) == lp


# ---------------------------------------------------------------- reading


def test_the_portfolio_of_others(evm):
    """An address of its own choice; and an account without anything is shown as that."""
    stranger = evm.account("a stranger")
    found = answered("portfolio", stranger)
    assert (found["account"], found["holdings"], found["stakes"], found["worth_usd_d18"]) == (stranger, [], [], 0)
    assert "$0.00" in said("portfolio", stranger)
    assert answered("history", stranger) == []
    assert "Nothing happened to" in said("history", stranger)


def test_history_in_words(protocol):
    bought(protocol)
    said("stake", "2 MAG7.ssi")
    said("unstake", "1 MAG7.ssi")
    lines = said("history").splitlines()
    words = ["bought 10 MAG7.ssi for", "joined the points", "staked 2 MAG7.ssi", "requested 1 sMAG7.ssi back"]
    assert all(word in line for word, line in zip(words, lines[-4:], strict=True))
    assert [one["event"] for one in answered("history")][-1] == "RedeemRequest"
    assert "3 lines before these: --last 4 shows all." in said("history", "--last", "1")


def test_a_quote_needs_no_account(system):
    buy = answered("quote", "buy", "3 MAG7.ssi", "--for", "DAI")["quote"]
    assert buy["pays_wei"] == system.router.quoteBuy.call(
        system.record.indexes["MAG7.ssi"], system.token("DAI").address, 3 * SHARE
    )
    assert "you pay" in said("quote", "sell", "0.001 MAG7.ssi", "--for", "ETH")


def test_nothing_is_wider_than_the_terminal(protocol, monkeypatch):
    """Lines fit, and no figure is cut."""
    bought(protocol)
    said("stake", "5 MAG7.ssi")
    said("unstake", "2 MAG7.ssi")
    for width in (80, 120):
        monkeypatch.setattr("ssi.cli.common.console", partial(Console, width=width))
        for command in (["portfolio"], ["buy", "1 MAG7.ssi", "--for", "ETH", "--dry-run"]):
            shown = said(*command)
            assert max(map(len, shown.splitlines())) <= width
            assert "…" not in shown
