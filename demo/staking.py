"""A staker's weeks: daily fees, the cooldown and what restarts it, the way out."""

from __future__ import annotations

from rich.table import Table

from demo.report import Report
from forks import control
from ssi.chain.evm import Reverted
from ssi.constants import DAY


class StakingChapter:
    """Bob buys MAG7.ssi into staking, earns for thirty days, leaves in two steps and redeems in kind."""

    def __init__(self, report: Report) -> None:
        self.report, self.system, self.evm, self.bob = report, report.system, report.evm, report.bob
        self.mag7, self.staked, self.distributor = (
            report.mag7,
            report.system.staked("MAG7.ssi"),
            report.system.distributor,
        )
        self.stake = report.as_bob.stakes["MAG7.ssi"]

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
        shares, index = 20 * 10**18, self.report.as_bob.index("MAG7.ssi")
        quote = index.quote_buy("USDC", shares_wei=shares)
        self.report.provide_usdc(self.bob, quote.pays_wei)
        bought = index.buy(quote, stake=True)
        self.report.step(
            "Buy 20 MAG7.ssi straight into staking", bought.transaction,
            {"spent_usdc": bought.paid_wei / 1e6, "staked": shares / 1e18},
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
        requested, leaving = self.stake.request(shares), self.stake.exit
        self.report.step(
            "Unstake half: the cooldown of 14 days starts", requested.transaction,
            {"cooling": leaving.cooling_assets_wei / 1e18},
            {
                "the assets are fixed": leaving.cooling_assets_wei == worth,
                "they mature after 14 days": leaving.matures_at_s == self.started + 14 * DAY,
            },
        )  # fmt: skip

    def unstake_more_on_day_ten(self) -> None:
        self.evm.warp(10 * DAY)
        before = self.stake.exit
        requested = self.stake.request(self.staked.balanceOf(self.bob))
        leaving = self.stake.exit
        self.report.step(
            "Unstake the rest on day 10: the timer restarts for everything",
            requested.transaction,
            {"cooling": leaving.cooling_assets_wei / 1e18},
            {
                "what was cooling earned nothing": leaving.cooling_assets_wei > before.cooling_assets_wei,
                "all of it matures on day 24": leaving.matures_at_s == self.started + 24 * DAY,
            },
        )

    def claim_too_early(self) -> None:
        self.evm.warp(14 * DAY - 1)
        cooling = self.stake.exit.cooling_shares_wei
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
        before, assets = self.mag7.balanceOf(self.bob), self.stake.exit.claimable_assets_wei
        claimed = self.stake.withdraw()
        arrived = self.mag7.balanceOf(self.bob) - before
        index = self.report.as_bob.index("MAG7.ssi")
        quote = index.quote_redeem(arrived)
        tokens, expected = [self.system.token(part.token.address) for part in quote.parts], [p.wei for p in quote.parts]
        held = [token.balanceOf(self.bob) for token in tokens]
        index.redeem(quote)
        got = [token.balanceOf(self.bob) - had for token, had in zip(tokens, held, strict=True)]
        self.report.step(
            "Claim on day 24 and redeem in kind", claimed.transaction,
            {"claimed": assets / 1e18, "constituents": len(tokens)},
            {
                "more came out than was staked": arrived == assets > 20 * 10**18,
                "every amount is as previewed": got == expected and all(got),
                "nothing of bob's is left": self.staked.balanceOf(self.bob) == self.staked.maxRedeem(self.bob) == 0,
            },
        )  # fmt: skip
