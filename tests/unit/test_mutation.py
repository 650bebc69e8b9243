"""The generator of mutants: what it finds in a syntax tree, what a seed draws, and how outcomes are counted.

No chain: `make mutants SEED=…` is the command itself.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ssi.build import ROOT
from tools.mutation.choice import Choice, on_chain
from tools.mutation.choice import choice as of_repository
from tools.mutation.operators import OPERATORS, Mutation, function_names, mutants
from tools.mutation.page import PAGE, SNAPSHOT, figures, percent, refreshed
from tools.mutation.records import (
    ALIVE,
    FAILED,
    INVALID,
    KILLED,
    SAME,
    TIMEOUT,
    Ending,
    EquivalentError,
    Log,
    diff,
    equivalents,
    score,
    survivors,
)
from tools.mutation.sample import draw, shares

SOURCE = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

library Math {
    enum Rounding { Floor, Ceil }
    function mulDiv(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) { return a * b / c; }
    function mulDiv(uint256 a, uint256 b, uint256 c, Rounding) internal pure returns (uint256) { return a * b / c; }
}

contract Till {
    event Paid(address who, uint256 amount, bool last);
    error Short(uint256 held, uint256 wanted);
    uint256 private constant LIMIT = 10 days;
    uint256 private constant EURO = 1e18; // é: offsets count bytes
    bool private _open = true;
    uint256[3] private _sums;

    modifier once() { _; }

    function partUp(uint256 a) public pure returns (uint256) { return a; }
    function partDown(uint256 a) public pure returns (uint256) { return a; }

    function pay(address to, uint256 amount, uint256 held) external once {
        if (held < amount) revert Short(held, amount);
        if (!_open || amount > LIMIT && held == 0) { delete _sums; }
        for (uint256 i = 0; i < 3; ++i) { _sums[i] += partUp(amount); }
        uint256 fee = Math.mulDiv(amount, held, EURO);
        fee = Math.mulDiv(fee, held, EURO, Math.Rounding.Ceil);
        require(fee / 7 > 0);
        assembly { held := add(held, shl(3, amount)) }
        emit Paid(to, amount, true);
    }
}
"""


@pytest.fixture(scope="module")
def tree() -> dict[str, Any]:
    """That of `SOURCE`."""
    question = {
        "language": "Solidity",
        "sources": {"a.sol": {"content": SOURCE}},
        "settings": {"outputSelection": {"*": {"": ["ast"]}}},
    }
    command = ["node", str(ROOT / "tools/solc/solc-v0.8.37"), "--standard-json"]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert not [each for each in answer.get("errors", ()) if each["severity"] == "error"]
    return answer["sources"]["a.sol"]["ast"]


@pytest.fixture(scope="module")
def found(tree: dict[str, Any]) -> list[Mutation]:
    """All mutants of `SOURCE`."""
    return mutants("a.sol", SOURCE.encode(), tree, function_names(tree))


def changes(found: list[Mutation], operator: str) -> set[tuple[str, str]]:
    """What is replaced by what."""
    return {(mutant.old, mutant.new) for mutant in found if mutant.operator == operator}


# ---------------------------------------------------------------- operators


@pytest.mark.parametrize(
    ("operator", "old", "new"),
    [
        ("relational", "held < amount", "held <= amount"),
        ("relational", "held < amount", "held >= amount"),
        ("relational", "held == 0", "held != 0"),
        ("logical", "!_open", "_open"),
        ("logical", "amount > LIMIT && held == 0", "amount > LIMIT || held == 0"),
        ("arithmetic", "_sums[i] += partUp(amount)", "_sums[i] -= partUp(amount)"),
        ("arithmetic", "++i", "--i"),
        ("arithmetic", "add(held, shl(3, amount))", "sub(held, shl(3, amount))"),
        ("constant", "10 days", "(10 days + 1)"),
        ("constant", "1e18", "(1e18 - 1)"),
        ("constant", "7", "8"),
        ("constant", "3", "4"),
        ("constant", "true", "false"),
        ("statement", "delete _sums;", "{}"),
        ("statement", "_sums[i] += partUp(amount);", "{}"),
        ("statement", "if (!_open || amount > LIMIT && held == 0) { delete _sums; }", "{}"),
        ("statement", "held := add(held, shl(3, amount))", ""),
        ("modifier", "once", ""),
        ("arguments", "Short(held, amount)", "Short(amount, held)"),
        ("arguments", "Math.mulDiv(amount, held, EURO)", "Math.mulDiv(held, amount, EURO)"),
        ("event", "emit Paid(to, amount, true);", "{}"),
        ("event", "to", "address(this)"),
        ("event", "amount", "(amount) + 1"),
        ("event", "true", "!(true)"),
        ("rounding", "Math.mulDiv(amount, held, EURO)", "Math.mulDiv(amount, held, EURO, Math.Rounding.Ceil)"),
        ("rounding", "Math.Rounding.Ceil", "Math.Rounding.Floor"),
        ("rounding", "partUp", "partDown"),
        ("rounding", "fee / 7", "(((fee) + (7) - 1) / (7))"),
        ("require", "if (held < amount) revert Short(held, amount);", "{}"),
        ("require", "require(fee / 7 > 0);", "{}"),
    ],
)
def test_an_operator_finds(found, operator, old, new):
    assert (old, new) in changes(found, operator)


