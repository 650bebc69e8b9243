"""Tokens that a holder may meet, and what an index makes of them: nobody is blocked, loses what is there or gains what
is not.
"""

from __future__ import annotations

from enum import IntEnum

import pytest

from ssi.chain.evm import Deployed, Evm, Reverted
from tests.support.indexes import ANYTHING, CAP, DAY, MAX, new_index, stock, unlimited
from tests.support.reverts import error, reverts

SHARE = 10**18
UNIT = 2 * 10**27


class Quirk(IntEnum):
    """As in contracts/mocks/QuirkToken.sol."""

    (
        NONE,
        NO_RETURN,
        FALSE,
        FEE,
        ZERO,
        FROZEN,
        REENTERS,
        BURNS_GAS,
        BOMB,
        BALANCE_REVERTS,
        BALANCE_BURNS,
        BALANCE_REENTERS,
        LIES,
        BURNS_ALL,
        WANTS_GAS,
        MOVES_FALSE,
        MOVES_HALF_FALSE,
    ) = range(17)


class QuirkTokenScene:
    """An index over a token that can misbehave and one that cannot; `alice` holds ten shares, `bob` nothing."""

    def __init__(
        self, evm: Evm, project, authority: Deployed, owner: str, units: int = UNIT, decimals: int = 18
    ) -> None:
        self.evm, self.project, self.owner = evm, project, owner
        self.alice, self.bob = evm.account("alice"), evm.account("bob")
        self.odd = evm.deploy(project.QuirkToken, decimals, sender=owner)
        self.good = evm.deploy(project.PlainToken, "Good", "GOOD", 18, sender=owner)
        self.tokens = [self.odd, self.good]
        self.index = new_index(evm, project, authority, self.tokens, [units, UNIT], owner)
        stock(self.tokens, self.index, [self.alice, self.bob])
        self.mint(self.alice, 10 * SHARE)

    def error(self, name: str):
        return error(self.project.IndexToken, f"IndexToken_{name}")

    def mint(self, who: str, shares: int = SHARE):
        return self.index.mint(shares, who, *unlimited(self.tokens), sender=who)

    def redeem(self, receiver: str | None = None, shares: int = SHARE):
        return self.index.redeem(shares, receiver or self.alice, self.alice, *ANYTHING, sender=self.alice)

    def quirk(self, quirk: Quirk) -> None:
        self.odd.setQuirk(quirk, sender=self.owner)

    def claim(self) -> int:
        return self.index.claimOf(self.odd.address, self.alice)

    def worth(self, who: str) -> int:
        """{tok} that all of a claim would be paid now."""
        nobody = "0x" + "00" * 20
        lens = self.evm.deploy(self.project.IndexLens, nobody, nobody, nobody, sender=self.owner)
        return lens.previewClaim(self.index.address, self.odd.address, who)


@pytest.fixture
def scene(evm, project, authority, owner):
    return QuirkTokenScene(evm, project, authority, owner)


def test_no_return_value_works_like_any_other(scene):
    scene.quirk(Quirk.NO_RETURN)
    scene.mint(scene.bob)
    before, expected = scene.odd.balanceOf(scene.alice), scene.index.previewRedeem(SHARE)
    scene.redeem()
    assert scene.odd.balanceOf(scene.alice) - before == expected[0]
    assert scene.claim() == 0


def test_returning_false_refuses_mints_and_turns_redemptions_into_claims(scene):
    scene.quirk(Quirk.FALSE)
    with reverts(error(scene.project.IndexToken, "SafeERC20FailedOperation"), token=scene.odd.address):
        scene.mint(scene.bob)
    expected = scene.index.previewRedeem(SHARE)
    scene.redeem()
    assert scene.claim() == scene.index.segregated(scene.odd.address) == expected[0]


def test_a_fee_on_transfer_refuses_mints_and_costs_only_the_receiver(scene):
    scene.quirk(Quirk.FEE)
    amount = scene.index.previewMint(SHARE)[0]
    with reverts(
        scene.error("ShortDelivery"), token=scene.odd.address, required=amount, received=amount - amount // 100
    ):
        scene.mint(scene.bob)
    before, expected = scene.odd.balanceOf(scene.alice), scene.index.previewRedeem(SHARE)[0]
    scene.redeem()
    assert scene.odd.balanceOf(scene.alice) - before == expected - expected // 100
    assert scene.index.holdings().available[0] >= scene.index.holdings().books[0]


