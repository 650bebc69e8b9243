"""How stakers leave: requests, what cools and what has matured, cancelling, claiming, and the cooldown.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

import pytest

from ssi.chain.evm import Deployed
from ssi.constants import DAY, ZERO
from tests.model.staking import MAX, MAX_COOLDOWN
from tests.support.reverts import error, reverts
from tests.support.staking import WHOLE, Vault

ANY = 2**256 - 1


class TestRequests:
    def test_a_request_fixes_its_assets_and_starts_the_time(self, evm, vault, staked, alice):
        vault.stake(alice)
        vault.reward(WHOLE)
        vault.pass_days(1)
        assets = staked.convertToAssets(10 * WHOLE)
        receipt = vault.request(alice, 10 * WHOLE)
        values = {event.name: event.values for event in receipt.events(staked)}
        assert values["CooldownStarted"] == {
            "controller": alice, "assets": assets, "cooling": assets, "maturesAt": evm.now + 14 * DAY,
        }  # fmt: skip
        assert values["RedeemRequest"] == {
            "controller": alice,
            "owner": alice,
            "requestId": 0,
            "sender": alice,
            "shares": 10 * WHOLE,
        }
        assert values["Transfer"] == {"from": alice, "to": ZERO, "value": 10 * WHOLE}
        vault.reward(50 * WHOLE)
        vault.pass_days(2)
        assert tuple(staked.exitOf(alice)) == (assets, 10 * WHOLE, evm.now + 12 * DAY, 0, 0), (
            "it earns nothing any more"
        )

    def test_the_second_of_maturity(self, evm, vault, staked, alice):
        vault.stake(alice)
        vault.request(alice)
        evm.warp(14 * DAY - 1)
        assert staked.exitOf(alice).coolingAssets == 100 * WHOLE
        with vault.refuse("ExceedsClaimable", controller=alice, amount=100 * WHOLE, claimable=0):
            staked.redeem(100 * WHOLE, alice, alice, sender=alice)
        with vault.refuse("ExceedsClaimable", controller=alice, amount=1, claimable=0):
            staked.withdraw(1, alice, alice, sender=alice)
        evm.warp(1)
        assert tuple(staked.exitOf(alice)) == (0, 0, 0, 100 * WHOLE, 100 * WHOLE)
        assert vault.claim(alice) == 100 * WHOLE
        assert tuple(staked.exitOf(alice)) == (0, 0, 0, 0, 0)

    def test_reset_of_the_cooldown_a_further_request_restarts_everything_that_cools(self, evm, vault, staked, alice):
        vault.stake(alice)
        vault.request(alice, 10 * WHOLE)
        vault.pass_days(10)
        receipt = vault.request(alice, 5 * WHOLE)
        assert receipt.events(staked, "CooldownStarted")[0].values == {
            "controller": alice, "assets": 5 * WHOLE, "cooling": 15 * WHOLE, "maturesAt": evm.now + 14 * DAY,
        }  # fmt: skip
        vault.pass_days(13)
        assert staked.maxRedeem(alice) == 0
        vault.pass_days(1)
        assert vault.claim(alice) == 15 * WHOLE

    def test_what_has_matured_is_parked_again_and_again(self, evm, vault, staked, alice):
        vault.stake(alice)
        for n in range(1, 5):
            vault.request(alice, n * WHOLE)
            parked = sum(range(1, n)) * WHOLE
            assert tuple(staked.exitOf(alice)) == (n * WHOLE, n * WHOLE, evm.now + 14 * DAY, parked, parked), (
                "S5 matured stays matured"
            )
            vault.pass_days(14)
        assert staked.maxRedeem(alice) == staked.maxWithdraw(alice) == 10 * WHOLE
        vault.request(alice, WHOLE)
        staked.redeem(4 * WHOLE, alice, alice, sender=alice)
        assert staked.exitOf(alice).claimableShares == 6 * WHOLE
        assert vault.claim(alice) == 6 * WHOLE
        assert tuple(staked.exitOf(alice)) == (WHOLE, WHOLE, evm.now + 14 * DAY, 0, 0)
        vault.pass_days(14)
        assert vault.claim(alice) == WHOLE

    def test_a_part_of_parked_and_running_together(self, vault, staked, alice):
        vault.stake(alice)
        vault.request(alice, 10 * WHOLE)
        vault.pass_days(14)
        vault.request(alice, 10 * WHOLE)
        vault.pass_days(14)
        staked.redeem(15 * WHOLE, alice, alice, sender=alice)
        assert tuple(staked.exitOf(alice))[3:] == (5 * WHOLE, 5 * WHOLE)
        vault.request(alice, WHOLE)
        assert tuple(staked.exitOf(alice))[3:] == (5 * WHOLE, 5 * WHOLE), "S5 matured stays matured"
        assert staked.assetsSetAside() == 6 * WHOLE
        assert vault.claim(alice) == 5 * WHOLE

    def test_what_is_refused(self, vault, staked, alice, bob):
        vault.stake(alice)
        with vault.refuse("ZeroAmount"):
            staked.requestRedeem(0, alice, alice, sender=alice)
        with vault.refuse("ZeroAddress"):
            staked.requestRedeem(1, ZERO, alice, sender=alice)
        with vault.refuse("NotAuthorized", controller=bob, caller=alice):
            staked.requestRedeem(1, bob, alice, sender=alice)
        with vault.refuse("ERC20InsufficientAllowance", spender=bob, allowance=0, needed=1):
            staked.requestRedeem(1, bob, alice, sender=bob)
        with vault.refuse("ERC20InsufficientBalance", sender=alice, balance=100 * WHOLE, needed=100 * WHOLE + 1):
            vault.request(alice, 100 * WHOLE + 1)
        with vault.refuse("ERC20InsufficientBalance", sender=alice, balance=100 * WHOLE, needed=ANY):
            staked.requestRedeem.call(ANY, alice, alice, sender=alice)

    def test_a_wei_can_leave(self, vault, staked, alice):
        vault.stake(alice, 1)
        vault.request(alice, 1)
        vault.pass_days(14)
        assert vault.claim(alice) == 1
        assert staked.assetsSetAside() == 0


class TestCancelling:
    def test_what_cools_is_staked_again_at_the_price_of_now(self, vault, staked, alice, bob):
        vault.stake(alice)
        vault.stake(bob)
        vault.request(alice)
        vault.reward(100 * WHOLE)
        vault.pass_days(1)
        expected = staked.convertToShares(100 * WHOLE)
        receipt = staked.cancelRequest(alice, sender=alice)
        assert receipt.events(staked, "RequestCancelled")[0].values == {
            "controller": alice, "caller": alice, "assets": 100 * WHOLE, "shares": expected,
        }  # fmt: skip
        assert staked.balanceOf(alice) == expected < 51 * WHOLE, "S4 it earned nothing while it cooled"
        assert staked.assetsSetAside() == 0
        assert tuple(staked.exitOf(alice)) == (0, 0, 0, 0, 0)

    def test_the_parked_stays_parked(self, vault, staked, alice):
        vault.stake(alice)
        vault.request(alice, 10 * WHOLE)
        vault.pass_days(14)
        vault.request(alice, 20 * WHOLE)
        staked.cancelRequest(alice, sender=alice)
        assert tuple(staked.exitOf(alice)) == (0, 0, 0, 10 * WHOLE, 10 * WHOLE), "S5 matured stays matured"
        assert vault.claim(alice) == 10 * WHOLE
        vault.request(alice, WHOLE)
        assert staked.exitOf(alice).coolingAssets == WHOLE

    def test_nothing_to_cancel(self, vault, staked, alice, bob):
        vault.stake(alice)
        nothing = {"controller": alice}
        with vault.refuse("NothingCooling", **nothing):
            staked.cancelRequest(alice, sender=alice)
        vault.request(alice)
        with vault.refuse("NotAuthorized", controller=alice, caller=bob):
            staked.cancelRequest(alice, sender=bob)
        vault.pass_days(14)
        with vault.refuse("NothingCooling", **nothing):
            staked.cancelRequest(alice, sender=alice)

    def test_a_wei_that_is_worth_less_than_a_share_cannot_come_back(self, vault, staked, alice, bob):
        vault.stake(alice)
        vault.stake(bob, 1)
        vault.request(bob)
        vault.reward(300 * WHOLE)
        vault.pass_days(1)
        with vault.refuse("ZeroAmount"):
            staked.cancelRequest(bob, sender=bob)
        vault.pass_days(13)
        assert vault.claim(bob) == 1

    def test_the_first_to_come_back_sets_the_stream_going(self, evm, vault, staked, alice):
        vault.stake(alice)
        vault.reward(WHOLE)
        vault.request(alice)
        vault.pass_days(2)
        staked.cancelRequest(alice, sender=alice)
        assert tuple(staked.rewardStream()) == (WHOLE, evm.now, DAY)
        assert staked.balanceOf(alice) == staked.totalAssets() == 100 * WHOLE


class TestClaiming:
    @pytest.fixture
    def dear(self, vault: Vault, alice: str, bob: str) -> Deployed:
        """Bob's 1000 share-wei have matured at about 4 asset-wei each."""
        vault.stake(alice)
        vault.stake(bob, 1000)
        vault.reward(300 * WHOLE + 12_345)
        vault.pass_days(1)
        vault.request(bob)
        vault.pass_days(14)
        return vault.token

    def test_shares_round_assets_down(self, vault, dear, bob):
        total = dear.maxWithdraw(bob)
        assert 3900 < total <= 4000
        before = vault.holds(bob)
        receipt = dear.redeem(333, bob, bob, sender=bob)
        assert vault.holds(bob) - before == total * 333 // 1000
        assert receipt.events(dear, "Withdraw")[0].values == {
            "sender": bob, "receiver": bob, "owner": bob, "assets": total * 333 // 1000, "shares": 333,
        }  # fmt: skip
        assert (dear.maxWithdraw(bob), dear.maxRedeem(bob)) == (total - total * 333 // 1000, 667)

    def test_assets_round_shares_up(self, vault, dear, alice, bob):
        total = dear.maxWithdraw(bob)
        before = vault.holds(alice)
        receipt = dear.withdraw(5, alice, bob, sender=bob)
        shares = -(-1000 * 5 // total)
        assert shares == 2
        assert vault.holds(alice) - before == 5
        assert receipt.events(dear, "Withdraw")[0].values == {
            "sender": bob,
            "receiver": alice,
            "owner": bob,
            "assets": 5,
            "shares": shares,
        }
        assert (dear.maxWithdraw(bob), dear.maxRedeem(bob)) == (total - 5, 998)

    def test_wei_by_wei_everything_comes_out(self, dear, bob):
        """Rounding shares up may use them all before the assets; what is left of them is still the controller's."""
        left = dear.maxWithdraw(bob)
        dear.withdraw(left - 3, bob, bob, sender=bob)
        assert dear.maxRedeem(bob) <= 1
        for n in range(3, 0, -1):
            assert dear.maxWithdraw(bob) == n
            dear.withdraw(1, bob, bob, sender=bob)
        assert tuple(dear.exitOf(bob)) == (0, 0, 0, 0, 0)
        assert dear.assetsSetAside() == 0

    def test_what_is_refused(self, vault, dear, alice, bob):
        for method, most in ((dear.redeem, dear.maxRedeem(bob)), (dear.withdraw, dear.maxWithdraw(bob))):
            with vault.refuse("ZeroAmount"):
                method(0, bob, bob, sender=bob)
            with vault.refuse("NotAuthorized", controller=bob, caller=alice):
                method(1, alice, bob, sender=alice)
            with vault.refuse("ExceedsClaimable", controller=bob, amount=most + 1, claimable=most):
                method(most + 1, bob, bob, sender=bob)
            with vault.refuse("ExceedsClaimable", controller=bob, amount=ANY, claimable=most):
                method(ANY, bob, bob, sender=bob)
            with vault.refuse("InvalidReceiver", receiver=dear.address):
                method(most, dear.address, bob, sender=bob)
            with vault.refuse("ERC20InvalidReceiver", receiver=ZERO):
                method(most, ZERO, bob, sender=bob)

    def test_an_allowance_claims_nothing(self, vault, dear, alice, bob):
        dear.approve(alice, ANY, sender=bob)
        with vault.refuse("NotAuthorized", controller=bob, caller=alice):
            dear.redeem(1, alice, bob, sender=alice)


def test_what_no_slot_can_hold_is_refused_and_no_staker_loses(vault, staked, alice):
    """An asset with a supply of more than 2^96, and an account with as much parked and as much running."""
    for _ in range(2):
        vault.stake(alice, MAX)
        vault.request(alice)
        vault.pass_days(14)
    assert staked.maxWithdraw(alice) == 2 * MAX
    with vault.refuse("SafeCastOverflowedUintDowncast", bits=96, value=2 * MAX - 1):
        staked.withdraw(1, alice, alice, sender=alice)
    staked.withdraw(MAX, alice, alice, sender=alice)
    assert tuple(staked.exitOf(alice)) == (0, 0, 0, MAX, MAX), "S5 matured never shrinks except by claim"
    assert vault.claim(alice) == MAX


class TestCooldown:
    def test_only_the_authority_sets_it(self, vault, staked, owner, alice):
        with reverts(error(vault.project.StakedToken, "AccessManagedUnauthorized"), caller=alice):
            staked.setCooldown(DAY, sender=alice)
        receipt = staked.setCooldown(DAY, sender=owner)
        assert [event.values for event in receipt.events(staked)] == [{"cooldown": DAY}]
        assert staked.cooldown() == DAY

    def test_it_has_a_maximum(self, vault, staked, owner):
        for seconds in (MAX_COOLDOWN + 1, 2**24, ANY):
            with vault.refuse("CooldownTooLong", cooldown=seconds, maximum=MAX_COOLDOWN):
                staked.setCooldown(seconds, sender=owner)

    def test_an_odd_one_moves_nothing_beside_it(self, evm, vault, staked, owner, alice):
        """It shares a slot with rewards and with the time that they have left."""
        vault.stake(alice)
        vault.reward(WHOLE)
        evm.warp(DAY // 3)
        before = (tuple(staked.rewardStream()), staked.totalAssets(), staked.unvestedRewards())
        staked.setCooldown(MAX_COOLDOWN - 1, sender=owner)
        assert staked.cooldown() == MAX_COOLDOWN - 1
        assert (tuple(staked.rewardStream()), staked.totalAssets(), staked.unvestedRewards()) == before
        evm.warp(DAY // 3)
        assert staked.unvestedRewards() == WHOLE - WHOLE * 2 // 3

    def test_a_cut_helps_at_once(self, vault, staked, owner, alice):
        vault.stake(alice)
        vault.request(alice)
        vault.pass_days(3)
        assert staked.maxRedeem(alice) == 0
        staked.setCooldown(3 * DAY, sender=owner)
        assert vault.claim(alice) == 100 * WHOLE

    def test_a_raise_concerns_later_requests_only(self, evm, vault, staked, owner, alice, bob):
        staked.setCooldown(3 * DAY, sender=owner)
        vault.pass_days(13)
        vault.stake(alice)
        vault.request(alice)
        early = evm.now
        vault.pass_days(1)
        staked.setCooldown(14 * DAY, sender=owner)
        vault.stake(bob)
        vault.request(bob)
        assert staked.exitOf(alice).maturesAt == early + 3 * DAY
        assert staked.exitOf(bob).maturesAt == evm.now + 14 * DAY
        vault.pass_days(2)
        assert vault.claim(alice) == 100 * WHOLE
        assert staked.maxRedeem(bob) == 0

    def test_a_raise_after_a_cut_waits_for_the_longest_cooldown(self, evm, vault, staked, owner):
        staked.setCooldown(3 * DAY, sender=owner)
        first = evm.now
        staked.setCooldown(3 * DAY, sender=owner)
        vault.pass_days(1)
        staked.setCooldown(2 * DAY, sender=owner)
        assert evm.now == first + DAY
        earliest = evm.now + MAX_COOLDOWN
        evm.warp(MAX_COOLDOWN - 1)
        with vault.refuse("RaiseTooSoon", earliest=earliest):
            staked.setCooldown(2 * DAY + 1, sender=owner)
        evm.warp(1)
        staked.setCooldown(10 * DAY, sender=owner)
        staked.setCooldown(MAX_COOLDOWN, sender=owner)

    def test_without_a_cooldown_a_request_can_be_claimed_at_once(self, vault, staked, owner, alice):
        staked.setCooldown(0, sender=owner)
        vault.stake(alice)
        vault.request(alice, 10 * WHOLE)
        assert tuple(staked.exitOf(alice)) == (0, 0, 0, 10 * WHOLE, 10 * WHOLE)
        vault.request(alice)
        assert vault.claim(alice) == 100 * WHOLE
