"""IndexToken against its integer model: whatever happens in whatever order, both agree to the wei. Ids are those of docs/invariants.md."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scripts._lib.evm import Entry
from tests.model import index as model
from tests.support.indexes import ANYTHING, CAP, DAILY_FEE, DAY, MAX, MINT_FEE, new_index, stock, unlimited
from tests.support.reverts import reverts

DECIMALS = (0, 6, 8, 18)
PEOPLE = ("alice", "bob", "carol")
DEAD = "0x000000000000000000000000000000000000dEaD"

# From a wei to thousands of whole shares.
SHARES = st.one_of(st.integers(1, 10), st.integers(10**15, 10**19), st.integers(10**19, 10**22))
PARTS = st.integers(1, 1000)
TOKENS = st.integers(0, len(DECIMALS) - 1)
PERSON = st.sampled_from(PEOPLE)


class IndexMachine(RuleBasedStateMachine):
    """One index of four tokens with 0, 6, 8 and 18 decimals, three holders, and everything that can happen to them."""

    world: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        w = self.world
        self.evm, self.index, self.tokens, self.owner = w["evm"], w["index"], w["tokens"], w["owner"]
        self.names = {name: self.evm.account(name) for name in PEOPLE} | {"fees": w["receiver"], model.DEAD: DEAD}
        self.snapshot = self.evm.rpc.call("evm_snapshot")
        self.model: model.IndexModel = deepcopy(w["model"])
        self.now = w["now"]
        self.frozen: set[str] = set()
        self.lossy = False

    def teardown(self) -> None:
        self.evm.rpc.call("evm_revert", self.snapshot)

    def token(self, n: int) -> Any:
        return self.tokens[n]

    def at_now(self) -> None:
        self.evm.next_at(self.now)

    # ------------------------------------------------------------ rules

    @rule(seconds=st.one_of(st.integers(0, 3), st.integers(1, 3 * DAY), st.sampled_from([DAY - 1, DAY, DAY + 1, 400 * DAY])))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        self.evm.mine_at(self.now)

    def refusal(self, shares: int) -> tuple[Entry, dict[str, Any]] | None:
        """The error that a mint must meet now, with its arguments; None where it must succeed."""
        index, m = self.index.interface, self.model
        try:
            m.preview_mint(self.now, shares)
        except model.SupplyCapExceeded as refused:
            return index["IndexToken_SupplyCapExceeded"], {"supply": refused.args[0], "supplyCap": refused.args[1]}
        for n, name in enumerate(m.units):
            books, available = m.books(name), m.available(name)
            if available < books:
                inputs = {"token": self.tokens[n].address, "books": books, "available": available}
                return index["IndexToken_Shortfall"], inputs
            if name in self.frozen:
                return self.tokens[n].interface["QuirkToken_Frozen"], {}
        return None

    def redeemable(self) -> dict[str, list[int]]:
        """{tok} that everybody's shares are worth now, the fee receiver's and the dead ones included."""
        return {who: list(self.model.preview_redeem(self.now, held).values()) for who, held in self.model.balances.items()}

    @rule(person=PERSON, receiver=PERSON, shares=SHARES)
    def mint(self, person: str, receiver: str, shares: int) -> None:
        self.at_now()
        refused = self.refusal(shares)
        if refused is not None:
            with reverts(refused[0], **refused[1]):
                self.index.mint(shares, self.names[receiver], *unlimited(self.tokens), sender=self.names[person])
            return
        before, held = self.redeemable(), [token.balanceOf(self.names[person]) for token in self.tokens]
        previewed = self.index.previewMint.call(shares, at=self.now)
        expected = self.model.mint(self.now, shares, receiver)
        self.index.mint(shares, self.names[receiver], *unlimited(self.tokens), sender=self.names[person])
        paid = [had - token.balanceOf(self.names[person]) for token, had in zip(self.tokens, held, strict=True)]
        assert paid == previewed == list(expected.values()), "I4 previews equal outcomes"

        after = self.redeemable()
        for who in before:
            gained = [new - old for new, old in zip(after[who], before[who], strict=True)]
            if who == receiver:
                assert all(gain <= price for gain, price in zip(gained, paid, strict=True)), "I2 no more than was paid"
            elif who != model.DEAD:
                assert not any(gained), "I2 a mint changes nobody else's part"

    @precondition(lambda self: any(self.model.balances[person] for person in PEOPLE))
    @rule(person=PERSON, receiver=PERSON, part=PARTS)
    def redeem(self, person: str, receiver: str, part: int) -> None:
        shares = self.model.balances[person] * part // 1000
        if shares == 0:
            return
        self.at_now()
        worth = self.redeemable()
        before = [token.balanceOf(self.names[receiver]) for token in self.tokens]
        previewed = self.index.previewRedeem.call(shares, at=self.now)
        claims = [self.index.claimOf(token.address, self.names[person]) for token in self.tokens]
        self.index.redeem(shares, self.names[receiver], self.names[person], *ANYTHING, sender=self.names[person])
        expected = self.model.redeem(self.now, shares, person, frozenset(self.frozen))
        got = [token.balanceOf(self.names[receiver]) - held for token, held in zip(self.tokens, before, strict=True)]
        now_claims = [self.index.claimOf(token.address, self.names[person]) for token in self.tokens]
        owed = [new - old for new, old in zip(now_claims, claims, strict=True)]
        out = [a + b for a, b in zip(got, owed, strict=True)]
        assert out == previewed == list(expected.values()), "I4 previews equal outcomes"

        after = self.redeemable()
        for who in worth:
            for n, (new, old) in enumerate(zip(after[who], worth[who], strict=True)):
                # Under a haircut the rounding stays with those who stay: docs/index-math.md, "Redeem".
                own, others = (1, 2) if self.lossy else (0, 0)
                if who == person:
                    assert new + out[n] <= old + own, "I2 whoever leaves takes no more than his part"
                else:
                    assert old <= new <= old + others, "I2 and leaves everybody else theirs"

    @precondition(lambda self: any(self.model.claims.values()))
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        name, person = data.draw(st.sampled_from(sorted(key for key, amount in self.model.claims.items() if amount)))
        token = self.tokens[int(name)]
        before, owed = token.balanceOf(self.names[person]), self.model.claims[name, person]
        try:
            paid = deepcopy(self.model).claim(name, person)
        except model.ClaimUnbacked:
            with reverts(self.index.interface["IndexToken_ClaimUnbacked"], token=token.address, claim=owed):
                self.index.claim(token.address, MAX, self.names[person], 0, sender=self.names[person])
            return
        if name in self.frozen:
            with reverts(token.interface["QuirkToken_Frozen"]):
                self.index.claim(token.address, MAX, self.names[person], 0, sender=self.names[person])
            return
        assert self.model.claim(name, person) == paid
        self.at_now()
        self.index.claim(token.address, MAX, self.names[person], 0, sender=self.names[person])
        assert token.balanceOf(self.names[person]) - before == paid, "I3 claims are paid in full while backed"

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
        self.lossy = True

    @rule(n=TOKENS, frozen=st.booleans())
    def freeze(self, n: int, frozen: bool) -> None:
        self.at_now()
        self.tokens[n].setQuirk(5 if frozen else 0, sender=self.owner)
        (self.frozen.add if frozen else self.frozen.discard)(str(n))

    @rule(fee=st.integers(0, model.WAD // 20 // 365))
    def set_streaming_fee(self, fee: int) -> None:
        self.at_now()
        self.index.setStreamingFee(fee, sender=self.owner)
        self.model.set_streaming_fee(self.now, fee)

    @precondition(lambda self: self.model.base)
    @rule(n=TOKENS)
    def sync(self, n: int) -> None:
        available, base = self.model.available(str(n)), self.model.base
        if not 0 < available * model.RAY // base < 2**128:
            return
        self.at_now()
        self.index.sync(self.tokens[n].address, sender=self.owner)
        self.model.sync(str(n))

    # ------------------------------------------------------------ invariants

    @invariant()
    def both_agree(self) -> None:
        index, people = self.index, [*PEOPLE, "fees", model.DEAD]
        reads = [(index.totalSupply, ()), (index.issuedSupply, ()), (index.basket, ()), (index.multiplier, ()), (index.holdings, ())]
        reads += [(index.balanceOf, (self.names[person],)) for person in people]
        reads += [(index.segregated, (token.address,)) for token in self.tokens]
        reads += [(index.claimOf, (token.address, self.names[person])) for token in self.tokens for person in PEOPLE]
        supply, issued, basket, multiplier, holdings, *rest = self.evm.batch(reads)
        now, m, names = self.evm.now, self.model, list(self.model.units)
        assert (supply, issued, basket.base, multiplier) == (m.total_supply(now), m.issued, m.base, m.multiplier(now)), "I7 time alone"
        assert issued <= supply, "I1 no more shares are issued than there are"
        balances, segregated, claims = rest[: len(people)], rest[len(people) : len(people) + 4], rest[len(people) + 4 :]
        assert balances == [m.balances[person] for person in people]
        assert list(holdings.books) == [m.books(name) for name in names]
        assert list(holdings.available) == [m.available(name) for name in names]
        assert segregated == [m.segregated(name) for name in names]
        assert claims == [m.claims[name, person] for name in names for person in PEOPLE]
        sums = [sum(claims[3 * n : 3 * n + 3]) for n in range(len(self.tokens))]
        assert segregated == sums, "I3 segregated is the sum of the claims"
        if not self.lossy:
            assert all(books <= there for books, there in zip(holdings.books, holdings.available, strict=True)), "I1 solvency"

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
    IndexMachine.world = {
        "evm": evm, "index": index, "tokens": tokens, "owner": owner, "receiver": receiver, "now": evm.now,
        "model": model.IndexModel({str(n): unit for n, unit in enumerate(units)}, DAILY_FEE, MINT_FEE, CAP, born, "fees"),
    }  # fmt: skip
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(IndexMachine)
