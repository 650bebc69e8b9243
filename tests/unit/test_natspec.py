"""Solidity texts say what each thing is, in plain English.

Solhint (`use-natspec`) checks the tags of contracts, functions and events. Here is what it does not look at: errors,
values without a name, security contacts, words and the length of lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("contracts", "interfaces")
    for path in (ROOT / folder).rglob("*.sol")
    if "mocks" not in path.parts
)
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]

CONTACT = "security@ssi.example"
MAX_COLUMNS = 120

_DOC = r"((?:^[ \t]*///.*\n)*)"  # the documentation right above a declaration
_ERROR = re.compile(_DOC + r"^[ \t]*error (\w+)\(([^)]*)\)", re.MULTILINE)
_EVENT = re.compile(_DOC + r"^[ \t]*event (\w+)\(([^)]*)\)", re.MULTILINE)
_FUNCTION = re.compile(_DOC + r"^[ \t]*function (\w+)\(([^)]*)\)([^;{]*)[;{]", re.MULTILINE)
_CONTRACT = re.compile(_DOC + r"^contract (\w+)", re.MULTILINE)
_NAMED = re.compile(
    r"^[ \t]*(?:struct|enum|error|event|type|library|interface|(?:abstract )?contract) (\w+)", re.MULTILINE
)
# Two contracts say so of two things. An event is read together with its contract, and its name is of the ABI.
TWICE = {"Claimed": ["IIndexToken.sol", "IPointsLedger.sol"], "FeesCollected": ["IIndexToken.sol", "ILpLocker.sol"]}


def names(parameters: str) -> list[str]:
    """`uint256 a, address indexed b` as ["a", "b"]."""
    return [each.split()[-1] for each in parameters.split(",") if each.strip()]


def missing(doc: str, parameters: str) -> list[str]:
    """The tags that a declaration with these parameters lacks."""
    told = re.findall(r"@param (\w+)", doc)
    return [*(() if "@notice" in doc else ("@notice",)), *(name for name in names(parameters) if name not in told)]


def test_declarations_are_found():
    """Otherwise the tests below would pass on nothing."""
    texts = "".join(path.read_text() for path in SOURCES)
    assert len(_ERROR.findall(texts)) > 150
    assert len(_EVENT.findall(texts)) > 60
    assert len(_FUNCTION.findall(texts)) > 600
    assert len(_CONTRACT.findall(texts)) > 20
    assert missing("/// @notice Too much.\n/// @param amount {tok}\n", "uint256 amount, address to") == ["to"]


def homes(sources: dict[str, str]) -> dict[str, list[str]]:
    """The files of every name that is declared more than once, be it a type, an error, an event or a contract."""
    found = defaultdict(list)
    for file, text in sources.items():
        for name in _NAMED.findall(text):
            found[name].append(file)
    return {name: files for name, files in found.items() if len(files) > 1}


def test_no_two_declarations_share_a_name():
    assert homes({"a": "    struct Trade {", "b": "enum Trade {\n    event Sold(uint256 a);"}) == {"Trade": ["a", "b"]}
    assert homes({path.name: path.read_text() for path in SOURCES}) == TWICE


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_every_error_and_event_says_what_it_means(path):
    text = path.read_text()
    found = {
        name: missing(doc, parameters)
        for pattern in (_ERROR, _EVENT)
        for doc, name, parameters in pattern.findall(text)
    }
    assert not {name: tags for name, tags in found.items() if tags}


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_every_open_function_says_what_it_takes_and_returns(path):
    """Solhint passes over functions with a parameter or a returned value that has no name."""
    lacking = []
    for doc, name, parameters, rest in _FUNCTION.findall(path.read_text()):
        if not re.search(r"\b(external|public)\b", rest) or "@inheritdoc" in doc:
            continue
        returned = re.search(r"returns \(([^)]*)\)", rest)
        count = len(returned[1].split(",")) if returned else 0
        if missing(doc, parameters) or len(re.findall("@return", doc)) != count:
            lacking.append(name)
    assert not lacking


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_every_deployed_contract_names_the_security_contact(path):
    for doc, name in _CONTRACT.findall(path.read_text()):
        assert f"@custom:security-contact {CONTACT}\n" in doc, name


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_comments_fit_the_line(path):
    """Comments are broken by hand; `forge fmt` breaks code."""
    lines = path.read_text().splitlines()
    assert not [
        number for number, line in enumerate(lines, 1) if len(line) > MAX_COLUMNS and line.lstrip().startswith("//")
    ]
