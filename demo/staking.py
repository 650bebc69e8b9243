"""A staker's weeks: daily fees, the cooldown and what restarts it, the way out."""

from __future__ import annotations

from rich.table import Table

from demo.report import Report
from forks import control
from ssi.chain.evm import Reverted
from ssi.constants import DAY
from ssi.index.bounds import UNBOUNDED


class StakingChapter:
    """Bob buys MAG7.ssi into staking, earns for thirty days, leaves in two steps and redeems in kind."""

    def __init__(self, report: Report) -> None:
        self.report, self.system, self.evm, self.bob = report, report.system, report.evm, report.bob
        self.mag7, self.staked, self.distributor = (
            report.mag7,
            report.system.staked("MAG7.ssi"),
            report.system.distributor,
        )

    def run(self) -> None:
        """All steps in their order."""
        with self.evm.frozen_time():
            self.buy_and_stake()
            self.thirty_days()
            self.unstake()
            self.unstake_more_on_day_ten()
            self.claim_too_early()
            self.claim_on_day_24()

    def buy_and_stake(self) -> None:
        shares, usdc, router = 20 * 10**18, self.report.usdc, self.report.router
        cost = router.quoteBuy.call(self.mag7.address, usdc.address, shares)
        control.deal(self.evm.rpc, "USDC", self.bob, usdc.balanceOf(self.bob) + cost)
        usdc.approve(router.address, cost, sender=self.bob)
        receipt = router.buy(
            self.report.trade(self.mag7, usdc.address, self.bob, stake=True), shares, cost, sender=self.bob
        )
        self.report.step(
            "Buy 20 MAG7.ssi straight into staking", receipt, {"spent_usdc": cost / 1e6, "staked": shares / 1e18},
            {
                "the staked shares arrived": self.staked.balanceOf(self.bob) == shares,
                "the router is empty": self.report.router_is_empty(),
            },
        )  # fmt: skip

    def thirty_days(self) -> None:
        epoch, gas, paid = self.staked.currentEpoch(), [], 0
        before = self.staked.convertToAssets(self.staked.balanceOf(self.bob))
        for _ in range(30):
            control.warp(self.evm.rpc, DAY)
            receipt = self.distributor.distribute(self.mag7.address, sender=self.report.alice)
            gas.append(receipt.gas_used)
            paid += receipt.events(self.distributor)[0].values["toStakers"]
        again = self.evm.at(self.system.project.FeeDistributor, self.distributor.address).interface[
            "FeeDistributor_AlreadyDistributed"
        ]
        try:
            self.distributor.distribute(self.mag7.address, sender=self.bob)
            refused = False
        except Reverted as reverted:
            refused = reverted.data[:4] == again.hash[:4]
        control.warp(self.evm.rpc, DAY - 1)
        worth = self.staked.convertToAssets(self.staked.balanceOf(self.bob))
        aprs = {e: self.staked.epochApr(e) / 1e16 for e in range(epoch, self.staked.currentEpoch() + 1)}
        table = Table("epoch", "rate at its start", "yearly return", title="sMAG7.ssi", title_justify="left")
        for e, apr in aprs.items():
            table.add_row(str(e), f"{self.staked.exchangeRateAt(e) / 1e18:.9f}", f"{apr:.3f} %")
        self.report.step(
            "Thirty days of daily distributions",
            None,
            {
                "paid_to_stakers": paid / 1e18,
                "bob_earned": (worth - before) / 1e18,
                "gas_a_day": max(gas[1:]),
                "apr_percent_by_epoch": aprs,
                "current_apr_percent": self.staked.currentApr() / 1e16,
            },
            {
                "a second distribution on the same day is refused": refused,
                "bob has all that has vested": 0
                <= paid - self.staked.unvestedRewards() - (worth - before)
                < paid // 10**6,
                "the yearly return is shown": aprs[self.staked.currentEpoch()] > 0,
            },
        )
        self.report.console.print(table)

    def unstake(self) -> None:
        self.started = self.evm.now
        shares = self.staked.balanceOf(self.bob) // 2
        worth = self.staked.convertToAssets(shares)
        receipt = self.staked.requestRedeem(shares, self.bob, self.bob, sender=self.bob)
        leaving = self.staked.exitOf(self.bob)
        self.report.step(
            "Unstake half: the cooldown of 14 days starts", receipt, {"cooling": leaving.coolingAssets / 1e18},
            {
                "the assets are fixed": leaving.coolingAssets == worth,
                "they mature after 14 days": leaving.maturesAt == self.started + 14 * DAY,
            },
        )  # fmt: skip

    def unstake_more_on_day_ten(self) -> None:
        self.evm.warp(10 * DAY)
        before = self.staked.exitOf(self.bob)
        receipt = self.staked.requestRedeem(self.staked.balanceOf(self.bob), self.bob, self.bob, sender=self.bob)
        leaving = self.staked.exitOf(self.bob)
        self.report.step(
            "Unstake the rest on day 10: the timer restarts for everything",
            receipt,
            {"cooling": leaving.coolingAssets / 1e18},
            {
                "what was cooling earned nothing": leaving.coolingAssets > before.coolingAssets,
                "all of it matures on day 24": leaving.maturesAt == self.started + 24 * DAY,
            },
        )

    def claim_too_early(self) -> None:
        self.evm.warp(14 * DAY - 1)
        cooling = self.staked.exitOf(self.bob).coolingShares
        wanted = self.staked.interface["StakedToken_ExceedsClaimable"].encode([self.bob, cooling, 0])
        try:
            self.staked.redeem(cooling, self.bob, self.bob, sender=self.bob)
            refused = False
        except Reverted as reverted:
            refused = reverted.data == wanted
        self.report.step(
            "Claim a second too early", None, {"refused": refused}, {"refused with ExceedsClaimable": refused}
        )

    def claim_on_day_24(self) -> None:
        self.evm.warp(1)
        shares, assets = self.staked.maxRedeem(self.bob), self.staked.maxWithdraw(self.bob)
        before = self.mag7.balanceOf(self.bob)
        claimed = self.staked.redeem(shares, self.bob, self.bob, sender=self.bob)
        tokens = self.mag7.basket().tokens
        expected = self.mag7.previewRedeem(assets)
        held = [self.system.token(token).balanceOf(self.bob) for token in tokens]
        arrived = self.mag7.balanceOf(self.bob) - before
        self.mag7.redeem(assets, self.bob, self.bob, *UNBOUNDED, sender=self.bob)
        got = [self.system.token(token).balanceOf(self.bob) - had for token, had in zip(tokens, held, strict=True)]
        self.report.step(
            "Claim on day 24 and redeem in kind", claimed, {"claimed": assets / 1e18, "constituents": len(tokens)},
            {
                "more came out than was staked": arrived == assets > 20 * 10**18,
                "every amount is as previewed": got == expected and all(got),
                "nothing of bob's is left": self.staked.balanceOf(self.bob) == self.staked.maxRedeem(self.bob) == 0,
            },
        )  # fmt: skip
