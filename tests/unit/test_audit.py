"""docs/audit says what the code, the parameters, the snapshots and the tests say. Nothing here needs a chain."""

from __future__ import annotations

import ast
import json
import math
import re
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from ssi.build import ROOT
from ssi.registry import params
from tools import audit, audit_calls, audit_held
from tools.analyse import TRIAGE
from tools.findings import UNGUARDED
from tools.sizes import LIMIT, SNAPSHOT

PAGES = sorted((ROOT / "docs/audit").glob("*.md"))
SOURCES = [path for path in (ROOT / "contracts").rglob("*.sol") if "mocks" not in path.parts]


@pytest.fixture(autouse=True)
def isolated() -> None:
    """Nothing here needs a chain."""


def flat(name: str) -> str:
    """A page of the folder in one line."""
    return " ".join((ROOT / f"docs/audit/{name}.md").read_text().split())


# ---------------------------------------------------------------- what is generated


def test_every_generated_part_is_what_it_comes_from():
    """`make audit` writes them."""
    pages = audit.pages()
    assert {path.stem for path in pages} == {"scope", "held", "changes", "issues"}
    assert {path.stem: path.read_text() for path in pages} == {path.stem: text for path, text in pages.items()}


def test_every_deployed_contract_has_a_size_and_a_row():
    rows = re.findall(r"^\| `(\w+)` \| `[\w/]+\.sol` \|", (ROOT / "docs/audit/scope.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(json.loads(SNAPSHOT.read_text()))


def test_no_code_of_ours_delegates_or_destroys():
    assert len(SOURCES) > 50
    for path in SOURCES:
        bare = re.sub(r"//.*", "", path.read_text())
        assert not re.search(r"\b(delegatecall|selfdestruct|callcode)\b", bare), path


def test_lines_of_code_are_neither_empty_nor_comment():
    text = "// SPDX\n\n/* a\n b */\ncontract A {\n    /// @dev c\n    uint256 a; // why\n}\n"
    assert audit.code_lines(text) == 3


def expression(kind: str, owner: str, member: str, **more: Any) -> dict[str, Any]:
    """As the compiler writes a member of something."""
    inner = {"nodeType": "Identifier", "typeDescriptions": {"typeString": owner}}
    return {
        "nodeType": "MemberAccess", "memberName": member, "expression": inner,
        "typeDescriptions": {"typeIdentifier": f"t_function_{kind}$"}, **more,
    }  # fmt: skip


def tree(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"ast": {"nodes": list(nodes)}}


def function(id_: int, name: str, *called: dict[str, Any], mutability: str = "nonpayable") -> dict[str, Any]:
    body = [{"nodeType": "FunctionCall", "expression": each} for each in called]
    return {"nodeType": "FunctionDefinition", "id": id_, "name": name, "stateMutability": mutability, "body": body}


def contract(id_: int, name: str, bases: list[int], *nodes: dict[str, Any], kind: str = "contract") -> dict[str, Any]:
    return {
        "nodeType": "ContractDefinition", "id": id_, "name": name, "contractKind": kind, "abstract": id_ in (2,),
        "linearizedBaseContracts": bases, "nodes": list(nodes),
    }  # fmt: skip


def test_calls_are_found_in_bases_and_libraries_and_named_where_they_are_made():
    """A view, a call with options, a low-level call, one in a library from elsewhere, and one that is never reached."""
    low = {"nodeType": "MemberAccess", "typeDescriptions": {"typeIdentifier": "t_function_barecall_payable$"}}
    optioned = {"nodeType": "FunctionCallOptions", "expression": expression("external_payable", "contract IHook", "go")}
    safe = expression("internal_nonpayable", "library Safe", "send", referencedDeclaration=31)
    ours = expression("internal_view", "library Ours", "look", referencedDeclaration=41)
    sources = {
        "contracts/A.sol": tree(contract(1, "A", [1, 2], function(10, "f", safe, optioned))),
        "contracts/B.sol": tree(contract(2, "B", [2], function(20, "g", ours, low))),
        "node_modules/x/Safe.sol": tree(
            contract(3, "Safe", [3], function(31, "send", low), function(32, "other", low), kind="library")
        ),
        "contracts/Ours.sol": tree(
            contract(4, "Ours", [4], function(41, "look", expression("external_view", "contract IOracle", "price")),
                     function(42, "unused", expression("external_view", "contract INever", "x")), kind="library")
        ),
    }  # fmt: skip
    (found,) = audit_calls.contracts(sources)
    assert found.writes == ("B.g", "IHook.go", "Safe.send")
    assert found.reads == ("IOracle",)
    assert found.files == {"contracts/A.sol", "contracts/B.sol", "contracts/Ours.sol", "node_modules/x/Safe.sol"}
    assert not found.upgradeable


NEW = '''"""New."""

class TestByAWei:
    """Close."""

    def test_bob_s_way(self):
        """Once.

        Two."""

def helper(): ...
'''
MACHINE = '''"""Random."""

class Machine(Base):
    @rule(n=1)
    def act(self): ...

    @invariant()
    def all_is_well(self): ...
'''


def test_what_was_tried_is_told_by_names_and_first_sentences(tmp_path):
    for name in (name for names in audit_held.PARTS.values() for name in names):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text('"""A part. Ids are those of docs/invariants.md."""\n')
    (tmp_path / "attacks/test_new.py").write_text(NEW)
    (tmp_path / "stateful/other.py").write_text("class Base:\n    @rule()\n    def step_aside(self): ...\n")
    (tmp_path / "stateful/test_index_machine.py").write_text(MACHINE)
    said = audit_held.held(tmp_path)
    assert said.startswith("1 tests")
    assert "### `attacks/test_quirk_tokens.py`\n\nA part.\n" in said
    assert f"## {audit_held.REST}\n\n### `attacks/test_new.py`" in said
    assert "* *By a wei.* Close.\n    * **Bob's way.** Once.\n" in said + "\n"
    assert "* Steps, in any order: step aside, act.\n* Looked at after each step: all is well." in said


# ---------------------------------------------------------------- what changed


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """A repository with one contract, and git in it."""

    def run(*words: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]
        done = subprocess.run(["git", *who, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout

    run("init", "--quiet", "--initial-branch=main")
    (tmp_path / "contracts/mocks").mkdir(parents=True)
    (tmp_path / "interfaces").mkdir()
    (tmp_path / "contracts/A.sol").write_text("contract A {}\n")
    run("add", ".")
    run("commit", "--quiet", "-m", "one")
    return run


EMPTY = f"# Changes\n\n{audit.BEGIN}\n{audit.END}\n"


@pytest.mark.usefixtures("git")
def test_without_a_tag_there_is_nothing_to_compare_with(tmp_path):
    page = audit.changes(EMPTY, tmp_path)
    assert "There is no tag yet" in page
    assert audit.changes(page, tmp_path) == page
    assert "There is no tag yet" in audit.changes(EMPTY, tmp_path / "contracts" / "mocks")


def test_files_that_differ_from_the_last_tag_are_listed(git, tmp_path):
    first = audit.changes(EMPTY, tmp_path)
    git("tag", "v1.0.0")
    assert audit.changes(first, tmp_path) == first, "the tagged state says what led to it"
    (tmp_path / "contracts/A.sol").write_text("contract A { uint256 a; }\n")
    (tmp_path / "contracts/mocks/M.sol").write_text("contract M {}\n")
    git("add", ".")
    page = audit.changes(first, tmp_path)
    assert "Since `v1.0.0`" in page
    assert "contracts/A.sol | 2 +-" in page
    assert "mocks" not in page
    git("commit", "--quiet", "-m", "two")
    assert audit.changes(page, tmp_path) == page
    git("tag", "v1.1.0")
    assert audit.changes(page, tmp_path) == page, "it says what led to the tag"
    (tmp_path / "contracts/A.sol").write_text("contract A { uint256 b; }\n")
    assert "Since `v1.1.0`" in audit.changes(page, tmp_path)


def test_a_clone_without_the_tag_is_not_wrong(git, tmp_path):
    git("tag", "v1.0.0")
    (tmp_path / "contracts/A.sol").write_text("contract A { uint256 a; }\n")
    page = audit.changes(EMPTY, tmp_path)
    git("tag", "--delete", "v1.0.0")
    assert audit.changes(page, tmp_path) == page
    git("tag", "v0.9.0")
    assert audit.changes(page, tmp_path) == page, "it has older tags alone"


def test_a_figure_of_another_tag_is_noticed(git, tmp_path):
    git("tag", "v1.0.0")
    (tmp_path / "contracts/A.sol").write_text("contract A { uint256 a; }\n")
    page = audit.changes(EMPTY, tmp_path)
    (tmp_path / "contracts/A.sol").write_text("contract A { }\n\n\n")
    assert audit.changes(page, tmp_path) != page


def test_what_changed_since_a_commit_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(audit, "since", lambda tag: f"Since `{tag}`" if tag == "v1" else "")
    assert audit.main(["--since", "v1"]) == 0
    assert audit.main(["--since", "v2"]) == 0
    assert capsys.readouterr().out == "Since `v1`\nThe code is that of v2.\n"


@pytest.mark.usefixtures("git")
def test_a_tag_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(LookupError, match="There is no v9 here"):
        audit.since("v9", tmp_path)


# ---------------------------------------------------------------- what is named


def defined(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ClassDef | ast.FunctionDef)}  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_and_file_that_is_named_exists(page):
    text = page.read_text()
    for file, name in re.findall(r"`((?:tests/)?\w+/test_\w+\.py)(?:::(\w+))?`", text):
        path = ROOT / "tests" / file.removeprefix("tests/")
        assert path.exists(), file
        assert not name or name in defined(path), f"{file}::{name}"
    for file in re.findall(r"`((?:contracts|snapshots|tools|deployments/params|docs)/[\w./-]+)`", text):
        assert (ROOT / file).exists(), file


def test_every_row_of_a_threat_names_a_test():
    rows = re.findall(r"^\|(?! wants| chooses|-)(.*)\|$", (ROOT / "docs/audit/threats.md").read_text(), re.MULTILINE)
    assert len(rows) > 45
    assert not [row for row in rows if "::test_" not in row]


def test_every_command_is_a_target_or_a_module():
    text = (ROOT / "docs/audit/figures.md").read_text()
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", text))
    assert len(named) > 10
    assert named <= targets
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module
    for command in re.findall(r"`ape run (\w+)", text):
        assert (ROOT / f"scripts/{command}.py").exists(), command


def test_every_function_that_asks_for_one_caller_is_listed():
    """By `msg.sender != …`. A modifier is listed by the functions that have it."""
    text, found = flat("privileged"), set[str]()
    for path in SOURCES:
        name = ""
        for line in path.read_text().splitlines():
            if declared := re.match(r"\s+(?:function (\w+)|(receive)\()", line):
                name = declared[1] or declared[2]
            if re.search(r"if \([^)]*msg\.sender != ", line):
                found.add(name)
    assert {"swap", "onBuy", "receive"} <= found
    of_owners = {"_requireAuthorized", "_requireOwner"}
    assert not {name for name in found - of_owners if not re.search(rf"[.`]{name}`", text)}, found


# ---------------------------------------------------------------- figures


def sizes(name: str) -> int:
    return LIMIT - int(json.loads(SNAPSHOT.read_text())[name])


def findings(unguarded: bool) -> int:
    known: dict[str, list[dict[str, Any]]] = yaml.safe_load(TRIAGE.read_text())
    return sum(
        each.get("times", 1) for name, many in known.items() for each in many if (name == UNGUARDED) == unguarded
    )


def wrong_feed(percent: int) -> list[int]:
    """bp of NAV that a feed can cost that is wrong by so much at a start, by index."""
    found = []
    for index in params.indexes():
        terms, wrong = index.rebalancing, Fraction(percent, 100)
        turnover, band, budget = (Fraction(bp, 10_000) for bp in (terms.turnover_bps, terms.band_bps, terms.budget_bps))
        found.append(math.ceil(10_000 * (turnover * (wrong + band / (1 + band)) + budget * (1 + wrong) * (1 + band))))
    return found


def constant(file: str, name: str) -> str:
    (value,) = re.findall(rf"constant {name} = ([^;]+);", (ROOT / f"contracts/{file}.sol").read_text())
    return str(value)


def floki() -> tuple[str, str, str]:
    """Capital, and both losses, of a move by a percent."""
    text = (ROOT / "docs/oracle-math.md").read_text()
    [(capital, fee, undone)] = re.findall(r"^\| FLOKI/WETH \| 0 \| 0 \| ([\d,]+), ([\d,]+) / ([\d,]+) \|", text, re.M)
    return capital, fee, undone


def apart(token: str) -> int:
    """bp by which the two sources of a token may differ."""
    second = ASSETS[token].second
    assert second is not None
    return second.max_deviation


ASSETS = params.assets().assets
ALONE = ("SOL", "BNB", "PEPE", "FLOKI", "sUSDS", "sDAI", "USDC")
AT_ONCE, BY_A_TENTH = wrong_feed(0), wrong_feed(10)
TERMS = {index.symbol: index for index in params.indexes()}


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("issues", f"`IndexToken` has {sizes('IndexToken')} bytes to the limit of {LIMIT:,}"),
        ("issues", f"`Rebalancer` {sizes('Rebalancer')} |"),
        ("issues", f"{findings(False)} of high or medium impact by slither, and {findings(True)} functions without"),
        ("issues", "{} bp of NAV in MAG7.ssi, {} in MEME.ssi, {} in DEFI.ssi, {} in USSI".format(*AT_ONCE)),
        ("issues", "{}, {}, {} and {} bp".format(*BY_A_TENTH)),
        ("trust", "{} bp of NAV in MAG7.ssi, {} in MEME.ssi, {} in DEFI.ssi, {} in USSI".format(*AT_ONCE)),
        ("issues", "FLOKI by 1 %: {} USD of capital, of which {} are lost to fees, {} where".format(*floki())),
        ("issues", f"costs the mint fee, {TERMS['MAG7.ssi'].mint_fee_bps} bp, on all room"),
        ("issues", f"the pool and the feed differ by {apart('WBTC')} bp"),
        ("issues", f"{constant('points/LpLocker', 'MAX_POOLS')} pools ever"),
        ("issues", f"{constant('points/ReferencePrices', '_MAX_PAIRS')} indexes with points"),
        ("issues", f"{constant('index/BasketLib', 'MAX_CONSTITUENTS')} constituents |"),
        ("issues", f"{int(constant('index/IndexRouter', '_HOOK_GAS').replace('_', '')):,} for the purchase hook"),
        ("trust", f"those of {', '.join(ALONE[:-1])} and {ALONE[-1]}, which have one"),
        ("trust", f"began with {TERMS['MAG7.ssi'].weights['WBTC'] / 100:.2f} % WBTC"),
        ("trust", f"USSI has {TERMS['USSI'].weights['sUSDS'] // 100} % sUSDS"),
        ("trust", f"{TERMS['MAG7.ssi'].rebalancing.turnover_bps // 100} % of NAV, "
                  f"{TERMS['USSI'].rebalancing.turnover_bps // 100} % in USSI"),
    ],
    ids=str,
)  # fmt: skip
def test_figures_are_those_of_the_code(page, says):
    assert says in flat(page)


def test_tokens_with_one_source_are_those_of_the_parameters():
    held = {name for index in TERMS.values() for name in index.weights}
    assert {name for name in held if ASSETS[name].second is None} == set(ALONE)
    assert apart("WETH") == apart("WBTC")
    assert len({index.mint_fee_bps for index in TERMS.values()}) == 1


def test_silences_cost_what_security_says():
    (usd,) = re.findall(r"twenty minutes cost (\d+) dollars", " ".join((ROOT / "SECURITY.md").read_text().split()))
    assert f"FLOKI: {usd} USD for every twenty minutes" in flat("issues")


def test_a_percent_of_a_feed_adds_what_is_said():
    """Of MEME.ssi, which holds PEPE and FLOKI."""
    (added,) = re.findall(r"a percent adds less than (\d+) bp", flat("issues"))
    meme = list(TERMS).index("MEME.ssi")
    assert wrong_feed(1)[meme] - AT_ONCE[meme] <= int(added) < wrong_feed(2)[meme] - AT_ONCE[meme]
