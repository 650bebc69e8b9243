"""Tokens that a holder may meet, and what an index makes of them: nobody is blocked, loses what is there or gains what is not."""

from __future__ import annotations

from enum import IntEnum

import pytest

from scripts._lib.evm import Deployed, Evm, Reverted
from tests.support.indexes import ANYTHING, CAP, MAX, new_index, stock, unlimited
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
    ) = range(15)


class Scene:
    """An index over a token that can misbehave and one that cannot; `alice` holds ten shares, `bob` nothing."""

    def __init__(self, evm: Evm, project, authority: Deployed, owner: str, units: int = UNIT, decimals: int = 18) -> None:
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


@pytest.fixture
def scene(evm, project, authority, owner):
    return Scene(evm, project, authority, owner)


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
    with reverts(scene.error("ShortDelivery"), token=scene.odd.address, required=amount, received=amount - amount // 100):
        scene.mint(scene.bob)
    before, expected = scene.odd.balanceOf(scene.alice), scene.index.previewRedeem(SHARE)[0]
    scene.redeem()
    assert scene.odd.balanceOf(scene.alice) - before == expected - expected // 100
    assert scene.index.holdings().available[0] >= scene.index.holdings().books[0]


def test_a_rebase_upwards_is_nobodys_until_a_sync(scene):
    basket, mint, redeem = scene.index.basket(), scene.index.previewMint(SHARE), scene.index.previewRedeem(SHARE)
    scene.odd.setScale(15 * 10**17, sender=scene.owner)
    assert (scene.index.basket(), scene.index.previewMint(SHARE), scene.index.previewRedeem(SHARE)) == (basket, mint, redeem)
    scene.index.sync(scene.odd.address, sender=scene.owner)
    assert scene.index.previewRedeem(SHARE)[0] == pytest.approx(redeem[0] * 3 // 2, rel=1e-15)


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
    """A token that moves ten at a time at most never paid a claim of twenty."""
    index, odd, alice = scene.index, scene.odd, scene.alice
    scene.quirk(Quirk.FROZEN)
    scene.redeem()
    claim, before = scene.claim(), odd.balanceOf(alice)
    scene.quirk(Quirk.NONE)
    odd.setMostMoved(claim // 2, sender=scene.owner)
    with reverts(odd.interface["QuirkToken_Frozen"]):
        index.claim(odd.address, MAX, alice, 0, sender=alice)
    (event,) = index.claim(odd.address, claim // 2, alice, claim // 2, sender=alice).events(index)
    half = {"claim": claim // 2, "paid": claim // 2}
    assert event.values == {"token": odd.address, "account": alice, "receiver": alice, **half}
    assert scene.claim() == index.segregated(odd.address) == claim - claim // 2
    with reverts(scene.error("ClaimExceeded"), token=odd.address, amount=claim, claim=claim - claim // 2):
        index.claim(odd.address, claim, alice, 0, sender=alice)
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


def test_claims_share_a_loss_pro_rata(scene):
    scene.quirk(Quirk.FROZEN)
    scene.redeem()
    scene.quirk(Quirk.NONE)
    claim, total = scene.claim(), scene.index.segregated(scene.odd.address)
    scene.odd.burn(scene.index.address, scene.odd.balanceOf(scene.index.address) - claim // 2, sender=scene.owner)
    real, before = scene.odd.balanceOf(scene.index.address), scene.odd.balanceOf(scene.alice)
    with reverts(scene.error("MinAmountNotMet"), token=scene.odd.address, amount=claim * real // total, minAmount=claim):
        scene.index.claim(scene.odd.address, MAX, scene.alice, claim, sender=scene.alice)
    scene.index.claim(scene.odd.address, MAX, scene.alice, 0, sender=scene.alice)
    assert scene.odd.balanceOf(scene.alice) - before == claim * real // total


def test_reverting_on_zero_is_never_asked_for_zero(evm, project, authority, owner):
    scene = Scene(evm, project, authority, owner, units=1)  # a token-wei per 10^27 base-wei: most redemptions pay none
    scene.quirk(Quirk.ZERO)
    assert scene.index.previewRedeem(SHARE)[0] == 0
    scene.redeem()
    assert scene.claim() == 0


@pytest.mark.parametrize("method", ["mint", "redeem", "claim", "collectFees", "previewRedeem", "previewMint", "holdings", "basket"])
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


@pytest.mark.parametrize("quirk", [quirk for quirk in Quirk if quirk != Quirk.NONE], ids=lambda quirk: quirk.name.lower())
def test_an_upgrade_to_anything_hostile_blocks_no_redemption(scene, quirk):
    """The token was good when the shares were minted. Whatever it has become, the other constituent is paid in full, to the wei."""
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


def test_a_lie_about_the_balance_buys_nothing(scene):
    amount = scene.index.previewMint(SHARE)[0]
    scene.quirk(Quirk.LIES)
    with reverts(scene.error("ShortDelivery"), token=scene.odd.address, required=amount, received=0):
        scene.mint(scene.bob)
    scene.redeem()


@pytest.mark.parametrize("decimals", [0, 18])
def test_extreme_decimals(evm, project, authority, owner, decimals):
    units = 7 * 10**9 * 10**decimals  # seven whole tokens a share
    scene = Scene(evm, project, authority, owner, units=units, decimals=decimals)
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
