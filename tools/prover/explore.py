"""Halmos, which follows every path through a property. Runs in the prover's own environment.

By itself it lets a path pass that reverts with any other error than a panic: a property would hold where it is never
asked. Here each path has to end well, or be impossible.
"""

from __future__ import annotations

import sys

from halmos.__main__ import main
from halmos.exceptions import Revert
from halmos.sevm import Exec
from halmos.utils import byte_length


def ends_badly(self: Exec, _codes: set[int]) -> bool:
    """Whether the path reverts with an error or ends in an invalid instruction. One that reverts without a word is an
    argument that its type does not allow: the compiler's own check. Where halmos cannot go on, it says so itself."""
    output = self.context.output
    if output.error is None or self.context.is_stuck():
        return False
    return not (isinstance(output.error, Revert) and byte_length(output.data) == 0)


if __name__ == "__main__":
    Exec.is_panic_of = ends_badly
    sys.exit(main())
