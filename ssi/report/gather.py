"""Makes a report out of what a source says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ssi.chain.evm import Interface
from ssi.constants import RAY, WAD, ZERO
from ssi.governance.decoder import Decoder
from ssi.keeper.rebalance import Phase
from ssi.registry.holder import Holder, Token
from ssi.report.facts import Compared, Day, EpochYield, Fees, IndexReport, Rebalance, RebalanceTrade
from ssi.report.owners import holders
from ssi.report.risks import Feed, Seen, risks
from ssi.report.source import Logged, Sample, Source
from ssi.report.tracking import Target, tracking

_FEED = Interface(
    "Feed",
    [
        {
            "type": "function", "name": "latestRoundData", "stateMutability": "view", "inputs": [],
            "outputs": [
                {"name": "id", "type": "uint80"}, {"name": "answer", "type": "int256"},
                {"name": "startedAt", "type": "uint256"}, {"name": "updatedAt", "type": "uint256"},
                {"name": "answeredIn", "type": "uint80"},
            ],
        }
    ],
)  # fmt: skip


def report(source: Source) -> IndexReport:
    """Everything. Raises Impossible where the source lacks a state."""
    samples = source.samples()
    gathering = _Gathering(source, samples)
    rebalances, targets, costs = gathering.rebalances()
    tracked, ideal = tracking(samples, targets, costs)
    last = samples[-1]
    days = gathering.days(ideal)
    owners = holders(source, samples[0].block, last.staked_wei)
    return IndexReport(
        symbol=source.symbol, name=str(source.system.index(source.symbol).name()), since_s=samples[0].time_s,
        until_s=last.time_s, days=tuple(days), compared=tuple(compared(days)), tracking=tracked,
        rebalances=tuple(rebalances), fees=gathering.fees(days), epochs=tuple(gathering.epochs()), holders=owners,
        risks=risks(last, owners, gathering.seen()), origins=gathering.origins(),
    )  # fmt: skip


def compared(days: Sequence[Day]) -> list[Compared]:
    """The index, its methodology, what was its largest constituent at the beginning alone, then the others."""
    first, last = days[0], days[-1]
    found = []
    if first.share_price_d18 and last.share_price_d18:
        found.append(Compared("this index", last.share_price_d18 * WAD // first.share_price_d18 - WAD))
    if last.methodology_d18 is not None:
        found.append(Compared("its methodology, without cost or fee", last.methodology_d18 - WAD))
    by_weight = sorted(first.weights_d18, key=lambda name: -first.weights_d18[name])
    for place, name in enumerate(by_weight):
        if name in last.relative_d18:
            title = f"{name} alone, the largest at the beginning" if not place else name
            found.append(Compared(title, last.relative_d18[name] - WAD))
    return found


@dataclass
class _Gathering:
    """One report in the making."""

    source: Source
    samples: Sequence[Sample]

    def __post_init__(self) -> None:
        self.system, self.symbol = self.source.system, self.source.symbol
        self.index, self.holder = self.system.index(self.symbol), Holder(self.system)
        self.first, self.last = self.samples[0], self.samples[-1]

    def _token(self, address: str) -> Token:
        return self.holder.token(address)

    def _within(self, events: Sequence[Logged]) -> list[Logged]:
        return [event for event in events if self.first.block < event.block <= self.source.end]

    # ------------------------------------------------------------ days

    def days(self, ideal: Sequence[int | None]) -> list[Day]:
        """One for each sample; `ideal` is the methodology's worth."""
        collected = self.source.events(self.index, "FeesCollected")
        begun: dict[str, int] = {}
        start = next((sample.share_price_d18 for sample in self.samples if sample.share_price_d18), None)
        found, before = [], self.first
        for sample, methodology in zip(self.samples, ideal, strict=True):
            for part in sample.parts:
                if part.price_d18:
                    begun.setdefault(part.symbol, part.price_d18)
            nav, price = sample.nav_d18, sample.share_price_d18
            paid = sum(e.values["shares"] for e in collected if before.block < e.block <= sample.block)
            found.append(
                Day(
                    time_s=sample.time_s, block=sample.block, share_price_d18=price, nav_d18=nav,
                    supply_wei=sample.supply_wei, staked_wei=sample.staked_wei,
                    index_d18=price * WAD // start if price and start else None, methodology_d18=methodology,
                    weights_d18={p.symbol: (p.value_d18 or 0) * WAD // nav for p in sample.parts} if nav else {},
                    relative_d18={
                        p.symbol: p.price_d18 * WAD // begun[p.symbol] for p in sample.parts if p.price_d18
                    },
                    earned_wei=max(0, sample.pending_wei + paid - before.pending_wei),
                )
            )  # fmt: skip
            before = sample
        return found

    # ------------------------------------------------------------ rebalances

    def rebalances(self) -> tuple[list[Rebalance], list[Target], list[tuple[int, int]]]:
        """Those that started in the time; what each fixed; block and D18 of NAV of each loss."""
        rebalancer, mine = self.system.rebalancer, self.index.address
        names = ("RebalanceStarted", "BidFilled", "RebalanceEnded", "TermsSet")
        events = [e for e in self.source.events(rebalancer, *names) if e.values["index"] == mine]
        made, targets, costs = [], list[Target](), list[tuple[int, int]]()
        for started in self._within([e for e in events if e.name == "RebalanceStarted"]):
            same = [e for e in events if e.values.get("id") == started.values["id"]]
            terms = [e for e in events if e.name == "TermsSet" and e.block <= started.block][-1].values["terms"]
            one, target, lost = self._rebalance(started, same, terms)
            made.append(one)
            targets.append(target)
            costs += lost
        return made, targets, costs

    def _rebalance(
        self, started: Logged, events: Sequence[Logged], terms: Any
    ) -> tuple[Rebalance, Target, list[tuple[int, int]]]:
        tokens, units, nav = (started.values[name] for name in ("tokens", "targets", "nav"))
        at_s, known = self.source.time(started.block), {address: self._token(address) for address in tokens}
        start = self.source.start(tokens, started.block)
        decimals = {address: token.decimals for address, token in known.items()}
        target = Target(started.block, dict(zip(tokens, units, strict=True)), start.prices_d18, decimals)
        nav_usd = nav * start.base_wei // RAY
        trades, lost, before = [], [], 0
        for event in events:
            if event.name == "BidFilled":
                trades.append(self._trade(event, at_s, terms, known, start.prices_d18))
                lost.append((event.block, (event.values["cost"] - before) * WAD // nav))
                before = event.values["cost"]
        ended = next((e for e in events if e.name == "RebalanceEnded"), None)
        traded = sum(trade.usd_d18 or 0 for trade in trades)
        premium = sum((trade.usd_d18 or 0) * trade.premium_d18 for trade in trades)
        worth = {a: units_ * start.prices_d18.get(a, 0) // 10 ** decimals[a] for a, units_ in target.units_d27.items()}
        return Rebalance(
            id=started.values["id"], started_at_s=at_s, ended_at_s=self.source.time(ended.block) if ended else None,
            phase=Phase(ended.values["phase"]).word if ended else self._open(started),
            targets_d18={known[a].name: worth[a] * WAD // max(1, sum(worth.values())) for a in tokens},
            turnover_d18=traded * WAD // nav_usd if nav_usd else 0, cost_d18=before * WAD // nav,
            premium_d18=premium // traded if traded else 0, trades=tuple(trades),
        ), target, lost  # fmt: skip

    def _open(self, started: Logged) -> str:
        """One that no account has closed is over all the same once its time is."""
        return "expired" if self.last.time_s >= started.values["ends"] else "running"

    def _trade(
        self, event: Logged, at_s: int, terms: Any, known: Mapping[str, Token], prices: Mapping[str, int]
    ) -> RebalanceTrade:
        values, time_s = event.values, self.source.time(event.block)
        sold, bought = known[values["tokenOut"]], known[values["tokenIn"]]
        price, bidder = prices.get(sold.address), values["bidder"]
        names = {address.lower(): name for name, address in self.system.record.addresses.items()}
        fall = (terms.premiumStart + terms.discountEnd) * 10**14 * (time_s - at_s) // terms.duration
        return RebalanceTrade(
            time_s=time_s, after_s=time_s - at_s, sold=sold.name, sold_wei=values["amountOut"],
            sold_decimals=sold.decimals, bought=bought.name, bought_wei=values["amountIn"],
            bought_decimals=bought.decimals,
            usd_d18=None if price is None else values["amountOut"] * price // 10**sold.decimals,
            premium_d18=terms.premiumStart * 10**14 - fall, bidder=names.get(bidder.lower(), bidder),
            sender=self.source.sender(event.transaction), transaction=event.transaction,
        )  # fmt: skip

    # ------------------------------------------------------------ fees and staking

    def fees(self, days: Sequence[Day]) -> Fees:
        """Earned and paid; each day's shares at that day's price."""
        prices = [day.share_price_d18 or 0 for day in days]
        for place in range(1, len(prices)):
            prices[place] = prices[place] or prices[place - 1]
        paid = self._within(self.source.events(self.system.distributor, "Distributed"))
        mine = [event for event in paid if event.values["index"] == self.index.address]
        stakers = sum(event.values["toStakers"] for event in mine)
        treasury = sum(event.values["toTreasury"] for event in mine)
        usd = 0
        for event in mine:
            place = next((n for n, one in enumerate(self.samples) if one.block >= event.block), len(prices) - 1)
            usd += (event.values["toStakers"] + event.values["toTreasury"]) * prices[place] // WAD
        (terms,) = self.system.evm.batch([(self.index.terms, ())], self.source.end)
        return Fees(
            earned_wei=sum(day.earned_wei for day in days),
            earned_usd_d18=sum(day.earned_wei * price // WAD for day, price in zip(days, prices, strict=True)),
            to_stakers_wei=stakers, to_treasury_wei=treasury, paid_usd_d18=usd, pending_wei=self.last.pending_wei,
            daily_fee_d18=terms.dailyFee, mint_fee_bps=terms.mintFee,
        )  # fmt: skip

    def epochs(self) -> list[EpochYield]:
        """Those that the time touches, by the staked token. Empty where the index cannot be staked."""
        if self.symbol not in self.system.record.staked:
            return []
        vault, end = self.system.staked(self.symbol), self.source.end
        genesis, length = self.system.evm.batch([(vault.epochGenesis, ()), (vault.epochLength, ())], end)
        now = self.source.time(end)
        numbers = range(
            max(0, self.source.time(self.first.block) - genesis) // length, max(0, now - genesis) // length + 1
        )
        asked = [(method, (n,)) for n in numbers for method in (vault.epochApr, vault.exchangeRateAt)]
        answers = iter(self.system.evm.attempts(asked, end))
        return [
            EpochYield(
                number=n, begins_at_s=genesis + n * length, ends_at_s=genesis + (n + 1) * length,
                over=genesis + (n + 1) * length <= now, apr_d18=next(answers) or 0, rate_d18=next(answers) or 0,
            )
            for n in numbers
        ]  # fmt: skip

    # ------------------------------------------------------------ risks and origins

    def seen(self) -> Seen:
        """At the end of the report."""
        evm, oracle, end = self.system.evm, self.system.oracle, self.source.end
        addresses = [part.address for part in self.last.parts]
        routes = evm.attempts([(oracle.route, (address,)) for address in addresses], end)
        names = {address.lower(): name for name, address in self.system.assets.feeds.items()}
        names |= {address.lower(): name for name, address in self.system.record.contracts.items()}
        legs = [
            (part.symbol, leg)
            for part, route in zip(self.last.parts, routes, strict=True)
            for leg in route or ()
            if leg.kind == 0
        ]
        answers = evm.attempts([(evm.at(_FEED, leg.source).latestRoundData, ()) for _, leg in legs], end)
        now = self.source.time(end)
        feeds = tuple(
            Feed(
                symbol, names.get(leg.source.lower(), leg.source), None if answer is None else now - answer.updatedAt,
                leg.heartbeat,
            )
            for (symbol, leg), answer in zip(legs, answers, strict=True)
        )  # fmt: skip
        hundredth = self.last.supply_wei // 100
        worth, brought, dollar = evm.attempts(
            [
                (self.system.lens.valueOf, (self.index.address, hundredth)),
                (self.system.router.quoteSell, (self.index.address, self._token("USDC").address, hundredth)),
                (oracle.tryPrice, (self._token("USDC").address,)),
            ],
            end,
        )
        price = dollar[1] if dollar and dollar[0] else WAD
        usd = None if brought is None else int(brought) * price // 10**6
        return Seen(feeds, worth, usd, tuple(self._announced()))

    def _announced(self) -> list[tuple[str, int]]:
        """What was scheduled until the end, and neither executed nor cancelled, nor too old."""
        manager, decoder = self.system.manager, Decoder(self.system)
        waiting: dict[bytes, tuple[str, int]] = {}
        for event in self.source.events(
            manager, *(f"Operation{what}" for what in ("Scheduled", "Executed", "Canceled"))
        ):
            if event.name == "OperationScheduled":
                call = decoder.call(event.values["target"], event.values["data"])
                waiting[event.values["operationId"]] = (f"{call.contract}.{call.function}", event.values["schedule"])
            else:
                waiting.pop(event.values["operationId"], None)
        now, expiry = self.source.time(self.source.end), manager.expiration()
        return [(what, ready) for what, ready in waiting.values() if now < ready + expiry]

    def origins(self) -> dict[str, str]:
        """By name. Never the URL of a node, which may have a password in it."""
        record, addresses = self.system.record, self.system.record.addresses
        found = {
            "Chain": str(record.chain_id), "Blocks": f"{self.first.block:,} to {self.last.block:,}",
            "Index": self.index.address, "Staked token": addresses.get(f"s{self.symbol}", ZERO),
        }  # fmt: skip
        found |= {name: addresses[name] for name in ("IndexLens", "PriceOracle", "Rebalancer", "FeeDistributor")}
        found["Prices"] = "of the protocol's oracle, after the last block of each day"
        found["Trades, fees, holders"] = "from the contracts' own events since the deployment"
        return found
