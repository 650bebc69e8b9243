"""Governance for programs, and for the commands: what is pending, and what the owners of the Safes would sign to
propose a change, to execute it, or to cancel it. Nothing here signs or sends: `Multisig.execute` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ssi.chain.evm import Reverted
from ssi.chain.forking import Forks
from ssi.constants import NOTICE
from ssi.failure import Impossible, Misused
from ssi.governance import birth, proposals
from ssi.governance.decoder import Call, Decoder
from ssi.governance.proposal import Proposal, Trial, attempt, batched, described, scheduling, steps
from ssi.governance.safe import Multisig, SafeTransaction
from ssi.governance.scheduled import Operation, chosen, operations
from ssi.governance.starting import advice
from ssi.registry.system import System

ON_FORKS = ("add-constituent", "remove-constituent")  # what comes before the start decides what the start is


class CannotPropose(Impossible):
    """As the chain is now, the proposal cannot even be built. The message has the contract's error, and what to do."""


class OperationNotReady(Impossible):
    """The operation cannot be executed at `now`, in Unix seconds: it waits, or has expired."""

    def __init__(self, operation: Operation, now: int) -> None:
        self.operation, self.now, self.status = operation, now, operation.status(now)
        super().__init__(
            f"0x{operation.id.hex()[:8]} is {self.status} at {now}:"
            f" it can be executed from {operation.ready_at} to {operation.expires_at}."
        )


class NothingReady(Impossible):
    """No operation can be executed at `now`. `next_at`: when the next one can, in Unix seconds; None: none waits."""

    def __init__(self, next_at: int | None, now: int) -> None:
        super().__init__(f"Nothing is ready at {now}; the next is ready at {next_at}.")
        self.next_at, self.now = next_at, now


@dataclass(frozen=True)
class SigningRequest:
    """What the owners of a Safe are asked to sign.

    Args:
        slug: names the files. title: for people.
        batches: what the Safe calls in each transaction, in their order: targets with calldata.
    """

    multisig: Multisig
    slug: str
    title: str
    batches: tuple[tuple[tuple[str, bytes], ...], ...]

    def transactions(self, nonce: int | None = None) -> list[SafeTransaction]:
        """The Safe's next ones, or those from a nonce on."""
        first = self.multisig.nonce if nonce is None else nonce
        return [self.multisig.together(calls, first + n) for n, calls in enumerate(self.batches)]


@dataclass(frozen=True)
class Proposed(SigningRequest):
    """A change to be scheduled.

    Args:
        seed: token-wei by asset that the Safe has to hold at the execution. trial: None where no fork was given.
    """

    calls: tuple[Call, ...]
    seed: Mapping[str, int]
    trial: Trial | None


@dataclass(frozen=True)
class Decided(SigningRequest):
    """Operations to be executed, or to be cancelled."""

    operations: tuple[Operation, ...]


