"""Reads the numbers of marks from what anvil prints, and knows which test ran at that moment.

Before a test, `plugin.py` asks anvil to print a number that no mark has. What follows belongs to that test.
"""

from __future__ import annotations

import os
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH = 10**18  # one more is the first moment, and so on: "1" and nine zeros before nine digits
CONSOLE = "0x000000000000000000636F6e736F6c652e6c6f67"
_SWITCHED = re.compile(rb"^\s*1000000000(\d{9})\s*$", re.MULTILINE)
_CHUNK = 1 << 20


def call(moment: int) -> dict[str, str]:
    """The call that makes anvil print the number of a moment: `log(uint256)`."""
    return {"to": CONSOLE, "data": f"0xf82c50f1{SWITCH + moment:064x}"}


class Listener:
    """The marks that were passed, by moment. Moment 0 is what belongs to no test."""

    def __init__(self) -> None:
        self.passed: defaultdict[int, set[int]] = defaultdict(set)
        self._moment, self._rest = 0, b""

    def hear(self, printed: bytes) -> None:
        """Takes what was printed next, in parts of any length."""
        whole, _, self._rest = (self._rest + printed).rpartition(b"\n")
        before, *others = _SWITCHED.split(whole)
        self._note(before)
        for moment, text in zip(others[::2], others[1::2], strict=True):
            self._moment = int(moment)
            self._note(text)

    def _note(self, text: bytes) -> None:
        words = {line.strip() for line in set(text.split(b"\n"))}
        self.passed[self._moment].update(int(word) for word in words if word.isdigit())


@contextmanager
def listening(listener: Listener) -> Iterator[int]:
    """Yields a file descriptor whose text `listener` hears, to the last line when this ends."""
    inner, outer = os.pipe()

    def read() -> None:
        while printed := os.read(inner, _CHUNK):
            listener.hear(printed)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield outer
    finally:
        os.close(outer)
        reader.join(60)
        os.close(inner)
