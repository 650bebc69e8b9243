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
_STRUCT = re.compile(r"((?:^ *///.*\n)*)^ *struct (\w+) \{\n((?:.*;\n)+) *\}", re.MULTILINE)
_SHARED = re.compile(r"`((?:\w+:\d+ \| )+\w+:\d+)` = (\d+) bits")
_NAMESPACE = re.compile(r"@custom:storage-location erc7201:(\S+)")
# Bits of types of our own that structs in storage use, besides numbers; other names are structs or whole words.
WIDTHS = {"bool": 8, "PoolKind": 8, "IRebalancer.Phase": 8, "StoredTerms": 96}
# Structs that no slot of storage holds: the compiler gives each of their fields a word.
IN_MEMORY = {"Purchase", "Row", "Rules"}


def structs() -> list[tuple[str, str, str]]:
    """Comment, name and fields of every struct of the contracts."""
    return [
        (re.sub(r"\s*\n *///? ", " ", comment), name, body)
        for path, text in TEXTS.items()
        if path.startswith("contracts") and "mocks" not in path
        for comment, name, body in _STRUCT.findall(text)
    ]


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


def test_private_functions_say_what_they_do():
    """None has a verb that needs its body to be understood."""
    vague = re.compile(r"function _?(aim|ask|burden|lighten|raise|remember|stretch|tell)\(")
    assert not {path: found for path, text in TEXTS.items() if (found := vague.findall(text))}


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
    names = [field.partition(":")[0] for field in drawing[1].split(" | ")]
    code = re.sub(r"//.*", "", TEXTS[path])
    for place, name in enumerate(names[:-1]):
        shift = "_" + re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", name).upper() + "_SHIFT"
        assert f"    uint256 private constant {shift} = {sum(widths[place + 1 :])};\n" in code
        assert len(re.findall(rf"\b{shift}\b", code)) > 1, f"{shift} is not used"
    assert not re.findall(r"(?:<<|>>) \d", code), "a shift by a number without a name"


def slots(body: str) -> list[list[tuple[str, int]]]:
    """Fields of a struct with their bits, by slot, as the compiler lays them out; others than values end a slot."""
    found: list[list[tuple[str, int]]] = [[]]
    for line in filter(None, (line.strip() for line in body.splitlines())):
        declared, name = line.removesuffix(";").rsplit(" ", 1)
        if "[" in declared or declared.startswith(("mapping", "bytes ", "string")) or declared == "bytes":
            bits = 256
        elif number := re.search(r"^u?int(\d+)$", declared):
            bits = int(number[1])
        else:
            bits = WIDTHS.get(declared, 160 if re.match(r"(I[A-Z]\w+|address)$", declared) else 256)
        if sum(width for _, width in found[-1]) + bits > 256:
            found.append([])
        found[-1].append((name, bits))
    return found


@pytest.mark.parametrize(
    ("comment", "body"),
    [(comment, body) for comment, name, body in structs() if name not in IN_MEMORY],
    ids=[name for _, name, _ in structs() if name not in IN_MEMORY],
)
def test_packed_structs_are_drawn(comment: str, body: str) -> None:
    """Each slot that fields of a struct share stands above it, high to low, as the compiler packs it."""
    drawn = [(fields, int(bits)) for fields, bits in _SHARED.findall(comment)]
    assert not drawn or "high to low" in comment
    packed_slots = [slot for slot in slots(body) if len(slot) > 1]
    expected = [
        (" | ".join(f"{name}:{bits}" for name, bits in reversed(slot)), sum(bits for _, bits in slot))
        for slot in packed_slots
    ]
    assert drawn == expected


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
