"""Names, packed slots and namespaces of storage look the same in every contract, and what their comments say is so."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from eth_utils import keccak

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for folder in ("contracts", "interfaces")
    for path in sorted((ROOT / folder).rglob("*.sol"))
    # Versions of one contract, to be upgraded into each other.
    if "upgrade" not in path.parts
}
_TYPE = re.compile(r"^\s*(?:struct|enum|type|interface|library|(?:abstract )?contract) (\w+)", re.MULTILINE)
_PACKED = re.compile(r"((?:^///.*\n)+)type (\w+) is uint(\d+);", re.MULTILINE)
_DRAWING = re.compile(r"`((?:\w+:\d+ \| )+\w+:\d+)` = (\d+) bits, high to low")
_NAMESPACE = re.compile(r"@custom:storage-location erc7201:(\S+)")


def packed() -> list[tuple[str, str, int, str]]:
    """Path, name, bits and comment of every packed type."""
    return [
        (path, name, int(bits), re.sub(r"\s*\n/// ", " ", comment))
        for path, text in TEXTS.items()
        for comment, name, bits in _PACKED.findall(text)
    ]


def namespace(name: str) -> int:
    """The slot that ERC-7201 gives to a namespace."""
    inner = int.from_bytes(keccak(text=name), "big") - 1
    return int.from_bytes(keccak(inner.to_bytes(32, "big")), "big") & ~0xFF


def test_files_are_short_and_lines_are_narrow():
    """At most 600 lines of at most 120 columns."""
    assert not [path for path, text in TEXTS.items() if text.count("\n") > 600]
    assert not [
        f"{path}:{number}"
        for path, text in TEXTS.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > 120
    ]


def test_no_two_types_share_a_name():
    counted = Counter(name for text in TEXTS.values() for name in _TYPE.findall(text))
    assert len(counted) > 150
    assert not {name for name, times in counted.items() if times > 1}


def test_packed_types_are_found():
    assert {name for _, name, _, _ in packed()} > {"ExitRequest", "State", "StoredLeg", "StoredTerms", "Target"}


@pytest.mark.parametrize(
    ("path", "bits", "comment"),
    [(path, bits, comment) for path, _, bits, comment in packed()],
    ids=[name for _, name, _, _ in packed()],
)
def test_packed_types_are_drawn(path: str, bits: int, comment: str) -> None:
    """`a:8 | b:96` = 104 bits, high to low; and the code shifts by what follows from it."""
    drawing = _DRAWING.search(comment)
    assert drawing, comment
    widths = [int(field.partition(":")[2]) for field in drawing[1].split(" | ")]
    assert sum(widths) == int(drawing[2]) <= bits
    code = re.sub(r"//.*", "", TEXTS[path])
    offsets = [sum(widths[place + 1 :]) for place in range(len(widths) - 1)]
    assert not [offset for offset in offsets if not re.search(rf"\b{offset}\b", code)]


@pytest.mark.parametrize("path", [path for path, text in TEXTS.items() if _NAMESPACE.search(text)])
def test_namespaces_stand_where_their_names_say(path: str) -> None:
    text = TEXTS[path]
    (name,) = _NAMESPACE.findall(text)
    formula = f'// keccak256(abi.encode(uint256(keccak256("{name}")) - 1)) & ~bytes32(uint256(0xff))'
    assert f"    {formula}\n    bytes32 private constant _STORAGE = 0x{namespace(name):064x};\n" in text
    accessor = """ private pure returns (@ storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
"""
    assert re.search(re.escape(accessor).replace("@", r"\w+"), text)
