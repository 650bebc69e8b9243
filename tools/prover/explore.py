"""Halmos, which follows every path through a property. Runs in the prover's own environment.

By itself it lets a path pass that reverts with any other error than a panic: a property would hold where it is never
asked. Here each path has to end well, or be impossible.
"""

from __future__ import annotations

import sys

from halmos.__main__ import main
from halmos.sevm import Exec


def ends_badly(self: Exec, _codes: set[int]) -> bool:
    """Whether the path reverts or ends in an invalid instruction. Where halmos cannot go on, it says so itself."""
    return self.context.output.error is not None and not self.context.is_stuck()


if __name__ == "__main__":
    Exec.is_panic_of = ends_badly
    sys.exit(main())
