"""What has been done to stakers elsewhere, tried here: no timer, matured assets or rewards move.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, HOUR, MAX
from tests.model.staking import MAX_COOLDOWN, VIRTUAL, WAD
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import error
from tests.support.staking import WHOLE, Vault


@pytest.fixture
def vault(evm: Evm, project: Any, authority: Deployed, owner: str, alice: str, bob: str, mallory: str) -> Vault:
    return Vault(evm, project, authority, owner, [alice, bob, mallory])


@pytest.fixture
def staked(vault: Vault) -> Deployed:
    return vault.token


class TestTimers:
    @pytest.fixture
    def cooling(self, vault: Vault, staked: Deployed, alice: str) -> tuple[int, ...]:
        """Alice's request is ten days old; she still has shares."""
        vault.stake(alice)
        vault.request(alice, 50 * WHOLE)
        vault.pass_days(10)
        return tuple(staked.exitOf(alice))

    def test_a_deposit_for_a_staker_moves_no_timer(self, vault, staked, cooling, alice, mallory):
        for assets in (1, WHOLE):
            vault.stake(mallory, assets, alice)
            staked.mint(assets, alice, sender=mallory)
        assert tuple(staked.exitOf(alice)) == cooling, "S3 a timer moves only by its owner"

    def test_shares_sent_to_a_staker_move_no_timer(self, vault, staked, cooling, alice, mallory):
        vault.stake(mallory)
        staked.transfer(alice, WHOLE, sender=mallory)
        staked.transfer(alice, 0, sender=mallory)
        assert tuple(staked.exitOf(alice)) == cooling, "S3 a timer moves only by its owner"

    def test_a_request_of_own_shares_for_a_stranger_is_refused(self, vault, staked, cooling, alice, mallory):
        vault.stake(mallory)
        with vault.refuse("NotAuthorized", controller=alice, caller=mallory):
            staked.requestRedeem(1, alice, mallory, sender=mallory)
        assert tuple(staked.exitOf(alice)) == cooling, "S3 a timer moves only by its owner"

    def test_an_allowance_moves_shares_but_no_timer(self, vault, staked, cooling, alice, mallory):
        """A spender with an allowance can take the shares, as of any ERC-20, but not restart what already cools."""
        staked.approve(mallory, MAX, sender=alice)
        for owner in (alice, mallory):
            with vault.refuse("NotAuthorized", controller=alice, caller=mallory):
                staked.requestRedeem(1, alice, owner, sender=mallory)
        staked.requestRedeem(WHOLE, mallory, alice, sender=mallory)
        assert tuple(staked.exitOf(alice)) == cooling, "S3 a timer moves only by its owner"

    def test_an_operator_of_the_thief_has_no_power_over_the_victim(self, vault, staked, cooling, alice, bob, mallory):
        staked.setOperator(bob, True, sender=mallory)
        staked.setOperator(alice, True, sender=mallory)
        vault.stake(mallory)
        for caller in (bob, mallory):
            with vault.refuse("NotAuthorized", controller=alice, caller=caller):
                staked.requestRedeem(1, alice, mallory, sender=caller)
            with vault.refuse("NotAuthorized", controller=alice, caller=caller):
                staked.cancelRequest(alice, sender=caller)
        assert tuple(staked.exitOf(alice)) == cooling, "S3 a timer moves only by its owner"

    @pytest.mark.usefixtures("cooling")
    def test_a_revoked_operator_can_do_nothing(self, vault, staked, alice, mallory):
        staked.setOperator(mallory, True, sender=alice)
        staked.setOperator(mallory, False, sender=alice)
        vault.pass_days(4)
        for call in (
            lambda: staked.requestRedeem(1, alice, alice, sender=mallory),
            lambda: staked.cancelRequest(alice, sender=mallory),
            lambda: staked.redeem(1, mallory, alice, sender=mallory),
            lambda: staked.withdraw(1, mallory, alice, sender=mallory),
        ):
            with vault.refuse("NotAuthorized", controller=alice, caller=mallory):
                call()
        assert vault.claim(alice) == 50 * WHOLE

    def test_an_operator_of_the_owner_alone_cannot_name_a_stranger(self, vault, staked, cooling, alice, bob, mallory):
        vault.stake(bob)
        staked.setOperator(mallory, True, sender=bob)
        with vault.refuse("NotAuthorized", controller=alice, caller=mallory):
            staked.requestRedeem(1, alice, bob, sender=mallory)
        staked.requestRedeem(1, bob, bob, sender=mallory)
        assert tuple(staked.exitOf(alice)) == cooling, "S3 a timer moves only by its owner"