def test_every_operator_of_the_list_finds_something(found):
    assert {mutant.operator for mutant in found} == set(OPERATORS)


def test_a_check_is_deleted_once(found):
    """Without the revert of a check, or without the check, it is the same mutant."""
    assert not [mutant for mutant in found if mutant.old.startswith("revert Short")]


def test_lengths_of_types_are_left_alone(found):
    line = SOURCE[: SOURCE.index("uint256[3]")].count("\n") + 1
    assert not [mutant for mutant in found if mutant.line == line]


def test_a_mutant_replaces_exactly_what_it_says(found):
    """Also behind a letter of two bytes."""
    text = SOURCE.encode()
    for mutant in found:
        changed = mutant.applied(text).decode()
        assert text[mutant.start : mutant.end].decode() == mutant.old != mutant.new
        assert changed == SOURCE.encode()[: mutant.start].decode() + mutant.new + text[mutant.end :].decode()


def test_most_mutants_compile(found):
    """A type that does not fit may be refused; most of what is drawn must count."""
    question = {
        "language": "Solidity",
        "sources": {
            f"{n}.sol": {"content": mutant.applied(SOURCE.encode()).decode()} for n, mutant in enumerate(found)
        },
        "settings": {"outputSelection": {"*": {"": ["ast"]}}},
    }
    command = ["node", str(ROOT / "tools/solc/solc-v0.8.37"), "--standard-json"]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=True)
    errors = {
        int(each["sourceLocation"]["file"].removesuffix(".sol")): each["message"]
        for each in json.loads(done.stdout).get("errors", ())
        if each["severity"] == "error"
    }
    assert {found[n].new for n in errors} <= {"(10 days - 1)", "(EURO - 1)"}, errors


# ---------------------------------------------------------------- names


def test_a_name_outlives_lines_that_move(tree, found):
    moved = SOURCE.replace("contract Till", "// one line more\ncontract Till").encode()
    question = {
        "language": "Solidity",
        "sources": {"a.sol": {"content": moved.decode()}},
        "settings": {"outputSelection": {"*": {"": ["ast"]}}},
    }
    command = ["node", str(ROOT / "tools/solc/solc-v0.8.37"), "--standard-json"]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, check=True)
    later = mutants("a.sol", moved, json.loads(done.stdout)["sources"]["a.sol"]["ast"], function_names(tree))
    assert [mutant.key for mutant in later] == [mutant.key for mutant in found]
    assert [mutant.line for mutant in later] != [mutant.line for mutant in found]


def test_names_are_unique(found):
    assert len({mutant.key for mutant in found}) == len(found)


# ---------------------------------------------------------------- sample


def mutant(file: str = "a.sol", line: int = 1, new: str = "b", operator: str = "constant") -> Mutation:
    return Mutation(file, "A.f", operator, "a", new, 1, line, 0, 1)


MANY = [mutant(file, line, new) for file, lines in (("a.sol", 90), ("b.sol", 9), ("c.sol", 1))
        for line in range(lines) for new in (f"{line}x", f"{line}y", f"{line}z")]  # fmt: skip


def test_a_seed_draws_the_same_and_another_seed_does_not():
    assert draw(MANY, "1", 50) == draw(list(reversed(list(reversed(MANY)))), "1", 50) != draw(MANY, "2", 50)


def test_files_are_drawn_by_their_lines():
    drawn = Counter(each.file for each in draw(MANY, "1", 50))
    assert drawn == {"a.sol": 45, "b.sol": 5} or drawn == {"a.sol": 45, "b.sol": 4, "c.sol": 1}
    assert sum(drawn.values()) == 50 == len({each.key for each in draw(MANY, "1", 50)})


def test_a_line_has_no_second_mutant_before_each_has_one():
    lines = Counter(each.line for each in draw(MANY, "1", 100) if each.file == "a.sol")
    assert set(lines.values()) == {1}
    assert len(lines) == 90


def test_shares_add_up():
    for count in range(20):
        assert sum(shares({"a": 7, "b": 5, "c": 1}, count).values()) == count


# ---------------------------------------------------------------- outcomes


