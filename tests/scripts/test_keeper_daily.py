"""What a keeper does every day."""

from __future__ import annotations

import json

from click.testing import CliRunner

from minimainnet import control
from scripts import keeper
from scripts._lib import chores

DAY = 86_400


def daily(*words):
    done = CliRunner(mix_stderr=False).invoke(keeper.cli, ["daily", *words])
    assert done.exit_code == 0, f"{done.output}\n{done.stderr}\n{done.exception}"
    return done.stdout


def test_fees_and_checkpoints_are_looked_after(system):
    """Whatever is due is done, once; what is not is left alone."""
    system.invest("MAG7.ssi", system.evm.account("investor"), 100 * 10**18)
    control.warp(system.evm.rpc, 8 * DAY)
    assert chores.due_pokes(system) == ["sDAI", "sUSDS"]
    due = chores.due_distributions(system)
    assert set(due) == set(system.record.indexes)
    done = json.loads(daily("--json"))
    expected = [*(("distribute", symbol) for symbol in due), ("poke", "sDAI"), ("poke", "sUSDS")]
    assert sorted((chore["did"], chore["what"]) for chore in done) == sorted(expected)
    treasury = system.distributor.treasury()
    assert system.index("MAG7.ssi").balanceOf(treasury) > 10**18 // 1_000
    assert daily() == "Nothing is due: fees are distributed once a UTC day, checkpoints move once a week.\n"
    control.warp(system.evm.rpc, DAY)
    assert [chore["did"] for chore in json.loads(daily("--json"))] == ["distribute"] * 4
