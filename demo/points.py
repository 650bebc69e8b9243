"""Two epochs of points: a friend by code, a boost with SOSO, locked liquidity, and a pot that is shared out."""

from __future__ import annotations

from math import isqrt
from typing import Any

from rich.table import Table

from demo.report import Report
from forks import control
from forks.addresses import CONTRACTS
from forks.artifacts import packaged
from ssi import Protocol
from ssi.chain.evm import Deployed, Interface
from ssi.constants import DAY, NOTICE, RECORDING, WAD
from ssi.index.client import NO_CODE, Traded
from ssi.points.locks import PoolKind
from ssi.points.referral import encoded

CODE = "DEMOCODE"
FEE, FULL_RANGE = 3000, 887_220
POT = 1_000 * 10**6
FOR_RECORDERS = 200  # bp of it


class PointsChapter:
    """Dora holds, stakes, boosts and locks; Emil buys with her code and merely holds."""

    def __init__(self, report: Report) -> None:
        self.report, self.system, self.evm = report, report.system, report.evm
        self.dora, self.emil, self.keeper = (self.evm.account(f"demo {name}") for name in ("dora", "emil", "keeper"))
        self.as_dora, self.as_emil, self.as_keeper = (
            Protocol(self.system, person) for person in (self.dora, self.emil, self.keeper)
        )
        self.mag7, self.usdc, self.points = report.mag7, report.usdc, report.system.points
        self.prices = report.system.prices
        self.ledger = self.as_keeper.points.ledger
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

    def buy(self, person: Protocol, shares: int, code: bytes = NO_CODE) -> Traded:
        """Of MAG7.ssi with USDC."""
        index = person.index("MAG7.ssi")
        quote = index.quote_buy("USDC", shares_wei=shares)
        self.report.provide_usdc(person.holder.account.address, quote.pays_wei)
        return index.buy(quote, referral_code=code)

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
        manager.schedule(locker.address, locker.addPool.encode(self.pool, PoolKind.V3), 0, sender=safe)
        control.warp(self.evm.rpc, NOTICE)
        receipt = locker.addPool(self.pool, PoolKind.V3, sender=safe)
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
        self.as_dora.referral.register(CODE)
        self.buy(self.as_dora, 60 * WAD)
        bought = self.buy(self.as_emil, 20 * WAD, encoded(CODE))
        joined = all(person.points.joined_at_s() for person in (self.as_dora, self.as_emil))
        self.report.step(
            "Emil buys 20 MAG7.ssi with Dora's code",
            bought.transaction,
            {},
            {
                "both joined by buying": joined,
                "Dora referred Emil": self.as_emil.referral.of().referrer == self.dora,
            },
        )

    def stake_and_boost(self) -> None:
        stakes = self.as_dora.stakes
        staked = stakes["MAG7.ssi"].deposit(20 * WAD)
        value = 2_500 * WAD * WAD // self.system.oracle.price(self.system.token("SOSO").address)
        control.deal(self.evm.rpc, "SOSO", self.dora, value)
        boosted = stakes["SOSO"].deposit(value)
        self.report.step(
            "Dora stakes 20 MAG7.ssi, and SOSO worth 2,500 dollars", boosted.transaction, {"soso": value / WAD},
            {
                "the shares arrived": [stakes[name].position().shares_wei for name in ("MAG7.ssi", "SOSO")]
                == [staked.shares_wei, boosted.shares_wei]
            },
        )  # fmt: skip

    def lock_liquidity(self) -> None:
        shares = 10 * WAD
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
        locked = self.as_dora.locks.lock_position(minted["tokenId"])
        self.report.step(
            "Dora locks a position of some 10 MAG7.ssi and as many dollars", locked.transaction,
            {"position": minted["tokenId"]},
            {"its liquidity is recorded": self.system.locker.liquidityOf(self.dora, self.pool)
                == locked.liquidity == minted["liquidity"]},
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
        dora, emil = (person.points.statement(epoch) for person in (self.as_dora, self.as_emil))
        for name, said in (("Dora", dora), ("Emil", emil)):
            for of in said.kinds:
                if of.usd_days_d18:
                    table.add_row(
                        name, of.kind, f"{of.usd_days_d18 / WAD:,.0f}", f"{of.multiplier_d18 / WAD:.2f}X",
                        f"{of.points_d18 / WAD:,.0f}",
                    )  # fmt: skip
                    figures[f"{name.lower()}_{of.kind}_multiplier"] = round(of.multiplier_d18 / WAD, 4)
                    figures[f"{name.lower()}_{of.kind}_points"] = round(of.points_d18 / WAD)
            figures[f"{name.lower()}_points"] = round(said.points_d18 / WAD)
        self.report.console.print(table)
        at = {(said.account, of.kind): of.multiplier_d18 for said in (dora, emil) for of in said.kinds}
        self.report.step(
            "Points of the running epoch, live", None, figures,
            {
                "Emil holds at 3X": at[self.emil, "held"] == 3 * WAD,
                "Dora's liquidity has the full 220X": at[self.dora, "locked"] == 220 * WAD,
                "her staked shares are between 15X and 165X": 15 * WAD < at[self.dora, "staked"] < 165 * WAD,
                "her SOSO does not reach what she merely holds": at[self.dora, "held"] == 3 * WAD,
            },
        )  # fmt: skip

    def record(self, epoch: int) -> None:
        control.warp(self.evm.rpc, self.ledger.end(epoch) - self.evm.now)
        accounts = self.ledger.to_record(epoch)
        recorded = self.as_keeper.points.record_many(accounts, epoch)
        points = {person: self.points.pointsOf(person, epoch) for person in (self.dora, self.emil)}
        emil, dora = points[self.emil], points[self.dora]
        self.report.step(
            "The epoch is over: a keeper records all who joined",
            recorded,
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
        people = {
            "dora": (self.dora, self.as_dora),
            "emil": (self.emil, self.as_emil),
            "keeper": (self.keeper, self.as_keeper),
        }
        owed, paid, transaction = {}, {}, ""
        for name, (person, client) in people.items():
            pots, before = client.points.pots([epoch]), self.usdc.balanceOf(person)
            owed[name] = sum(pot.wei for pot in pots)
            transaction = client.points.claim(pots).transaction
            paid[name] = self.usdc.balanceOf(person) - before
        total = self.points.totalRecorded(epoch)
        part = self.points.recorderPart(epoch, self.usdc.address)
        shares = {
            name: (POT - part) * self.points.recordedPoints(person, epoch) // total
            for name, (person, _) in people.items()
        }
        shares["keeper"] += part
        self.report.step(
            "A second epoch passes; the pot is claimed",
            transaction,
            {f"{name}_usdc": wei / 1e6 for name, wei in paid.items()},
            {
                "each was paid by points, the keeper for recording both": paid == owed == shares,
                "no more than the pot": sum(paid.values()) <= POT,
                "the week of recording is over": self.evm.now >= self.ledger.end(epoch) + RECORDING,
            },
        )
