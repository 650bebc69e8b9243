"""Reads a question of the prover: SMT-LIB text, conditions on bit-vectors that have to hold all at once.

A term keeps its operator, known or not. What an operator means is written down twice, and independently: here as
arithmetic on given numbers (`value`), and in `integers.py` as a statement about all numbers. Tests compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

CONDITION = 0  # in place of a width: true or false
OTHER = -1  # in place of a width: an array, or what else has no value here

Form: TypeAlias = "str | list[Form]"

_TOKEN = re.compile(r';[^\n]*|"[^"]*"|\|[^|]*\||[()]|[^\s()|";]+')
_ARITHMETIC = re.compile(r"f_evm_(bvmul|bvudiv|bvurem)_\d+")
# The prover's own quotients: division by zero is zero.
_OWN = {"bvmul": "bvmul", "bvudiv": "evmdiv", "bvurem": "evmrem"}
_COMPARISONS = {"bvule", "bvult", "bvuge", "bvugt", "bvsle", "bvslt", "bvsge", "bvsgt"}
_CONNECTIVES = {"and", "or", "not", "xor", "=>", "=", "distinct"}


class UnsupportedError(Exception):
    """The term has no meaning here. `args` hold its operator."""


@dataclass(frozen=True, eq=False)
class Term:
    """`bits` is the width, or `CONDITION`, or `OTHER`. `numbers` are an operator's indices, or a value."""

    op: str
    bits: int
    args: tuple[Term, ...] = ()
    numbers: tuple[int, ...] = ()
    name: str = ""


class SolverQuestion:
    """The conditions of one question, and its variables by name with their widths. Equal terms are one object."""

    def __init__(self) -> None:
        self.conditions: list[Term] = []
        self.variables: dict[str, int] = {}
        self._functions: dict[str, int] = {}  # of declared functions, the width of what they return
        self._terms: dict[object, Term] = {}

    def term(
        self, op: str, bits: int, args: tuple[Term, ...] = (), numbers: tuple[int, ...] = (), name: str = ""
    ) -> Term:
        """The one term that is made like this."""
        key = (op, bits, tuple(map(id, args)), numbers, name)
        if key not in self._terms:
            self._terms[key] = Term(op, bits, args, numbers, name)
        return self._terms[key]

    def constant(self, value: int, bits: int) -> Term:
        """A value of this width."""
        return self.term("value", bits, numbers=(value % 2**bits,))

    def variable(self, name: str, bits: int) -> Term:
        """A variable, which is known from now on."""
        self.variables[name] = bits
        return self.term("variable", bits, name=name)

    # ------------------------------------------------------------ SMT-LIB

    def read(self, text: str) -> None:
        """Adds what the text declares and demands.

        Raises:
            UnsupportedError: a command that is not known could change what the others mean.
        """
        for form in _forms(text):
            match form:
                case ["declare-fun", str(name), list(arguments), sort]:
                    if arguments:
                        self._functions[name] = _width(sort)
                    else:
                        self.variable(_plain(name), _width(sort))
                case ["declare-const", str(name), sort]:
                    self.variable(_plain(name), _width(sort))
                case ["assert", condition]:
                    self.conditions.append(self._term(condition, {}))
                case [
                    "set-logic" | "set-option" | "set-info" | "check-sat" | "get-model" | "declare-sort" | "exit",
                    *_,
                ]:
                    pass
                case _:
                    raise UnsupportedError(str(form[0]))

    def _term(self, form: Form, known: dict[str, Term]) -> Term:
        if isinstance(form, str):
            return known.get(form) or self._atom(form)
        match form:
            case ["let", list(pairs), body]:
                new = {str(pair[0]): self._term(pair[1], known) for pair in pairs}
                return self._term(body, {**known, **new})
            case ["_", str(word), str(bits)] if word.startswith("bv"):
                return self.constant(int(word[2:]), int(bits))
            case ["!", inner, *_]:
                return self._term(inner, known)
            case [["_", str(op), *indices], *rest]:
                args = tuple(self._term(each, known) for each in rest)
                return self._indexed(op, tuple(int(str(index)) for index in indices), args)
            case [str(op), *rest]:
                return self._applied(op, tuple(self._term(each, known) for each in rest))
            case [head, *rest]:  # a constant array
                return self.term(str(head), OTHER, tuple(self._term(each, known) for each in rest))
        raise UnsupportedError(str(form))

    def _atom(self, word: str) -> Term:
        if word in ("true", "false"):
            return self.term(word, CONDITION)
        if word.startswith("#x"):
            return self.constant(int(word[2:], 16), 4 * (len(word) - 2))
        if word.startswith("#b"):
            return self.constant(int(word[2:], 2), len(word) - 2)
        return self.variable(_plain(word), self.variables[_plain(word)])

    def _indexed(self, op: str, indices: tuple[int, ...], args: tuple[Term, ...]) -> Term:
        bits = OTHER
        if op == "extract":
            bits = indices[0] - indices[1] + 1
        elif op in ("zero_extend", "sign_extend"):
            bits = args[0].bits + indices[0]
        elif op in ("rotate_left", "rotate_right"):
            bits = args[0].bits
        return self.term(op, bits, args, indices)

    def _applied(self, op: str, args: tuple[Term, ...]) -> Term:
        if own := _ARITHMETIC.fullmatch(op):
            return self.term(_OWN[own[1]], args[0].bits, args)
        if op in self._functions:
            return self.term("function", self._functions[op], args, name=op)
        if op in _COMPARISONS or op in _CONNECTIVES:
            return self.term(op, CONDITION, args)
        if op == "concat":
            return self.term(op, sum(arg.bits for arg in args), args)
        if op == "ite":
            return self.term(op, args[1].bits, args)
        if op == "bvcomp":
            return self.term(op, 1, args)
        if op.startswith("bv"):
            return self.term(op, args[0].bits, args)
        return self.term(op, 256 if op == "select" else OTHER, args)


