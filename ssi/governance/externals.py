"""Contracts of others that governance calls: the deployer of CREATE2, and Uniswap's manager of positions."""

from __future__ import annotations

from eth_utils import keccak, to_checksum_address

from ssi.chain.evm import Interface
from ssi.constants import CREATE2

POSITIONS = Interface(
    "NonfungiblePositionManager",
    [
        {
            "type": "function", "name": "createAndInitializePoolIfNecessary", "stateMutability": "payable",
            "inputs": [
                {"name": name, "type": kind}
                for name, kind in (
                    ("token0", "address"), ("token1", "address"), ("fee", "uint24"), ("sqrtPriceX96", "uint160"),
                )
            ],
            "outputs": [{"name": "pool", "type": "address"}],
        }
    ],
)  # fmt: skip
DEPLOYER = Interface("CREATE2", [])  # takes 32 bytes of salt and code, without a selector


def creation(data: bytes) -> str:
    """The address of what the deployer of CREATE2 is to make: 32 bytes of salt, then code."""
    return created(CREATE2, data[:32], keccak(data[32:]))


def created(deployer: str, salt: bytes, code_hash: bytes) -> str:
    """The address that CREATE2 gives to code with that hash."""
    of = keccak(b"\xff" + bytes.fromhex(deployer[2:]) + salt + code_hash)
    return str(to_checksum_address(of[12:]))
