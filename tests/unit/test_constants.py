"""What Python knows by heart is what the contracts and the parameters say."""

from __future__ import annotations

import re

import pytest
from eth_utils import keccak, to_checksum_address

from forks.addresses import CONTRACTS
from ssi import constants
from ssi.build import ROOT
from ssi.keeper.rebalance import Phase
from ssi.registry import params

_UNITS = {"seconds": 1, "hours": 3600, "days": 86_400}


def solidity(file: str, name: str) -> int:
    """A constant of a contract."""
    text = (ROOT / file).read_text()
    found = re.search(rf"constant {name} = (\d+) ?(\w*);", text)
    assert found, f"{file} has no constant {name}"
    number, unit = found.groups()
    return int(number) * _UNITS[unit or "seconds"]


@pytest.mark.parametrize(
    ("name", "file", "theirs"),
    [
        ("ADMIN", "contracts/governance/Roles.sol", "ADMIN"),
        ("GOVERNOR", "contracts/governance/Roles.sol", "GOVERNOR"),
        ("GUARDIAN", "contracts/governance/Roles.sol", "GUARDIAN"),
        ("NOTICE", "contracts/governance/Roles.sol", "NOTICE"),
        ("RECORDING", "contracts/points/PointsLedger.sol", "_RECORDING"),
        ("CLAIMING", "contracts/points/PointsLedger.sol", "_CLAIMING"),
        ("BLOCK", "contracts/oracle/UniswapV3TwapFeed.sol", "_BLOCK"),
    ],
)
def test_numbers_are_those_of_the_contracts(name, file, theirs):
    assert getattr(constants, name) == solidity(file, theirs)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("MULTICALL3", "Multicall3"),
        ("PERMIT2", "Permit2"),
        ("SWAP_ROUTER", "SwapRouter02"),
        ("QUOTER", "QuoterV2"),
        ("MULTI_SEND", "MultiSendCallOnly"),
    ],
)
def test_addresses_are_where_the_miniature_mainnet_has_them(name, theirs):
    assert getattr(constants, name) == CONTRACTS[theirs]


def test_parameters_name_the_same_contracts():
    external = params.protocol().contracts
    assert (external.permit2, external.uniswap_v2_factory, external.uniswap_v3_factory, external.position_manager) == (
        constants.PERMIT2,
        CONTRACTS["UniswapV2Factory"],
        CONTRACTS["UniswapV3Factory"],
        CONTRACTS["NonfungiblePositionManager"],
    )


def test_the_slot_of_implementations_is_that_of_erc1967():
    assert (
        int(constants.IMPLEMENTATION_SLOT, 16) == int.from_bytes(keccak(text="eip1967.proxy.implementation"), "big") - 1
    )


def declared(what: str) -> str:
    """What stands between the braces of an enum or a struct of IRebalancer."""
    found = re.search(rf"{what} \{{([^}}]*)\}}", (ROOT / "interfaces/IRebalancer.sol").read_text())
    assert found
    return found[1]


def test_phases_are_those_of_the_interface():
    names = re.sub(r"//.*", "", declared("enum Phase"))
    assert [name.strip().lower() for name in names.split(",")] == [phase.word for phase in Phase]


def test_terms_are_written_in_the_order_of_the_interface():
    theirs = re.findall(r"(\w+);", declared("struct RebalanceTerms"))
    ours = [name.partition("_")[0] for name in params.RebalancingParams.model_fields]
    assert theirs == [
        {"premium": "premiumStart", "discount": "discountEnd", "hours": "duration"}.get(name, name) for name in ours
    ]


def test_addresses_are_spelt_with_their_checksums():
    """Wallets and viem refuse an address whose capitals are wrong: it may be mistyped."""
    ours = [*(ROOT / "deployments").glob("*.json"), *(ROOT / "deployments/params").rglob("*.json")]
    texts = [*ours, ROOT / "forks/addresses.py", ROOT / "ssi/constants.py"]
    found = [address for path in texts for address in re.findall(r"\b0x[0-9a-fA-F]{40}\b", path.read_text())]
    assert len(found) > 50
    assert [address for address in found if to_checksum_address(address) != address] == []
