"""A constituent that shrinks, moves less than it says, or cannot be read: holders of shares and of claims bear
it alike.
"""

from __future__ import annotations

import pytest

from ssi.constants import MAX
from tests.support.indexes import ANYTHING
from tests.support.quirk_tokens import SHARE, UNIT, Quirk, QuirkTokenScene
from tests.support.reverts import error, reverts


class TestLosses:
    """Holders of shares and of claims share a loss alike, in any order in which they leave."""

    @pytest.fixture
    def halved(self, scene: QuirkTokenScene) -> QuirkTokenScene:
        """Alice and bob hold ten shares each.

        Bob redeems bob's to an address that the token blocks; then the token loses half.
        """
        scene.mint(scene.bob, 10 * SHARE)
        scene.odd.setBlocked(scene.owner, True, sender=scene.owner)
        scene.index.redeem(10 * SHARE, scene.owner, scene.bob, *ANYTHING, sender=scene.bob)
        assert scene.index.claimOf(scene.odd.address, scene.bob) == scene.index.previewRedeem(10 * SHARE)[0]
        scene.odd.burn(scene.index.address, scene.odd.balanceOf(scene.index.address) // 2, sender=scene.owner)
        return scene

    def leave(self, scene: QuirkTokenScene, who: str) -> int:
        """What `who` gets of the odd token: alice by redemption, bob by the claim."""
        before = scene.odd.balanceOf(who)
        if who == scene.alice:
            scene.redeem(shares=10 * SHARE)
        else:
            scene.index.claim(scene.odd.address, MAX, scene.bob, 0, sender=scene.bob)
        return scene.odd.balanceOf(who) - before

    def test_a_claim_is_not_senior(self, halved):
        """It was paid 100.0 of the 100.0 that were left, and alice's equal part 0.005."""
        claimed, redeemed = self.leave(halved, halved.bob), self.leave(halved, halved.alice)
        assert abs(claimed - redeemed) <= 2, "I11 losses are shared"
        assert claimed > 9 * SHARE

    def test_who_leaves_first_gains_nothing(self, halved):
        outcomes = []
        for order in ((halved.alice, halved.bob), (halved.bob, halved.alice)):
            with halved.evm.isolated():
                outcomes.append({who: self.leave(halved, who) for who in order})
        for who in outcomes[0]:
            assert abs(outcomes[0][who] - outcomes[1][who]) <= 2, "I11 in either order"

    def test_every_view_says_the_same(self, halved):
        index, token = halved.index, halved.odd.address
        accounted, available = (side[0] for side in index.holdings())
        real, segregated = halved.odd.balanceOf(index.address), index.segregated(token)
        assert available == accounted * real // (accounted + segregated)
        claim = index.claimOf(token, halved.bob)
        assert halved.worth(halved.bob) == claim * real // (accounted + segregated)
        expected = index.previewRedeem(10 * SHARE)[0]
        with reverts(halved.error("Shortfall"), token=token, accounted=accounted, available=available):
            halved.mint(halved.alice)
        paid = halved.worth(halved.bob)
        with reverts(halved.error("MinAmountNotMet"), token=token, amount=paid, minAmount=paid + 1):
            index.claim(token, MAX, halved.bob, paid + 1, sender=halved.bob)
        assert self.leave(halved, halved.bob) == paid
        assert abs(self.leave(halved, halved.alice) - expected) <= 1

    def test_a_written_off_loss_is_written_off_for_claims_too(self, halved):
        """Else a claim would be worth twice as much as the shares beside it once accounted balances are cut."""
        index, token = halved.index, halved.odd.address
        owed = index.holdings().accounted[0] + index.segregated(token)
        real, worth = halved.odd.balanceOf(index.address), halved.worth(halved.bob)
        receipt = index.sync(token, sender=halved.owner)
        (event,) = (event for event in receipt.events(index) if event.name == "LossWrittenOff")
        assert event.values == {"token": token, "held": real, "owed": owed}
        assert worth - 1 <= index.claimOf(token, halved.bob) == halved.worth(halved.bob) <= worth
        halved.mint(halved.alice)
        halved.redeem(shares=SHARE)
        claimed, redeemed = self.leave(halved, halved.bob), self.leave(halved, halved.alice)
        assert abs(claimed - redeemed) <= claimed // 10**12, "I11 losses are shared"

    def test_claims_made_under_a_loss_are_cut_once(self, halved):
        """Bob, who has a claim already, and alice, who makes hers now, are worth the same before and after."""
        index = halved.index
        halved.odd.setBlocked(halved.alice, True, sender=halved.owner)
        expected = index.previewRedeem(10 * SHARE)[0]
        halved.redeem(shares=10 * SHARE)
        worth = [halved.worth(who) for who in (halved.alice, halved.bob)]
        assert abs(worth[0] - expected) <= 1
        assert abs(worth[0] - worth[1]) <= 2, "I11 losses are shared"

    def test_of_a_total_loss_nothing_comes_back(self, halved):
        index, token = halved.index, halved.odd.address
        halved.odd.burn(index.address, halved.odd.balanceOf(index.address), sender=halved.owner)
        with reverts(halved.error("ClaimUnbacked"), token=token, claim=index.claimOf(token, halved.bob)):
            index.claim(token, MAX, halved.bob, 0, sender=halved.bob)
        index.sync(token, sender=halved.owner)
        assert index.basket().tokens == [halved.good.address]
        assert index.claimOf(token, halved.bob) == index.segregated(token) == 0

    @pytest.mark.parametrize("units", [UNIT, 10**9 * UNIT], ids=["of 18 decimals", "of very many"])
    def test_what_comes_back_after_a_total_loss_is_lost_alike(self, evm, project, authority, owner, units):
        """A trace of the old claims kept a token of very many wei out, and claims made later bore none of the next
        loss.
        """
        scene = QuirkTokenScene(evm, project, authority, owner, units)
        index, odd = scene.index, scene.odd
        swapper = evm.deploy(project.SwapperMock, sender=owner)
        index.setRebalancer(swapper, sender=owner)
        odd.mint(swapper.address, 2**120, sender=owner)
        odd.setBlocked(owner, True, sender=owner)
        scene.redeem(owner, shares=5 * SHARE)
        odd.burn(index.address, odd.balanceOf(index.address), sender=owner)
        index.sync(odd.address, sender=owner)
        assert index.basket().tokens == [scene.good.address]
        assert index.segregated(odd.address) == 0

        swapper.swap(index.address, scene.good.address, SHARE, odd.address, 10 * units // 10**9, sender=owner)
        scene.tokens.reverse()
        scene.mint(scene.bob, scene.index.balanceOf(scene.alice))
        index.redeem(index.balanceOf(scene.bob), owner, scene.bob, *ANYTHING, sender=scene.bob)
        assert index.claimOf(odd.address, scene.bob) > 0
        assert index.claimOf(odd.address, scene.alice) == 0, "what was lost stays lost"
        for left in (3, 10**6):
            odd.burn(index.address, odd.balanceOf(index.address) - odd.balanceOf(index.address) // left, sender=owner)
            index.sync(odd.address, sender=owner)
        shares = index.balanceOf(scene.alice)
        redeemed, claimed = index.previewRedeem(shares)[1], scene.worth(scene.bob)
        assert abs(claimed - redeemed) <= 2 + claimed // 10**12, "I11 losses are shared"
        assert self.leave_all(scene) == (redeemed, claimed)

    def leave_all(self, scene: QuirkTokenScene) -> tuple[int, int]:
        before = [scene.odd.balanceOf(who) for who in (scene.alice, scene.bob)]
        scene.redeem(shares=scene.index.balanceOf(scene.alice))
        scene.index.claim(scene.odd.address, MAX, scene.bob, 0, sender=scene.bob)
        redeemed, claimed = (
            scene.odd.balanceOf(who) - had for who, had in zip((scene.alice, scene.bob), before, strict=True)
        )
        return redeemed, claimed

    def test_a_claim_bears_every_loss_since_it_was_made(self, halved):
        """A holder who asks after each loss, or once after many, is owed the same to a wei; what they take in between
        counts.
        """
        index, odd = halved.index, halved.odd
        odd.setBlocked(halved.alice, True, sender=halved.owner)
        for n, left in enumerate((2, 7, 3)):
            if n == 1:
                halved.redeem(shares=3 * SHARE)
            index.sync(odd.address, sender=halved.owner)
            odd.burn(index.address, odd.balanceOf(index.address) // left, sender=halved.owner)
        index.sync(odd.address, sender=halved.owner)
        assert index.claimOf(odd.address, halved.bob) + index.claimOf(
            odd.address, halved.alice
        ) + 1 >= index.segregated(odd.address)
        half = index.claimOf(odd.address, halved.bob) // 2
        index.claim(odd.address, half, halved.bob, 0, sender=halved.bob)
        for who in (halved.bob, halved.alice):
            index.claim(odd.address, MAX, halved.evm.account("elsewhere"), 0, sender=who)
            assert index.claimOf(odd.address, who) == 0
        assert index.segregated(odd.address) == 0, "I3 nothing stays set aside that no claim is for"

    def test_claims_on_what_left_the_basket_can_lose_too(self, halved):
        """Their loss is written off before the token can join again: else the buyer of it for the basket would pay the
        claims.
        """
        evm, index, odd = halved.evm, halved.index, halved.odd
        odd.mint(index.address, 10**20, sender=halved.owner)  # whole again
        swapper = evm.deploy(halved.project.SwapperMock, sender=halved.owner)
        index.setRebalancer(swapper, sender=halved.owner)
        for token in halved.tokens:
            token.mint(swapper.address, 10**30, sender=halved.owner)
        swapper.swap(
            index.address, odd.address, index.holdings().accounted[0], halved.good.address, SHARE, sender=halved.owner
        )
        claim = index.segregated(odd.address)
        assert claim == index.claimOf(odd.address, halved.bob)
        odd.burn(index.address, odd.balanceOf(index.address) - claim // 4, sender=halved.owner)
        with reverts(halved.error("Shortfall"), token=odd.address, accounted=0, available=0):
            swapper.swap(index.address, halved.good.address, SHARE, odd.address, SHARE, sender=halved.owner)
        index.sync(odd.address, sender=halved.owner)
        assert claim // 4 - 1 <= index.segregated(odd.address) <= claim // 4
        swapper.swap(index.address, halved.good.address, SHARE, odd.address, SHARE, sender=halved.owner)
        assert halved.worth(halved.bob) == index.claimOf(odd.address, halved.bob), "whole"
        with reverts(halved.error("NotAConstituent"), token=swapper.address):
            index.sync(swapper, sender=halved.owner)

    def test_no_swap_buys_into_a_loss(self, halved):
        """A swap that brings more of what is short would pay the others' loss."""
        evm, index, odd = halved.evm, halved.index, halved.odd
        swapper = evm.deploy(halved.project.SwapperMock, sender=halved.owner)
        index.setRebalancer(swapper, sender=halved.owner)
        odd.mint(swapper.address, SHARE, sender=halved.owner)
        accounted, available = (side[0] for side in index.holdings())
        with reverts(halved.error("Shortfall"), token=odd.address, accounted=accounted, available=available):
            swapper.swap(index.address, halved.good.address, SHARE, odd.address, SHARE, sender=halved.owner)


def test_what_moves_and_answers_no_is_paid_once(scene):
    """Bob was paid 200 of 100: what had arrived became a claim as well."""
    expected, before = scene.index.previewRedeem(SHARE)[0], scene.odd.balanceOf(scene.alice)
    scene.quirk(Quirk.MOVES_FALSE)
    scene.redeem()
    assert scene.odd.balanceOf(scene.alice) - before == expected
    assert scene.claim() == 0
    scene.quirk(Quirk.FROZEN)
    scene.redeem()
    scene.quirk(Quirk.MOVES_FALSE)
    scene.index.claim(scene.odd.address, MAX, scene.alice, expected, sender=scene.alice)
    assert scene.claim() == 0
    scene.quirk(Quirk.FALSE)
    with reverts(error(scene.project.IndexToken, "SafeERC20FailedOperation"), token=scene.odd.address):
        scene.mint(scene.bob)


def test_what_moves_half_and_answers_no_owes_the_other_half(scene):
    expected, before = scene.index.previewRedeem(SHARE)[0], scene.odd.balanceOf(scene.alice)
    scene.quirk(Quirk.MOVES_HALF_FALSE)
    scene.redeem()
    got = scene.odd.balanceOf(scene.alice) - before
    assert got == expected // 2
    assert expected - 1 <= got + scene.claim() <= expected
    accounted, available = scene.index.holdings()
    assert available[0] >= accounted[0], "I1 solvency"


def test_what_cannot_be_read_is_not_paid_but_owed(scene):
    """With a dead `balanceOf` and half of it seized, the first who left was paid everything, and the last nothing."""
    scene.mint(scene.bob, 10 * SHARE)
    index, odd = scene.index, scene.odd
    full = index.previewRedeem(10 * SHARE)
    odd.burn(index.address, odd.balanceOf(index.address) // 2, sender=scene.owner)
    scene.quirk(Quirk.BALANCE_REVERTS)
    assert index.previewRedeem(10 * SHARE) == full, "said to be owed"
    for who in (scene.alice, scene.bob):
        index.redeem(10 * SHARE, who, who, *ANYTHING, sender=who)
        assert index.claimOf(odd.address, who) == full[0]
    with reverts(scene.error("BalanceUnreadable"), token=odd.address):
        index.claim(odd.address, MAX, scene.bob, 0, sender=scene.bob)
    scene.quirk(Quirk.NONE)
    paid = []
    for who in (scene.bob, scene.alice):
        before = odd.balanceOf(who)
        index.claim(odd.address, MAX, who, 0, sender=who)
        paid.append(odd.balanceOf(who) - before)
    assert abs(paid[0] - paid[1]) <= 2, "I11 losses are shared"
    assert paid[0] > full[0] * 49 // 100
