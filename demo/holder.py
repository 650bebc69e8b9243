"""A holder's life on a forked mainnet."""

from __future__ import annotations

from demo.report import ALICE_KEY, ETHER, Report
from forks import control
from ssi.chain import network
from ssi.chain.evm import Reverted
from ssi.chain.permits import permit
from ssi.chain.wallet import PermissionKind
from ssi.index.bounds import FOREVER, UNBOUNDED


class HolderChapter:
    """Buys, transfers, redeems, sells; meets a frozen constituent; and a stranger is refused."""

    def __init__(self, report: Report) -> None:
        self.report, self.system, self.evm = report, report.system, report.evm
        self.router, self.usdc, self.mag7, self.alice, self.bob = (
            report.router,
            report.usdc,
            report.mag7,
            report.alice,
            report.bob,
        )

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
        amount = 1_000 * 10**6
        control.deal(self.evm.rpc, "USDC", self.alice, amount)
        quoted, cost = self.router.quoteBuyExactInput.call(self.mag7.address, self.usdc.address, amount)
        token = self.evm.at(self.system.project.IndexToken, self.usdc.address)
        signature = permit(
            ALICE_KEY, token.address, {"name": "USD Coin", "version": "2"}, self.router.address, amount,
            token.nonces(self.alice), self.evm.now + 3600,
        )  # fmt: skip
        trade = self.report.trade(self.mag7, self.usdc.address, self.alice, PermissionKind.PERMIT, signature)
        receipt = self.router.buyExactInput(trade, amount, quoted, quoted * 995 // 1000, sender=self.alice)
        shares, left = self.mag7.balanceOf(self.alice), self.usdc.balanceOf(self.alice)
        slippage = self.report.slippage(self.mag7, shares, (amount - left) * 10**12)
        self.report.step(
            "Buy 1,000 USDC of MAG7.ssi in one transaction (permit)",
            receipt,
            {"spent_usdc": (amount - left) / 1e6, "shares": shares / 1e18, "slippage_percent": slippage},
            {
                "the quote was exact": (shares, amount - left) == (quoted, cost),
                "at least 999 USDC were used": left < 10**6,
                "the router is empty": self.report.router_is_empty(),
                "slippage is under 1 %": slippage < 1,
            },
        )

    def buy_with_ether(self) -> None:
        shares = 2 * 10**18
        cost = self.router.quoteBuy.call(self.mag7.address, ETHER, shares)
        before = self.report.balance(self.bob)
        receipt = self.router.buy(
            self.report.trade(self.mag7, ETHER, self.bob), shares, cost, sender=self.bob, value=cost + 10**18
        )
        spent = before - self.report.balance(self.bob)
        price = self.system.oracle.price(self.system.token("WETH").address)
        self.report.step(
            "Buy exactly 2 MAG7.ssi with ether",
            receipt,
            {
                "spent_eth": cost / 1e18,
                "shares": 2.0,
                "slippage_percent": self.report.slippage(self.mag7, shares, cost * price // 10**18),
            },
            {
                "the quote was exact and the rest came back": cost <= spent < cost + receipt.gas_used * 10**12,
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
        shares, tokens = 10**18, self.mag7.basket().tokens
        expected = self.mag7.previewRedeem(shares)
        before = [self.system.token(token).balanceOf(self.bob) for token in tokens]
        worth = self.system.lens.valueOf(self.mag7.address, shares)
        receipt = self.mag7.redeem(shares, self.bob, self.bob, *UNBOUNDED, sender=self.bob)
        got = [self.system.token(token).balanceOf(self.bob) - held for token, held in zip(tokens, before, strict=True)]
        self.report.step(
            "Redeem 1 MAG7.ssi in kind", receipt, {"worth_usd": worth / 1e18, "constituents": len(tokens)},
            {"every amount is as previewed": got == expected and all(got)},
        )  # fmt: skip

    def sell_to_usdc(self) -> None:
        shares = self.mag7.balanceOf(self.alice)
        quoted = self.router.quoteSell.call(self.mag7.address, self.usdc.address, shares)
        worth, before = self.system.lens.valueOf(self.mag7.address, shares), self.usdc.balanceOf(self.alice)
        signature = permit(
            ALICE_KEY, self.mag7.address, {"name": self.mag7.name(), "version": "1"}, self.router.address, shares,
            self.mag7.nonces(self.alice), self.evm.now + 3600,
        )  # fmt: skip
        trade = self.report.trade(self.mag7, self.usdc.address, self.alice, PermissionKind.PERMIT, signature)
        receipt = self.router.sell(trade, shares, quoted, sender=self.alice)
        got = self.usdc.balanceOf(self.alice) - before
        self.report.step(
            "Sell everything to USDC (permit)",
            receipt,
            {
                "shares": shares / 1e18,
                "got_usdc": got / 1e6,
                "slippage_percent": round(100 * (1 - got * 10**12 / worth), 4),
            },
            {
                "the quote was exact": got == quoted,
                "no share is left": self.mag7.balanceOf(self.alice) == 0,
                "the router is empty": self.report.router_is_empty(),
            },
        )

    def buy_another(self, symbol: str) -> None:
        index, shares = self.system.index(symbol), 3 * 10**18
        cost = self.router.quoteBuy.call(index.address, self.usdc.address, shares)
        control.deal(self.evm.rpc, "USDC", self.bob, self.usdc.balanceOf(self.bob) + cost)
        self.usdc.approve(self.router.address, cost, sender=self.bob)
        receipt = self.router.buy(self.report.trade(index, self.usdc.address, self.bob), shares, cost, sender=self.bob)
        self.report.step(
            f"Buy 3 {symbol} with USDC",
            receipt,
            {"spent_usdc": cost / 1e6, "slippage_percent": self.report.slippage(index, shares, cost * 10**12)},
            {
                "the shares arrived": index.balanceOf(self.bob) == shares,
                "the router is empty": self.report.router_is_empty(),
            },
        )

    def frozen_constituent(self) -> None:
        index, shares = self.system.index("USSI"), 10**18
        tokens = index.basket().tokens
        place = tokens.index(self.usdc.address)
        expected, before = index.previewRedeem(shares), self.usdc.balanceOf(self.bob)
        control.freeze(self.evm.rpc, "USDC", self.bob)
        receipt = index.redeem(shares, self.bob, self.bob, *UNBOUNDED, sender=self.bob)
        claim = index.claimOf(self.usdc.address, self.bob)
        savings = self.system.token("sDAI")
        control.freeze(self.evm.rpc, "USDC", self.bob, frozen=False)
        index.claim(self.usdc.address, FOREVER, self.bob, 0, sender=self.bob)
        self.report.step(
            "Redeem USSI while USDC has blocked the redeemer; claim later", receipt, {"claim_usdc": claim / 1e6},
            {
                "the rest was paid": savings.balanceOf(self.bob) >= expected[tokens.index(savings.address)],
                "the blocked part became a claim": claim == expected[place] > 0,
                "the claim was paid": self.usdc.balanceOf(self.bob) == before + claim,
                "nothing is left to claim": index.claimOf(self.usdc.address, self.bob) == 0,
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
        roles = [self.system.manager.hasRole(role, deployer).isMember for role in range(4)]
        self.report.step(
            "A stranger tries to raise the mint fee", None, {"refused": refused},
            {"refused with AccessManagedUnauthorized": refused, "the deployer has no role either": not any(roles)},
        )  # fmt: skip
