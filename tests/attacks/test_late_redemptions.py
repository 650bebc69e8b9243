"""A redemption that its owner has signed, and that another account sends when it suits them.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from ssi.chain.evm import Deployed, Evm
from ssi.constants import DAY, MAX
from ssi.index.bounds import basket_hash, bounds
from tests.support.indexes import new_index, stock, unlimited
from tests.support.reverts import error

SHARE = 10**18
KEY = "0x" + "b0b".zfill(64)
TEN = 10 * 10**6  # of a token of six decimals
LATER = 400 * DAY


class LateRedemptionScene:
    """An index of a token of six decimals, ten of them a share, and another; bob has a key and a share."""

    def __init__(self, evm: Evm, project: Any, authority: Deployed, owner: str, alice: str) -> None:
        self.evm, self.project, self.owner = evm, project, owner
        self.bob = Account.from_key(KEY).address
        evm.fund(self.bob)
        self.six, self.good, self.other = (
            evm.deploy(project.PlainToken, "Token", "TOK", n, sender=owner) for n in (6, 18, 18)
        )
        self.tokens = [self.six, self.good]
        self.index = new_index(evm, project, authority, self.tokens, [TEN * 10**9, 10**27], owner)
        stock(self.tokens, self.index, [alice, self.bob], 10**30)
        self.index.setStreamingFee(0, sender=owner)
        for who, shares in ((alice, 10 * SHARE), (self.bob, SHARE)):
            self.index.mint(shares, who, *unlimited(self.tokens), sender=who)

    def signed(self, deadline: int) -> str:
        """The raw transaction: bob's share for no less than it redeems for now."""
        amounts = self.index.previewRedeem(SHARE)
        assert amounts[0] == TEN
        data = self.index.redeem.encode(SHARE, self.bob, self.bob, *bounds(self.tokens, amounts, deadline))
        nonce, chain = (
            int(self.evm.rpc.call(*call), 16)
            for call in (("eth_getTransactionCount", self.bob, "latest"), ("eth_chainId",))
        )
        words = {
            "to": self.index.address,
            "data": data,
            "nonce": nonce,
            "chainId": chain,
            "gas": 10**6,
            "gasPrice": 10**12,
            "value": 0,
        }
        return Account.sign_transaction(words, KEY).raw_transaction.to_0x_hex()

    def change_the_basket(self) -> None:
        """All of the first token is sold for a trifle of another one with eighteen decimals, 10^8 wei a share, in its
        place.
        """
        swapper = self.evm.deploy(self.project.SwapperMock, sender=self.owner)
        self.index.setRebalancer(swapper, sender=self.owner)
        self.other.mint(swapper.address, SHARE, sender=self.owner)
        accounted, pays = self.index.holdings().accounted[0], self.index.basket().base * 10**8 // SHARE
        swapper.swap(self.index.address, self.six.address, accounted, self.other.address, pays, sender=self.owner)
        assert self.index.basket().tokens == [self.other.address, self.good.address]

    def send(self, transaction: str) -> Any:
        """From any account. Returns the answer of a call that fails in the same way; nothing where it succeeds."""
        before = self.holdings()
        receipt = self.evm.rpc.call("eth_sendRawTransactionSync", transaction)
        if int(receipt["status"], 16):
            return None
        assert self.holdings() == before
        trace = self.evm.rpc.call("debug_traceTransaction", receipt["transactionHash"], {"tracer": "callTracer"})
        return bytes.fromhex(trace["output"][2:])

    def holdings(self) -> list[int]:
        """What bob has of the three tokens, and of the index."""
        return [token.balanceOf(self.bob) for token in (self.six, self.good, self.other, self.index)]


@pytest.fixture
def scene(evm: Evm, project: Any, authority: Deployed, owner: str, alice: str) -> LateRedemptionScene:
    return LateRedemptionScene(evm, project, authority, owner, alice)


def test_a_signed_redemption_of_another_basket_is_refused(scene, project):
    """It demanded 10.000000 of one token, and 400 days later took 1e-10 of another, which stood in its place."""
    signed = scene.signed(MAX)
    scene.evm.warp(LATER)
    scene.change_the_basket()
    refusal = error(project.IndexToken, "IndexToken_BasketChanged")
    assert scene.send(signed) == refusal.encode([basket_hash(scene.tokens), scene.index.basketHash()])
    assert scene.index.balanceOf(scene.bob) == SHARE


@pytest.mark.parametrize("changed", [False, True])
def test_a_signed_redemption_has_an_end(scene, project, changed):
    """The basket may be the same: 400 days later the signer has forgotten it, and what it demands may be little by
    then.
    """
    deadline = scene.evm.now + DAY
    signed = scene.signed(deadline)
    scene.evm.warp(LATER)
    if changed:
        scene.change_the_basket()
    refusal = error(project.IndexToken, "IndexToken_Expired")
    assert scene.send(signed) == refusal.encode([deadline, scene.evm.now])


def test_in_time_and_of_the_same_basket_it_is_paid(scene):
    before, amounts = scene.holdings(), scene.index.previewRedeem(SHARE)
    assert scene.send(scene.signed(scene.evm.now + DAY)) is None
    assert [now - was for now, was in zip(scene.holdings(), before, strict=True)] == [*amounts, 0, -SHARE]
