"""Every MUST of EIP-7540 and EIP-7575 that applies to a vault with asynchronous redemption, by name."""

from __future__ import annotations

import pytest

from ssi.constants import DAY, ZERO
from tests.support.reverts import reverts
from tests.support.staking import WHOLE, Vault

ANY = 2**256 - 1


pytestmark = pytest.mark.usefixtures("alice_stakes")


class TestInterfaces:
    @pytest.mark.parametrize(
        ("what", "number"),
        [
            ("EIP-165", "0x01ffc9a7"),
            ("operators", "0xe3bc4e65"),
            ("asynchronous redemption", "0x620ee8e4"),
            ("the whole of EIP-7575", "0x2f0a18c5"),
            ("its minimal vault", "0x50a526d6"),
            ("its deposit", "0xc1f329ef"),
            ("its mint", "0xe1550342"),
            ("its redeem", "0x2fd7d42a"),
            ("its withdraw", "0x70dec094"),
        ],
    )
    def test_supports(self, staked, what, number):
        assert staked.supportsInterface(bytes.fromhex(number[2:])) is True, what

    @pytest.mark.parametrize(
        "number", ["0xce3bbe50", "0xffffffff", "0x00000000"], ids=["asynchronous deposit", "never", "nothing"]
    )
    def test_does_not_support(self, staked, number):
        assert staked.supportsInterface(bytes.fromhex(number[2:])) is False

    def test_the_numbers_are_those_of_the_functions(self, staked):
        """EIP-165: an interface's id is the exclusive or of its functions' selectors."""

        def number(*names: str) -> str:
            value = 0
            for name in names:
                value ^= int.from_bytes(staked.interface[name].hash[:4], "big")
            return f"0x{value:08x}"

        assert number("setOperator", "isOperator") == "0xe3bc4e65"
        assert number("requestRedeem", "pendingRedeemRequest", "claimableRedeemRequest") == "0x620ee8e4"
        parts = {
            "0x50a526d6": ("asset", "share", "convertToAssets", "convertToShares", "totalAssets"),
            "0xc1f329ef": ("deposit", "previewDeposit", "maxDeposit"),
            "0xe1550342": ("mint", "previewMint", "maxMint"),
            "0x2fd7d42a": ("redeem", "previewRedeem", "maxRedeem"),
            "0x70dec094": ("withdraw", "previewWithdraw", "maxWithdraw"),
        }
        for expected, names in parts.items():
            assert number(*names) == expected
        assert number(*(name for names in parts.values() for name in names)) == "0x2f0a18c5"

    def test_deposits_are_the_synchronous_ones_of_eip_4626(self, staked):
        """The side that has no requests uses the synchronous pattern: no request functions, and no claim by a third
        argument.
        """
        for name in (
            "requestDeposit",
            "pendingDepositRequest",
            "claimableDepositRequest",
            "deposit(uint256,address,address)",
        ):
            assert name not in staked.interface.entries


class TestShare:
    def test_share_is_an_erc20_and_does_not_revert(self, vault, staked, alice):
        share = vault.evm.at(vault.project.PlainToken, staked.share())
        assert share.address == staked.address
        assert share.balanceOf(alice) == share.totalSupply() == 100 * WHOLE

    def test_entry_raises_the_shares_of_the_receiver(self, vault, staked, alice, bob):
        vault.stake(alice, WHOLE, bob)
        staked.mint(WHOLE, bob, sender=alice)
        assert staked.balanceOf(bob) == 2 * WHOLE


class TestPreviews:
    @pytest.mark.parametrize("amount", [0, 1, WHOLE, ANY])
    def test_previews_of_the_asynchronous_side_revert_for_all_callers_and_inputs(
        self, vault, staked, alice, owner, amount
    ):
        vault.request(alice, WHOLE)
        for caller in (alice, owner, ZERO):
            for method in (staked.previewRedeem, staked.previewWithdraw):
                with vault.refuse("NoPreview"):
                    method.call(amount, sender=caller)

    def test_previews_of_the_synchronous_side_work(self, staked):
        assert staked.previewDeposit(WHOLE) == staked.previewMint(WHOLE) == WHOLE


