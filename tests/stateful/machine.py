"""What the state machines share."""

from __future__ import annotations

from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from ssi.chain.evm import Evm


class ChainMachine(RuleBasedStateMachine):
    """A machine on the fork, at a second of its own; a run ends with a revert to where it began.

    Args:
        world: what was deployed once for all runs, with the chain as `evm`, and the second `now` in which a run begins.
    """

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__()
        self.evm: Evm = world["evm"]
        self.snapshot = self.evm.rpc.call("evm_snapshot")
        self.now: int = world["now"]

    def teardown(self) -> None:
        self.evm.rpc.call("evm_revert", self.snapshot)

    def at_now(self) -> None:
        """The next transaction is at the machine's second."""
        self.evm.next_at(self.now)

    def pass_time(self, seconds: int) -> None:
        """Mines a block so many seconds later."""
        self.now += seconds
        self.evm.mine_at(self.now)
