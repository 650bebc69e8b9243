"""Revert assertions that cannot be satisfied by another revert.

Ape's own form passes on any other custom error, on string reverts and on misspelt inputs; it is banned by lint.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import eth_abi

from ssi.chain.evm import Entry, Interface, Reverted

_PANIC = Entry("Panic", [{"name": "code", "type": "uint256"}], [], "", "error")
_ERROR = Entry("Error", [{"name": "message", "type": "string"}], [], "", "error")


def error(container: Any, name: str) -> Entry:
    """A custom error of a contract, by name. Raises KeyError when the contract does not know it."""
    found = (container if isinstance(container, Interface) else Interface.of(container))[name]
    if found.kind != "error":
        raise KeyError(f"{name} is not an error")
    return found


@contextmanager
def reverts(expected: Entry | str, /, **inputs: Any) -> Iterator[None]:
    """The block must revert with exactly this error and exactly these arguments, every one of them named.

    Args:
        expected: from `error(...)`, or the text of a string revert; "" is a revert without data.
        inputs: the arguments of the error by name.

    Raises:
        TypeError: an argument of the error is missing, or is not one of its arguments.
        AssertionError: no revert, or another one.
    """
    if isinstance(expected, str):
        wanted = _ERROR.encode([expected]) if expected else b""
        label = repr(expected)
    else:
        names = [parameter["name"] for parameter in expected.inputs]
        if set(names) != set(inputs):
            raise TypeError(f"{expected.signature} wants exactly the arguments {names}, not {sorted(inputs)}")
        wanted = expected.encode([inputs[name] for name in names])
        label = f"{expected.name}({inputs})"
    got = None
    try:
        yield
    except Reverted as caught:
        got = caught.data
    if got is None:
        raise AssertionError(f"expected {label}, but nothing reverted")
    assert got == wanted, f"expected {label}, got {describe(got, expected)}"


def describe(data: bytes, near: Entry | str) -> str:
    """Revert data for people."""
    for entry in (_ERROR, _PANIC, near):
        if isinstance(entry, Entry) and data[:4] == entry.hash[:4]:
            return f"{entry.name}{eth_abi.decode(entry.types, data[4:])}"
    return f"0x{data.hex()}" if data else "a revert without data"
