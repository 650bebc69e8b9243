"""LpLocker against its integer model, on the real position manager and a real pair.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from ssi.constants import DAY, MAX
from tests.model import locker as model
from tests.stateful.machine import ChainMachine
from tests.support.liquidity import UniswapMarket, new_locker
from tests.support.reverts import reverts
from tests.support.trading import ETHER

LENGTH = 28 * DAY
PEOPLE = ("alice", "bob", "carol")
POOLS = {"V2": 1, "V3": 2, "V3b": 2}
V3_FEES = {"V3": 3000, "V3b": 10000}

PERSON = st.sampled_from(PEOPLE)
PARTS = st.integers(1, 1000)


class LockerMachine(ChainMachine):
    """One pair, two pools of v3; three people with LP tokens and two positions in each; and Mallory, who pokes at all
    of it.
    """

    world: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__(self.world)
        w = self.world
        self.locker, self.market, self.governor, self.pools = w["locker"], w["market"], w["governor"], w["pools"]
        self.homes: dict[int, tuple[str, str]] = w["homes"]  # owner and pool of every position
        self.names = {name: self.evm.account(name) for name in (*PEOPLE, "mallory", "operator")}
        self.model: model.LockerModel = deepcopy(w["model"])
        self.started = self.now
        self.stray = 0

    def refused(self, name: str, **inputs: Any) -> Any:
        return reverts(self.locker.interface[f"LpLocker_{name}"], **inputs)

    @property
    def pair(self) -> str:
        return self.pools["V2"]

    # ------------------------------------------------------------ rules: positions

    @rule(
        seconds=st.one_of(
            st.integers(0, 3),
            st.integers(1, 9 * DAY),
            st.sampled_from([model.COOLDOWN - 1, model.COOLDOWN, LENGTH, 100 * DAY]),
        )
    )
    def time_passes(self, seconds: int) -> None:
        self.pass_time(seconds)

    @rule(epochs=st.integers(0, 2), offset=st.integers(-1, 1))
    def a_boundary_comes(self, epochs: int, offset: int) -> None:
        """The first second of an epoch and its neighbours."""
        m = self.model
        self.now = max(self.now, m.genesis + (m.epoch(self.now) + 1 + epochs) * m.length + offset)
        self.evm.mine_at(self.now)

    @precondition(lambda self: len(self.model.positions) < len(self.homes))
    @rule(data=st.data(), safe=st.booleans())
    def lock_position(self, data: st.DataObject, safe: bool) -> None:
        token_id = data.draw(st.sampled_from(sorted(set(self.homes) - set(self.model.positions))))
        owner, pool = self.homes[token_id]
        who, liquidity = self.names[owner], self.market.liquidity(token_id)
        self.at_now()

        def call() -> None:
            if safe:
                self.market.positions["safeTransferFrom(address,address,uint256)"](
                    who, self.locker.address, token_id, sender=who
                )
            else:
                self.locker.lockPosition(token_id, sender=who)

        if pool in self.model.removed:
            with self.refused("PoolNotOpen", pool=self.pools[pool]):
                call()
            return
        call()
        self.model.lock_position(self.now, owner, pool, token_id, liquidity)

    @precondition(lambda self: self.model.positions)
    @rule(data=st.data(), operated=st.booleans())
    def request(self, data: st.DataObject, operated: bool) -> None:
        token_id = data.draw(st.sampled_from(sorted(self.model.positions)))
        position = self.model.positions[token_id]
        who = self.names["operator" if operated else position.owner]
        self.at_now()
        if position.matures:
            with self.refused("AlreadyRequested", tokenId=token_id, maturesAt=position.matures):
                self.locker.requestUnlock(token_id, sender=who)
            return
        self.locker.requestUnlock(token_id, sender=who)
        self.model.request(self.now, token_id)

    @precondition(lambda self: self.model.positions)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        token_id = data.draw(st.sampled_from(sorted(self.model.positions)))
        position = self.model.positions[token_id]
        who = self.names[position.owner]
        self.at_now()
        try:
            deepcopy(self.model).cancel(self.now, token_id)
        except model.LockerRefused as refused:
            error = (
                ("NothingCooling", {})
                if refused.args == ("cooling",)
                else ("PoolNotOpen", {"pool": self.pools[position.pool]})
            )
            with self.refused(error[0], **error[1]):
                self.locker.cancelUnlock(token_id, sender=who)
            return
        self.locker.cancelUnlock(token_id, sender=who)
        self.model.cancel(self.now, token_id)

    @precondition(lambda self: any(position.matures for position in self.model.positions.values()))
    @rule(data=st.data(), wait=st.booleans())
    def unlock(self, data: st.DataObject, wait: bool) -> None:
        token_id = data.draw(
            st.sampled_from(sorted(n for n, position in self.model.positions.items() if position.matures))
        )
        position = self.model.positions[token_id]
        if wait:
            self.now = max(self.now, position.matures)
        who = self.names[position.owner]
        self.at_now()
        if self.now < position.matures:
            with self.refused("NotMatured", maturesAt=position.matures):
                self.locker.unlock(token_id, who, sender=who)
            return
        self.locker.unlock(token_id, who, sender=who)
        self.model.unlock(self.now, token_id)

    @precondition(lambda self: self.model.positions)
    @rule(data=st.data())
    def collect(self, data: st.DataObject) -> None:
        token_id = data.draw(st.sampled_from(sorted(self.model.positions)))
        before = self.market.liquidity(token_id)
        self.at_now()
        self.locker.collect(token_id, self.names["operator"], sender=self.names[self.model.positions[token_id].owner])
        assert self.market.liquidity(token_id) == before, "L4 fees, and nothing of the liquidity"

    # ------------------------------------------------------------ rules: LP tokens

    @rule(person=PERSON, part=PARTS)
    def lock_tokens(self, person: str, part: int) -> None:
        who = self.names[person]
        amount = self.market.pair.balanceOf(who) * part // 1000
        if amount == 0:
            return
        reserves = [token.balanceOf(self.pair) for token in self.market.tokens]
        liquidity = model.measure(amount, *reserves, *self.market.state()[2:])
        self.at_now()
        if "V2" in self.model.removed:
            with self.refused("PoolNotOpen", pool=self.pair):
                self.locker.lockTokens(self.pair, amount, sender=who)
            return
        if liquidity == 0:
            with self.refused("ZeroAmount"):
                self.locker.lockTokens(self.pair, amount, sender=who)
            return
        self.locker.lockTokens(self.pair, amount, sender=who)
        self.model.lock_tokens(self.now, person, "V2", amount, liquidity)

    @rule(person=PERSON, part=st.one_of(st.just(1000), PARTS), wei=st.booleans(), operated=st.booleans())
    def request_tokens(self, person: str, part: int, wei: bool, operated: bool) -> None:
        held = self.model.tokens[person, "V2"].locked
        amount = min(held, 1) if wei else held * part // 1000
        who = self.names[person]
        sender = self.names["operator"] if operated else who
        self.at_now()
        if amount == 0:
            with self.refused("ExceedsLocked", amount=held + 1, locked=held):
                self.locker.requestUnlockTokens(who, self.pair, held + 1, sender=sender)
            return
        self.locker.requestUnlockTokens(who, self.pair, amount, sender=sender)
        self.model.request_tokens(self.now, person, "V2", amount)

    @rule(person=PERSON)
    def cancel_tokens(self, person: str) -> None:
        who = self.names[person]
        self.at_now()
        try:
            deepcopy(self.model).cancel_tokens(self.now, person, "V2")
        except model.LockerRefused as refused:
            error = ("NothingCooling", {}) if refused.args == ("cooling",) else ("PoolNotOpen", {"pool": self.pair})
            with self.refused(error[0], **error[1]):
                self.locker.cancelUnlockTokens(who, self.pair, sender=who)
            return
        self.locker.cancelUnlockTokens(who, self.pair, sender=who)
        self.model.cancel_tokens(self.now, person, "V2")

    @rule(person=PERSON)
    def unlock_tokens(self, person: str) -> None:
        who, t = self.names[person], self.model.settle(self.now, person, "V2")
        self.at_now()
        if t.matured == 0:
            with self.refused("NotMatured", maturesAt=t.matures):
                self.locker.unlockTokens(who, self.pair, who, sender=who)
            return
        before = self.market.pair.balanceOf(who)
        self.locker.unlockTokens(who, self.pair, who, sender=who)
        paid = self.model.unlock_tokens(self.now, person, "V2")
        assert self.market.pair.balanceOf(who) - before == paid, "L4 all that has matured"

    # ------------------------------------------------------------ rules: Mallory and the market

    @rule(data=st.data(), shares=st.integers(1, 3))
    def stranger_adds_to_a_position(self, data: st.DataObject, shares: int) -> None:
        self.at_now()
        self.market.increase(self.names["mallory"], data.draw(st.sampled_from(sorted(self.homes))), shares / 10)

    @rule(n=st.integers(0, 1), part=st.integers(1, 300))
    def stranger_trades_with_the_pair(self, n: int, part: int) -> None:
        reserve = self.market.state()[n]
        amount = min(reserve * part // 1000, self.market.tokens[n].balanceOf(self.names["mallory"]) // 20)
        if amount:
            self.at_now()
            self.market.swap(self.names["mallory"], n, amount)

    @rule(pool=st.sampled_from(sorted(V3_FEES)), dollars=st.integers(1, 20))
    def stranger_trades_with_a_pool(self, pool: str, dollars: int) -> None:
        self.at_now()
        self.market.trade(self.names["mallory"], dollars, V3_FEES[pool])

    @rule(part=st.integers(1, 500), synced=st.booleans())
    def stranger_gives(self, part: int, synced: bool) -> None:
        """Up to a half of the pair's smaller reserve, or what Mallory can afford."""
        amounts = [
            min(reserve * part // 1000, token.balanceOf(self.names["mallory"]) // 20)
            for reserve, token in zip(self.market.state()[:2], self.market.tokens, strict=True)
        ]
        self.at_now()
        self.market.give(self.names["mallory"], *amounts)
        if synced:
            self.market.pair.sync(sender=self.names["mallory"])

    @rule(shares=st.integers(1, 20))
    def stranger_adds_to_the_pair(self, shares: int) -> None:
        self.at_now()
        self.market.add(self.names["mallory"], shares / 10)

    @rule(part=st.integers(1, 1000))
    def stranger_leaves_the_pair(self, part: int) -> None:
        amount = self.market.pair.balanceOf(self.names["mallory"]) * part // 1000
        if amount > 10**6:
            self.at_now()
            self.market.burn(self.names["mallory"], amount)

    @rule(on=st.booleans())
    def uniswap_takes_a_fee(self, on: bool) -> None:
        self.at_now()
        self.market.protocol_fee(self.names["operator"] if on else ETHER)

    @rule(part=st.integers(1, 500))
    def stranger_sends_tokens_to_the_locker(self, part: int) -> None:
        amount = self.market.pair.balanceOf(self.names["mallory"]) * part // 1000
        self.at_now()
        self.market.pair.transfer(self.locker.address, amount, sender=self.names["mallory"])
        self.stray += amount

    @rule(data=st.data())
    def stranger_tries_what_is_not_theirs(self, data: st.DataObject) -> None:
        """L6: the model knows nothing of it."""
        person, mallory = data.draw(PERSON), self.names["mallory"]
        who = self.names[person]
        calls: list[tuple[Any, ...]] = [
            (self.locker.requestUnlockTokens, who, self.pair, 1), (self.locker.cancelUnlockTokens, who, self.pair),
            (self.locker.unlockTokens, who, self.pair, mallory),
        ]  # fmt: skip
        for token_id, position in self.model.positions.items():
            if position.owner == person:
                calls += [(self.locker.requestUnlock, token_id), (self.locker.cancelUnlock, token_id)]
                calls += [(self.locker.unlock, token_id, mallory), (self.locker.collect, token_id, mallory)]
        method, *args = data.draw(st.sampled_from(calls))
        with self.refused("NotAuthorized", owner=who, caller=mallory):
            method.call(*args, sender=mallory)

    @precondition(lambda self: self.now - self.started > 60 * DAY)
    @rule(pool=st.sampled_from(sorted(POOLS)), really=st.integers(0, 3))
    def remove_pool(self, pool: str, really: int) -> None:
        if really or pool in self.model.removed:
            return
        self.at_now()
        self.locker.removePool(self.pools[pool], sender=self.governor)
        self.model.remove(self.now, pool)

    # ------------------------------------------------------------ invariants

    @invariant()
    def both_agree(self) -> None:
        locker, m, now = self.locker, self.model, self.evm.now
        current = m.epoch(now)
        spans = [
            (0, current + 1),
            (current, current + 1),
            (max(0, current - 1), current + 3),
            (max(0, current - 2), max(1, current - 1)),
        ]
        keys = [(person, pool) for person in PEOPLE for pool in POOLS]
        reads: list[tuple[Any, tuple[Any, ...]]] = [
            (locker.liquidityOf, (self.names[person], self.pools[pool])) for person, pool in keys
        ]
        reads += [
            (locker.liquiditySeconds, (self.names[person], self.pools[pool], *span))
            for person, pool in keys
            for span in spans
        ]
        all_names = [self.names[person] for person in PEOPLE]
        reads += [
            (locker.liquiditySecondsBatch, (all_names, self.pools[pool], *span)) for pool in POOLS for span in spans
        ]
        reads += [(locker.stakeOf, (self.names[person], self.pair)) for person in PEOPLE]
        reads += [(locker.positionOf, (token_id,)) for token_id in self.homes]
        reads += [(self.market.positions.ownerOf, (token_id,)) for token_id in self.homes]
        reads += [(self.market.pair.balanceOf, (locker.address,))]
        answers = self.evm.batch(reads)

        def take(count: int) -> list[Any]:
            taken, answers[:] = answers[:count], answers[count:]
            return taken

        assert take(len(keys)) == [m.weight(*key) for key in keys], "L2 what was recorded, and nothing later"
        integrals = [m.liquidity_seconds(now, *key, *span) for key in keys for span in spans]
        assert take(len(integrals)) == integrals, "L1 every integral is the definition"
        together = [
            [m.liquidity_seconds(now, person, pool, *span) for person in PEOPLE] for pool in POOLS for span in spans
        ]
        assert take(len(together)) == together, "L1 of many accounts in one call"

        held = 0
        for person, stake in zip(PEOPLE, take(len(PEOPLE)), strict=True):
            t = deepcopy(m.settle(now, person, "V2"))
            cooling = 0 if "V2" in m.removed and not t.matures else t.liquidity
            assert tuple(stake) == (
                t.locked,
                m.weight(person, "V2"),
                t.cooling,
                cooling,
                t.matures,
                t.matured,
            ), "L5 timers"
            held += t.locked + t.cooling + t.matured
            reserve0, reserve1, _, supply = self.market.state()
            assert (stake.liquidity * supply) ** 2 <= stake.locked**2 * reserve0 * reserve1, (
                "L3 no more than it stands for"
            )

        for token_id, position in zip(self.homes, take(len(self.homes)), strict=True):
            mine = m.positions.get(token_id)
            expected = (
                (self.names[mine.owner], self.pools[mine.pool], mine.liquidity, mine.matures)
                if mine
                else (ETHER, ETHER, 0, 0)
            )
            assert tuple(position) == expected, "L5 timers"
        for token_id, owner in zip(self.homes, take(len(self.homes)), strict=True):
            assert owner == (self.locker.address if token_id in m.positions else self.names[self.homes[token_id][0]]), (
                "L4 custody"
            )
            if token_id in m.positions:
                assert self.market.liquidity(token_id) >= m.positions[token_id].liquidity, (
                    "L3 no more than it stands for"
                )
        assert take(1) == [held + self.stray], "L4 custody"

    @invariant()
    def all_can_leave(self) -> None:
        for token_id, position in self.model.positions.items():
            who = self.names[position.owner]
            if not position.matures:
                assert self.locker.requestUnlock.call(token_id, sender=who, at=self.now) == self.now + model.COOLDOWN, (
                    "L4 leaving"
                )
            else:
                self.locker.unlock.call(token_id, who, sender=who, at=max(self.now, position.matures))
        for person in PEOPLE:
            t, who = self.model.settle(self.now, person, "V2"), self.names[person]
            if t.locked:
                matures = self.locker.requestUnlockTokens.call(who, self.pair, t.locked, sender=who, at=self.now)
                assert matures == self.now + model.COOLDOWN, "L4 leaving"
            if t.cooling or t.matured:
                paid = self.locker.unlockTokens.call(who, self.pair, who, sender=who, at=max(self.now, t.matures))
                assert paid == t.cooling + t.matured, "L4 leaving"


def test_the_locker_is_its_model(evm, project, system, authority, owner):
    from hypothesis.stateful import run_state_machine_as_test

    market = UniswapMarket(system)
    locker = new_locker(evm, project, authority, market, owner, LENGTH)
    pools = {"V2": market.pair.address} | {name: pool.address for name, pool in market.pools.items()}
    for name, kind in POOLS.items():
        locker.addPool(pools[name], kind, sender=owner)
    homes: dict[int, tuple[str, str]] = {}
    for person in ("mallory", *PEOPLE):
        who = evm.account(person)
        market.fund(who, 200, 40_000)
        for pool, fee in V3_FEES.items():
            for shares in (3, 0.0001):
                token_id = market.position(who, shares, fee=fee)
                if person != "mallory":
                    homes[token_id] = person, pool
        market.add(who, 10)
        market.positions.setApprovalForAll(locker.address, True, sender=who)
        market.pair.approve(locker.address, MAX, sender=who)
        locker.setOperator(evm.account("operator"), True, sender=who)
    LockerMachine.world = {
        "evm": evm,
        "locker": locker,
        "market": market,
        "governor": owner,
        "pools": pools,
        "homes": homes,
        "now": evm.now,
        "model": model.LockerModel(locker.epochGenesis(), LENGTH),
    }
    run_state_machine_as_test(LockerMachine)
