"""What cannot be meant is told in one line, by every command: 2 for what was typed or is configured here, 1 for the
chain and the node.
"""

from __future__ import annotations

import json

import pytest

from tests.live import words
from tests.live.network import Done
from tests.live.proxy import PASSWORD
from tests.live.words import typed

ALL = words.every()
# Those that look at the chain first. The demonstration and a replay want a fork and nothing else, a selection no node.
ON_CHAIN = sorted(ALL.keys() - {"demo", "replay", "selection"})
RECORDED = sorted(set(ON_CHAIN) - {"preflight"})  # what reads the record of a deployment


def told(done: Done, code: int, message: str = "") -> None:
    """One line, and nothing on standard output."""
    lines = done.err.strip().splitlines()
    assert (done.code, len(lines), done.out) == (code, 1, ""), done
    assert lines[0].startswith("Error: ")
    assert message in lines[0]


def test_the_table_has_every_command():
    assert words.RIGHT.keys() == ALL.keys()


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_cannot_be_parsed_is_one_line(live, name):
    """Every option and argument of every command, with numbers and addresses that are none."""
    rows = list(words.spoilt(name, ALL[name]))
    for row, done in zip(rows, live.each(rows), strict=True):
        assert done.code == 2, row
        told(done, 2)
        assert done.err.strip().endswith("--help` says what can be."), row
    if any(parameter.name == "json" for parameter in ALL[name].params):
        as_json = live.run(*rows[0], "--json")
        said = json.loads(as_json.out)
        assert (as_json.code, said["code"], set(said)) == (2, 2, {"code", "error"})


# ---------------------------------------------------------------- the node


def test_a_node_that_is_silent_is_told_by_every_command(live):
    """Without the password of its URL."""
    live.weather.down = True
    for done in live.all([typed(name) for name in ON_CHAIN]):
        told(done, 1, "Is MAINNET_RPC_URL right, and the node up?")
        assert PASSWORD not in done.err


def test_a_node_of_another_chain_is_told_by_every_command(live):
    live.weather.chain_id = 5
    for done in live.each([typed(name) for name in ON_CHAIN]):
        told(done, 1, "The node is of chain 5, and ethereum-mainnet is 1")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no.such.host.invalid"])
def test_a_host_that_is_dead_is_told(live, url):
    told(live.run("pending", "--network", f"ethereum:mainnet:{url}"), 1, "Is MAINNET_RPC_URL right, and the node up?")


def test_a_node_that_wants_another_password_is_told(live):
    url = live.url.replace(PASSWORD, "another")
    done = live.run("pending", "--network", f"ethereum:mainnet:{url}")
    told(done, 1)
    assert "another" not in done.err


def test_a_network_that_does_not_exist_is_told(live):
    for done in live.each([[*typed(name), "--network", "ethereum:moon:node"] for name in sorted(ALL)]):
        told(done, 2)


# ---------------------------------------------------------------- the record


def test_nothing_deployed_is_told_by_every_command(live, tmp_path):
    names = [name for name in RECORDED if name != "deploy"]
    for done in live.each([typed(name) for name in names], SSI_DEPLOYMENTS=str(tmp_path)):
        told(done, 1, "is deployed on ethereum-mainnet: `ape run deploy` first.")


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ("", 2, "is damaged"), ("{", 2, "is damaged"), ("[]", 2, "is damaged"),
        ("\0\1", 2, "is damaged"), ("null", 2, "is damaged"),
        ('{"chain_id": 1, "surprise": 1}', 2, "is damaged"), ('{"chain_id": 1, "contracts": []}', 2, "is damaged"),
        ('{"chain_id": 1, "contracts": {"Safe": "0x12"}}', 2, "is damaged"),
        ('{"chain_id": 1, "contracts": {"Safe": 7}}', 2, "is damaged"),
        ('{"chain_id": 1, "steps": 7, "contracts": {}}', 2, "is damaged"),
        ('{"chain_id": 1, "despite": 7}', 2, "is damaged"),
        ('{"chain_id": 5}', 2, "is of another chain (5, not 1)"),
    ],
)  # fmt: skip
def test_a_record_that_is_damaged_or_of_another_chain_is_told_by_every_command(live, tmp_path, content, code, message):
    (tmp_path / "ethereum-mainnet.json").write_text(content)
    names = RECORDED if content in ("{", '{"chain_id": 5}') else ["pending", "deploy"]
    for done in live.each([typed(name) for name in names], SSI_DEPLOYMENTS=str(tmp_path)):
        told(done, code, message)
    assert (tmp_path / "ethereum-mainnet.json").read_text() == content, "as it was"


