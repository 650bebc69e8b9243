"""The router's quotes against Uniswap's own quoter, pool by pool, over an independent model of the swap path.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forks.addresses import CONTRACTS
from forks.artifacts import packaged
from ssi.chain.evm import Deployed, Interface
from tests.model.router import OFF_IN_MINT, OFF_IN_SALE, Total, shares_for, shares_that_bring, total
from tests.support.trading import ETHER, Trader

SHARE = 10**18
INDEXES = ("MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI")
TOKENS = ("USDC", "ETH", "DAI", "USDT", "WBTC", "SOL", "sUSDS", "SHIB")


class Quoter:
    """QuoterV2 for single pools, put together by the model."""

    def __init__(self, trader: Trader) -> None:
        self.trader, system = trader, trader.system
        self.v2 = system.evm.at(Interface("QuoterV2", packaged("QuoterV2")["abi"]), CONTRACTS["QuoterV2"])
        known = {name: asset.address for name, asset in system.assets.assets.items()}
        self.hops = {
            known[name]: (known[asset.hop.next], asset.hop.fee)
            for name, asset in system.assets.assets.items()
            if asset.hop
        }

    def _asset(self, token: str) -> str:
        return self.trader.address_of("WETH" if token == "ETH" else token)

    def _basket(self, index: Deployed, amounts: Sequence[int]) -> dict[str, int]:
        return dict(zip(index.basket().tokens, amounts, strict=True))

    def buy(self, symbol: str, token: str, shares: int) -> Total:
        index = self.trader.system.index(symbol)

        def swap(bought: str, paid: str, fee: int, amount: int) -> Any:
            return self.v2.quoteExactOutputSingle.call((paid, bought, amount, fee, 0))[0]

        return total(self.hops, self._asset(token), self._basket(index, index.previewMint(shares)), swap, OFF_IN_MINT)

    def sell(self, symbol: str, token: str, shares: int) -> Total:
        index = self.trader.system.index(symbol)

        def swap(sold: str, taken: str, fee: int, amount: int) -> Any:
            return self.v2.quoteExactInputSingle.call((sold, taken, amount, fee, 0))[0]

        return total(self.hops, self._asset(token), self._basket(index, index.previewRedeem(shares)), swap, OFF_IN_SALE)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("index", INDEXES)
def test_quotes_are_the_sum_of_the_pools(trader, index, token):
    quoter = Quoter(trader)
    for shares in (SHARE // 100 + 1, 300 * SHARE + 7):
        assert trader.quote_buy(index, token, shares) == quoter.buy(index, token, shares).amount, (
            "I4 quotes equal outcomes"
        )
        assert trader.quote_sell(index, token, shares) == quoter.sell(index, token, shares).amount, (
            "I4 quotes equal outcomes"
        )


@settings(max_examples=20)
@given(data=st.data())
def test_exact_forms_scale_as_the_model_says(system, data):
    """To the wei: the shares of a purchase whose target is too dear, and of a sale for an exact amount."""
    with system.evm.isolated():
        trader = Trader(system, system.evm.account("model trader"))
        quoter, router = Quoter(trader), trader.router
        index, token = data.draw(st.sampled_from(INDEXES)), data.draw(st.sampled_from(["USDC", "DAI", "WBTC", "SOL"]))
        target = data.draw(st.integers(10**16, 10**21))
        cost = quoter.buy(index, token, target)
        amount = cost.amount * data.draw(st.integers(1, 999)) // 1_000
        trader.provide(token, amount)
        receipt = router.buyExactInput(trader.order(index, token), amount, target, 0, sender=trader.account)
        bought = receipt.events(router, "Bought")[0].values["shares"]
        assert bought == shares_for(target, cost, amount)

        trader.allow(index)
        brings = quoter.sell(index, token, bought)
        wanted = brings.amount * data.draw(st.integers(1, 1_000)) // 1_000
        receipt = router.sellExactOutput(trader.order(index, token), wanted, bought, sender=trader.account)
        assert receipt.events(router, "Sold")[0].values["shares"] == shares_that_bring(bought, brings, wanted)


def test_ether_is_quoted_as_weth(trader):
    index = trader.address_of("MAG7.ssi")
    assert trader.router.quoteBuy.call(index, ETHER, SHARE) == trader.quote_buy("MAG7.ssi", "WETH", SHARE)
    assert trader.router.quoteSell.call(index, ETHER, SHARE) == trader.quote_sell("MAG7.ssi", "WETH", SHARE)
