"""Runs a command with a forked mainnet beside it: `python tools/with_chain.py COMMAND ...`.

Without MAINNET_RPC_URL the fork stands on the miniature mainnet. Ape is told by environment variables where both are.
The anvils are ours, because the ones that Ape starts trace every step and keep a cache between runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack

from forks import anvils
from minimainnet import node


def main(command: list[str]) -> int:
    """Runs `command` and returns its exit code."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2

    anvils.stop_in_order()
    environment = dict(os.environ)
    with ExitStack() as stack:
        upstream = environment.get("MAINNET_RPC_URL")
        environment["SSI_CHAIN"] = "mainnet" if upstream else "miniature"
        upstream = upstream or stack.enter_context(node.serve())
        environment["MAINNET_RPC_URL"] = upstream
        environment["APE_FOUNDRY_HOST"] = stack.enter_context(anvils.fork_of(upstream))
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