class TestRequestRedeem:
    def test_the_shares_leave_the_owner_at_once(self, vault, staked, alice):
        vault.request(alice, 40 * WHOLE)
        assert staked.balanceOf(alice) == 60 * WHOLE == staked.totalSupply()
        assert staked.balanceOf(staked.address) == 0

    def test_it_is_pending_by_as_many_shares(self, vault, staked, alice):
        assert staked.pendingRedeemRequest(0, alice) == 0
        vault.request(alice, 40 * WHOLE)
        assert staked.pendingRedeemRequest(0, alice) == 40 * WHOLE
        vault.request(alice, 2 * WHOLE)
        assert staked.pendingRedeemRequest(0, alice) == 42 * WHOLE

    def test_it_returns_the_id_zero_always(self, vault, staked, alice, bob):
        """A vault that returns 0 for one request returns 0 for all."""
        vault.stake(bob)
        for person in (alice, bob, alice):
            assert staked.requestRedeem.call(WHOLE, person, person, sender=person) == 0
            vault.request(person, WHOLE)

    def test_it_emits_the_event(self, staked, alice, bob, carol):
        staked.setOperator(carol, True, sender=alice)
        staked.setOperator(carol, True, sender=bob)
        receipt = staked.requestRedeem(WHOLE, bob, alice, sender=carol)
        (event,) = receipt.events(staked, "RedeemRequest")
        assert event.values == {"controller": bob, "owner": alice, "requestId": 0, "sender": carol, "shares": WHOLE}

    def test_it_pushes_nothing(self, vault, staked, alice, owner):
        """No tokens come without a claim, not even where the request can be claimed at once."""
        staked.setCooldown(0, sender=owner)
        before = vault.holds(alice)
        vault.request(alice, WHOLE)
        assert vault.holds(alice) == before
        assert (staked.pendingRedeemRequest(0, alice), staked.claimableRedeemRequest(0, alice)) == (0, WHOLE)
        assert vault.claim(alice) == WHOLE

    def test_it_reverts_unless_all_shares_can_be_requested(self, vault, staked, alice):
        with vault.refuse("ERC20InsufficientBalance", sender=alice, balance=100 * WHOLE, needed=100 * WHOLE + 1):
            vault.request(alice, 100 * WHOLE + 1)
        assert staked.balanceOf(alice) == 100 * WHOLE

    def test_a_finite_allowance_is_spent(self, vault, staked, alice, bob):
        staked.approve(bob, 3 * WHOLE, sender=alice)
        staked.requestRedeem(2 * WHOLE, bob, alice, sender=bob)
        assert staked.allowance(alice, bob) == WHOLE
        with vault.refuse("ERC20InsufficientAllowance", spender=bob, allowance=WHOLE, needed=2 * WHOLE):
            staked.requestRedeem(2 * WHOLE, bob, alice, sender=bob)

    def test_an_infinite_allowance_is_not_spent(self, staked, alice, bob):
        staked.approve(bob, ANY, sender=alice)
        staked.requestRedeem(2 * WHOLE, bob, alice, sender=bob)
        assert staked.allowance(alice, bob) == ANY

    def test_an_operator_needs_no_allowance_and_spends_none(self, staked, alice, bob):
        staked.setOperator(bob, True, sender=alice)
        staked.approve(bob, WHOLE, sender=alice)
        staked.requestRedeem(2 * WHOLE, alice, alice, sender=bob)
        assert staked.allowance(alice, bob) == WHOLE
        assert staked.pendingRedeemRequest(0, alice) == 2 * WHOLE

    def test_without_either_it_reverts(self, vault, staked, alice, bob):
        with vault.refuse("ERC20InsufficientAllowance", spender=bob, allowance=0, needed=1):
            staked.requestRedeem(1, bob, alice, sender=bob)


