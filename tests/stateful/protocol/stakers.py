"""Stakers: of the real index and of SOSO. They stake, ask to leave, come back, claim, and bother each other."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model.index import IndexRefused
from tests.stateful.protocol.base import ProtocolBase
from tests.stateful.protocol.holders import PERSON
from tests.stateful.protocol.world import PEOPLE

VAULT = st.sampled_from(("sMAG7", "sMAG7", "sSOSO"))


class StakerRules(ProtocolBase):
    """What stakers do, Mallory among them."""

    def assets_of(self, vault: str, person: str) -> int:
        """{asset} in the person's account."""
        asset = self.w.evm.at(self.w.vaults[vault].interface, self.w.vaults[vault].asset())
        return int(asset.balanceOf(self.accounts[person]))

    @rule(person=PERSON, vault=VAULT, part=st.integers(1, 1000))
    def stake(self, person: str, vault: str, part: int) -> None:
        assets, who = self.assets_of(vault, person) * part // 1000, self.accounts[person]
        if self.b.vaults[vault].shares(self.now, assets) == 0:
            return
        self.document(person)
        self.act(self.w.vaults[vault].deposit, assets, who, sender=who)

    @rule(person=PERSON, vault=VAULT, part=st.integers(1, 1000))
    def ask_to_leave(self, person: str, vault: str, part: int) -> None:
        model, who = self.b.vaults[vault], self.accounts[person]
        shares = model.balances[person] * part // 1000
        if not shares:
            return
        self.document(person)
        model.request_redeem(self.now, shares, person, person, person)
        self.act(self.w.vaults[vault].requestRedeem, shares, who, who, sender=who)

    @precondition(lambda self: any(vault.running for vault in self.b.vaults.values()))
    @rule(person=PERSON, vault=VAULT)
    def come_back(self, person: str, vault: str) -> None:
        model, who = self.b.vaults[vault], self.accounts[person]
        try:
            model.cancel(self.now, person, person)
        except IndexRefused as refused:
            self.expect(f"StakedToken_{type(refused).__name__}", self.w.vaults[vault].cancelRequest, who, sender=who)
            return
        self.document(person)
        self.act(self.w.vaults[vault].cancelRequest, who, sender=who)

    @precondition(lambda self: any(v.running or v.parked for v in self.b.vaults.values()))
    @rule(person=PERSON, vault=VAULT, early=st.integers(0, 3))
    def take_what_has_matured(self, person: str, vault: str, early: int) -> None:
        """Or a share-wei more, which is refused."""
        model, contract, who = self.b.vaults[vault], self.w.vaults[vault], self.accounts[person]
        assets, shares = model.claimable(self.now, person)
        if not early or not shares:
            refused = self.refusal(contract.redeem, shares + 1, who, who, sender=who)
            assert refused == "StakedToken_ExceedsClaimable", "S6 no claim before the cooldown, and none twice"
            return
        self.document(person)
        assert self.ask(contract.redeem, shares, who, who, sender=who) == assets, "S5 all that has matured"
        model.redeem(self.now, shares, person, person)
        self.act(contract.redeem, shares, who, who, sender=who)
        self.met["exits"] += 1

    @rule(giver=PERSON, taker=PERSON, part=st.integers(0, 1000))
    def give_stake(self, giver: str, taker: str, part: int) -> None:
        value = self.b.vaults["sMAG7"].balances[giver] * part // 1000
        self.exchange(giver, taker)
        self.act(self.w.vaults["sMAG7"].transfer, self.accounts[taker], value, sender=self.accounts[giver])

    @rule(victim=st.sampled_from(PEOPLE[:3]), vault=VAULT)
    def grief_a_staker(self, victim: str, vault: str) -> None:
        """A thief names another account's timer, or takes another account's exit."""
        contract, who, thief = self.w.vaults[vault], self.accounts[victim], self.accounts["mallory"]
        for method, args in (
            (contract.cancelRequest, (who,)), (contract.requestRedeem, (1, who, thief)),
            (contract.redeem, (1, thief, who)), (contract.withdraw, (1, thief, who)),
        ):  # fmt: skip
            told = self.refusal(method, *args, sender=thief)
            assert told == "StakedToken_NotAuthorized", "S3 only its owner moves a timer"
