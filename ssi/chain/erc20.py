"""What every token has: the interface of ERC-20 with its metadata, from OpenZeppelin's package."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ssi import places

NAME = "IERC20Metadata"
PACKAGED = places.PACKAGED / f"{NAME}.json"
ARTIFACT = places.ROOT / "node_modules/@openzeppelin/contracts/build/contracts" / PACKAGED.name


@cache
def erc20() -> Any:
    """An Ape container, without bytecode.

    Raises FileNotFoundError before `make setup`, and where the package was installed without it.
    """
    from ape.contracts import ContractContainer
    from ethpm_types import ContractType

    artifact = json.loads((PACKAGED if places.INSTALLED else ARTIFACT).read_text())
    return ContractContainer(ContractType.model_validate({"contractName": NAME, "abi": artifact["abi"]}))
