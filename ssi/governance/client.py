"""Governance for programs: what is pending, and proposals that are built, tried out on a fork and ready for the Safe's
owners.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ssi.chain.forking import Forks
from ssi.constants import NOTICE
from ssi.governance import proposals
from ssi.governance.decoder import Call, Decoder
from ssi.governance.proposal import Proposal, Trial, attempt, described, scheduling
from ssi.governance.safe import Multisig, SafeTransaction
from ssi.governance.scheduled import Operation, operations
from ssi.registry.system import System


@dataclass(frozen=True)
class Proposed:
    """A proposal as the Safe's owners would sign it. Nothing is sent. `trial` is None where no fork was given."""

    title: str
    calls: tuple[Call, ...]
    transaction: SafeTransaction
    trial: Trial | None


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
        "upgrade": proposals.upgrade,
        "call": proposals.call,
    }

    def __init__(self, system: System) -> None:
        self.system = system

    def pending(self) -> list[Operation]:
        """What is scheduled and not executed, cancelled or expired."""
        return operations(self.system)

    def propose(self, kind: str, *arguments: Any, forks: Forks | None = None, **named: Any) -> Proposed:
        """Builds a proposal, such as `propose("set-cap", "USSI", 12_345)`, and the Safe's next transaction that
        schedules it.

        Args:
            kind: a name of `BUILDERS`; the arguments are those of the function behind it in `ssi.governance.proposals`.
            forks: where to try it out first; without, it is not tried.

        Raises:
            KeyError: there is no such kind.
            Unknown: an argument is no name that is known here.
            Refused: the trial shows that it would not do what it should.
        """
        decoder = Decoder(self.system)
        proposal = self.BUILDERS[kind](decoder, *arguments, **named)
        trial = attempt(self.system, proposal, NOTICE, forks) if forks else None
        safe = Multisig(self.system.evm, self.system.record.contracts["Safe"])
        transaction = safe.transaction(self.system.manager.address, scheduling(self.system.manager, proposal.calls))
        return Proposed(proposal.title, tuple(described(proposal, decoder)), transaction, trial)
