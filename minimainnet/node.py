"""Serving the miniature mainnet."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from forks import anvils
from minimainnet.build import build
from ssi import places
from ssi.chain.rpc import Rpc

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".build" / "minimainnet"

# Where a wheel has the built state.
PACKAGED = places.PACKAGED / "minimainnet.json.gz"

# The chain begins here, whenever it is built, so that every build is the same.
GENESIS_TIME = 1_767_225_600


def state_file() -> Path:
    """Where the built state is kept: named by everything that decides it."""
    digest = hashlib.sha256()
    standins = [*sorted((ROOT / "contracts/mocks/mainnet").glob("*.sol")), ROOT / "contracts/mocks/PlainToken.sol"]
    levers = [
        ROOT / "forks" / name for name in ("addresses.py", "anvils.py", "artifacts.py", "control.py", "placing.py")
    ]
    for path in [
        *sorted(Path(__file__).parent.glob("*.py")),
        *levers,
        *(ROOT / "ssi" / name for name in ("chain/rpc.py", "constants.py")),
        *(ROOT / "deployments/params" / name for name in ("assets.json", "protocol.json")),
        *standins,
        ROOT / "package-lock.json",
    ]:
        digest.update(path.name.encode() + path.read_bytes())
    return CACHE / f"{digest.hexdigest()[:16]}.json"


def built_state(console: Console | None = None) -> Path:
    """The state of a built miniature mainnet, built now if need be."""
    path = state_file()
    if path.exists():
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    console = console or Console(stderr=True)
    options = (
        "--chain-id",
        "1",
        "--timestamp",
        str(GENESIS_TIME),
        "--block-base-fee-per-gas",
        "0",
        "--gas-limit",
        "60000000",
    )
    with anvils.anvil(*options) as url, console.status("Building the miniature mainnet") as status:
        rpc = Rpc(url)
        build(rpc, lambda text: status.update(f"Building the miniature mainnet: {text}"))
        dump = gzip.decompress(bytes.fromhex(rpc.call("anvil_dumpState")[2:]))
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(dump)
    draft.replace(path)
    console.print("· miniature mainnet built")
    return path


@contextmanager
def serve(port: int | None = None, history: bool = False) -> Iterator[str]:
    """A miniature mainnet; yields its URL. With `history` it answers for old blocks as well."""
    with tempfile.TemporaryDirectory(prefix="ssi-minimainnet-") as folder:
        state = _unpacked(Path(folder)) if places.INSTALLED else built_state()
        options = ("--chain-id", "1", "--load-state", str(state), "--gas-limit", "60000000")
        with anvils.anvil(*options, port=port, history=history) as url:
            yield url


def _unpacked(folder: Path) -> Path:
    """The state that came with the wheel. Raises FileNotFoundError where none did."""
    if not PACKAGED.exists():
        raise FileNotFoundError(
            "This ssi was installed without the miniature mainnet: set MAINNET_RPC_URL, or install a built wheel."
        )
    state = folder / "state.json"
    state.write_bytes(gzip.decompress(PACKAGED.read_bytes()))
    return state
