"""What all chapters of the demo share: the people, the report, and what must be true after every step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ape import accounts
from rich.console import Console

from forks import control
from ssi import Protocol
from ssi.chain.evm import Deployed, Receipt
from ssi.registry.system import System


def readable(figures: dict[str, Any]) -> str:
    """Figures for people, in one line. What has figures of its own below is left to a table."""
    said = []
    for name, value in figures.items():
        words = name.replace("_", " ")
        if isinstance(value, bool):
            said.append(words if value else f"not {words}")
        elif not isinstance(value, dict):
            said.append(f"{words} {_number(value)}")
        elif not any(isinstance(inner, dict) for inner in value.values()):
            said.append(f"{words} " + ", ".join(f"{key}: {_number(inner)}" for key, inner in value.items()))
    return " · ".join(said)


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 100 else f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)


@dataclass
class Report:
    """Where the demo plays. Each step writes its figures down and states what must be true after it."""

    system: System
    console: Console
    steps: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.evm, self.router = self.system.evm, self.system.router
        signer = accounts.test_accounts[6]
        self.alice, self.as_alice = str(signer.address), Protocol(self.system, signer)
        self.bob = self.evm.account("demo bob")
        self.as_bob = Protocol(self.system, self.bob)
        self.usdc = self.system.token("USDC")
        self.mag7 = self.system.index("MAG7.ssi")
        self.evm.fund(self.alice)

    def step(self, title: str, done: Receipt | str | None, figures: dict[str, Any], holds: dict[str, bool]) -> None:
        """Keeps a step's figures and checks what must be true now.

        Args:
            done: the transaction of the step, by its receipt or its hash; None where it has none.
        """
        gas = {} if done is None else {"gas": self.gas_of(done)}
        self.steps.append({"step": title, **gas, **figures, "holds": holds})
        failed = [what for what, true in holds.items() if not true]
        self.broken += [f"{title}: {what}" for what in failed]
        mark = "[red]✗[/]" if failed else "[green]✓[/]"
        self.console.print(f"{mark} [bold]{title}[/]  [dim]{readable({**figures, **gas})}[/]", highlight=False)
        for what in failed:
            self.console.print(f"    [red]not true: {what}[/]")

    def gas_of(self, done: Receipt | str) -> int:
        """What a transaction used, by its receipt or its hash."""
        if isinstance(done, Receipt):
            return done.gas_used
        return int(self.evm.rpc.call("eth_getTransactionReceipt", done)["gasUsed"], 16)

    def fee_of(self, transaction: str) -> int:
        """Ether that it cost, wei."""
        receipt = self.evm.rpc.call("eth_getTransactionReceipt", transaction)
        return int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)

    def provide_usdc(self, account: str, usdc_wei: int) -> None:
        """Gives an account so much more, from nowhere."""
        control.deal(self.evm.rpc, "USDC", account, self.usdc.balanceOf(account) + usdc_wei)

    def router_is_empty(self) -> bool:
        tokens = {token for symbol in self.system.record.indexes for token in self.system.index(symbol).basket().tokens}
        held = any(self.system.token(token).balanceOf(self.router.address) for token in tokens)
        return not held and int(self.evm.rpc.call("eth_getBalance", self.router.address, "latest"), 16) == 0

    def slippage(self, index: Deployed, shares: int, paid_usd: int) -> float:
        """How much of the price paid, D18 USD, is not in the shares' value, in percent.

        Fees and impact of the pools, and the mint fee.
        """
        worth = self.system.lens.valueOf(index.address, shares)
        return round(100 * (1 - int(worth) / paid_usd), 4)

    def balance(self, account: str) -> int:
        """Ether, wei."""
        return int(self.evm.rpc.call("eth_getBalance", account, "latest"), 16)
