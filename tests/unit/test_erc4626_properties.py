"""What EIP-4626 demands of deposits and conversions, in any state of the vault; and of claims, where EIP-7540 leaves it
as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from ssi.constants import DAY
from tests.model.staking import MAX
from tests.support.staking import WHOLE, Vault

# From a wei to a billion whole tokens.
AMOUNTS = st.one_of(st.integers(1, 1000), st.integers(1, 10**19), st.integers(10**18, 10**27))


class VaultState(NamedTuple):
    """{asset} staked by bob and cooling for bob, rewards, and seconds since."""

    staked: int
    left: int
    rewards: int
    seconds: int


# Empty, small, dear and ordinary vaults; a stream that has just begun, runs, or has ended.
STATES = st.builds(
    VaultState,
    staked=st.one_of(st.just(0), st.integers(1, 100), AMOUNTS),
    left=st.integers(0, 1000),
    rewards=st.one_of(st.just(0), st.integers(1, 1000), AMOUNTS),
    seconds=st.one_of(st.just(0), st.integers(1, 2 * DAY)),
)


@contextmanager
def in_state(vault: Vault, state: VaultState) -> Iterator[None]:
    """The vault in that state, until the end of the block."""
    evm, bob = vault.evm, vault.evm.account("bob")
    with evm.isolated():
        if state.staked:
            vault.stake(bob, state.staked)
            if leaving := state.staked * state.left // 1000:
                vault.request(bob, leaving)
        if state.rewards:
            vault.reward(state.rewards)
        evm.warp(state.seconds)
        yield


@given(state=STATES, amount=st.integers(0, 2**128))
def test_conversions_do_not_depend_on_the_caller(vault, staked, alice, bob, state, amount):
    with in_state(vault, state):
        for method in (staked.convertToShares, staked.convertToAssets, staked.previewDeposit, staked.previewMint):
            assert method.call(amount, sender=alice) == method.call(amount, sender=bob)
        for method in (staked.maxDeposit, staked.maxMint, staked.maxWithdraw, staked.maxRedeem):
            assert method.call(bob, sender=alice) == method.call(bob, sender=bob)


@given(state=STATES, amount=st.integers(0, 2**128))
def test_conversions_round_down_so_that_round_trips_gain_nothing(vault, staked, state, amount):
    with in_state(vault, state):
        assert staked.convertToAssets(staked.convertToShares(amount)) <= amount
        assert staked.convertToShares(staked.convertToAssets(amount)) <= amount


@given(state=STATES, amount=st.integers(0, 2**128))
def test_previews_are_no_better_than_conversions(vault, staked, state, amount):
    with in_state(vault, state):
        assert staked.previewDeposit(amount) <= staked.convertToShares(amount)
        assert staked.previewMint(amount) >= staked.convertToAssets(amount)
        assert staked.previewDeposit(staked.previewMint(amount)) >= amount
        assert staked.previewMint(staked.previewDeposit(amount)) <= amount


@given(state=STATES, amounts=st.tuples(st.integers(0, 2**120), st.integers(0, 2**120)))
def test_more_is_never_worth_less_and_splitting_gains_nothing(vault, staked, state, amounts):
    small, large = sorted(amounts)
    with in_state(vault, state):
        for method in (staked.convertToShares, staked.convertToAssets, staked.previewDeposit, staked.previewMint):
            assert method(small) <= method(large)
        assert staked.previewDeposit(small) + staked.previewDeposit(large) <= staked.previewDeposit(small + large)
        assert staked.previewMint(small) + staked.previewMint(large) >= staked.previewMint(small + large)
        assert staked.convertToAssets(small) + staked.convertToAssets(large) <= staked.convertToAssets(small + large)


@given(state=STATES)
def test_all_shares_are_worth_no_more_than_all_assets(vault, staked, state):
    with in_state(vault, state):
        assert staked.convertToAssets(staked.totalSupply()) <= staked.totalAssets()
        assert staked.totalAssets() <= vault.holds(staked.address)


@given(state=STATES, assets=AMOUNTS)
def test_a_deposit_takes_its_assets_and_gives_its_preview(vault, staked, alice, bob, state, assets):
    with in_state(vault, state):
        previewed, before, held = staked.previewDeposit(assets), vault.holds(alice), staked.balanceOf(bob)
        supply, total = staked.totalSupply(), staked.totalAssets()
        if previewed == 0:
            with vault.refuse("ZeroAmount"):
                staked.deposit(assets, bob, sender=alice)
            return
        receipt = staked.deposit(assets, bob, sender=alice)
        assert before - vault.holds(alice) == assets
        assert staked.balanceOf(bob) - held == staked.totalSupply() - supply == previewed, "S12 previews are outcomes"
        assert staked.totalAssets() == total + assets
        (event,) = receipt.events(staked, "Deposit")
        assert event.values == {"sender": alice, "owner": bob, "assets": assets, "shares": previewed}


@given(state=STATES, shares=st.one_of(st.integers(1, 1000), st.integers(1, 10**21)))
def test_a_mint_gives_its_shares_and_takes_its_preview(vault, staked, alice, bob, state, shares):
    with in_state(vault, state):
        previewed, before, held = staked.previewMint(shares), vault.holds(alice), staked.balanceOf(bob)
        if previewed > (most := staked.maxDeposit(bob)):
            with vault.refuse("ExceedsMaximum", amount=previewed, maximum=most):
                staked.mint(shares, bob, sender=alice)
            return
        receipt = staked.mint(shares, bob, sender=alice)
        assert before - vault.holds(alice) == previewed, "S12 previews are outcomes"
        assert staked.balanceOf(bob) - held == shares
        (event,) = receipt.events(staked, "Deposit")
        assert event.values == {"sender": alice, "owner": bob, "assets": previewed, "shares": shares}


@given(state=STATES, assets=AMOUNTS)
def test_in_and_out_gains_nothing(vault, staked, alice, state, assets):
    with in_state(vault, state):
        if staked.previewDeposit(assets) == 0:
            return
        vault.stake(alice, assets)
        shares = staked.balanceOf(alice)
        vault.request(alice)
        out = staked.exitOf(alice).coolingAssets
        assert out <= assets, "S4 moving in and out gains nothing"
        if staked.previewDeposit(out):
            staked.cancelRequest(alice, sender=alice)
            assert staked.balanceOf(alice) <= shares, "S4 nor out and in"


@given(state=STATES, shares=st.one_of(st.integers(1, 1000), st.integers(1, 10**21)))
def test_minting_and_leaving_gains_nothing(vault, staked, alice, state, shares):
    with in_state(vault, state):
        paid = staked.previewMint(shares)
        if shares > staked.maxMint(alice):
            return
        staked.mint(shares, alice, sender=alice)
        vault.request(alice)
        assert staked.exitOf(alice).coolingAssets <= paid, "S4 moving in and out gains nothing"
        assert staked.previewMint(shares) >= staked.exitOf(alice).coolingAssets


@given(state=STATES, allowance=AMOUNTS, assets=AMOUNTS)
def test_a_deposit_needs_and_spends_an_allowance(vault, staked, alice, state, allowance, assets):
    with in_state(vault, state):
        vault.asset.approve(staked.address, allowance, sender=alice)
        if staked.previewDeposit(assets) == 0:
            return
        if allowance < assets:
            with vault.refuse("ERC20InsufficientAllowance", spender=staked.address, allowance=allowance, needed=assets):
                staked.deposit(assets, alice, sender=alice)
            return
        staked.deposit(assets, alice, sender=alice)
        assert vault.asset.allowance(alice, staked.address) == allowance - assets


@given(state=STATES)
def test_the_most_that_can_be_deposited_is_accepted_and_a_wei_more_is_not(evm, vault, staked, alice, bob, state):
    with in_state(vault, state):
        most = staked.maxDeposit(bob)
        if most:
            with evm.isolated():
                staked.deposit(most, bob, sender=alice)
                assert staked.maxDeposit(bob) == 0
        with vault.refuse("ExceedsMaximum", amount=most + 1, maximum=most):
            staked.deposit(most + 1, bob, sender=alice)


@given(state=STATES)
def test_the_most_that_can_be_minted_is_accepted_and_a_share_more_is_not(evm, vault, staked, alice, bob, state):
    with in_state(vault, state):
        most, room = staked.maxMint(bob), staked.maxDeposit(bob)
        with evm.isolated():
            staked.mint(most, bob, sender=alice)
        price = staked.previewMint(most + 1)
        assert price > room
        with vault.refuse(
            "ExceedsMaximum", amount=price if most + 1 <= MAX else most + 1, maximum=room if most + 1 <= MAX else most
        ):
            staked.mint(most + 1, bob, sender=alice)


@given(state=STATES)
def test_maxima_do_not_look_at_the_assets_of_the_account(evm, vault, staked, alice, state):
    with in_state(vault, state):
        stranger = evm.account("stranger")
        assert staked.maxDeposit(stranger) == staked.maxDeposit(alice)
        assert staked.maxMint(stranger) == staked.maxMint(alice)
        assert staked.maxWithdraw(stranger) == staked.maxRedeem(stranger) == 0


@given(state=STATES, amount=st.one_of(st.integers(0, 10), st.integers(0, 2**159)))
def test_what_must_not_revert_does_not(vault, staked, alice, state, amount):
    """Beyond the vault's limits too: far above what can be deposited."""
    with in_state(vault, state):
        for method in (staked.convertToShares, staked.convertToAssets, staked.previewDeposit, staked.previewMint):
            assert method(amount) >= 0
        for method in (staked.maxDeposit, staked.maxMint, staked.maxWithdraw, staked.maxRedeem):
            assert method(alice) >= 0
        assert (staked.asset(), staked.share()) == (vault.asset.address, staked.address)
        assert staked.totalAssets() >= 0


