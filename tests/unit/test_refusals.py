"""What holders' commands say to what contracts refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import eth_abi
import pytest

from ssi.chain.evm import Entry, Evm, Reverted
from ssi.cli.command import explained
from ssi.cli.refusals import WORDS, words
from ssi.governance.decoder import Decoder
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
