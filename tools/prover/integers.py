"""Bit-vector questions of the prover as questions about whole numbers.

Solvers of bit-vectors answer well for shifts and masks, and hardly ever for products and quotients of 100 bits and
more. Solvers of whole numbers do, if they need not think of a wrap at 2^256 that cannot be. So each term becomes a sum
of atoms with factors, and has a least and a largest value. An atom is a variable of the question, a product, a choice,
or a quotient: a new variable of which is stated what a quotient fulfils. A wrap is such a quotient too, and none where
the range excludes it.

Why `unsat` carries over: where numbers fulfil the question, `Translation.values` gives each atom a value, and with
these every fact holds. Tests see that with random questions and numbers. A condition with an operator that has no form
here is left out: what cannot be without it cannot be with it. It never is the reason of a proof.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from tools.prover.questions import CONDITION, OTHER, SolverQuestion, Term, UnsupportedError

ROUNDS = 4  # over the conditions, for bounds that follow from bounds

Condition = bool | str  # or the name of its definition


class Whole(NamedTuple):
    """The sum of atoms with factors, "" for one; and between which values it is."""

    parts: tuple[tuple[str, int], ...]
    low: int
    high: int


class Atom(NamedTuple):
    """`op` is given, product, choice or floor, of `args`."""

    op: str
    args: tuple[Whole | Condition, ...]
    low: int
    high: int


def constant(value: int) -> Whole:
    """The number itself."""
    return Whole((("", value),) if value else (), value, value)


class Translation:
    """Of one question. `facts` can hold all at once if the question's conditions can."""

    def __init__(self, question: SolverQuestion) -> None:
        self.atoms: dict[str, Atom] = {}
        self.definitions: dict[str, tuple[str, tuple[Whole | Condition, ...]]] = {}
        self.order: list[str] = []  # of both, so that each stands after what it is made of
        self.facts: list[Condition] = []
        self.left_out = 0  # conditions that have no form here
        self._stated: set[Condition] = set()
        self._names: dict[object, str] = {}
        self._numbers: dict[Term, Whole] = {}
        self._conditions: dict[Term, Condition] = {}
        self._learned: dict[Term, tuple[int, int]] = {}
        conditions = _flat(question.conditions)
        for _ in range(ROUNDS):
            for each in conditions:
                self._learn(each, True)
        for each in conditions:
            try:
                self._state(self.condition(each))
            except UnsupportedError:
                self.left_out += 1

    # ------------------------------------------------------------ atoms and definitions

    def _sum(self, *scaled: tuple[Whole, int]) -> Whole:
        """The sum of numbers, each with a factor."""
        parts: dict[str, int] = {}
        low = high = 0
        for number, factor in scaled:
            for name, own in number.parts:
                parts[name] = parts.get(name, 0) + factor * own
            ends = (factor * number.low, factor * number.high)
            low, high = low + min(ends), high + max(ends)
        return self._within(self._spanned(parts), low, high)

    def _spanned(self, parts: dict[str, int]) -> Whole:
        """With the range that follows from the atoms."""
        low = high = 0
        for name, factor in parts.items():
            ends = (factor * self.atoms[name].low, factor * self.atoms[name].high) if name else (factor, factor)
            low, high = low + min(ends), high + max(ends)
        return Whole(tuple(sorted((name, factor) for name, factor in parts.items() if factor)), low, high)

    def _within(self, x: Whole, low: int, high: int) -> Whole:
        """`x`, of which is known that it is not below `low` nor above `high`."""
        low, high = max(x.low, low), min(x.high, high)
        return constant(low) if low == high else Whole(x.parts, low, high)

    def _atom(self, op: str, args: tuple[Whole | Condition, ...], low: int, high: int) -> Whole:
        if low == high:
            return constant(low)
        # Where two numbers have the same parts they are the same, however much is known about their ranges.
        key = (op, *(arg.parts if isinstance(arg, Whole) else arg for arg in args))
        name = self._names.setdefault(key, f"n{len(self.atoms)}")
        if name not in self.atoms:
            self.atoms[name] = Atom(op, args, low, high)
            self.order.append(name)
        return Whole(((name, 1),), self.atoms[name].low, self.atoms[name].high)

    def _define(self, op: str, *args: Whole | Condition) -> Condition:
        key = (op, *(arg.parts if isinstance(arg, Whole) else arg for arg in args))
        name = self._names.setdefault(key, f"c{len(self.definitions)}")
        if name not in self.definitions:
            self.definitions[name] = (op, args)
            self.order.append(name)
        return name

    def _state(self, *conditions: Condition) -> None:
        for each in conditions:
            if each is not True and each not in self._stated:
                self._stated.add(each)
                self.facts.append(each)

    def _at_least(self, a: Whole, b: Whole) -> Condition:
        """Whether `a >= b`."""
        gap = self._sum((a, 1), (b, -1))
        if gap.low >= 0 or gap.high < 0:
            return gap.low >= 0
        return self._define("positive", gap)

    def _equal(self, a: Whole, b: Whole) -> Condition:
        gap = self._sum((a, 1), (b, -1))
        if gap.low > 0 or gap.high < 0 or gap.low == gap.high:
            return gap.low == gap.high == 0
        return self._define("zero", gap)

    def _not(self, a: Condition) -> Condition:
        return not a if isinstance(a, bool) else self._define("not", a)

    def _any(self, *many: Condition) -> Condition:
        left = tuple(each for each in many if each is not False)
        if any(each is True for each in left) or len(left) < 2:
            return left[0] if len(left) == 1 else bool(left)
        return self._define("or", *left)

    def _all(self, *many: Condition) -> Condition:
        return self._not(self._any(*(self._not(each) for each in many)))

    def _same(self, a: Condition, b: Condition) -> Condition:
        if isinstance(a, bool):
            return b if a else self._not(b)
        if isinstance(b, bool):
            return a if b else self._not(a)
        return self._define("same", a, b)

    # ------------------------------------------------------------ arithmetic

    def _choose(self, condition: Condition, yes: Whole, no: Whole) -> Whole:
        if isinstance(condition, bool) or yes.parts == no.parts:
            return no if condition is False else yes
        return self._atom("choice", (condition, yes, no), min(yes.low, no.low), max(yes.high, no.high))

    def _product(self, a: Whole, b: Whole) -> Whole:
        for x, y in ((a, b), (b, a)):
            if x.low == x.high:
                return self._sum((y, x.low))
            atom = self.atoms[x.parts[0][0]] if len(x.parts) == 1 and x.parts[0][0] else None
            if atom and atom.op == "choice" and x.parts[0][1] == 1:
                # A bit times a number: libraries choose by that.
                condition, yes, no = atom.args
                if (yes, no) == (constant(1), constant(0)) and not isinstance(condition, Whole):
                    return self._choose(condition, y, constant(0))
        ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
        return self._atom("product", tuple(sorted((a, b))), min(ends), max(ends))

    def _floor(self, x: Whole, d: int) -> Whole:
        """`x / d`, rounded down. Multiples of `d` come out of it."""
        if x.low // d == x.high // d:
            return constant(x.low // d)
        small = {name: (factor + d // 2) % d - d // 2 for name, factor in x.parts}
        whole = self._spanned({name: (factor - small[name]) // d for name, factor in x.parts})
        rest = self._spanned(small)
        q = self._atom("floor", (rest, constant(d)), rest.low // d, rest.high // d)
        left = self._sum((rest, 1), (q, -d))
        self._state(self._at_least(left, constant(0)), self._at_least(constant(d - 1), left))
        return self._within(self._sum((whole, 1), (q, 1)), x.low // d, x.high // d)

    def _wrap(self, x: Whole, bits: int) -> Whole:
        """`x`, of any size and sign, modulo 2^bits."""
        if x.low >= 0 and x.high < 2**bits:
            return x
        return self._within(self._sum((x, 1), (self._floor(x, 2**bits), -(2**bits))), 0, 2**bits - 1)

    def _bits(self, x: Whole, low: int, count: int) -> Whole:
        """`count` bits of `x` from bit `low` on. Neighbours add up to `x` by themselves."""
        lower = self._floor(x, 2**low)
        if lower.high < 2**count:
            return lower
        upper = self._floor(x, 2 ** (low + count))
        slice_ = self._sum((lower, 1), (upper, -(2**count)))
        if low:
            self._state(self._at_least(slice_, constant(0)), self._at_least(constant(2**count - 1), slice_))
        return self._within(slice_, 0, 2**count - 1)

    def _divided(self, x: Whole, y: Whole) -> tuple[Whole, Whole]:
        """Quotient and remainder. Of use only where `y` is not 0."""
        if y.low == y.high:
            q = self._floor(x, max(y.low, 1))
            return q, self._within(self._sum((x, 1), (q, -y.low)), 0, max(y.low - 1, 0))
        if x.high < y.low:
            return constant(0), x
        if (exact := self._exact(x, y)) is not None:
            return exact, constant(0)
        q = self._atom("floor", (x, y), x.low // max(y.high, 1), x.high // max(y.low, 1))
        turns = self._within(self._product(y, q), 0, x.high)
        rest = self._sum((x, 1), (turns, -1))
        # Where `y` is 0, `turns` is 0 and `rest` is `x`.
        self._state(
            self._at_least(rest, constant(0)),
            self._any(self._equal(y, constant(0)), self._at_least(y, self._sum((rest, 1), (constant(1), 1)))),
        )
        return q, self._within(rest, 0, min(x.high, y.high - 1) if y.low else x.high)

    def _exact(self, x: Whole, y: Whole) -> Whole | None:
        """The other factor, where `x` is a product and `y` one of its factors."""
        if len(x.parts) == 1 and x.parts[0][1] == 1 and x.parts[0][0]:
            atom = self.atoms[x.parts[0][0]]
            if atom.op == "product":
                for a, b in (atom.args, atom.args[::-1]):
                    if isinstance(a, Whole) and isinstance(b, Whole) and a.parts == y.parts:
                        return b
        return None

    def _joined(self, a: Whole, b: Whole) -> Whole:
        """`a | b`, where one is a multiple of a power of two and the other is less than it."""
        for x, y in ((a, b), (b, a)):
            factor = math.gcd(*(own for _, own in x.parts))
            if y.high < factor & -factor or not x.parts:
                return self._sum((x, 1), (y, 1))
        raise UnsupportedError("a union of bits that may overlap")

    def _masked(self, x: Whole, mask: int) -> Whole:
        pieces, low = [], 0
        while mask >> low:
            count = 0
            while mask >> (low + count) & 1:
                count += 1
            if count:
                pieces.append((self._bits(x, low, count), 2**low))
            low += max(count, 1)
        return self._sum(*pieces)

    def _exclusive(self, term: Term) -> Whole:
        """`b ^ ((a ^ b) * n)` where `n` is 0 or 1: how libraries choose between two numbers without a jump."""
        if len(term.args) == 2:
            for b, other in (term.args, term.args[::-1]):
                product = other.args[0] if other.op == "extract" and other.numbers[1] == 0 else other
                if product.op != "bvmul" or len(product.args) != 2:
                    continue
                for wide, switch in (product.args, product.args[::-1]):
                    both, plain = _unpadded(wide), _unpadded(b)
                    two = [_unpadded(arg) for arg in both.args]
                    if both.op != "bvxor" or len(two) != 2 or both.bits > term.bits or plain not in two:
                        continue
                    n = self.number(switch)
                    if n.low < 0 or n.high > 1:
                        continue
                    a = two[1] if two[0] is plain else two[0]
                    return self._choose(self._equal(n, constant(0)), self.number(b), self.number(a))
        raise UnsupportedError("bvxor")

    # ------------------------------------------------------------ terms

    def number(self, term: Term) -> Whole:
        """The term as a number.

        Raises:
            UnsupportedError: it has no form here.
        """
        if term not in self._numbers:
            number = self._number(term)
            if term in self._learned and term.op != "variable":
                low, high = self._learned[term]
                if low > number.low or high < number.high:
                    self._state(self._at_least(number, constant(low)), self._at_least(constant(high), number))
                    number = self._within(number, low, high)
            self._numbers[term] = number
        return self._numbers[term]

    def _number(self, term: Term) -> Whole:
        bits, op = term.bits, term.op
        if bits <= CONDITION or any(arg.bits == OTHER for arg in term.args):
            raise UnsupportedError(op)
        if op == "value":
            return constant(term.numbers[0])
        if op == "variable":
            return self._atom("given", (term.name,), *self._limits(term))
        if op == "ite":
            return self._choose(self.condition(term.args[0]), self.number(term.args[1]), self.number(term.args[2]))
        if op == "bvxor":
            return self._exclusive(term)
        x = [self.number(arg) for arg in term.args]
        match op:
            case "bvadd":
                return self._wrap(self._sum(*((self._signed(arg), 1) for arg in term.args)), bits)
            case "bvsub":
                return self._wrap(self._sum((x[0], 1), *((each, -1) for each in x[1:])), bits)
            case "bvneg" | "bvmul":
                return self._wrap(self._signed(term), bits)
            case "bvnot":
                return self._sum((constant(2**bits - 1), 1), (x[0], -1))
            case "bvudiv" | "evmdiv":
                zero = constant(2**bits - 1 if op == "bvudiv" else 0)
                return self._choose(self._equal(x[1], constant(0)), zero, self._divided(x[0], x[1])[0])
            case "bvurem" | "evmrem":
                zero = x[0] if op == "bvurem" else constant(0)
                return self._choose(self._equal(x[1], constant(0)), zero, self._divided(x[0], x[1])[1])
            case "concat":
                total = constant(0)
                for each, arg in zip(x, term.args, strict=True):
                    total = self._sum((total, 2**arg.bits), (each, 1))
                return total
            case "zero_extend":
                return x[0]
            case "extract":
                return self._bits(x[0], term.numbers[1], bits)
            case "bvshl" | "bvlshr" if x[1].low == x[1].high:
                shift = x[1].low
                if shift >= bits:
                    return constant(0)
                return (
                    self._bits(x[0], shift, bits) if op == "bvlshr" else self._wrap(self._sum((x[0], 2**shift)), bits)
                )
            case "bvor":
                total = x[0]
                for each in x[1:]:
                    total = self._joined(total, each)
                return total
            case "bvand" if len(x) == 2:
                for mask, other in (x, x[::-1]):
                    if mask.low == mask.high:
                        return self._masked(other, mask.low)
        raise UnsupportedError(op)

    def _signed(self, term: Term) -> Whole:
        """A number that is the term modulo 2^bits. A factor of nearly 2^bits is a small negative one."""
        match term.op:
            case "value":
                value = term.numbers[0]
                return constant(value if value < 2 ** (term.bits - 1) else value - 2**term.bits)
            case "bvneg":
                return self._sum((self._signed(term.args[0]), -1))
            case "bvmul":
                total = constant(1)
                for arg in term.args:
                    total = self._product(total, self._signed(arg) if arg.op == "value" else self.number(arg))
                return total
        return self.number(term)

    # ------------------------------------------------------------ conditions

    def condition(self, term: Term) -> Condition:
        """The condition about numbers.

        Raises:
            UnsupportedError: it has no form here.
        """
        if term not in self._conditions:
            self._conditions[term] = self._condition(term)
        return self._conditions[term]

    def _condition(self, term: Term) -> Condition:
        op, args = term.op, term.args
        if op in ("true", "false"):
            return op == "true"
        if op == "variable" and term.bits == CONDITION:
            return self._define("given", term.name)
        if args and all(arg.bits == CONDITION for arg in args):
            x = [self.condition(arg) for arg in args]
            match op:
                case "not":
                    return self._not(x[0])
                case "and":
                    return self._all(*x)
                case "or":
                    return self._any(*x)
                case "=>" if len(x) == 2:
                    return self._any(self._not(x[0]), x[1])
                case "xor" if len(x) == 2:
                    return self._not(self._same(*x))
                case "=" if len(x) == 2:
                    return self._same(*x)
                case "ite":
                    return self._any(self._all(x[0], x[1]), self._all(self._not(x[0]), x[2]))
        elif len(args) == 2 and all(arg.bits > CONDITION for arg in args):
            a, b = (self.number(arg) for arg in args)
            match op:
                case "=":
                    return self._equal(a, b)
                case "distinct":
                    return self._not(self._equal(a, b))
                case "bvule":
                    return self._at_least(b, a)
                case "bvuge":
                    return self._at_least(a, b)
                case "bvult":
                    return self._not(self._at_least(a, b))
                case "bvugt":
                    return self._not(self._at_least(b, a))
        raise UnsupportedError(op)

    # ------------------------------------------------------------ what conditions say about ranges

    def _limits(self, term: Term) -> tuple[int, int]:
        if term.op == "value":
            return term.numbers[0], term.numbers[0]
        return self._learned.get(term, (0, 2**term.bits - 1))

    def _learn(self, condition: Term, holds: bool) -> bool:
        """Takes bounds of terms out of a condition that must hold. Returns whether that is news."""
        if condition.op == "not":
            return self._learn(condition.args[0], not holds)
        if len(condition.args) != 2 or any(arg.bits <= CONDITION for arg in condition.args):
            return False
        (a, b), op = condition.args, condition.op
        if op in ("bvuge", "bvugt"):
            a, b, op = b, a, "bvule" if op == "bvuge" else "bvult"
        if op in ("bvule", "bvult"):
            if not holds:
                a, b, op = b, a, "bvult" if op == "bvule" else "bvule"
            step = int(op == "bvult")
            news = self._narrow(a, 0, self._limits(b)[1] - step)
            return self._narrow(b, self._limits(a)[0] + step, 2**b.bits - 1) or news
        if op == "=" and holds:
            (low, high), (least, most) = self._known(a), self._known(b)
            low, high = max(low, least), min(high, most)
            news = self._narrow(a, low, high)
            return self._narrow(b, low, high) or news
        if op == "=" and self._limits(b) == (0, 0):
            return self._narrow(a, 1, 2**a.bits - 1)
        if op == "=" and self._limits(a) == (0, 0):
            return self._narrow(b, 1, 2**b.bits - 1)
        return False

    def _known(self, term: Term) -> tuple[int, int]:
        """Bounds of a term, those of what it extends included."""
        inner = _unpadded(term)
        low, high = self._limits(term)
        return max(low, self._limits(inner)[0]), min(high, self._limits(inner)[1])

    def _narrow(self, term: Term, low: int, high: int) -> bool:
        """Notes that the term is not below `low` nor above `high`, and what that says about its parts."""
        before = self._limits(term)
        low, high = max(low, before[0]), min(high, before[1])
        if low > high or (low, high) == before:
            # Numbers cannot be like that: the conditions say so themselves.
            return False
        self._learned[term] = (low, high)
        inner = _unpadded(term)
        if inner is not term:
            self._narrow(inner, low, high)
        elif term.op == "extract":
            (top, shift), whole = term.numbers, term.args[0]
            if self._known(whole)[1] < 2 ** (top + 1):
                self._narrow(whole, low << shift, ((high + 1) << shift) - 1)
        elif term.op in ("evmdiv", "bvudiv") and (by := self._limits(term.args[1]))[0] == by[1] > 0:
            self._narrow(term.args[0], low * by[0], (high + 1) * by[0] - 1)
        return True

    # ------------------------------------------------------------ the other question

    def text(self) -> str:
        """The facts, for a solver of whole numbers."""
        lines = ["(set-logic QF_NIA)"]
        for name in self.order:
            if name in self.atoms:
                lines += self._atom_text(name, self.atoms[name])
            else:
                lines.append(_definition_text(name, *self.definitions[name]))
        lines += [f"(assert {_text(fact)})" for fact in self.facts]
        return "\n".join([*lines, "(check-sat)", "(get-model)", ""])

    @staticmethod
    def _atom_text(name: str, atom: Atom) -> list[str]:
        bounds = f"(assert (and (<= {_integer(atom.low)} {name}) (<= {name} {_integer(atom.high)})))"
        if atom.op in ("given", "floor"):
            return [f"(declare-fun {name} () Int)", bounds]
        op = "*" if atom.op == "product" else "ite"
        return [f"(define-fun {name} () Int ({op} {' '.join(map(_text, atom.args))}))", bounds]

    def values(self, variables: dict[str, int]) -> dict[str, int]:
        """What each atom and each definition is where the variables of the question have these values."""
        known: dict[str, int] = {}

        def of(arg: Whole | Condition) -> int:
            if isinstance(arg, Whole):
                return sum(factor * (known[name] if name else 1) for name, factor in arg.parts)
            return known[arg] if isinstance(arg, str) else int(arg)

        for name in self.order:
            op, args = self.atoms[name][:2] if name in self.atoms else self.definitions[name]
            if op == "given":
                known[name] = variables.get(str(args[0]), 0)
                continue
            x = [of(arg) for arg in args]
            match op:
                case "product":
                    known[name] = x[0] * x[1]
                case "choice":
                    known[name] = x[1] if x[0] else x[2]
                case "floor":  # by 0, what the range lets be
                    known[name] = x[0] // x[1] if x[1] else self.atoms[name].low
                case "positive":
                    known[name] = int(x[0] >= 0)
                case "zero":
                    known[name] = int(x[0] == 0)
                case "not":
                    known[name] = 1 - x[0]
                case "or":
                    known[name] = int(any(x))
                case "same":
                    known[name] = int(x[0] == x[1])
        return known

    def holds(self, variables: dict[str, int]) -> bool:
        """Whether the facts hold there, and each atom is within its range."""
        known = self.values(variables)
        return all(known[fact] if isinstance(fact, str) else fact for fact in self.facts) and all(
            atom.low <= known[name] <= atom.high for name, atom in self.atoms.items()
        )

    def variables(self, found: dict[str, int]) -> dict[str, int]:
        """The variables of the question, out of what a solver found for atoms."""
        return {str(atom.args[0]): found.get(name, atom.low) for name, atom in self.atoms.items() if atom.op == "given"}


def _integer(value: int) -> str:
    return str(value) if value >= 0 else f"(- {-value})"


def _text(what: Whole | Condition) -> str:
    if not isinstance(what, Whole):
        return what if isinstance(what, str) else str(what).lower()
    parts = [
        _integer(factor) if not name else name if factor == 1 else f"(* {_integer(factor)} {name})"
        for name, factor in what.parts
    ]
    return "0" if not parts else parts[0] if len(parts) == 1 else f"(+ {' '.join(parts)})"


def _definition_text(name: str, op: str, args: tuple[Whole | Condition, ...]) -> str:
    if op == "given":
        return f"(declare-fun {name} () Bool)"
    form = {"positive": "(<= 0 {})", "zero": "(= 0 {})", "not": "(not {})", "or": "(or {})", "same": "(= {})"}[op]
    return f"(define-fun {name} () Bool {form.format(' '.join(map(_text, args)))})"


def _flat(conditions: list[Term]) -> list[Term]:
    flat: list[Term] = []
    for each in conditions:
        flat += _flat(list(each.args)) if each.op == "and" else [each]
    return flat


def _unpadded(term: Term) -> Term:
    """`term` without zeros in front of it."""
    while True:
        if term.op == "zero_extend":
            term = term.args[0]
        elif term.op == "concat" and len(term.args) == 2 and term.args[0].op == "value" and not term.args[0].numbers[0]:
            term = term.args[1]
        else:
            return term