class GovernanceClient:
    """Made by `Protocol.governance`."""

    BUILDERS: ClassVar[dict[str, Callable[..., Proposal]]] = {
        "set-fee": proposals.set_fee,
        "set-cap": proposals.set_cap,
        "set-price": proposals.set_price,
        "set-path": proposals.set_path,
        "set-terms": proposals.set_terms,
        "set-methodology": proposals.set_methodology,
        "rebalance": proposals.rebalance,
        "add-constituent": proposals.add_constituent,
        "remove-constituent": proposals.remove_constituent,
        "add-index": birth.add_index,
        "upgrade": proposals.upgrade,
        "call": proposals.call,
    }

    def __init__(self, system: System) -> None:
        self.system = system

    @property
    def safe(self) -> Multisig:
        """The governor: it schedules and executes."""
        return Multisig(self.system.evm, self.system.record.contracts["Safe"])

    @property
    def guardian(self) -> Multisig:
        """It cancels."""
        return Multisig(self.system.evm, self.system.record.contracts["GuardianSafe"])

    def pending(self) -> list[Operation]:
        """What is scheduled and not executed or cancelled, oldest first; what has expired is among it."""
        return operations(self.system)

    def propose(self, kind: str, *arguments: Any, forks: Forks | None = None, **named: Any) -> Proposed:
        """Builds a proposal, such as `propose("set-cap", "USSI", 12_345)`, and the Safe's next transaction that
        schedules it. A proposal that starts a rebalance is tried out to the rebalance's end.

        Args:
            kind: a name of `BUILDERS`; the arguments are those of the function there, without the decoder.
            forks: where to try it out first; without, it is not tried.

        Raises:
            Misused: there is no such kind, or it needs forks and none are given.
            Unknown: an argument is no name that is known here.
            CannotPropose: a contract refuses what is asked of it to build the proposal.
            ProposalRefused: the trial shows that it would not do what it should.
        """
        if kind not in self.BUILDERS:
            raise Misused(f"There is no proposal {kind}. Known are {', '.join(self.BUILDERS)}.")
        if kind in ON_FORKS:
            if forks is None:
                raise Misused(f"{kind} is built on a fork: say forks=….")
            named["forks"] = forks
        decoder = Decoder(self.system)
        try:
            proposal = self.BUILDERS[kind](decoder, *arguments, **named)
            trial = attempt(self.system, proposal, NOTICE, forks, _simulating(proposal, forks)) if forks else None
        except Reverted as reverted:
            said = decoder.error(reverted.data)
            raise CannotPropose(f"This cannot be proposed now: {said}. {advice(said)}".strip()) from None
        batch = ((self.system.manager.address, scheduling(self.system.manager, proposal.calls)),)
        calls = tuple(described(proposal, decoder))
        return Proposed(self.safe, proposal.slug, proposal.title, (batch,), calls, proposal.seed, trial)

    def execute(self, *ids: str) -> Decided:
        """What the Safe sends to execute the operations whose ids begin so, or all that are ready.

        The manager makes the calls, but for the birth of an index, which the Safe makes itself.

        Raises:
            Unknown: not exactly one operation begins with an id.
            OperationNotReady: one of those that were named waits, or has expired.
            NothingReady: none was named, and none is ready.
        """
        now, known = self.system.evm.now, self.pending()
        picked = chosen(known, ids) if ids else [operation for operation in known if operation.status(now) == "ready"]
        if not picked:
            waiting = (operation.ready_at for operation in known if operation.status(now) == "waiting")
            raise NothingReady(min(waiting, default=None), now)
        for operation in picked:
            if operation.status(now) != "ready":
                raise OperationNotReady(operation, now)
        calls = [(operation.call.target, operation.call.data) for operation in picked]
        batches = tuple(tuple(batch) for batch in steps(self.system, self.safe.address, calls))
        return Decided(self.safe, "execute", f"Execute {_named(picked)}", batches, tuple(picked))

    def cancel(self, *ids: str) -> Decided:
        """What the guardian sends to cancel the operations whose ids begin so, in one transaction.

        Raises:
            Unknown: not exactly one operation begins with an id.
        """
        picked, manager = chosen(self.pending(), ids), self.system.manager
        data = batched(manager, [manager.cancel.encode(o.caller, o.call.target, o.call.data) for o in picked])
        batches = (((manager.address, data),),)
        return Decided(self.guardian, "cancel", f"Cancel {_named(picked)}", batches, tuple(picked))


def _simulating(proposal: Proposal, forks: Forks) -> Callable[[System], dict[str, Any]]:
    """Looks at the fork after the trial: runs the rebalance that the proposal has started."""
    symbol = proposal.rebalanced
    return lambda fork: forks.simulate(fork, symbol) if symbol else {}


def _named(picked: list[Operation]) -> str:
    return "; ".join(f"{operation.call.contract}.{operation.call.function}" for operation in picked)
