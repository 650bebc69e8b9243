"""A sale with too little gas: a leg runs out of it, and the router would hand over what it did not sell.

Wallets send the least gas with which a call succeeds, and a relayer chooses the gas of what it carries. Ids are those
of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account

from ssi.chain.evm import Reverted, revert_data
from ssi.chain.rpc import RpcError
from ssi.registry.system import System
from tests.support.bazaar import FEE, SPACING, Bazaar
from tests.support.manipulation import POOL
from tests.support.reverts import error
from tests.support.trading import KEY, Trader

SHARE = 10**18
SHARES = 10 * SHARE
POSITIONS = 100


class Scene:
    """A seller of ten shares of an index of one token. Its pool has a position of its own at each of 100 ticks in a
    row, from the price downwards, and little besides: the sale crosses most of them, which costs millions of gas.
    """

    def __init__(self, system: System, project: Any, owner: str) -> None:
        self.evm, self.router, self.owner = system.evm, system.router, owner
        self.token = self.evm.deploy(project.QuirkToken, 18, sender=owner)
        self.bazaar = Bazaar(system, [self.token])
        account = Account.from_key(KEY).address
        self.evm.fund(account)
        self.token.mint(account, 1, sender=owner)  # a handover to an account that holds some costs less gas
        self.seller = Trader(system, account).with_shares(self.bazaar.symbol, SHARES)
        self._crowd()
        order = self.seller.order(self.bazaar.symbol, "WETH", deadline=2**40)
        self.data = self.router.sell.encode(order, SHARES, 0)
        self.too_little = error(project.IndexRouter, "IndexRouter_TooLittleGas")

    def _crowd(self) -> None:
        """Takes all but a trifle of the liquidity out, and adds a trifle over each step of ticks."""
        bazaar, provider = self.bazaar, self.bazaar.provider
        token_id = bazaar.positions.tokenOfOwnerByIndex(provider, 0)
        liquidity = bazaar.positions.positions(token_id).liquidity
        rest = liquidity // 2_700
        bazaar.positions.decreaseLiquidity((token_id, liquidity - rest, 0, 0, 2**40), sender=provider)
        first = self.token.address.lower() < bazaar.weth.address.lower()
        pair = (self.token.address, bazaar.weth.address) if first else (bazaar.weth.address, self.token.address)
        now = self.evm.at(POOL, bazaar.pools[0]).slot0()[1] // SPACING * SPACING
        for step in range(2, POSITIONS + 2):
            # A sale of token 0 lowers the tick, a sale of token 1 raises it.
            low = now - step * SPACING if first else now + (step - 1) * SPACING
            side = (0, 10**12) if first else (10**12, 0)
            order = (*pair, FEE, low, low + SPACING, *side, 0, 0, provider, 2**40)
            bazaar.positions.mint(order, sender=provider)

    def sell(self, gas: int) -> tuple[list[int], int, int]:
        """What the router handed over; {wei of WETH} that came; gas used."""
        before = self.seller.holds("WETH")
        receipt = self.evm.send(self.seller.account, self.router.address, self.data, gas=gas)
        unsold = [event.values["amount"] for event in receipt.events(self.router, "Unsold")]
        return unsold, self.seller.holds("WETH") - before, receipt.gas_used


@pytest.fixture
def scene(system: System, project: Any, owner: str) -> Iterator[Scene]:
    scene = Scene(system, project, owner)
    yield scene
    scene.bazaar.close()


def test_no_gas_limit_turns_a_sale_into_a_handover(scene):
    with scene.evm.isolated():
        unsold, whole, used = scene.sell(29_000_000)
    assert (unsold, whole > 0) == ([], True)
    assert used > 2_200_000, "the leg takes so much that a 64th of it pays for a handover"
    outcomes = set[bytes | str]()
    for gas in range(used // 2, used + used // 4, used // 40):
        with scene.evm.isolated():
            try:
                unsold, came, _ = scene.sell(gas)
            except Reverted as reverted:
                outcomes.add(reverted.data[:4])
            else:
                outcomes.add("sold")
                assert (unsold, came) == ([], whole)
    assert outcomes == {scene.too_little.hash[:4], "sold"}


def test_no_gas_limit_makes_a_quote_smaller(scene):
    """A leg that ran out of gas was quoted as nothing, which sells more than is needed for an exact output."""
    router, symbol = scene.router, scene.bazaar.symbol
    whole = scene.seller.quote_sell(symbol, "WETH", SHARES)
    data = router.quoteSell.encode(scene.bazaar.index.address, scene.bazaar.weth.address, SHARES)
    outcomes = set[bytes | str]()
    for gas in range(1_000_000, 5_000_000, 200_000):
        call = {"to": router.address, "data": "0x" + data.hex(), "gas": hex(gas)}
        try:
            quoted = int(scene.evm.rpc.call("eth_call", call, "latest"), 16)
        except RpcError as refused:
            outcomes.add(revert_data(refused)[:4])
        else:
            outcomes.add("quoted")
            assert quoted == whole > 0
    assert outcomes == {scene.too_little.hash[:4], "quoted"}
