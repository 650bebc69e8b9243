"""One process that has Ape and the compiled contracts in memory. Each run of tests is a fork of it, on a chain of its
own, with the mutant's code in place of that of the build: nothing is imported or compiled again.

Asked and answered by lines of JSON on its standard streams; `Server` is the other end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tools.mutation.builds import Code

NOTHING_RAN = 2  # and above: pytest was interrupted, or found no tests


class Run(NamedTuple):
    """What tests did: seconds of each module that is green, and the first red test with what it said."""

    green: dict[str, float]
    red: str
    said: str
    timeout: bool
    code: int

    @property
    def broken(self) -> bool:
        """The tests did not run to an end."""
        return not self.timeout and not self.red and self.code != 0


class Server:
    """A forkserver in `root`, a copy of the repository."""

    def __init__(self, root: Path, log: Path) -> None:
        self._log = log
        environment = {
            **os.environ,
            "PYTHONPATH": str(root),
            "SOLCX_BINARY_PATH": str(root / "tools/solc"),
            "HYPOTHESIS_PROFILE": "unshrunk",
            "APE_LOG_LEVEL": "WARNING",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.mutation.forkserver"],
            cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, modules: Sequence[str], codes: Mapping[str, Code], limit: float) -> Run:
        """Runs modules until a test is red, `limit` seconds at most."""
        assert self._process.stdin
        assert self._process.stdout
        asked = {"modules": list(modules), "codes": codes, "limit": limit, "log": str(self._log)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Run(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Ends it and its chains."""
        self._process.terminate()
        self._process.wait()


class Watch:
    """A pytest plugin: notes seconds of modules, and the first test that is red, in a file."""

    def __init__(self, path: Path) -> None:
        self._path, self._module, self._began = path, "", time.monotonic()
        self.seconds: dict[str, float] = {}
        self.red, self.said = "", ""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        module = nodeid.partition("::")[0]
        if module != self._module:
            self.close()
            self._module, self._began = module, time.monotonic()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """The first failure, also of a set-up: the deployment may be what breaks."""
        if report.failed and not self.red:
            crash = getattr(report.longrepr, "reprcrash", None)
            said = getattr(crash, "message", None) or str(report.longrepr)
            self.red, self.said = report.nodeid, said[:300]
        self._write()

    def pytest_collectreport(self, report: Any) -> None:
        """A module that cannot be imported is red, too."""
        if report.failed and not self.red:
            self.red, self.said = report.nodeid or "collection", str(report.longrepr)[-300:]
            self._write()

    def close(self) -> None:
        """Notes the module that has just ended."""
        if self._module and not self.red:
            self.seconds[self._module] = time.monotonic() - self._began
        self._write()

    def _write(self) -> None:
        said = {"green": self.seconds, "red": self.red, "said": self.said}
        self._path.write_text(json.dumps(said))


def put(codes: Mapping[str, Sequence[str]]) -> None:
    """Puts code in place of that of the build, in this process only.

    Raises:
        RuntimeError: the project still answers with other code.
    """
    from ape import project
    from ape.managers.project import LocalProject
    from ethpm_types import Bytecode

    LocalProject.update_manifest = lambda *_, **__: None  # nothing of a mutant goes to the disk
    kinds = project.manifest.contract_types
    for name, (creation, runtime) in codes.items():
        kinds[name].deployment_bytecode = Bytecode(bytecode="0x" + creation)
        kinds[name].runtime_bytecode = Bytecode(bytecode="0x" + runtime)
        if project.load_contracts()[name].contract_type.deployment_bytecode.to_bytes().hex() != creation:
            raise RuntimeError(f"Ape answers with other code of {name}")


def _child(asked: dict[str, Any], result: Path, folder: Path) -> int:
    import pytest

    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ |= {"SSI_DEPLOYMENTS": str(folder / "deployments"), "SSI_STATE": str(folder / "state")}
    put(asked["codes"])
    watch = Watch(result)
    code = int(pytest.main(["-x", "--tb=short", *asked["modules"]], ["ape_test", watch]))
    if code == 0:
        watch.close()
    return code


def _run(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    result = folder / "result.json"
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = _child(asked, result, folder)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    ends, status = time.monotonic() + asked["limit"], None
    try:
        while status is None and time.monotonic() < ends:
            done, found = os.waitpid(child, os.WNOHANG)
            status = found if done else None
            time.sleep(0.05)
    finally:  # also where this process is told to end
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    timeout = status is None
    if status is None:
        status = os.waitpid(child, 0)[1]
    said = json.loads(result.read_text()) if result.exists() else {"green": {}, "red": "", "said": ""}
    return {**said, "timeout": timeout, "code": os.waitstatus_to_exitcode(status)}


def main() -> int:
    """Answers until its standard input ends."""
    from forks import anvils
    from tools import with_chain

    anvils.stop_in_order()
    with ExitStack() as stack:
        upstream, port = with_chain.upstream(stack), anvils.free_port()
        os.environ |= {
            "SSI_CHAIN": "mainnet" if os.environ.get("MAINNET_RPC_URL") else "miniature",
            "MAINNET_RPC_URL": upstream,
            "APE_FOUNDRY_HOST": f"http://127.0.0.1:{port}",
        }
        answers = os.dup(1)
        os.dup2(2, 1)  # what libraries print is no answer
        import ape_foundry  # noqa: F401 - here, so that no fork does it again
        import ape_test  # noqa: F401
        import hypothesis.stateful  # noqa: F401

        from ssi.build import fresh_project
        from ssi.chain.http import HttpRpc
        from ssi.deploy import run  # noqa: F401

        fresh_project().load_contracts()
        # That a mutant is too long for the chain is not what tests should notice.
        options = (
            "--fork-url", upstream, "--fork-block-number", str(int(HttpRpc(upstream).call("eth_blockNumber"), 16)),
            "--fork-chain-id", "1", "--no-storage-caching", "--no-rate-limit",
            "--gas-limit", "60000000", "--code-size-limit", "98304",
        )  # fmt: skip
        for line in sys.stdin:
            with tempfile.TemporaryDirectory(prefix="ssi-mutant-") as name, anvils.anvil(*options, port=port):
                os.write(answers, (json.dumps(_run(json.loads(line), Path(name))) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
