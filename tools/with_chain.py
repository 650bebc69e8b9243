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


def upstream(stack: ExitStack) -> str:
    """The chain to fork: MAINNET_RPC_URL, or a miniature mainnet that `stack` ends."""
    return os.environ.get("MAINNET_RPC_URL") or stack.enter_context(node.serve())


def environment(upstream: str, stack: ExitStack) -> dict[str, str]:
    """What tells Ape where `upstream` and a new fork of it are. `stack` ends the fork."""
    return {
        **os.environ,
        "SSI_CHAIN": "mainnet" if os.environ.get("MAINNET_RPC_URL") else "miniature",
        "MAINNET_RPC_URL": upstream,
        "APE_FOUNDRY_HOST": stack.enter_context(anvils.fork_of(upstream)),
    }


def main(command: list[str]) -> int:
    """Runs `command` and returns its exit code."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2

    anvils.stop_in_order()
    with ExitStack() as stack:
        return subprocess.run(command, env=environment(upstream(stack), stack), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
