"""What was tried against the protocol and held, out of the names and docstrings of its tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

# By part. A file of tests/attacks or tests/stateful that stands nowhere here is listed last.
PARTS = {
    "The index": (
        "attacks/test_quirk_tokens",
        "attacks/test_shared_losses",
        "attacks/test_late_redemptions",
        "stateful/test_index_machine",
    ),
    "The router": ("integration/test_router_attacks", "attacks/test_starved_sales"),
    "Prices": ("attacks/test_oracle", "attacks/test_silenced_feeds"),
    "Rebalancing": (
        "attacks/test_rebalancing_attacks",
        "attacks/test_wrong_feeds",
        "attacks/test_pool_heists",
        "stateful/test_rebalancing_machine",
    ),
    "Staking": ("attacks/test_staking_griefing", "stateful/test_staking_machine"),
    "Points": (
        "attacks/test_points_attacks",
        "attacks/test_reference_price_attacks",
        "attacks/test_recorder_attacks",
        "stateful/test_points_machine",
    ),
    "Locked liquidity and referrals": (
        "attacks/test_locked_liquidity",
        "stateful/test_locker_machine",
        "stateful/test_referral_machine",
    ),
    "Governance": ("attacks/test_governance_attacks", "integration/test_veto", "integration/test_notice"),
}
REST = "Several parts together"
_FOLDERS = ("attacks", "stateful")
_IDS = re.compile(r"\s*Ids(?: are those of| as in|:) docs/invariants\.md\.")
_WIDTH = 100


def held(tests: Path) -> str:
    """All of it as Markdown.

    Args:
        tests: the folder with tests.

    Raises:
        FileNotFoundError: a file of `PARTS` is not there.
    """
    listed = {name for names in PARTS.values() for name in names}
    there = {f"{folder}/{path.stem}" for folder in _FOLDERS for path in (tests / folder).glob("test_*.py")}
    blocks = list[str]()
    for part, names in (PARTS | {REST: tuple(sorted(there - listed))}).items():
        if names:
            blocks += [f"## {part}", *(_module(tests, name) for name in names)]
    count = sum(block.count("* **") for block in blocks)
    return "\n\n".join([f"{count} tests, many of them with several cases.", *blocks])


def _module(tests: Path, name: str) -> str:
    tree = ast.parse((tests / f"{name}.py").read_text())
    items = [*_machines(tests / name, tree), *_tests(tree, "")]
    return "\n".join([f"### `{name}.py`", "", _wrapped(_told(tree)), "", *items])


def _tests(tree: ast.Module | ast.ClassDef, indent: str) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            inner = list(_tests(node, indent + "    "))
            if inner:
                title = re.sub(r"(?<!^)(?=[A-Z])", " ", node.name.removeprefix("Test")).capitalize()
                yield _item(f"*{title}.*", _told(node), indent)
                yield from inner
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield _item(f"**{_sentence(node.name.removeprefix('test_'))}.**", _told(node), indent)


def _machines(module: Path, tree: ast.Module) -> Iterator[str]:
    """What a machine does in any order, and what it looks at after each step."""
    classes = {node.name: node for path in module.parent.glob("*.py") for node in ast.parse(path.read_text()).body
               if isinstance(node, ast.ClassDef)}  # fmt: skip
    for machine in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        bases = [classes[base.id] for base in machine.bases if isinstance(base, ast.Name) and base.id in classes]
        bodies = [node for each in (*bases, machine) for node in each.body if isinstance(node, ast.FunctionDef)]
        for kind, title in (("rule", "Steps, in any order:"), ("invariant", "Looked at after each step:")):
            names = [_sentence(node.name).lower() for node in bodies if kind in map(_decorator, node.decorator_list)]
            if names:
                yield _item(title, ", ".join(names) + ".", "")


def _decorator(call: ast.expr) -> str:
    return call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""


def _sentence(name: str) -> str:
    words = name.replace("_s_", "'s ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _told(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    """The first paragraph of a docstring, in one line."""
    text = _IDS.sub("", " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split()))
    return re.sub(r"(?<!\w)([*<|])", r"\\\1", text)


def _item(title: str, text: str, indent: str) -> str:
    return _wrapped(f"* {title} {text}".rstrip(), indent, indent + "  ")


def _wrapped(text: str, first: str = "", later: str = "") -> str:
    return fill(text, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False,
                break_on_hyphens=False)  # fmt: skip
