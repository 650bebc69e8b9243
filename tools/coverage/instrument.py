"""Puts marks into a source, by its syntax tree: before every statement, and for both outcomes of every condition.

The text changes at the places of the marks only, so the code does what it did. `Coverage.sol` has the marks.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from typing import Any, NamedTuple

Node = dict[str, Any]

STATEMENT, TRUE, FALSE, RAN, CAUGHT = "statement", "true", "false", "ran", "caught"

_OPENING, _CLOSING = 1, 0  # at one offset, what ends stands before what begins
_YUL_BITS = 256


class Place(NamedTuple):
    """What a mark stands for.

    Attributes:
        file: path under the root
        line: where it begins
        at: `Contract.function`
        kind: `statement`, or the outcome of a branch: `true` and `false` of a condition, `ran` and `caught` of a `try`
        code: the first line of the statement, or the text of the condition
        within: number of the statement that it is part of; its own for a statement
        shown: number of the first statement of a branch, None where it has none
    """

    file: str
    line: int
    at: str
    kind: str
    code: str
    within: int
    shown: int | None = None


class Marked(NamedTuple):
    """A source with marks, and what they stand for by their numbers."""

    text: str
    places: dict[int, Place]


def marked(file: str, text: str, tree: Node, first: int = 0, library: str = "contracts/Coverage.sol") -> Marked:
    """The source with marks, numbered from `first`. It stays as it is where it has no statement.

    Args:
        file: its path under the root.
        text: what was compiled.
        tree: the compiler's syntax tree of it.
        first: number of the first mark.
        library: path of the marks' library, which the source will import.
    """
    source = _Source(file, text, first)
    for at, function in functions(tree):
        source.function(at, function)
    if source.places:
        source.import_library(tree, library)
    return Marked(source.result(), source.places)


def functions(tree: Node) -> Iterator[tuple[str, Node]]:
    """All functions and modifiers of a file that have a body, with their names."""
    for node in tree["nodes"]:
        inner = node["nodes"] if node["nodeType"] == "ContractDefinition" else [node]
        for each in inner:
            if each["nodeType"] in ("FunctionDefinition", "ModifierDefinition") and each.get("body"):
                name = each["name"] or each["kind"]
                yield (f"{node['name']}.{name}" if node is not each else name), each


class _Source:
    """One file while it gets its marks."""

    def __init__(self, file: str, text: str, first: int) -> None:
        self.file, self.bytes = file, text.encode()
        self.places: dict[int, Place] = {}
        self._next, self._at = first, ""
        self._edits: list[tuple[int, int, str]] = []

    def function(self, at: str, node: Node) -> None:
        self._at = at
        self._block(node["body"])

    def import_library(self, tree: Node, library: str) -> None:
        pragma = next(node for node in tree["nodes"] if node["nodeType"] == "PragmaDirective")
        path = os.path.relpath(library, os.path.dirname(self.file))  # noqa: PTH120 - a path of the compiler, not of a disk
        path = path if path.startswith(".") else f"./{path}"
        self._insert(_span(pragma)[1], _CLOSING, f' import {{Coverage}} from "{path}";')

    def result(self) -> str:
        parts, done = [], 0
        # A stable sort: what begins was noted from outside to inside, and what ends from inside to outside.
        for offset, _, text in sorted(self._edits, key=lambda edit: edit[:2]):
            parts += [self.bytes[done:offset], text.encode()]
            done = offset
        return b"".join([*parts, self.bytes[done:]]).decode()

    # ------------------------------------------------------------ statements

    def _block(self, block: Node) -> int | None:
        """Marks the statements of a block. The number of the first one."""
        numbers = [self._statement(each) for each in block["statements"]]
        return next((number for number in numbers if number is not None), None)

    def _body(self, node: Node) -> int | None:
        """As `_block`, of a body that may have no braces: it gets them, because the mark is one statement more."""
        if node["nodeType"] in ("Block", "UncheckedBlock"):
            return self._block(node)
        begin, end = _span(node)
        self._insert(begin, _OPENING, "{ ")
        number = self._statement(node)
        self._insert(end + self.bytes[end:].startswith(b";"), _CLOSING, " }")
        return number

    def _statement(self, node: Node) -> int | None:
        kind = node["nodeType"]
        if kind in ("Block", "UncheckedBlock"):
            return self._block(node)
        number = self._place(node, STATEMENT)
        self._insert(_span(node)[0], _OPENING, f"Coverage.at({number}); ")
        if kind == "IfStatement":
            self._if(node, number)
        elif kind in ("ForStatement", "WhileStatement", "DoWhileStatement"):
            self._loop(node, number)
        elif kind == "TryStatement":
            self._try(node, number)
        elif kind == "InlineAssembly":
            self._assembly(node)
        else:
            self._conditions(node, number)
        return number

    def _if(self, node: Node, within: int) -> None:
        outcomes = self._condition(node["condition"], within)
        self._conditions(node["condition"], within)
        shown = [self._body(node["trueBody"]), self._body(node["falseBody"]) if node.get("falseBody") else None]
        for outcome, first in zip(outcomes, shown, strict=True):
            self.places[outcome] = self.places[outcome]._replace(shown=first)

    def _loop(self, node: Node, within: int) -> None:
        for name in ("initializationExpression", "loopExpression"):
            self._conditions(node.get(name), within)
        outcome = None
        if condition := node.get("condition"):
            outcome, _ = self._condition(condition, within)
            self._conditions(condition, within)
        shown = self._body(node["body"])
        if outcome is not None:
            self.places[outcome] = self.places[outcome]._replace(shown=shown)

    def _try(self, node: Node, within: int) -> None:
        self._conditions(node["externalCall"], within)
        for n, clause in enumerate(node["clauses"]):
            number = self._place(node["externalCall"] if n == 0 else clause, CAUGHT if n else RAN, within)
            self._insert(_span(clause["block"])[0] + 1, _CLOSING, f" Coverage.at({number});")
            shown = self._block(clause["block"])
            self.places[number] = self.places[number]._replace(shown=shown)

    # ------------------------------------------------------------ conditions

    def _conditions(self, node: Any, within: int) -> None:
        """Marks the outcomes of all `a ? b : c` and `require` in an expression."""
        for each in _inside(node):
            if each["nodeType"] == "Conditional":
                self._condition(each["condition"], within)
            elif each["nodeType"] == "FunctionCall" and each["expression"].get("name") in ("require", "assert"):
                self._condition(each["arguments"][0], within)

    def _condition(self, node: Node, within: int) -> tuple[int, int]:
        numbers = self._place(node, TRUE, within), self._place(node, FALSE, within)
        begin, end = _span(node)
        self._insert(begin, _OPENING, f"Coverage.either({numbers[0]}, ")
        self._insert(end, _CLOSING, ")")
        return numbers

    # ------------------------------------------------------------ assembly

    def _assembly(self, node: Node) -> None:
        """A statement of assembly sets a bit of a variable, which is marked behind the block.

        A block that ends the call by itself has nothing behind it: it counts as one statement.
        """
        nodes = list(_inside(node["AST"]))
        statements = [
            each
            for block in nodes
            if block["nodeType"] == "YulBlock"
            for each in block["statements"]
            if each["nodeType"] not in ("YulBlock", "YulFunctionDefinition")
        ]
        ends = any(
            (each["nodeType"] == "YulFunctionCall" and each["functionName"]["name"] in ("return", "revert", "stop"))
            or each["nodeType"] == "YulFunctionDefinition"
            for each in nodes
        )  # fmt: skip
        if ends or len(statements) > _YUL_BITS:
            return
        first, variable = self._next, f"coverage{self._next}"
        begin, end = _span(node)
        self._insert(begin, _OPENING, f"{{ uint256 {variable}; ")
        for n, each in enumerate(statements):
            self._place(each, STATEMENT)
            self._insert(_span(each)[0], _OPENING, f"{variable} := or({variable}, {1 << n}) ")
        self._insert(end, _CLOSING, f" Coverage.all({first}, {variable}); }}")

    # ------------------------------------------------------------ notes

    def _place(self, node: Node, kind: str, within: int | None = None) -> int:
        number, (begin, end) = self._next, _span(node)
        text = self.bytes[begin:end].decode()
        code = text.split("\n")[0] if kind == STATEMENT else " ".join(text.split())
        if kind == CAUGHT:
            code = code.split("{")[0].strip()
        line = self.bytes.count(b"\n", 0, begin) + 1
        self.places[number] = Place(self.file, line, self._at, kind, code, number if within is None else within)
        self._next += 1
        return number

    def _insert(self, offset: int, order: int, text: str) -> None:
        self._edits.append((offset, order, text))


def _span(node: Node) -> tuple[int, int]:
    begin, length, _ = map(int, node["src"].split(":"))
    return begin, begin + length


def _inside(node: Any) -> Iterator[Node]:
    """A node of the tree and all nodes in it, each before those in it."""
    if isinstance(node, dict):
        if "nodeType" in node:
            yield node
        for value in node.values():
            yield from _inside(value)
    elif isinstance(node, list):
        for value in node:
            yield from _inside(value)