def test_a_record_of_another_deployment_is_told_by_every_command(live, tmp_path):
    """Of a fork that is gone, of a test network with the same id."""
    everything = dict.fromkeys(("Safe", "IndexLens", "PointsLedger", "IndexRouter"), words.STRANGER)
    (tmp_path / "ethereum-mainnet.json").write_text(json.dumps({"chain_id": 1, "contracts": everything}))
    for done in live.each([typed(name) for name in RECORDED], SSI_DEPLOYMENTS=str(tmp_path)):
        told(done, 1, "there is nothing: is this the record's network?")


# ---------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["demo"], "`make demo` starts a fork"),
        (["replay"], "`make replay` starts a fork"),
        (["replay", "--seed", "1"], "`make replay` starts a fork"),
        (["report", "MAG9.ssi"], "There is no index MAG9.ssi here."),
        (["report", ""], "There is no index"),
        (["report", "MAG7.ssi", "--from", "31.1.2026"], "is not a valid day: write it as 2026-01-31"),
        (["report", "MAG7.ssi", "--to", "2026-02-30"], "is not a valid day: write it as 2026-01-31"),
        (["report", "MAG7.ssi", "--from", "2036-01-02", "--to", "2036-01-01"], "--from is before --to"),
        (["report", "MAG7.ssi", "--from", "2236-01-01", "--to", "2236-01-02"], "later than the last block"),
        (["report", "MAG7.ssi", "--from", "2009-01-03", "--to", "2009-01-04"], "nothing was deployed here"),
        (["report", "MAG7.ssi", "--out", "/proc/nothing/x.html"], "cannot be written"),
        (["verify", "Nonsense"], "There is no Nonsense here. Known are "),
        (["verify", "FixedWeights", "MAG9.ssi"], "There is no MAG9.ssi here. Known are "),
        (["verify", "--publish", "etherscan"], "put yours into the environment variable ETHERSCAN_API_KEY"),
        (["preflight", "--account", "stranger"], "Ape knows no account stranger"),
        (["deploy"], "Say who signs: --account ALIAS."),
        (["deploy", "--account", "stranger", "--yes"], "Ape knows no account stranger"),
        (["keeper", "daily"], "Say who signs: --account ALIAS."),
        (["keeper", "daily", "--account", "stranger"], "Ape knows no account stranger"),
        (["keeper", "daily", "--account", "locked"], "There is no terminal to ask for the passphrase of locked"),
        (["keeper", "rebalance", "MAG9.ssi", "--account", "keeper"], "There is no index MAG9.ssi here."),
        (["keeper", "rebalance", "", "--account", "keeper"], "There is no index"),
        (["keeper", "rebalance", "MAG7.ssi", "--account", "keeper"], "MAG7.ssi was never rebalanced"),
        (["keeper", "rebalance", "MAG7.ssi", "--account", "keeper", "--fast-forward"], "this is a live network"),
        (["keeper", "run"], "Say who signs: --account ALIAS."),
        (["keeper", "run", "--account", "stranger"], "Ape knows no account stranger"),
        (["keeper", "run", "--account", "keeper", "--listen", "everywhere"], "'everywhere' is not HOST:PORT."),
        (["keeper", "run", "--account", "keeper", "--listen", "127.0.0.1:99999"], "is not HOST:PORT."),
        (["keeper", "run", "--account", "keeper", "--listen", "no.such.host.invalid:1"],
         "choose another with --listen"),
        (["points", "keeper"], "Say who signs: --account ALIAS."),
        (["points", "keeper", "--account", "stranger"], "Ape knows no account stranger"),
        (["points", "leaderboard", "--epoch", "4000000"], "Epoch 4000000 has not begun"),
        (["points", "statement", words.STRANGER, "--epoch", "4000000"], "Epoch 4000000 has not begun"),
        (["propose", "set-cap", "MAG9.ssi", "1"], "There is no index MAG9.ssi here."),
        (["propose", "set-cap", "USSI", "1", "--account", "stranger"], "Ape knows no account stranger"),
        (["propose", "set-cap", "USSI", "1", "--account", "other"], "does not own this Safe"),
        (["propose", "set-cap", "USSI", "1", "--account", "safe0"], "2 owners must sign"),
        (["propose", "set-cap", "USSI", "1", "--account", "safe0", "--account", "safe0"], "2 owners must sign"),
        (["propose", "set-cap", "USSI", "1", "--queue"], "and needs one owner who signs: --account ALIAS."),
        (["propose", "set-cap", "USSI", "1", "--queue", "--account", "other"], "does not own this Safe"),
        (["propose", "set-cap", "USSI", "1", "--queue", "--account", "safe0", "--yes"], "Say which queue"),
        (["propose", "set-fee", "USSI"], "Say which fee: --mint-bps or --daily-bps, or both."),
        (["propose", "set-fee", "MAG9.ssi", "--mint-bps", "1"], "There is no index MAG9.ssi here."),
        (["propose", "set-price", "DOGE"], "DOGE"),
        (["propose", "set-path", "DOGE"], "DOGE"),
        (["propose", "rebalance", "MAG9.ssi"], "There is no index MAG9.ssi here."),
        (["propose", "add-constituent", "MAG7.ssi", "DOGE"], "DOGE is neither an address nor a name known here"),
        (["propose", "add-constituent", "MAG7.ssi", "UNI"], "UNI is a constituent of MAG7.ssi already."),
        (["propose", "remove-constituent", "MAG7.ssi", "COMP"], "COMP"),
        (["propose", "set-methodology", "USSI", "Nonsense", "USDC"], "Nonsense"),
        (["propose", "set-methodology", "USSI", "FixedWeights", "USDC=NaN", "sDAI=1"],
         "'USDC=NaN' is not NAME or NAME=BP."),
        (["propose", "set-methodology", "USSI", "FixedWeights", "USDC=" + "9" * 80], "bp, not to 10000."),
        (["propose", "set-terms", "MAG9.ssi", *words.RIGHT["propose set-terms"][1:]],
         "There is no index MAG9.ssi here."),
        (["propose", "upgrade", "Nonsense"], "Nonsense"),
        (["propose", "upgrade", "Rebalancer"], "--deployer ALIAS"),
        (["propose", "upgrade", "Rebalancer", "--deployer", "stranger", "--yes"], "Ape knows no account stranger"),
        (["propose", "upgrade", "Rebalancer", "--deployer", "other", "--dry-run"], "A dry run sends nothing"),
        (["propose", "upgrade", "Rebalancer", "--deployer", "other"], "There is no terminal to ask whether to deploy"),
        (["propose", "upgrade", "Rebalancer", "--implementation", "0x12"], "0x12"),
        (["propose", "upgrade", "Rebalancer", "--implementation", words.STRANGER], "There is no code at"),
        (["propose", "upgrade", "PriceOracle"], "PriceOracle is not upgradeable"),
        (["propose", "call", "Nonsense", "sync"], "Nonsense"),
        (["propose", "call", "USSI", "nonsense"], "nonsense"),
        (["propose", "call", "USSI", "setSupplyCap"],
         "IndexToken.setSupplyCap takes uint256 cap: 1 arguments, not 0."),
        (["propose", "call", "USSI", "setSupplyCap", "9" * 80], "is no uint"),
        (["propose", "call", "USSI", "setSupplyCap", "1e999999999"], "is no uint"),
        (["propose", "call", "USSI", "setSupplyCap", "NaN"], "is no uint"),
        (["propose", "call", "USSI", "setSupplyCap", "[1"], "is no uint"),
        (["propose", "call", "USSI", "setSupplyCap", "--", "-1"], "setSupplyCap does not take that"),
        (["propose", "call", "USSI", "sync", words.STRANGER.replace("C8", "c8")], "wrong checksum"),
        (["propose", "call", "USSI", "sync", "0x1234"], "0x1234"),
        (["cancel", ""], "is not a valid operation: give at least eight hex digits of its id."),
        (["cancel", "0x"], "is not a valid operation: give at least eight hex digits of its id."),
        (["cancel", "0x1234567"], "is not a valid operation: give at least eight hex digits of its id."),
        (["cancel", "0x12345678"], "No operation begins with 0x12345678"),
        (["cancel", "0x" + "1" * 65], "is not a valid operation: give at least eight hex digits of its id."),
        (["execute", ""], "is not a valid operation: give at least eight hex digits of its id."),
        (["execute", "0x"], "is not a valid operation: give at least eight hex digits of its id."),
        (["execute", "0x12345678"], "No operation begins with 0x12345678"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)  # fmt: skip
