"""Each decision of docs/standards.md: where a contract does less than a standard allows, or other than expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, MAX, YEAR, ZERO
from tests.support.indexes import new_index, stock, unlimited
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import error
from tests.support.staking import WHOLE, new_staked

Within = Callable[..., tuple[bool, bytes]]


pytestmark = pytest.mark.usefixtures("alice_stakes")


class TestRequestsForAnotherController:
    def test_an_owner_cannot_name_a_controller_who_did_not_agree(self, vault, alice, bob):
        with vault.refuse("NotAuthorized", controller=bob, caller=alice):
            vault.token.requestRedeem(WHOLE, bob, alice, sender=alice)

    def test_a_spender_cannot_send_the_owner_on_the_way_out(self, vault, alice, bob):
        vault.token.approve(bob, MAX, sender=alice)
        with vault.refuse("NotAuthorized", controller=alice, caller=bob):
            vault.token.requestRedeem(WHOLE, alice, alice, sender=bob)

    def test_a_transfer_and_a_request_of_the_receiver_do_the_same(self, vault, alice, bob):
        vault.token.transfer(bob, WHOLE, sender=alice)
        vault.request(bob, WHOLE)
        assert vault.token.pendingRedeemRequest(0, bob) == WHOLE

    def test_an_operator_of_the_controller_does_it_in_one_call(self, vault, alice, bob):
        vault.token.setOperator(alice, True, sender=bob)
        vault.token.requestRedeem(WHOLE, bob, alice, sender=alice)
        assert vault.token.pendingRedeemRequest(0, bob) == WHOLE

    def test_no_stranger_restarts_a_cooldown(self, evm, vault, alice, bob):
        vault.stake(bob)
        vault.request(alice, WHOLE)
        matures = vault.token.exitOf(alice).maturesAt
        evm.warp(13 * DAY)
        with vault.refuse("NotAuthorized", controller=alice, caller=bob):
            vault.token.requestRedeem(1, alice, bob, sender=bob)
        assert vault.token.exitOf(alice).maturesAt == matures, "S3 only its owner moves a timer"


class TestWithinACall:
    @pytest.fixture
    def within(self, evm: Evm, project: Any, authority: Deployed, owner: str, alice: str) -> Within:
        """Asks a view of a staked token from within a claim: whether it answered, and with which bytes."""
        token = evm.deploy(project.QuirkToken, 18, sender=owner)
        staked = new_staked(evm, project, authority, token, owner)
        token.mint(alice, 10 * WHOLE, sender=alice)
        token.approve(staked.address, MAX, sender=alice)
        staked.deposit(10 * WHOLE, alice, sender=alice)
        staked.requestRedeem(2 * WHOLE, alice, alice, sender=alice)
        evm.warp(14 * DAY)

        def within(name: str, *arguments: Any) -> tuple[bool, bytes]:
            with evm.isolated():
                token.setReentry(staked.address, getattr(staked, name).encode(*arguments), sender=owner)
                token.setQuirk(Quirk.REENTERS, sender=owner)
                staked.redeem(WHOLE, alice, alice, sender=alice)
                return token.reentered(), token.answer()

        return within

    @pytest.mark.parametrize("name", ["maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"])
    def test_maxima_are_zero(self, within, alice, name):
        assert within(name, alice) == (True, bytes(32))

    def test_what_has_matured_is_still_shown(self, within, alice):
        assert within("claimableRedeemRequest", 0, alice) == (True, WHOLE.to_bytes(32, "big"))

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [("totalAssets", ()), ("convertToAssets", (WHOLE,)), ("convertToShares", (WHOLE,)), ("previewMint", (WHOLE,))],
    )
    def test_prices_are_refused(self, project, within, name, arguments):
        guarded = error(project.StakedToken, "ReentrancyGuardReentrantCall").encode([])
        assert within(name, *arguments) == (False, guarded)


class TestMaxima:
    def test_refused_receivers_have_none(self, vault, alice):
        for receiver in (ZERO, vault.token.address):
            assert vault.token.maxDeposit(receiver) == vault.token.maxMint(receiver) == 0
        with vault.refuse("InvalidReceiver", receiver=vault.token.address):
            vault.stake(alice, WHOLE, vault.token.address)
        assert vault.token.maxDeposit(alice) > 0


class TestClaimable:
    def test_it_is_never_zero_while_an_asset_wei_is_left(self, vault, alice):
        """A share is worth two and a half asset-wei, and all but one of them are withdrawn."""
        vault.reward(150 * WHOLE)
        vault.pass_days(1)
        vault.request(alice, 2)
        vault.pass_days(14)
        assets = vault.token.maxWithdraw(alice)
        assert assets > 2
        vault.token.withdraw(assets - 1, alice, alice, sender=alice)
        assert vault.token.claimableRedeemRequest(0, alice) == vault.token.maxWithdraw(alice) == 1


class TestShareToVault:
    def test_the_share_names_the_vault_of_its_asset_alone(self, vault, bob):
        staked = vault.token
        assert staked.vault(vault.asset.address) == staked.address == staked.share()
        assert [staked.vault(other) for other in (ZERO, staked.address, bob)] == [ZERO] * 3

    def test_its_number_is_that_of_the_function(self, vault):
        number = vault.token.interface["vault"].hash[:4]
        assert number.hex() == "f815c03d"
        assert vault.token.supportsInterface(number) is True


class TestSupplyOfAnIndex:
    def test_it_grows_by_the_fee_and_the_event_follows(self, evm, project, authority, owner, alice):
        token = evm.deploy(project.PlainToken, "Token", "TOK", 18, sender=owner)
        index = new_index(evm, project, authority, [token], [10**27], owner)
        stock([token], index, [alice], 10**30)
        index.mint(100 * WHOLE, alice, *unlimited([token]), sender=alice)
        index.collectFees(sender=alice)
        supply, issued = index.totalSupply(), index.issuedSupply()
        assert supply - issued <= 10**12, "what the last second owes"
        evm.warp(YEAR)
        assert index.issuedSupply() == issued
        grown = index.totalSupply() - issued
        assert grown > issued // 1_000
        assert grown == index.pendingFeeShares()
        (event,) = index.collectFees(sender=alice).events(index, "Transfer")
        assert event.values["sender" if "sender" in event.values else "from"] == ZERO
        assert event.values["value"] == index.issuedSupply() - issued >= grown
