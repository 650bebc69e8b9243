"""A successor that would read one value as another is found before an owner signs for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ssi.governance import storage as layout
from tools import storage_layout

MOCKS = ["contracts/mocks/upgrade"]


@pytest.fixture(scope="module")
def first() -> Any:
    """The layout of the first version."""
    return layout.examine(MOCKS, {})["CounterV1"].layout


def test_namespaces_are_read(first):
    """ERC-7201: names, types and places of the members, of the bases as well."""
    namespaces = first["namespaces"]
    assert sorted(namespaces) == [
        "erc7201:openzeppelin.storage.AccessManaged",
        "erc7201:openzeppelin.storage.Initializable",
        "erc7201:ssi.storage.Counter",
    ]
    members = [
        (item["label"], item["type"], item["slot"], item["offset"])
        for item in namespaces["erc7201:ssi.storage.Counter"]
    ]
    assert members == [
        ("count", "t_uint96", "0", 0),
        ("last", "t_address", "0", 12),
        ("counts", "t_mapping(t_address,t_uint256)", "1", 0),
    ]
    assert first["storage"] == []


def test_a_compatible_successor_passes(first):
    found = layout.examine(MOCKS, {"CounterV2": first})["CounterV2"]
    assert (found.breaks, found.flaws) == (None, [])


def test_a_breaking_successor_is_found(first):
    found = layout.examine(MOCKS, {"CounterV2Broken": first})["CounterV2Broken"]
    assert found.breaks is not None
    assert "contracts/mocks/upgrade/CounterV2Broken.sol:11: Inserted `count`" in found.breaks


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("a variable is missing", lambda members: members.append({**members[0], "label": "another", "slot": "2"})),
        ("a type changed", lambda members: members[0].update(type="t_uint64")),
        ("a variable was put in front", lambda members: (members.pop(0), members[0].update(offset=0))),
    ],
)
def test_other_ways_to_break_it_are_found(first, what, change):
    """Each the other way round: the reference is changed, and the code is as it was."""
    reference = json.loads(json.dumps(first))
    reference["types"]["t_uint64"] = {"label": "uint64", "numberOfBytes": "8"}
    change(reference["namespaces"]["erc7201:ssi.storage.Counter"])
    assert layout.examine(MOCKS, {"CounterV1": reference})["CounterV1"].breaks, what


def test_a_namespace_that_nothing_uses_is_a_flaw():
    """The annotation is a comment. A contract whose constant is another slot keeps its state where no check looks."""
    (flaw,) = layout.examine(MOCKS, {})["CounterAstray"].flaws
    assert "ssi.storage.Elsewhere" in flaw


def test_every_production_contract_keeps_its_storage():
    """What `make storage` demands, against what is committed."""
    known = layout.references()
    found = layout.examine(layout.production(), known)
    assert {
        name: (contract.breaks, contract.flaws) for name, contract in found.items() if contract.breaks or contract.flaws
    } == {}
    assert set(found) == set(known), "run `make storage` and commit snapshots/storage/"


def test_the_tool_adds_but_never_overwrites_what_breaks(first, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(layout, "REFERENCES", tmp_path)
    monkeypatch.setattr(layout, "production", lambda: MOCKS)
    (tmp_path / "CounterV2.json").write_text(json.dumps(first))
    (tmp_path / "CounterV2Broken.json").write_text(json.dumps(first))
    assert storage_layout.main() == 1
    said = capsys.readouterr().out
    assert "✓ CounterV1  7 variables, new" in said
    assert "✓ CounterV2  8 variables, compatible" in said
    assert "✗ CounterV2Broken" in said
    assert "✗ CounterAstray" in said
    assert json.loads((tmp_path / "CounterV1.json").read_text()) == first
    assert json.loads((tmp_path / "CounterV2Broken.json").read_text()) == first, "the reference stays"
    assert not (tmp_path / "CounterAstray.json").exists()
