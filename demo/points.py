"""Two epochs of points: a friend by code, a boost with SOSO, locked liquidity, and a pot that is shared out."""

from __future__ import annotations

from math import isqrt
from typing import Any

from rich.table import Table

from demo.report import Report
from forks import control
from forks.addresses import CONTRACTS
from forks.artifacts import packaged
from ssi.chain.evm import Deployed, Interface, Receipt
from ssi.constants import NOTICE, RECORDING
from ssi.points.ledger import Ledger

DAY, WAD = 86_400, 10**18
CODE = b"DEMOCODE".ljust(32, b"\0")
FEE, V3, FULL_RANGE = 3000, 2, 887_220
POT = 1_000 * 10**6
FOR_RECORDERS = 200  # bp of it


class PointsChapter:
    """Dora holds, stakes, boosts and locks; Emil buys with her code and merely holds."""

    def __init__(self, report: Report) -> None:
        self.report, self.system, self.evm = report, report.system, report.evm
        self.dora, self.emil, self.keeper = (self.evm.account(f"demo {name}") for name in ("dora", "emil", "keeper"))
        self.mag7, self.usdc, self.points = report.mag7, report.usdc, report.system.points
        self.prices = report.system.prices
        self.ledger = Ledger(self.points, self.prices)
        abi = Interface("NonfungiblePositionManager", packaged("NonfungiblePositionManager")["abi"])
        self.positions = self.evm.at(abi, CONTRACTS["NonfungiblePositionManager"])

    def run(self) -> None:
        """All steps in their order."""
        with self.evm.frozen_time():
            self.list_a_pool()
            self.sample_prices()
            self.buy_with_a_code()
            self.stake_and_boost()
            self.lock_liquidity()
            epoch = self.fund()
            self.live(epoch)
            self.record(epoch)
            self.claim(epoch)

    # ------------------------------------------------------------ helpers

    def buy(self, person: str, shares: int, code: bytes = b"\0" * 32) -> Receipt:
        """Of MAG7.ssi with USDC."""
        router = self.report.router
        cost = router.quoteBuy.call(self.mag7.address, self.usdc.address, shares)
        control.deal(self.evm.rpc, "USDC", person, self.usdc.balanceOf(person) + cost)
        self.usdc.approve(router.address, cost, sender=person)
        order = (*self.report.trade(self.mag7, self.usdc.address, person)[:-1], code)
        receipt: Receipt = router.buy(order, shares, cost, sender=person)
        return receipt

    def pool_tokens(self) -> list[Deployed]:
        return sorted((self.mag7, self.usdc), key=lambda token: int(token.address, 16))

    def amounts(self, shares: int, dollars: int) -> list[int]:
        """In the pool's order."""
        return [shares, dollars] if self.pool_tokens()[0] is self.mag7 else [dollars, shares]

    # ------------------------------------------------------------ steps

    def list_a_pool(self) -> None:
        control.refresh_feeds(self.evm.rpc)
        locker, safe, manager = self.system.locker, self.system.record.contracts["Safe"], self.system.manager
        dollars = self.system.lens.valueOf(self.mag7.address, WAD) // 10**12
        one, other = self.amounts(WAD, dollars)
        create, order = (
            self.positions.createAndInitializePoolIfNecessary,
            (*self.pool_tokens(), FEE, isqrt((other << 192) // one)),
        )
        self.pool = create.call(*order)
        create(*order, sender=self.keeper)
        manager.schedule(locker.address, locker.addPool.encode(self.pool, V3), 0, sender=safe)
        control.warp(self.evm.rpc, NOTICE)
        receipt = locker.addPool(self.pool, V3, sender=safe)
        holds = {"it is on the locker's list": self.pool in locker.pools()}
        self.report.step("A pool of MAG7.ssi and USDC joins the locker's list after the notice", receipt, {}, holds)

    def sample_prices(self) -> None:
        control.warp(self.evm.rpc, self.ledger.end(self.ledger.epoch) - self.evm.now)
        receipt = self.prices.sample(sender=self.keeper)
        sampled = receipt.events(self.prices, "PriceSampled")
        again = self.prices.runningSlot()
        self.report.step(
            "An epoch begins; the first of its 28 samples of prices",
            receipt,
            {"epoch": self.ledger.epoch, "prices": len(sampled)},
            {
                "none is missing": all(event.values["price"] for event in sampled),
                "the slot is taken": again.sampled and not again.missing,
            },
        )

    def sample_daily(self, days: int) -> None:
        """As a keeper does."""
        for _ in range(days):
            control.warp(self.evm.rpc, DAY)
            control.refresh_feeds(self.evm.rpc)
            self.prices.sample(sender=self.keeper)

    def buy_with_a_code(self) -> None:
        self.system.referrals.register(CODE, sender=self.dora)
        self.buy(self.dora, 60 * WAD)
        receipt = self.buy(self.emil, 20 * WAD, CODE)
        joined = all(self.points.joinedAt(person) for person in (self.dora, self.emil))
        self.report.step(
            "Emil buys 20 MAG7.ssi with Dora's code",
            receipt,
            {},
            {
                "both joined by buying": joined,
                "Dora referred Emil": self.system.referrals.referrerOf(self.emil).referrer == self.dora,
            },
        )

    def stake_and_boost(self) -> None:
        soso, staked_soso, vault = self.system.token("SOSO"), self.system.staked("SOSO"), self.system.staked("MAG7.ssi")
        self.mag7.approve(vault.address, 20 * WAD, sender=self.dora)
        vault.deposit(20 * WAD, self.dora, sender=self.dora)
        value = 2_500 * WAD * WAD // self.system.oracle.price(soso.address)
        control.deal(self.evm.rpc, "SOSO", self.dora, value)
        soso.approve(staked_soso.address, value, sender=self.dora)
        receipt = staked_soso.deposit(value, self.dora, sender=self.dora)
        self.report.step(
            "Dora stakes 20 MAG7.ssi, and SOSO worth 2,500 dollars", receipt, {"soso": value / WAD},
            {"the shares arrived": staked_soso.balanceOf(self.dora) > 0 and vault.balanceOf(self.dora) > 0},
        )  # fmt: skip

    def lock_liquidity(self) -> None:
        locker, shares = self.system.locker, 10 * WAD
        dollars = self.system.lens.valueOf(self.mag7.address, shares) // 10**12
        control.deal(self.evm.rpc, "USDC", self.dora, dollars)
        for token in self.pool_tokens():
            token.approve(self.positions.address, 2**128, sender=self.dora)
        order = (
            *self.pool_tokens(),
            FEE,
            -FULL_RANGE,
            FULL_RANGE,
            *self.amounts(shares, dollars),
            0,
            0,
            self.dora,
            self.evm.now,
        )
        minted = self.positions.mint(order, sender=self.dora).events(self.positions, "IncreaseLiquidity")[0].values
        self.positions.approve(locker.address, minted["tokenId"], sender=self.dora)
        receipt = locker.lockPosition(minted["tokenId"], sender=self.dora)
        self.report.step(
            "Dora locks a position of some 10 MAG7.ssi and as many dollars", receipt, {"position": minted["tokenId"]},
            {"its liquidity is recorded": locker.liquidityOf(self.dora, self.pool) == minted["liquidity"]},
        )  # fmt: skip

    def fund(self) -> int:
        """Returns the epoch."""
        epoch = self.ledger.epoch
        control.deal(self.evm.rpc, "USDC", self.keeper, POT)
        self.usdc.approve(self.points.address, POT, sender=self.keeper)
        receipt = self.points.fund(epoch, self.usdc.address, POT, FOR_RECORDERS, sender=self.keeper)
        holds = {
            "all of it is in": tuple(self.points.potOf(epoch, self.usdc.address)) == (POT, 0),
            "a fiftieth is for recorders": self.points.recorderPart(epoch, self.usdc.address) == POT // 50,
        }
        self.report.step("A pot of 1,000 USDC for the epoch", receipt, {"epoch": epoch}, holds)
        return epoch

    def live(self, epoch: int) -> None:
        self.sample_daily(10)
        table = Table(
            "who", "class", "dollar-days", "multiplier", "points", title="Points after ten days", title_justify="left"
        )
        figures: dict[str, Any] = {}
        for name, person in (("Dora", self.dora), ("Emil", self.emil)):
            said = self.points.statement(person, epoch)
            for kind in ("held", "staked", "locked"):
                of = getattr(said, kind)
                if of.value:
                    table.add_row(
                        name, kind, f"{of.value / WAD:,.0f}", f"{of.multiplier / WAD:.2f}X", f"{of.points / WAD:,.0f}"
                    )
                    figures[f"{name.lower()}_{kind}_multiplier"] = round(of.multiplier / WAD, 4)
                    figures[f"{name.lower()}_{kind}_points"] = round(of.points / WAD)
            figures[f"{name.lower()}_points"] = round(said.points / WAD)
        self.report.console.print(table)
        dora, emil = (self.points.statement(person, epoch) for person in (self.dora, self.emil))
        self.report.step(
            "Points of the running epoch, live", None, figures,
            {
                "Emil holds at 3X": emil.held.multiplier == 3 * WAD,
                "Dora's liquidity has the full 220X": dora.locked.multiplier == 220 * WAD,
                "her staked shares are between 15X and 165X": 15 * WAD < dora.staked.multiplier < 165 * WAD,
                "her SOSO does not reach what she merely holds": dora.held.multiplier == 3 * WAD,
            },
        )  # fmt: skip

    def record(self, epoch: int) -> None:
        control.warp(self.evm.rpc, self.ledger.end(epoch) - self.evm.now)
        accounts = self.ledger.to_record(epoch)
        receipt = self.points.recordMany(accounts, epoch, sender=self.keeper)
        points = {person: self.points.pointsOf(person, epoch) for person in (self.dora, self.emil)}
        emil, dora = points[self.emil], points[self.dora]
        self.report.step(
            "The epoch is over: a keeper records all who joined",
            receipt,
            {"accounts": len(accounts)},
            {
                "Dora has a tenth of Emil's points on top": self.points.recordedPoints(self.dora, epoch)
                == dora + min(dora, emil // 10),
                "Emil has a twentieth of what is Emil's on top": self.points.recordedPoints(self.emil, epoch)
                == emil + emil // 20,
                "none is left to record": self.ledger.to_record(epoch) == [],
                "the medians of the samples are settled": self.prices.isSettled(epoch),
            },
        )

    def claim(self, epoch: int) -> None:
        control.warp(self.evm.rpc, self.ledger.end(epoch + 1) - self.evm.now)
        before = {person: self.usdc.balanceOf(person) for person in (self.dora, self.emil, self.keeper)}
        owed = {person: self.points.claimable(person, epoch, self.usdc.address) for person in before}
        for person in before:
            receipt = self.points.claim(epoch, self.usdc.address, sender=person)
        paid = {person: self.usdc.balanceOf(person) - had for person, had in before.items()}
        total = self.points.totalRecorded(epoch)
        part = self.points.recorderPart(epoch, self.usdc.address)
        shares = {person: (POT - part) * self.points.recordedPoints(person, epoch) // total for person in before}
        shares[self.keeper] += part
        self.report.step(
            "A second epoch passes; the pot is claimed",
            receipt,
            {f"{name}_usdc": paid[getattr(self, name)] / 1e6 for name in ("dora", "emil", "keeper")},
            {
                "each was paid by points, the keeper for recording both": paid == owed == shares,
                "no more than the pot": sum(paid.values()) <= POT,
                "the week of recording is over": self.evm.now >= self.ledger.end(epoch) + RECORDING,
            },
        )