class TestMatured:
    def test_a_later_request_never_locks_what_has_matured(self, vault, staked, alice):
        vault.stake(alice)
        vault.request(alice, 40 * WHOLE)
        vault.pass_days(14)
        vault.request(alice, 1)
        assert staked.maxRedeem(alice) == 40 * WHOLE, "S5 matured stays matured"
        assert vault.claim(alice) == 40 * WHOLE

    def test_a_raise_locks_nothing_again(self, evm, vault, staked, alice, bob, owner):
        """Matured by a cut, then the longest cooldown as early as that can be; at any age of the request."""
        vault.stake(alice)
        vault.stake(bob)
        vault.request(alice)
        evm.warp(7 * DAY - 1)
        staked.setCooldown(7 * DAY, sender=owner)
        vault.request(bob)
        evm.warp(1)
        assert staked.maxRedeem(alice) == 100 * WHOLE
        evm.warp(MAX_COOLDOWN - 2)
        earliest = evm.now + 1
        with vault.refuse("RaiseTooSoon", earliest=earliest):
            staked.setCooldown(MAX_COOLDOWN, sender=owner)
        evm.warp(1)
        staked.setCooldown(MAX_COOLDOWN, sender=owner)
        for person in (alice, bob):
            assert vault.claim(person) == 100 * WHOLE, "S5 matured stays matured"

    def test_a_raise_and_a_cut_in_turns_lock_nothing_again(self, vault, staked, alice, owner):
        vault.stake(alice)
        for days in (3, 5, 2, 14, 1, 14):
            if days * DAY > staked.cooldown():
                vault.pass_days(14)
            staked.setCooldown(days * DAY, sender=owner)
            before = staked.maxWithdraw(alice)
            vault.request(alice, WHOLE)
            assert staked.maxWithdraw(alice) >= before, "S5 matured stays matured"
        vault.pass_days(14)
        assert vault.claim(alice) == 6 * WHOLE

    def test_a_lock_that_does_not_exist_pays_nothing(self, vault, staked, bob, mallory):
        """Time zero lies more than a cooldown in the past: an empty request must not count as matured."""
        vault.stake(bob)
        vault.request(bob)
        vault.pass_days(15)
        assert tuple(staked.exitOf(mallory)) == (0, 0, 0, 0, 0)
        for method in (staked.redeem, staked.withdraw):
            with vault.refuse("ExceedsClaimable", controller=mallory, amount=1, claimable=0):
                method(1, mallory, mallory, sender=mallory)
            with vault.refuse("ZeroAmount"):
                method(0, mallory, mallory, sender=mallory)
        with vault.refuse("NothingCooling", controller=mallory):
            staked.cancelRequest(mallory, sender=mallory)
        assert vault.claim(bob) == 100 * WHOLE
        with vault.refuse("ExceedsClaimable", controller=bob, amount=1, claimable=0):
            staked.redeem(1, bob, bob, sender=bob)

    def test_a_cancelled_lock_pays_nothing(self, vault, staked, alice, bob):
        vault.stake(alice)
        vault.stake(bob)
        vault.request(bob)
        vault.request(alice)
        staked.cancelRequest(alice, sender=alice)
        vault.pass_days(20)
        with vault.refuse("ExceedsClaimable", controller=alice, amount=1, claimable=0):
            staked.redeem(1, alice, alice, sender=alice)


