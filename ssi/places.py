"""Where files are: what is committed, what a wheel carries, and what a machine keeps for itself.

In a checkout everything stands under its root. An installed package has what it needs to read in `ssi/data` (`setup.py`
puts it there), and writes under the working directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGED = Path(__file__).resolve().parent / "data"
INSTALLED = not (ROOT / "ape-config.yaml").exists()
COMMITTED = (PACKAGED if INSTALLED else ROOT) / "deployments"


def working() -> Path:
    """Where this machine's own files stand: the checkout, or the working directory of an installed package."""
    return Path.cwd() if INSTALLED else ROOT


def params() -> Path:
    """What a deployment is made of: `deployments/params`, the copy in a wheel, or where `SSI_PARAMS` points."""
    return Path(os.environ.get("SSI_PARAMS", COMMITTED / "params"))


def records() -> Path:
    """Records of deployments, one a network: `deployments/`, or where `SSI_DEPLOYMENTS` points."""
    return _made(Path(os.environ.get("SSI_DEPLOYMENTS", working() / "deployments")))


def published(network: str) -> Path:
    """The record of a network as it was committed; an installed package reads it where it has none of its own."""
    return COMMITTED / f"{network}.json"


def state(kind: str) -> Path:
    """What can be lost without harm (cursors, proposals that were written down): `build/`, or where
    `SSI_STATE` points.
    """
    return _made(Path(os.environ.get("SSI_STATE", working() / "build")) / kind)


@contextmanager
def held(name: str, *, wait: bool = False) -> Iterator[bool]:
    """A lock of this machine's while the block runs; yields whether it is ours. With `wait` it always is, in the end.

    It ends with the process, however that ends.
    """
    import fcntl  # which not every system has, and reading needs no lock

    with (state("locks") / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