class TestStates:
    def test_pending_and_claimable_exclude_each_other(self, vault, staked, alice):
        vault.request(alice, 10 * WHOLE)
        assert (staked.pendingRedeemRequest(0, alice), staked.claimableRedeemRequest(0, alice)) == (10 * WHOLE, 0)
        vault.pass_days(14)
        assert (staked.pendingRedeemRequest(0, alice), staked.claimableRedeemRequest(0, alice)) == (0, 10 * WHOLE)
        vault.request(alice, 3 * WHOLE)
        assert (staked.pendingRedeemRequest(0, alice), staked.claimableRedeemRequest(0, alice)) == (
            3 * WHOLE,
            10 * WHOLE,
        )

    def test_requests_of_one_controller_are_one(self, vault, staked, alice, bob):
        """With the id 0 the controller alone tells requests apart, not the owner of the shares; all of them are
        aggregated.
        """
        vault.stake(bob, 5 * WHOLE)
        staked.setOperator(alice, True, sender=bob)
        vault.request(alice, WHOLE)
        staked.requestRedeem(5 * WHOLE, alice, bob, sender=alice)
        assert staked.pendingRedeemRequest(0, alice) == 6 * WHOLE
        assert staked.pendingRedeemRequest(0, bob) == 0
        vault.pass_days(14)
        assert staked.claimableRedeemRequest(0, alice) == 6 * WHOLE == vault.claim(alice)

    @pytest.mark.parametrize("number", [1, 2**128, ANY])
    def test_there_is_no_other_id(self, vault, staked, alice, number):
        vault.request(alice, WHOLE)
        vault.pass_days(14)
        vault.request(alice, WHOLE)
        assert staked.pendingRedeemRequest(number, alice) == staked.claimableRedeemRequest(number, alice) == 0

    def test_the_states_look_the_same_to_all_callers_and_never_revert(self, vault, staked, alice, bob):
        vault.request(alice, WHOLE)
        vault.pass_days(14)
        vault.request(alice, 2 * WHOLE)
        for caller in (alice, bob, ZERO):
            assert staked.pendingRedeemRequest.call(0, alice, sender=caller) == 2 * WHOLE
            assert staked.claimableRedeemRequest.call(0, alice, sender=caller) == WHOLE
            for stranger in (ZERO, staked.address):
                assert staked.pendingRedeemRequest.call(ANY, stranger, sender=caller) == 0
                assert staked.claimableRedeemRequest.call(0, stranger, sender=caller) == 0

    def test_maxima_move_with_what_is_claimable(self, vault, staked, alice):
        assert staked.maxRedeem(alice) == staked.maxWithdraw(alice) == 0, (
            "shares that are merely held cannot be redeemed"
        )
        vault.request(alice, 10 * WHOLE)
        assert staked.maxRedeem(alice) == staked.maxWithdraw(alice) == 0
        vault.pass_days(14)
        assert staked.maxRedeem(alice) == staked.claimableRedeemRequest(0, alice) == 10 * WHOLE
        assert staked.maxWithdraw(alice) == 10 * WHOLE
        staked.redeem(4 * WHOLE, alice, alice, sender=alice)
        assert (
            staked.maxRedeem(alice) == staked.claimableRedeemRequest(0, alice) == staked.maxWithdraw(alice) == 6 * WHOLE
        )


