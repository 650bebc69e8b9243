"""What every party has, at fair prices: tokens, shares in kind, stakes, exits, claims, liquidity; read after each
step.
"""

from __future__ import annotations

from typing import Any

from ssi.constants import RAY, SWAP_ROUTER, WAD
from tests.model.index import DEAD
from tests.model.points import fair_price
from tests.model.staking import VIRTUAL
from tests.stateful.protocol.books import Books
from tests.stateful.protocol.reading import FixedReads
from tests.stateful.protocol.world import HOSTILE, PEOPLE, REAL, SHOP, ProtocolWorld

# Whose accounts a party is: the hostile token is Mallory's accomplice.
ACCOUNTS = {**{person: (person,) for person in PEOPLE}, "mallory": ("mallory", "odd"), "safe": ("safe", DEAD)}
POOLS = "pools"
UNISSUED = "unissued"  # fees that an index has earned and not issued yet
PARTIES = (*ACCOUNTS, "lender", UNISSUED, POOLS)


def fixed_reads(w: ProtocolWorld) -> FixedReads:
    """All questions that are asked after every step."""
    s, reads = w.system, FixedReads(w.evm)
    accounts = w.accounts
    for who, account in accounts.items():
        for name, token in w.tokens.items():
            reads.add(("token", name, who), token.balanceOf, account)
        for symbol, index in w.indexes.items():
            reads.add(("shares", symbol, who), index.balanceOf, account)
        for name, vault in w.vaults.items():
            reads.add(("staked", name, who), vault.balanceOf, account)
            reads.add(("exit", name, who), vault.exitOf, account)
        for name in SHOP:
            reads.add(("claim", name, who), w.indexes[HOSTILE].claimOf, w.tokens[name], account)
        reads.add(("locked", who), s.locker.liquidityOf, account, w.pool)
    for symbol, index in w.indexes.items():
        for name in ("basket", "multiplier", "totalSupply", "issuedSupply"):
            reads.add((name, symbol), getattr(index, name))
        for name in w.constituents[symbol]:
            reads.add(("real", symbol, name), w.tokens[name].balanceOf, index.address)
            reads.add(("segregated", symbol, name), index.segregated, w.tokens[name])
    for name, vault in w.vaults.items():
        for figure in ("totalAssets", "issuedSupply", "assetsSetAside", "unvestedRewards"):
            reads.add((figure, name), getattr(vault, figure))
        reads.add(("real", name), w.evm.at(vault.interface, vault.asset()).balanceOf, vault.address)
    for pool, sides in w.pools.items():
        for side in sides:
            reads.add(("pool", pool, side), (w.tokens | w.indexes)[side].balanceOf, pool)
    for token_id in w.homes:
        reads.add(("home", token_id), w.market.positions.ownerOf, token_id)
    for contract in ("router", "filler", "rebalancer"):
        address = getattr(s, contract).address
        for name, token in (w.tokens | w.indexes).items():
            reads.add((contract, name), token.balanceOf, address)
    for name in SHOP:
        reads.add(("allowed by the filler", name), w.tokens[name].allowance, s.filler.address, SWAP_ROUTER)
    reads.add("pots", w.tokens["USDC"].balanceOf, s.points.address)
    reads.add("status", s.rebalancer.status, w.indexes[HOSTILE])
    reads.add("reentered", w.odd.reentered)
    return reads.close()


class Valuer:
    """Values what was read, D18 USD at the prices of the world's beginning."""

    def __init__(self, w: ProtocolWorld) -> None:
        self._w = w
        one, other = (
            w.fair[side] * 10 ** (18 - w.decimals[side]) if side != REAL else self._first_price()
            for side in (REAL if token is w.market.index else "USDC" for token in w.market.tokens)
        )
        self._liquidity = fair_price(one, other)
        worth = [value * 10 ** (18 - w.decimals[name]) for name, value in w.fair.items()]
        self.crumbs = 2 * sum(-(-value // WAD) for value in worth)  # what roundings may cost in one step

    def _first_price(self) -> int:
        basket = self._w.indexes[REAL].basket()
        names, mult = self._w.constituents[REAL], self._w.indexes[REAL].multiplier()
        return sum(self.of(name, unit * mult // RAY // 10**9) for name, unit in zip(names, basket.units, strict=True))

    def of(self, name: str, amount: int) -> int:
        """D18 USD of {tok}."""
        return amount * self._w.fair[name] // int(10 ** self._w.decimals[name])

    def share(self, seen: dict[Any, Any], books: Books, symbol: str) -> int:
        """D36 USD of a share-wei: its part of each constituent, losses included."""
        model, total = books.indexes[symbol], 0
        for name, unit in model.units.items():
            real, owed = seen["real", symbol, name], model.owed(name, books.now)
            part = (
                unit * seen["multiplier", symbol] * self._w.fair[name] * 10**9 // (RAY * 10 ** self._w.decimals[name])
            )
            total += part if real >= owed else part * real // owed
        return total

    def wealth(self, seen: dict[Any, Any], books: Books, share: dict[str, int]) -> dict[str, int]:
        """D18 USD by party."""
        found = {
            party: sum(self._account(seen, books, share, who) for who in accounts)
            for party, accounts in (*ACCOUNTS.items(), ("lender", ("lender",)))
        }
        found[UNISSUED] = sum(
            (seen["totalSupply", symbol] - seen["issuedSupply", symbol]) * share[symbol] // 10**36 for symbol in share
        )
        found[POOLS] = sum(
            seen["pool", pool, side] * share[side] // 10**36
            if side in share
            else self.of(side, seen["pool", pool, side])
            for pool, sides in self._w.pools.items()
            for side in sides
        )
        return found

    def staked(self, seen: dict[Any, Any], vault: str, who: str) -> int:
        """{asset} of an account's staked shares."""
        total, supply = seen["totalAssets", vault] + VIRTUAL, seen["issuedSupply", vault] + VIRTUAL
        return int(seen["staked", vault, who] * total // supply)

    def _account(self, seen: dict[Any, Any], books: Books, share: dict[str, int], who: str) -> int:
        total = sum(self.of(name, seen["token", name, who]) for name in self._w.tokens)
        assets = {"sMAG7": 0, "sSOSO": 0}
        for vault in assets:
            cooling, _, _, claimable, _ = seen["exit", vault, who]
            assets[vault] = self.staked(seen, vault, who) + cooling + claimable
        total += self.of("SOSO", assets["sSOSO"])
        total += (seen["shares", REAL, who] + assets["sMAG7"]) * share[REAL] // 10**36
        total += seen["shares", HOSTILE, who] * share[HOSTILE] // 10**36
        for name in SHOP:
            model, real = books.indexes[HOSTILE], seen["real", HOSTILE, name]
            owed, claim = model.owed(name, books.now), seen["claim", name, who]
            total += self.of(name, claim if real >= owed else claim * real // owed)
        homes = [token_id for token_id, owner in self._w.homes.items() if owner == who]
        total += sum(self._w.liquidity[token_id] for token_id in homes) * self._liquidity // WAD
        return total
