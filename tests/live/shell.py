"""Runs Ape's own command line without importing it anew each time: reads requests from standard input, forks, and the
child is the command.

A child has either no standard input, like a service, and its output goes to files; or a terminal, like a person's
command. Everything that was started here, commands and anvils, ends with this process, and this process ends with its
standard input: so nothing is left where the tests are killed.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import importlib
import json
import os
import signal
import sys
import termios
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from forks import anvils

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


def become(job: dict[str, Any]) -> None:
    """The child. Never returns."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
    os.setsid()
    _die_with_parent()
    if tty := job.get("tty"):
        terminal = os.open(tty, os.O_RDWR)
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for descriptor in (0, 1, 2):
            os.dup2(terminal, descriptor)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the old one has read ahead
    else:
        os.close(0)
        sys.stdin = None  # as Python has it where standard input is closed
    os.environ.update(job["env"])
    for row in job["rows"]:
        _run(row)
    os._exit(0)


def _run(row: dict[str, Any]) -> None:
    """One command. Most have a process of their own; what ends while it is parsed needs none."""
    if "out" in row:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, name in ((1, "out"), (2, "err")):
            file = os.open(row[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, descriptor)
            os.close(file)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    code = 0
    try:
        from ape._cli import cli

        cli.main(args=["run", *row["words"]], prog_name="ape", standalone_mode=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # what Python itself would show
        print(f"Traceback: {type(error).__name__}: {error}", file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    draft = Path(row["code"] + ".draft")
    draft.write_text(str(code))
    draft.rename(row["code"])


def _die_with_parent() -> None:
    """Where the kernel can: even if this process is killed without a word, its commands go with it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _warm() -> None:
    """Imports what every command imports, and plugs in the hardware wallet."""
    from ape.plugins.pluggy_patch import plugin_manager

    from ssi.build import fresh_project
    from ssi.chain import network
    from tests.live import device

    network.quiet()
    plugin_manager.register(device.plugin(), name="ape_ledger")
    fresh_project().load_contracts()
    for name in ("ape.managers.chain", "ape_test.provider", "ape_node", "ape_accounts", "pandas"):
        importlib.import_module(name)
    for path in sorted(Path("scripts").glob("[!_]*.py")):
        importlib.import_module(f"scripts.{path.stem}")
        del sys.modules[f"scripts.{path.stem}"]  # Ape runs it anew
    gc.collect()
    gc.freeze()


def main() -> None:
    """Answers each line of JSON with one line: `{"anvil": options}` with a URL, a command with its process id."""
    anvils.stop_in_order()
    _warm()
    children: set[int] = set()
    with ExitStack() as stack:
        stack.callback(_end, children)
        print("ready", flush=True)
        for line in sys.stdin:
            job = json.loads(line)
            if "anvil" in job:
                print(stack.enter_context(anvils.anvil(*job["anvil"])), flush=True)
                continue
            children -= {pid for pid in children if os.waitpid(pid, os.WNOHANG) != (0, 0)}
            if (pid := os.fork()) == 0:
                become(job)
            children.add(pid)
            print(pid, flush=True)


def _end(children: set[int]) -> None:
    """Commands with all that they have started themselves."""
    for pid in children:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
