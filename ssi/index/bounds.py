"""What a mint or a redemption in kind may cost or must pay, by the tokens' names and until when: `IndexToken.mint`,
`IndexToken.redeem`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_utils import keccak, to_bytes

from ssi.constants import MAX

FOREVER = MAX

# Of a redemption alone: any amount, of any constituents.
UNBOUNDED: tuple[bytes, list[int], int] = (bytes(32), [], FOREVER)


def basket_hash(tokens: Sequence[Any]) -> bytes:
    """keccak256 of the addresses, 20 bytes each, in the basket's order."""
    return bytes(
        keccak(
            b"".join(to_bytes(hexstr=str(token.address if hasattr(token, "address") else token)) for token in tokens)
        )
    )


def bounds(tokens: Sequence[Any], amounts: Sequence[int], deadline: int = FOREVER) -> tuple[bytes, list[int], int]:
    """The last three arguments of a mint or a redemption: {tok} of each of `tokens`, at most or at least, until
    `deadline`.
    """
    return basket_hash(tokens), list(amounts), deadline
