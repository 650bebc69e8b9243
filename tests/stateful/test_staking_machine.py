"""StakedToken against its integer model: after any events in any order, both agree to the wei.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.model import staking as model
from tests.model.staking import DAY, MAX_COOLDOWN, VIRTUAL
from tests.support.reverts import reverts
from tests.support.staking import WHOLE, Vault, refusal

HOLDERS = ("alice", "bob", "carol")
PEOPLE = (*HOLDERS, "mallory")  # who has shares only as a gift

# From a wei to thousands of whole tokens.
ASSETS = st.one_of(st.integers(1, 10), st.integers(10**15, 10**19), st.integers(10**19, 10**22))
PARTS = st.one_of(st.just(1000), st.integers(1, 1000))
PERSON = st.sampled_from(PEOPLE)
HOLDER = st.sampled_from(HOLDERS)


class Queued(NamedTuple):
    """{asset} of a request, when it was last restarted, and the shortest cooldown there has been since.

    By definition, without parking.
    """

    assets: int
    since: int
    shortest: int

    def matured(self, now: int) -> bool:
        return now >= self.since + self.shortest


class StakingMachine(RuleBasedStateMachine):
    """One vault, three holders, one who grieves them, and everything that can happen."""

    world: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        w = self.world
        self.evm, self.vault, self.asset, self.owner = w["evm"], w["vault"], w["asset"], w["owner"]
        self.names: dict[str, str] = {name: self.evm.account(name) for name in PEOPLE}
        self.snapshot = self.evm.rpc.call("evm_snapshot")
        self.model: model.StakingModel = deepcopy(w["model"])
        self.now: int = w["now"]
        self.donated = 0
        self.pockets = dict.fromkeys(PEOPLE, w["each"])
        self.queues: dict[str, list[Queued]] = {person: [] for person in PEOPLE}
        self.claimed = dict.fromkeys(PEOPLE, 0)
        self.closed_rates: dict[int, int] = {}
        self.lowest_price = Fraction(1)

    def teardown(self) -> None:
        try:
            self.all_leave()
        finally:
            self.evm.rpc.call("evm_revert", self.snapshot)

    # ------------------------------------------------------------ both at once

    def price(self) -> Fraction:
        """{asset/share}, not rounded."""
        return Fraction(self.model.total(self.now) + VIRTUAL, self.model.supply + VIRTUAL)

    def worth(self, person: str) -> Fraction:
        """{asset} in and out of the vault that belong to an account now, not rounded."""
        cooling, _, _, claimable, _ = self.model.exit_of(self.now, person)
        return self.model.balances[person] * self.price() + cooling + claimable + self.pockets[person]

    def both(self, act: Callable[[model.StakingModel], Any], method: str, *args: Any, sender: str) -> Any:
        """Does the same to the model and to the contract: both refuse alike, and it is None; or both agree on the
        result, and it is that.

        `act` and `args` speak of people by name.
        """
        call = getattr(self.vault, method)
        addresses = [self.names.get(arg, arg) for arg in args]
        caller = self.names.get(sender, sender)
        worth = {person: self.worth(person) for person in PEOPLE}
        try:
            expected = act(self.model)
        except model.IndexRefused as refused:
            entry, inputs = refusal(self.vault, refused, self.names)
            with reverts(entry, **inputs):
                call.call(*addresses, sender=caller, at=self.now)
            return None
        returned = call.call(*addresses, sender=caller, at=self.now)
        self.evm.next_at(self.now)
        call(*addresses, sender=caller)
        if call.entry.outputs and method not in ("requestRedeem", "setOperator"):
            assert returned == expected, "S12 what a call returns"
        self.unmoved = worth
        return True if expected is None else expected

    def others_unmoved(self, *actors: str) -> None:
        """No other account is poorer, nor richer by more than a share-wei's worth, which rounding leaves to all; and no
        actor is richer.
        """
        for person, before in self.unmoved.items():
            after = self.worth(person)
            if person in actors:
                continue
            assert before <= after, f"S4 {person} has lost by what another account did"
            assert after <= before + self.price() + 1, f"S4 {person} has gained by what another account did"
        actors_before = sum(self.unmoved[person] for person in set(actors))
        actors_after = sum(self.worth(person) for person in set(actors))
        assert actors_after <= actors_before, "S4 moving in and out gains nothing"

    # ------------------------------------------------------------ time

    def until(self, moment: int) -> None:
        """Time alone: all stakers earn their parts of what vests, and no more."""
        before, total = {person: self.worth(person) for person in PEOPLE}, self.model.total(self.now)
        self.now = moment
        self.evm.mine_at(moment)
        vested = self.model.total(moment) - total
        assert vested >= 0
        for person in PEOPLE:
            part = Fraction(vested * self.model.balances[person], self.model.supply + VIRTUAL)
            assert self.worth(person) - before[person] == part, "S7 no more than the rewards of their time"

    @rule(
        seconds=st.one_of(
            st.integers(0, 3), st.integers(1, 2 * DAY), st.sampled_from([DAY - 1, DAY, DAY + 1, MAX_COOLDOWN, 60 * DAY])
        )
    )
    def time_passes(self, seconds: int) -> None:
        self.until(self.now + seconds)

    @rule(data=st.data(), offset=st.integers(-1, 1))
    def time_comes(self, data: st.DataObject, offset: int) -> None:
        """Next to a moment when something changes: a request matures, the stream or the epoch ends, the cooldown may be
        raised.
        """
        m = self.model
        epoch = m.genesis + (m.epoch(self.now) + 1) * m.length
        moments = [moment for person in PEOPLE if (moment := m.matures(person)) is not None]
        moments += [epoch, epoch + m.length, m.stream.start + m.stream.duration, (m.cut or 0) + MAX_COOLDOWN]
        ahead = sorted({moment + offset for moment in moments if moment + offset > self.now})
        self.until(data.draw(st.sampled_from(ahead)))

    # ------------------------------------------------------------ joining

    def spend(self, person: str, assets: int) -> None:
        self.pockets[person] -= assets

    @initialize(stakes=st.lists(st.tuples(HOLDER, ASSETS), max_size=3))
    def begin(self, stakes: list[tuple[str, int]]) -> None:
        for person, assets in stakes:
            self.deposit(person, person, assets)

    @rule(person=PERSON, receiver=PERSON, assets=ASSETS)
    def deposit(self, person: str, receiver: str, assets: int) -> None:
        previewed = self.vault.previewDeposit.call(assets, at=self.now)
        shares = self.both(lambda m: m.deposit(self.now, assets, receiver), "deposit", assets, receiver, sender=person)
        if shares is not None:
            assert previewed == shares, "S12 previews are outcomes"
            self.spend(person, assets)
            self.others_unmoved(person, receiver)

    @rule(person=PERSON, receiver=PERSON, shares=ASSETS)
    def mint(self, person: str, receiver: str, shares: int) -> None:
        previewed = self.vault.previewMint.call(shares, at=self.now)
        if previewed > self.pockets[person]:
            return
        assets = self.both(lambda m: m.mint(self.now, shares, receiver), "mint", shares, receiver, sender=person)
        if assets is not None:
            assert previewed == assets, "S12 previews are outcomes"
            self.spend(person, assets)
            self.others_unmoved(person, receiver)

    @rule(person=PERSON, assets=ASSETS)
    def add_rewards(self, person: str, assets: int) -> None:
        if self.both(lambda m: m.add_rewards(self.now, assets), "addRewards", assets, sender=person):
            self.spend(person, assets)
            self.others_unmoved(person)
            worth = {who: self.worth(who) for who in HOLDERS if who != person}
            assert all(self.unmoved[who] == now for who, now in worth.items()), "S4 what has not vested is in no price"

    @rule(assets=ASSETS)
    def donate(self, assets: int) -> None:
        read = [
            (self.vault.totalAssets, ()),
            (self.vault.exchangeRate, ()),
            (self.vault.maxDeposit, (self.owner,)),
        ]
        before = self.evm.batch(read)
        self.evm.next_at(self.now)
        self.asset.transfer(self.vault.address, assets, sender=self.names["mallory"])
        self.spend("mallory", assets)
        self.donated += assets
        assert self.evm.batch(read) == before, "S11 donations move nothing"

    # ------------------------------------------------------------ leaving

    def stakers(self) -> list[str]:
        return [person for person in PEOPLE if self.model.balances[person]]

    def leavers(self) -> list[str]:
        return [person for person in PEOPLE if self.model.pending(self.now, person) != (0, 0)]

    def claimants(self) -> list[str]:
        return [person for person in PEOPLE if self.model.claimable(self.now, person) != (0, 0)]

    @precondition(lambda self: self.stakers())
    @rule(data=st.data(), part=PARTS)
    def leave(self, data: st.DataObject, part: int) -> None:
        owner = data.draw(st.sampled_from(self.stakers()))
        self.request(owner, owner, owner, part)

    @precondition(lambda self: self.stakers())
    @rule(data=st.data(), caller=PERSON, controller=PERSON, part=PARTS)
    def request_for_others(self, data: st.DataObject, caller: str, controller: str, part: int) -> None:
        """From any account, for any other, of any shares; often refused."""
        self.request(caller, controller, data.draw(st.sampled_from(self.stakers())), part)

    def request(self, caller: str, controller: str, owner: str, part: int) -> None:
        shares = self.model.balances[owner] * part // 1000
        before = {person: self.model.matures(person) for person in PEOPLE}
        assets = self.both(
            lambda m: m.request_redeem(self.now, shares, controller, owner, caller),
            "requestRedeem", shares, controller, owner, sender=caller,
        )  # fmt: skip
        if assets is None:
            return
        assert caller == controller or (controller, caller) in self.model.operators, (
            "S3 a timer moves only by its owner"
        )
        for person in PEOPLE:
            if person != controller:
                assert self.model.matures(person) == before[person], "S3 a timer moves only by its owner"
        queue = [
            entry if entry.matured(self.now) else Queued(entry.assets, self.now, self.model.cooldown)
            for entry in self.queues[controller]
        ]
        self.queues[controller] = [*queue, Queued(assets, self.now, self.model.cooldown)]
        self.others_unmoved(caller, controller, owner)

    @precondition(lambda self: self.stakers())
    @rule(owner=HOLDER, victim=HOLDER, part=PARTS)
    def grief(self, owner: str, victim: str, part: int) -> None:
        """With any allowance, naming another account's timer."""
        shares = self.model.balances[owner] * part // 1000
        if shares and (victim, "mallory") not in self.model.operators:
            entry = self.vault.interface["StakedToken_NotAuthorized"]
            for method, args in (
                ("requestRedeem", (shares, self.names[victim], self.names[owner])),
                ("cancelRequest", (self.names[victim],)),
            ):
                with reverts(entry, controller=self.names[victim], caller=self.names["mallory"]):
                    getattr(self.vault, method).call(*args, sender=self.names["mallory"], at=self.now)

    @precondition(lambda self: self.leavers())
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        controller = data.draw(st.sampled_from(self.leavers()))
        self.cancel(controller, controller)

    @rule(caller=PERSON, controller=PERSON)
    def cancel(self, caller: str, controller: str) -> None:
        if (
            self.both(lambda m: m.cancel(self.now, controller, caller), "cancelRequest", controller, sender=caller)
            is not None
        ):
            assert caller == controller or (controller, caller) in self.model.operators, (
                "S3 a timer moves only by its owner"
            )
            self.queues[controller] = [entry for entry in self.queues[controller] if entry.matured(self.now)]
            self.others_unmoved(controller)

    @precondition(lambda self: self.claimants())
    @rule(data=st.data(), receiver=PERSON, part=PARTS, exact=st.booleans())
    def claim_own(self, data: st.DataObject, receiver: str, part: int, exact: bool) -> None:
        controller = data.draw(st.sampled_from(self.claimants()))
        self.claim(controller, controller, receiver, part, exact)

    @rule(caller=PERSON, controller=PERSON, receiver=PERSON, part=st.integers(0, 1200), exact=st.booleans())
    def claim(self, caller: str, controller: str, receiver: str, part: int, exact: bool) -> None:
        """Shares by `redeem`, or exact assets by `withdraw`; sometimes more than there is, or another's;
        often refused.
        """
        assets, shares = self.model.claimable(self.now, controller)
        held = self.asset.balanceOf(self.names[receiver])
        wanted = -(-(assets if exact else shares) * part // 1000)
        if exact:
            result = self.both(
                lambda m: m.withdraw(self.now, wanted, controller, caller),
                "withdraw",
                wanted,
                receiver,
                controller,
                sender=caller,
            )
        else:
            result = self.both(
                lambda m: m.redeem(self.now, wanted, controller, caller),
                "redeem",
                wanted,
                receiver,
                controller,
                sender=caller,
            )
        if result is None:
            return
        paid = wanted if exact else result
        assert self.asset.balanceOf(self.names[receiver]) - held == paid
        self.pockets[receiver] += paid
        self.claimed[controller] += paid
        due = sum(entry.assets for entry in self.queues[controller] if entry.matured(self.now))
        assert self.claimed[controller] <= due, "S6 no staker claims before the cooldown after their last request"
        self.others_unmoved(controller, receiver)

    # ------------------------------------------------------------ rights

    @rule(controller=PERSON, operator=PERSON, approved=st.booleans())
    def set_operator(self, controller: str, operator: str, approved: bool) -> None:
        def act(m: model.StakingModel) -> None:
            (m.operators.add if approved else m.operators.discard)((controller, operator))

        self.both(act, "setOperator", operator, approved, sender=controller)

    @rule(owner=HOLDER, spender=PERSON, value=st.one_of(ASSETS, st.just(model.UNLIMITED)))
    def approve(self, owner: str, spender: str, value: int) -> None:
        self.evm.next_at(self.now)
        self.vault.approve(self.names[spender], value, sender=self.names[owner])
        self.model.allowances[owner, spender] = value

    @rule(person=PERSON, to=PERSON, part=st.integers(0, 1000))
    def transfer(self, person: str, to: str, part: int) -> None:
        value = self.model.balances[person] * part // 1000
        self.evm.next_at(self.now)
        before = self.model.state.total(self.now)
        self.vault.transfer(self.names[to], value, sender=self.names[person])
        self.model.transfer(self.now, person, to, value)
        assert self.model.state.total(self.now) == before

    @rule(
        seconds=st.one_of(
            st.integers(0, MAX_COOLDOWN), st.sampled_from([0, DAY, 7 * DAY, MAX_COOLDOWN, MAX_COOLDOWN + 1])
        )
    )
    def set_cooldown(self, seconds: int) -> None:
        before = {person: self.model.claimable(self.now, person) for person in PEOPLE}
        if self.both(lambda m: m.set_cooldown(self.now, seconds), "setCooldown", seconds, sender=self.owner):
            for person in PEOPLE:
                assert self.model.claimable(self.now, person) >= before[person], (
                    "S5 matured never shrinks except by claim"
                )
                self.queues[person] = [
                    entry._replace(shortest=min(entry.shortest, seconds)) for entry in self.queues[person]
                ]

    @rule(person=HOLDER, rewards=ASSETS, assets=ASSETS, hours=st.integers(0, 24))
    def sandwich(self, person: str, rewards: int, assets: int, hours: int) -> None:
        """Around a distribution, and gone again in the same block or on the same day: tried, and undone."""
        others = self.model.supply
        shares = self.model.shares(self.now, assets)
        if shares == 0:
            return
        snapshot = self.evm.rpc.call("evm_snapshot")
        try:
            thief, then = self.names["mallory"], self.now + hours * 3600
            self.asset.mint(thief, assets, sender=thief)
            self.evm.next_at(self.now)
            self.vault.deposit(assets, thief, sender=thief)
            self.evm.next_at(self.now)
            self.vault.addRewards(rewards, sender=self.names[person])
            total, start = self.vault.totalAssets.call(at=then), self.vault.totalAssets.call(at=self.now)
            before = self.vault.exitOf.call(thief, at=then).coolingAssets
            self.evm.next_at(then)
            self.vault.requestRedeem(shares, thief, thief, sender=thief)
            worth = self.vault.exitOf.call(thief, at=then)
            got = worth.coolingAssets + worth.claimableAssets - before - self.model.claimable(then, "mallory")[0]
            fair = assets + (total - start) * shares // (others + shares + VIRTUAL) + 1
            if before == 0:
                assert got <= (assets if hours == 0 else fair), (
                    "S4 a one-block or same-day stake earns nothing that belongs to others"
                )
        finally:
            self.evm.rpc.call("evm_revert", snapshot)
            self.evm.mine_at(self.now)

    # ------------------------------------------------------------ invariants

    @invariant()
    def both_agree(self) -> None:
        v, m, now = self.vault, self.model, self.now
        epoch = m.epoch(now)
        epochs = sorted({0, max(0, epoch - 1), epoch})
        plain = [
            v.totalAssets,
            v.issuedSupply,
            v.assetsSetAside,
            v.cooldown,
            v.unvestedRewards,
            v.exchangeRate,
            v.currentApr,
            v.rewardStream,
        ]
        reads: list[tuple[Any, tuple[Any, ...]]] = [(read, ()) for read in plain]
        reads += [(v.maxDeposit, (self.owner,)), (v.maxMint, (self.owner,)), (self.asset.balanceOf, (v.address,))]
        reads += [(v.exchangeRateAt, (e,)) for e in epochs] + [(v.epochApr, (e,)) for e in epochs]
        for person in PEOPLE:
            who = self.names[person]
            reads += [(v.balanceOf, (who,)), (v.exitOf, (who,)), (v.maxWithdraw, (who,)), (v.maxRedeem, (who,))]
            reads += [
                (v.pendingRedeemRequest, (0, who)),
                (v.claimableRedeemRequest, (0, who)),
                (self.asset.balanceOf, (who,)),
            ]
            reads += [(v.convertToAssets, (m.balances[person],)), (v.convertToShares, (m.balances[person],))]
        answers = self.evm.batch(reads)

        *amounts, stream, max_deposit, max_mint, real = answers[:11]
        aside = m.cooling + self.donated
        assert amounts == [m.total(now), m.supply, aside, m.cooldown, m.unvested(now), m.rate(now), m.current_apr(now)]
        assert tuple(stream) == m.stream
        assert (max_deposit, max_mint) == (m.max_deposit(now), m.max_mint(now))
        assert real == m.staked + m.cooling + self.donated, "S1 nothing comes or goes but by a rule"
        assert real >= amounts[0] + amounts[4] + m.cooling, "S1 shares' worth, unvested rewards and cooling are there"
        rates, aprs = answers[11 : 11 + len(epochs)], answers[11 + len(epochs) : 11 + 2 * len(epochs)]
        assert rates == [m.rate_at(now, e) for e in epochs]
        assert aprs == [m.epoch_apr(now, e) for e in epochs]
        for e, rate in zip(epochs, rates, strict=True):
            assert self.closed_rates.setdefault(e, rate) == rate, "S13 the rate of a past moment never changes"

        cooling = 0
        for n, person in enumerate(PEOPLE):
            balance, exit_, max_withdraw, max_redeem, pending, claimable, pocket, worth, shares = answers[
                11 + 2 * len(epochs) + 9 * n : 11 + 2 * len(epochs) + 9 * (n + 1)
            ]
            assert balance == m.balances[person]
            assert tuple(exit_) == m.exit_of(now, person)
            assert (max_withdraw, max_redeem) == (exit_.claimableAssets, exit_.claimableShares)
            assert (pending, claimable) == (exit_.coolingShares, exit_.claimableShares)
            assert pocket == self.pockets[person]
            assert (worth, shares) == (m.assets(now, balance), m.shares(now, balance))
            assert worth >= balance, "S8 a share is never worth less than one"
            due = sum(entry.assets for entry in self.queues[person] if entry.matured(now))
            assert exit_.claimableAssets == due - self.claimed[person], "S5 matured never shrinks except by claim"
            assert exit_.coolingAssets == sum(entry.assets for entry in self.queues[person]) - due, "S6 all else cools"
            assert (exit_.claimableAssets > 0) == (exit_.claimableShares > 0), "S9 all that is claimable shows"
            cooling += exit_.coolingAssets + exit_.claimableAssets
        assert cooling == amounts[2] - self.donated, "S2 cooling is the sum of pending and matured"

    @invariant()
    def the_price_never_falls(self) -> None:
        if self.model.supply == 0:
            self.lowest_price = Fraction(1)
        assert self.price() >= self.lowest_price, "S14 the price never falls, not even when the last staker leaves"
        self.lowest_price = self.price()

    @invariant()
    def all_can_leave(self) -> None:
        for person in PEOPLE:
            who = self.names[person]
            if shares := self.model.balances[person]:
                assert self.vault.requestRedeem.call(shares, who, who, sender=who, at=self.now) == 0, (
                    "S9 all can always leave"
                )
            if shares := self.model.claimable(self.now, person)[1]:
                paid = self.vault.redeem.call(shares, who, who, sender=who, at=self.now)
                assert paid == self.model.claimable(self.now, person)[0], "S9 all can always claim"

    def all_leave(self) -> None:
        """At the end, one after the other, down to the last."""
        price = self.price()
        for person in PEOPLE:
            if shares := self.model.balances[person]:
                self.request(person, person, person, 1000)
                assert self.model.balances[person] == 0 < shares, "S9 all can always leave"
                self.both_agree()
        assert self.model.supply == 0
        self.until(self.now + MAX_COOLDOWN)
        for person in PEOPLE:
            assets, _ = self.model.claimable(self.now, person)
            if assets:
                self.claim(person, person, person, 1000, True)
        assert self.vault.assetsSetAside() == self.donated
        kept = self.asset.balanceOf(self.vault.address) - self.vault.unvestedRewards() - self.donated
        earned = VIRTUAL * (price - 1)
        assert earned <= kept <= earned + len(PEOPLE), (
            "S14 the virtual shares keep what they have earned, and no more than what is rounded"
        )


def test_the_staked_token_is_its_model(evm, project, authority, owner):
    people = [evm.account(name) for name in PEOPLE]
    vault = Vault(evm, project, authority, owner, people)
    each = vault.holds(people[0])
    born = evm.now
    StakingMachine.world = {
        "evm": evm, "vault": vault.token, "asset": vault.asset, "owner": owner, "now": born, "each": each,
        "model": model.StakingModel(vault.token.epochGenesis(), vault.token.epochLength(), born),
    }  # fmt: skip
    assert each > 10**6 * WHOLE
    run_state_machine_as_test(StakingMachine)
