"""The house: which package may know which, and how large a part may be."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from textwrap import indent

import pytest

from ssi.build import ROOT
from tests.support.sources import mocks

# From the ground up. What stands in a row may import what stands in a row below; what is within one row, one another,
# without circles.
LAYERS = (
    ("ssi.constants", "ssi.failure", "ssi.places", "ssi.amounts"),
    ("ssi.chain",),  # a node, accounts, transactions, contracts in general
    ("ssi.indexer",),  # what was, from an indexer
    ("ssi.build",),  # bytecode of this repository
    ("ssi.registry",),  # what is deployed, where, and out of which parameters
    ("ssi.index", "ssi.staking", "ssi.points"),  # the parts of the protocol, for those who use them
    ("ssi.governance",),  # who decides, and what a decision does
    ("ssi.portfolio", "ssi.history", "ssi.agreement"),  # the parts together: for one account, or as an indexer has them
    ("ssi.keeper", "ssi.deploy"),
    ("ssi.report",),  # what an index did, as a page
    ("ssi.protocol",),  # all of it, for programs
    ("ssi.cli",),  # what a person types and reads
    ("ssi",),
    ("forks",),  # copies of a chain that can be moved
    ("minimainnet",),  # the chain to copy
    (
        "ssi.testing",
    ),  # both, with the protocol on it, for the tests of other projects: the one part of `ssi` on top of them
    ("demo", "replay"),
    ("scripts",),
    ("tests.model", "tests.support"),
    ("tools",),
    ("tests",),
)
# Nothing here imports the test chain, so no command on a live network does. `ssi.testing` is for tests, and no command
# reaches it.
LIVE = ("ssi", "forks", "scripts")
TOPS = ("ssi", "forks", "minimainnet", "demo", "replay", "scripts", "tools")
FREE_OF_MOCKS = ("ssi", "demo", "replay", "scripts")
LONGEST, LONGEST_COMMAND = 600, 60  # lines


def modules() -> dict[str, Path]:
    """Every module by its dotted name."""
    found = {}
    for top in (*TOPS, "tests"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """Modules of this repository that a module imports, wherever in it: also within functions, and for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: say where {node.module} is"
            assert node.module is not None
            # A name is a module of the package, or something within it.
            found |= {
                f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in known else node.module
                for alias in node.names
            }
    return {each for each in found if each in known and each != name}


@cache
def graph() -> dict[str, set[str]]:
    known = modules()
    return {name: imports(name, path, known) for name, path in known.items()}


def layer(module: str) -> int:
    """The row of the longest name that fits."""
    rows = {name: row for row, names in enumerate(LAYERS) for name in names}
    parts = module.split(".")
    return next(rows[".".join(parts[:end])] for end in range(len(parts), 0, -1) if ".".join(parts[:end]) in rows)


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """The modules of a circle, empty where there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def upward(arrows: dict[str, set[str]]) -> list[str]:
    return sorted(
        f"{above} → {below}" for above, many in arrows.items() for below in many if layer(below) > layer(above)
    )


def test_no_module_imports_itself_by_detours():
    assert circle(graph()) == []


def test_every_arrow_points_down():
    assert upward(graph()) == []


def test_neighbours_do_not_import_each_other():
    """`ssi.keeper` and `ssi.deploy` stand beside each other, and so do the parts of the protocol."""
    homes = [name for names in LAYERS[1:11] for name in names]

    def home(module: str) -> str | None:
        return next((name for name in homes if module == name or module.startswith(f"{name}.")), None)

    beside = [
        (above, below)
        for above, many in graph().items()
        for below in many
        if home(above) and home(below) and home(above) != home(below) and layer(above) == layer(below)
    ]
    assert beside == []


def test_live_commands_do_not_know_the_test_chain():
    tests = ("scripts.demo", "scripts.replay", "ssi.testing")
    reached, waiting = (
        set[str](),
        [name for name in graph() if name.split(".")[0] in LIVE and not name.startswith(tests)],
    )
    while waiting:
        fresh = graph()[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    assert len(reached) > 40
    assert not [
        name
        for name in reached
        if name.split(".")[0] in ("minimainnet", "demo", "replay", "tests", "tools") or name.startswith("ssi.testing")
    ]


def named(path: Path) -> set[str]:
    """Attributes and texts of a file: how a contract is asked for."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_only_tests_and_the_test_chain_use_mocks():
    """`forks` and `minimainnet` put stand-ins of tokens and feeds on a chain of their own."""
    assert {"PlainToken", "QuirkToken", "SettableAggregator"} <= mocks()
    assert "PlainToken" in named(modules()["minimainnet.build"])
    users = {name: mocks() & named(path) for name, path in modules().items() if name.split(".")[0] in FREE_OF_MOCKS}
    assert not {name: used for name, used in users.items() if used}


def test_what_is_looked_for_is_found():
    """Circles, upward arrows and imports within functions, in a house that has them."""
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}
    assert upward({"ssi.chain.rpc": {"ssi.cli.command"}, "ssi.cli.command": {"ssi.chain.rpc"}}) == [
        "ssi.chain.rpc → ssi.cli.command"
    ]
    assert "ssi.chain.network" in graph()["ssi.build"], "imported in a function"


@pytest.mark.parametrize(("folders", "most"), [((*TOPS, "tests"), LONGEST), (("scripts",), LONGEST_COMMAND)])
def test_no_file_is_too_long(folders, most):
    long = {
        name: lines
        for name, path in modules().items()
        if name.split(".")[0] in folders and (lines := path.read_text().count("\n")) > most
    }
    assert not long


def classes() -> dict[str, list[str]]:
    """Modules by the name of the class that they declare, at the top or within a function."""
    found = defaultdict(list)
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name)
    return found


def test_no_two_classes_share_a_name():
    assert len(classes()) > 150
    assert not {name: homes for name, homes in classes().items() if len(homes) > 1}


def twins(sources: dict[str, str]) -> list[list[str]]:
    """Places of functions that do the same: equal but for docstrings, in three statements or more, inner ones counted.

    Args:
        sources: the text of each module, by its name.
    """
    homes = defaultdict(list)
    for name, text in sources.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if sum(isinstance(part, ast.stmt) for top in body for part in ast.walk(top)) >= 3:
                    homes["\n".join(map(ast.unparse, body))].append(f"{name}: {node.name}")
    return [places for places in homes.values() if len(places) > 1]


def test_no_function_stands_twice():
    """A helper that two files need is in `tests/support`, a fixture in a conftest."""
    body = "    a = 1\n    if a:\n        return a\n"
    method = "class C:\n" + indent(f"def g(self):\n{body}", "    ")
    assert twins({"one": f"def f():\n    'Says so.'\n{body}", "two": method}) == [["one: f", "two: g"]]
    assert twins({name: path.read_text() for name, path in modules().items()}) == []


def untyped(path: Path) -> list[str]:
    """Fixtures and helpers of tests that do not say a type; not those within functions."""
    found, waiting = [], list(ast.parse(path.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef):
            waiting += node.body
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("test_"):
            taken = [*node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            bare = [one.arg for one in taken if one and not one.annotation and one.arg not in ("self", "cls")]
            if bare or not node.returns:
                found.append(f"{path.name}: {node.name}")
    return found


def test_fixtures_and_helpers_say_their_types():
    """A test gets its arguments by their names, so it need not; mypy checks all bodies."""
    assert not [name for module, path in modules().items() if module.startswith("tests.") for name in untyped(path)]
