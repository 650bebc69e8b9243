"""The fixtures: the protocol, and an account that can pay for anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from forks.seeding import deploy
from ssi.build import fresh_project
from ssi.chain import network
from ssi.chain.evm import Evm
from ssi.registry.system import System
from ssi.testing.protocol import ForkedProtocol


@pytest.fixture(scope="session")
def deployed_protocol() -> ForkedProtocol:
    """The protocol as a real deployment leaves it, once a session (half a minute).

    What a test changes here, the next one sees.
    """
    if not network.is_fork():
        pytest.exit(
            "ssi.testing deploys on forks only: leave out --network, or name one that ends in -fork", returncode=2
        )
    network.quiet()
    project = fresh_project()
    return ForkedProtocol(System(Evm(network.rpc()), project, deploy()))


@pytest.fixture
def protocol(deployed_protocol: ForkedProtocol) -> Iterator[ForkedProtocol]:
    """The deployed protocol; what a test changes on the chain, time included, is undone at its end."""
    with deployed_protocol.evm.isolated():
        yield deployed_protocol


@pytest.fixture
def whale(protocol: ForkedProtocol) -> Any:
    """An Ape account with ten million dollars each of USDC, USDT, DAI and WETH, and ether."""
    return protocol.whale("USDC", "USDT", "DAI", "WETH")
