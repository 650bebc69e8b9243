"""Parameters are checked before anything is sent, and a deployment that stopped goes on where it was."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ape import accounts
from pydantic import ValidationError

from forks import control
from ssi import places
from ssi.constants import SENTINEL
from ssi.deploy.deployer import Deployer, SeedMissing, UnsafeSafes
from ssi.deploy.journal import SendingAccount
from ssi.governance.safe import Multisig
from ssi.index.seeding import seed_amounts, units_for
from ssi.registry import params
from ssi.registry.record import Record
from tests.model.index import IndexModel
from tests.support.governance import ours


def test_the_parameters_are_valid():
    assert [index.symbol for index in params.indexes()] == ["MAG7.ssi", "MEME.ssi", "DEFI.ssi", "USSI"]
    known = params.assets()
    for index in params.indexes():
        assert set(index.weights) <= set(known.assets)
        assert all(known.assets[name].price for name in index.weights)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("indexes/1-MAG7.ssi.json", {"weights": {"WBTC": 9_999}}, "the weights of MAG7.ssi sum up to 9999 bp"),
        ("indexes/1-MAG7.ssi.json", {"wieghts": {}}, "Extra inputs are not permitted"),
        ("indexes/1-MAG7.ssi.json", {"supplyCap": "many"}, "valid integer"),
        ("protocol.json", {"safe": {"owners": ["0x1"], "threshold": 2}}, "2 of 1 owners cannot sign"),
        (
            "protocol.json",
            {"safe": {"owners": ["0xA1", "0xa1"], "threshold": 2}},
            "an owner is named twice: 0xA1, 0xa1",
        ),
        (
            "protocol.json",
            {
                "safe": {"owners": ["0xA1", "0xB2"], "threshold": 2},
                "guardian": {"owners": ["0xC3", "0xa1"], "threshold": 1},
            },
            "the Safe and the guardian share an owner, so that the veto would go with its keys: 0xa1",
        ),
    ],
)
def test_bad_parameters_are_named(file, change, message):
    content = json.loads((places.params() / file).read_text()) | change
    with pytest.raises(ValidationError, match=message):
        (params.Index if "indexes" in file else params.ProtocolParams).model_validate(content)


@pytest.mark.parametrize("bound", ["1.2345", "1E-19", "100001"])
def test_bounds_that_the_oracle_would_refuse_are_named(bound):
    (leg,) = params.assets().assets["WBTC"].price
    with pytest.raises(ValidationError, match=f"{bound}: a bound has at most four significant digits"):
        params.Leg.model_validate(leg.model_dump(by_alias=True) | {"max": bound})


def test_seed_amounts_are_those_of_the_specification():
    """Three values, one each with and without mint fee, against the independent model of the index."""
    for units, shares, fee in (
        ([10**27, 3 * 10**17], 10**18, 0),
        ([1 << 60, 7], 12345, 10),
        ([2**56 + 1], 10**21, 100),
    ):
        model = IndexModel({str(n): unit for n, unit in enumerate(units)}, 0, fee, 2**35, 0, "fees")
        assert seed_amounts(list(model.units.values()), shares, fee) == list(model.preview_mint(0, shares).values())


def test_units_are_the_value_that_the_weight_asks_for():
    assert units_for(Decimal(100), 5_000, 2 * 10**18, 18) == 25 * 10**27
    assert units_for(Decimal(100), 5_000, 10**18, 6) == 50 * 10**6 * 10**9


def test_a_record_of_another_chain_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SSI_DEPLOYMENTS", str(tmp_path))
    record = Record.load("ethereum-mainnet", 1)
    record.contracts["A"] = "0x" + "12" * 20
    record.save()
    assert Record.load("ethereum-mainnet", 1) == record
    with pytest.raises(ValueError, match="another chain"):
        Record.load("ethereum-mainnet", 2)


@pytest.fixture
def signer() -> Any:
    """An account that has deployed nothing yet."""
    return accounts.test_accounts[9]


class Interrupted(Exception):  # noqa: N818 - it says what happened
    """The power went off."""


def test_a_stopped_deployment_goes_on(evm, project, signer, tmp_path):
    """Stopped at three different places, each run goes on; the whole sends every transaction once."""
    path = tmp_path / "record.json"
    record = Record(path, 1)
    said = []

    def deployer(say):
        deployer = Deployer(project, signer, record, say)
        deployer.provide = partial(control.deal, evm.rpc)
        return deployer

    def say_until(last):
        def say(step):
            said.append(step)
            if step == last:
                raise Interrupted

        return say

    for last in ("deploy PriceOracle", "path of USDC", "create DEFI.ssi", "the deployer no longer governs"):
        with pytest.raises(Interrupted):
            deployer(say_until(last)).run()
        stored = json.loads(path.read_text())
        stored.pop("chain_id")
        record = Record(path, 1, **stored)
    nonce = int(evm.rpc.call("eth_getTransactionCount", signer.address, "latest"), 16)
    done = deployer(said.append).run()
    assert int(evm.rpc.call("eth_getTransactionCount", signer.address, "latest"), 16) == nonce + 2, "two roles given up"
    assert sorted(done.indexes) == ["DEFI.ssi", "MAG7.ssi", "MEME.ssi", "USSI"]
    repeated = {step for step in said if said.count(step) > 1}
    assert repeated == {"deploy PriceOracle", "path of USDC", "create DEFI.ssi", "the deployer no longer governs"}


def test_a_deployment_killed_after_every_transaction_sends_none_twice(evm, project, signer, tmp_path, monkeypatch):
    """Killed once the node has it and before the record does: the next run finds it by its hash.

    A hundred runs send what one would.
    """
    path, sent, gifts, send = tmp_path / "record.json", [], [], SendingAccount._send

    def killed(self, to, data, value):
        send(self, to, data, value)
        sent.append((to, data))
        raise Interrupted

    def count() -> int:
        return int(evm.rpc.call("eth_getTransactionCount", signer.address, "latest"), 16)

    def provide(token: str, holder: str, amount: int) -> None:
        """The seed, from nowhere. WETH comes by a deposit of the holder's own."""
        before = count()
        control.deal(evm.rpc, token, holder, amount)
        gifts.append(count() - before)

    monkeypatch.setattr(SendingAccount, "_send", killed)
    nonce = count()
    record = Record(path, 1)
    while True:
        deployer = Deployer(project, signer, record, list[str]().append)
        deployer.provide = provide
        try:
            done = deployer.run()
            break
        except Interrupted:
            stored = json.loads(path.read_text())
            stored.pop("chain_id")
            record = Record(path, 1, **stored)
    assert len(sent) > 90
    assert len(set(sent)) == len(sent), "nothing was sent twice"
    assert count() == nonce + len(sent) + sum(gifts)
    assert sorted(done.indexes) == ["DEFI.ssi", "MAG7.ssi", "MEME.ssi", "USSI"]
    assert done.sent == []


