"""What a keeper does every day."""

from __future__ import annotations

import json

from click.testing import CliRunner

from forks import control
from forks.seeding import invest
from scripts import keeper
from ssi.chain.evm import Reverted
from ssi.chain.sender import Sender
from ssi.constants import DAY
from ssi.keeper import maintenance


def daily(*words: str) -> str:
    done = CliRunner(mix_stderr=False).invoke(keeper.cli, ["daily", *words])
    assert done.exit_code == 0, f"{done.output}\n{done.stderr}\n{done.exception}"
    return done.stdout


def test_fees_and_checkpoints_are_looked_after(system):
    """What is due is done, once; what is not is left alone."""
    invest(system, "MAG7.ssi", system.evm.account("investor"), 100 * 10**18)
    control.warp(system.evm.rpc, 8 * DAY)
    assert maintenance.due_pokes(system) == ["sDAI", "sUSDS"]
    due = maintenance.due_distributions(system)
    assert set(due) == set(system.record.indexes)
    done = json.loads(daily("--json"))
    expected = [*(("distribute", symbol) for symbol in due), ("poke", "sDAI"), ("poke", "sUSDS")]
    assert sorted((job["did"], job["what"]) for job in done) == sorted(expected)
    treasury = system.distributor.treasury()
    assert system.index("MAG7.ssi").balanceOf(treasury) > 10**18 // 1_000
    assert daily() == "Nothing is due: fees are distributed once a UTC day, checkpoints move once a week.\n"
    control.warp(system.evm.rpc, DAY)
    assert [job["did"] for job in json.loads(daily("--json"))] == ["distribute"] * 4


def test_a_faster_keeper_stops_nothing(system, monkeypatch):
    """A stranger distributes one index while the keeper is about to: the keeper says so, and does the rest."""
    invest(system, "MAG7.ssi", system.evm.account("investor"), 100 * 10**18)
    control.warp(system.evm.rpc, DAY)
    send, stranger = Sender.send, system.evm.account("stranger")
    due = maintenance.due_distributions(system)

    def late(self, *args, **options):
        if due[0] in maintenance.due_distributions(system):
            system.distributor.distribute(system.record.indexes[due[0]], sender=stranger)
        return send(self, *args, **options)

    monkeypatch.setattr(Sender, "send", late)
    done = {outcome["what"]: outcome for outcome in json.loads(daily("--json")) if outcome["did"] == "distribute"}
    assert (done[due[0]]["transaction"], done[due[0]]["problem"]) == (None, None)
    assert all(done[symbol]["transaction"] for symbol in due[1:])


def test_one_that_fails_is_said_and_the_others_are_done(system, monkeypatch):
    invest(system, "MAG7.ssi", system.evm.account("investor"), 100 * 10**18)
    control.warp(system.evm.rpc, DAY)
    send, due = Sender.send, maintenance.due_distributions(system)

    def refuse(self, to, data, **options):
        if bytes.fromhex(system.record.indexes[due[0]][2:]) in data:
            raise Reverted(b"", "the chain")
        return send(self, to, data, **options)

    monkeypatch.setattr(Sender, "send", refuse)
    done = CliRunner(mix_stderr=False).invoke(keeper.cli, ["daily"])
    assert done.exit_code == 1
    assert f"distribute {due[0]}  the chain reverted with 0x" in done.stdout
    assert maintenance.due_distributions(system) == [due[0]]
