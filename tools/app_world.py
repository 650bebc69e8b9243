"""A market that has lived, for the web app's fork: people who invest, stake, boost and refer, keepers at work,
governance that decides.

Nothing here is special to the site: these are the transactions that holders, keepers and the multisig send.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eth_account import Account

from forks import control
from forks.seeding import invest
from ssi.chain.evm import Deployed
from ssi.constants import DAY, HOUR, NOTICE, WAD
from ssi.governance import proposals
from ssi.governance.decoder import Decoder
from ssi.keeper import maintenance
from ssi.points.ledger import Ledger
from ssi.registry.system import System
from tools.app_pools import Pools

# A key of this fork alone. Its account is rich in play money.
TEST_KEY = "0x" + "5517e57".zfill(64)
GIFTS = {"USDC": 250_000 * 10**6, "USDT": 50_000 * 10**6, "DAI": 50_000 * 10**18, "SOSO": 200_000 * 10**18}
INVESTED = {"MAG7.ssi": 5_000, "MEME.ssi": 800, "DEFI.ssi": 1_500, "USSI": 2_500}
MOVES = (
    {"SOL": 1.04, "BNB": 1.02},
    {"LINK": 0.97, "UNI": 1.03},
    {"SOL": 1.05, "AAVE": 0.96},
    {"BNB": 1.03, "UNI": 0.95},
)
CODE = b"OLDFRIEND".ljust(32, b"\0")
POT = 1_000 * 10**6
FOR_RECORDERS = 200  # bp of it
PATIENCE = 10 * HOUR  # of the bidder, who waits for a discount
LEAST = NOTICE // DAY + 1


class AppWorld:
    """The market and its people."""

    def __init__(self, system: System) -> None:
        self.system, self.evm = system, system.evm
        self.keeper, self.bidder = self.evm.account("app keeper"), self.evm.account("app bidder")
        self.safe = system.record.contracts["Safe"]
        self.ledger = Ledger(system.points, system.prices, system.record.block or 0)
        self.decoder = Decoder(system)

    def live(self, days: int, say: Callable[[str], None]) -> None:
        """Lets it live for so many days, `LEAST` at least.

        At the end MAG7.ssi has been rebalanced and DEFI.ssi's auction runs.
        """
        say("people invest")
        self.begin()
        for day in range(days):
            say(f"day {day + 1} of {days}")
            if day == days - LEAST + 1:
                say("governance proposes")
                waiting = self.propose()
            self.day(day)
        control.warp(self.evm.rpc, HOUR)  # until the pools' averages agree with the feeds
        say("governance executes what has waited")
        listing, mag7, defi = waiting
        self.execute([*listing, *mag7])
        self.fill("MAG7.ssi")
        self.execute(defi)
        index = self.system.index("MAG7.ssi")
        self.schedule([(index, index.setMintFee.encode(8))])
        vault = self.system.staked("MAG7.ssi")
        self.schedule([(vault, vault.setCooldown.encode(10 * DAY))])

    # ------------------------------------------------------------ people

    def begin(self) -> None:
        """Investors stake half and join; one has a code, another came by it; the test wallet gets its gifts."""
        tester = Account.from_key(TEST_KEY).address
        self.evm.fund(tester)
        self.pools = Pools(self.system)
        self.pools.supply(tester, 40)
        self.pools.position(tester, 15)
        self.pools.lp_tokens(tester, 15)
        for name, amount in GIFTS.items():
            control.deal(self.evm.rpc, name, tester, amount)
        for symbol, shares in INVESTED.items():
            investor = self.evm.account(f"app investor {symbol}")
            invest(self.system, symbol, investor, shares * WAD)
            index, vault = self.system.index(symbol), self.system.staked(symbol)
            index.approve(vault.address, shares * WAD // 2, sender=investor)
            vault.deposit(shares * WAD // 2, investor, sender=investor)
            self.system.points.join(sender=investor)
        referrer, friend = self.evm.account("app investor MAG7.ssi"), self.evm.account("app investor DEFI.ssi")
        self.system.referrals.register(CODE, sender=referrer)
        self.system.referrals.bind(CODE, sender=friend)
        soso, vault = self.system.token("SOSO"), self.system.staked("SOSO")
        control.deal(self.evm.rpc, "SOSO", referrer, 100_000 * WAD)
        soso.approve(vault.address, 100_000 * WAD, sender=referrer)
        vault.deposit(100_000 * WAD, referrer, sender=referrer)
        control.deal(self.evm.rpc, "USDC", self.keeper, POT)
        self.pools.usdc.approve(self.system.points.address, POT, sender=self.keeper)
        self.system.points.fund(self.ledger.epoch, self.pools.usdc.address, POT, FOR_RECORDERS, sender=self.keeper)

    # ------------------------------------------------------------ keepers

    def day(self, day: int) -> None:
        """Prices move now and then; keepers do what is due."""
        system, rpc = self.system, self.evm.rpc
        for token, factor in MOVES[day // 5 % len(MOVES)].items() if day % 5 == 0 else ():
            control.move_price(rpc, token, factor)
        control.warp(rpc, DAY)
        for name in maintenance.due_pokes(system):
            system.oracle.poke(system.token(name).address, sender=self.keeper)
        for symbol in maintenance.due_distributions(system):
            system.distributor.distribute(system.index(symbol).address, sender=self.keeper)
        if not system.prices.runningSlot().sampled:
            system.prices.sample(sender=self.keeper)
        for epoch in self.ledger.recordable():
            if accounts := self.ledger.to_record(epoch):
                system.points.recordMany(accounts, epoch, sender=self.keeper)

    def fill(self, symbol: str) -> None:
        """A bidder waits for a discount and takes everything that can be bid."""
        control.warp(self.evm.rpc, PATIENCE)
        rebalancer, index = self.system.rebalancer, self.system.index(symbol)
        while offers := rebalancer.bidsOf(index.address):
            offer = offers[0]
            paid = self.system.token(offer.tokenIn)
            name = {asset.address: name for name, asset in self.system.assets.assets.items()}[offer.tokenIn]
            control.deal(self.evm.rpc, name, self.bidder, 2 * offer.amountIn)
            paid.approve(rebalancer.address, 2 * offer.amountIn, sender=self.bidder)
            rebalancer.bid(
                index.address,
                offer.tokenOut,
                offer.tokenIn,
                offer.amountOut,
                2**255,
                self.bidder,
                b"",
                sender=self.bidder,
            )
            paid.approve(rebalancer.address, 0, sender=self.bidder)

    # ------------------------------------------------------------ governance

    def propose(self) -> tuple[list[tuple[Deployed, bytes]], ...]:
        """Both pools for the locker, and two rebalances; returns the calls."""
        waiting = (
            self.pools.listing(),
            list(proposals.rebalance(self.decoder, "MAG7.ssi").calls),
            list(proposals.rebalance(self.decoder, "DEFI.ssi").calls),
        )
        for calls in waiting:
            self.schedule(calls)
        return waiting

    def schedule(self, calls: Sequence[tuple[Deployed, bytes]]) -> None:
        for target, data in calls:
            self.system.manager.schedule(target.address, data, 0, sender=self.safe)

    def execute(self, calls: Sequence[tuple[Deployed, bytes]]) -> None:
        for target, data in calls:
            self.system.manager.execute(target.address, data, sender=self.safe)
