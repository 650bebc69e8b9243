"""The questions of `make prove` as questions about whole numbers: nothing that can be is left out.

A proof is as good as its translation. Where numbers fulfil a question of bit-vectors, they fulfil the translated one:
so a translated question that no numbers fulfil is proof that none fulfil the first. `make prove` compares the same
samples with Z3.
"""

from __future__ import annotations

import re
import sys

import pytest

from tools.proofs_page import PAGE
from tools.prove import PROOFS, outcomes, properties
from tools.prover.integers import Translation
from tools.prover.questions import Assignment, SolverQuestion, UnsupportedError
from tools.prover.samples import RandomQuestion

SAMPLES = 300

sys.setrecursionlimit(20_000)


def asked(text: str) -> SolverQuestion:
    question = SolverQuestion()
    question.read(text)
    return question


def test_numbers_that_fulfil_a_question_fulfil_the_translated_one():
    for seed in range(SAMPLES):
        sample = RandomQuestion(seed)
        question = asked(sample.text)
        translation = Translation(question)
        assert translation.holds(sample.values), f"seed {seed}"
        known, values = translation.values(sample.values), Assignment(sample.values)
        for term in {arg for each in question.conditions for arg in each.args if arg.bits > 0}:
            number = translation.number(term)
            total = sum(factor * (known[name] if name else 1) for name, factor in number.parts)
            assert number.low <= total <= number.high, f"seed {seed}"
            assert total == values.of(term), f"seed {seed}: {term.op}"


def test_numbers_that_break_a_condition_break_the_translated_question():
    for seed in range(SAMPLES // 4):
        sample = RandomQuestion(seed)
        lines = list(sample.lines)
        last = lines[-1].removeprefix("(assert ").removesuffix(")")
        question = asked("\n".join([*lines[:-1], f"(assert (not {last}))"]))
        assert not Assignment(sample.values).of(question.conditions[-1])
        assert not Translation(question).holds(sample.values), f"seed {seed}"


@pytest.mark.parametrize(
    ("conditions", "term", "values", "result"),
    [
        (["(bvule x (_ bv8 8))", "(bvule (_ bv8 8) y)"], "(bvudiv x y)", (8, 8), 1),
        (["(bvule x (_ bv8 8))", "(bvule (_ bv8 8) y)"], "(bvurem x y)", (8, 8), 0),
        (["(bvule x (_ bv7 8))"], "(bvor (bvshl y (_ bv3 8)) x)", (7, 33), 15),
        (["(bvule x (_ bv1 8))"], "(bvxor y (bvmul (bvxor x y) x))", (1, 77), 1),
        ([], "(bvadd x (_ bv255 8))", (0, 0), 255),
        ([], "(bvmul x (_ bv128 8))", (3, 0), 128),
    ],
)
def test_terms_at_the_edge_of_a_rule(conditions, term, values, result):
    given = dict(zip(("x", "y"), values, strict=True))
    question = asked(
        "(declare-fun x () (_ BitVec 8)) (declare-fun y () (_ BitVec 8))"
        + "".join(f"(assert {each})" for each in [*conditions, f"(= {term} (_ bv{result} 8))"])
    )
    assert all(Assignment(given).of(each) for each in question.conditions)
    assert Translation(question).holds(given)


@pytest.mark.parametrize(
    "term",
    [
        "(bvxor x y)", "(bvand x y)", "(bvor x y)", "(bvshl x y)", "(bvlshr x y)", "(bvashr x (_ bv1 8))",
        "(bvsdiv x y)", "(bvsrem x y)", "(bvsmod x y)", "((_ sign_extend 0) x)", "((_ rotate_left 1) x)",
        "(bvnand x y)", "(bvxor x (bvmul (bvxor x y) y))", "(bvor (bvshl x (_ bv3 8)) (bvand y (_ bv8 8)))",
        "(f x)", "(select a y)", "((_ repeat 1) x)",
    ],
)  # fmt: skip
def test_an_operator_without_a_form_leaves_the_question_open(term):
    # No number is less than itself; but nothing is said about such a term, so this proves nothing.
    text = f"""
        (declare-fun x () (_ BitVec 8)) (declare-fun y () (_ BitVec 8))
        (declare-fun a () (Array (_ BitVec 8) (_ BitVec 8)))
        (declare-fun f ((_ BitVec 8)) (_ BitVec 8))
        (assert (bvult {term} {term}))
    """
    translation = Translation(asked(text))
    assert translation.left_out == 1
    assert translation.holds({"x": 1, "y": 2})


@pytest.mark.parametrize("condition", ["(bvsle x y)", "(bvslt x y)", "(p x)", "(bvumul_noovfl x y)"])
def test_a_condition_without_a_form_leaves_the_question_open(condition):
    text = f"""
        (declare-fun x () (_ BitVec 8)) (declare-fun y () (_ BitVec 8)) (declare-fun p ((_ BitVec 8)) Bool)
        (assert {condition}) (assert (not {condition}))
    """
    translation = Translation(asked(text))
    assert translation.left_out == 2
    assert translation.holds({"x": 1, "y": 2})


@pytest.mark.parametrize("command", ["(define-fun f () Bool true)", "(push 1)", "(check-sat-assuming (x))"])
def test_a_command_that_is_not_known_leaves_the_question_open(command):
    with pytest.raises(UnsupportedError):
        asked(command)


def test_the_page_says_what_the_sources_say():
    known = {(each.title, each.notice, each.bound) for each in properties(PROOFS) if not each.slow and not each.refuted}
    rows = re.findall(r"^\| `(.*?)` \| (.*?) \| (.*?) \| (?:under 1|\d+) \|$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == known


def test_a_property_that_did_not_run_or_was_cut_off_is_not_proved():
    some = [each for each in properties(PROOFS) if not each.refuted][:3]
    answer = {"exitcode": 0, "num_bounded_loops": 0, "time": [1.0], "num_paths": [1]}
    said = {some[0].title: answer, some[1].title: {**answer, "num_bounded_loops": 1}}
    assert [each.good for each in outcomes(some, said)] == [True, False, False]
    for code in range(1, 7):
        assert not outcomes(some, {some[0].title: {**answer, "exitcode": code}})[0].good


def test_what_has_to_be_refuted_is_not_good_when_it_is_proved_or_open():
    wrong = next(each for each in properties(PROOFS) if each.refuted)
    answer = {"num_bounded_loops": 0, "time": [1.0], "num_paths": [1]}
    verdicts = [outcomes([wrong], {wrong.title: {**answer, "exitcode": code}})[0].good for code in range(6)]
    assert verdicts == [False, True, False, False, False, False]
