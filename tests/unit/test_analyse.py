"""What `make analyse` compares: findings that slither made of these contracts once, and guards in copied sources.

`slither/whole.json` has some findings of the contracts as they are, `slither/unchecked.json` those of a copy in which
`PointsLedger._claim` calls `transfer` and does not look at the answer. Slither itself runs in `make analyse` alone.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ssi.build import ROOT
from tools import analyse
from tools.findings import JUDGED, UNGUARDED, Detection, Key, TriageError, from_slither, judged, reasons, unguarded

REASONS = reasons(analyse.TRIAGE)
FILLER = "contracts/rebalancing/UniswapFiller.sol"


def canned(name: str) -> dict[str, Any]:
    """Slither's answer with the findings of a file beside this one."""
    detectors = json.loads((Path(__file__).parent / f"slither/{name}.json").read_text())
    return {"success": True, "results": {"detectors": detectors}}


def known_for(found: list[Detection]) -> dict[Key, tuple[str, int]]:
    return {each.key: ("It is as it should be.", 1) for each in found if each.impact in JUDGED}


@pytest.fixture
def whole() -> list[Detection]:
    return from_slither(canned("whole"))


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str, str], list[Detection]]:
    """Copies the filler of auctions, exchanges a text in it, and looks for entries without a guard."""
    (tmp_path / FILLER).parent.mkdir(parents=True)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    for name in ("interfaces", "tools/solc"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "ape-config.yaml", tmp_path)
    text = (ROOT / FILLER).read_text()

    def look(old: str, new: str) -> list[Detection]:
        assert old in text
        (tmp_path / FILLER).write_text(text.replace(old, new))
        return unguarded(analyse.compiled(tmp_path, analyse.question(tmp_path))["sources"])

    return look


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, list[Detection]], int]:
    """Runs `make analyse` on canned findings, with reasons for `excused`."""

    def run(name: str, excused: list[Detection]) -> int:
        entries: dict[str, list[dict[str, str]]] = {}
        for (detector, at, code), (reason, _) in known_for(excused).items():
            entries.setdefault(detector, []).append({"at": at, "code": code, "reason": reason})
        triage = tmp_path / "triage.yaml"
        triage.write_text(yaml.safe_dump(entries))
        monkeypatch.setattr(analyse, "TRIAGE", triage)
        monkeypatch.setattr(analyse, "compiled", lambda *_: {"sources": {}})
        monkeypatch.setattr(analyse, "slither", lambda *_: canned(name))
        return analyse.main([])

    return run


def test_findings_that_have_reasons_are_green(analysed, whole, capsys):
    assert analysed("whole", whole) == 0
    said = capsys.readouterr().out
    assert "contracts/points/PointsLedger.sol:465  incorrect-equality  PointsLedger._claim(uint256,address)" in said
    assert "low: shadowing-local 1" in said


def test_a_finding_without_a_reason_is_red(analysed, whole, capsys):
    assert analysed("whole", whole[1:]) == 1
    assert f"{whole[0].place}  {whole[0].impact.lower()}  {whole[0].key.detector}, no reason" in capsys.readouterr().out


def test_a_transfer_whose_answer_is_not_looked_at_is_red(analysed, whole, capsys):
    assert analysed("unchecked", whole) == 1
    said = capsys.readouterr().out
    assert "contracts/points/PointsLedger.sol:470  high  unchecked-transfer, no reason" in said
    assert "IERC20(token).transfer(msg.sender,amount)" in said


def test_a_reason_without_a_finding_is_red(analysed, whole, capsys):
    gone = Detection(Key("weak-prng", "Lottery.draw()", "block.timestamp % 2"), "High", "contracts/Lottery.sol:7", "")
    assert analysed("whole", [*whole, gone]) == 1
    assert "a reason without a finding: weak-prng\n  at: Lottery.draw()" in capsys.readouterr().out


def test_an_analysis_that_fails_is_red(monkeypatch, capsys):
    def fail(*_: object) -> dict[str, Any]:
        raise analyse.AnalysisError("Error: expected [;]")

    monkeypatch.setattr(analyse, "compiled", fail)
    assert analyse.main([]) == 1
    assert "Error: expected [;]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('echo \'{"success": false, "error": "no contract"}\' > "${@: -1}"', "no contract"),
        ("echo broken >&2; exit 3", "broken"),
        ('echo \'{"success": true}\' > "${@: -1}"; exit 3', "slither ended with 3"),
        ("exit 0", "slither ended with 0"),
    ],
)
def test_slither_that_gives_no_result_is_red(monkeypatch, tmp_path, script, said):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/bash\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(analyse, "PYTHON", python)
    with pytest.raises(analyse.AnalysisError) as failure:
        analyse.slither(tmp_path, {}, {"contracts": {}})
    assert said in "".join(failure.value.args)


def test_a_finding_is_known_by_its_code_and_not_by_its_line(whole):
    """Code that moves keeps its reason; code that changes, or stands there once more, needs one."""
    known = known_for(whole)
    moved = [each._replace(place="contracts/Moved.sol:1", text="") for each in whole]
    assert judged(moved, known) == ([], [])

    first = next(each for each in whole if each.key.detector == "incorrect-equality")
    edited = first._replace(key=first.key._replace(code="amount == 1"))
    others = [each for each in whole if each is not first]
    assert judged([*others, edited], known) == ([edited], [first.key])
    assert judged([*whole, first], known) == ([first], [])
    assert judged([*whole, first], {**known, first.key: ("Both are right.", 2)}) == ([], [])
    assert judged(whole, {**known, first.key: ("Both are right.", 2)}) == ([], [first.key])


