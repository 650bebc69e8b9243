"""Tokens that a holder may meet, and what an index makes of them: no holder is blocked, loses what is
there or gains what is not.
"""

from __future__ import annotations

import pytest

from ssi.chain.evm import Reverted
from ssi.constants import DAY, MAX
from tests.support.indexes import ANYTHING, CAP, new_index, stock, unlimited
from tests.support.quirk_tokens import SHARE, UNIT, Quirk, QuirkTokenScene
from tests.support.reverts import error, reverts


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
    assert scene.index.holdings().available[0] >= scene.index.holdings().accounted[0]


def test_a_rebase_upwards_counts_from_a_sync_on_and_vests(scene):
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
    accounted, available = (side[0] for side in scene.index.holdings())
    assert scene.index.previewRedeem(SHARE) == [full[0] * available // accounted, full[1]]
    with reverts(scene.error("Shortfall"), token=scene.odd.address, accounted=accounted, available=available):
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
    assert scene.index.holdings().available[0] >= scene.index.holdings().accounted[0]


def test_a_blocked_redeemer_sends_the_claim_elsewhere(scene):
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


class TestShortByAWei:
    """A token like stETH, which counts in shares of its own and moves a wei less than it is told.

    Wrap it, says SECURITY.md.
    """

    @pytest.fixture
    def shares(self, scene: QuirkTokenScene) -> QuirkTokenScene:
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

    def test_a_minter_who_delivers_a_wei_more_mints_and_all_holders_leave(self, shares):
        index, evm = shares.index, shares.evm
        minter = evm.deploy(shares.project.MinterMock, sender=shares.owner)
        for token in shares.tokens:
            token.mint(minter.address, 10**30, sender=shares.owner)
        minter.set(0, 2, "0x" + "00" * 20, b"", sender=shares.owner)
        minter.mint(index, SHARE, shares.alice, b"", sender=shares.owner)
        for part in (1, 3, 7):
            shares.redeem(shares=part * SHARE // 3)
            accounted, available = index.holdings()
            assert available[0] >= accounted[0], "I1 it never takes more than it is told"


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

    The other constituent is paid in full, to the wei.
    """
    scene.odd.setReentry(scene.index.address, scene.index.collectFees.encode(), sender=scene.owner)
    good, expected = scene.good.balanceOf(scene.alice), scene.index.previewRedeem(SHARE)[1]
    scene.quirk(quirk)
    scene.redeem()
    assert scene.good.balanceOf(scene.alice) - good == expected, "I6 redemption always works"
    assert scene.index.balanceOf(scene.alice) == 9 * SHARE
    scene.quirk(Quirk.NONE)
    holdings = scene.index.holdings()
    assert all(there >= accounted for there, accounted in zip(holdings.available, holdings.accounted, strict=True)), (
        "I1 solvency"
    )
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
    assert scene.index.holdings().available[0] >= scene.index.holdings().accounted[0]


@pytest.mark.parametrize("quirk", [Quirk.NONE, Quirk.WANTS_GAS], ids=["plain", "gives up early"])
@pytest.mark.parametrize("gas", range(100_000, 900_000, 25_000))
def test_too_little_gas_cannot_fake_a_broken_token(scene, gas, quirk):
    """Either everything is paid or nothing happened: a claim would hand the rest to a holder who can wait."""
    index = scene.index
    scene.quirk(quirk)
    calldata = index.redeem.encode(SHARE, scene.alice, scene.alice, *ANYTHING)
    try:
        scene.evm.send(scene.alice, index.address, calldata, gas=gas)
    except Reverted:
        assert index.balanceOf(scene.alice) == 10 * SHARE
    assert scene.claim() == 0


def test_more_than_128_bits_of_a_token_are_refused_and_not_truncated(scene):
    """An issuer who makes so much of it has it refused at the next sync.

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
