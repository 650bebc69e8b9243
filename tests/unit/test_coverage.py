"""`make coverage`: marks in small sources, what anvil prints, and what is compared. The run over the suite is the
command's own.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from ssi.build import ROOT
from tools.coverage import __main__ as command
from tools.coverage.figures import (
    Figures,
    PlaceKey,
    ReasonsError,
    by_function,
    by_line,
    figures,
    judged,
    left,
    reasons,
)  # fmt: skip
from tools.coverage.instrument import CAUGHT, FALSE, RAN, STATEMENT, TRUE, Marked, Place, marked
from tools.coverage.listening import CONSOLE, SWITCH, Listener, call, listening
from tools.coverage.page import HEAD
from tools.coverage.running import Ran, told

LIBRARY = (ROOT / "tools/coverage/Coverage.sol").read_text()
SOLC = ROOT / "tools/solc/solc-v0.8.37"

SOURCE = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface Other {
    function ask(uint256 x) external returns (uint256);
}

type Money is uint256;
using {add as +} for Money global;

function add(Money a, Money b) pure returns (Money) {
    return Money.wrap(Money.unwrap(a) + Money.unwrap(b));
}

abstract contract Small {
    uint256 private _n = 1; // “π”, for offsets count bytes

    error TooMuch(uint256 x);

    modifier once() {
        if (_n == 0) revert();
        _;
        --_n;
    }

    function nothing() external virtual;

    function unbraced(uint256 x) external pure returns (uint256) {
        if (x > 9) revert TooMuch(x);
        if (x == 1) return 10;
        else if (x == 2) return 20;
        else return x > 5 ? 30 : 40;
    }

    function loops(uint256 n) external pure returns (uint256 sum) {
        for (uint256 i = 0; i < n; ++i) sum += i;
        unchecked {
            while (n != 0) --n;
        }
        for (;;) {
            if (++sum > 3) break;
        }
        do ++sum; while (sum < 9);
    }

    function tries(Other other) external once returns (uint256 y) {
        try other.ask(1) returns (uint256 x) {
            y = x;
        } catch Error(string memory) {} catch {
            y = 2;
        }
    }

    function demands(uint256 x) external pure {
        require(x < 3 && x != 1, TooMuch(x > 5 ? 5 : x));
    }

    function low(uint256 x) external pure returns (uint256 y) {
        assembly ("memory-safe") {
            for {} lt(y, x) { y := add(y, 1) } {
                if eq(y, 7) { break }
            }
            switch x
            case 1 { y := 2 }
            default { mstore(0, x) }
        }
    }

    function ends() external view {
        assembly ("memory-safe") {
            if iszero(gas()) { revert(0, 0) }
            return(0, 0)
        }
    }

    function sum(Money a) external pure returns (Money) {
        return a + a;
    }
}
"""


