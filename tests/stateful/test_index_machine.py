"""IndexToken against its integer model: after any events in any order, both agree to the wei.

Ids are those of docs/invariants.md.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from ssi.chain.evm import Entry
from ssi.constants import DAY, MAX
from tests.model import index as model
from tests.stateful.machine import ChainMachine
from tests.support.indexes import ANYTHING, CAP, DAILY_FEE, MINT_FEE, new_index, stock, unlimited
from tests.support.quirk_tokens import Quirk
from tests.support.reverts import reverts

DECIMALS = (0, 6, 8, 18)
PEOPLE = ("alice", "bob", "carol")
DEAD = "0x000000000000000000000000000000000000dEaD"

# From a wei to thousands of whole shares.
SHARES = st.one_of(st.integers(1, 10), st.integers(10**15, 10**19), st.integers(10**19, 10**22))
PARTS = st.integers(1, 1000)
TOKENS = st.integers(0, len(DECIMALS) - 1)
PERSON = st.sampled_from(PEOPLE)


class IndexMachine(ChainMachine):
    """One index of four tokens with 0, 6, 8 and 18 decimals, three holders, and everything that can happen to them.

    A token that a swap has sold out leaves, and can join again, with open claims or without.
    """

    world: ClassVar[dict[str, Any]] = {}
    met: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__(self.world)
        w = self.world
        self.index, self.tokens, self.owner = w["index"], w["tokens"], w["owner"]
        self.swapper, self.minter = w["swapper"], w["minter"]
        self.names = {name: self.evm.account(name) for name in PEOPLE} | {"fees": w["receiver"], model.DEAD: DEAD}
        self.model: model.IndexModel = deepcopy(w["model"])
        self.frozen: set[str] = set()
        # Tokens of which something was lost, until the loss is written off.
        self.short: set[str] = set()

    def basket(self) -> list[Any]:
        """The constituents in their order."""
        return [self.tokens[int(name)] for name in self.model.units]

    # ------------------------------------------------------------ rules

    @rule(
        seconds=st.one_of(
            st.integers(0, 3), st.integers(1, 3 * DAY), st.sampled_from([DAY - 1, DAY, DAY + 1, 400 * DAY])
        )
    )
    def time_passes(self, seconds: int) -> None:
        self.pass_time(seconds)

    def refusal(self, shares: int) -> tuple[Entry, dict[str, Any]] | None:
        """The error that a mint must meet now, with its arguments; None where it must succeed."""
        index, m = self.index.interface, self.model
        try:
            m.preview_mint(self.now, shares)
        except model.SupplyCapExceeded as refused:
            return index["IndexToken_SupplyCapExceeded"], {"supply": refused.args[0], "supplyCap": refused.args[1]}
        for name in m.units:
            if short := self.shortfall(name, m.whole_unit(name) * m.base // model.RAY):
                return short
            if name in self.frozen:
                return self.tokens[int(name)].interface["QuirkToken_Frozen"], {}
        return None

    def shortfall(self, name: str, accounted: int) -> tuple[Entry, dict[str, Any]] | None:
        """The error where less is there than accounted balances and claims, else None."""
        real, owed = self.model.real[name], accounted + self.model.segregated(name)
        if real >= owed:
            return None
        inputs = {
            "token": self.tokens[int(name)].address,
            "accounted": accounted,
            "available": accounted * real // owed,
        }
        return self.index.interface["IndexToken_Shortfall"], inputs

    def redeemable(self) -> dict[str, list[int]]:
        """{tok} that all shares are worth now, the fee receiver's and the dead ones included."""
        return {
            who: list(self.model.preview_redeem(self.now, held).values()) for who, held in self.model.balances.items()
        }

    def send_mint(self, person: str, receiver: str, shares: int, callback: bool) -> str:
        """Who paid: the person, or a contract that delivers in the callback."""
        if callback:
            self.minter.mint(self.index, shares, self.names[receiver], b"", sender=self.names[person])
            return str(self.minter.address)
        self.index.mint(shares, self.names[receiver], *unlimited(self.basket()), sender=self.names[person])
        return self.names[person]

    @rule(person=PERSON, receiver=PERSON, shares=SHARES, callback=st.booleans())
    def mint(self, person: str, receiver: str, shares: int, callback: bool) -> None:
        self.at_now()
        refused = self.refusal(shares)
        if refused is not None:
            # With a callback all that is there is measured first, and what is frozen is refused afterwards.
            frozen = refused[0].name == "QuirkToken_Frozen"
            short = (
                self.shortfall(name, self.model.whole_unit(name) * self.model.base // model.RAY)
                for name in self.model.units
            )
            refused = next(filter(None, short), refused) if callback and frozen else refused
            with reverts(refused[0], **refused[1]):
                self.send_mint(person, receiver, shares, callback)
            return
        payer = str(self.minter.address) if callback else self.names[person]
        before, held = self.redeemable(), [token.balanceOf(payer) for token in self.basket()]
        previewed = self.index.previewMint.call(shares, at=self.now)
        expected = self.model.mint(self.now, shares, receiver)
        self.send_mint(person, receiver, shares, callback)
        paid = [had - token.balanceOf(payer) for token, had in zip(self.basket(), held, strict=True)]
        assert paid == previewed == list(expected.values()), "I4 previews equal outcomes"

        after = self.redeemable()
        for who in before:
            gained = [new - old for new, old in zip(after[who], before[who], strict=True)]
            if who == receiver:
                assert all(gain <= price for gain, price in zip(gained, paid, strict=True)), "I2 no more than was paid"
            elif who != model.DEAD:
                assert not any(gained), "I2 a mint changes no other holder's part"

    @precondition(lambda self: any(self.model.balances[person] for person in PEOPLE))
    @rule(person=PERSON, receiver=PERSON, part=PARTS)
    def redeem(self, person: str, receiver: str, part: int) -> None:
        shares = self.model.balances[person] * part // 1000
        if shares == 0:
            return
        self.at_now()
        worth = self.redeemable()
        basket, claimed = self.basket(), self.claimable()
        before = [token.balanceOf(self.names[receiver]) for token in basket]
        previewed = self.index.previewRedeem.call(shares, at=self.now)
        self.index.redeem(shares, self.names[receiver], self.names[person], *ANYTHING, sender=self.names[person])
        expected = self.model.redeem(self.now, shares, person, frozenset(self.frozen))
        names = list(self.model.units)
        got = [token.balanceOf(self.names[receiver]) - held for token, held in zip(basket, before, strict=True)]
        out = [0 if name in self.frozen else amount for name, amount in expected.items()]
        assert got == out, "I4 previews equal outcomes"
        assert previewed == list(expected.values()), "I4 previews equal outcomes"

        after = self.redeemable()
        for who in worth:
            for n, (new, old) in enumerate(zip(after[who], worth[who], strict=True)):
                # Under a haircut the rounding stays with those who stay: docs/index-math.md, "Losses".
                own, others = (1, 2) if names[n] in self.short else (0, 0)
                if who == person:
                    assert new + previewed[n] <= old + own, "I2 a leaver takes no more than their part"
                else:
                    assert old <= new <= old + others, "I2 and leaves all others theirs"
        for (name, who), worth_now in self.claimable().items():
            if (name, who) in claimed and not (who == person and name in self.frozen):
                assert claimed[name, who] <= worth_now <= claimed[name, who] + 2, "I11 and claims theirs"

    def held(self, name: str) -> dict[str, int]:
        """{tok} of one token that all shares are worth now."""
        return {
            who: self.model.preview_redeem(self.now, shares).get(name, 0) for who, shares in self.model.balances.items()
        }

    def claimable(self) -> dict[tuple[str, str], int]:
        """{tok} that every open claim is worth now, by the model."""
        people = [
            (name, who) for name, claims in self.model.claims.items() for who, parts in claims.parts.items() if parts
        ]
        return {key: self.model.preview_claim(*key, self.now) for key in people}

    @precondition(lambda self: self.open_claims())
    @rule(data=st.data(), part=st.integers(1, 1000))
    def claim(self, data: st.DataObject, part: int) -> None:
        name, person = data.draw(st.sampled_from(self.open_claims()))
        token, who = self.tokens[int(name)], self.names[person]
        owed = self.model.claims[name].owed(person)
        amount = MAX if part == 1000 else max(1, owed * part // 1000)
        stated = min(amount, owed)
        self.at_now()
        try:
            paid = deepcopy(self.model).claim(self.now, name, person, stated)
        except model.ClaimUnbacked:
            with reverts(self.index.interface["IndexToken_ClaimUnbacked"], token=token.address, claim=stated):
                self.index.claim(token.address, amount, who, 0, sender=who)
            return
        if name in self.frozen:
            with reverts(token.interface["QuirkToken_Frozen"]):
                self.index.claim(token.address, amount, who, 0, sender=who)
            return
        before, worth, claimed = token.balanceOf(who), self.redeemable(), self.claimable()
        assert self.model.claim(self.now, name, person, stated) == paid
        self.index.claim(token.address, amount, who, 0, sender=who)
        assert token.balanceOf(who) - before == paid, "I3 claims are paid in full while backed"
        after = self.redeemable()
        for holder in worth:
            assert all(0 <= new - old <= 2 for new, old in zip(after[holder], worth[holder], strict=True)), (
                "I11 and leave the rest alike"
            )
        for key, worth_now in self.claimable().items():
            assert key == (name, person) or claimed[key] <= worth_now <= claimed[key] + 2, (
                "I11 and leave the rest alike"
            )

    def open_claims(self) -> list[tuple[str, str]]:
        """Token and account of every claim that is worth something before any haircut."""
        claims = self.model.claims
        return sorted(
            (name, who)
            for name in claims
            for who, parts in claims[name].parts.items()
            if parts and claims[name].owed(who)
        )

    @rule(person=PERSON, to=PERSON, part=st.integers(0, 1000))
    def transfer(self, person: str, to: str, part: int) -> None:
        value = self.model.balances[person] * part // 1000
        self.at_now()
        self.index.transfer(self.names[to], value, sender=self.names[person])
        self.model.transfer(person, to, value)

    @rule()
    def collect_fees(self) -> None:
        self.at_now()
        self.index.collectFees(sender=self.owner)
        self.model.collect_fees(self.now)

    @rule(n=TOKENS, amount=st.integers(1, 10**20))
    def donate(self, n: int, amount: int) -> None:
        read = [(self.index.multiplier, ()), (self.index.previewMint, (10**18,)), (self.index.basket, ())]
        before = self.evm.batch(read)
        self.tokens[n].mint(self.index.address, amount, sender=self.owner)
        self.model.real[str(n)] += amount
        if self.evm.now == self.now:
            assert self.evm.batch(read) == before, "I5 donations move nothing"
        self.now = max(self.now, self.evm.now)

    @rule(n=TOKENS, part=PARTS)
    def lose(self, n: int, part: int) -> None:
        amount = self.model.real[str(n)] * part // 1000
        self.at_now()
        self.tokens[n].burn(self.index.address, amount, sender=self.owner)
        self.model.real[str(n)] -= amount
        self.short.add(str(n))

    @precondition(lambda self: any(self.model.balances[person] for person in PEOPLE))
    @rule(person=PERSON, n=TOKENS, part=PARTS, lost=st.integers(1, 900))
    def lose_under_a_claim(self, person: str, n: int, part: int, lost: int) -> None:
        """A token stops, a holder leaves with a claim on it, it goes on, and a part is lost: by chance that hardly
        happens in a row.
        """
        self.freeze(n, True)
        self.redeem(person, person, part)
        self.freeze(n, False)
        self.lose(n, lost)

    @rule(n=TOKENS, frozen=st.booleans())
    def freeze(self, n: int, frozen: bool) -> None:
        self.at_now()
        self.tokens[n].setQuirk(Quirk.FROZEN if frozen else Quirk.NONE, sender=self.owner)
        (self.frozen.add if frozen else self.frozen.discard)(str(n))

    @rule(fee=st.integers(0, model.WAD // 20 // 365))
    def set_streaming_fee(self, fee: int) -> None:
        self.at_now()
        self.index.setStreamingFee(fee, sender=self.owner)
        self.model.set_streaming_fee(self.now, fee)

    @precondition(lambda self: self.model.base)
    @rule(n=TOKENS, shares=SHARES)
    def sync(self, n: int, shares: int) -> None:
        name, token, m = str(n), self.tokens[n], self.model
        if name not in m.units and not m.segregated(name):
            with reverts(self.index.interface["IndexToken_NotAConstituent"], token=token.address):
                self.index.sync(token.address, sender=self.owner)
            return
        after = deepcopy(m)
        after.sync(self.now, name)
        if not after.units or (name in after.units and m.available(name, self.now) * model.RAY // m.base >= 2**128):
            return
        if self.refusal(shares) is None and not self.frozen:
            self.sandwich(token, shares)
        claimed, held = self.claimable(), self.held(name)
        self.at_now()
        self.index.sync(token.address, sender=self.owner)
        m.sync(self.now, name)
        self.short.discard(name)
        for who, worth_now in self.held(name).items():
            # Units keep 57 bits, rounded down.
            assert held[who] - 2 - (held[who] >> 56) <= worth_now <= held[who] + 1, "I11 a sync moves no holder's worth"
        for key, worth_now in self.claimable().items():
            # The fraction of a wei that a payment drops before the loss is written off may count afterwards.
            assert key[0] != name or claimed[key] - 2 <= worth_now <= claimed[key] + 1, (
                "I11 a sync moves no claim's worth"
            )

    def sandwich(self, token: Any, shares: int) -> None:
        """A holder who minted a second before and redeems a second after has not gained a wei."""
        who = self.names["carol"]
        with self.evm.isolated():
            before = [each.balanceOf(who) for each in self.tokens]
            self.at_now()
            self.index.mint(shares, who, *unlimited(self.basket()), sender=who)
            self.at_now()
            self.index.sync(token.address, sender=self.owner)
            self.at_now()
            self.index.redeem(shares, who, who, *ANYTHING, sender=who)
            gained = [each.balanceOf(who) - had for each, had in zip(self.tokens, before, strict=True)]
            assert all(gain <= 0 for gain in gained), "I12 a sandwich around a sync gains nothing"

    @precondition(lambda self: self.model.base)
    @rule(out=TOKENS, into=TOKENS, part=st.integers(0, 1000), paid=st.integers(1, 10**22))
    def swap(self, out: int, into: int, part: int, paid: int) -> None:
        """The rebalancer's trade: any part of the accounted balances, all of it every now and then, for any amount."""
        m, (sold, bought) = self.model, (self.tokens[out], self.tokens[into])
        accounted = m.accounted(str(out), self.now)
        amount = accounted * part // 1000
        refused: tuple[Entry, dict[str, Any]] | None = None
        if out == into:
            refused = self.index.interface["IndexToken_DuplicateConstituent"], {"token": sold.address}
        elif str(out) not in m.units:
            refused = self.index.interface["IndexToken_NotAConstituent"], {"token": sold.address}
        else:
            refused = self.shortfall(str(out), accounted) or self.shortfall(str(into), m.accounted(str(into), self.now))
            if refused is None and ((amount and str(out) in self.frozen) or str(into) in self.frozen):
                refused = sold.interface["QuirkToken_Frozen"], {}
        arguments = (self.index.address, sold.address, amount, bought.address, paid)
        self.at_now()
        if refused is not None:
            with reverts(refused[0], **refused[1]):
                self.swapper.swap(*arguments, sender=self.owner)
            return
        claimed = self.claimable()
        self.swapper.swap(*arguments, sender=self.owner)
        m.swap(self.now, str(out), amount, str(into), paid)
        assert self.claimable() == claimed, "I3 a swap touches no claim"

    @precondition(lambda self: self.model.base)
    @rule(
        token=TOKENS, leaving=TOKENS, other=TOKENS, people=st.permutations(PEOPLE), part=st.integers(1, 900),
        losses=st.tuples(*[st.sampled_from([0, 1, 500, 999, 1000])] * 2), paid=st.integers(10**6, 10**22),
    )  # fmt: skip
    def claims_outlive_the_basket(
        self, token: int, leaving: int, other: int, people: list[str], part: int, losses: tuple[int, int], paid: int
    ) -> None:
        """A token has claims while one leaves, itself or another, and comes back; it loses something, or all, before
        and after.
        """
        self.segregate(token, people[0], part)
        self.swap(leaving, other, 1000, paid)
        self.write_off(token, losses[0])
        self.both_agree()
        for gone in (leaving, token):
            if str(gone) not in self.model.units:
                self.swap(other, gone, 500, paid)
        self.both_agree()
        self.segregate(token, people[1], part)
        self.write_off(token, losses[1])
        self.both_agree()
        self.losses_are_shared()

    def segregate(self, n: int, person: str, part: int) -> None:
        """A claim on a token that the person cannot be sent."""
        frozen = str(n) in self.frozen
        self.mint(person, person, 10**18, callback=False)
        self.freeze(n, True)
        self.redeem(person, person, part)
        self.freeze(n, frozen)

    def write_off(self, n: int, loss: int) -> None:
        """Thousandths of what is there are lost, and accounted balances and claims cut to the rest."""
        if loss:
            self.lose(n, loss)
            self.sync(n, 1)

    # ------------------------------------------------------------ invariants

    @invariant()
    def both_agree(self) -> None:
        index, people = self.index, [*PEOPLE, "fees", model.DEAD]
        reads: list[tuple[Any, tuple[Any, ...]]] = [
            (index.totalSupply, ()),
            (index.issuedSupply, ()),
            (index.basket, ()),
            (index.multiplier, ()),
            (index.holdings, ()),
        ]
        reads += [(index.balanceOf, (self.names[person],)) for person in people]
        reads += [(index.segregated, (token.address,)) for token in self.tokens]
        reads += [(index.claimOf, (token.address, self.names[person])) for token in self.tokens for person in PEOPLE]
        supply, issued, basket, multiplier, holdings, *rest = self.evm.batch(reads)
        now, m, names = self.evm.now, self.model, [str(n) for n in range(len(self.tokens))]
        assert (supply, issued, basket.base, multiplier) == (
            m.total_supply(now),
            m.issued,
            m.base,
            m.multiplier(now),
        ), "I7 time alone"
        assert issued <= supply, "I1 no more shares are issued than there are"
        balances, segregated, claims = rest[: len(people)], rest[len(people) : len(people) + 4], rest[len(people) + 4 :]
        assert balances == [m.balances[person] for person in people]
        assert list(basket.tokens) == [token.address for token in self.basket()]
        assert list(basket.units) == [m.unit(name, now) for name in m.units]
        assert list(holdings.accounted) == [m.accounted(name, now) for name in m.units]
        assert list(holdings.available) == [m.available(name, now) for name in m.units]
        assert segregated == [m.segregated(name) for name in names]
        assert claims == [m.claims[name].owed(person) for name in names for person in PEOPLE]
        sums = [sum(claims[3 * n : 3 * n + 3]) for n in range(len(self.tokens))]
        # Once a loss is written off each claim is rounded down by itself.
        assert all(0 <= all_ - sum_ < len(PEOPLE) for all_, sum_ in zip(segregated, sums, strict=True)), (
            "I3 segregated is the sum of the claims"
        )
        for name, accounted, there in zip(m.units, holdings.accounted, holdings.available, strict=True):
            assert name in self.short or accounted <= there, "I1 solvency"
            assert name in self.short or m.whole_unit(name) * m.base // model.RAY <= there, "I1 what vests is there too"

    @invariant()
    def losses_are_shared(self) -> None:
        """What one wei of a claim and what one wei of the accounted balances is paid is the same in either order."""
        for name, person in self.open_claims():
            if name in self.frozen or name not in self.model.units:
                continue
            token, who = self.tokens[int(name)].address, self.names[person]
            owed, accounted = self.model.claims[name].owed(person), self.model.accounted(name, self.now)
            paid, there = (
                self.model.preview_claim(name, person, self.now),
                min(accounted, self.model.available(name, self.now)),
            )
            assert abs(paid * accounted - there * owed) <= owed + accounted, "I11 losses are shared"
            self.met["claims in the basket"] += 1
            self.met["under a loss"] += 0 < paid < owed
            if paid:
                assert self.index.claim.call(token, MAX, who, 0, sender=who, at=self.now) == paid, (
                    "I11 losses are shared"
                )

    @invariant()
    def redemption_always_works(self) -> None:
        for person in PEOPLE:
            if shares := self.model.balances[person]:
                who = self.names[person]
                got = self.index.redeem.call(shares, who, who, *ANYTHING, sender=who, at=self.now)
                assert got == list(self.model.preview_redeem(self.now, shares).values()), "I6 redemption always works"


def test_the_index_is_its_model(evm, project, authority, owner):
    tokens = [evm.deploy(project.QuirkToken, decimals, sender=owner) for decimals in DECIMALS]
    # Three whole tokens without decimals a share, 25 of 6, a third of 8, and an odd number of 18.
    units = [3 * 10**9, 25 * 10**6 * 10**9, 33_333_333 * 10**9, 1_234_567_890_123_456_789 * 10**9]
    receiver = evm.account("fee receiver")
    index = new_index(evm, project, authority, tokens, units, owner)
    people = [evm.account(name) for name in PEOPLE]
    stock(tokens, index, people)
    born = index.terms().anchorTime
    swapper, minter = (evm.deploy(kind, sender=owner) for kind in (project.SwapperMock, project.MinterMock))
    index.setRebalancer(swapper, sender=owner)
    for token in tokens:
        for contract in (swapper, minter):
            token.mint(contract.address, 2**120, sender=owner)
    IndexMachine.world = {
        "evm": evm,
        "index": index,
        "tokens": tokens,
        "owner": owner,
        "receiver": receiver,
        "now": evm.now,
        "swapper": swapper,
        "minter": minter,
        "model": model.IndexModel(
            {str(n): unit for n, unit in enumerate(units)}, DAILY_FEE, MINT_FEE, CAP, born, "fees"
        ),
    }
    from hypothesis.stateful import run_state_machine_as_test

    IndexMachine.met = Counter()
    run_state_machine_as_test(IndexMachine)
    assert IndexMachine.met["under a loss"] >= 100, IndexMachine.met
