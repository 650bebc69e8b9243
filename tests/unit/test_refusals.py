"""What holders' commands say to what contracts refuse."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any, cast

import click
import eth_abi
import pytest
import requests
from click.testing import CliRunner
from eth_abi.exceptions import DecodingError

from forks import anvils
from ssi.chain.evm import Entry, Evm, Reverted
from ssi.chain.forking import NotStarted
from ssi.cli.command import explained
from ssi.cli.refusals import WORDS, words
from ssi.governance import birth
from ssi.governance.decoder import Decoder, Unknown
from ssi.registry import params
from ssi.registry.record import Record
from ssi.registry.system import System


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No chain is needed here."""


@pytest.fixture(scope="module")
def errors(project: Any) -> dict[str, Entry]:
    """All errors of the protocol by name."""
    interfaces = Decoder(System(cast(Evm, None), project, Record(Path(), 0))).interfaces.values()
    return {entry.name: entry for interface in interfaces for entry in interface.kinds("error")}


def arguments(entry: Entry) -> tuple[list[Any], dict[str, Any]]:
    """Some value of each argument's type."""
    zero = {"address": "0x" + "00" * 20, "bool": True, "string": "x"}
    zero["int24"] = 1
    values = [bytes(32) if kind.startswith("bytes") else zero.get(kind, 1_800_000_000) for kind in entry.types]
    return values, entry.arguments(eth_abi.encode(entry.types, values))


def test_every_error_with_words_exists_and_they_say_what_to_do(errors):
    assert set(WORDS) <= set(errors)
    for name in WORDS:
        said = words(name, arguments(errors[name])[1])
        assert said
        assert said.count(". ") >= 1, said
        assert said.endswith(".")


def test_a_refusal_is_one_line_with_the_errors_own_name(errors):
    entry = errors["StakedToken_NothingCooling"]
    values, _ = arguments(entry)
    failure = explained(Reverted(entry.hash[:4] + eth_abi.encode(entry.types, values), "request"))
    assert failure.exit_code == 1
    assert failure.message.startswith(
        "No assets are cooling down, so there is nothing to stake again."
        " `ape run withdraw` takes what has matured. (Staked"
    )
    assert "\n" not in failure.message


def test_an_error_without_words_is_named(errors):
    entry = errors["IndexToken_NotSeeded"]
    assert explained(Reverted(entry.hash[:4], "mint")).message == "The chain refuses: IndexToken_NotSeeded()."


@pytest.mark.parametrize(
    ("reason", "start"),
    [
        ("ERC20: transfer amount exceeds balance", "The account has less"),
        ("Blacklistable: account is blacklisted", "The token has blocked"),
        ("STF", "The payment could not be taken"),
    ],
)  # fmt: skip
def test_reasons_of_other_tokens_have_words(reason, start):
    assert (words("Error", {"message": reason}) or "").startswith(start)


def test_a_reason_that_means_nothing_has_none():
    assert words("Error", {"message": "!"}) is None
    assert words("Unheard_Of", {}) is None


@pytest.mark.parametrize("rest", [b"", b"\x01", b"\xff" * 64, (32).to_bytes(32, "big") + b"\xff" * 32])
def test_an_error_that_cannot_be_read_is_shown_as_it_is(project, rest):
    """A token of others may answer with the selector of a known error, and nothing that belongs to it."""
    decoder = Decoder(System(cast(Evm, None), project, Record(Path(), 0)))
    data = bytes.fromhex("08c379a0") + rest
    assert decoder.error(data) == f"0x{data.hex()}"


def test_a_text_that_is_no_text_is_shown_as_it_is(project):
    decoder = Decoder(System(cast(Evm, None), project, Record(Path(), 0)))
    data = bytes.fromhex("08c379a0") + eth_abi.encode(["bytes"], [b"\xff\xfe"])
    assert decoder.error(data) == f"0x{data.hex()}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory. SSI_PARAMS says where parameters are."),
        (b"", "is no JSON: "),
        (b"{", "is no JSON: "),
        (b"\xff\xfe", "is no JSON: "),
    ],
)
def test_parameters_that_cannot_be_read_are_told(monkeypatch, tmp_path, content, why):
    """By the name of the file, and not as a node that is down."""
    monkeypatch.setenv("SSI_PARAMS", str(tmp_path))
    if content is not None:
        (tmp_path / "assets.json").write_bytes(content)
    with pytest.raises(params.ParamsUnusable) as raised:
        params.assets()
    failure = explained(raised.value)
    assert failure.exit_code == 2
    assert failure.message.startswith(f"{tmp_path / 'assets.json'} {why}")


def test_the_file_of_a_new_index_is_named_where_it_is_not_right(tmp_path):
    file = tmp_path / "index.json"
    for content, why in (
        (b"\xff\xfe", " is no JSON: "),
        (b"[]", ": Input should be a valid dictionary"),
        (b"{}", ": name: Field required"),
    ):
        file.write_bytes(content)
        with pytest.raises((Unknown, params.ParamsUnusable)) as raised:
            birth.read(file)
        failure = explained(raised.value)
        assert (failure.exit_code, failure.message.startswith(f"{file}{why}")) == (2, True), failure.message


def test_a_fork_without_anvil_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(anvils, "ROOT", Path("/no/such/folder"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotStarted) as raised:
        anvils.anvil_binary()
    assert "anvil is missing: run `make setup`, or install Foundry" in explained(raised.value).message


@pytest.mark.parametrize("cut", [0, 1, 31])
def test_a_number_that_is_cut_off_is_none(errors, cut):
    """Ape's own decoder would fill it up: half a number would be shown as a whole one, and nothing as 0."""
    entry = errors["IndexToken_MintFeeTooHigh"]
    data = eth_abi.encode(["uint256", "uint256"], [101, 100])
    assert entry.arguments(data) == {"mintFee": 101, "maximum": 100}
    with pytest.raises(DecodingError):
        entry.arguments(data[: 32 + cut])


@pytest.mark.parametrize(
    "text",
    [
        "HTTPSConnectionPool(host='a.io', port=443): Max retries exceeded with url: /v2/s3cret (Caused by SSLError(8))",
        "502 Server Error: Bad Gateway for url: https://user:s3cret@a.io/",
    ],
)
def test_a_node_s_key_is_not_told(text):
    """Some have it in the path of their URL."""
    assert explained(requests.ConnectionError(text)).message == (
        "ConnectionError. Is MAINNET_RPC_URL right, and the node up?"
    )


@pytest.mark.parametrize("name", ["indexer", "keeper", "points", "propose", "quote", "refer"])
def test_a_word_that_is_no_command_is_one_line(name):
    """Also to machines, and by every command that has others under it."""
    for typed in (["nonsense"], ["--nonsense"]):
        cli = importlib.import_module(f"scripts.{name}").cli
        assert isinstance(cli, click.Group)
        done = CliRunner(mix_stderr=False).invoke(cli, typed)
        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
        assert done.stderr.startswith("Error: No such ")
        assert done.stderr.endswith(" --help` says what can be.\n")
        done = CliRunner(mix_stderr=False).invoke(cli, [*typed, "--json"])
        assert (done.exit_code, json.loads(done.stdout)["code"]) == (2, 2)
