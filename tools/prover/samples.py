"""Random questions with an answer: SMT-LIB text, and numbers with which every condition in it holds.

Built from the operators that `integers.py` translates. For tests: what the text says about these numbers is compared
with what `questions.py`, `integers.py` and Z3 make of it.
"""

from __future__ import annotations

from random import Random

from tools.prover.questions import Assignment, SolverQuestion, Term

WIDTHS = (1, 2, 5, 8, 16, 64, 256)
STEPS = 14
LONGEST = 4000  # characters of a term

COMPARISONS = ("=", "distinct", "bvule", "bvult", "bvuge", "bvugt")
BINARY = ("bvadd", "bvsub", "bvmul", "bvudiv", "bvurem", "f_evm_bvmul", "f_evm_bvudiv", "f_evm_bvurem")


class RandomQuestion:
    """`text` is the question, `values` are numbers for its variables. `terms` are in it."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.values: dict[str, int] = {}
        self.lines = ["(set-logic QF_AUFBV)"]
        self._question = SolverQuestion()
        self._pool: list[tuple[str, int]] = []
        self._lets = 0
        for op in ("bvmul", "bvudiv", "bvurem"):
            for bits in WIDTHS:
                sort = f"(_ BitVec {bits})"
                self._declare(f"(declare-fun f_evm_{op}_{bits} ({sort} {sort}) {sort})")
        self._bits = self._random.choice(WIDTHS)
        for name in ("v0", "v1", "v2"):
            self._variable(name, self._bits)
        self._variable("v3", self._random.choice(WIDTHS))
        for _ in range(STEPS):
            text, bits = self._term()
            if len(text) < LONGEST:
                self._pool.append((text, bits))
        for text, bits in self._pool:
            self._demand(f"(= {text} {_constant(self.value(text), bits)})" if self._one_in(3) else self._compared())
        self.terms = [text for text, _ in self._pool]

    @property
    def text(self) -> str:
        """The question."""
        return "\n".join([*self.lines, "(check-sat)", "(get-model)", ""])

    def _declare(self, line: str) -> None:
        self.lines.append(line)
        self._question.read(line)

    def _demand(self, condition: str) -> None:
        """Adds the condition, or its contrary where that is true."""
        term = self._read(condition)
        holds = Assignment(self.values).of(term)
        self.lines.append(f"(assert {condition if holds else f'(not {condition})'})")

    def _read(self, condition: str) -> Term:
        self._question.read(f"(assert {condition})")
        return self._question.conditions.pop()

    def value(self, text: str) -> int:
        """The value of a term."""
        return Assignment(self.values).of(self._read(f"(= {text} {text})").args[0])

    def _one_in(self, times: int) -> bool:
        return self._random.randrange(times) == 0

    def _variable(self, name: str, bits: int) -> None:
        """A variable with a value, and sometimes what the prover says about its range."""
        random = self._random
        room = random.choice((bits, random.randrange(bits + 1)))
        value = random.choice((0, 1, 2**room - 1, random.randrange(2**room), random.randrange(2**room)))
        self.values[name] = value
        self._pool.append((name, bits))
        self._declare(f"(declare-fun {name} () (_ BitVec {bits}))")
        kept = max(value.bit_length(), 1)
        most = _constant(random.randrange(value, 2**bits), bits)
        match random.randrange(6):
            case 0:
                self._demand(f"(bvule {name} {most})")
            case 1:
                self._demand(f"(not (bvult {most} {name}))")
            case 2 if kept < bits:
                self._demand(f"(= ((_ extract {bits - 1} {kept}) {name}) {_constant(0, bits - kept)})")
                self._demand(f"(bvule ((_ extract {kept - 1} 0) {name}) {_constant(2**kept - 1, kept)})")
            case 3 if kept < bits:
                self._demand(f"(= {name} (concat {_constant(0, bits - kept)} ((_ extract {kept - 1} 0) {name})))")
            case 4:
                by = random.randrange(1, 2**bits)
                self._demand(f"(= (f_evm_bvudiv_{bits} {name} {_constant(by, bits)}) {_constant(value // by, bits)})")

    def _some(self, bits: int = 0) -> tuple[str, int]:
        fitting = [each for each in self._pool if not bits or each[1] == bits]
        if fitting and not self._one_in(6):
            return self._random.choice(fitting)
        bits = bits or self._random.choice(WIDTHS)
        return _constant(self._random.choice((0, 1, 2**bits - 1, self._random.randrange(2**bits))), bits), bits

    def _compared(self) -> str:
        a, bits = self._some()
        condition = f"({self._random.choice(COMPARISONS)} {a} {self._some(bits)[0]})"
        match self._random.randrange(6):
            case 0:
                return f"(not {condition})"
            case 1 if len(condition) < LONGEST:
                op = self._random.choice(("and", "or", "xor", "=>", "="))
                return f"({op} {condition} {self._compared()})"
            case 2 if len(condition) < LONGEST:
                return f"(ite {condition} {self._compared()} {self._compared()})"
        return condition

    def _term(self) -> tuple[str, int]:
        a, bits = self._some()
        b = self._some(bits)[0]
        random = self._random
        match random.randrange(14):
            case 0:
                return f"(bvnot {a})", bits
            case 1:
                return f"(bvneg {a})", bits
            case 2:
                return f"(ite {self._compared()} {a} {b})", bits
            case 3:
                other, more = self._some()
                return f"(concat {a} {other})", bits + more
            case 4:
                low = random.randrange(bits)
                high = random.randrange(low, bits)
                return f"((_ extract {high} {low}) {a})", high - low + 1
            case 5:
                more = random.randrange(1, 9)
                return f"((_ zero_extend {more}) {a})", bits + more
            case 6:
                shift = random.choice((random.randrange(bits + 2), random.randrange(2**bits))) % 2**bits
                return f"({random.choice(('bvshl', 'bvlshr'))} {a} {_constant(shift, bits)})", bits
            case 7:
                mask = _constant(random.choice((random.randrange(2**bits), 2 ** random.randrange(bits) - 1)), bits)
                return random.choice((f"(bvand {a} {mask})", f"(bvand {mask} {a})")), bits
            case 8 if bits > 1:
                # One has the upper bits, one the lower ones.
                cut = random.randrange(1, bits)
                upper = f"(concat ((_ extract {bits - cut - 1} 0) {a}) {_constant(0, cut)})"
                lower = f"(concat {_constant(0, bits - cut)} ((_ extract {cut - 1} 0) {b}))"
                return f"(bvor {upper} {lower})" if self._one_in(2) else f"(bvor {lower} {upper})", bits
            case 9:
                # How libraries choose without a jump.
                bit = f"(ite {self._compared()} {_constant(1, bits)} {_constant(0, bits)})"
                multiply = f"f_evm_bvmul_{bits}" if bits in WIDTHS else "bvmul"
                return f"(bvxor {b} ({multiply} (bvxor {a} {b}) {bit}))", bits
            case 10:
                self._lets += 1
                name = f"?x{self._lets % 3}"  # names come again
                return f"(let (({name} {a})) (bvadd {name} (bvmul {name} {b})))", bits
            case 11 | 12:
                # A product that does not wrap, over one of its factors or over another number.
                more = self._bits + 8
                x, y, z = (f"((_ zero_extend {more}) {name})" for name in ("v0", "v1", "v2"))
                op = random.choice(("bvudiv", "bvurem"))
                return f"({op} (bvmul {x} {y}) {random.choice((x, y, z, z))})", self._bits + more
        op = random.choice(BINARY)
        if op.startswith("f_evm"):
            op = f"{op}_{bits}" if bits in WIDTHS else "bvmul"
        return f"({op} {a} {b})", bits


def _constant(value: int, bits: int) -> str:
    return f"(_ bv{value} {bits})"