def solc(sources: dict[str, str], selection: dict[str, list[str]]) -> dict[str, Any]:
    asked = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": {"viaIR": True, "optimizer": {"enabled": True}, "outputSelection": {"*": selection}},
    }
    done = subprocess.run(
        [SOLC, "--standard-json"], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    assert not [each["formattedMessage"] for each in answer.get("errors", ()) if each["severity"] == "error"]
    return answer


@pytest.fixture(scope="module")
def small() -> Marked:
    """The source above with marks, numbered from 100."""
    tree = solc({"contracts/a/Small.sol": SOURCE}, {"": ["ast"]})["sources"]["contracts/a/Small.sol"]["ast"]
    return marked("contracts/a/Small.sol", SOURCE, tree, 100)


def of(small: Marked, at: str) -> list[tuple[int, str, str]]:
    """Line, kind and code of what stands in a function."""
    return [(each.line, each.kind, each.code) for each in small.places.values() if each.at == at]


def line_of(text: str) -> int:
    return SOURCE[: SOURCE.index(text)].count("\n") + 1


def test_a_marked_source_compiles_and_keeps_its_lines(small):
    solc(
        {"contracts/a/Small.sol": small.text, "contracts/Coverage.sol": LIBRARY},
        {"*": ["evm.bytecode.object"]},
    )
    assert small.text.count("\n") == SOURCE.count("\n")
    assert [*small.places] == [*range(100, 100 + len(small.places))]


def test_a_body_without_braces_gets_them(small):
    assert "{ Coverage.at(" in small.text.splitlines()[line_of("if (x > 9)") - 1]
    first = line_of("if (x > 9)")
    assert of(small, "Small.unbraced") == [
        (first, STATEMENT, "if (x > 9) revert TooMuch(x)"),
        (first, TRUE, "x > 9"),
        (first, FALSE, "x > 9"),
        (first, STATEMENT, "revert TooMuch(x)"),
        (first + 1, STATEMENT, "if (x == 1) return 10;"),
        (first + 1, TRUE, "x == 1"),
        (first + 1, FALSE, "x == 1"),
        (first + 1, STATEMENT, "return 10"),
        (first + 2, STATEMENT, "if (x == 2) return 20;"),
        (first + 2, TRUE, "x == 2"),
        (first + 2, FALSE, "x == 2"),
        (first + 2, STATEMENT, "return 20"),
        (first + 3, STATEMENT, "return x > 5 ? 30 : 40"),
        (first + 3, TRUE, "x > 5"),
        (first + 3, FALSE, "x > 5"),
    ]


def test_loops_have_two_outcomes_unless_they_have_no_condition(small):
    found = of(small, "Small.loops")
    assert [(kind, code) for _, kind, code in found if kind != STATEMENT] == [
        (TRUE, "i < n"), (FALSE, "i < n"),
        (TRUE, "n != 0"), (FALSE, "n != 0"),
        (TRUE, "++sum > 3"), (FALSE, "++sum > 3"),
        (TRUE, "sum < 9"), (FALSE, "sum < 9"),
    ]  # fmt: skip
    assert [code for _, kind, code in found if kind == STATEMENT and "\n" not in code] == [
        "for (uint256 i = 0; i < n; ++i) sum += i", "sum += i",
        "while (n != 0) --n", "--n",
        "for (;;) {", "if (++sum > 3) break", "break",
        "do ++sum; while (sum < 9);", "++sum",
    ]  # fmt: skip


def test_clauses_of_a_try_count_even_where_they_are_empty(small):
    branches = [(kind, code) for _, kind, code in of(small, "Small.tries") if kind != STATEMENT]
    assert branches == [
        (RAN, "other.ask(1)"), (CAUGHT, "catch Error(string memory)"), (CAUGHT, "catch"),
    ]  # fmt: skip


def test_modifiers_free_functions_and_requirements_are_marked(small):
    assert [code for _, kind, code in of(small, "Small.once") if kind == STATEMENT] == [
        "if (_n == 0) revert()", "revert()", "_", "--_n",
    ]  # fmt: skip
    assert [kind for _, kind, _ in of(small, "add")] == [STATEMENT]
    assert [(kind, code) for _, kind, code in of(small, "Small.demands")][1:] == [
        (TRUE, "x < 3 && x != 1"), (FALSE, "x < 3 && x != 1"), (TRUE, "x > 5"), (FALSE, "x > 5"),
    ]  # fmt: skip
    assert of(small, "Small.nothing") == []


def test_assembly_is_marked_by_statement_unless_it_ends_the_call(small):
    codes = [code for _, _, code in of(small, "Small.low")]
    assert codes[0].startswith("assembly")
    assert {"break", "y := 2", "mstore(0, x)", "y := add(y, 1)", "if eq(y, 7) { break }"} <= {*codes}
    assert [code for _, _, code in of(small, "Small.ends")] == ['assembly ("memory-safe") {']


def test_a_source_without_statements_stays_as_it_is():
    text = SOURCE[: SOURCE.index("type Money")]
    tree = solc({"I.sol": text}, {"": ["ast"]})["sources"]["I.sol"]["ast"]
    assert marked("I.sol", text, tree) == Marked(text, {})


def test_the_marks_library_calls_what_anvil_prints():
    assert CONSOLE.lower().lstrip("0x") in LIBRARY.lower()
    assert call(3)["data"][:10] == "0xf82c50f1"
    assert "0xf82c50f1" in LIBRARY


# ---------------------------------------------------------------- what is heard


def test_marks_belong_to_the_moment_before_them_however_the_text_is_cut():
    printed = (
        f"eth_call\n  5\n{SWITCH + 1}\n  7\n  8\n  7\n\n    Block Number: 9\n{SWITCH}\n5\n{SWITCH + 1}\n9\n".encode()
    )
    for size in (1, 3, 1000):
        listener = Listener()
        for n in range(0, len(printed), size):
            listener.hear(printed[n : n + size])
        assert dict(listener.passed) == {0: {5}, 1: {7, 8, 9}}


def test_the_last_line_is_heard_before_listening_ends():
    listener = Listener()
    with listening(listener) as output:
        subprocess.run(["printf", "1\\n2\\n"], stdout=output, check=True)
    assert listener.passed[0] == {1, 2}


def test_what_a_shared_fixture_does_belongs_to_every_test_that_uses_it():
    listener = Listener()
    listener.hear(f"{SWITCH + 1}\n1\n{SWITCH + 2}\n2\n{SWITCH + 3}\n3\n".encode())
    notes = {
        "moments": {"a": 1, "::system": 2, "b": 3},
        "tests": {"a": {"moment": 1, "shared": ["::system"]}, "b": {"moment": 3, "shared": ["::system", "::never"]}},
        "seconds": {}, "outcomes": {},
    }  # fmt: skip
    assert told(notes, listener).tests == {"a": {1, 2}, "b": {2, 3}}


def test_a_later_run_of_a_module_replaces_the_earlier_one():
    earlier = Ran({"a.py::one": {1}, "a.py::gone": {2}, "b.py::one": {3}}, {"a.py": 1.0}, {"a.py::gone": "failed"})
    later = Ran({"a.py::one": {4}}, {"a.py": 2.0}, {"a.py::one": "passed"})
    both = earlier.added(later)
    assert both == Ran({"a.py::one": {4}, "b.py::one": {3}}, {"a.py": 2.0}, {"a.py::one": "passed"})
    assert Ran.from_json(json.loads(json.dumps(both.to_json()))) == both


# ---------------------------------------------------------------- what is compared

PLACES = {
    0: Place("c/A.sol", 3, "A.f", STATEMENT, "if (x) revert();", 0),
    1: Place("c/A.sol", 3, "A.f", TRUE, "x", 0, shown=3),
    2: Place("c/A.sol", 3, "A.f", FALSE, "x", 0),
    3: Place("c/A.sol", 3, "A.f", STATEMENT, "revert()", 3),
    4: Place("c/A.sol", 4, "A.f", STATEMENT, "return y", 4),
    5: Place("c/B.sol", 9, "B.g", STATEMENT, "return z ? 1 : 2", 5),
    6: Place("c/B.sol", 9, "B.g", TRUE, "z", 5),
    7: Place("c/B.sol", 9, "B.g", FALSE, "z", 5),
}


def test_a_line_is_reached_when_all_its_statements_ran():
    assert figures(PLACES, {0, 2, 4}) == {
        "c/A.sol": Figures(2, 1, 2, 1), "c/B.sol": Figures(1, 0, 2, 0), "total": Figures(3, 1, 4, 1),
    }  # fmt: skip
    assert figures(PLACES, {0, 1, 2, 3, 4, 5, 6})["total"] == Figures(3, 3, 4, 3)


def test_branches_that_follow_from_a_statement_are_not_listed_again():
    assert left(PLACES, {0, 2, 4}) == [PLACES[3], PLACES[5]]
    assert left(PLACES, {0, 1, 3, 5, 6}) == [PLACES[2], PLACES[4], PLACES[7]]


def test_a_place_without_a_reason_and_a_reason_without_a_place_are_told():
    known = {
        PlaceKey("c/A.sol", "A.f", "revert()", STATEMENT): ("It cannot be.", 1),
        PlaceKey("c/B.sol", "B.g", "z", FALSE): ("z is never false.", 1),
    }
    verdict = judged(left(PLACES, {0, 2, 4, 5, 6, 7}), known)
    assert (verdict.new, verdict.vanished) == ([], [PlaceKey("c/B.sol", "B.g", "z", FALSE)])
    verdict = judged(left(PLACES, {0, 2, 5, 6}), known)
    assert (verdict.new, verdict.vanished) == ([PLACES[4]], [])


def test_reasons_are_read_strictly(tmp_path):
    file = tmp_path / "unreached.yaml"
    entry = {"at": "A.f", "code": "revert()", "reason": "It cannot be."}
    file.write_text(json.dumps({"c/A.sol": [entry, entry | {"kind": "true", "times": 2}]}))
    assert reasons(file) == {
        PlaceKey("c/A.sol", "A.f", "revert()", "statement"): ("It cannot be.", 1),
        PlaceKey("c/A.sol", "A.f", "revert()", "true"): ("It cannot be.", 2),
    }
    for wrong in ([entry, entry], [entry | {"line": 3}], [{"at": "A.f", "code": "revert()"}]):
        file.write_text(json.dumps({"c/A.sol": wrong}))
        with pytest.raises(ReasonsError):
            reasons(file)


def test_the_maps_name_modules_by_line_and_by_function():
    tests = {"t/a.py::one": {0, 4}, "t/a.py::two": {0}, "t/b.py::one": {0, 999}}
    assert by_line(PLACES, tests) == {"c/A.sol": {"3": ["t/a.py", "t/b.py"], "4": ["t/a.py"]}}
    assert by_function(PLACES, tests) == {"c/A.sol": {"A.f": ["t/a.py", "t/b.py"]}}


# ---------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("words", "reached", "listed", "code"),
    [
        ([], {0, 1, 2, 3, 4, 5, 6, 7}, [], 0),
        ([], {0, 1, 2, 3, 4, 5, 6}, [("z", "false")], 0),
        ([], {0, 1, 2, 3, 4, 5, 6}, [], 1),  # no reason
        ([], {0, 1, 2, 3, 4, 5, 6, 7}, [("z", "false")], 1),  # no place
        ([], {0, 1, 2, 3, 5, 6, 7}, [("return y", "statement")], 1),  # two lines of three
        (["tests/unit/test_x.py"], {0}, [], 0),
    ],
)
def test_the_command_is_red_for_what_has_no_reason(words, reached, listed, code, monkeypatch, tmp_path):
    entries: dict[str, list[dict[str, str]]] = {}
    for text, kind in listed:
        place = next(each for each in PLACES.values() if (each.code, each.kind) == (text, kind))
        entry = {"at": place.at, "code": text, "kind": kind, "reason": "It cannot be."}
        entries.setdefault(place.file, []).append(entry)
    for name in ("OUT", "REASONS", "SNAPSHOT", "MAP", "PAGE"):
        monkeypatch.setattr(command, name, tmp_path / name)
    (tmp_path / "REASONS").write_text(json.dumps(entries))
    (tmp_path / "PAGE").write_text(f"# Coverage\n\n{HEAD}| old | 1 | 1 | 1 | 1 |\n\nEnd.\n")
    ran = Ran({"t/a.py::one": reached}, {"t/a.py": 1.0}, {"t/a.py::one": "passed"})
    monkeypatch.setattr(command, "measured", lambda *_: (PLACES, ran))
    assert command.main(words) == code
    assert json.loads((tmp_path / "OUT/map.json").read_text())["c/A.sol"]["3"] == ["t/a.py"]
    whole = not words
    assert (tmp_path / "SNAPSHOT").exists() == (tmp_path / "MAP").exists() == whole
    page = (tmp_path / "PAGE").read_text()
    assert ("| old |" not in page and "| c/A.sol | 2 |" in page and "| all | 3 |" in page) == whole
    assert page.endswith("\n\nEnd.\n")