def test_what_is_not_there_is_one_line(deployed, typed, message):
    told(deployed.run(*typed), 2, message)


@pytest.mark.parametrize("content", ["", "{", "\0\1", "[]", "7", '{"BTC": "many"}', '{"BTC": NaN}', '{"BTC": [1]}'])
def test_supplies_that_are_damaged_are_one_line(live, tmp_path, content):
    """Before the chain is asked for anything."""
    (tmp_path / "supplies.json").write_text(content)
    told(live.run("preflight", "--supplies", str(tmp_path / "supplies.json")), 2, "The supplies cannot be read: ")


NO_AMOUNTS = ("NaN", "1e999999999", "9" * 80, "0x12", "1,5", "1.0000000000000000001", "-1", "", "all all")


def test_an_amount_that_is_none_is_one_line(deployed):
    """Before a unit that is right; all of them by one command, two by each of the others."""
    rows = [["stake", *words.HOLDER, "--", bad, "MAG7.ssi"] for bad in NO_AMOUNTS]
    for name in ("unstake", "boost", "mint", "redeem", "buy", "sell", "quote buy", "quote sell"):
        unit = "SOSO" if name == "boost" else "MAG7.ssi"
        more = [
            *(["--for", "USDC"] if name.split()[-1] in ("buy", "sell") else []),
            *(() if "quote" in name else words.HOLDER),
        ]
        rows += [[*name.split(), *more, "--", f"{bad} {unit}"] for bad in ("-1", "9" * 80)]
    for row, done in zip(rows, deployed.each(rows), strict=True):
        assert done.code == 2, (row, done)
        told(done, 2)