def test_a_log_goes_on_where_it_was_stopped(tmp_path):
    log = Log(tmp_path / "1.jsonl")
    log.note(Ending("k", KILLED, "test: red"))
    log.note(Ending("f", FAILED))
    log.note_green("tests/unit/test_a.py", 3.14)
    with log.path.open("a") as file:
        file.write('{"key": "cut of')
    again = Log(log.path)
    assert again.outcomes == {"k": Ending("k", KILLED, "test: red")}
    assert again.seconds == {"tests/unit/test_a.py": 3.1}


def test_a_later_outcome_replaces_an_earlier_one(tmp_path):
    log = Log(tmp_path / "1.jsonl")
    log.note(Ending("k", ALIVE, green=("tests/unit/test_a.py",)))
    log.note(Ending("k", KILLED, "test: red"))
    assert Log(log.path).outcomes["k"].result == KILLED


def test_the_score_leaves_out_what_no_test_can_notice():
    results = [KILLED, KILLED, TIMEOUT, ALIVE, ALIVE, SAME, INVALID]
    sample = [mutant(new=str(n)) for n in range(8)]  # the last has not run
    outcomes = {each.key: Ending(each.key, result) for each, result in zip(sample, results, strict=False)}
    excused = [sample[3].key, sample[0].key]  # the second one is killed all the same
    counts = score(sample, outcomes, excused)
    assert (counts.drawn, counts.ran, counts.noticed, counts.counted, counts.equivalent) == (8, 7, 3, 4, 1)
    assert counts.percent == 75
    assert survivors(sample, outcomes, excused) == [sample[4]]


def test_nothing_that_ran_is_no_success():
    assert score([mutant()], {}, []).percent == 0


def test_a_survivor_is_shown_as_a_difference():
    shown = diff(Mutation("a.sol", "A.f", "constant", "7", "8", 1, 2, 6, 7), b"one\nab7c\nthree\n")
    assert "-ab7c\n+ab8c\n" in shown


# ---------------------------------------------------------------- equivalents


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "equivalent.yaml"
    path.write_text(text)
    return path


ENTRY = "a.sol:\n- {in: A.f, operator: constant, old: a, new: b, reason: why}\n"


def test_an_equivalent_is_found_by_what_it_says(tmp_path):
    assert [each.key for each in equivalents(written(tmp_path, ENTRY))] == [mutant().key]


def test_an_equivalent_needs_a_reason(tmp_path):
    with pytest.raises(EquivalentError, match="without a reason"):
        equivalents(written(tmp_path, ENTRY.replace("why", "''")))


def test_an_equivalent_is_said_once(tmp_path):
    with pytest.raises(EquivalentError, match="twice"):
        equivalents(written(tmp_path, ENTRY + ENTRY.partition("\n")[2]))


def test_equivalents_of_the_repository_stand_in_the_sources():
    for each in equivalents():
        assert each.operator in OPERATORS, each
        assert each.old in (ROOT / each.file).read_text(), each


# ---------------------------------------------------------------- which tests


def test_every_contract_has_tests_that_exist():
    chosen = of_repository(ROOT)
    for path in (ROOT / "contracts").rglob("*.sol"):
        if "mocks" not in path.parts:
            modules = Choice.near(chosen, mutant(path.relative_to(ROOT).as_posix()))
            assert modules, path
            assert set(modules) <= set(on_chain(ROOT)), path


def test_the_longest_beginning_decides():
    chosen = Choice({"contracts/": ["a"], "contracts/x/": ["b"]}, ["a", "b", "c"])
    assert chosen.near(mutant("contracts/x/y.sol")) == ["b"]
    assert chosen.rest(mutant("contracts/x/y.sol"), {"c": 1.0, "a": 2.0}) == ["c", "a"]


def test_a_map_of_coverage_goes_before_the_table():
    chosen = Choice(
        {"contracts/": ["a", "b"]}, ["a", "b", "c", "d"], {"contracts/y.sol": {"1": ["d", "c", "b", "gone"]}}
    )
    assert chosen.near(mutant("contracts/y.sol"), {"c": 1.0, "d": 2.0}) == ["b", "c", "d"]
    assert chosen.near(mutant("contracts/y.sol", line=2)) == ["a", "b"]


# ---------------------------------------------------------------- page


FIGURES = figures([mutant(new="1"), mutant(new="2")], {mutant(new="1").key: Ending("", KILLED)}, [])


def test_the_page_says_what_was_measured():
    """`make mutants SEED=… ARGS=--write` writes both."""
    seeds = json.loads(SNAPSHOT.read_text())
    assert seeds
    assert PAGE.read_text() == refreshed(PAGE.read_text(), seeds)


def test_another_figure_is_another_page():
    page = PAGE.read_text()
    assert refreshed(page, {"x": FIGURES}) != refreshed(page, {"x": {**FIGURES, "alive": 1}}) != page


def test_the_score_of_the_page_is_that_of_the_report():
    assert (FIGURES["drawn"], FIGURES["ran"], percent(FIGURES)) == (2, 1, 100)
    assert percent({**FIGURES, "alive": 3}) == 25
