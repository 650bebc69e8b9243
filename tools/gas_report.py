"""Gas of whole transactions, cold: `make gas` writes snapshots/gas.json.

`gasUsed` of single transactions with everything in it, base fee, calldata and refunds. Constituents are plain OpenZeppelin
ERC-20s of 18 decimals, balances are not zero, allowances are infinite, and default fees accrue. `buy_usdc_7` and `sell_usdc_7`
are MAG7.ssi on the deployed system: real Uniswap pools, USDC's proxy, all constituents as on mainnet.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from minimainnet import control
from scripts._lib.bounds import bounds
from scripts._lib.build import ROOT, fresh_project
from scripts._lib.evm import Deployed, Evm
from scripts._lib.system import System
from tests.support.indexes import DAY, MAX, new_index
from tools import gas_locker, gas_methodology, gas_points, gas_rebalancing, gas_staking

SNAPSHOT = ROOT / "snapshots" / "gas.json"
SHARES = 10 * 10**18
UNIT = 10**27  # one token-wei a base-wei

# What an operation may cost at most.
BARS = {
    "mint_repeat": 200_000, "redeem_part": 178_000, "transfer_existing": 35_300, "transfer_new": 52_400, "fee_accrual_with_payout": 75_000,
    **gas_staking.BARS, **gas_methodology.BARS, **gas_rebalancing.BARS, **gas_locker.BARS, **gas_points.BARS,
}  # fmt: skip
LIMIT = 12_000_000


class Bench:
    """One index over `count` plain tokens, seeded, with a holder `user` of shares and of all constituents."""

    def __init__(self, evm: Evm, project: Any, count: int) -> None:
        self.evm, self.user, self.other = evm, evm.account("gas user"), evm.account("gas other")
        self.owner = evm.account("gas owner")
        manager = evm.deploy(project.ProtocolManager, self.owner, sender=self.owner)
        self.tokens = [evm.deploy(project.SupplyToken, sender=self.owner) for _ in range(count)]
        self.index = new_index(evm, project, manager, self.tokens, [UNIT] * count, self.owner)
        for token in self.tokens:
            for person in (self.owner, self.user, self.other):
                if person != self.owner:
                    token.transfer(person, 10**26, sender=self.owner)
                token.approve(self.index.address, MAX, sender=person)
        for person in (self.owner, self.user):
            self.mint(person)
        evm.warp(DAY)
        self.index.collectFees(sender=self.owner)
        evm.warp(DAY // 2)

    def mint(self, person: str) -> int:
        """With limits as a holder would set them: one percent off the preview."""
        limits = [amount * 101 // 100 for amount in self.index.previewMint(SHARES)]
        return int(self.index.mint(SHARES, person, *bounds(self.tokens, limits, self.evm.now + 600), sender=person).gas_used)

    def redeem(self, receiver: str) -> int:
        limits = [amount * 99 // 100 for amount in self.index.previewRedeem(SHARES // 2)]
        until = bounds(self.tokens, limits, self.evm.now + 600)
        return int(self.index.redeem(SHARES // 2, receiver, self.user, *until, sender=self.user).gas_used)

    def transfer(self, to: str) -> int:
        return int(self.index.transfer(to, 10**18, sender=self.user).gas_used)


def measure(evm: Evm, project: Any) -> dict[str, int]:
    """Every operation by itself, from the same state."""
    figures: dict[str, int] = {}

    def record(name: str, action: Any) -> None:
        with evm.isolated():
            figures[name] = action()

    with evm.isolated():
        seven = Bench(evm, project, 7)
        nobody = evm.account("gas nobody")
        record("mint_repeat", lambda: seven.mint(seven.user))
        record("mint_first", lambda: seven.mint(seven.other))
        record("redeem_part", lambda: seven.redeem(seven.user))
        record("redeem_to_new", lambda: seven.redeem(nobody))
        record("transfer_existing", lambda: seven.transfer(seven.owner))
        record("transfer_new", lambda: seven.transfer(nobody))
        record("fee_accrual_with_payout", lambda: seven.index.collectFees(sender=seven.owner).gas_used)
    with evm.isolated():
        many = Bench(evm, project, 32)
        record("mint_repeat_32", lambda: many.mint(many.user))
        record("redeem_part_32", lambda: many.redeem(many.user))
    return figures


def measure_router(system: System) -> dict[str, int]:
    """Buying and selling exactly ten MAG7.ssi for USDC, by allowance; a holder who has done it before."""
    evm, router, usdc, index = system.evm, system.router, system.token("USDC"), system.index("MAG7.ssi")
    user = evm.account("gas buyer")
    figures: dict[str, int] = {}
    with evm.isolated():
        control.deal(evm.rpc, "USDC", user, 10**11)
        for contract in (usdc, index):
            contract.approve(router.address, 2**255, sender=user)

        def trade(contract: Deployed, method: str, limit: int) -> int:
            order = (index.address, contract.address, user, evm.now + 10**6, 0, b"", False, b"\0" * 32)
            return int(getattr(router, method)(order, SHARES, limit, sender=user).gas_used)

        trade(usdc, "buy", 10**11)
        figures["buy_usdc_7"] = trade(usdc, "buy", 10**11)
        figures["sell_usdc_7"] = trade(usdc, "sell", 0)
    return figures


def main() -> int:
    """Measures, shows the figures against the committed ones and the bars, and writes the snapshot."""
    from ape import networks

    from scripts._lib.chain import quiet
    from scripts._lib.deployment import deploy

    quiet()
    console = Console()
    project = fresh_project()
    with networks.parse_network_choice("ethereum:mainnet-fork:foundry"):
        evm = Evm(os.environ["APE_FOUNDRY_HOST"])
        with console.status("Measuring"):
            system = System(evm, project, deploy())
            figures = measure(evm, project) | gas_staking.measure_staking(evm, project)
            figures |= measure_router(system) | gas_methodology.measure_methodology(system) | gas_locker.measure_locker(system)
            figures |= gas_points.measure_points(evm, project) | gas_points.measure_boost(system)
            figures |= gas_rebalancing.measure_rebalancing(evm, project) | gas_rebalancing.measure_filler(system, project)
            figures |= gas_rebalancing.measure_deployed_start(system)

    before = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    table = Table("operation", "gas", "before", "bar")
    over = []
    for name, gas in figures.items():
        bar = BARS.get(name, LIMIT)
        if gas > bar:
            over.append(name)
        table.add_row(name, f"{gas:,}", f"{before.get(name, 0):,}", f"{bar:,}", style="red" if gas > bar else None)
    console.print(table)
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(json.dumps(figures, indent=2) + "\n")
    if over:
        console.print(f"[red]over the bar: {', '.join(over)}[/]")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