def test_holders_are_told_what_is_not_there(deployed):
    rows = [
        (["buy", "1", "MAG9.ssi", "--for", "ETH", *words.HOLDER], "There is no index MAG9.ssi here."),
        (["buy", "1", "MAG7.ssi", "--for", "NOPE", *words.HOLDER], "There is no token NOPE here"),
        (["buy", "MAG7.ssi", "--for", "USDC", *words.HOLDER], "Neither side says how much"),
        (["buy", "1", "MAG7.ssi", "--for", "1 USDC", *words.HOLDER], "Both sides say how much"),
        (["buy", "1", "MAG7.ssi", "--for", "ETH"], "Say who signs: --account ALIAS."),
        (["buy", "1", "MAG7.ssi", "--for", "ETH", "--account", "stranger"], "Ape knows no account stranger"),
        (["buy", "1", "MAG7.ssi", "--for", "ETH", "--code", "a-b", *words.HOLDER], "is not a valid referral code"),
        (
            ["buy", "1", "MAG7.ssi", "--for", "ETH", "--slippage", "0.001", *words.HOLDER],
            "finer than a hundredth of a percent",
        ),
        (["buy", "1", "MAG7.ssi", "--for", "ETH", "--code", "", *words.HOLDER], "is not a valid referral code"),
        (["claim", "MAG7.ssi", "", *words.HOLDER], "There is no token"),
        (["claim", "", *words.HOLDER], "There is no index"),
        (["sell", "MAG7.ssi", "--for", "all ETH", *words.HOLDER], "Say how many ETH you want"),
        (["quote", "sell", "MAG7.ssi", "--for", "USDC"], "Neither side says how much"),
        (["mint", "1", *words.HOLDER], "Say of which index"),
        (["redeem", "1", "LINK", *words.HOLDER], "There is no index LINK here."),
        (["claim", "MAG9.ssi", *words.HOLDER], "There is no index MAG9.ssi here."),
        (["claim", "MAG7.ssi", "NOPE", *words.HOLDER], "There is no token NOPE here"),
        (["stake", "5", "LINK", *words.HOLDER], "LINK cannot be staked"),
        (["unstake", "5", *words.HOLDER], "Say of what"),
        (["cancel-unstake", "LINK", *words.HOLDER], "LINK cannot be staked"),
        (["withdraw", "", *words.HOLDER], "cannot be staked"),
        (["withdraw", "LINK", *words.HOLDER], "LINK cannot be staked"),
        (["boost", "5", "LINK", *words.HOLDER], "not with LINK"),
        (["lock", "1.5", *words.HOLDER], "A position has a whole number"),
        (["lock", "9" * 78, *words.HOLDER], "so large a number"),
        (["lock", "9" * 5_000, *words.HOLDER], "so large a number"),
        (["lock", "all", "NOPE/WETH", *words.HOLDER], "NOPE/WETH"),
        (["unlock", "12345", *words.HOLDER], "is not locked"),
        (["unlock", "9" * 80, *words.HOLDER], "so large a number"),
        (["collect", "12345", *words.HOLDER], "is not locked"),
        (["refer", "create", "a-b", *words.HOLDER], "is not a valid referral code"),
        (["refer", "use", "", *words.HOLDER], "is not a valid referral code"),
        (["refer", "show"], "Say whose"),
        (["refer", "show", "stranger"], "Ape knows no account stranger"),
        (["portfolio"], "Say whose"),
        (["portfolio", ""], "Ape knows no account"),
        (["portfolio", words.STRANGER.replace("C8", "c8")], "wrong checksum"),
        (["history", "0x1234"], "Ape knows no account 0x1234"),
        (
            ["join", "--account", "locked", "--yes", "--json"],
            "There is no terminal to ask for the passphrase of locked",
        ),
    ]
    for (row, message), done in zip(rows, deployed.each([row for row, _ in rows]), strict=True):
        if "--json" in row:
            said = json.loads(done.out)
            assert (said["code"], message in said["error"]) == (2, True), done
        else:
            told(done, 2, message)


