"""What the lens and the manager say, for machines and for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ssi.chain.evm import Deployed
from ssi.constants import ADMIN, GOVERNOR, GUARDIAN, NOTICE
from ssi.governance import custody
from ssi.registry.system import System


def overviews(lens: Deployed) -> list[dict[str, Any]]:
    """Every index as plain data. Amounts in token-wei and share-wei, prices and weights D18.

    What cannot be read is named and left out.
    """
    result = []
    for o in lens.overviews():
        if not o.readable:
            Console(stderr=True).print(f"[red]{o.named()['index']} cannot be read now[/]")
            continue
        terms, constituents = o.terms.named(), [constituent.named() for constituent in o.constituents]
        result.append({**o.named(), "terms": terms, "constituents": constituents, "staking": o.staking.named()})
    return result


def tables(indexes: list[dict[str, Any]]) -> list[Table]:
    """The same for people."""
    shown = []
    for index in indexes:
        price = f"${index['sharePrice'] / 1e18:,.4f}" if index["priced"] else "no price"
        title = (
            f"{index['symbol']}  {price}  supply {index['totalSupply'] / 1e18:,.4f}  NAV ${index['nav'] / 1e18:,.2f}"
        )
        staking = index["staking"]
        caption = (
            f"staked {staking['totalAssets'] / 1e18:,.4f}  yearly return {staking['currentApr'] / 1e16:.2f} % now, "
        )
        caption += f"{staking['lastEpochApr'] / 1e16:.2f} % in the last epoch"
        table = Table("token", "held", "price", "value", "weight", title=Text(title, "italic"), caption=caption)
        table.title_justify = table.caption_justify = "left"
        for c in index["constituents"]:
            name = c["symbol"] if c["readable"] else f"{c['symbol'] or c['token']} (broken)"
            table.add_row(
                Text(name), f"{c['available'] / 10 ** c['decimals']:,.6f}", f"${c['price'] / 1e18:,.8g}",
                f"${c['value'] / 1e18:,.2f}", f"{c['weight'] / 1e16:.2f} %",
            )  # fmt: skip
        shown.append(table)
    return shown


def governance(system: System) -> dict[str, Any]:
    """Both Safes as plain data, when the veto on the guardian's replacement runs out and returns (Unix seconds, 0 where
    it is as new), and what should alarm every holder: all that differs from the record.
    """
    actual, manager = custody.safes(system), system.manager
    alarms = custody.alarms(system.record, actual)
    for name, role, title, notice in (
        (custody.SAFE, ADMIN, "ADMIN", NOTICE),
        (custody.SAFE, GOVERNOR, "GOVERNOR", NOTICE),
        (custody.GUARDIAN_SAFE, GUARDIAN, "GUARDIAN", 0),
    ):
        member, delay = manager.hasRole(role, system.record.contracts[name])
        if not member:
            alarms.append(f"{name} is no {title} of the manager")
        elif delay != notice:
            alarms.append(f"{name} is {title} after {delay} s, not {notice} s")
    return {"safes": actual, "contest": manager.contest().named(), "alarms": alarms}
