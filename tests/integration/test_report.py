"""A report of a deployment, read from the chain as it was: days, fees, holders, what a node without a past says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forks import anvils, control
from forks.seeding import invest
from ssi.chain.evm import Evm
from ssi.constants import DAY, WAD
from ssi.failure import Impossible, Misused
from ssi.registry.system import System
from ssi.report.gather import report
from ssi.report.page import page
from ssi.report.source import ChainSource

INDEX = "USSI"


Lived = tuple[int, list[tuple[int, int, int, int]], str, str]


@pytest.fixture
def past(system: System) -> Iterator[System]:
    """The deployment on a fork of its own that knows its past."""
    with anvils.fork_of(system.evm.rpc.url, history=True) as url:
        fork = System(Evm(url), system.project, system.record)
        with fork.evm.frozen_time():
            yield fork


@pytest.fixture
def lived(past: System) -> Lived:
    """Four days of USSI with two new holders, one of whom stakes; the time at the beginning and what was seen daily."""
    evm, index, vault = past.evm, past.index(INDEX), past.staked(INDEX)
    ann, ben = evm.account("reported ann"), evm.account("reported ben")
    control.warp(evm.rpc, 1)
    invest(past, INDEX, ann, 300 * WAD)
    index.approve(vault.address, 100 * WAD, sender=ann)
    vault.deposit(100 * WAD, ann, sender=ann)
    index.transfer(ben, 50 * WAD, sender=ann)
    began, seen = evm.now, []
    for day in range(4):
        if day:
            evm.mine_at(began + day * DAY - 10)
            for feed in ("USDC/USD", "DAI/USD", "USDS/USD"):
                control.set_feed(evm.rpc, feed, 10**8 + day * 10**5, rounds=1)
            evm.mine_at(began + day * DAY)
        reads = (index.totalSupply, index.multiplier, index.pendingFeeShares)
        price = past.lens.overview.call(index.address, at=evm.now).sharePrice
        seen.append((price, *(read.call(at=evm.now) for read in reads)))
        if day == 2:
            evm.next_at(evm.now + 5)
            past.distributor.distribute(index.address, sender=ben)
    return began, seen, ann, ben


def test_every_day_is_as_the_chain_said_then(past, lived):
    began, seen, _, _ = lived
    found = report(ChainSource(past, INDEX, began, past.evm.now))
    assert found.tracking is not None
    assert [day.time_s for day in found.days] == [began + n * DAY for n in range(4)]
    for day, (price, supply, *_) in zip(found.days, seen, strict=True):
        assert day.share_price_d18 == price
        assert day.supply_wei == supply
        assert sum(day.weights_d18.values()) == pytest.approx(WAD, abs=3)
    assert found.tracking.fee_d18 == pytest.approx(seen[3][2] * WAD // seen[0][2] - WAD, abs=1)
    assert found.tracking.difference_d18 == pytest.approx(found.tracking.fee_d18, abs=WAD // 10**9), "it held still"
    assert found.rebalances == ()
    assert found.days[-1].relative_d18["USDC"] == (10**8 + 3 * 10**5) * WAD // 10**8


def test_a_gift_to_the_index_is_not_in_the_price(past, lived):
    """No share can redeem tokens that were sent to the index, so the report counts them as little as the lens does."""
    began, *_ = lived
    before = ChainSource(past, INDEX, began, past.evm.now).samples()[-1]
    giver, usdc = past.evm.account("giver"), past.token("USDC")
    control.deal(past.evm.rpc, "USDC", giver, 1_000 * 10**6)
    usdc.transfer(past.index(INDEX).address, 1_000 * 10**6, sender=giver)
    source = ChainSource(past, INDEX, began, past.evm.now)
    after = source.sample(past.evm.block, past.evm.now)
    given = {part.symbol: part.available_wei - part.accounted_wei for part in after.parts}
    assert given["USDC"] >= 1_000 * 10**6
    assert after.nav_d18 == before.nav_d18 == past.lens.overview(past.index(INDEX).address).nav


def test_fees_are_what_the_supply_grew_by(past, lived):
    began, seen, _, _ = lived
    fees = report(ChainSource(past, INDEX, began, past.evm.now)).fees
    assert fees.earned_wei == seen[3][1] - seen[0][1], "no holder minted or redeemed"
    assert fees.to_stakers_wei == pytest.approx(4 * fees.to_treasury_wei, abs=4), "four fifths"
    assert fees.to_stakers_wei + fees.to_treasury_wei == fees.earned_wei + seen[0][3] - fees.pending_wei
    assert fees.pending_wei == past.index(INDEX).pendingFeeShares.call(at=past.evm.now)


def test_holders_own_what_they_have_staked(past, lived):
    began, _, ann, ben = lived
    found = report(ChainSource(past, INDEX, began, past.evm.now)).holders
    owned = {owner.name: owner.wei for owner in found.largest}
    assert owned[ben] == 50 * WAD
    assert owned[ann] == pytest.approx(250 * WAD, rel=1e-2), "150 held, 100 staked, and what that has earned"
    assert owned[ann] > 250 * WAD
    assert found.stakers == 1
    assert {"sUSSI", "locked for ever"} <= {owner.name for owner in found.protocol}
    assert not {"sUSSI", "FeeDistributor"} & owned.keys()


def test_risks_are_facts_of_the_last_block(past, lived):
    """An hour and a half later DAI's feed, which may be 75 minutes old, is too old."""
    began, *_ = lived
    calm = {(risk.level, risk.title) for risk in report(ChainSource(past, INDEX, began, past.evm.now)).risks}
    assert ("calm", "Feeds") in calm
    past.evm.warp(5_400)
    later = report(ChainSource(past, INDEX, began, past.evm.now))
    feeds = [risk.fact for risk in later.risks if risk.title == "Feed"]
    assert feeds
    assert all("DAI/USD of sDAI" in fact for fact in feeds)
    assert later.days[-1].share_price_d18 is None
    assert "sDAI" in page(later)


def test_a_node_without_its_past_says_what_to_do(system, evm):
    """The forks of the tests forget a state after fifty blocks."""
    invest(system, INDEX, evm.account("reported ann"), WAD)
    began = evm.now
    for _ in range(60):
        evm.mine_at(evm.now + 12)
    with pytest.raises(Impossible, match=r"has no state of block \d+ .*archive node: set MAINNET_RPC_URL"):
        report(ChainSource(system, INDEX, began, evm.now))


def test_a_time_that_cannot_be_is_refused(system, evm):
    with pytest.raises(Misused, match="--from is before --to"):
        ChainSource(system, INDEX, evm.now, evm.now)
    with pytest.raises(Misused, match="nothing was deployed"):
        ChainSource(system, INDEX, 0, 1)
    with pytest.raises(Misused, match="later than the last block"):
        ChainSource(system, INDEX, evm.now, evm.now + 1)


def test_the_block_of_a_time_is_the_last_that_is_not_later(system, evm):
    """Blocks are uneven: many in a second, then none for a day."""
    for gap in (1, 1, 86_400, 5, 5, 100_000):
        evm.mine_at(evm.now + gap)
    source = ChainSource(system, INDEX, evm.now - 10, evm.now)
    last = evm.block
    times = {block: source.time(block) for block in range(last - 12, last + 1)}
    for time_s in sorted({t + d for t in times.values() for d in (-1, 0, 1)}):
        if time_s >= times[last - 12]:
            wanted = max(block for block, at in times.items() if at <= time_s)
            assert source.block_at(time_s, last - 12, last) == wanted