def test_a_deployer_without_the_seed_is_told_what_to_get(project, signer, tmp_path):
    with pytest.raises(SeedMissing, match=f"{signer.address} needs .* wei of WBTC .* to seed MAG7.ssi"):
        Deployer(project, signer, Record(tmp_path / "record.json", 1), list[str]().append).run()


class TestTheSafes:
    """What is given power is looked at first, on chain."""

    @pytest.fixture
    def resumed(self, project: Any, signer: Any, tmp_path: Path) -> Deployer:
        """A deployment that stopped once both Safes were there."""

        def say(step):
            if step == "deploy ProtocolManager":
                raise Interrupted

        deployer = Deployer(project, signer, Record(tmp_path / "record.json", 1), say)
        with pytest.raises(Interrupted):
            deployer.run()
        return deployer

    def refused(self, deployer: Deployer, alarm: str) -> None:
        deployer.say = list[str]().append
        with pytest.raises(UnsafeSafes, match=alarm):
            deployer.run()
        assert "ProtocolManager" not in deployer.record.contracts

    def test_they_may_not_share_an_owner(self, evm, resumed):
        """G3: neither by what is written down about them."""
        guardian, safe = (Multisig(evm, resumed.record.contracts[name]) for name in ("GuardianSafe", "Safe"))
        ours(guardian).swapOwner(SENTINEL, guardian.owners[0], safe.owners[1], sender=guardian.address)
        resumed.record.safes["GuardianSafe"]["owners"] = sorted(guardian.owners)
        self.refused(
            resumed, f"Safe and GuardianSafe share an owner, so that the veto goes with its keys: {safe.owners[1]}"
        )

    def test_a_safe_that_was_changed_on_chain_is_refused(self, evm, resumed, bob):
        safe = Multisig(evm, resumed.record.contracts["Safe"])
        ours(safe).enableModule(bob, sender=safe.address)
        self.refused(resumed, f"Safe: modules is {bob}, recorded is none")

    def test_an_address_that_is_no_safe_is_named(self, resumed, bob):
        resumed.record.contracts["GuardianSafe"] = bob
        self.refused(resumed, "GuardianSafe: singleton is none, recorded is 0x")
