"""All mutants of a source file, from its syntax tree.

Offsets in the tree count bytes, so texts are bytes until a mutant is written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

Node = dict[str, Any]

# What is done by its name, as reports and `tools/mutations/equivalent.yaml` say it.
OPERATORS = {
    "relational": "a comparison has another operator",
    "logical": "a condition has another connective, or is negated",
    "arithmetic": "a sum, product, shift or mask has another operator",
    "constant": "a number is one more or one less, a truth value the other one",
    "statement": "a statement is dropped",
    "modifier": "a modifier is dropped",
    "arguments": "two arguments of one type are swapped",
    "event": "an event is dropped, or has a wrong argument",
    "rounding": "a quotient is rounded the other way",
    "require": "a check that reverts is deleted",
}

_RELATIONAL = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
}  # fmt: skip
_LOGICAL = {"&&": "||", "||": "&&"}
_ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&",
}  # fmt: skip
_YUL = {
    "add": ("arithmetic", "sub"), "sub": ("arithmetic", "add"), "mul": ("arithmetic", "div"),
    "div": ("arithmetic", "mul"), "mod": ("arithmetic", "div"), "shl": ("arithmetic", "shr"),
    "shr": ("arithmetic", "shl"), "and": ("arithmetic", "or"), "or": ("arithmetic", "and"),
    "xor": ("arithmetic", "or"), "lt": ("relational", "gt"), "gt": ("relational", "lt"),
    "slt": ("relational", "sgt"), "sgt": ("relational", "slt"),
}  # fmt: skip
_INTEGER = re.compile(r"(u?int\d*|int_const\b.*)$")


class Mutation(NamedTuple):
    """One change: the bytes `start` to `end` of `file` become `new`.

    `where` is the contract and the function, `nth` tells apart mutants of one function that read the same.
    """

    file: str
    where: str
    operator: str
    old: str
    new: str
    nth: int
    line: int
    start: int
    end: int

    @property
    def key(self) -> str:
        """Its name for as long as the function reads the same: no line is in it."""
        said = "\0".join((self.file, self.where, self.operator, self.old, self.new, str(self.nth)))
        return hashlib.sha256(said.encode()).hexdigest()[:10]

    def applied(self, text: bytes) -> bytes:
        """The file with this change."""
        return text[: self.start] + self.new.encode() + text[self.end :]


class _Found(NamedTuple):
    operator: str
    start: int
    end: int
    new: str


def mutants(file: str, text: bytes, tree: Node, functions: frozenset[str] = frozenset()) -> list[Mutation]:
    """All of them, in the order of the text, each once.

    Args:
        file: the path that the mutants carry.
        text: what `tree` was made from.
        tree: the source unit.
        functions: the names of all functions that there are, for the other way of rounding.
    """
    counts, answer, seen = dict[tuple[str, ...], int](), [], set[tuple[int, int, str]]()
    found = sorted(
        ((where, each) for where, part in _scopes(tree) for each in _inside(part, text, functions)),
        key=lambda pair: (pair[1].start, pair[1].end, pair[1].new),
    )
    for where, (operator, start, end, new) in found:
        old = text[start:end].decode()
        if old == new or (start, end, new) in seen:
            continue
        seen.add((start, end, new))
        same = (where, operator, old, new)
        counts[same] = nth = counts.get(same, 0) + 1
        line = text.count(b"\n", 0, start) + 1
        answer.append(Mutation(file, where, operator, old, new, nth, line, start, end))
    return answer


def function_names(tree: Node) -> frozenset[str]:
    """The names of all functions in a tree."""
    return frozenset(node["name"] for node in _walk(tree) if node["nodeType"] == "FunctionDefinition" and node["name"])


# ---------------------------------------------------------------- walking


def _walk(node: Any, skip: tuple[str, ...] = ()) -> Iterator[Node]:
    if isinstance(node, dict):
        if node.get("nodeType") in skip:
            return
        if "nodeType" in node:
            yield node
        for value in node.values():
            if isinstance(value, dict | list):
                yield from _walk(value, skip)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value, skip)


def _scopes(tree: Node) -> Iterator[tuple[str, Node]]:
    """Functions, modifiers, and declarations with a value, by contract and name."""
    for top in tree["nodes"]:
        if top["nodeType"] != "ContractDefinition":
            yield top.get("name") or top["nodeType"], top
            continue
        for part in top["nodes"]:
            name = part.get("name") or part.get("kind") or part["nodeType"]
            yield f"{top['name']}.{name}", part


def _inside(part: Node, text: bytes, functions: frozenset[str]) -> Iterator[_Found]:
    unterminated = {  # what stands in the head of a loop ends without a semicolon
        id(node[place]) for node in _walk(part) if node["nodeType"] == "ForStatement"
        for place in ("initializationExpression", "loopExpression") if node.get(place)
    }  # fmt: skip
    events = {id(node["eventCall"]) for node in _walk(part) if node["nodeType"] == "EmitStatement"}
    checks = {id(_reverting(node)) for node in _walk(part) if node["nodeType"] == "IfStatement"}
    # Lengths of types are no values; the compiler refuses others.
    for node in _walk(part, skip=("ArrayTypeName", "StructuredDocumentation", "OverrideSpecifier")):
        match node["nodeType"]:
            case "BinaryOperation":
                yield from _binary(node, text)
            case "Assignment" if node["operator"] != "=":
                yield from _compound(node, text)
            case "UnaryOperation":
                yield from _unary(node, text)
            case "Literal":
                yield from _literal(node, text)
            case "ExpressionStatement" if id(node) not in unterminated | checks:
                yield _Found("require" if _is_require(node) else "statement", *_statement(node, text), "{}")
            case "Continue" | "Break" | "RevertStatement" if id(node) not in checks:
                operator = "require" if node["nodeType"] == "RevertStatement" else "statement"
                yield _Found(operator, *_statement(node, text), "{}")
            case "IfStatement":
                yield from _if(node, text)
            case "EmitStatement":
                yield _Found("event", *_statement(node, text), "{}")
                yield from _event(node["eventCall"], text)
            case "ModifierInvocation" if node.get("kind") == "modifierInvocation":
                yield _Found("modifier", *_span(node), "")
            case "FunctionCall":
                if id(node) not in events:
                    yield from _swapped("arguments", node, text)
                yield from _rounded_call(node, text)
            case "MemberAccess" | "Identifier":
                yield from _rounded_name(node, text, functions)
            case "YulFunctionCall" | "YulLiteral" | "YulExpressionStatement" | "YulAssignment":
                yield from _yul(node, text)


def _span(node: Node) -> tuple[int, int]:
    start, length, _ = map(int, node["src"].split(":"))
    return start, start + length


def _text(node: Node, text: bytes) -> str:
    start, end = _span(node)
    return text[start:end].decode()


def _statement(node: Node, text: bytes) -> tuple[int, int]:
    """With its semicolon, which the tree leaves out."""
    start, end = _span(node)
    if text[end - 1 : end] == b"}":
        return start, end
    after = re.match(rb"\s*;", text[end:])
    return start, end + (after.end() if after else 0)


def _type(node: Node) -> str:
    return str(node.get("typeDescriptions", {}).get("typeString") or "")


def _is_require(node: Node) -> bool:
    call = node["expression"]
    return call["nodeType"] == "FunctionCall" and call["expression"].get("name") in ("require", "assert", "revert")


# ---------------------------------------------------------------- operators


def _between(left: Node, right: Node, text: bytes, operator: str) -> tuple[int, int]:
    """Where the operator between two operands stands. Parentheses and comments may stand there as well."""
    start = _span(left)[1]
    gap = re.sub(rb"/\*.*?\*/|//[^\n]*", lambda m: b" " * len(m[0]), text[start : _span(right)[0]], flags=re.DOTALL)
    at = start + gap.index(operator.encode())
    return at, at + len(operator)


def _infix(kind: str, node: Node, left: Node, right: Node, text: bytes, operator: str, new: str) -> _Found:
    """The whole expression with another operator: a reader of the report sees what is compared."""
    start, end = _span(node)
    at, behind = _between(left, right, text, operator)
    return _Found(kind, start, end, (text[start:at] + new.encode() + text[behind:end]).decode())


def _binary(node: Node, text: bytes) -> Iterator[_Found]:
    operator, left, right = node["operator"], node["leftExpression"], node["rightExpression"]
    of_values = _INTEGER.match(_type(left)) is not None
    for new in _RELATIONAL.get(operator, ()):
        yield _infix("relational", node, left, right, text, operator, new)
    if operator in _LOGICAL:
        yield _infix("logical", node, left, right, text, operator, _LOGICAL[operator])
    if operator in _ARITHMETIC:
        yield _infix("arithmetic", node, left, right, text, operator, _ARITHMETIC[operator])
    if operator == "/" and of_values and not _type(node).startswith("int_const"):
        a, b = _text(left, text), _text(right, text)
        yield _Found("rounding", *_span(node), f"((({a}) + ({b}) - 1) / ({b}))")


def _compound(node: Node, text: bytes) -> Iterator[_Found]:
    operator = node["operator"].removesuffix("=")
    if operator in _ARITHMETIC:
        left, right, new = node["leftHandSide"], node["rightHandSide"], _ARITHMETIC[operator] + "="
        yield _infix("arithmetic", node, left, right, text, node["operator"], new)


def _unary(node: Node, text: bytes) -> Iterator[_Found]:
    inner, whole = _text(node["subExpression"], text), _text(node, text)
    match node["operator"]:
        case "!":
            yield _Found("logical", *_span(node), inner)
        case "-" | "~":
            yield _Found("arithmetic", *_span(node), inner)
        case "++" | "--" as operator:
            yield _Found("arithmetic", *_span(node), whole.replace(operator, {"++": "--", "--": "++"}[operator]))


def _literal(node: Node, text: bytes) -> Iterator[_Found]:
    said = _text(node, text)
    if node["kind"] == "bool":
        yield _Found("constant", *_span(node), {"true": "false", "false": "true"}[said])
    if node["kind"] == "number" and not _type(node).startswith(("address", "rational")):
        plain = said.isdigit()
        more = str(int(said) + 1) if plain else f"({said} + 1)"
        yield _Found("constant", *_span(node), more)
        if node["value"] not in ("0", "0x0", "0x00"):
            yield _Found("constant", *_span(node), str(int(said) - 1) if plain else f"({said} - 1)")


def _reverting(node: Node) -> Node | None:
    """The only statement of what an `if` decides, where it reverts and nothing stands behind `else`.

    Without it the check is gone, as it is without the whole `if`: that is one mutant.
    """
    body = node["trueBody"]
    statements = body["statements"] if body["nodeType"] == "Block" else [body]
    if node.get("falseBody") or len(statements) != 1:
        return None
    only: Node = statements[0]
    reverts = only["nodeType"] == "RevertStatement" or (only["nodeType"] == "ExpressionStatement" and _is_require(only))
    return only if reverts else None


def _if(node: Node, text: bytes) -> Iterator[_Found]:
    """Without the check, or without what it decides: what stands behind `else` then happens always."""
    otherwise = node.get("falseBody")
    end = _statement(otherwise or node["trueBody"], text)[1]
    kept = text[_span(otherwise)[0] : end].decode() if otherwise else "{}"
    yield _Found("require" if _reverting(node) else "statement", _span(node)[0], end, kept)


def _swapped(operator: str, call: Node, text: bytes) -> Iterator[_Found]:
    """Neighbours of one type change places."""
    arguments = call["arguments"]
    if call.get("kind") == "typeConversion":
        return
    for a, b in pairwise(arguments):
        alike = _type(a) == _type(b) or (_INTEGER.match(_type(a)) and _INTEGER.match(_type(b)))
        if alike and _text(a, text) != _text(b, text):
            (from_a, to_a), (from_b, to_b), (first, end) = _span(a), _span(b), _span(call)
            new = text[first:from_a] + text[from_b:to_b] + text[to_a:from_b] + text[from_a:to_a] + text[to_b:end]
            yield _Found(operator, first, end, new.decode())


def _event(call: Node, text: bytes) -> Iterator[_Found]:
    yield from _swapped("event", call, text)
    for argument in call["arguments"]:
        said, kind = _text(argument, text), _type(argument)
        if _INTEGER.match(kind):
            yield _Found("event", *_span(argument), f"({said}) + 1")
        elif kind == "address":
            yield _Found("event", *_span(argument), "address(this)" if said != "address(this)" else "address(0)")
        elif kind == "bool":
            yield _Found("event", *_span(argument), f"!({said})")


def _rounded_call(call: Node, text: bytes) -> Iterator[_Found]:
    """`mulDiv` rounds down unless told otherwise, and `ceilDiv` up."""
    callee, arguments = call["expression"], call["arguments"]
    name = callee.get("memberName") or callee.get("name")
    said = _text(call, text)
    if name == "mulDiv" and _text(callee, text) == "Math.mulDiv" and len(arguments) == 3:
        yield _Found("rounding", *_span(call), f"{said[:-1].rstrip()}, Math.Rounding.Ceil)")
    if name == "ceilDiv" and len(arguments) == 2:
        yield _Found("rounding", *_span(call), f"(({_text(arguments[0], text)}) / ({_text(arguments[1], text)}))")


def _rounded_name(node: Node, text: bytes, functions: frozenset[str]) -> Iterator[_Found]:
    """`Ceil` and `Floor`, and functions that come in two: `amountUp` and `amountDown`."""
    name = str(node.get("memberName") or node.get("name") or "")
    for one, other in (("Ceil", "Floor"), ("Floor", "Ceil"), ("Up", "Down"), ("Down", "Up")):
        new = name.removesuffix(one) + other
        if name.endswith(one) and (new in functions or _text(node, text).endswith(f"Rounding.{name}")):
            start, end = _span(node)
            yield _Found("rounding", start, end, text[start : end - len(name)].decode() + new)


def _yul(node: Node, text: bytes) -> Iterator[_Found]:
    start, end = _span(node)
    match node["nodeType"]:
        case "YulFunctionCall":
            name = node["functionName"]["name"]
            if name in _YUL:
                operator, new = _YUL[name]
                yield _Found(operator, start, end, new + text[start + len(name) : end].decode())
            if name == "iszero":
                yield _Found("logical", start, end, _text(node["arguments"][0], text))
        case "YulLiteral" if node["kind"] == "number":
            value = int(node["value"], 0)
            yield _Found("constant", start, end, str(value + 1))
            if value:
                yield _Found("constant", start, end, str(value - 1))
        case _:
            yield _Found("statement", start, end, "")
