"""What it costs to move, or to silence, each deployed feed over a pool. Prints the table of docs/oracle-math.md.

    python tools/with_chain.py python -m tools.oracle_costs

Few blocks in a row cannot move a feed at any capital: two of nine parts of its window are not enough. What follows
holds the pool off its price for as many parts as it takes. Everything is computed from the liquidity that is in range,
as if it reached that far, in USD at the oracle's own prices. `capital` is what one push takes. A thief who builds every
block pays the pool's fee on the way there and back; one who does not is undone by arbitrageurs after each block as far
as the fee leaves them something, pushes again, and pays them each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from ssi.chain.evm import Deployed
from ssi.constants import BLOCK
from ssi.registry.system import System
from tests.support.manipulation import POOL

PARTS, SPREAD, DRIFT = 9, 99, 200
MOVES = (0.01, 0.05, 0.10)


@dataclass(frozen=True)
class Depth:
    """A pool seen from the base token: `root` is the square root of the price, quote-wei per base-wei."""

    liquidity: float
    root: float
    fee: float
    usd: float  # a quote-wei

    def capital(self, move: float) -> float:
        """USD that a push from the fair price to `1 + move` times that takes, with the fee."""
        return self.usd * self.liquidity * self.root * (sqrt(1 + move) - 1) / (1 - self.fee)

    def undisturbed(self, move: float) -> float:
        """USD that the fee takes on the way there and back."""
        there = self.fee * self.capital(move)
        back = self.fee / (1 - self.fee) * self.usd * self.liquidity * self.root * (1 - 1 / sqrt(1 + move))
        return there + back

    def arbitraged(self, move: float, blocks: int) -> float:
        """USD lost to arbitrageurs and to the fee over so many blocks; what was bought counts at the fair price."""
        left = min(move, self.fee)  # no trader takes back what the fee eats up
        return self._loss(0, move) + (blocks - 1) * self._loss(left, move)

    def _loss(self, start: float, end: float) -> float:
        one, other = sqrt(1 + start), sqrt(1 + end)
        paid, got = (other - one) / (1 - self.fee), 1 / one - 1 / other
        return self.usd * self.liquidity * self.root * (paid - got)


def seconds_to_move(window: int, move: float) -> int:
    """How long the pool must be held. The median moves with five parts; by more than the spread allows, with seven."""
    ticks = round(9_999.5 * move / (1 + move / 2))
    return window // PARTS * (5 if ticks <= SPREAD else 7)


def silencing(window: int) -> float:
    """How far one block must be off to look like a jump in its part of the window, as a fraction."""
    return float(1.0001 ** ((DRIFT + 1) * (window // PARTS) / BLOCK) - 1)


def depth(system: System, feed: Deployed) -> Depth:
    """The pool of a feed as it is now."""
    pool = system.evm.at(POOL, feed.pool())
    root = pool.slot0().sqrtPriceX96 / 2**96
    quote = feed.quoteToken()
    usd = system.oracle.price(quote) / 10 ** (18 + system.token(quote).decimals())
    return Depth(pool.liquidity(), root if pool.token0() == feed.baseToken() else 1 / root, pool.fee() / 10**6, usd)


HEAD = (
    "| feed | 1 block | 5 blocks | 1 %: capital, loss | 5 %: capital, loss | 10 %: capital, loss | silence for a part:"
    " capital, loss |\n|---|---|---|---|---|---|---|"
)


def rows(system: System) -> list[list[str]]:
    """The cells of the table, a feed a row. Losses are first without and then with arbitrageurs."""
    found = []
    for name in sorted(system.assets.twaps):
        feed = system.contract(name, "UniswapV3TwapFeed")
        pool, window = depth(system, feed), feed.window()
        cells = [name.removesuffix(" twap"), "0", "0"]
        for move in MOVES:
            blocks = seconds_to_move(window, move) // BLOCK
            cells.append(
                f"{pool.capital(move):,.0f}, {pool.undisturbed(move):,.0f} / {pool.arbitraged(move, blocks):,.0f}"
            )
        off = silencing(window)
        cells.append(f"{pool.capital(off):,.0f}, {pool.undisturbed(off):,.0f}")
        found.append(cells)
    return found


def main() -> int:
    """Deploys on the fork and prints the table."""
    from ape import networks

    from forks.seeding import deploy
    from ssi.build import fresh_project
    from ssi.chain import network
    from ssi.chain.evm import Evm

    with networks.parse_network_choice("ethereum:mainnet-fork:foundry"):
        network.quiet()
        system = System(Evm(network.rpc().url), fresh_project(), deploy())
        print(HEAD)
        for cells in rows(system):
            print("| " + " | ".join(cells) + " |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
