"""What the live tests start ends with them, however they end."""

from __future__ import annotations

import os
import socket

import pytest

from ssi.chain.rpc import Rpc
from tests.live.network import NETWORK, shell


@pytest.fixture(autouse=True)
def calm() -> None:
    """No network is needed here."""


def test_nothing_is_left_where_the_tests_are_killed(tmp_path):
    """Their end of the pipe closes then: a command that waits for a node, and an anvil, go."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with shell(tmp_path / "shell", url) as started:
            anvil = started.ask({"anvil": ["--chain-id", "1"]})
            assert Rpc(anvil).call("eth_chainId") == "0x1"
            waiting = int(started.ask({"env": {}, "rows": [{"words": ["status", *NETWORK], **started.files()}]}))
            silent.accept()  # the command is there
            os.kill(waiting, 0)
            assert started.process.stdin
            started.process.stdin.close()
            started.process.wait(60)
            with pytest.raises(OSError, match="refused"):
                Rpc(anvil).call("eth_chainId")
            with pytest.raises(ProcessLookupError):
                os.kill(waiting, 0)
