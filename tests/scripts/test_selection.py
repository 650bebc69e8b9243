"""The rule of docs/selection.md, applied to files of market capitalisations as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import ValidationError

from scripts.selection import cli
from ssi.build import ROOT
from ssi.registry import params

EXAMPLE = ROOT / "docs/market-caps.json"


def run(folder: Path, changed: dict[str, Any], *words: str) -> Result:
    """The command on the example with other capitalisations; None takes one out."""
    caps = {name: cap for name, cap in (json.loads(EXAMPLE.read_text()) | changed).items() if cap is not None}
    (folder / "caps.json").write_text(json.dumps(caps))
    return CliRunner(mix_stderr=False).invoke(cli, [str(folder / "caps.json"), *words])


def indexes(folder: Path, changed: dict[str, Any], code: int = 0) -> dict[str, Any]:
    said = run(folder, changed, "--json")
    assert said.exit_code == code, said.stderr
    return {index["symbol"]: index for index in json.loads(said.stdout)}


def test_the_indexes_are_what_the_rule_selects(tmp_path):
    """The example has the prices of the miniature mainnet and the supplies of the parameters."""
    found = indexes(tmp_path, {})
    for index in params.indexes():
        if index.symbol != "USSI":
            assert found[index.symbol]["weights"] == index.weights, index.symbol
            assert (found[index.symbol]["enters"], found[index.symbol]["leaves"]) == ([], [])


def test_what_a_person_misses_is_told_with_its_reason(tmp_path):
    out = {left["asset"]: left for left in indexes(tmp_path, {})["MAG7.ssi"]["left_out"]}
    assert list(out) == ["XRP", "TRX", "DOGE", "ADA", "HYPE", "AVAX"], "by size; none that is smaller than AAVE"
    assert "no XRP feed" in out["XRP"]["why"]
    assert "XRP/USD feed" in out["XRP"]["enters"]
    said = run(tmp_path, {}).stdout
    assert "XRP is left out. Chainlink's list for Ethereum has no XRP feed." in said


def test_one_that_has_grown_takes_the_place_of_the_smallest(tmp_path, monkeypatch):
    """XRP, on the day on which there is a token of it and a feed."""
    known = params.selection()
    xrp = params.Candidate(classes=["platform"], token="wXRP")
    other = known.model_copy(update={"candidates": known.candidates | {"XRP": xrp}})
    monkeypatch.setattr(params, "selection", lambda: other)
    found = indexes(tmp_path, {})["MAG7.ssi"]
    assert (found["enters"], found["leaves"]) == (["wXRP"], ["AAVE"])
    assert sum(found["weights"].values()) == 10_000
    assert list(found["weights"])[3] == "wXRP", "by size: BNB is larger"


def test_the_rules_of_weighing_hold(tmp_path):
    """A floor of ten percent, and a cap of a quarter, for all sizes."""
    found = indexes(tmp_path, {"BTC": "9000000000000000", "UNI": "800000000000", "AAVE": "3000000000"})
    assert min(found["MAG7.ssi"]["weights"].values()) >= 1_000
    assert found["DEFI.ssi"]["weights"]["UNI"] == max(found["DEFI.ssi"]["weights"].values()) == 2_500


def test_one_that_was_not_judged_is_told_and_fails(tmp_path):
    found = indexes(tmp_path, {"NEW": "50000000000"}, code=1)
    assert [index["unknown"] for index in found.values()] == [["NEW"]] * 3
    said = run(tmp_path, {"NEW": "50000000000"})
    assert said.exit_code == 1
    assert "NEW: large enough, and not judged yet." in said.stdout
    assert indexes(tmp_path, {"NEW": "1000"})["MAG7.ssi"]["unknown"] == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"BTC": None, "UNI": None}, "The file has no capitalisation of BTC, UNI."),
        ({"BTC": "many"}, "has no market capitalisations"),
        ({"BTC": "-1"}, "has no market capitalisations"),
        ({"BTC": "NaN"}, "has no market capitalisations"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path, changed, message):
    said = run(tmp_path, changed)
    assert (said.exit_code, said.stdout) == (2, "")
    assert message in said.stderr
    assert len(said.stderr.splitlines()) == 1


def test_every_candidate_has_a_price_and_a_path_or_a_reason():
    """And no token is held that the rule does not know, nor one that is retired."""
    known, assets, retired = params.selection(), params.assets().assets, params.retired().tokens
    for asset, candidate in known.candidates.items():
        if candidate.token is not None:
            assert assets[candidate.token].price, asset
            assert candidate.token == "WETH" or assets[candidate.token].hop, asset
            assert candidate.token not in retired
    supplies = {supply.asset for supply in params.supplies().supplies.values()}
    assert {asset for asset, candidate in known.candidates.items() if candidate.token} == supplies
    for index in params.indexes():
        if index.symbol in known.indexes:
            assert len(index.weights) == known.indexes[index.symbol].count


def test_a_candidate_without_a_token_needs_a_reason():
    with pytest.raises(ValidationError, match="say a token, or what is lacking and what would let it in"):
        params.Candidate(classes=["platform"])
