"""What Python knows by heart is what the contracts and the parameters say."""

from __future__ import annotations

import ast
import re
from contextlib import suppress

import pytest
from ape_ethereum.multicall.constants import MULTICALL3_ADDRESS
from eth_utils import keccak, to_checksum_address

from forks.addresses import TOKENS
from ssi import constants
from ssi.build import ROOT
from ssi.keeper.rebalance import Phase
from ssi.registry import params

HOMES = ("ssi", "forks", "minimainnet", "demo", "replay", "scripts", "tools", "tests")
_UNITS = {"seconds": 1, "hours": 3600, "days": 86_400}


def solidity(file: str, name: str) -> int:
    """A constant of a contract."""
    text = (ROOT / file).read_text()
    found = re.search(rf"constant {name} = ([\d_]+)(?:e(\d+))? ?(\w*);", text)
    assert found, f"{file} has no constant {name}"
    number, zeros, unit = found.groups()
    return int(number) * 10 ** int(zeros or 0) * _UNITS[unit or "seconds"]


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
        ("WAD", "contracts/index/IndexBase.sol", "_WAD"),
        ("RAY", "contracts/index/IndexBase.sol", "_RAY"),
        ("BPS", "contracts/index/IndexRouter.sol", "_BPS"),
        ("DAY", "contracts/points/PointsMath.sol", "_DAY"),
        ("YEAR", "contracts/staking/StakedToken.sol", "_YEAR"),
        ("MAX_COOLDOWN", "contracts/staking/StakedToken.sol", "MAX_COOLDOWN"),
        ("LOCK_COOLDOWN", "contracts/points/LpLocker.sol", "COOLDOWN"),
        ("HELD", "contracts/points/PointsMath.sol", "HELD"),
        ("STAKED", "contracts/points/PointsMath.sol", "STAKED"),
        ("LOCKED", "contracts/points/PointsMath.sol", "LOCKED"),
        ("BOOST", "contracts/points/PointsMath.sol", "BOOST"),
        ("REFEREE_PART", "contracts/points/PointsLedger.sol", "_REFEREE_PART"),
        ("SLOTS", "contracts/points/ReferencePrices.sol", "SLOTS"),
    ],
)
def test_numbers_are_those_of_the_contracts(name, file, theirs):
    assert getattr(constants, name) == solidity(file, theirs)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("PERMIT2", "node_modules/@uniswap/v4-periphery/lib/permit2/src/libraries/Permit2Lib.sol"),
        ("SWAP_ROUTER", "node_modules/@uniswap/sdk-core/dist/cjs/src/addresses.js"),
        ("MULTI_SEND", "node_modules/@safe-global/safe-deployments/dist/assets/v1.4.1/multi_send_call_only.json"),
    ],
)
def test_addresses_are_those_of_published_records(name, record):
    assert getattr(constants, name) in (ROOT / record).read_text()


def test_multicall_is_where_ape_has_it():
    assert constants.MULTICALL3 == MULTICALL3_ADDRESS


def test_parameters_name_the_same_contracts():
    external = params.protocol().contracts
    assert (external.permit2, external.weth) == (constants.PERMIT2, TOKENS["WETH"])


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


def figures(text: str) -> dict[str, object]:
    """What a module gives a name at its top, as far as it can be worked out from `ssi.constants` alone."""
    found: dict[str, object] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign):
            names, value = node.targets[0], node.value
            pairs = [(names, value)]
            if isinstance(names, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(names.elts, value.elts, strict=True))
            for name, of in pairs:
                with suppress(Exception):  # it is no figure
                    found[ast.unparse(name).lstrip("_")] = eval(
                        ast.unparse(of), {"__builtins__": {}}, dict(vars(constants))
                    )
    return found


def repeated(text: str) -> list[str]:
    """Names of `ssi.constants` that a module gives the same value again, and addresses of it or of the parameters."""
    known = {name: value for name, value in vars(constants).items() if name.isupper()}
    addresses = {*known.values(), *params.protocol().contracts.model_dump().values(), *params.assets().feeds.values()}
    addresses |= {asset.address for asset in params.assets().assets.values()}
    again = [name for name, value in figures(text).items() if name in known and known[name] == value]
    return again + [address for address in re.findall(r"\b0x[0-9a-fA-F]{40}\b", text) if address in addresses]


def test_a_constant_has_one_home():
    """The models count for themselves, and another project has its own."""
    assert repeated("WAD, _DAY = 10**18, 24 * 3600\nHOUR = 5\n") == ["WAD", "DAY"]
    assert repeated(f"AT = '{constants.QUOTER}'") == [constants.QUOTER]
    files = {str(path.relative_to(ROOT)): path for top in HOMES for path in sorted((ROOT / top).rglob("*.py"))}
    assert len(files) > 350
    apart = ("ssi/constants.py", "tests/model/", "tests/foreign/")
    found = {name: repeated(path.read_text()) for name, path in files.items() if not name.startswith(apart)}
    assert {name: again for name, again in found.items() if again} == {}
