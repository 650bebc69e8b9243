"""Many reads in one call, encoded once and decoded by hand: what is asked after every step must be cheap."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import eth_abi
from eth_utils import keccak

from ssi.chain.evm import Entry, Evm, Method, abi_type
from ssi.constants import MULTICALL3

_WORD = 32


def _words(entry: Entry) -> int | None:
    """How many words the answer has, where all of it is unsigned numbers or addresses; else None."""
    kinds = [kind for output in entry.outputs for kind in abi_type(output).strip("()").split(",")]
    plain = all(kind.startswith("uint") or kind == "address" for kind in kinds)
    return len(kinds) if plain and not any("[" in kind for kind in kinds) else None


class FixedReads:
    """The same questions over and over. An answer of plain words is a number, or a tuple of numbers."""

    def __init__(self, evm: Evm) -> None:
        self._evm = evm
        self._asked: dict[Hashable, tuple[Method, bytes]] = {}
        self._words: list[int | None] = []
        self._data = b""

    def add(self, key: Hashable, method: Method, *args: Any) -> None:
        """One more question. Each key is asked once."""
        assert key not in self._asked, key
        self._asked[key] = (method, method.encode(*args))

    def close(self) -> FixedReads:
        """Encodes all of them."""
        calls = [(method.contract.address, data) for method, data in self._asked.values()]
        self._data = keccak(text="aggregate((address,bytes)[])")[:4] + eth_abi.encode(["(address,bytes)[]"], [calls])
        self._words = [_words(method.entry) for method, _ in self._asked.values()]
        return self

    def read(self) -> dict[Any, Any]:
        """All answers by key, as of the latest block. Raises Reverted when a question reverts."""
        answer = self._evm.call(MULTICALL3, self._data, where="fixed reads")

        def number(at: int) -> int:
            return int.from_bytes(answer[at : at + _WORD], "big")

        start = number(_WORD) + _WORD
        found: dict[Any, Any] = {}
        for n, (key, (method, _)) in enumerate(self._asked.items()):
            at = start + number(start + n * _WORD)
            size, words = number(at), self._words[n]
            body = at + _WORD
            if words is None:
                found[key] = method.entry.decode(answer[body : body + size])
            elif words == 1:
                found[key] = number(body)
            else:
                found[key] = tuple(number(body + place * _WORD) for place in range(words))
        return found
