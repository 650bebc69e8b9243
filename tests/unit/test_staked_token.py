"""What a staked token refuses and says, and its corners. Ids are those of docs/invariants.md."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_account import Account

from ssi.chain.evm import Deployed, Evm
from ssi.chain.permits import permit
from ssi.constants import DAY, ZERO
from tests.model.staking import MAX, MAX_COOLDOWN, VIRTUAL, WAD, YEAR
from tests.support.indexes import EPOCH
from tests.support.staking import WHOLE, new_staked
from tests.support.trading import Trader

KEY = "0x" + "c0de".zfill(64)
ANY = 2**256 - 1


class TestMaking:
    def test_what_it_is(self, vault, staked, authority):
        assert (staked.name(), staked.symbol(), staked.decimals()) == ("Staked Test", "sTEST", 18)
        assert (staked.asset(), staked.share(), staked.authority()) == (
            vault.asset.address,
            staked.address,
            authority.address,
        )
        assert staked.cooldown() == staked.MAX_COOLDOWN() == MAX_COOLDOWN == 14 * DAY
        assert tuple(staked.rewardStream()) == (0, 0, 0)

    @pytest.mark.parametrize("decimals", [0, 6, 8])
    def test_it_has_the_decimals_of_its_asset(self, evm, project, authority, owner, decimals):
        asset = evm.deploy(project.PlainToken, "Asset", "AST", decimals, sender=owner)
        assert new_staked(evm, project, authority, asset, owner).decimals() == decimals

    def test_it_needs_an_asset_and_an_authority(self, evm, project, vault, authority, owner):
        for manager, asset in ((ZERO, vault.asset.address), (authority.address, ZERO)):
            with vault.refuse("ZeroAddress"):
                evm.deploy(project.StakedToken, manager, asset, "S", "S", evm.now, EPOCH, sender=owner)


class TestStaking:
    def test_a_deposit_for_another_account(self, vault, staked, alice, bob):
        receipt = vault.stake(alice, 5 * WHOLE, bob)
        assert [event.values for event in receipt.events(staked, "Deposit")] == [
            {"sender": alice, "owner": bob, "assets": 5 * WHOLE, "shares": 5 * WHOLE}
        ]
        assert [event.values for event in receipt.events(staked, "Transfer")] == [
            {"from": ZERO, "to": bob, "value": 5 * WHOLE}
        ]
        assert (staked.balanceOf(alice), staked.balanceOf(bob)) == (0, 5 * WHOLE)

    def test_a_mint_takes_what_its_preview_says(self, vault, staked, alice, bob):
        vault.stake(alice)
        vault.reward(7 * WHOLE)
        vault.pass_days(1)
        before, price = vault.holds(bob), staked.previewMint(WHOLE)
        receipt = staked.mint(WHOLE, bob, sender=bob)
        assert before - vault.holds(bob) == price > WHOLE
        assert receipt.events(staked, "Deposit")[0].values == {
            "sender": bob,
            "owner": bob,
            "assets": price,
            "shares": WHOLE,
        }

    def test_nothing_is_refused(self, vault, staked, alice):
        for method in (staked.deposit, staked.mint):
            with vault.refuse("ZeroAmount"):
                method(0, alice, sender=alice)

    def test_less_than_a_share_is_refused(self, vault, staked, alice, bob):
        vault.stake(alice)
        vault.reward(300 * WHOLE)
        vault.pass_days(1)
        assert staked.previewDeposit(3) == 0 < staked.previewDeposit(4)
        with vault.refuse("ZeroAmount"):
            staked.deposit(3, bob, sender=bob)

    def test_bad_receivers_are_refused(self, vault, staked, alice):
        for method in (staked.deposit, staked.mint):
            with vault.refuse("InvalidReceiver", receiver=staked.address):
                method(WHOLE, staked.address, sender=alice)
            with vault.refuse("ERC20InvalidReceiver", receiver=ZERO):
                method(WHOLE, ZERO, sender=alice)

    def test_without_allowance_or_balance_nothing_happens(self, evm, vault, staked):
        poor = evm.account("poor")
        with vault.refuse("ERC20InsufficientAllowance", spender=staked.address, allowance=0, needed=WHOLE):
            staked.deposit(WHOLE, poor, sender=poor)
        vault.asset.approve(staked.address, WHOLE, sender=poor)
        with vault.refuse("ERC20InsufficientBalance", sender=poor, balance=0, needed=WHOLE):
            staked.deposit(WHOLE, poor, sender=poor)
        assert staked.issuedSupply() == staked.totalAssets() == 0

    def test_no_room_for_receivers_that_are_refused(self, vault, staked, alice):
        vault.stake(alice)
        for receiver in (staked.address, ZERO):
            assert staked.maxDeposit(receiver) == staked.maxMint(receiver) == 0
        assert staked.maxDeposit(alice) == staked.maxMint(alice) == MAX - 100 * WHOLE

    def test_all_assets_fit_in_96_bits(self, vault, staked, alice, bob):
        assert staked.maxDeposit(alice) == staked.maxMint(alice) == MAX
        vault.stake(alice, MAX - 10)
        assert staked.maxDeposit(bob) == staked.maxMint(bob) == 10
        for method in (staked.deposit, staked.mint):
            with vault.refuse("ExceedsMaximum", amount=11, maximum=10):
                method(11, bob, sender=bob)
            with vault.refuse("ExceedsMaximum", amount=ANY if method is staked.deposit else 2**96, maximum=10):
                method(ANY if method is staked.deposit else 2**96, bob, sender=bob)
        with vault.refuse("ExceedsMaximum", amount=11, maximum=10):
            vault.reward(11, bob)
        vault.request(alice, WHOLE)
        assert staked.maxDeposit(bob) == staked.maxMint(bob) == WHOLE + 10, "what leaves makes room"
        vault.stake(bob, WHOLE + 10)
        assert staked.maxDeposit(bob) == staked.maxMint(bob) == 0
        with vault.refuse("ExceedsMaximum", amount=WHOLE, maximum=0):
            staked.cancelRequest(alice, sender=alice)
        assert (staked.totalAssets(), staked.assetsSetAside()) == (MAX, WHOLE)
        staked.transfer(alice, WHOLE + 10, sender=bob)
        vault.request(alice, MAX - WHOLE)
        with vault.refuse("SafeCastOverflowedUintDowncast", bits=96, value=2**96):
            vault.request(alice, 1)
        vault.pass_days(14)
        assert vault.claim(alice) == MAX
        vault.request(alice)
        vault.pass_days(14)
        assert vault.claim(alice) == WHOLE

    def test_room_that_is_not_worth_a_share_is_no_room(self, vault, staked, alice, bob):
        vault.stake(alice, VIRTUAL)
        vault.reward(MAX - VIRTUAL - 1)
        vault.pass_days(1)
        assert staked.maxDeposit(bob) == staked.maxMint(bob) == 0
        with vault.refuse("ZeroAmount"):
            staked.deposit(1, bob, sender=bob)


class TestRewards:
    def test_they_vest_over_a_day(self, evm, vault, staked, alice, bob):
        vault.stake(alice)
        receipt = vault.reward(86_400_000, bob)
        assert [event.values for event in receipt.events(staked, "RewardsAdded")] == [
            {"caller": bob, "assets": 86_400_000, "unvested": 86_400_000, "duration": DAY}
        ]
        start = evm.now
        assert tuple(staked.rewardStream()) == (86_400_000, start, DAY)
        for seconds in (0, 1, DAY // 2, DAY - 1, DAY, DAY + 1):
            vested = 1000 * min(seconds, DAY)
            assert staked.unvestedRewards.call(at=start + seconds) == 86_400_000 - vested, (
                "S4 what has not vested is in no price"
            )
            assert staked.totalAssets.call(at=start + seconds) == 100 * WHOLE + vested

    def test_a_second_distribution_is_averaged_in_by_size(self, evm, vault, staked, alice):
        vault.stake(alice)
        vault.reward(8 * WHOLE)
        evm.warp(DAY // 2)
        receipt = vault.reward(4 * WHOLE)
        duration = (4 * WHOLE * DAY // 2 + 4 * WHOLE * DAY) // (8 * WHOLE)
        assert receipt.events(staked)[-1].values["duration"] == duration == DAY * 3 // 4
        assert tuple(staked.rewardStream()) == (8 * WHOLE, evm.now, duration)
        assert staked.totalAssets() == 104 * WHOLE

    def test_nothing_is_refused(self, vault, alice):
        with vault.refuse("ZeroAmount"):
            vault.reward(0, alice)

    def test_a_wei_is_fine(self, evm, vault, staked, alice):
        vault.stake(alice)
        vault.reward(1)
        assert staked.unvestedRewards.call(at=evm.now + DAY - 1) == 1
        assert staked.totalAssets.call(at=evm.now + DAY) == 100 * WHOLE + 1

    def test_a_stream_of_the_last_second_has_a_duration(self, evm, vault, staked, alice):
        vault.stake(alice)
        vault.reward(WHOLE)
        evm.warp(DAY - 1)
        vault.reward(1)
        assert staked.rewardStream()[2] >= 1
        evm.warp(1)
        assert staked.totalAssets() == 101 * WHOLE + 1 - staked.unvestedRewards()

    def test_without_stakers_time_stands_still(self, evm, vault, staked, alice):
        vault.reward(WHOLE)
        assert tuple(staked.rewardStream()) == (WHOLE, evm.now, DAY)
        vault.pass_days(40)
        assert (staked.totalAssets(), staked.unvestedRewards(), staked.currentApr()) == (0, WHOLE, 0)
        vault.reward(WHOLE)
        assert tuple(staked.rewardStream()) == (2 * WHOLE, evm.now, DAY)
        vault.pass_days(40)
        vault.stake(alice)
        assert tuple(staked.rewardStream()) == (2 * WHOLE, evm.now, DAY)
        assert (staked.balanceOf(alice), staked.totalAssets()) == (100 * WHOLE, 100 * WHOLE)
        vault.pass_days(1)
        assert staked.totalAssets() == 102 * WHOLE, "S10 nothing is lost"

    def test_the_last_staker_leaves_the_rest_to_the_next(self, evm, vault, staked, alice, bob):
        vault.stake(alice)
        vault.reward(8 * WHOLE)
        evm.warp(DAY // 4)
        rate = staked.exchangeRate()
        vault.request(alice)
        worth = staked.exitOf(alice).coolingAssets
        assert 102 * WHOLE - VIRTUAL < worth <= 102 * WHOLE
        assert staked.issuedSupply() == 0
        assert staked.totalAssets() == 102 * WHOLE - worth <= VIRTUAL * 2 // 100 + 1, (
            "what the virtual shares have earned stays theirs"
        )
        assert tuple(staked.rewardStream()) == (6 * WHOLE, evm.now, DAY * 3 // 4)
        vault.pass_days(3)
        assert staked.unvestedRewards() == 6 * WHOLE, "S10 rewards without stakers wait"
        after = staked.exchangeRate()
        assert rate <= after <= rate + WAD // VIRTUAL, "S14 the price goes on"
        vault.stake(bob, WHOLE)
        assert staked.balanceOf(bob) == WHOLE * WAD // after
        assert staked.exchangeRate() == after, "S14 the price goes on"
        evm.warp(DAY * 3 // 4)
        assert vault.worth(bob) >= 7 * WHOLE - 7 * VIRTUAL, "S10 nothing is lost"

    def test_nothing_vests_for_the_virtual_shares(self, evm, vault, staked, alice, bob):
        """While stakers have fewer shares than the virtual ones, most rewards would go to those."""
        vault.stake(alice, VIRTUAL - 1)
        vault.reward(WHOLE)
        vault.pass_days(5)
        assert (staked.unvestedRewards(), staked.exchangeRate(), staked.currentApr()) == (WHOLE, WAD, 0), (
            "S10 rewards without stakers wait"
        )
        vault.stake(bob, 1)
        assert staked.currentApr() > 0
        evm.warp(DAY // 2)
        assert staked.unvestedRewards() == WHOLE // 2
        assert vault.worth(alice) > WHOLE // 4

    def test_a_stake_taken_out_at_once_hastens_nothing(self, evm, vault, staked, alice):
        vault.reward(WHOLE)
        for _ in range(3):
            vault.stake(alice)
            vault.request(alice)
            evm.warp(DAY // 2)
        assert tuple(staked.rewardStream())[0::2] == (WHOLE, DAY), "S10 rewards without stakers wait"


class TestRates:
    @pytest.fixture
    def epoch_start(self, evm: Evm, staked: Deployed) -> Callable[..., int]:
        """Moves to the first second of epoch 1 plus so many seconds."""
        start = staked.epochGenesis() + EPOCH

        def move(epochs: int = 0, seconds: int = 0) -> int:
            evm.mine_at(start + epochs * EPOCH + seconds)
            return start + epochs * EPOCH

        return move

    def test_idle_epochs(self, vault, staked, alice, epoch_start):
        vault.stake(alice)
        vault.reward(WHOLE)
        epoch_start(seconds=5)
        rate = staked.exchangeRate()
        assert rate == (101 * WHOLE + VIRTUAL) * WAD // (100 * WHOLE + VIRTUAL)
        assert (staked.exchangeRateAt(0), staked.exchangeRateAt(1)) == (WAD, rate)
        assert staked.epochApr(0) == (rate - WAD) * WAD * YEAR // (WAD * EPOCH)
        epoch_start(7, 9)
        assert [staked.exchangeRateAt(n) for n in range(9)] == [WAD] + [rate] * 8
        assert [staked.epochApr(n) for n in range(1, 9)] == [0] * 8
        vault.reward(WHOLE)
        epoch_start(9)
        assert [staked.exchangeRateAt(n) for n in range(9)] == [WAD] + [rate] * 8, (
            "S13 the rate of a past moment never changes"
        )
        assert staked.exchangeRateAt(9) > rate

    def test_a_stream_across_a_boundary(self, evm, vault, staked, alice, epoch_start):
        vault.stake(alice)
        boundary = epoch_start(seconds=-DAY // 4)
        vault.reward(8 * WHOLE)
        evm.mine_at(boundary + DAY)
        halfway = (102 * WHOLE + VIRTUAL) * WAD // (100 * WHOLE + VIRTUAL)
        assert staked.exchangeRateAt(1) == halfway
        vault.reward(WHOLE)
        vault.request(alice, WHOLE)
        assert staked.exchangeRateAt(1) == halfway, "S13 the rate of a past moment never changes"

    def test_what_happens_in_the_first_second_of_an_epoch_belongs_to_the_epoch(
        self, evm, vault, staked, alice, bob, epoch_start
    ):
        vault.stake(alice)
        vault.reward(WHOLE)
        epoch_start()
        rate = staked.exchangeRateAt(1)
        assert rate > WAD
        vault.reward(WHOLE)
        vault.request(alice)
        assert rate <= staked.exchangeRate() <= rate + WAD // VIRTUAL, "S14 the price goes on"
        assert staked.exchangeRateAt(1) == rate, "S13 the rate of a past moment never changes"
        evm.warp(1)
        vault.stake(bob)
        assert staked.exchangeRateAt(1) == rate, "S13 the rate of a past moment never changes"

    def test_before_the_vault_was_made(self, evm, project, vault, authority, owner, alice):
        late = new_staked(evm, project, authority, vault.asset, owner, genesis=evm.now - 3 * EPOCH - 77)
        assert late.currentEpoch() == 3
        assert [late.exchangeRateAt(n) for n in range(4)] == [WAD] * 4
        assert [late.epochApr(n) for n in range(4)] == [0] * 4
        vault.asset.approve(late.address, ANY, sender=alice)
        late.deposit(WHOLE, alice, sender=alice)
        late.addRewards(WHOLE, sender=alice)
        vault.pass_days(1)
        assert late.exchangeRateAt(3) == WAD < late.exchangeRate()
        assert late.epochApr(3) == (late.exchangeRate() - WAD) * YEAR // (77 + DAY)

    def test_epochs_from_the_beginning_of_time(self, evm, project, vault, authority, owner):
        old = new_staked(evm, project, authority, vault.asset, owner, genesis=0)
        assert old.exchangeRateAt(0) == old.exchangeRateAt(old.currentEpoch()) == WAD

    def test_the_future_has_no_rate(self, vault, staked):
        for method in (staked.exchangeRateAt, staked.epochApr):
            with vault.refuse("FutureEpoch", epoch=1, currentEpoch=0):
                method(1)
            with vault.refuse("FutureEpoch", epoch=ANY, currentEpoch=0):
                method(ANY)

    def test_the_running_epoch(self, evm, vault, staked, alice, epoch_start):
        vault.stake(alice)
        epoch_start()
        assert staked.epochApr(1) == 0, "no second has passed"
        vault.reward(WHOLE)
        evm.warp(DAY)
        rate = staked.exchangeRate()
        assert staked.epochApr(1) == (rate - WAD) * WAD * YEAR // (WAD * DAY)
        assert staked.epochApr(1) == pytest.approx(365 * 10**16, rel=1e-6)

    def test_an_epoch_in_which_the_last_left(self, evm, vault, staked, alice, epoch_start):
        vault.stake(alice)
        vault.reward(WHOLE)
        epoch_start(seconds=7)
        vault.reward(WHOLE)
        evm.warp(DAY - 7)
        vault.request(alice)
        rate, start = staked.exchangeRate(), staked.exchangeRateAt(1)
        assert rate > start > WAD
        assert staked.epochApr(1) == (rate - start) * WAD * YEAR // (start * DAY)
        epoch_start(1)
        assert staked.exchangeRate() == staked.exchangeRateAt(2) == rate, "S14 the price goes on"

    def test_the_pace_of_the_stream(self, evm, vault, staked, alice):
        assert staked.currentApr() == 0
        vault.reward(WHOLE)
        assert staked.currentApr() == 0, "there is no staker"
        vault.stake(alice)
        assert staked.currentApr() == WHOLE * WAD * YEAR // (DAY * (100 * WHOLE + VIRTUAL))
        evm.warp(DAY - 1)
        assert staked.currentApr() > 0
        evm.warp(1)
        assert staked.currentApr() == 0


def test_a_permit_moves_shares(evm, vault, staked, bob):
    owner = Account.from_key(KEY).address
    vault.supply(owner)
    vault.stake(owner, WHOLE)
    signature = permit(KEY, staked.address, {"name": "Staked Test", "version": "1"}, bob, WHOLE, 0, evm.now + 60)
    value, deadline, v, r, s = (int.from_bytes(signature[n : n + 32], "big") for n in range(0, 160, 32))
    staked.permit(owner, bob, value, deadline, v, r.to_bytes(32, "big"), s.to_bytes(32, "big"), sender=bob)
    assert (staked.allowance(owner, bob), staked.nonces(owner)) == (WHOLE, 1)
    with vault.refuse("NotAuthorized", controller=owner, caller=bob):
        staked.requestRedeem(WHOLE, owner, owner, sender=bob)
    staked.requestRedeem(WHOLE, bob, owner, sender=bob)
    assert staked.exitOf(bob).coolingShares == WHOLE
    assert staked.allowance(owner, bob) == 0


def test_the_average_of_staked_balances_is_kept(evm, vault, staked, alice, bob):
    """Points read it: a request ends it, a cancelled request begins it again."""
    vault.stake(alice, 10 * WHOLE)
    evm.warp(100)
    vault.request(alice, 4 * WHOLE)
    evm.warp(100)
    staked.cancelRequest(alice, sender=alice)
    evm.warp(100)
    staked.transfer(bob, WHOLE, sender=alice)
    evm.warp(50)
    assert staked.balanceSeconds(alice, 0, 1) == (10 * 100 + 6 * 100 + 10 * 100 + 9 * 50) * WHOLE, "I8"
    assert staked.balanceSeconds(bob, 0, 1) == 50 * WHOLE, "I8"
    assert staked.supplySeconds(0, 1) == (10 * 100 + 6 * 100 + 10 * 150) * WHOLE, "I8"


def test_the_first_request_writes_one_slot_of_its_own(evm, vault, staked, alice, bob):
    """Beside the accounted assets, supply and balance: one new slot for the account's timer, for every request."""
    vault.stake(bob)
    vault.stake(alice)
    slots = []
    for _ in range(2):
        access = {
            "from": alice, "to": staked.address, "gas": hex(10**7),
            "data": "0x" + staked.requestRedeem.encode(WHOLE, alice, alice).hex(),
        }  # fmt: skip
        trace = evm.rpc.call(
            "debug_traceCall", access, "latest", {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
        )
        after = trace["post"][staked.address.lower()]["storage"]
        before = trace["pre"][staked.address.lower()].get("storage", {})
        slots.append((len(after), len([slot for slot in after if int(before.get(slot, "0x0"), 16) == 0])))
        vault.request(alice, WHOLE)
    assert slots == [(4, 1), (4, 0)]


def test_over_a_real_index(system, alice, evm):
    """Seven constituents, fee shares as rewards, and the same arithmetic; on the deployed system."""
    index, staked = system.index("MAG7.ssi"), system.staked("MAG7.ssi")
    Trader(system, alice).with_shares("MAG7.ssi", 20 * WHOLE)
    index.approve(staked.address, ANY, sender=alice)
    staked.deposit(10 * WHOLE, alice, sender=alice)
    assert (staked.decimals(), staked.asset(), staked.balanceOf(alice)) == (18, index.address, 10 * WHOLE)
    staked.addRewards(WHOLE, sender=alice)
    evm.warp(DAY)
    assert staked.totalAssets() == 11 * WHOLE
    staked.requestRedeem(4 * WHOLE, alice, alice, sender=alice)
    worth = staked.exitOf(alice).coolingAssets
    assert worth == 4 * WHOLE * (11 * WHOLE + VIRTUAL) // (10 * WHOLE + VIRTUAL)
    evm.warp(14 * DAY)
    before = index.balanceOf(alice)
    staked.redeem(4 * WHOLE, alice, alice, sender=alice)
    assert index.balanceOf(alice) - before == worth
    assert (
        index.balanceOf(staked.address) == staked.totalAssets() + staked.unvestedRewards() + staked.assetsSetAside()
    ), "S1 solvency"
