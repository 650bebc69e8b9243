"""What an account did: `ape run history [ACCOUNT]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from rich.table import Table

from ssi.amounts import readable
from ssi.chain import network
from ssi.cli import common, holders
from ssi.cli.command import Command, json_option
from ssi.cli.holders import plain
from ssi.history import Happened
from ssi.protocol import Protocol

network.quiet()
# What the router and a deposit do within a trade says no more than the trade.
_WITHIN = {"Bought": {"Deposit"}, "Sold": {"Redeemed"}, "Staked": {"Deposit"}}


@click.command(cls=Command)
@click.argument("account", required=False)
@click.option(
    "--last",
    type=click.IntRange(1, 100_000),
    default=30,
    show_default=True,
    help="How many lines; with --json everything is there.",
)
@json_option
def cli(account: str | None, last: int, json: bool) -> Any:
    """Show what ACCOUNT, an address or an alias, did, the latest last."""
    protocol, who = holders.watched(account)
    found = protocol.history(who)
    if json:
        return [plain(happened) for happened in found]
    rows = brief(found)
    screen = common.console()
    if not rows:
        screen.print(f"Nothing happened to {who} here yet.", highlight=False)
        return None
    if len(rows) > last:
        screen.print(f"[dim]{len(rows) - last} lines before these: --last {len(rows)} shows all.[/]")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("when", "what", "transaction"):
        table.add_column(name, no_wrap=name == "when")
    for happened in rows[-last:]:
        table.add_row(
            common.moment(happened.time_s).removesuffix(" UTC"),
            common.verbatim(sentence(protocol, happened)),
            f"[dim]{happened.transaction[:10]}…[/]",
        )
    screen.print(table)
    return None


def brief(found: Sequence[Happened]) -> list[Happened]:
    """Without what only repeats a trade of the same transaction; the trade comes first."""
    names: dict[str, set[str]] = {}
    for happened in found:
        names.setdefault(happened.transaction, set()).add(happened.event)

    def repeats(happened: Happened) -> bool:
        return any(happened.event in _WITHIN.get(name, ()) for name in names[happened.transaction] - {happened.event})

    first = {happened.transaction: happened.log for happened in reversed(found)}
    kept = [happened for happened in found if not repeats(happened)]
    return sorted(
        kept, key=lambda one: (one.block, first[one.transaction], one.event not in ("Bought", "Sold"), one.log)
    )


def sentence(protocol: Protocol, happened: Happened) -> str:
    """One event in words."""
    found = _SENTENCES[happened.event]
    return found if isinstance(found, str) else found(HistoryLine(protocol, happened))


@dataclass(frozen=True)
class HistoryLine:
    """An event, and what its numbers are of."""

    protocol: Protocol
    happened: Happened

    def __getitem__(self, name: str) -> Any:
        """An argument of the event."""
        return self.happened.values[name]

    def of(self, token: str, amount: str) -> str:
        """An amount of a token that the event names."""
        return str(self.protocol.holder.token_at(self[token]).amount(self[amount]))

    @property
    def shares(self) -> str:
        """Of the index, or the staked token, that the event is from."""
        return str(self.protocol.token(self.happened.contract).amount(self["shares"]))

    @property
    def assets(self) -> str:
        """Of what is staked."""
        return str(self.protocol.token(self.happened.contract[1:]).amount(self["assets"]))

    @property
    def lp(self) -> str:
        return f"{readable(self['amount'], 18)} LP tokens"

    @property
    def code(self) -> str:
        return str(self["code"].rstrip(b"\0").decode())


def _claimed(line: HistoryLine) -> str:
    if line.happened.contract == "PointsLedger":
        return f"took {line.of('token', 'amount')} out of the pot of epoch {line['epoch']}"
    return f"took {line.of('token', 'paid')} that {line.happened.contract} owed"


_SENTENCES: Mapping[str, str | Callable[[HistoryLine], str]] = {
    "Bought": lambda line: f"bought {line.of('index', 'shares')} for {line.of('token', 'amountIn')}",
    "Sold": lambda line: f"sold {line.of('index', 'shares')} for {line.of('token', 'amountOut')}",
    "Staked": lambda line: f"staked {line.of('index', 'shares')}",
    "Minted": lambda line: f"minted {line.shares} in kind",
    "Redeemed": lambda line: f"redeemed {line.shares} in kind",
    "Segregated": lambda line: (
        f"got a claim on {line.of('token', 'amount')} of {line.happened.contract}, which did not move"
    ),
    "Claimed": _claimed,
    "Deposit": lambda line: f"staked {line.assets}",
    "RedeemRequest": lambda line: f"requested {line.shares} back",
    "RequestCancelled": lambda line: f"staked {line.assets} again that cooled down",
    "Withdraw": lambda line: f"withdrew {line.assets}",
    "Joined": "joined the points",
    "Recorded": lambda line: f"{readable(line['points'], 18)} points of epoch {line['epoch']} were recorded",
    "PositionLocked": lambda line: f"locked position {line['tokenId']}",
    "PositionUnlockRequested": lambda line: f"requested position {line['tokenId']} back",
    "PositionUnlockCancelled": lambda line: f"locked position {line['tokenId']} again",
    "PositionUnlocked": lambda line: f"took position {line['tokenId']} out",
    "FeesCollected": lambda line: f"collected the fees of position {line['tokenId']}",
    "TokensLocked": lambda line: f"locked {line.lp}",
    "TokensUnlockRequested": lambda line: f"requested {line.lp} back",
    "TokensUnlockCancelled": lambda line: f"locked {line.lp} again",
    "TokensUnlocked": lambda line: f"took {line.lp} out",
    "CodeRegistered": lambda line: f"registered the code {line.code}",
    "Bound": lambda line: f"was referred by the code {line.code}",
}