def test_holders_are_told_what_cannot_be_done(deployed):
    """That is the chain's."""
    nothing = ("--account", "keeper")  # who has ether alone
    rows = [
        (["buy", "MAG7.ssi", "--for", "1_000 USDC", *nothing], "1,000 USDC are needed, and"),
        (["buy", "90_000_000", "MAG7.ssi", "--for", "ETH", *nothing], "(Index"),
        (["buy", "1", "MAG7.ssi", "--for", "ETH", "--account", "poor"], "needed"),
        (["sell", "all", "MAG7.ssi", "--for", "ETH", *nothing], "There is no MAG7.ssi in"),
        (["mint", "1", "MAG7.ssi", *nothing], "needed, and"),
        (["redeem", "1", "MAG7.ssi", *nothing], "1 MAG7.ssi is needed, and"),
        (["claim", "MAG7.ssi", *nothing], "MAG7.ssi owes"),
        (["stake", "1", "MAG7.ssi", *nothing], "1 MAG7.ssi is needed, and"),
        (["unstake", "1", "MAG7.ssi", *nothing], "are worth 0 MAG7.ssi"),
        (["cancel-unstake", "MAG7.ssi", *nothing], "are cooling down"),
        (["withdraw", *nothing], "Nothing has matured."),
        (["boost", *nothing], "Everything is boosted already"),
        (["lock", "12345", *nothing], "There is no position 12345"),
        (["refer", "use", "UNKNOWN", *nothing], "This code is not registered."),
        (["record", *nothing], "You have no points to record now"),
        (["record", "--epoch", "4000000", *nothing], "(PointsLedger_OutsideWindow("),
        (["claim-pot", *nothing], "No pot owes"),
        (["claim-pot", "--epoch", "4000000", *nothing], "No pot owes"),
    ]
    for (_, message), done in zip(rows, deployed.each([row for row, _ in rows]), strict=True):
        told(done, 1, message)


def test_one_who_cannot_pay_is_told(deployed):
    """That is the chain's."""
    deployed.warp(86_400)
    done = deployed.run("points", "keeper", "--account", "poor")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert done.err.startswith("Error: Not sent: ")
    assert done.err.endswith("send it more.\n")


def test_a_passphrase_that_is_wrong_is_told(deployed, tmp_path):
    told(
        deployed.run("points", "keeper", "--account", "keeper", APE_ACCOUNTS_keeper_PASSPHRASE="guess"),
        2,
        "passphrase of keeper is wrong",
    )
    (tmp_path / "passphrase").write_text("guess\n")
    file = {"APE_ACCOUNTS_locked_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    told(deployed.run("points", "keeper", "--account", "locked", **file), 2, "passphrase of locked is wrong")
    gone = {"APE_ACCOUNTS_locked_PASSPHRASE_FILE": str(tmp_path / "nowhere")}
    told(deployed.run("points", "keeper", "--account", "locked", **gone), 2, "is not in")
