"""An index, its prices and a rebalancer, without delays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import Any

import eth_abi

from ssi.chain.evm import Deployed, Evm, Receipt
from ssi.constants import DAY, MAX
from ssi.keeper.rebalance import Phase
from tests.model.index import IndexModel
from tests.model.rebalancing import RUNNING, RebalanceModel, RebalanceProposal, Terms
from tests.support.indexes import ANYTHING, CAP, DAILY_FEE, MINT_FEE, new_index, stock, unlimited
from tests.support.prices import leg

HEARTBEAT = DAY
NO_SEQUENCER = "0x" + "00" * 20
# As wide as may be where a test is about something else.
TERMS = Terms(premium=100, discount=200, duration=DAY, budget=50, dust=50, turnover=5000, daily=5000, band=2500)


class RebalancingWorld:
    """Tokens with feeds, an index of the first `held` of them, worth 100 USD a share in equal parts, and a rebalancer.

    Args:
        decimals: of each token. usd: price of each, in D8. held: how many the index is born with.
    """

    def __init__(
        self,
        evm: Evm,
        project: Any,
        authority: Deployed,
        owner: str,
        decimals: Sequence[int],
        usd: Sequence[int],
        held: int,
        terms: Terms = TERMS,
        people: Sequence[str] = ("alice", "bob", "carol"),
    ) -> None:
        self.evm, self.project, self.manager, self.owner = evm, project, authority, owner
        self.people = {name: evm.account(name) for name in people}
        self.decimals = list(decimals)
        self.tokens = [evm.deploy(project.QuirkToken, n, sender=owner) for n in decimals]
        self.feeds = [evm.deploy(project.MockAggregator, "feed", 8, price, sender=owner) for price in usd]
        self.usd = {str(n): price * 10**10 for n, price in enumerate(usd)}
        self.oracle = evm.deploy(project.PriceOracle, authority, NO_SEQUENCER, 0, sender=owner)
        for token, feed in zip(self.tokens, self.feeds, strict=True):
            self.oracle.setRoute(token, [leg(feed, HEARTBEAT, 1, 10**30)], sender=owner)

        planner = evm.deploy(project.RebalancePlanner, sender=owner)
        implementation = evm.deploy(project.Rebalancer, self.oracle, planner, sender=owner)
        data = implementation.initialize.encode(authority)
        proxy = evm.deploy(project.ProtocolProxy, implementation, data, sender=owner)
        self.rebalancer = evm.at(project.Rebalancer, proxy.address)
        self.methodology = evm.deploy(project.MethodologyMock, sender=owner)

        share = 100 * 10**8 // held
        units = [share * 10 ** (n + 9) // price for n, price in zip(self.decimals[:held], usd[:held], strict=True)]
        self.index = new_index(
            evm, project, authority, self.tokens[:held], units, owner, rebalancer=self.rebalancer.address
        )
        for contract in (self.index, self.rebalancer):
            stock(self.tokens, contract, list(self.people.values()))

        plan = dict.fromkeys(map(str, range(held)), 10**18 // held)
        plan["0"] += 10**18 - sum(plan.values())
        index = IndexModel(
            dict(zip(plan, units, strict=True)), DAILY_FEE, MINT_FEE, CAP, self.index.terms().anchorTime, "fees"
        )
        self.model = RebalanceModel(index, dict(zip(self.usd, decimals, strict=True)), {}, terms, 0)
        self.set_plan(plan)
        self.set_terms(terms)

    # ------------------------------------------------------------ governance

    def set_plan(self, weights: dict[str, int]) -> None:
        """Weights D18 by token number."""
        tokens = [self.tokens[int(n)].address for n in weights]
        parameters = eth_abi.encode(["uint256[]"], [list(weights.values())])
        self.rebalancer.setMethodology(self.index, self.methodology, tokens, parameters, sender=self.owner)
        self.model.plan, self.model.nonce = dict(weights), self.model.nonce + 1

    def set_terms(self, terms: Terms) -> None:
        self.rebalancer.setTerms(self.index, astuple(terms), sender=self.owner)
        self.model.terms, self.model.nonce = terms, self.model.nonce + 1

    def proposal(self, **changes: Any) -> RebalanceProposal:
        """For a start as it would be now, in the model's words."""
        m = self.model
        given = {token: changes.get("prices", {}).get(token, 0) for token in changes.get("unpriced", ())}
        targets = m.preview(self.usd | given)
        whole = RebalanceProposal(
            m.nonce, self.evm.now + DAY, 1000, 1000, {token: self.usd[token] for token in targets}, targets
        )
        return replace(whole, **{**changes, "prices": whole.prices | changes.get("prices", {})})

    def words(self, proposal: RebalanceProposal) -> tuple[Any, ...]:
        """As `IRebalancer.Proposal`."""
        places = sum(1 << n for n, token in enumerate(self.model.tokens()) if token in proposal.unpriced)
        lists = ([of[token] for token in self.model.tokens()] for of in (proposal.prices, proposal.targets))
        return (proposal.nonce, proposal.latest, proposal.price_tolerance, proposal.target_tolerance, *lists, places)

    def start(self, **changes: Any) -> Receipt:
        """Starts on both sides, in the next block."""
        return self.begin(self.proposal(**changes))

    def begin(self, proposal: RebalanceProposal) -> Receipt:
        """The same as proposed."""
        receipt: Receipt = self.rebalancer.startRebalance(self.index, self.words(proposal), sender=self.owner)
        self.model.start(self.evm.now, proposal, self.usd)
        return receipt

    def start_unmodelled(self, **changes: Any) -> None:
        """Starts on the chain alone, without the model, where a start must be refused."""
        self.rebalancer.startRebalance(self.index, self.words(self.proposal(**changes)), sender=self.owner)

    def set_price(self, n: int, price: int) -> None:
        """D8 USD, as of the latest block."""
        self.feeds[n].setAnswer(price, self.evm.now, sender=self.owner)
        self.usd[str(n)] = price * 10**10

    def refresh(self) -> None:
        """All feeds answer anew."""
        for feed, price in zip(self.feeds, self.usd.values(), strict=True):
            feed.setAnswer(price // 10**10, self.evm.now, sender=self.owner)

    def warp(self, seconds: int) -> None:
        """Lets time pass, with feeds that keep up."""
        self.evm.warp(seconds)
        self.refresh()

    # ------------------------------------------------------------ people

    def mint(self, person: str, shares: int) -> None:
        tokens = self.index.basket().tokens
        self.index.mint(shares, self.people[person], *unlimited(tokens), sender=self.people[person])
        self.model.index.mint(self.evm.now, shares, person)

    def redeem(self, person: str, shares: int) -> None:
        who = self.people[person]
        self.index.redeem(shares, who, who, *ANYTHING, sender=who)
        self.model.index.redeem(self.evm.now, shares, person)

    def quote(self, out: int, in_: int, amount: int) -> tuple[int, int]:
        return tuple(self.rebalancer.quoteBid(self.index, self.tokens[out], self.tokens[in_], amount))

    def bid(self, person: str, out: int, in_: int, amount: int, limit: int = MAX, data: bytes = b"") -> tuple[int, int]:
        """What it moved on the chain, by the balances of the bidder. The model is not touched."""
        who, both = self.people[person], (self.tokens[out], self.tokens[in_])
        before = [token.balanceOf(who) for token in both]
        self.rebalancer.bid(self.index, *both, amount, limit, who, data, sender=who)
        got, paid = (token.balanceOf(who) - held for token, held in zip(both, before, strict=True))
        return got, -paid

    def both_bid(self, person: str, out: int, in_: int, amount: int) -> tuple[int, int]:
        """A bid on both sides, which must agree."""
        quoted = self.quote(out, in_, amount)
        moved = self.bid(person, out, in_, amount)
        fill = self.model.bid(self.evm.now, str(out), str(in_), amount, self.usd)
        assert moved == quoted == (fill.out, fill.paid), "R6 quote, outcome and model are one"
        return moved

    # ------------------------------------------------------------ comparisons

    def agree(self) -> None:
        """State of the chain and of the model are the same."""
        m, now = self.model, self.evm.now
        basket, status = self.evm.batch([(self.index.basket, ()), (self.rebalancer.status, (self.index,))])
        names = {token.address: str(n) for n, token in enumerate(self.tokens)}
        assert {names[token]: unit for token, unit in zip(basket.tokens, basket.units, strict=True)} == m.index.units
        assert [names[token] for token in basket.tokens] == list(m.index.units)
        assert basket.base == m.index.base
        assert status.phase == Phase[m.phase_at(now).upper() or "NONE"]
        if m.running is not None:
            assert (status.surplus, status.deficit, status.nav) == (len(m.selling), len(m.buying), m.nav)
            left = m.turnover_left() if m.phase_at(now) == RUNNING else 0
            assert (status.turnover, status.turnoverLeft) == (m.turnover * 10**14, left), "R9 turnover is told"
            assert status.premium == m.factor(now) - 10**18
            assert status.cost == -(-m.cost * 10**18 // m.nav) <= status.budget == m.running.budget * 10**14, (
                "R1 the budget holds"
            )

    def nav(self) -> int:
        """D27{USD/base share} at the prices of now."""
        return self.model.value(self.usd) // 10**18
