"""What a person of the crowd does next: one operation at random, with what they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from forks import control
from ssi.constants import MAX, NEVER, WAD, ZERO
from ssi.index.bounds import UNBOUNDED
from tools.crowd_world import Crowd

ETHER = 10 * WAD  # at most, for a purchase; what it does not cost comes back
TRIES = 12  # people that are asked before the operation is left
NO_CODE = bytes(32)
# How often each is meant, of a thousand or so. What has nothing to work on yet leaves its turn to another.
OFTEN = {
    "gift": 90, "transfer": 190, "transfer staked": 55, "stake": 130, "request": 75, "cancel request": 18,
    "withdraw": 45, "buy": 55, "sell": 35, "mint": 30, "redeem": 45, "join": 85, "register": 25, "bind": 25,
    "get SOSO": 35, "stake SOSO": 30, "get liquidity": 14, "lock LP": 10, "request LP": 6, "cancel LP": 2,
    "unlock LP": 5, "lock position": 8, "request position": 4, "cancel position": 2, "unlock position": 3,
    "record": 30, "record and claim": 15, "claim": 70, "collect fees": 6, "claim in kind": 4,
}  # fmt: skip


class Acts:
    """The operations by name. Each returns False where no person could do it."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd, self.system, self.holdings, self.random = crowd, crowd.system, crowd.holdings, crowd.random
        self.people = crowd.lived.people
        self.index, self.vault = crowd.index, crowd.vault
        self.soso, self.locker, self.points = self.system.token("SOSO"), self.system.locker, self.system.points
        self.pair, self.positions = crowd.pools.pair, crowd.pools.positions
        self.held: dict[int, str] = {}  # positions in people's hands
        self.liquid: list[str] = []  # people with LP tokens
        self.with_soso: list[str] = []
        self.frozen = False
        self.allowed: set[tuple[str, str, str]] = set()
        self.acts: dict[str, Callable[[], bool]] = {
            name: getattr(self, "_" + name.replace(" ", "_").lower()) for name in OFTEN
        }

    def one(self) -> None:
        """The next operation."""
        names, weights = list(OFTEN), list(OFTEN.values())
        for _ in range(TRIES):
            (name,) = self.random.choices(names, weights)
            if self.acts[name]():
                return

    # ------------------------------------------------------------ choosing

    def person(self, can: Callable[[str], Any] = lambda _: True, among: list[str] | None = None) -> str | None:
        """A person who can and has not acted in this block; counts as one who has."""
        group = self.people if among is None else among
        for _ in range(TRIES if group else 0):
            who = self.random.choice(group)
            if who not in self.crowd.busy and can(who):
                self.crowd.busy.add(who)
                return who
        return None

    def part(self, amount: int) -> int:
        """Of what a person has: mostly a part, now and then all of it, or one wei."""
        return self.random.choice((amount, 1, *[max(1, amount * self.random.randrange(1, 1000) // 1000)] * 8))

    def holder(self, tokens: dict[str, Any]) -> tuple[str, str, int] | None:
        """Symbol, person, and a part of what they have of it."""
        symbol = self.random.choice(list(tokens))
        token = tokens[symbol].address
        who = self.person(lambda who: self.holdings.balances[token, who] > 0)
        return None if who is None else (symbol, who, self.part(self.holdings.balances[token, who]))

    def send(self, kind: str, sender: str, to: Any, data: bytes, value: int = 0, gas: int = 2_000_000) -> bool:
        self.crowd.send(kind, sender, to, data, value, gas)
        return True

    def allow(self, owner: str, token: Any, spender: Any) -> None:
        """Once."""
        key = (owner, token.address, spender.address)
        if key not in self.allowed:
            self.allowed.add(key)
            self.crowd.send("", owner, token, token.approve.encode(spender.address, MAX))

    def trade(self, symbol: str, who: str, stake: bool = False) -> tuple[Any, ...]:
        """An `IIndexRouter.Trade` for ether."""
        return (self.index[symbol].address, ZERO, who, NEVER, 0, b"", stake, NO_CODE)

    # ------------------------------------------------------------ indexes

    def _gift(self) -> bool:
        symbol, to = self.random.choice(list(self.index)), self.random.choice(self.people)
        token = self.index[symbol]
        amount = self.random.randrange(1, 12 * WAD)
        return self.send("gift", self.crowd.whale, token, token.transfer.encode(to, amount))

    def _transfer(self) -> bool:
        return self._moved("transfer", self.index)

    def _transfer_staked(self) -> bool:
        return self._moved("transfer staked", self.vault)

    def _moved(self, kind: str, tokens: dict[str, Any]) -> bool:
        if (found := self.holder(tokens)) is None:
            return False
        symbol, who, amount = found
        to = self.random.choice((who, *[self.random.choice(self.people) for _ in range(30)]))
        amount = 0 if self.random.random() < 0.01 else amount
        return self.send(kind, who, tokens[symbol], tokens[symbol].transfer.encode(to, amount))

    def _buy(self) -> bool:
        if (who := self.person()) is None:
            return False
        symbol, shares = self.random.choice(list(self.index)), self.random.randrange(WAD // 100, 2 * WAD)
        router, order = self.system.router, self.trade(symbol, who, stake=self.random.random() < 0.2)
        return self.send("buy", who, router, router.buy.encode(order, shares, ETHER), ETHER, gas=8_000_000)

    def _sell(self) -> bool:
        if (found := self.holder(self.index)) is None:
            return False
        symbol, who, amount = found
        router = self.system.router
        self.allow(who, self.index[symbol], router)
        data = router.sell.encode(self.trade(symbol, who), min(amount, 3 * WAD), 0)
        return self.send("sell", who, router, data, gas=8_000_000)

    def _mint(self) -> bool:
        symbol, to = self.random.choice(list(self.index)), self.random.choice(self.people)
        index, shares = self.index[symbol], self.random.randrange(1, 5 * WAD)
        data = index.mint.encode(shares, to, *self.crowd.baskets[symbol])
        return self.send("mint", self.crowd.maker, index, data, gas=4_000_000)

    def _redeem(self) -> bool:
        if (found := self.holder(self.index)) is None:
            return False
        symbol, who, amount = found
        if self.random.random() < 0.05:  # PEPE does not move: a claim comes of it
            with self.crowd.at_once():
                control.freeze(self.crowd.rpc, "PEPE", who)
        data = self.index[symbol].redeem.encode(amount, who, who, *UNBOUNDED)
        return self.send("redeem", who, self.index[symbol], data, gas=4_000_000)

    def _claim_in_kind(self) -> bool:
        for index, token, who in sorted(self.holdings.owed):
            if who not in self.crowd.busy:
                with self.crowd.at_once():
                    control.freeze(self.crowd.rpc, "PEPE", who, frozen=False)
                self.crowd.busy.add(who)
                contract = next(each for each in self.index.values() if each.address == index)
                amount = contract.claimOf(token, who)
                return self.send("claim in kind", who, contract, contract.claim.encode(token, amount, who, 0))
        return False

    def _collect_fees(self) -> bool:
        index = self.random.choice(list(self.index.values()))
        return self.send("collect fees", self.crowd.keeper, index, index.collectFees.encode())

    # ------------------------------------------------------------ staking

    def _stake(self) -> bool:
        if (found := self.holder(self.index)) is None:
            return False
        symbol, who, amount = found
        return self._deposited("stake", self.index[symbol], symbol, who, amount)

    def _deposited(self, kind: str, asset: Any, symbol: str, who: str, amount: int) -> bool:
        vault = self.vault[symbol]
        self.allow(who, asset, vault)
        to = who if self.random.random() < 0.95 else self.random.choice(self.people)
        return self.send(kind, who, vault, vault.deposit.encode(amount, to))

    def _get_soso(self) -> bool:
        to = self.random.choice(self.people)
        self.with_soso.append(to)
        amount = self.random.randrange(WAD, 2_000 * WAD)
        return self.send("get SOSO", self.crowd.whale, self.soso, self.soso.transfer.encode(to, amount))

    def _stake_soso(self) -> bool:
        if (who := self.person(among=self.with_soso)) is None or not (amount := self.soso.balanceOf(who)):
            return False
        return self._deposited("stake SOSO", self.soso, "SOSO", who, self.part(amount))

    def _request(self) -> bool:
        if (found := self.holder(self.vault)) is None:
            return False
        symbol, who, amount = found
        return self.send("request", who, self.vault[symbol], self.vault[symbol].requestRedeem.encode(amount, who, who))

    def _leaving(self, matured: bool) -> tuple[str, str] | None:
        now = self.crowd.now
        ready = [key for key, until in self.holdings.exits.items() if (until <= now) == matured]
        if not ready:
            return None
        vault, who = self.random.choice(ready)
        if who in self.crowd.busy or who not in self.people:
            return None
        self.crowd.busy.add(who)
        return vault, who

    def _cancel_request(self) -> bool:
        if (found := self._leaving(matured=False)) is None:
            return False
        vault, who = found
        return self.send("cancel request", who, vault, next(iter(self.vault.values())).cancelRequest.encode(who))

    def _withdraw(self) -> bool:
        if (found := self._leaving(matured=True)) is None:
            return False
        vault, who = found
        contract = next(each for each in self.vault.values() if each.address == vault)
        shares = contract.maxRedeem(who)
        return self.send("withdraw", who, vault, contract.redeem.encode(self.part(shares), who, who))

    # ------------------------------------------------------------ locked liquidity

    def _get_liquidity(self) -> bool:
        """LP tokens, or a position, out of the whale's hands; the locker takes them once governance has listed both."""
        to = self.random.choice(self.people)
        if self.crowd.ids and self.random.random() < 0.2:
            token_id = self.crowd.ids.pop()
            self.held[token_id] = to
            data = self.positions["safeTransferFrom(address,address,uint256)"].encode(self.crowd.whale, to, token_id)
            return self.send("get liquidity", self.crowd.whale, self.positions, data)
        self.liquid.append(to)
        amount = self.random.randrange(10**9, 10**13)
        return self.send("get liquidity", self.crowd.whale, self.pair, self.pair.transfer.encode(to, amount))

    @property
    def _listed(self) -> bool:
        return bool(self.crowd.lived.done["execute"])

    def _lock_lp(self) -> bool:
        if not self._listed or (who := self.person(among=self.liquid)) is None:
            return False
        if not (amount := self.pair.balanceOf(who)):
            return False
        self.allow(who, self.pair, self.locker)
        data = self.locker.lockTokens.encode(self.pair.address, self.part(amount))
        return self.send("lock LP", who, self.locker, data)

    def _request_lp(self) -> bool:
        owners = [who for who, amount in self.holdings.lps.items() if amount]
        if (who := self.person(among=owners)) is None:
            return False
        data = self.locker.requestUnlockTokens.encode(who, self.pair.address, self.part(self.holdings.lps[who]))
        return self.send("request LP", who, self.locker, data)

    def _cancel_lp(self) -> bool:
        if (who := self.person(among=list(self.holdings.cooling))) is None:
            return False
        return self.send("cancel LP", who, self.locker, self.locker.cancelUnlockTokens.encode(who, self.pair.address))

    def _unlock_lp(self) -> bool:
        now = self.crowd.now
        ready = [who for who, until in self.holdings.cooling.items() if until <= now]
        if (who := self.person(among=ready)) is None:
            return False
        return self.send("unlock LP", who, self.locker, self.locker.unlockTokens.encode(who, self.pair.address, who))

    def _lock_position(self) -> bool:
        if not self._listed or not self.held:
            return False
        token_id = self.random.choice(list(self.held))
        if (who := self.held[token_id]) in self.crowd.busy:
            return False
        self.crowd.busy.add(who)
        del self.held[token_id]
        self.send("", who, self.positions, self.positions.approve.encode(self.locker.address, token_id))
        return self.send("lock position", who, self.locker, self.locker.lockPosition.encode(token_id))

    def _locked(self, state: Callable[[int], bool]) -> tuple[int, str] | None:
        found = [(token_id, who) for token_id, (who, until) in self.holdings.positions.items() if state(until)]
        if not found:
            return None
        token_id, who = self.random.choice(found)
        if who in self.crowd.busy:
            return None
        self.crowd.busy.add(who)
        return token_id, who

    def _request_position(self) -> bool:
        if (found := self._locked(lambda until: until == 0)) is None:
            return False
        return self.send("request position", found[1], self.locker, self.locker.requestUnlock.encode(found[0]))

    def _cancel_position(self) -> bool:
        if (found := self._locked(lambda until: until > 0)) is None:
            return False
        return self.send("cancel position", found[1], self.locker, self.locker.cancelUnlock.encode(found[0]))

    def _unlock_position(self) -> bool:
        now = self.crowd.now
        if (found := self._locked(lambda until: 0 < until <= now)) is None:
            return False
        self.held[found[0]] = found[1]
        return self.send("unlock position", found[1], self.locker, self.locker.unlock.encode(*found))

    # ------------------------------------------------------------ points

    def _join(self) -> bool:
        if (who := self.person(lambda who: who not in self.holdings.joined)) is None:
            return False
        return self.send("join", who, self.points, self.points.join.encode())

    def _register(self) -> bool:
        if (who := self.person(lambda who: who not in self.holdings.codes)) is None:
            return False
        code = f"CROWD{self.people.index(who)}".encode().ljust(32, b"\0")
        return self.send("register", who, self.system.referrals, self.system.referrals.register.encode(code))

    def _bind(self) -> bool:
        if not self.holdings.codes or (who := self.person(lambda who: who not in self.holdings.bound)) is None:
            return False
        code = self.random.choice(list(self.holdings.codes.values()))
        return self.send("bind", who, self.system.referrals, self.system.referrals.bind.encode(code))

    def _record(self) -> bool:
        if not (epochs := self.crowd.recordable):
            return False
        recorded = self.holdings.recorded[epochs[0]]
        if (who := self.person(lambda who: who not in recorded, among=list(self.holdings.joined))) is None:
            return False
        return self.send("record", who, self.points, self.points.record.encode(who, epochs[0]))

    def _record_and_claim(self) -> bool:
        if not (epochs := self.crowd.recordable) or not self.crowd.claimable:
            return False
        earlier, now = self.crowd.claimable[-1], epochs[0]
        waiting = [who for who in self.holdings.recorded[earlier] if (earlier, who) not in self.holdings.claimed]
        if (who := self.person(lambda who: who not in self.holdings.recorded[now], among=waiting)) is None:
            return False
        data = self.points.recordAndClaim.encode(now, [earlier], [self.system.token("USDC").address])
        return self.send("record and claim", who, self.points, data)

    def _claim(self) -> bool:
        if not (epochs := self.crowd.claimable):
            return False
        epoch = self.random.choice(epochs)
        recorded = [who for who in self.holdings.recorded[epoch] if (epoch, who) not in self.holdings.claimed]
        if (who := self.person(among=recorded)) is None:
            return False
        data = self.points.claim.encode(epoch, self.system.token("USDC").address)
        return self.send("claim", who, self.points, data)
