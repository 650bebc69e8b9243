"""A thief who silences a feed, by the cheapest way that docs/oracle-math.md knows: in a pool of 1 % no trader
arbitrages moves within the fee.

What they get for it is that a price is gone. It is never wrong, and nothing but rebalancing waits for it. Ids:
docs/invariants.md.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from forks import control
from forks.seeding import invest
from minimainnet import prices
from ssi.build import ROOT
from ssi.chain.evm import Deployed, Evm, Reverted
from ssi.constants import BLOCK, DAY, MAX, WAD
from ssi.registry.system import System
from tests.support.indexes import ANYTHING
from tests.support.manipulation import Thief, new_market
from tests.support.prices import WINDOW, leg
from tests.support.reverts import error, reverts

SYMBOL, NAME, FEE = "MEME.ssi", "FLOKI", 10_000
SWING = 75  # ticks to either side
ABOVE, BELOW = 720, 1_080  # seconds
# A price as far off as the thief holds the pool. They say what it was and what they made of it, and nothing beyond.
FARTHEST = 1.0001 ** (SWING + 1)


class Silencer(Thief):
    """Swings a pool's price around where it was."""

    def __init__(self, evm: Evm) -> None:
        super().__init__(evm, NAME, FEE)
        self.start = self.pool.slot0().sqrtPriceX96
        self.up = False

    def go(self, ticks: int) -> None:
        self.push(int(self.start * 1.0001 ** (ticks / 2)))

    def swing(self) -> int:
        """To the other side, in the next block; returns for how many seconds it stays there."""
        self.up = not self.up
        self.evm.next_at(self.evm.now + BLOCK)
        self.go(SWING if self.up else -SWING)
        return ABOVE if self.up else BELOW


@pytest.fixture
def floki(system: System) -> str:
    return system.token(NAME).address


@pytest.fixture
def feed(system: System) -> Deployed:
    return system.contract(f"{NAME}/WETH twap", "UniswapV3TwapFeed")


@pytest.fixture
def thief(evm: Evm) -> Silencer:
    return Silencer(evm)


def answers(system: System, token: str, seconds: int) -> list[tuple[Any, ...]]:
    """What the oracle says in every block of the next while, and lets it pass."""
    control.refresh_feeds(system.evm.rpc)
    begin = system.evm.now
    said = [system.oracle.tryPrice.call(token, at=begin + later) for later in range(0, seconds, BLOCK)]
    system.evm.mine_at(begin + seconds - BLOCK)
    return [tuple(answer) for answer in said]


def silence(system: System, thief: Silencer, token: str, swings: int) -> list[tuple[Any, ...]]:
    """That many swings; returns all answers."""
    return [answer for _ in range(swings) for answer in answers(system, token, thief.swing())]


