"""Runs Ape's own command line without importing it anew each time: reads jobs from standard input, forks, and the child is the command.

A child has no standard input, like a service; its output goes to files, its exit code to a third.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path


def become(job: dict[str, str]) -> None:
    """The child. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    sys.stdin = None  # as Python has it where standard input is closed
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.environ.update(job["env"])  # type: ignore[arg-type]
    code = 0
    try:
        from ape._cli import cli

        cli.main(args=["run", *job["words"]], prog_name="ape", standalone_mode=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # what Python itself would show
        print(f"Traceback: {type(error).__name__}: {error}", file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    Path(job["code"]).write_text(str(code))
    os._exit(code)


def main() -> None:
    """Imports what takes long, and forks for every line."""
    from ssi.build import fresh_project
    from ssi.chain import network as chain

    chain.quiet()
    fresh_project().load_contracts()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        if (pid := os.fork()) == 0:
            become(job)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
