"""The multisig: it posts supplies, changes constituents, raises terms that are too narrow, starts, and cancels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from forks.local import FORKS
from ssi.chain.evm import Deployed, Reverted
from ssi.constants import DAY
from ssi.governance.decoder import Decoder
from ssi.governance.proposal import ProposalRefused, batched, execution, foreseen, scheduling
from ssi.governance.safe import Multisig
from ssi.governance.starting import Bounds, start_call
from ssi.registry.system import System

# As wide as the contract allows: half a month passes between the proposal and the start.
BOUNDS = Bounds(price_bps=5_000, target_bps=5_000, days=24)
_STEP = Decimal("0.25")  # of a supply, in one posting
_SPARE, _MOST_TURNOVER = Decimal("1.25"), 5_000  # bp

Say = Callable[[str, str], None]
Calls = list[tuple[Deployed, bytes]]


@dataclass(frozen=True)
class Waiting:
    """What was scheduled, on which day, by its place, and at which prices, D18{USD/whole token} by address."""

    calls: Sequence[tuple[str, bytes]]
    day: int
    prices: Mapping[str, int]


class Governance:
    """`say(what, why)` is told what does not go as planned."""

    def __init__(self, system: System, symbol: str, say: Say) -> None:
        self.system, self.evm, self.symbol, self.say = system, system.evm, symbol, say
        self.index, self.rebalancer = system.index(symbol), system.rebalancer
        self.registry = system.contract("SupplyRegistry")
        self.safe = Multisig(self.evm, system.record.contracts["Safe"])
        self.decoder = Decoder(system)
        self._names = {asset.address: name for name, asset in system.assets.assets.items()}

    def propose(
        self, day: int, supplies: Mapping[str, Decimal], members: Sequence[str], last: Mapping[str, Decimal]
    ) -> Waiting | None:
        """Schedules it; None where the contracts refuse already. `last`: USD closes, for what has no price any more."""
        calls: Calls = [(self.registry, self._post(supplies))]
        plan = self.rebalancer.planOf(self.index)
        kept = [token for token in plan.tokens if self._names[token] in members]
        tokens = [*kept, *(a for name in members if (a := self.system.assets.assets[name].address) not in kept)]
        if tokens != list(plan.tokens):
            new = (self.index.address, plan.methodology, tokens, plan.parameters)
            calls.append((self.rebalancer, self.rebalancer.setMethodology.encode(*new)))
        try:
            started, turnover = self._start(calls, last)
            if turnover > plan.terms.turnover:
                terms = plan.terms.named() | {"turnover": min(_MOST_TURNOVER, int(turnover * _SPARE))}
                calls.append((self.rebalancer, self.rebalancer.setTerms.encode(self.index, tuple(terms.values()))))
                why = f"{turnover} bp are to be sold, and the terms allow {plan.terms.turnover}"
                self.say(f"the terms are raised to {terms['turnover']} bp with the proposal", why)
                started, _ = self._start(calls, last)
        except (ProposalRefused, Reverted) as refused:
            self.say("no proposal could be made", self._why(refused))
            return None
        calls.append((self.rebalancer, started))
        self.safe.simulate(self.safe.transaction(self.system.manager.address, scheduling(self.system.manager, calls)))
        prices = self._prices({*tokens, *self.index.basket().tokens})
        return Waiting([(target.address, data) for target, data in calls], day, prices)

    def holds(self, waiting: Waiting) -> bool:
        """Whether no price has left the bounds of the proposal."""
        for token, price in self._prices(waiting.prices).items():
            least, most = sorted((price, waiting.prices[token]))
            if most * 10_000 > least * (10_000 + BOUNDS.price_bps):
                costs = f"{self._names[token]} costs {price / 1e18:,.4f}, and {waiting.prices[token] / 1e18:,.4f} then"
                self.say("a proposal is out of its bounds, and is made anew", f"a price has moved too far ({costs})")
                return False
        return True

    def _prices(self, tokens: Iterable[str]) -> dict[str, int]:
        """By the oracle, of those that it prices."""
        asked = list(tokens)
        answers = self.evm.attempts([(self.system.oracle.tryPrice, (token,)) for token in asked])
        return {token: answer[1] for token, answer in zip(asked, answers, strict=True) if answer and answer[0]}

    def execute(self, waiting: Waiting) -> bool:
        """Whether it could be executed now."""
        manager = self.system.manager
        data = execution(manager, waiting.calls)
        try:
            self.evm.call(manager.address, data, sender=self.safe.address)
        except Reverted as refused:
            self.say("the start is refused", self._why(refused))
            return False
        self.safe.simulate(self.safe.transaction(manager.address, data))
        return True

    def withdraw(self, waiting: Waiting) -> None:
        """Cancels what was scheduled: the same may be proposed anew before it is void."""
        manager = self.system.manager
        cancelled = [manager.cancel.encode(self.safe.address, target, data) for target, data in waiting.calls]
        self.safe.simulate(self.safe.transaction(manager.address, batched(manager, cancelled)))

    def _start(self, calls: Calls, last: Mapping[str, Decimal]) -> tuple[bytes, int]:
        """The start as it would be after the other calls."""
        latest = self.evm.now + BOUNDS.days * DAY

        def start(system: System) -> tuple[bytes, int]:
            held, plan = system.index(self.symbol).basket().tokens, system.rebalancer.planOf(self.index)
            given = {}
            for token in held:
                if token not in plan.tokens and not system.oracle.tryPrice(token)[0]:
                    given[token] = int(last[self._names[token]] * 10**18)
            return start_call(system.rebalancer, system.index(self.symbol), latest, BOUNDS, given)

        return start(self.system) if len(calls) == 1 else foreseen(self.system, calls, FORKS, start)

    def _post(self, supplies: Mapping[str, Decimal]) -> bytes:
        tokens, amounts = [], []
        for name, wanted in supplies.items():
            token = self.system.assets.assets[name].address
            posted = Decimal(self.registry.lastPosting(token).amount).scaleb(-18)
            bounded = min(max(wanted, posted * (1 - _STEP)), posted * (1 + _STEP))
            if bounded != wanted:
                self.say(f"the supply of {name} is posted as {bounded:,.0f}", "a posting moves it by a quarter at most")
            tokens.append(token)
            amounts.append(int(bounded.scaleb(18)))
        return bytes(self.registry.post.encode(tokens, amounts))

    def _why(self, refused: Exception) -> str:
        return self.decoder.error(refused.data) if isinstance(refused, Reverted) else str(refused)