def test_a_rebase_upwards_is_nobodys_until_a_sync_and_vests_from_then(scene):
    evm, index = scene.evm, scene.index
    basket, mint, redeem = index.basket(), index.previewMint(SHARE), index.previewRedeem(SHARE)
    scene.odd.setScale(15 * 10**17, sender=scene.owner)
    assert (index.basket(), index.previewMint(SHARE), index.previewRedeem(SHARE)) == (basket, mint, redeem)
    index.setStreamingFee(0, sender=scene.owner)
    index.sync(scene.odd.address, sender=scene.owner)
    start, redeem = evm.now, index.previewRedeem(SHARE)[0]
    assert index.previewMint(SHARE)[0] == pytest.approx(mint[0] * 3 // 2, rel=1e-5), "a newcomer pays for all of it"
    for days, part in ((0, 0), (7, 1), (14, 2), (28, 4), (100, 4)):
        there = index.previewRedeem.call(SHARE, at=start + days * DAY)[0]
        assert there == pytest.approx(redeem + redeem * part // 8, rel=1e-12)


def test_a_rebase_downwards_is_shared_pro_rata(scene):
    full = scene.index.previewRedeem(SHARE)
    scene.odd.setScale(SHARE // 4, sender=scene.owner)
    books, available = (side[0] for side in scene.index.holdings())
    assert scene.index.previewRedeem(SHARE) == [full[0] * available // books, full[1]]
    with reverts(scene.error("Shortfall"), token=scene.odd.address, books=books, available=available):
        scene.mint(scene.bob)
    before = scene.odd.balanceOf(scene.alice)
    scene.redeem()
    assert abs(scene.odd.balanceOf(scene.alice) - before - full[0] // 4) <= 4  # the token itself rounds
    scene.index.sync(scene.odd.address, sender=scene.owner)
    scene.mint(scene.bob)


def test_a_pause_delays_one_constituent_and_nothing_else(scene):
    expected, good = scene.index.previewRedeem(SHARE), scene.good.balanceOf(scene.alice)
    scene.quirk(Quirk.FROZEN)
    receipt = scene.redeem()
    (event,) = receipt.events(scene.index, "Segregated")
    assert event.values == {"token": scene.odd.address, "account": scene.alice, "amount": expected[0]}
    assert scene.good.balanceOf(scene.alice) - good == expected[1]
    with reverts(scene.odd.interface["QuirkToken_Frozen"]):
        scene.index.claim(scene.odd.address, MAX, scene.alice, 0, sender=scene.alice)
    assert scene.claim() == scene.index.segregated(scene.odd.address) == expected[0], "I3 set aside"
    scene.quirk(Quirk.NONE)
    before = scene.odd.balanceOf(scene.alice)
    scene.index.claim(scene.odd.address, MAX, scene.alice, expected[0], sender=scene.alice)
    assert scene.odd.balanceOf(scene.alice) - before == expected[0]
    assert scene.claim() == scene.index.segregated(scene.odd.address) == 0
    with reverts(scene.error("NoClaim"), token=scene.odd.address, account=scene.alice):
        scene.index.claim(scene.odd.address, MAX, scene.alice, 0, sender=scene.alice)


def test_a_claim_is_paid_in_parts(scene):
    """A token that moves ten at a time at most never paid a claim of fifty: it was all or nothing, and each of five
    attempts failed.
    """
    index, odd, alice, ten = scene.index, scene.odd, scene.alice, 10 * SHARE
    index.setStreamingFee(0, sender=scene.owner)
    scene.mint(alice, 20 * SHARE)
    scene.quirk(Quirk.FROZEN)
    scene.redeem(shares=26 * SHARE)
    claim, before = scene.claim(), odd.balanceOf(alice)
    assert claim > 5 * ten
    scene.quirk(Quirk.NONE)
    odd.setMostMoved(ten, sender=scene.owner)
    with reverts(odd.interface["QuirkToken_Frozen"]):
        index.claim(odd.address, MAX, alice, 0, sender=alice)
    assert scene.claim() == claim, "what failed has taken nothing"
    for part in range(1, 6):
        (event,) = index.claim(odd.address, ten, alice, ten, sender=alice).events(index)
        assert event.values == {"token": odd.address, "account": alice, "receiver": alice, "claim": ten, "paid": ten}
        assert scene.claim() == index.segregated(odd.address) == claim - part * ten
    with reverts(scene.error("ClaimExceeded"), token=odd.address, amount=ten, claim=claim - 5 * ten):
        index.claim(odd.address, ten, alice, 0, sender=alice)
    index.claim(odd.address, MAX, alice, 0, sender=alice)
    assert odd.balanceOf(alice) - before == claim
    assert scene.claim() == index.segregated(odd.address) == 0


def test_others_do_not_pay_for_open_claims(scene):
    scene.mint(scene.bob)
    before = scene.index.previewRedeem(SHARE)
    scene.quirk(Quirk.FROZEN)
    scene.redeem()
    assert scene.index.previewRedeem(SHARE) == before
    assert scene.index.holdings().available[0] >= scene.index.holdings().books[0]


def test_a_blocked_redeemer_sends_his_claim_elsewhere(scene):
    scene.odd.setBlocked(scene.alice, True, sender=scene.owner)
    scene.redeem()
    claim, before = scene.claim(), scene.odd.balanceOf(scene.bob)
    scene.index.claim(scene.odd.address, MAX, scene.bob, claim, sender=scene.alice)
    assert scene.odd.balanceOf(scene.bob) - before == claim > 0


def test_a_blocked_index_still_pays_the_rest(scene):
    scene.odd.setBlocked(scene.index.address, True, sender=scene.owner)
    before, expected = scene.good.balanceOf(scene.alice), scene.index.previewRedeem(SHARE)
    scene.redeem()
    assert scene.good.balanceOf(scene.alice) - before == expected[1]
    assert scene.claim() == expected[0]


class TestLosses:
    """A loss is shared by whoever holds shares and whoever has a claim, alike, in whatever order they leave."""

    @pytest.fixture
    def halved(self, scene):
        """Alice and bob hold ten shares each.

        Bob redeems his to an address that the token blocks; then the token loses half.
        """
        scene.mint(scene.bob, 10 * SHARE)
        scene.odd.setBlocked(scene.owner, True, sender=scene.owner)
        scene.index.redeem(10 * SHARE, scene.owner, scene.bob, *ANYTHING, sender=scene.bob)
        assert scene.index.claimOf(scene.odd.address, scene.bob) == scene.index.previewRedeem(10 * SHARE)[0]
        scene.odd.burn(scene.index.address, scene.odd.balanceOf(scene.index.address) // 2, sender=scene.owner)
        return scene

    def leave(self, scene, who: str) -> int:
        """What `who` gets of the odd token: alice by redemption, bob by his claim."""
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
        books, available = (side[0] for side in index.holdings())
        real, segregated = halved.odd.balanceOf(index.address), index.segregated(token)
        assert available == books * real // (books + segregated)
        claim = index.claimOf(token, halved.bob)
        assert halved.worth(halved.bob) == claim * real // (books + segregated)
        expected = index.previewRedeem(10 * SHARE)[0]
        with reverts(halved.error("Shortfall"), token=token, books=books, available=available):
            halved.mint(halved.alice)
        paid = halved.worth(halved.bob)
        with reverts(halved.error("MinAmountNotMet"), token=token, amount=paid, minAmount=paid + 1):
            index.claim(token, MAX, halved.bob, paid + 1, sender=halved.bob)
        assert self.leave(halved, halved.bob) == paid
        assert abs(self.leave(halved, halved.alice) - expected) <= 1

    def test_a_written_off_loss_is_written_off_for_claims_too(self, halved):
        """Else a claim would be worth twice as much as the shares beside it as soon as the books are cut."""
        index, token = halved.index, halved.odd.address
        owed = index.holdings().books[0] + index.segregated(token)
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

    def test_of_a_total_loss_nothing_comes_back_to_anybody(self, halved):
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

    def leave_all(self, scene) -> tuple[int, int]:
        before = [scene.odd.balanceOf(who) for who in (scene.alice, scene.bob)]
        scene.redeem(shares=scene.index.balanceOf(scene.alice))
        scene.index.claim(scene.odd.address, MAX, scene.bob, 0, sender=scene.bob)
        redeemed, claimed = (
            scene.odd.balanceOf(who) - had for who, had in zip((scene.alice, scene.bob), before, strict=True)
        )
        return redeemed, claimed

    def test_a_claim_bears_every_loss_since_it_was_made(self, halved):
        """Whoever asks after each loss, or once after many, is owed the same to a wei; what they take in between
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
        assert index.segregated(odd.address) == 0, "I3 nothing stays set aside for nobody"

    def test_claims_on_what_left_the_basket_can_lose_too(self, halved):
        """Their loss is written off before the token can join again: else whoever buys it for the basket would pay the
        claims.
        """
        evm, index, odd = halved.evm, halved.index, halved.odd
        odd.mint(index.address, 10**20, sender=halved.owner)  # whole again
        swapper = evm.deploy(halved.project.SwapperMock, sender=halved.owner)
        index.setRebalancer(swapper, sender=halved.owner)
        for token in halved.tokens:
            token.mint(swapper.address, 10**30, sender=halved.owner)
        swapper.swap(
            index.address, odd.address, index.holdings().books[0], halved.good.address, SHARE, sender=halved.owner
        )
        claim = index.segregated(odd.address)
        assert claim == index.claimOf(odd.address, halved.bob)
        odd.burn(index.address, odd.balanceOf(index.address) - claim // 4, sender=halved.owner)
        with reverts(halved.error("Shortfall"), token=odd.address, books=0, available=0):
            swapper.swap(index.address, halved.good.address, SHARE, odd.address, SHARE, sender=halved.owner)
        index.sync(odd.address, sender=halved.owner)
        assert claim // 4 - 1 <= index.segregated(odd.address) <= claim // 4
        swapper.swap(index.address, halved.good.address, SHARE, odd.address, SHARE, sender=halved.owner)
        assert halved.worth(halved.bob) == index.claimOf(odd.address, halved.bob), "whole"
        with reverts(halved.error("NotAConstituent"), token=swapper.address):
            index.sync(swapper, sender=halved.owner)

    def test_nobody_buys_into_a_loss(self, halved):
        """A swap that brings more of what is short would pay the others' loss."""
        evm, index, odd = halved.evm, halved.index, halved.odd
        swapper = evm.deploy(halved.project.SwapperMock, sender=halved.owner)
        index.setRebalancer(swapper, sender=halved.owner)
        odd.mint(swapper.address, SHARE, sender=halved.owner)
        books, available = (side[0] for side in index.holdings())
        with reverts(halved.error("Shortfall"), token=odd.address, books=books, available=available):
            swapper.swap(index.address, halved.good.address, SHARE, odd.address, SHARE, sender=halved.owner)


def test_what_moves_and_answers_no_is_paid_once(scene):
    """Bob was paid 200 of his 100: what had arrived became a claim as well."""
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
    books, available = scene.index.holdings()
    assert available[0] >= books[0], "I1 solvency"


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


class TestShortByAWei:
    """A token like stETH, which counts in shares of its own and moves a wei less than it is told.

    Wrap it, says SECURITY.md.
    """

    @pytest.fixture
    def shares(self, scene):
        scene.odd.setScale(1_234_567_890_123_456_789, sender=scene.owner)
        return scene

    def test_a_mint_refuses_it_by_the_wei(self, shares):
        amount, held, scale = (
            shares.index.previewMint(SHARE)[0],
            shares.odd.balanceOf(shares.index.address),
            shares.odd.scale(),
        )
        raw = -(-held * SHARE // scale) + amount * SHARE // scale
        received = raw * scale // SHARE - held
        assert amount - 2 <= received < amount
        with reverts(shares.error("ShortDelivery"), token=shares.odd.address, required=amount, received=received):
            shares.mint(shares.bob)

    def test_an_index_of_it_cannot_be_born(self, evm, project, authority, owner, bob):
        """Nor does it pass a factory: the mint that seeds an index is a plain one."""
        odd = evm.deploy(project.QuirkToken, 18, sender=owner)
        odd.setScale(1_234_567_890_123_456_789, sender=owner)
        index = new_index(evm, project, authority, [odd], [UNIT], owner)
        stock([odd], index, [bob])
        (amount,) = index.previewMint(SHARE)
        with reverts(
            error(project.IndexToken, "IndexToken_ShortDelivery"),
            token=odd.address,
            required=amount,
            received=amount - 1,
        ):
            index.mint(SHARE, bob, *unlimited([odd]), sender=bob)

    def test_who_delivers_a_wei_more_mints_and_everybody_leaves(self, shares):
        index, evm = shares.index, shares.evm
        minter = evm.deploy(shares.project.MinterMock, sender=shares.owner)
        for token in shares.tokens:
            token.mint(minter.address, 10**30, sender=shares.owner)
        minter.set(0, 2, "0x" + "00" * 20, b"", sender=shares.owner)
        minter.mint(index, SHARE, shares.alice, b"", sender=shares.owner)
        for part in (1, 3, 7):
            shares.redeem(shares=part * SHARE // 3)
            books, available = index.holdings()
            assert available[0] >= books[0], "I1 it never takes more than it is told"


def test_reverting_on_zero_is_never_asked_for_zero(evm, project, authority, owner):
    scene = QuirkTokenScene(
        evm, project, authority, owner, units=1
    )  # a token-wei per 10^27 base-wei: most redemptions pay none
    scene.quirk(Quirk.ZERO)
    assert scene.index.previewRedeem(SHARE)[0] == 0
    scene.redeem()
    assert scene.claim() == 0


@pytest.mark.parametrize(
    "method", ["mint", "redeem", "claim", "collectFees", "previewRedeem", "previewMint", "holdings", "basket"]
)
def test_reentrance_finds_every_door_shut(scene, method):
    index = scene.index
    payload = {
        "mint": (SHARE, scene.bob, *unlimited(scene.tokens)), "redeem": (SHARE, scene.bob, scene.alice, *ANYTHING),
        "claim": (scene.odd.address, MAX, scene.bob, 0), "previewRedeem": (SHARE,), "previewMint": (SHARE,),
    }.get(method, ())  # fmt: skip
    scene.odd.setReentry(index.address, getattr(index, method).encode(*payload), sender=scene.owner)
    scene.quirk(Quirk.REENTERS)
    scene.redeem()
    assert scene.odd.reentered() is False
    assert scene.odd.answer() == error(scene.project.IndexToken, "ReentrancyGuardReentrantCall").encode([])
    assert scene.claim() == 0


@pytest.mark.parametrize(
    "quirk", [quirk for quirk in Quirk if quirk != Quirk.NONE], ids=lambda quirk: quirk.name.lower()
)
def test_an_upgrade_to_anything_hostile_blocks_no_redemption(scene, quirk):
    """The token was good when the shares were minted.

    Whatever it has become, the other constituent is paid in full, to the wei.
    """
    scene.odd.setReentry(scene.index.address, scene.index.collectFees.encode(), sender=scene.owner)
    good, expected = scene.good.balanceOf(scene.alice), scene.index.previewRedeem(SHARE)[1]
    scene.quirk(quirk)
    scene.redeem()
    assert scene.good.balanceOf(scene.alice) - good == expected, "I6 redemption always works"
    assert scene.index.balanceOf(scene.alice) == 9 * SHARE
    scene.quirk(Quirk.NONE)
    holdings = scene.index.holdings()
    assert all(there >= books for there, books in zip(holdings.available, holdings.books, strict=True)), "I1 solvency"
    scene.redeem(shares=9 * SHARE)
    assert scene.index.balanceOf(scene.alice) == 0


def test_burning_gas_turns_into_a_claim_at_a_bounded_cost(scene):
    expected = scene.index.previewRedeem(SHARE)
    scene.quirk(Quirk.BURNS_GAS)
    receipt = scene.redeem()
    assert scene.claim() == expected[0]
    assert receipt.gas_used < 1_000_000


def test_a_return_bomb_is_not_copied(scene):
    before, expected = scene.odd.balanceOf(scene.alice), scene.index.previewRedeem(SHARE)
    scene.quirk(Quirk.BOMB)
    receipt = scene.redeem()
    assert scene.odd.balanceOf(scene.alice) - before == expected[0]
    assert receipt.gas_used < 500_000


@pytest.mark.parametrize("quirk", [Quirk.BALANCE_REVERTS, Quirk.BALANCE_BURNS])
def test_an_unreadable_balance_refuses_mints_and_blocks_no_redemption(scene, quirk):
    expected, good = scene.index.previewRedeem(SHARE), scene.good.balanceOf(scene.alice)
    scene.quirk(quirk)
    with reverts(scene.error("BalanceUnreadable"), token=scene.odd.address):
        scene.mint(scene.bob)
    assert scene.index.previewRedeem(SHARE) == expected
    scene.redeem()
    assert scene.good.balanceOf(scene.alice) - good == expected[1]
    assert scene.claim() == expected[0]


def test_a_lie_about_the_balance_buys_nothing(scene):
    amount = scene.index.previewMint(SHARE)[0]
    scene.quirk(Quirk.LIES)
    with reverts(scene.error("ShortDelivery"), token=scene.odd.address, required=amount, received=0):
        scene.mint(scene.bob)
    scene.redeem()


@pytest.mark.parametrize("decimals", [0, 18])
def test_extreme_decimals(evm, project, authority, owner, decimals):
    units = 7 * 10**9 * 10**decimals  # seven whole tokens a share
    scene = QuirkTokenScene(evm, project, authority, owner, units=units, decimals=decimals)
    assert 0 <= 7 * 10**decimals - scene.index.previewRedeem(SHARE)[0] <= max(1, 10**decimals // 10**15)
    scene.mint(scene.bob)
    scene.redeem()
    assert scene.index.holdings().available[0] >= scene.index.holdings().books[0]


@pytest.mark.parametrize("quirk", [Quirk.NONE, Quirk.WANTS_GAS], ids=["plain", "gives up early"])
@pytest.mark.parametrize("gas", range(100_000, 900_000, 25_000))
def test_too_little_gas_cannot_fake_a_broken_token(scene, gas, quirk):
    """Either everything is paid or nothing happened: a claim would hand the rest to whoever can wait."""
    index = scene.index
    scene.quirk(quirk)
    calldata = index.redeem.encode(SHARE, scene.alice, scene.alice, *ANYTHING)
    try:
        scene.evm.send(scene.alice, index.address, calldata, gas=gas)
    except Reverted:
        assert index.balanceOf(scene.alice) == 10 * SHARE
    assert scene.claim() == 0


def test_more_than_128_bits_of_a_token_are_refused_and_not_truncated(scene):
    """Whoever can make so much of it has it refused at the next sync.

    Until then, and afterwards, the basket is what it was.
    """
    index, odd = scene.index, scene.odd
    basket, expected = index.basket(), index.previewRedeem(SHARE)
    odd.mint(index.address, 2**150, sender=scene.owner)
    with pytest.raises(Reverted) as caught:
        index.sync(odd.address, sender=scene.owner)
    refusal = scene.error("UnitsOutOfRange")
    assert caught.value.data[:4] == refusal.hash[:4]
    said = refusal.arguments(caught.value.data[4:])
    assert said["token"] == odd.address
    assert 2**128 < said["units"] * basket.base // 10**27 <= 2**150 + 2**65
    before = odd.balanceOf(scene.alice)
    assert (index.basket(), index.previewRedeem(SHARE)) == (basket, expected)
    scene.redeem()
    assert odd.balanceOf(scene.alice) - before == expected[0]
    scene.mint(scene.bob)


def test_a_constituent_must_look_like_a_token(evm, project, authority, owner, alice):
    odd = evm.deploy(project.QuirkToken, 19, sender=owner)
    invalid = error(project.IndexToken, "IndexToken_InvalidConstituent")
    with reverts(invalid, token=odd.address):
        new_index(evm, project, authority, [odd], [UNIT], owner)
    with reverts(invalid, token=alice):
        new_index(evm, project, authority, [evm.at(project.PlainToken, alice)], [UNIT], owner)


def test_a_full_basket_of_burners_stays_under_the_limit(evm, project, authority, owner, alice):
    """The worst redemption there is: 32 constituents, every one of which burns all the gas that it gets, twice."""
    tokens = [evm.deploy(project.QuirkToken, 18, sender=owner) for _ in range(32)]
    index = new_index(evm, project, authority, tokens, [UNIT] * 32, owner, supplyCap=CAP)
    stock(tokens, index, [alice])
    index.mint(10 * SHARE, alice, *unlimited(tokens), sender=alice)
    for token in tokens:
        token.setQuirk(Quirk.BURNS_ALL, sender=owner)
    receipt = index.redeem(SHARE, alice, alice, *ANYTHING, sender=alice)
    assert receipt.gas_used < 12_000_000
    assert all(index.claimOf(token.address, alice) for token in tokens)
