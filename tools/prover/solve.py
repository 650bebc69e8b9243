"""Answers one question of the prover, an SMT-LIB file: `unsat`, `sat` with the numbers, or `unknown`.

Several solvers look at it, each in a process of its own, and the first answer counts: Bitwuzla at the bit-vectors, Z3
and cvc5 at the same question about whole numbers (`integers.py`). The prover leaves products and quotients open as
functions of any kind; here they are what they are from the start. Runs in the prover's own environment.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tools.prover.integers import Translation
from tools.prover.questions import OTHER, Assignment, SolverQuestion, Term, UnsupportedError

SECONDS = float(os.environ.get("PROVER_SECONDS", "60"))
DEEPEST = 100_000  # terms within terms

# The prover's own meaning of its functions: division by zero is zero.
PRODUCT = (
    re.compile(r"\(declare-fun f_evm_bvmul_(\d+) \(\(_ BitVec \1\) \(_ BitVec \1\)\) \(_ BitVec \1\)\)"),
    r"(define-fun f_evm_bvmul_\1 ((x (_ BitVec \1)) (y (_ BitVec \1))) (_ BitVec \1) (bvmul x y))",
)
QUOTIENT = (
    re.compile(
        r"\(declare-fun f_evm_(bvudiv|bvurem|bvsdiv|bvsrem)_(\d+) "
        r"\(\(_ BitVec \2\) \(_ BitVec \2\)\) \(_ BitVec \2\)\)"
    ),
    (
        r"(define-fun f_evm_\1_\2 ((x (_ BitVec \2)) (y (_ BitVec \2))) (_ BitVec \2) "
        r"(ite (= y (_ bv0 \2)) (_ bv0 \2) (\1 x y)))"
    ),
)


def defined(text: str) -> str:
    """The question with every product and quotient defined."""
    for pattern, meaning in (PRODUCT, QUOTIENT):
        text = pattern.sub(meaning, text)
    return text


def by_bits(text: str) -> str:
    """Bitwuzla's answer."""
    import bitwuzla

    with tempfile.TemporaryDirectory() as folder:
        path, answer = Path(folder) / "question.smt2", Path(folder) / "answer"
        path.write_text(defined(text))
        # The parser prints what the file asks for.
        with answer.open("w") as out:
            os.dup2(out.fileno(), 1)
            manager, options = bitwuzla.TermManager(), bitwuzla.Options()
            options.set(bitwuzla.Option.PRODUCE_MODELS, True)
            bitwuzla.Parser(manager, options).parse(str(path))
        return answer.read_text().strip()


def translated(text: str) -> tuple[SolverQuestion, Translation]:
    """The question, and the same about whole numbers.

    Raises:
        UnsupportedError: it has a command that is not known.
    """
    sys.setrecursionlimit(DEEPEST)
    question = SolverQuestion()
    question.read(text)
    return question, Translation(question)


def by_z3(text: str) -> str:
    """Z3's answer about whole numbers. What it finds counts if it fulfils the question as it stands."""
    import z3

    question, translation = translated(text)
    solver = z3.Solver()
    solver.set(timeout=int(SECONDS * 1000))
    solver.from_string(translation.text())
    answer = solver.check()
    if answer != z3.sat:
        return "unsat" if answer == z3.unsat else "unknown"
    found = {str(each): solver.model()[each] for each in solver.model().decls()}
    integers = {name: value.as_long() for name, value in found.items() if z3.is_int_value(value)}
    values = translation.variables(integers)
    return model(question, values) if fulfils(question, values) else "unknown"


def fulfils(question: SolverQuestion, values: dict[str, int]) -> bool:
    """Whether all conditions hold but those that name an array."""
    known = Assignment(values)
    return all(known.of(each) for each in question.conditions if not _names_array(each))


def _names_array(condition: Term) -> bool:
    return condition.op == "=" and condition.args[0].op == "variable" and condition.args[0].bits == OTHER


def model(question: SolverQuestion, values: dict[str, int]) -> str:
    """`sat`, and bits and value of every variable, as solvers write it."""
    lines = [
        f"  (define-fun |{name}| () (_ BitVec {bits}) (_ bv{values.get(name, 0)} {bits}))"
        for name, bits in question.variables.items()
        if bits > 0
    ]
    return "\n".join(["sat", "(", *lines, ")"])


def by_cvc5(text: str) -> str:
    """The answer of cvc5 about whole numbers."""
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("nl-ext-tplanes", "true")
    parser = cvc5.InputParser(solver)
    facts = translated(text)[1].text().replace("(get-model)", "")
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, facts, "question")
    symbols, answer = parser.getSymbolManager(), "unknown"
    while not (command := parser.nextCommand()).isNull():
        answer = command.invoke(solver, symbols).strip() or answer
    return "unsat" if answer == "unsat" else "unknown"


WAYS: dict[str, Callable[[str], str]] = {"z3": by_z3, "bits": by_bits, "cvc5": by_cvc5}


def _run(way: Callable[[str], str], text: str, out: Connection) -> None:
    # One that fails has no answer; the others may have one.
    with contextlib.suppress(UnsupportedError) if os.environ.get("PROVER_LOG") else contextlib.suppress(Exception):
        out.send(way(text))
    out.close()


def answer(text: str, seconds: float) -> tuple[str, str]:
    """The first answer that is not `unknown`, and who gave it."""
    waiting, end = list(WAYS), time.monotonic() + seconds
    running: dict[Connection, str] = {}
    patience = iter((0.8, 3.0))
    processes: list[Process] = []
    try:
        while (waiting or running) and (left := end - time.monotonic()) > 0:
            # The next one starts when there is room, or when the others take long.
            if waiting:
                receive, send = Pipe(duplex=False)
                processes.append(Process(target=_run, args=(WAYS[waiting[0]], text, send), daemon=True))
                processes[-1].start()
                send.close()
                running[receive] = waiting.pop(0)
            ready = wait(list(running), timeout=min(left, next(patience, left)) if waiting else left)
            for one in [each for each in running if each in ready]:
                name = running.pop(one)
                with contextlib.suppress(EOFError):
                    said: str = one.recv()
                    if said.startswith(("unsat", "sat")):
                        return said, name
        return "unknown", "none"
    finally:
        for process in processes:
            process.kill()


def main(path: str) -> int:
    """Prints the answer; `PROVER_LOG` names a file that is told who gave it."""
    begin = time.monotonic()
    said, who = answer(Path(path).read_text(), SECONDS)
    print(said)
    if log := os.environ.get("PROVER_LOG"):
        with Path(log).open("a") as out:
            out.write(f"{time.monotonic() - begin:7.2f} {who:7} {said.splitlines()[0]:7} {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