def test_what_has_low_impact_needs_no_reason(whole):
    low = [each for each in whole if each.impact == "Low"]
    assert [each.key.detector for each in low] == ["shadowing-local"]
    assert judged(low, {}) == ([], [])


def test_findings_say_where_they_are(whole):
    """A function, a local variable of a function, a contract, and calls with what is written after them."""
    found = {each.key.detector: each for each in whole}
    assert found["uninitialized-local"].key[1:] == ("LpLocker.addPool(address,ILpLocker.PoolKind)", "maxTick")
    assert found["uninitialized-local"].place == "contracts/points/LpLocker.sol:288"
    assert found["erc20-interface"].key[1:] == ("INonfungiblePositionManager", "transferFrom")
    assert found["reentrancy-no-eth"].key.code == (
        "(None,points) = _record(_listOf(msg.sender),epoch,end); sheet = $.prices.settle(epoch) → _STORAGE"
    )


@pytest.mark.parametrize("instead", [" ", " nonReentrantView "])
def test_a_guard_that_is_taken_away_is_red(copied, instead):
    """Slither says nothing about this one: the filler has no state to be written after a call."""
    of_filler = {
        key: why for key, why in REASONS.items() if key.detector == UNGUARDED and key.at.startswith("UniswapFiller.")
    }
    assert judged(copied("external nonReentrant", "external nonReentrant"), of_filler) == ([], [])

    new, vanished = judged(copied("external nonReentrant ", f"external{instead}"), of_filler)
    assert [each.key.at for each in new] == [
        "UniswapFiller.fill(address,address,address,uint256,bytes,uint256,address)"
    ]
    assert [each.key.code for each in new] == [instead.strip() or "no modifier"]
    line = next(n for n, text in enumerate((ROOT / FILLER).read_text().splitlines(), 1) if "function fill(" in text)
    assert new[0].place == f"{FILLER}:{line}"
    assert vanished == []


def test_an_entry_of_a_base_needs_a_reason_too(copied):
    """`receive` as well. What changes nothing, or what no account can call, needs none."""
    more = """
        abstract contract Base {
            uint256 public n;
            receive() external payable {}
            function set() external { n = 1; }
            function later() external virtual;
            function _set() internal { n = 2; }
            function get() external view returns (uint256) { return n; }
        }
        contract Whole is Base { function later() external override { n = 3; } }
        abstract contract Unused { uint256 public n; function set() external { n = 4; } }
    """
    found = copied("contract UniswapFiller is", f"{more}contract UniswapFiller is")
    entries = {each.key.at for each in found if not each.key.at.startswith("UniswapFiller.")}
    assert entries == {"Base.receive()", "Base.set()", "Whole.later()"}


def test_sources_that_do_not_compile_are_no_green_run(copied):
    with pytest.raises(analyse.AnalysisError, match="Expected"):
        copied("contract UniswapFiller is", "contract UniswapFiller was")


@pytest.mark.parametrize(
    "text",
    [
        "a: [{at: b, code: c}]",
        "a: [{at: b, code: c, reason: d, line: 1}]",
        "a: [{at: b, code: c, reason: d}, {at: b, code: c, reason: e}]",
    ],
)
def test_an_entry_that_is_not_whole_is_refused(tmp_path, text):
    (tmp_path / "triage.yaml").write_text(text)
    with pytest.raises(TriageError):
        reasons(tmp_path / "triage.yaml")


def test_one_reason_can_be_for_several_findings(tmp_path):
    (tmp_path / "triage.yaml").write_text("a: [{at: b, code: c, reason: d, times: 2}, {at: b, code: e, reason: f}]")
    assert reasons(tmp_path / "triage.yaml") == {Key("a", "b", "c"): ("d", 2), Key("a", "b", "e"): ("f", 1)}


def test_all_sources_but_the_mocks_are_analysed():
    asked = analyse.question(ROOT)["sources"]
    assert len(asked) > 50
    assert {path.split("/")[1] for path in asked} == {
        path.parts[-2] for path in (ROOT / "contracts").glob("*/*.sol") if path.parts[-2] != "mocks"
    }


def test_every_reason_is_one_sentence():
    """And says more than that the finding is wrong."""
    sentence = re.compile(r"[A-Z][^.]*(?:\.\w[^.]*)*\.")
    assert not [why for why, _ in REASONS.values() if not sentence.fullmatch(why) or len(why) < 30]
    assert not [why for why, _ in REASONS.values() if "false positive" in why.lower()]


def test_every_reason_is_for_a_function_that_there_is():
    texts = [path.read_text() for folder in ("contracts", "interfaces") for path in (ROOT / folder).rglob("*.sol")]
    homes = {
        name: text
        for text in texts
        for name in re.findall(r"^(?:abstract )?(?:contract|library|interface) (\w+)", text, re.MULTILINE)
    }
    for key in REASONS:
        owner, _, function = key.at.split("(")[0].partition(".")
        declared = function if function in ("constructor", "receive") else f"function {function}"
        assert not function or re.search(rf"\b{declared}\(", homes[owner]), key.at


def test_the_detector_of_guards_has_reasons_for_all_contracts():
    assert sum(key.detector == UNGUARDED for key in REASONS) > 40
