"""What has to be done now and then, from any account: pay out fees, and move the checkpoints of vaults' rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ssi.chain.evm import Reverted
from ssi.chain.sender import NotSent, OutOfFunds, Sender
from ssi.constants import DAY
from ssi.registry.system import System

POKE_AFTER = 7 * DAY  # the oracle allows it every six hours, and wants it once in thirty days


@dataclass(frozen=True)
class Job:
    """One transaction that is due. `still` looks again whether it is."""

    did: str
    what: str
    to: str
    data: bytes
    still: Callable[[], bool]


@dataclass(frozen=True)
class Outcome:
    """What became of a job: `transaction` where it was sent, `problem` where it failed, neither where another keeper
    was faster.
    """

    did: str
    what: str
    transaction: str | None = None
    problem: str | None = None

    def plain(self) -> dict[str, str | None]:
        """For --json."""
        return {"did": self.did, "what": self.what, "transaction": self.transaction, "problem": self.problem}


def due_distributions(system: System) -> list[str]:
    """Symbols of the indexes that were not distributed on this UTC day and have earned something."""
    return [symbol for symbol in system.record.indexes if _distribution_due(system, symbol)]


def _distribution_due(system: System, symbol: str) -> bool:
    today, distributor, index = system.evm.now // DAY, system.distributor, system.record.indexes[symbol]
    split, pending = distributor.splitOf(index), distributor.pending(index)
    return bool(int(split.stakedToken, 16) and split.lastDay < today and pending.toStakers + pending.toTreasury)


def due_pokes(system: System) -> list[str]:
    """Names of the assets whose price has a vault's rate with an old checkpoint."""
    rates = [name for name, asset in system.assets.assets.items() for leg in asset.price if leg.kind == "Erc4626Rate"]
    return [name for name in rates if _poke_due(system, name)]


def _poke_due(system: System, name: str) -> bool:
    for leg in system.assets.assets[name].price:
        if leg.kind == "Erc4626Rate":
            _, at = system.oracle.checkpoint(system.token(name).address, system.token(leg.source).address)
            if at and system.evm.now - at >= POKE_AFTER:
                return True
    return False


def distributions(system: System) -> list[Job]:
    """Those that are due."""
    distributor = system.distributor
    return [
        Job("distribute", symbol, distributor.address, distributor.distribute.encode(system.record.indexes[symbol]),
            lambda symbol=symbol: _distribution_due(system, symbol))  # type: ignore[misc]
        for symbol in due_distributions(system)
    ]  # fmt: skip


def pokes(system: System) -> list[Job]:
    """Those that are due."""
    oracle = system.oracle
    return [
        Job("poke", name, oracle.address, oracle.poke.encode(system.token(name).address),
            lambda name=name: _poke_due(system, name))  # type: ignore[misc]
        for name in due_pokes(system)
    ]  # fmt: skip


def perform(jobs: Iterable[Job], sender: Sender, explain: Callable[[bytes], str] = bytes.hex) -> list[Outcome]:
    """Each on its own: one that fails is reported, and the others go on. `explain` says what a revert means.

    Raises:
        OutOfFunds: nothing can be sent any more.
    """
    outcomes = []
    for job in jobs:
        try:
            outcomes.append(Outcome(job.did, job.what, sender.send(job.to, job.data).hash))
        except OutOfFunds:
            raise
        except Reverted as reverted:
            problem = (explain(reverted.data) if reverted.data else str(reverted)) if job.still() else None
            outcomes.append(Outcome(job.did, job.what, problem=problem))
        except NotSent as failure:
            outcomes.append(Outcome(job.did, job.what, problem=str(failure)))
    return outcomes
