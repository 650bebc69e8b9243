"""What all actors' rules stand on: a transaction that the models hear, the document of who may gain and lose, and
reorganisations.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any, ClassVar

from eth_utils import keccak

from ssi.chain.evm import Deployed, Method, Receipt, Reverted
from ssi.constants import DAY, ZERO
from tests.stateful.machine import ChainMachine
from tests.stateful.protocol.books import RECEIVERS, Books, Possessions, names_of
from tests.stateful.protocol.reading import FixedReads
from tests.stateful.protocol.wealth import ACCOUNTS, PARTIES, POOLS, UNISSUED, Valuer
from tests.stateful.protocol.world import HOSTILE, PEOPLE, REAL, ProtocolWorld
from tests.support.quirk_tokens import Quirk

ANY = 10**60  # D18 USD: no bound
FRESH = 3 * DAY  # feeds of the shop are never older
MARK = 4  # steps between two marks, to which a reorganisation goes back
KEPT = 3  # marks


def _topic(text: str) -> str:
    return "0x" + keccak(text=text).hex()


TRANSFER = _topic("Transfer(address,address,uint256)")
DEPOSIT = _topic("Deposit(address,address,uint256,uint256)")
REWARDS = _topic("RewardsAdded(address,uint256,uint256,uint256)")
CLAIMED = _topic("Claimed(address,address,address,uint256,uint256)")
SAMPLED = _topic("PriceSampled(uint256,uint256,address,uint256)")


class ProtocolBase(ChainMachine):
    """The chain, the books, and what a step may move."""

    world: ClassVar[ProtocolWorld]
    opened: ClassVar[Books]
    reads: ClassVar[FixedReads]
    value: ClassVar[Valuer]
    met: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__({"evm": self.world.evm, "now": self.opened.now})
        self.w, self.b = self.world, deepcopy(self.opened)
        self.s = self.w.system
        self.accounts = self.w.accounts
        self.names = names_of(self.w)
        self.known = {token.address.lower(): name for name, token in (self.w.indexes | self.w.vaults).items()}
        self.tokens = {token.address.lower(): name for name, token in self.w.tokens.items()}
        s = self.s
        contracts = (
            *self.w.indexes.values(), *self.w.vaults.values(), self.w.odd, s.rebalancer, s.locker, s.manager,
            s.distributor, s.prices, s.points,
        )  # fmt: skip
        self.errors = {e.hash[:4]: e.name for c in contracts for e in c.interface.kinds("error")}
        self.errors[keccak(text="SafeERC20FailedOperation(address)")[:4]] = "SafeERC20FailedOperation"
        self.errors[keccak(text="AccessManagedUnauthorized(address)")[:4]] = "AccessManagedUnauthorized"
        self.steps = 0
        self.marks: list[tuple[str, int, Books]] = []
        self.forget_document()
        self.remember()

    # ------------------------------------------------------------ transactions

    def act(self, method: Method, *args: Any, sender: str, value: int = 0) -> Receipt:
        """A transaction now, and its events told to the models."""
        self.at_now()
        receipt: Receipt = method(*args, sender=sender, value=value)
        self.hear(receipt.logs)
        return receipt

    def expect(self, error: str | None, method: Method, *args: Any, sender: str) -> Receipt | None:
        """A transaction that must succeed, or must be refused with this error and changes nothing."""
        if error is None:
            return self.act(method, *args, sender=sender)
        told = self.refusal(method, *args, sender=sender)
        assert told == error, f"expected {error}, got {told or 'no revert'}"
        return None

    def refusal(self, method: Method, *args: Any, sender: str, at: int | None = None) -> str | None:
        """The name of the error that a call meets now, None where it succeeds."""
        try:
            method.call(*args, sender=sender, at=self.now if at is None else at)
        except Reverted as reverted:
            return self.errors.get(reverted.data[:4], f"0x{reverted.data.hex()}")
        return None

    def ask(self, method: Method, *args: Any, sender: str) -> Any:
        """What a call would return now."""
        return method.call(*args, sender=sender, at=self.now)

    # ------------------------------------------------------------ events

    def hear(self, logs: list[dict[str, Any]]) -> None:
        """The models do what the events say, and must come to the same results."""
        for log in logs:
            kind, topics = self.known.get(log["address"].lower()), log["topics"]
            if topics[0] == SAMPLED:
                epoch, slot = int(topics[1], 16), int(topics[2], 16)
                token = self._named_token("0x" + topics[3][-40:])
                self.b.points.samples[epoch].setdefault(slot, {})[token] = int(log["data"], 16)
            elif kind is None:
                continue
            elif topics[0] == TRANSFER:
                giver, taker = ("0x" + topic[-40:] for topic in topics[1:])
                self._moved(kind, giver, taker, int(log["data"], 16))
            elif topics[0] == DEPOSIT and kind in self.b.vaults:
                assets, shares = (int(log["data"][2 + 64 * n : 66 + 64 * n], 16) for n in (0, 1))
                told = self.b.vaults[kind].deposit(self.now, assets, self._name("0x" + topics[2][-40:]))
                assert told == shares, "S12 a deposit is its model's"
            elif topics[0] == REWARDS and kind in self.b.vaults:
                self.b.vaults[kind].add_rewards(self.now, int(log["data"][2:66], 16))
            elif topics[0] == CLAIMED and kind in self.b.indexes:
                token, who = (self._named_token("0x" + topics[1][-40:]), self._name("0x" + topics[2][-40:]))
                amount, paid = (int(log["data"][2 + 64 * n : 66 + 64 * n], 16) for n in (0, 1))
                told = self.b.indexes[kind].claim(self.now, token, who, amount)
                assert told == paid, "I3 a claim is its model's"

    def _name(self, address: str) -> str:
        return self.names.get(address, address)

    def _named_token(self, address: str) -> str:
        return self.known.get(address) or self.tokens.get(address, address)

    def _moved(self, kind: str, giver: str, taker: str, value: int) -> None:
        one, other = self._name(giver), self._name(taker)
        if kind in self.b.indexes:
            self._shares_moved(kind, one, other, value)
        elif ZERO not in (giver, taker):
            self.b.vaults[kind].transfer(self.now, one, other, value)
        if kind != HOSTILE:
            self.b.points.transfer(self.now, kind, one, other, value)

    def _shares_moved(self, symbol: str, giver: str, taker: str, value: int) -> None:
        model = self.b.indexes[symbol]
        if giver == ZERO and taker == RECEIVERS[symbol]:
            assert model.collect_fees(self.now) == value, "I7 fees are time alone"
        elif giver == ZERO:
            model.mint(self.now, value, taker)
        elif taker == ZERO:
            stuck = self.b.quirk in (Quirk.FROZEN, Quirk.FALSE)
            model.redeem(self.now, value, giver, frozenset({"ODD"} if stuck else ()))
        else:
            model.transfer(giver, taker, value)

    # ------------------------------------------------------------ documents

    def forget_document(self) -> None:
        """Nothing may move, until a rule says what."""
        self.gain: dict[str, int] = {}
        self.lose: dict[str, int] = {}
        self.actors: set[str] = set()
        self.group: set[str] = set()
        self.group_loss = 0

    def document(self, actor: str, loss: int = 0, gain: int = 0) -> None:
        """This party acts; they lose and gain no more than so many D18 USD."""
        self.actors.add(actor)
        self.lose[actor] = self.lose.get(actor, 0) + loss
        self.gain[actor] = self.gain.get(actor, 0) + gain

    def exchange(self, *parties: str, loss: int = 0) -> None:
        """What one of these gains, another one of them loses; all of them together lose no more than `loss`."""
        self.group |= set(parties)
        self.group_loss += loss

    def check_document(self, wealth: dict[str, int]) -> None:
        """No wealth grows without another's documented loss, and none shrinks without a document."""
        before, strict = self.b.wealth, 10**9
        moved = {party: wealth[party] - before[party] for party in PARTIES}
        for party, change in moved.items():
            if party not in self.group:
                most = self.gain.get(party, 0) + (strict if party in self.actors else self.value.crumbs)
                assert change <= most, f"X1 {party} gains {change / 1e18:.9f} USD, and no more than {most / 1e18:.9f}"
                least = -self.lose.get(party, 0) - self.value.crumbs
                assert change >= least, f"X2 {party} loses {-change / 1e18:.9f} USD of {-least / 1e18:.9f} documented"
        together = sum(moved[party] for party in self.group)
        most, least = (sum(of.get(party, 0) for party in self.group) for of in (self.gain, self.lose))
        assert together <= most + self.value.crumbs, "X1 an exchange brings no party anything new"
        assert together >= -least - self.group_loss - self.value.crumbs, "X2 and costs what is documented"
        for party in self.group | set(self.gain):
            self.b.documented[party] += max(0, moved[party])

    def all_may_lose(self, losses: dict[str, int]) -> None:
        """Adds to what each party may lose, D18 USD."""
        for party, loss in losses.items():
            self.lose[party] = self.lose.get(party, 0) + loss

    def in_index(self, symbol: str) -> dict[str, int]:
        """D18 USD of each party's shares of an index, staked ones included, after the last step."""
        model, share = self.b.indexes[symbol], self.b.share.get(symbol, 0)
        vault, found = self.b.vaults["sMAG7"], {}
        for party, accounts in ACCOUNTS.items():
            shares = sum(model.balances[who] for who in accounts)
            if symbol == REAL:
                shares += sum(vault.assets(self.now, vault.balances[who]) + self.leaving(who) for who in accounts)
            found[party] = shares * share // 10**36
        found[POOLS] = sum(held for who, held in model.balances.items() if who.startswith("pool ")) * share // 10**36
        return found

    def leaving(self, who: str, vault: str = "sMAG7") -> int:
        """{asset} that cools or has matured."""
        model = self.b.vaults[vault]
        return model.pending(self.now, who)[0] + model.claimable(self.now, who)[0]

    # ------------------------------------------------------------ time

    def wait(self, seconds: int) -> None:
        """Lets time pass, with feeds of the shop that keep up; fees are documented losses, vested rewards gains."""
        points, end = self.b.points, self.now + seconds
        before = {symbol: model.multiplier(self.now) for symbol, model in self.b.indexes.items()}
        held = {symbol: self.in_index(symbol) for symbol in self.b.indexes}
        worth = {name: vault.total(self.now) for name, vault in self.b.vaults.items()}
        while points.end(points.epoch(self.now)) <= end:
            self.now = points.end(points.epoch(self.now))
            for name, vault in self.b.vaults.items():
                points.rate_is(self.now - 1, name, vault.rate(self.now))
            self.remember()
        self.now = self.b.now = end
        self.evm.mine_at(end)
        for symbol, model in self.b.indexes.items():
            fee = before[symbol] - model.multiplier(end)
            # A fraction of a bp is what both roundings of a multiplier differ by.
            self.all_may_lose({p: v * fee // before[symbol] + v // 10**15 + 1 for p, v in held[symbol].items()})
        self.gain[UNISSUED] = ANY
        for name, vault in self.b.vaults.items():
            vested = vault.total(end) - worth[name]
            share = self.b.share.get(REAL, 0) if name == "sMAG7" else 0
            for party, accounts in ACCOUNTS.items():
                part = sum(vault.balances[who] for who in accounts)
                usd = vested * part // max(1, vault.supply) * share // 10**36
                self.gain[party] = self.gain.get(party, 0) + usd
        if end - self.b.updated > FRESH:
            self.keep_up()

    def keep_up(self) -> None:
        """The feeds of the shop answer anew."""
        self.at_now()
        self.w.feeds_keep_up(self.b.answers)
        self.b.updated = self.now

    def remember(self) -> None:
        """What all people have now, for points."""
        for person in PEOPLE:
            vault = self.b.vaults["sMAG7"]
            holding = Possessions(
                self.b.indexes[REAL].balances[person],
                vault.assets(self.now, vault.balances[person]) + 1,
                self.b.locker.weight(person, "pool"),
            )
            moments = self.b.moments[person, self.b.points.epoch(self.now)]
            if not moments or moments[-1] != holding:
                moments.append(holding)

    # ------------------------------------------------------------ reorganisations

    def mark(self) -> None:
        """A place to which a reorganisation may go back."""
        self.marks.append((self.evm.rpc.call("evm_snapshot"), self.now, deepcopy(self.b)))
        del self.marks[:-KEPT]

    def go_back(self, marks: int) -> None:
        """The chain forgets all since so many marks ago, and so do the books."""
        snapshot, self.now, books = self.marks[-marks]
        del self.marks[-marks:]
        self.evm.rpc.call("evm_revert", snapshot)
        self.b = books
        self.mark()

    def of(self, contract: Deployed, name: str) -> Method:
        """A function by name."""
        return Method(contract, contract.interface[name])