class TestRewardGriefing:
    def test_a_sandwich_in_one_block_gains_nothing(self, vault, staked, alice, mallory):
        vault.stake(alice)
        before = vault.holds(mallory)
        vault.stake(mallory, 10**6 * WHOLE)
        vault.reward(10 * WHOLE)
        vault.request(mallory)
        assert vault.worth(mallory) == 10**6 * WHOLE, "S4 a one-block stake earns nothing"
        vault.pass_days(14)
        vault.claim(mallory)
        assert vault.holds(mallory) == before
        assert staked.totalAssets() >= 110 * WHOLE - 1 - VIRTUAL, "S4 all of it is the stayer's"

    def test_a_stake_of_an_hour_earns_an_hour(self, evm, vault, staked, alice, mallory):
        vault.stake(alice)
        vault.reward(24 * WHOLE)
        evm.warp(23 * HOUR)
        vault.stake(mallory)
        shares, rest = staked.balanceOf(mallory), staked.unvestedRewards()
        evm.warp(HOUR)
        assert rest == WHOLE
        assert vault.worth(mallory) - 100 * WHOLE <= rest * shares // staked.issuedSupply(), (
            "S7 the rewards of their time"
        )
        assert vault.worth(alice) > 123 * WHOLE, "S4 nor of what others have earned"

    def test_a_cooling_stake_earns_nothing(self, vault, alice, mallory):
        vault.stake(alice)
        vault.stake(mallory)
        vault.request(mallory)
        vault.reward(10 * WHOLE)
        vault.pass_days(14)
        assert vault.claim(mallory) == 100 * WHOLE
        assert 110 * WHOLE - 1 - VIRTUAL <= vault.worth(alice) <= 110 * WHOLE

    def test_cancelling_after_the_rewards_gains_nothing(self, vault, staked, alice, mallory):
        vault.stake(alice)
        vault.stake(mallory)
        vault.request(mallory)
        vault.reward(10 * WHOLE)
        vault.pass_days(1)
        staked.cancelRequest(mallory, sender=mallory)
        assert vault.worth(mallory) <= 100 * WHOLE, "S4 moving in and out gains nothing"

    @pytest.mark.parametrize("every", [60, HOUR])
    def test_poking_with_a_wei_stretches_no_stream(self, evm, vault, staked, alice, mallory, every):
        """A wei again and again: the stream ends when it would have, and along the way vests the same to as many wei as
        were sent.
        """
        vault.stake(alice)
        vault.reward(10 * WHOLE)
        start, pokes = evm.now, 0
        for seconds in range(every, 2 * HOUR if every == 60 else DAY, every):
            evm.next_at(start + seconds)
            vault.reward(1, mallory)
            pokes += 1
            fair = 100 * WHOLE + 10 * WHOLE * seconds // DAY
            assert fair - pokes <= staked.totalAssets() <= fair + pokes, "S10 how often fees are distributed"
        assert pokes > 20
        _, since, duration = staked.rewardStream()
        assert since + duration == start + DAY
        assert staked.totalAssets.call(at=start + DAY) == 110 * WHOLE + pokes

    def test_poking_hastens_no_stream(self, evm, vault, staked, alice, mallory):
        """With any addition, what vests in any time is at most what both would by themselves."""
        vault.stake(alice)
        vault.reward(10 * WHOLE)
        evm.warp(DAY // 2)
        start, alone = evm.now, staked.totalAssets.call(at=evm.now + HOUR)
        for extra in (1, WHOLE, 5 * WHOLE, 500 * WHOLE):
            with evm.isolated():
                vault.reward(extra, mallory)
                assert staked.totalAssets.call(at=start + HOUR) <= alone + extra * HOUR // DAY + 1

    def test_how_often_rewards_come_changes_no_total(self, evm, vault, alice, bob):
        """Ten days of the same rewards, daily, twice a day, or all at the end: after a day more all stakers have
        the same.
        """
        vault.stake(alice, 300 * WHOLE)
        vault.stake(bob)
        totals = []
        start = evm.now
        for times in (1, 10, 20, 40):
            with evm.isolated():
                for n in range(1, times + 1):
                    evm.next_at(start + 10 * DAY * n // times)
                    vault.reward(40 * WHOLE // times)
                evm.mine_at(start + 11 * DAY)
                totals.append((vault.worth(alice), vault.worth(bob)))
        assert len(set(totals)) == 1, "S10 how often fees are distributed changes no staker's total"
        assert totals[0][0] + totals[0][1] == pytest.approx(440 * WHOLE, abs=10**9)

    def test_rewards_without_stakers_are_no_windfall(self, evm, vault, staked, alice, mallory):
        """They wait, whole, and then vest over a day: the first gets the rewards of their time, as does a staker who
        comes an hour later.
        """
        vault.reward(24 * WHOLE)
        vault.pass_days(30)
        vault.stake(mallory)
        assert vault.worth(mallory) == 100 * WHOLE, "S4 a one-block stake earns nothing"
        with evm.isolated():
            vault.request(mallory)
            assert vault.worth(mallory) == 100 * WHOLE
            assert tuple(staked.rewardStream()) == (24 * WHOLE, evm.now, DAY), "and leaves everything as it was"
        evm.warp(HOUR)
        vault.stake(alice, 300 * WHOLE)
        evm.warp(23 * HOUR)
        assert vault.worth(alice) + vault.worth(mallory) == pytest.approx(424 * WHOLE, abs=VIRTUAL)
        assert vault.worth(alice) - 300 * WHOLE > 17 * WHOLE
        assert vault.worth(mallory) - 100 * WHOLE < 7 * WHOLE

    def test_leaving_and_coming_back_takes_nothing_of_a_waiting_stream(self, evm, vault, staked, mallory):
        vault.reward(24 * WHOLE)
        for _ in range(5):
            vault.stake(mallory, 1)
            vault.request(mallory)
        assert tuple(staked.rewardStream()) == (24 * WHOLE, evm.now, DAY)
        assert vault.worth(mallory) == 5

    def test_flash_loans_weigh_nothing(self, evm, vault, staked, mallory):
        vault.stake(mallory, 10**6 * WHOLE)
        vault.request(mallory)
        evm.warp(DAY)
        assert staked.balanceSeconds(mallory, 0, 1) == staked.supplySeconds(0, 1) == 0, "I8"


class TestPrice:
    def test_the_first_depositor_cannot_make_shares_dear(self, vault, staked, alice, mallory):
        """One wei, then ten thousand tokens given and as many as rewards: the next depositor loses next to nothing, the
        attacker all.
        """
        spent = vault.holds(mallory)
        vault.stake(mallory, 1)
        vault.asset.transfer(staked.address, 10**4 * WHOLE, sender=mallory)
        assert staked.exchangeRate() == WAD, "S11 donations move nothing"
        vault.reward(10**4 * WHOLE, mallory)
        vault.pass_days(1)
        vault.stake(alice, WHOLE)
        assert vault.worth(alice) >= WHOLE - 10**14
        vault.request(mallory)
        vault.pass_days(14)
        vault.claim(mallory)
        assert spent - vault.holds(mallory) > 19_999 * WHOLE

    @pytest.mark.parametrize(
        ("stake", "reward"), [(VIRTUAL, 10**3 * WHOLE), (10**12, 10**6 * WHOLE), (WHOLE, 10**6 * WHOLE)]
    )
    def test_what_a_dear_share_costs(self, vault, staked, alice, mallory, stake, reward):
        """A lone staker makes a share as dear as they like, for ever; each asset-wei of the price costs them 10^9.
        A share-wei that is worth a token costs 10^9 tokens. No other staker loses more than one share-wei by it."""
        spent = vault.holds(mallory)
        vault.stake(mallory, stake)
        vault.reward(reward, mallory)
        vault.pass_days(1)
        vault.request(mallory)
        vault.pass_days(14)
        vault.claim(mallory)
        price = -(-staked.exchangeRate() // WAD)
        assert price > 10**5
        assert spent - vault.holds(mallory) >= (price - 2) * VIRTUAL, (
            "S14 what the virtual shares have earned is lost for good"
        )
        for assets in (price, WHOLE, 7 * WHOLE + 1):
            before = vault.worth(alice)
            vault.stake(alice, assets)
            assert before + assets - price - 1 <= vault.worth(alice) <= before + assets

    def test_a_donation_moves_nothing(self, evm, vault, staked, alice, bob, mallory):
        vault.stake(alice)
        vault.stake(bob)
        vault.request(bob, WHOLE)
        read: list[tuple[Any, tuple[Any, ...]]] = [
            (staked.totalAssets, ()),
            (staked.exchangeRate, ()),
            (staked.unvestedRewards, ()),
        ]
        read += [(staked.exitOf, (bob,)), (staked.maxDeposit, (bob,)), (staked.previewMint, (WHOLE,))]
        before = evm.batch(read)
        vault.asset.transfer(staked.address, 10**6 * WHOLE, sender=mallory)
        assert evm.batch(read) == before, "S11 donations move nothing"

    def test_dust_for_all_stakers_changes_no_worth(self, vault, alice, bob, mallory):
        vault.stake(alice)
        vault.reward(WHOLE)
        vault.pass_days(1)
        before = vault.worth(alice)
        for receiver in (alice, bob, mallory):
            vault.stake(mallory, 2, receiver)
        assert before <= vault.worth(alice) <= before + 6, "S4"

    def test_a_thousand_roundings_gain_nothing(self, vault, staked, alice, mallory):
        vault.stake(alice, 1000)
        vault.reward(777_777)
        vault.pass_days(1)
        before, worth = vault.holds(mallory), vault.worth(alice)
        for n in range(1, 40):
            vault.stake(mallory, 100 + n)
            vault.request(mallory)
            if n % 3:
                staked.cancelRequest(mallory, sender=mallory)
        assert vault.holds(mallory) + vault.worth(mallory) <= before, "S4 moving in and out gains nothing"
        assert vault.worth(alice) >= worth


class TestLeaving:
    def test_the_last_holder_can_leave(self, vault, staked, alice, bob):
        vault.stake(alice)
        vault.stake(bob, 1)
        vault.reward(7 * WHOLE + 1)
        vault.pass_days(1)
        for person in (alice, bob):
            vault.request(person)
        assert staked.issuedSupply() == 0, "S9 no least share stands in the way"
        vault.pass_days(14)
        paid = vault.claim(alice) + vault.claim(bob)
        kept = vault.asset.balanceOf(staked.address)
        assert paid + kept == 107 * WHOLE + 2, "S1 solvency"
        assert kept == staked.totalAssets() <= VIRTUAL * 7 // 100 + 1, "the virtual shares keep what they have earned"

    def test_nothing_can_be_stopped(self, vault, staked, authority, owner, alice):
        """The authority closes the contract as far as it can: only what is restricted stops."""
        vault.stake(alice)
        vault.request(alice, 10 * WHOLE)
        authority.setTargetClosed(staked.address, True, sender=owner)
        with vault.refuse("AccessManagedUnauthorized", caller=owner):
            staked.setCooldown(0, sender=owner)
        vault.request(alice, 10 * WHOLE)
        staked.cancelRequest(alice, sender=alice)
        vault.request(alice)
        vault.pass_days(14)
        assert vault.claim(alice) == 100 * WHOLE, "S9 all can always leave"

    def test_a_full_vault_lets_all_stakers_out(self, vault, staked, alice, mallory):
        """The cap on new assets locks no staker in."""
        vault.stake(alice)
        vault.stake(mallory, staked.maxDeposit(mallory))
        vault.request(alice, 50 * WHOLE)
        staked.cancelRequest(alice, sender=alice)
        vault.request(alice)
        vault.pass_days(14)
        assert vault.claim(alice) == 100 * WHOLE, "S9 all can always leave"

    @pytest.mark.parametrize(
        "method",
        [
            "deposit",
            "requestRedeem",
            "redeem",
            "withdraw",
            "cancelRequest",
            "addRewards",
            "totalAssets",
            "exchangeRate",
        ],
    )
    def test_reentrance_finds_every_door_shut(self, evm, project, authority, owner, alice, method):
        token = evm.deploy(project.QuirkToken, 18, sender=owner)
        staked = evm.deploy(project.StakedToken, authority, token, "S", "S", evm.now, 28 * DAY, sender=owner)
        token.mint(alice, 10 * WHOLE, sender=alice)
        token.approve(staked.address, MAX, sender=alice)
        staked.deposit(10 * WHOLE, alice, sender=alice)
        staked.requestRedeem(WHOLE, alice, alice, sender=alice)
        evm.warp(14 * DAY)
        args = {
            "deposit": (1, alice),
            "requestRedeem": (1, token.address, token.address),
            "redeem": (1, token.address, token.address),
            "withdraw": (1, token.address, token.address),
            "cancelRequest": (token.address,),
            "addRewards": (1,),
        }.get(method, ())
        token.setReentry(staked.address, getattr(staked, method).encode(*args), sender=owner)
        token.setQuirk(Quirk.REENTERS, sender=owner)
        staked.redeem(WHOLE, alice, alice, sender=alice)
        assert token.reentered() is False
        assert token.answer() == error(project.StakedToken, "ReentrancyGuardReentrantCall").encode([])
