"""Staked tokens, and the distributor that feeds them."""

from __future__ import annotations

from typing import Any

from ssi.deploy.builder import Builder


def deploy(d: Builder, manager: Any, table: Any, distributor: Any) -> None:
    """One staked token for every index and every other asset that can be staked; the indexes' fees go to
    their stakers.
    """
    names = {index.symbol: (index.name, d.record.indexes[index.symbol]) for index in d.index_params}
    names |= {name: (name, d.assets.assets[name].address) for name in d.protocol.staking.assets}
    for symbol, (name, asset) in names.items():
        if symbol not in d.record.staked:
            d.say(f"deploy s{symbol}")
            epochs = (d.protocol.epoch_genesis, d.protocol.epoch_length)
            d.record.staked[symbol] = d.create(
                "StakedToken", manager, asset, f"Staked {name}", f"s{symbol}", *epochs, key=f"s{symbol}"
            )
            d.record.save()
        staked = d.record.staked[symbol]
        d.roles(manager, table, "StakedToken", staked, f"s{symbol}")
        if symbol in d.record.indexes:
            d.once(f"fees of {symbol}", distributor.setSplit, asset, staked, d.protocol.staking.stakers_part_bps)