@given(state=STATES, shares=AMOUNTS, part=st.integers(1, 1000))
def test_claims_respect_their_maxima_and_lose_nothing(evm, vault, staked, alice, state, shares, part):
    with in_state(vault, state):
        if shares > staked.maxMint(alice):
            return
        staked.mint(shares, alice, sender=alice)
        vault.request(alice)
        vault.pass_days(14)
        most_shares, most_assets = staked.maxRedeem(alice), staked.maxWithdraw(alice)
        assert most_shares == shares
        for method, most in ((staked.redeem, most_shares), (staked.withdraw, most_assets)):
            with vault.refuse("ExceedsClaimable", controller=alice, amount=most + 1, claimable=most):
                method(most + 1, alice, alice, sender=alice)
        assert staked.redeem.call(most_shares, alice, alice, sender=alice) == most_assets
        assert staked.withdraw.call(most_assets, alice, alice, sender=alice) == most_shares
        some = -(-most_shares * part // 1000)
        with evm.isolated():
            before = vault.holds(alice)
            staked.redeem(some, alice, alice, sender=alice)
            assert (vault.holds(alice) - before) * most_shares <= some * most_assets, "rounded down"
            if some < most_shares:
                staked.redeem(most_shares - some, alice, alice, sender=alice)
            assert vault.holds(alice) - before == most_assets
        exact = -(-most_assets * part // 1000)
        before = vault.holds(alice)
        taken = staked.withdraw.call(exact, alice, alice, sender=alice)
        up = -(-exact * most_shares // most_assets)
        assert taken == min(up, most_shares - int(exact < most_assets)), "rounded up, but assets that stay keep a share"
        staked.withdraw(exact, alice, alice, sender=alice)
        assert vault.holds(alice) - before == exact
        assert (staked.maxRedeem(alice), staked.maxWithdraw(alice)) == (most_shares - taken, most_assets - exact)


def test_shares_are_an_erc20_with_metadata(vault, staked, alice, bob):
    vault.stake(alice, 10 * WHOLE)
    assert all((staked.name(), staked.symbol(), staked.decimals() == vault.asset.decimals()))
    staked.approve(bob, 3 * WHOLE, sender=alice)
    staked.transferFrom(alice, bob, 2 * WHOLE, sender=bob)
    assert (staked.allowance(alice, bob), staked.balanceOf(alice), staked.balanceOf(bob)) == (
        WHOLE,
        8 * WHOLE,
        2 * WHOLE,
    )
    assert staked.totalSupply() == 10 * WHOLE
