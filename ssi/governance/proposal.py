"""A proposal: calls that the Safe schedules together, tried out on a fork before an owner signs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ssi.chain.evm import Deployed, Evm, Receipt, Reverted, Struct
from ssi.chain.forking import Forks
from ssi.chain.sender import MOST_GAS
from ssi.constants import CREATE2, IMPLEMENTATION_SLOT
from ssi.governance.decoder import Call, Decoder, arguments_of, readable
from ssi.governance.externals import creation
from ssi.governance.safe import Multisig
from ssi.registry.system import System

MARGIN = 3600  # seconds after the notice at which the trial executes

State = dict[str, Any]
Watch = tuple[str, Deployed, str, Sequence[Any]]


class ProposalRefused(Exception):  # noqa: N818 - it says what happened
    """The trial shows that the proposal would not do what it should. The message says why, and what to do."""


@dataclass(frozen=True)
class Proposal:
    """Calls in their order, what must be true once they are executed, and what else to look at.

    Args:
        slug: names the files.
        expect: values of the state after the execution, by their labels, which must be in the state.
        watch: reads besides those without arguments: label, contract, function, arguments.
        seed: token-wei by asset that the Safe has to hold at the execution, for the first shares of an index. The trial
            provides what it lacks.
        must_change: refused when nothing of the state changes.
        rebalanced: symbol of the index whose rebalance it starts.
    """

    slug: str
    title: str
    calls: Sequence[tuple[Deployed, bytes]]
    expect: Mapping[str, Any] = field(default_factory=dict)
    watch: Sequence[Watch] = ()
    must_change: bool = True
    rebalanced: str | None = None
    seed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One value of the state that the execution changes."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Trial:
    """What came out.

    `ready_at_s` in Unix seconds, if the Safe scheduled now; `window_s`: from then until the operation is void; `gas` of
    the largest transaction of each kind.
    """

    operations: list[bytes]
    ready_at_s: int
    window_s: int
    changes: list[Change]
    events: list[str]
    gas: dict[str, int]
    extra: dict[str, Any]


def scheduling(manager: Deployed, calls: Sequence[tuple[Deployed, bytes]]) -> bytes:
    """What the Safe sends to the manager to schedule the calls, all or none."""
    return batched(manager, [manager.schedule.encode(target.address, data, 0) for target, data in calls])


def execution(manager: Deployed, calls: Sequence[tuple[str, bytes]]) -> bytes:
    """What the Safe sends to the manager to execute what it has scheduled, all or none, in this order."""
    return batched(manager, [manager.execute.encode(target, data) for target, data in calls])


def steps(system: System, safe: str, calls: Sequence[tuple[str, bytes]]) -> list[list[tuple[str, bytes]]]:
    """The transactions of the Safe that execute scheduled calls, targets with calldata, in their order.

    The manager makes those that follow each other. The birth of an index takes tokens from its caller, and the manager
    has none: the Safe makes that call itself, and first lets the factory take what it has agreed to. What follows a
    birth is a transaction of its own, for both together use more gas than one may. Code that is there already is not
    created again: its address leaves no choice, and any account may have been faster.
    """
    found: list[list[tuple[str, bytes]]] = [[]]
    waiting: list[tuple[str, bytes]] = []

    def flush() -> None:
        if waiting:
            found[-1].append((system.manager.address, execution(system.manager, waiting)))
            waiting.clear()

    for target, data in calls:
        if target == CREATE2 and len(system.evm.rpc.call("eth_getCode", creation(data), "latest")) > 2:
            continue
        if not (birth := born(system, target, data)):
            waiting.append((target, data))
            continue
        flush()
        for address, amount in zip(birth["newIndex"].tokens, birth["maxAmounts"], strict=True):
            token = system.token(address)
            if token.allowance(safe, target) < amount:
                found[-1].append((address, token.approve.encode(target, amount)))
        found[-1].append((target, data))
        found.append([])
    flush()
    return [batch for batch in found if batch]


def born(system: System, target: str, data: bytes) -> dict[str, Any]:
    """The arguments of a call that creates an index, empty for every other call."""
    create = system.factory.interface["createIndex"]
    creates = target == system.factory.address and data[:4] == create.hash[:4]
    return arguments_of(create, data) or {} if creates else {}


def batched(manager: Deployed, calls: Sequence[bytes]) -> bytes:
    """Several calls of the manager by the same caller as one."""
    return calls[0] if len(calls) == 1 else bytes(manager.multicall.encode(list(calls)))


# ---------------------------------------------------------------- the state


def state(system: System, proposal: Proposal) -> State:
    """All that the targets and all indexes say without arguments, and what the proposal
    watches.
    """
    decoder, evm, found = Decoder(system), system.evm, State()
    contracts = {decoder.name(target.address): target for target, _ in proposal.calls}
    contracts |= {symbol: system.index(symbol) for symbol in system.record.indexes}
    for name, contract in contracts.items():
        contract = evm.at(contract.interface, contract.address)
        for entry in contract.interface.kinds("function"):
            if entry.reads and not entry.inputs:
                _flatten(found, f"{name}.{entry.name}", _read(decoder, contract, entry.signature, ()))
        slot = int(evm.rpc.call("eth_getStorageAt", contract.address, IMPLEMENTATION_SLOT, "latest"), 16)
        if slot:
            found[f"{name}.implementation"] = decoder.address(f"0x{slot:040x}")
    for label, contract, function, args in proposal.watch:
        _flatten(found, label, _read(decoder, evm.at(contract.interface, contract.address), function, args))
    return found


def _read(decoder: Decoder, contract: Deployed, function: str, args: Sequence[Any]) -> Any:
    try:
        return contract[function].call(*args)
    except Reverted as reverted:
        return f"reverts: {decoder.error(reverted.data)}"


def _flatten(into: State, label: str, value: Any) -> None:
    """Members of structs and lists under labels of their own, so that a change shows as small as it is."""
    if isinstance(value, Struct):
        for name, item in value.named().items():
            _flatten(into, f"{label}.{name}" if name else label, item)
    elif isinstance(value, list):
        for n, item in enumerate(value):
            _flatten(into, f"{label}[{n}]", item)
    else:
        into[label] = value


def differences(before: State, after: State) -> list[Change]:
    """In the order of `before`, then what is new."""
    labels = [*before, *(label for label in after if label not in before)]
    return [
        Change(label, before.get(label), after.get(label)) for label in labels if before.get(label) != after.get(label)
    ]


# ---------------------------------------------------------------- the trial


def attempt(
    system: System,
    proposal: Proposal,
    notice: int,
    forks: Forks,
    look: Callable[[System], dict[str, Any]] = lambda _: {},
) -> Trial:
    """Schedules, waits and executes on a fork of the chain as it is now, through the Safe's own code, and compares.

    Nothing of it touches the chain itself. Feeds keep up while time passes. `look` may look at the fork after the
    execution.

    Raises:
        Refused: a step fails, comes too early, changes nothing, or changes something to another value than expected.
    """
    with forks.fork(system.evm.rpc.url, block=int(system.evm.rpc.call("eth_blockNumber"), 16)) as url:
        fork = System(Evm(url), system.project, system.record)
        evm, manager, decoder = fork.evm, fork.manager, Decoder(fork)
        safe = Multisig(evm, fork.record.contracts["Safe"])
        calls = [(target.address, data) for target, data in proposal.calls]

        try:
            receipt = safe.simulate(safe.transaction(manager.address, scheduling(manager, proposal.calls)))
        except Reverted as reverted:
            raise ProposalRefused(_why_not_scheduled(decoder, reverted.data)) from None
        scheduled = [event.values for event in receipt.events(manager, "OperationScheduled")]
        operations = [values["operationId"] for values in scheduled]
        if [(values["target"], values["data"]) for values in scheduled] != calls:
            raise ProposalRefused("The manager scheduled something else than what was proposed. Do not sign.")
        ready_at = max(values["schedule"] for values in scheduled)
        if ready_at - evm.now < notice:
            raise ProposalRefused(
                f"The manager would allow this after {ready_at - evm.now} s, sooner than the notice of {notice} s. Do"
                " not sign."
            )

        to_do = steps(fork, safe.address, calls)
        (first, *_) = [call for call in to_do[0] if call[0] in (manager.address, fork.factory.address)]
        try:
            evm.call(*first, sender=safe.address, at=ready_at - 1)
        except Reverted as reverted:
            if reverted.data[:4] != manager.interface["AccessManagerNotReady"].hash[:4]:
                raise ProposalRefused(
                    f"A second before the notice has passed this fails with {decoder.error(reverted.data)}."
                ) from None
        else:
            raise ProposalRefused("This could be executed a second before the notice has passed. Do not sign.")

        forks.warp(evm.rpc, ready_at - evm.now + MARGIN)
        for asset, amount in proposal.seed.items():
            forks.deal(evm.rpc, asset, safe.address, amount)
        with evm.frozen_time():
            before = state(fork, proposal)
            try:
                executed = [safe.simulate(safe.together(batch)) for batch in to_do]
            except Reverted as reverted:
                raise ProposalRefused(
                    f"The execution would fail with {decoder.error(reverted.data)}. Nothing was proposed."
                ) from None
            changes = differences(before, after := state(fork, proposal))
        known = proposal.expect and all(before.get(label) == wanted for label, wanted in proposal.expect.items())
        if known or (proposal.must_change and not changes):
            raise ProposalRefused("This would change nothing: it is so already. Nothing was proposed.")
        for label, wanted in proposal.expect.items():
            if after.get(label) != wanted:
                raise ProposalRefused(
                    f"After the execution {label} would be {readable(after.get(label))}, not {readable(wanted)}. Do not"
                    " sign."
                )
        gas = {"schedule": receipt.gas_used, "execute": max(each.gas_used for each in executed)}
        if max(gas.values()) > MOST_GAS:
            raise ProposalRefused(f"This takes {max(gas.values()):,} gas, and a transaction may use {MOST_GAS:,}.")
        return Trial(
            operations,
            ready_at,
            manager.expiration(),
            changes,
            [event for each in executed for event in _events(decoder, each)],
            gas,
            look(fork),
        )


def foreseen(
    system: System, calls: Sequence[tuple[Deployed, bytes]], forks: Forks, look: Callable[[System], Any]
) -> Any:
    """What `look` sees on a fork on which the Safe has scheduled the calls, waited and executed them.

    Raises:
        Refused: a call, or the look, fails.
    """
    with forks.fork(system.evm.rpc.url, int(system.evm.rpc.call("eth_blockNumber"), 16)) as url:
        fork = System(Evm(url), system.project, system.record)
        manager, decoder = fork.manager, Decoder(fork)
        safe = Multisig(fork.evm, fork.record.contracts["Safe"])
        try:
            receipt = safe.simulate(safe.transaction(manager.address, scheduling(manager, calls)))
            ready_at = max(event.values["schedule"] for event in receipt.events(manager, "OperationScheduled"))
            forks.warp(fork.evm.rpc, ready_at - fork.evm.now + MARGIN)
            safe.simulate(
                safe.transaction(
                    manager.address, execution(manager, [(target.address, data) for target, data in calls])
                )
            )
            return look(fork)
        except Reverted as reverted:
            raise ProposalRefused(
                f"The proposal would fail with {decoder.error(reverted.data)}. Nothing was proposed."
            ) from None


def _why_not_scheduled(decoder: Decoder, data: bytes) -> str:
    said = decoder.error(data)
    if said.startswith("AccessManagerAlreadyScheduled"):
        return "Exactly this is scheduled already: see `ape run pending`."
    if said.startswith("AccessManagerUnauthorizedCall"):
        return (
            f"The Safe has no right to schedule this ({said}): is the function in the role table, and is it the"
            " governor's?"
        )
    return f"The manager would refuse to schedule this: {said}."


def _events(decoder: Decoder, receipt: Receipt) -> list[str]:
    """What the contracts of the protocol said, but for the manager and the Safe."""
    found = []
    for name, contract in decoder.deployed.items():
        for event in receipt.events(contract) if name not in ("ProtocolManager", "Safe") else ():
            found += [f"{name}: {event.name}({decoder.text(event.values)})"]
    return found


def described(proposal: Proposal, decoder: Decoder) -> list[Call]:
    """The calls by name."""
    return [decoder.call(target.address, data) for target, data in proposal.calls]
