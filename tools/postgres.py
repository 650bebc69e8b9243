"""A PostgreSQL of Debian's packages in a folder of its own, run by an account without privileges."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forks import anvils

ACCOUNT = "postgres"  # of Debian's package; PostgreSQL refuses to run as root


def binaries() -> Path:
    """Where the server's programs are, those of the youngest version. Raises FileNotFoundError."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise FileNotFoundError("PostgreSQL is missing: apt-get install postgresql")
    return found[-1].parent


def _as_account(command: list[str]) -> list[str]:
    drop = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    return [*drop, *command] if os.getuid() == 0 else command


@contextmanager
def server(*settings: str) -> Iterator[str]:
    """A running server with these settings; yields the URL of its database, and removes all of it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="ssi-postgres-"))
    if os.getuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        os.chown(folder, account.pw_uid, account.pw_gid)
    data, port = folder / "data", anvils.free_port()
    subprocess.run(
        _as_account([str(binaries() / "initdb"), "-D", str(data), "-A", "trust", "-U", "ssi", "--no-sync"]),
        check=True,
        capture_output=True,
        cwd=folder,
    )
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", str(folder), "-p", str(port)]
    for setting in settings:
        options += ["-c", setting]
    process = subprocess.Popen(
        _as_account([str(binaries() / "postgres"), "-D", str(data), *options]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        _wait(port)
        yield f"postgresql://ssi@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)  # waits for no client
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int) -> None:
    ready = [str(binaries() / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(300):
        if subprocess.run(ready, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise TimeoutError("PostgreSQL did not start within 30 seconds")
