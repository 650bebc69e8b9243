"""A holder's life on a forked mainnet."""

from __future__ import annotations

from demo.report import Report
from forks import control
from ssi.chain import network
from ssi.chain.evm import Reverted
from ssi.chain.wallet import Way
from ssi.constants import ADMIN, GOVERNOR, GUARDIAN


class HolderChapter:
    """Buys, transfers, redeems, sells; meets a frozen constituent; and a stranger is refused."""

    def __init__(self, report: Report) -> None:
        self.report, self.system, self.evm = report, report.system, report.evm
        self.usdc, self.mag7, self.alice, self.bob = report.usdc, report.mag7, report.alice, report.bob

    def run(self) -> None:
        """All steps in their order. Within a step no time passes: quotes move by the second, with the streaming fee."""
        with self.evm.frozen_time():
            self.buy_with_usdc()
            self.buy_with_ether()
            self.transfer()
            self.redeem_in_kind()
            self.sell_to_usdc()
            for symbol in ("MEME.ssi", "DEFI.ssi", "USSI"):
                self.buy_another(symbol)
            self.frozen_constituent()
            self.stranger_is_refused()

    def buy_with_usdc(self) -> None:
        amount, index = 1_000 * 10**6, self.report.as_alice.index("MAG7.ssi")
        control.deal(self.evm.rpc, "USDC", self.alice, amount)
        quote = index.quote_buy("USDC", amount_in_wei=amount)
        way = index.way(quote)
        bought = index.buy(quote)
        shares, left = self.mag7.balanceOf(self.alice), self.usdc.balanceOf(self.alice)
        slippage = self.report.slippage(self.mag7, shares, (amount - left) * 10**12)
        self.report.step(
            "Buy 1,000 USDC of MAG7.ssi in one transaction (permit)",
            bought.transaction,
            {"spent_usdc": (amount - left) / 1e6, "shares": shares / 1e18, "slippage_percent": slippage},
            {
                "no approval was needed": way is Way.PERMIT,
                "the quote was exact": (shares, amount - left) == (quote.gets_wei, quote.pays_wei),
                "at least 999 USDC were used": left < 10**6,
                "the router is empty": self.report.router_is_empty(),
                "slippage is under 1 %": slippage < 1,
            },
        )

    def buy_with_ether(self) -> None:
        shares, index = 2 * 10**18, self.report.as_bob.index("MAG7.ssi")
        quote = index.quote_buy("ETH", shares_wei=shares)
        before = self.report.balance(self.bob)
        bought = index.buy(quote)
        cost, spent = quote.pays_wei, before - self.report.balance(self.bob)
        price = self.system.oracle.price(self.system.token("WETH").address)
        self.report.step(
            "Buy exactly 2 MAG7.ssi with ether",
            bought.transaction,
            {
                "spent_eth": cost / 1e18,
                "shares": 2.0,
                "slippage_percent": self.report.slippage(self.mag7, shares, cost * price // 10**18),
            },
            {
                "the quote was exact and the rest came back": (
                    spent == cost + self.report.fee_of(bought.transaction) and quote.limit_wei() > cost
                ),
                "the shares arrived": self.mag7.balanceOf(self.bob) == shares,
                "the router is empty": self.report.router_is_empty(),
            },
        )

    def transfer(self) -> None:
        amount, before = 10**18, self.mag7.balanceOf(self.bob)
        receipt = self.mag7.transfer(self.bob, amount, sender=self.alice)
        self.report.step(
            "Transfer 1 MAG7.ssi", receipt, {}, {"it arrived": self.mag7.balanceOf(self.bob) == before + amount}
        )

    def redeem_in_kind(self) -> None:
        shares, index = 10**18, self.report.as_bob.index("MAG7.ssi")
        quote = index.quote_redeem(shares)
        tokens = [self.system.token(part.token.address) for part in quote.parts]
        before = [token.balanceOf(self.bob) for token in tokens]
        worth = self.system.lens.valueOf(self.mag7.address, shares)
        redeemed = index.redeem(quote)
        got = [token.balanceOf(self.bob) - held for token, held in zip(tokens, before, strict=True)]
        self.report.step(
            "Redeem 1 MAG7.ssi in kind", redeemed.transaction, {"worth_usd": worth / 1e18, "constituents": len(tokens)},
            {"every amount is as previewed": got == [part.wei for part in quote.parts] and all(got)},
        )  # fmt: skip

    def sell_to_usdc(self) -> None:
        shares, index = self.mag7.balanceOf(self.alice), self.report.as_alice.index("MAG7.ssi")
        quote = index.quote_sell("USDC", shares_wei=shares)
        worth, before = self.system.lens.valueOf(self.mag7.address, shares), self.usdc.balanceOf(self.alice)
        way = index.way(quote)
        sold = index.sell(quote)
        got = self.usdc.balanceOf(self.alice) - before
        self.report.step(
            "Sell everything to USDC (permit)",
            sold.transaction,
            {
                "shares": shares / 1e18,
                "got_usdc": got / 1e6,
                "slippage_percent": round(100 * (1 - got * 10**12 / worth), 4),
            },
            {
                "no approval was needed": way is Way.PERMIT,
                "the quote was exact": got == quote.gets_wei,
                "no share is left": self.mag7.balanceOf(self.alice) == 0,
                "the router is empty": self.report.router_is_empty(),
            },
        )

    def buy_another(self, symbol: str) -> None:
        shares, index = 3 * 10**18, self.report.as_bob.index(symbol)
        quote = index.quote_buy("USDC", shares_wei=shares)
        self.report.provide_usdc(self.bob, quote.pays_wei)
        bought = index.buy(quote)
        self.report.step(
            f"Buy 3 {symbol} with USDC",
            bought.transaction,
            {
                "spent_usdc": bought.paid_wei / 1e6,
                "slippage_percent": self.report.slippage(index.contract, shares, bought.paid_wei * 10**12),
            },
            {
                "the shares arrived": index.contract.balanceOf(self.bob) == shares,
                "the router is empty": self.report.router_is_empty(),
            },
        )

    def frozen_constituent(self) -> None:
        index, usdc_before = self.report.as_bob.index("USSI"), self.usdc.balanceOf(self.bob)
        quote = index.quote_redeem(10**18)
        expected = {part.token.name: part.wei for part in quote.parts}
        control.freeze(self.evm.rpc, "USDC", self.bob)
        redeemed = index.redeem(quote)
        (claim,) = index.claims()
        savings = self.system.token("sDAI")
        control.freeze(self.evm.rpc, "USDC", self.bob, frozen=False)
        index.claim(claim.token)
        self.report.step(
            "Redeem USSI while USDC has blocked the redeemer; claim later", redeemed.transaction,
            {"claim_usdc": claim.wei / 1e6},
            {
                "the rest was paid": savings.balanceOf(self.bob) >= expected["sDAI"],
                "the blocked part became a claim": claim.wei == expected["USDC"] > 0 and claim.token.name == "USDC",
                "the claim was paid": self.usdc.balanceOf(self.bob) == usdc_before + claim.wei,
                "nothing is left to claim": index.claims() == (),
            },
        )  # fmt: skip

    def stranger_is_refused(self) -> None:
        wanted = (
            self.evm.at(self.system.project.IndexToken, self.mag7.address)
            .interface["AccessManagedUnauthorized"]
            .encode([self.bob])
        )
        try:
            self.mag7.setMintFee(100, sender=self.bob)
            refused = False
        except Reverted as reverted:
            refused = reverted.data == wanted
        deployer = network.signer(None).address
        roles = [self.system.manager.hasRole(role, deployer).isMember for role in (ADMIN, GOVERNOR, GUARDIAN)]
        self.report.step(
            "A stranger tries to raise the mint fee", None, {"refused": refused},
            {"refused with AccessManagedUnauthorized": refused, "the deployer has no role either": not any(roles)},
        )  # fmt: skip