class TestClaims:
    @pytest.fixture
    def claimable(self, alice_stakes: Vault, alice: str) -> None:
        alice_stakes.request(alice, 10 * WHOLE)
        alice_stakes.pass_days(14)

    @pytest.mark.usefixtures("claimable")
    def test_only_the_controller_and_its_operators_claim(self, vault, staked, alice, bob):
        staked.approve(bob, ANY, sender=alice)
        for method in (staked.redeem, staked.withdraw):
            with vault.refuse("NotAuthorized", controller=alice, caller=bob):
                method(WHOLE, bob, alice, sender=bob)
        staked.setOperator(bob, True, sender=alice)
        before = vault.holds(bob)
        staked.redeem(WHOLE, bob, alice, sender=bob)
        staked.withdraw(WHOLE, bob, alice, sender=bob)
        assert vault.holds(bob) - before == 2 * WHOLE

    @pytest.mark.usefixtures("claimable")
    def test_claims_take_no_shares_again(self, staked, alice):
        held, supply = staked.balanceOf(alice), staked.totalSupply()
        staked.redeem(5 * WHOLE, alice, alice, sender=alice)
        staked.withdraw(5 * WHOLE, alice, alice, sender=alice)
        assert (staked.balanceOf(alice), staked.totalSupply()) == (held, supply) == (90 * WHOLE, 90 * WHOLE)

    @pytest.mark.parametrize("shares", [1, 2, 10**9])
    def test_what_a_withdrawal_leaves_is_shown_and_can_be_claimed(self, vault, staked, alice, shares):
        """A claim of all but one asset-wei once took all shares, so that no view showed the last wei."""
        vault.reward(150 * WHOLE)
        vault.pass_days(1)
        vault.request(alice, shares)
        vault.pass_days(14)
        assets = staked.maxWithdraw(alice)
        assert assets > shares
        staked.withdraw(assets - 1, alice, alice, sender=alice)
        assert (staked.maxWithdraw(alice), staked.maxRedeem(alice), staked.claimableRedeemRequest(0, alice)) == (
            1,
            1,
            1,
        )
        assert vault.claim(alice) == 1
        assert tuple(staked.exitOf(alice)) == (0, 0, 0, 0, 0)

    @pytest.mark.usefixtures("claimable")
    def test_claims_emit_withdraw(self, staked, alice, bob, carol):
        staked.setOperator(bob, True, sender=alice)
        for method in (staked.redeem, staked.withdraw):
            (event,) = method(WHOLE, carol, alice, sender=bob).events(staked, "Withdraw")
            assert event.values == {"sender": bob, "receiver": carol, "owner": alice, "assets": WHOLE, "shares": WHOLE}

    def test_nothing_is_claimed_before_it_is_claimable(self, evm, vault, staked, alice):
        vault.request(alice, 10 * WHOLE)
        evm.warp(14 * DAY - 1)
        for method in (staked.redeem, staked.withdraw):
            with vault.refuse("ExceedsClaimable", controller=alice, amount=1, claimable=0):
                method(1, alice, alice, sender=alice)

    @pytest.mark.usefixtures("claimable")
    def test_who_controls_claims_and_not_who_owned(self, vault, staked, alice, bob):
        vault.stake(bob)
        staked.setOperator(alice, True, sender=bob)
        staked.requestRedeem(WHOLE, alice, bob, sender=alice)
        vault.pass_days(14)
        with vault.refuse("ExceedsClaimable", controller=bob, amount=WHOLE, claimable=0):
            staked.redeem(WHOLE, bob, bob, sender=bob)
        assert vault.claim(alice) == 11 * WHOLE


class TestOperators:
    def test_set_operator_sets_the_status_logs_and_returns_true(self, staked, alice, bob):
        for approved in (True, True, False, False):
            assert staked.setOperator.call(bob, approved, sender=alice) is True
            (event,) = staked.setOperator(bob, approved, sender=alice).events(staked)
            assert (event.name, event.values) == (
                "OperatorSet",
                {"controller": alice, "operator": bob, "approved": approved},
            )
            assert staked.isOperator(alice, bob) is approved
            assert staked.isOperator(bob, alice) is False

    def test_an_operator_is_not_an_allowance(self, staked, alice, bob):
        staked.setOperator(bob, True, sender=alice)
        assert staked.allowance(alice, bob) == 0
        with reverts(staked.interface["ERC20InsufficientAllowance"], spender=bob, allowance=0, needed=1):
            staked.transferFrom(alice, bob, 1, sender=bob)