def test_a_swing_gives_no_price_and_never_a_wrong_one(system, project, evm, feed, floki, thief):
    """W8: from the window's end on there is none for as long as the thief goes on, and it comes back by itself."""
    fair = system.oracle.price(floki)
    said = silence(system, thief, floki, 3) + silence(system, thief, floki, 5)
    assert all(fair / FARTHEST <= price <= fair * FARTHEST for ok, price in said if ok), "W8 the price"
    assert {price for ok, price in said if not ok} == {0}, "W8 the price"
    assert {ok for ok, _ in said[WINDOW // BLOCK :]} == {False}, "the silence of docs/oracle-math.md"
    with pytest.raises(Reverted) as caught:
        feed.latestRoundData()
    unsettled = error(project.UniswapV3TwapFeed, "UniswapV3TwapFeed_Unsettled")
    assert caught.value.data[:4] == unsettled.hash[:4]
    assert unsettled.arguments(caught.value.data[4:])["spread"] in range(100, 2 * SWING + 1)

    evm.next_at(evm.now + BLOCK)
    thief.go(0)
    after = answers(system, floki, WINDOW + 2 * BLOCK)
    assert all(fair / FARTHEST <= price <= fair * FARTHEST for ok, price in after if ok), "W8 the price"
    silent = [ok for ok, _ in after].index(True) * BLOCK
    assert 0 < silent <= WINDOW, "W8 it comes back by itself"
    assert all(ok for ok, _ in after[silent // BLOCK :]), "W8 and stays"
    assert abs(after[-1][1] - fair) * 10**4 < fair


@pytest.mark.minimainnet  # depths are those of the miniature's pools, and no other trader is there
def test_a_swing_costs_what_the_documents_say(thief):
    """Capital of one swing, and the fees of those within twenty minutes, in dollars of the fair prices."""
    usd = [prices.USD[name] / 10 ** prices.decimals(name) for name in thief.pair]

    def lost(before):
        return [float((was - now) * each) for was, now, each in zip(before, thief.holdings(), usd, strict=True)]

    thief.go(-SWING)
    before = thief.holdings()
    thief.go(SWING)
    capital = max(lost(before))
    thief.go(-SWING)
    fees = sum(lost(before)) / (ABOVE + BELOW) * 1_200

    said = r"([\d,]+) USD of capital,? and ([\d,]+) USD in fees for every twenty minutes"
    [figures] = re.findall(said, " ".join((ROOT / "docs/oracle-math.md").read_text().split()))
    assert [float(figure.replace(",", "")) for figure in figures] == [
        pytest.approx(capital, rel=0.02),
        pytest.approx(fees, rel=0.02),
    ]
    [figure] = re.findall(r"twenty minutes cost ([\d,]+) dollars", " ".join((ROOT / "SECURITY.md").read_text().split()))
    assert float(figure.replace(",", "")) == pytest.approx(fees, rel=0.02)


@pytest.fixture
def staker(system: System, evm: Evm, alice: str) -> str:
    """Alice holds ten shares, has staked as many, and as many more that she can claim now."""
    index, vault = system.index(SYMBOL), system.staked(SYMBOL)
    invest(system, SYMBOL, alice, 30 * WAD)
    index.approve(vault, MAX, sender=alice)
    vault.deposit(20 * WAD, alice, sender=alice)
    vault.requestRedeem(vault.balanceOf(alice) // 2, alice, alice, sender=alice)
    control.warp(evm.rpc, vault.cooldown() + DAY)
    return alice


def missing_in_a_sample(system: System, keeper: str) -> int:
    """How many prices."""
    (taken,) = system.prices.sample(sender=keeper).events(system.prices, "SampleTaken")
    return taken.values["missing"]


def test_nothing_but_rebalancing_waits_for_a_silent_feed(system, project, evm, feed, floki, thief, staker):
    """W8, I6, S9: who mints or redeems in kind, leaves the vault or begins to, does so to the wei.

    Views say that a price is missing.
    """
    index, vault, tokens = system.index(SYMBOL), system.staked(SYMBOL), system.index(SYMBOL).basket().tokens
    silence(system, thief, floki, 4)
    assert system.oracle.tryPrice(floki) == (False, 0)
    no_price = {"token": floki, "source": feed.address}
    failed = error(project.PriceOracle, "PriceOracle_SourceFailed")

    held = index.balanceOf(staker)
    invest(system, SYMBOL, staker, WAD)
    assert index.balanceOf(staker) == held + WAD, "mint in kind"
    before, expected = [system.token(token).balanceOf(staker) for token in tokens], index.previewRedeem(5 * WAD)
    index.redeem(5 * WAD, staker, staker, *ANYTHING, sender=staker)
    after = [system.token(token).balanceOf(staker) for token in tokens]
    assert [now - was for now, was in zip(after, before, strict=True)] == expected, "I6 redemption in kind"
    held, matured = index.balanceOf(staker), vault.maxWithdraw(staker)
    assert matured >= 10 * WAD - 2
    vault.redeem(vault.maxRedeem(staker), staker, staker, sender=staker)
    assert index.balanceOf(staker) == held + matured, "S9 what has matured is claimed"
    vault.requestRedeem(vault.balanceOf(staker), staker, staker, sender=staker)
    assert vault.exitOf(staker).coolingAssets > 9 * WAD, "S9 and the way out begins"

    with reverts(failed, **no_price):
        system.rebalancer.previewStart(index, [], 0)
    with reverts(failed, **no_price):
        system.lens.valueOf(index.address, WAD)
    overview = system.lens.overview(index.address)
    missing = [c.token for c in overview.constituents if not c.priced]
    assert (missing, overview.priced) == ([floki], False)
    assert missing_in_a_sample(system, staker) == 1, "points go without the price of this index"
    assert system.oracle.tryPrice(floki) == (False, 0), "it was silent all the while"

    thief.go(0)
    evm.warp(WINDOW)
    control.refresh_feeds(evm.rpc)
    assert system.rebalancer.previewStart(index, [], 0).tokens == tokens
    assert system.lens.overview(index.address).priced
    assert missing_in_a_sample(system, staker) == 0, "and have it in the same slot, or in the next"
    vault.cancelRequest(staker, sender=staker)


def test_a_swap_in_every_block_pushes_no_window_out_of_a_pool_s_memory(bench):
    """A feed over a pool that kept 100 observations was silent after 101 swaps in as many blocks, for as long as they
    went on.
    """
    market, token, needed = new_market(bench, 0, observations=100), bench.token(), WINDOW // BLOCK + 1

    def swap(n, seconds):
        bench.evm.next_at(bench.evm.now + seconds)
        market.move(n % 2)

    bench.evm.warp(WINDOW)
    with bench.twap_refuses("ShortHistory", pool=market.pool, cardinality=100, needed=needed):
        bench.twap(market.pool, market.tokens[0])
    market.pool.increaseObservationCardinalityNext(needed, sender=bench.owner)
    for n in range(100):  # trades fill what the pool has, and it keeps more
        swap(n, 60)
    bench.route(token, leg(bench.twap(market.pool, market.tokens[0])))
    for n in range(2 * needed):
        swap(n, BLOCK)
        assert bench.oracle.tryPrice(token).ok, f"W8 silent after {n + 1} swaps"
    with reverts("OLD"):
        market.pool.observe([WINDOW + BLOCK])
