"""What can be typed: every command there is, with words that are right, and how to spoil them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import click

from ssi.cli.command import Address, Number
from ssi.cli.report import Date
from ssi.places import ROOT

STRANGER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

HOLDER = ("--account", "other")

# Arguments and options that each command needs. Whether they can be done is another matter.
RIGHT: dict[str, tuple[str, ...]] = {
    "boost": ("10", "SOSO", *HOLDER),
    "buy": ("1", "MAG7.ssi", "--for", "ETH", *HOLDER),
    "cancel": ("0x12345678",),
    "cancel-unstake": ("MAG7.ssi", *HOLDER),
    "claim": ("MAG7.ssi", *HOLDER),
    "claim-pot": HOLDER,
    "collect": ("12345", *HOLDER),
    "demo": (),
    "deploy": ("--account", "deployer", "--yes"),
    "execute": (),
    "history": (STRANGER,),
    "indexer check": ("http://127.0.0.1:1",),
    "join": HOLDER,
    "keeper daily": ("--account", "keeper"),
    "keeper rebalance": ("MAG7.ssi", "--account", "keeper", "--once"),
    "keeper run": ("--account", "keeper", "--listen", "127.0.0.1:0"),
    "lock": ("12345", *HOLDER),
    "mint": ("1", "MAG7.ssi", *HOLDER),
    "pending": (),
    "points keeper": ("--account", "keeper"),
    "points leaderboard": (),
    "points statement": (STRANGER,),
    "portfolio": (STRANGER,),
    "preflight": (),
    "propose add-constituent": ("MAG7.ssi", "SKY", "--instead-of", "UNI"),
    "propose add-index": (str(ROOT / "docs/example-index.json"), "--pool-with", "WETH"),
    "propose call": ("USSI", "setSupplyCap", "4_321"),
    "propose rebalance": ("MAG7.ssi",),
    "propose remove-constituent": ("DEFI.ssi", "COMP"),
    "propose set-cap": ("USSI", "54321"),
    "propose set-fee": ("MAG7.ssi", "--mint-bps", "20", "--daily-bps", "0.5"),
    "propose set-methodology": ("USSI", "FixedWeights", "USDC=2000", "sDAI=4000", "sUSDS=4000"),
    "propose set-path": ("LINK",),
    "propose set-price": ("LINK",),
    "propose set-terms": (
        "USSI",
        "--premium-bps",
        "50",
        "--discount-bps",
        "60",
        "--hours",
        "24",
        "--budget-bps",
        "50",
        "--turnover-bps",
        "3000",
        "--band-bps",
        "100",
    ),
    "propose upgrade": ("Rebalancer", "--deployer", "other"),
    "quote buy": ("1", "MAG7.ssi", "--for", "ETH"),
    "quote sell": ("MAG7.ssi", "--for", "100 USDC"),
    "record": HOLDER,
    "redeem": ("1", "MAG7.ssi", *HOLDER),
    "refer create": ("MINE1", *HOLDER),
    "refer show": (STRANGER,),
    "refer use": ("OLDER", *HOLDER),
    "replay": (),
    "report": ("MAG7.ssi",),
    "sell": ("MAG7.ssi", "--for", "100 USDC", *HOLDER),
    "stake": ("1", "MAG7.ssi", *HOLDER),
    "selection": (str(ROOT / "docs/market-caps.json"),),
    "status": (),
    "unlock": ("12345", *HOLDER),
    "unstake": ("1", "MAG7.ssi", *HOLDER),
    "verify": ("FixedWeights",),
    "withdraw": ("MAG7.ssi", *HOLDER),
}


def typed(name: str) -> list[str]:
    """The command with words that are right."""
    return [*name.split(), *RIGHT[name]]


NO_NUMBERS = ("NaN", "Infinity", "-Infinity", "1e999999999", "9" * 80, "0x12", "ten", "")
NO_DATES = ("", "31.1.2026", "2026-02-30", "2026-13-01", "yesterday", "1767225600")
NO_ADDRESSES = ("0x1234", "safe", "", STRANGER[2:], STRANGER.replace("C8", "c8"), "0x" + "z" * 40)


# Ape's own options. It adds them to a command when that is first parsed, so they are here or not, as tests before were.
APES = {"network", "provider_settings"}


def every() -> dict[str, click.Command]:
    """All commands of `ape run` by name, such as "propose set-cap"."""
    found: dict[str, click.Command] = {}
    for path in sorted((ROOT / "scripts").glob("[!_]*.py")):
        found |= dict(_within(path.stem, importlib.import_module(f"scripts.{path.stem}").cli))
    return found


def _within(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    for word, inner in command.commands.items():
        yield from _within(f"{name} {word}", inner)


def spoilt(name: str, command: click.Command) -> Iterator[list[str]]:
    """The command with right words, and one wrong: no such option, one word too many or too few; numbers, addresses,
    days, files and choices that are none.
    """
    words, right = name.split(), list(RIGHT[name])
    yield [*words, *right, "--no-such-option"]
    takes_rest = any(isinstance(p, click.Argument) and p.nargs == -1 for p in command.params)
    if not takes_rest:
        yield [*words, *right, "surplus", "words"]
    places = [p for p in command.params if isinstance(p, click.Argument)]
    if any(p.required for p in places):
        yield words
    for place, parameter in enumerate(places):
        for wrong in _wrong(parameter.type):
            yield [*words, *right[:place], "--", wrong, *right[place + 1 :]] if wrong.startswith("-") else [
                *words, *right[:place], wrong, *right[place + 1 :],
            ]  # fmt: skip
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in APES:
            if not option.is_flag:
                yield [*words, "--network", "ethereum:mainnet:node", *right, option.opts[0]]
            for wrong in _wrong(option.type):
                yield [*words, *right, f"{option.opts[0]}={wrong}"]


def _wrong(kind: click.ParamType) -> tuple[str, ...]:
    """Words that are none of that kind, and not the right one by chance."""
    if isinstance(kind, click.types.IntRange | Number):
        least = kind.min if isinstance(kind, click.types.IntRange) else kind.least
        negative = ("-1", "-0.5") if least is not None and least >= 0 else ()
        return (*NO_NUMBERS, *negative, *(("1.5",) if isinstance(kind, click.types.IntRange) else ()))
    if isinstance(kind, click.Path):
        folder, file = () if kind.dir_okay else ("/",), () if kind.file_okay else (__file__,)
        return (*folder, *file, *(("/no/such/path",) if kind.exists else ()))
    if isinstance(kind, click.Choice):
        return ("", "Nonsense", *(choice.upper() for choice in kind.choices if choice.isalpha()))
    return NO_DATES if isinstance(kind, Date) else NO_ADDRESSES if isinstance(kind, Address) else ()