def _forms(text: str) -> Iterator[list[Form]]:
    stack: list[list[Form]] = [[]]
    for token in _TOKEN.findall(text):
        if token == "(":
            stack.append([])
        elif token == ")":
            form = stack.pop()
            if len(stack) == 1:
                yield form
            else:
                stack[-1].append(form)
        elif not token.startswith(";"):
            stack[-1].append(token)


def _plain(name: str) -> str:
    return name.strip("|")


def _width(sort: Form) -> int:
    match sort:
        case "Bool":
            return CONDITION
        case ["_", "BitVec", str(bits)]:
            return int(bits)
    return OTHER


# ---------------------------------------------------------------- with given numbers


class Assignment:
    """What terms are where variables have these values. Conditions are 0 or 1."""

    def __init__(self, variables: dict[str, int]) -> None:
        self._variables = variables
        self._known: dict[Term, int] = {}

    def of(self, term: Term) -> int:
        """The value of the term.

        Raises:
            UnsupportedError: no number says what its operator does.
        """
        if term not in self._known:
            self._known[term] = self._value(term)
        return self._known[term]

    def _value(self, term: Term) -> int:
        if term.op == "value":
            return term.numbers[0]
        if term.op == "variable" and term.bits != OTHER:
            return self._variables.get(term.name, 0)
        if any(arg.bits == OTHER for arg in term.args):
            raise UnsupportedError(term.op)
        return _computed(term, [self.of(arg) for arg in term.args])


def _computed(term: Term, x: list[int]) -> int:
    bits, mask = term.bits, (1 << max(term.bits, 0)) - 1
    match term.op:
        case "true" | "false":
            return int(term.op == "true")
        case "not":
            return 1 - x[0]
        case "and":
            return int(all(x))
        case "or":
            return int(any(x))
        case "xor":
            return sum(x) % 2
        case "=>":
            return int(not all(x[:-1]) or x[-1] == 1)
        case "=":
            return int(len(set(x)) == 1)
        case "distinct":
            return int(len(set(x)) == len(x))
        case "ite":
            return x[1] if x[0] else x[2]
        case "bvule":
            return int(x[0] <= x[1])
        case "bvult":
            return int(x[0] < x[1])
        case "bvuge":
            return int(x[0] >= x[1])
        case "bvugt":
            return int(x[0] > x[1])
        case "bvadd":
            return sum(x) & mask
        case "bvsub":
            return (x[0] - sum(x[1:])) & mask
        case "bvneg":
            return -x[0] & mask
        case "bvnot":
            return x[0] ^ mask
        case "bvmul":
            total = 1
            for each in x:
                total = total * each & mask
            return total
        case "bvudiv":
            return x[0] // x[1] if x[1] else mask
        case "bvurem":
            return x[0] % x[1] if x[1] else x[0]
        case "evmdiv":
            return x[0] // x[1] if x[1] else 0
        case "evmrem":
            return x[0] % x[1] if x[1] else 0
        case "bvand":
            total = mask
            for each in x:
                total &= each
            return total
        case "bvor":
            total = 0
            for each in x:
                total |= each
            return total
        case "bvxor":
            total = 0
            for each in x:
                total ^= each
            return total
        case "bvshl":
            return x[0] << x[1] & mask if x[1] < bits else 0
        case "bvlshr":
            return x[0] >> x[1] if x[1] < bits else 0
        case "concat":
            total = 0
            for each, arg in zip(x, term.args, strict=True):
                total = total << arg.bits | each
            return total
        case "extract":
            return x[0] >> term.numbers[1] & mask
        case "zero_extend":
            return x[0]
    raise UnsupportedError(term.op)
