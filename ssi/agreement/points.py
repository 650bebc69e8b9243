"""Points: who joined, prices, points of every account in every epoch, records, pots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ssi.agreement.sides import Compared, Sides, number
from ssi.constants import ZERO
from ssi.indexer import past
from ssi.points.ledger import READS, Ledger


def accounts(both: Sides) -> Iterator[Compared]:
    """When each account joined, who referred it, and its code."""
    points, referrals = both.system.points, both.system.referrals
    rows, codes = both.rows("account", "address"), both.rows("referral_code", "owner")
    people = dict.fromkeys(event.values["account"] for _, event, _ in both.events(points, "Joined"))
    people |= dict.fromkeys(event.values["referee"] for _, event, _ in both.events(referrals, "Bound"))
    people |= dict.fromkeys(event.values["owner"] for _, event, _ in both.events(referrals, "CodeRegistered"))
    people |= dict.fromkeys([*rows, *codes])
    answers = both.ask(
        [(points.joinedAt, (who,)) for who in people]
        + [(referrals.referrerOf, (who,)) for who in people]
        + [(referrals.codeOf, (who,)) for who in people]
    )
    for place, who in enumerate(people):
        row, code = rows.get(who), codes.get(who)
        joined, bond, own = (answers[place + n * len(people)] for n in range(3))
        yield f"{who}/joinedAt", joined, number(row, "joined_at") or 0
        yield f"{who}/referrer", bond.referrer, (row and row["referrer"]) or ZERO
        yield f"{who}/boundAt", bond.boundAt, number(row, "bound_at") or 0
        yield f"{who}/code", own.hex(), code["code"][2:] if code else bytes(32).hex()


def prices(both: Sides) -> Iterator[Compared]:
    """Every sample, and the sheets of epochs that are settled."""
    contract, epochs_ = both.system.prices, range(both.epoch + 1)
    samples = both.rows("price_sample", "epoch", "slot", "token")
    sheets = both.rows("reference_price", "epoch", "source")
    for epoch in epochs_:
        tokens, settled = both.ask([(contract.sampledTokens, (epoch,)), (contract.isSettled, (epoch,))])
        for token, found in zip(tokens, both.ask([(contract.samplesOf, (epoch, t)) for t in tokens]), strict=True):
            for slot, price in enumerate(found):
                row = samples.get((epoch, slot, token))
                yield f"epoch {epoch}/slot {slot}/{token}", price, number(row, "price") or 0
        if settled:
            for one in Ledger(both.system.points, contract).sheet(epoch, both.block):
                row = sheets.get((epoch, one.source))
                yield f"epoch {epoch}/{one.source}", one.price, number(row, "price")


def _members(both: Sides) -> list[str]:
    return list(dict.fromkeys(event.values["account"] for _, event, _ in both.events(both.system.points, "Joined")))


def points(both: Sides) -> Iterator[Compared]:
    """Of every account that joined, in every epoch, by the indexer's integrals and the contract's prices."""
    ledger, members = Ledger(both.system.points, both.system.prices), _members(both)
    for epoch in range(both.epoch + 1):
        until = min(both.now, both.begins(epoch + 1))
        sheet = ledger.sheet(epoch, both.block)
        ours = {one.account: one.points for one in past.points(both.indexer, epoch, both.begins(epoch), until, sheet)}
        theirs = both.ask([(both.system.points.pointsOf, (who, epoch)) for who in members], READS)
        for who, value in zip(members, theirs, strict=True):
            yield f"epoch {epoch}/{who}", value, ours.pop(who, 0)
        for who, value in ours.items():
            yield f"epoch {epoch}/{who}", 0, value


def standings(both: Sides) -> Iterator[Compared]:
    """The leaderboards of epochs that are over: of accounts that joined before the end."""
    people, rows, contract = _members(both), both.rows("standing", "account", "epoch"), both.system.points
    joined = dict(zip(people, both.ask([(contract.joinedAt, (who,)) for who in people]), strict=True))
    for epoch in range(both.epoch):
        members = [who for who in people if joined[who] < both.begins(epoch + 1)]
        theirs = both.ask([(contract.pointsOf, (who, epoch)) for who in members], READS)
        for who, value in zip(members, theirs, strict=True):
            yield f"epoch {epoch}/{who}", value, number(rows.pop((who, epoch), None), "points") or 0
    for (who, epoch), row in rows.items():
        if epoch < both.epoch:
            yield f"epoch {epoch}/{who}", 0, int(row["points"])


def records(both: Sides) -> Iterator[Compared]:
    """What is written down, with bonuses."""
    rows, contract = both.rows("record", "account", "epoch"), both.system.points
    keys = {(e.values["account"], e.values["epoch"]): None for _, e, _ in both.events(contract, "Recorded")}
    keys |= {(e.values["referrer"], e.values["epoch"]): None for _, e, _ in both.events(contract, "ReferralCredited")}
    keys |= dict.fromkeys(rows)
    for key, value in zip(keys, both.ask([(contract.recordedPoints, key) for key in keys]), strict=True):
        yield f"epoch {key[1]}/{key[0]}", value, number(rows.get(key), "total") or 0


def recorders(both: Sides) -> Iterator[Compared]:
    """What those who recorded are paid by."""
    rows, contract = both.rows("recorder", "account", "epoch"), both.system.points
    keys = {(e.values["recorder"], e.values["epoch"]): None for _, e, _ in both.events(contract, "RecordedBy")}
    keys |= dict.fromkeys(rows)
    for key, value in zip(keys, both.ask([(contract.pointsRecordedBy, key) for key in keys]), strict=True):
        yield f"epoch {key[1]}/{key[0]}", value, number(rows.get(key), "points") or 0


def epochs(both: Sides) -> Iterator[Compared]:
    """The sums of what is written down."""
    rows, contract = both.rows("epoch", "number"), both.system.points
    numbers = range(both.epoch + 1)
    for epoch, total in zip(numbers, both.ask([(contract.totalRecorded, (e,)) for e in numbers]), strict=True):
        yield f"{epoch}/totalRecorded", total, number(rows.get(epoch), "total_recorded") or 0


def pots(both: Sides) -> Iterator[Compared]:
    """What was ever put in, and taken out."""
    rows, contract, keys = both.rows("pot", "epoch", "token"), both.system.points, dict[tuple[int, str], None]()
    for _, event, _ in both.events(contract, "Funded", "RolledOver"):
        said = event.values
        into = said["epoch"] if event.name == "Funded" else said["toEpoch"]
        keys[into, said["token"]] = None
    keys |= dict.fromkeys(rows)
    answers = both.ask([(contract.potOf, key) for key in keys])
    parts = both.ask([(contract.recorderPart, key) for key in keys])
    for key, (funded, paid), part in zip(keys, answers, parts, strict=True):
        row = rows.get(key)
        yield f"epoch {key[0]}/{key[1]}/funded", funded, number(row, "funded")
        yield f"epoch {key[0]}/{key[1]}/paid", paid, number(row, "paid")
        yield f"epoch {key[0]}/{key[1]}/recorders", part, number(row, "recorders")


def claims(both: Sides) -> Iterator[Compared]:
    """What every account was paid, by the sums of the contract's events."""
    rows, paid = both.rows("pot_claim", "account", "epoch", "token"), defaultdict[tuple[str, int, str], int](int)
    for _, event, _ in both.events(both.system.points, "Claimed"):
        said = event.values
        paid[said["account"], said["epoch"], said["token"]] += said["amount"]
    for key in {**paid, **dict.fromkeys(rows)}:
        account, epoch, token = key
        yield f"epoch {epoch}/{token}/{account}", paid.get(key, 0), number(rows.get(key), "amount") or 0
