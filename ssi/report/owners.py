"""Who owns an index, by the transfers of its shares and of its staked token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ssi.constants import WAD
from ssi.report.facts import Holders, Owner
from ssi.report.source import Logged, Source

_SHOWN = 10


def balances(transfers: Iterable[Logged], until: int) -> Counter[str]:
    """What each account has after a block, in wei. The zero address is none."""
    held = Counter[str]()
    for event in transfers:
        if event.block <= until:
            source, target, amount = event.values.values()
            held[source] -= amount
            held[target] += amount
    return Counter({who: wei for who, wei in held.items() if wei > 0 and int(who, 16)})


def holders(source: Source, first: int, staked_wei: int) -> Holders:
    """At the end of the report; `first` is its first block, `staked_wei` what all staked shares are worth, {share}."""
    system, record = source.system, source.system.record
    moved = source.events(system.index(source.symbol), "Transfer")
    staked = source.events(system.staked(source.symbol), "Transfer") if source.symbol in record.staked else []
    named = {address.lower(): name for name, address in record.addresses.items()}
    named |= {"0x" + "dead".rjust(40, "0"): "locked for ever"}
    shares, deposits = balances(moved, source.end), balances(staked, source.end)
    all_shares, all_deposits = sum(shares.values()), sum(deposits.values())
    owned = Counter({who: wei for who, wei in shares.items() if who.lower() not in named})
    for who, wei in deposits.items():
        owned[who] += staked_wei * wei // all_deposits
    before = balances(moved, first).keys() | balances(staked, first).keys()

    def part(wei: int) -> int:
        return wei * WAD // all_shares if all_shares else 0

    largest = [Owner(who, wei, part(wei)) for who, wei in owned.most_common(_SHOWN)]
    protocol = [Owner(named[who.lower()], wei, part(wei)) for who, wei in shares.most_common() if who.lower() in named]
    return Holders(
        count=len(owned), count_before=sum(who.lower() not in named for who in before), stakers=len(deposits),
        largest=tuple(largest), largest_ten_d18=sum(owner.part_d18 for owner in largest), protocol=tuple(protocol),
    )  # fmt: skip
