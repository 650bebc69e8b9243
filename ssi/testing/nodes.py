"""Hooks of pytest that connect Ape to a fork of our own before the first test, and end it after the last."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import ExitStack
from typing import Any

import pytest

from forks import anvils
from minimainnet import node

NETWORK = "ethereum:mainnet-fork:foundry"
_nodes = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Makes a fork the network of the tests, unless the command line names one."""
    if not _named(config):
        config.option.network = NETWORK


def pytest_collection_finish(session: pytest.Session) -> None:
    """Starts the fork where a test will run. Ape connects afterwards, by what is said in the environment."""
    if not session.items or _named(session.config) or "APE_FOUNDRY_HOST" in os.environ:
        return
    upstream = os.environ.get("MAINNET_RPC_URL") or _nodes.enter_context(node.serve())
    said = {
        "MAINNET_RPC_URL": upstream,
        "APE_NODE_ETHEREUM": json.dumps({"mainnet": {"uri": upstream}}),  # where Ape looks for what was forked
        "APE_FOUNDRY_HOST": _nodes.enter_context(anvils.fork_of(upstream)),
    }
    if "SSI_DEPLOYMENTS" not in os.environ:  # the record of a fork that ends is of no use to the next
        said["SSI_DEPLOYMENTS"] = _nodes.enter_context(tempfile.TemporaryDirectory(prefix="ssi-testing-"))
    before = {name: os.environ.get(name) for name in said}
    _nodes.callback(_restore, before)
    os.environ |= said
    _forget_config()


def pytest_unconfigure() -> None:
    """Ends what was started."""
    _nodes.close()


def _named(config: pytest.Config) -> bool:
    """Whether the command line names a network."""
    return any(str(argument).split("=")[0] == "--network" for argument in config.invocation_params.args)


def _restore(before: dict[str, Any]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _forget_config() -> None:
    """Ape has read the project's configuration before the environment said where the fork is; it reads it again."""
    from ape.utils import ManagerAccessMixin

    project = ManagerAccessMixin.local_project
    project.reconfigure(**project._config_override)
