"""What a trade through the router costs or brings, written without looking at how the contract does it.

The pools of the hops are the edges of a tree of tokens. Seen from the caller's token, everything beyond an edge is
bought, or sold, through that edge at once. `swap(token, towards, fee, amount)` is one pool by itself: what `amount` of
`token` costs, or brings, in `towards`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

Hops = Mapping[str, tuple[str, int]]
Swap = Callable[[str, str, int, int], int]

OFF_IN_MINT, OFF_IN_SALE = 1, 3


class Total(NamedTuple):
    """{tok} of a token, and by how many rounding may move it when everything is made smaller in proportion."""

    amount: int
    slack: int


def total(hops: Hops, token: str, amounts: Mapping[str, int], swap: Swap, each: int, came_from: str = "") -> Total:
    """All of a trade in terms of `token`.

    Args:
        hops: of every token, the next one towards the root, and the fee of the pool between both.
        amounts: {tok} what is bought, or sold, of each constituent.
        each: {tok} by how much the amount of a token may be off.
    """
    amount, slack = amounts.get(token, 0), each
    edges = [(other, fee) for other, (after, fee) in hops.items() if after == token]
    edges += [hops[token]] if token in hops else []
    for beyond, fee in edges:
        if beyond == came_from:
            continue
        part = total(hops, beyond, amounts, swap, each, token)
        if part.amount:
            flow = swap(beyond, token, fee, part.amount)
            amount += flow
            slack += -(-flow * part.slack // part.amount) + flow // 2**20 + 4
    return Total(amount, slack)


def shares_for(target: int, cost: Total, amount_in: int) -> int:
    """{share} of `target`, whose cost is known, that `amount_in` surely buys."""
    return target * max(0, amount_in - cost.slack) // cost.amount


def shares_that_bring(most: int, brings: Total, wanted: int) -> int:
    """{share} of `most`, whose proceeds are known, that surely bring `wanted`."""
    return min(most, -(-most * (wanted + brings.slack) // brings.amount))
