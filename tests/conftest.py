"""Fixtures.

Everything runs on Ape's `ethereum:mainnet-fork:foundry`; what is called often goes the fast road (`ssi/chain/evm.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import solcx
from hypothesis import HealthCheck, Phase, settings

from forks.seeding import deploy
from ssi.build import fresh_project
from ssi.chain import network
from ssi.chain.evm import Deployed, Evm
from ssi.constants import ZERO
from ssi.governance import storage
from ssi.registry.system import System
from tests.support.liquidity import UniswapMarket
from tests.support.points import PointsWorld
from tests.support.prices import PriceBench
from tests.support.rebalanced import DeployedRebalance

collect_ignore = ["foreign"]  # other projects, which `tests/scripts/test_packages.py` runs where they belong

_COMMON: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
settings.register_profile("default", max_examples=100, stateful_step_count=50, derandomize=True, **_COMMON)
settings.register_profile(
    "unshrunk",
    max_examples=100,
    stateful_step_count=50,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    **_COMMON,
)
# Enough to reach what a machine can reach, for `make coverage`.
settings.register_profile(
    "short",
    max_examples=20,
    stateful_step_count=50,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    **_COMMON,
)
settings.register_profile("deep", max_examples=1000, stateful_step_count=50, phases=tuple(Phase), **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On the real mainnet leaves out what needs the miniature one; each such test says why."""
    if os.environ.get("SSI_CHAIN") == "mainnet":
        for item in items:
            if item.get_closest_marker("minimainnet"):
                item.add_marker(pytest.mark.skip(reason="needs switches that only the miniature mainnet has"))


@pytest.fixture(scope="session", autouse=True)
def connected() -> Iterator[None]:
    """Commands that run in this process take the suite's own connection to the fork.

    Ape makes a new one for each, which costs more than most commands. `tests/live` starts commands as processes of
    their own, which connect by themselves.
    """
    from ape.api.networks import ProviderContextManager

    push = ProviderContextManager.push_provider

    def pushed(context: Any) -> Any:
        wanted, active = context._provider, context.network_manager.active_provider
        if active is None or (wanted.name, wanted.network.name) != (active.name, active.network.name):
            return push(context)
        context.provider_stack.append(context.provider_stack[-1])
        return active

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProviderContextManager, "push_provider", pushed)
        yield


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    made = dict[str, Any]()

    def remembered(*args: Any, **options: Any) -> Any:
        key = repr((args, options))
        if key not in made:
            made[key] = function(*args, **options)
        return made[key]

    return remembered


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """The compiler, asked by a verification or by the check of an upgrade's storage, answers the same question once a
    session: that takes it half a minute, and the sources do not change meanwhile.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solcx, "compile_standard", _remembering(solcx.compile_standard))
        patch.setattr(storage, "examine", _remembering(storage.examine))
        yield


@pytest.fixture(scope="session")
def project() -> Any:
    """The compiled project. Shadows Ape's own fixture, which may serve stale bytecode."""
    return fresh_project()


@pytest.fixture(scope="session")
def evm() -> Evm:
    """The fork behind Ape."""
    network.quiet()
    return Evm(network.rpc().url)


@pytest.fixture(scope="session")
def system(evm: Evm, project: Any) -> System:
    """The whole protocol, deployed by the script of a real deployment."""
    return System(evm, project, deploy())


@pytest.fixture(autouse=True)
def isolated(evm: Evm) -> Iterator[None]:
    """Every test leaves the chain as it found it.

    Time passes only when told: the streaming fee moves amounts by the second.
    """
    with evm.isolated(), evm.frozen_time():
        yield


@pytest.fixture(scope="session")
def owner(evm: Evm) -> str:
    return evm.account("owner")


@pytest.fixture(scope="session")
def alice(evm: Evm) -> str:
    return evm.account("alice")


@pytest.fixture(scope="session")
def bob(evm: Evm) -> str:
    return evm.account("bob")


@pytest.fixture(scope="session")
def carol(evm: Evm) -> str:
    return evm.account("carol")


@pytest.fixture(scope="session")
def mallory(evm: Evm) -> str:
    return evm.account("mallory")


@pytest.fixture
def authority(evm: Evm, project: Any, owner: str) -> Deployed:
    """An AccessManager whose administrator is `owner`, without delays."""
    return evm.deploy(project.ProtocolManager, owner, sender=owner)


@pytest.fixture
def bench(evm: Evm, project: Any, owner: str, authority: Deployed) -> PriceBench:
    """An oracle without routes, governed by `owner`, where blocks need no sequencer."""
    return PriceBench(evm, project, owner, evm.deploy(project.PriceOracle, authority, ZERO, 0, sender=owner))


# ---------------------------------------------------------------- points


@pytest.fixture
def world(evm: Evm, project: Any, owner: str) -> PointsWorld:
    """The points ledger with indexes, prices and a pool, after its first sample of prices."""
    world = PointsWorld(evm, project, owner)
    world.sample()
    return world


@pytest.fixture
def reward(evm: Evm, project: Any, owner: str) -> Deployed:
    """A token for pots, with a quirk that the test chooses."""
    return evm.deploy(project.QuirkToken, 18, sender=owner)


# ---------------------------------------------------------------- locked liquidity, on a file's `market` and `locker`


@pytest.fixture
def pool(market: UniswapMarket) -> str:
    """That of Uniswap v3."""
    return market.pools["V3"].address


@pytest.fixture
def pair(market: UniswapMarket) -> str:
    """That of Uniswap v2."""
    return market.pair.address


@pytest.fixture
def locked(locker: Deployed, market: UniswapMarket, alice: str) -> int:
    """A position of alice's that is locked."""
    token_id = market.position(alice, 5)
    locker.lockPosition(token_id, sender=alice)
    return token_id


@pytest.fixture
def lp_tokens(locker: Deployed, market: UniswapMarket, pair: str, alice: str) -> int:
    """LP tokens of alice's that are locked."""
    amount = market.add(alice, 3)
    locker.lockTokens(pair, amount, sender=alice)
    return amount


# ---------------------------------------------------------------- rebalancing


@pytest.fixture
def mag7(system: System, project: Any) -> DeployedRebalance:
    """MAG7.ssi as deployed, to be rebalanced."""
    return DeployedRebalance(system, project, "MAG7.ssi", 300 * 10**18)
