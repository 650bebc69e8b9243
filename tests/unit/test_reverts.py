"""The revert helper refuses everything but the very revert that was named."""

from __future__ import annotations

from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm, Reverted
from tests.support.reverts import error, reverts


@pytest.fixture
def token(evm: Evm, project: Any, owner: str) -> Deployed:
    return evm.deploy(project.PlainToken, "Token", "T", 18, sender=owner)


def test_passes_on_exactly_the_named_error(token, project, alice, bob):
    with reverts(error(project.PlainToken, "ERC20InsufficientBalance"), sender=alice, balance=0, needed=7):
        token.transfer(bob, 7, sender=alice)


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("ERC20InsufficientBalance", {"sender": "alice", "balance": 0, "needed": 8}),
        ("ERC20InsufficientBalance", {"sender": "bob", "balance": 0, "needed": 7}),
        ("ERC20InsufficientAllowance", {"spender": "alice", "allowance": 0, "needed": 7}),
    ],
)
def test_fails_on_another_error_or_other_arguments(token, project, evm, alice, bob, name, inputs):
    inputs = {key: evm.account(value) if isinstance(value, str) else value for key, value in inputs.items()}
    with pytest.raises(AssertionError, match="expected ERC20"), reverts(error(project.PlainToken, name), **inputs):
        token.transfer(bob, 7, sender=alice)


def test_fails_on_another_error_out_of_a_view(project, system):
    unknown = "0x" + "11" * 20
    with (
        pytest.raises(AssertionError),
        reverts(error(project.PriceOracle, "PriceOracle_SourceFailed"), token=unknown, source=unknown),
    ):
        system.oracle.price(unknown)


def test_passes_on_the_named_error_out_of_a_view(project, system):
    unknown = "0x" + "11" * 20
    with reverts(error(project.PriceOracle, "PriceOracle_NoRoute"), token=unknown):
        system.oracle.price(unknown)


@pytest.mark.parametrize("data", [b"", bytes.fromhex("4e487b71") + (17).to_bytes(32, "big")])
def test_fails_on_empty_reverts_and_panics(project, data):
    with pytest.raises(AssertionError), reverts(error(project.PriceOracle, "PriceOracle_ZeroAddress")):
        raise Reverted(data, "somewhere")


def test_fails_when_nothing_reverts(project):
    with (
        pytest.raises(AssertionError, match="nothing reverted"),
        reverts(error(project.PriceOracle, "PriceOracle_ZeroAddress")),
    ):
        pass


def test_refuses_misspelt_and_missing_arguments(project):
    wanted = error(project.PlainToken, "ERC20InvalidReceiver")
    with pytest.raises(TypeError), reverts(wanted, reciever="0x" + "00" * 20):
        pass
    with pytest.raises(TypeError), reverts(wanted):
        pass
    with pytest.raises(KeyError):
        error(project.PlainToken, "NoSuchError")
