"""Gas of whole transactions, cold: `make gas` writes snapshots/gas.json and the tables of docs/gas.md.

`gasUsed` of single transactions with everything in it, base fee, calldata and refunds. Constituents are plain
OpenZeppelin ERC-20s of 18 decimals, balances are not zero, allowances are infinite, and default fees accrue. `buy_…`
and `sell_…` are trades on the deployed system: real Uniswap pools, USDC's proxy, all constituents as on mainnet; but
`_32`, over plain tokens.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from forks import control
from ssi.build import ROOT, fresh_project
from ssi.chain.evm import Deployed, Evm
from ssi.constants import BLOCK, DAY, MAX, ZERO
from ssi.index.bounds import bounds
from ssi.registry.system import System
from tests.support.bazaar import Bazaar
from tests.support.indexes import EPOCH, new_index
from tests.support.trading import trade
from tools import (
    gas_locker,
    gas_methodology,
    gas_page,
    gas_points,
    gas_rebalancing,
    gas_recording,
    gas_staking,
    recording_page,
)
from tools.gas_figures import GasFigures

SNAPSHOT = ROOT / "snapshots" / "gas.json"
SHARES = 10 * 10**18
UNIT = 10**27  # one token-wei a base-wei

# What an operation may cost at most.
BARS = {
    "buy_exact_input_repeat": 830_000,
    "buy_exact_input_new_user": 860_000,
    "buy_exact_input_first_ever": 1_000_000,
    "buy_exact_input_scaled": 1_705_000,
    "buy_exact_input_meme": 490_000,
    "buy_usdc_7": 820_000,
    "buy_eth_7": 720_000,
    "sell_usdc_7": 900_000,
    "buy_usdc_32": 3_600_000,
    "sell_usdc_32": 3_400_000,
    "mint_repeat": 195_000,
    "redeem_part": 174_000,
    "transfer_existing": 35_320,
    "transfer_new": 52_440,
    "fee_accrual_with_payout": 75_000,
    **gas_staking.BARS,
    **gas_methodology.BARS,
    **gas_rebalancing.BARS,
    **gas_locker.BARS,
    **gas_points.BARS,
    **gas_recording.BARS,
}
LIMIT = 12_000_000


class TradingGas:
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
        return int(
            self.index.mint(SHARES, person, *bounds(self.tokens, limits, self.evm.now + 600), sender=person).gas_used
        )

    def redeem(self, receiver: str) -> int:
        limits = [amount * 99 // 100 for amount in self.index.previewRedeem(SHARES // 2)]
        until = bounds(self.tokens, limits, self.evm.now + 600)
        return int(self.index.redeem(SHARES // 2, receiver, self.user, *until, sender=self.user).gas_used)

    def later(self, seconds: int) -> TradingGas:
        self.evm.warp(seconds)
        return self

    def transfer(self, to: str) -> int:
        return int(self.index.transfer(to, 10**18, sender=self.user).gas_used)


def measure(evm: Evm, project: Any) -> dict[str, int]:
    """Every operation by itself, from the same state."""
    figures = GasFigures(evm)
    record = figures.record
    with evm.isolated():
        seven = TradingGas(evm, project, 7)
        newcomer = evm.account("gas newcomer")
        record("mint_repeat", lambda: seven.mint(seven.user))
        record("mint_first", lambda: seven.mint(seven.other))
        record("redeem_part", lambda: seven.redeem(seven.user))
        record("redeem_to_new", lambda: seven.redeem(newcomer))
        record("transfer_existing", lambda: seven.transfer(seven.owner))
        record("transfer_new", lambda: seven.transfer(newcomer))
        record("mint_new_epoch", lambda: seven.later(EPOCH).mint(seven.user))
        record("transfer_new_epoch", lambda: seven.later(EPOCH).transfer(seven.owner))
        record("fee_accrual_with_payout", lambda: seven.index.collectFees(sender=seven.owner).gas_used)
    with evm.isolated():
        many = TradingGas(evm, project, 32)
        record("mint_repeat_32", lambda: many.mint(many.user))
        record("redeem_part_32", lambda: many.redeem(many.user))
    return figures


def steady(amount: int) -> int:
    """A little less, with four last bytes that are never zero: zero bytes are cheaper, and quotes move with
    the clock.
    """
    return (amount >> 32) - 1 << 32 | 0x11111111


class Buyers:
    """Trades of a thousand USDC through the router, by allowance, on the deployed system."""

    def __init__(self, system: System) -> None:
        self.system, self.evm, self.router, self.usdc = system, system.evm, system.router, system.token("USDC")

    def person(self, label: str, *indexes: Deployed) -> str:
        """A trader with USDC, who lets the router have it, and shares of these indexes too."""
        account = self.evm.account(label)
        control.deal(self.evm.rpc, "USDC", account, 10**11)
        for contract in (self.usdc, *indexes):
            contract.approve(self.router.address, 2**255, sender=account)
        return account

    def _order(self, index: Deployed, token: str, person: str) -> tuple[Any, ...]:
        return trade(index.address, token, person, 2**40 - 1)

    def exact_input(self, index: Deployed, person: str, percent: int = 100) -> int:
        """A thousand USDC, for so many percent of the shares that the quote says; over a hundred they cost too much,
        and are scaled.
        """
        quoted, _ = self.router.quoteBuyExactInput.call(index.address, self.usdc.address, 10**9)
        order = self._order(index, self.usdc.address, person)
        return int(
            self.router.buyExactInput(
                order, 10**9, steady(quoted * percent // 100), steady(quoted * 99 // 100), sender=person
            ).gas_used
        )

    def exact_shares(self, index: Deployed, person: str, ether: bool = False) -> int:
        """Ten shares, a thousand dollars."""
        token = ZERO if ether else self.usdc.address
        limit = 10**18 if ether else 10**10
        order = self._order(index, token, person)
        return int(self.router.buy(order, SHARES, limit, sender=person, value=limit if ether else 0).gas_used)

    def sale(self, index: Deployed, person: str) -> int:
        """Ten shares."""
        return int(self.router.sell(self._order(index, self.usdc.address, person), SHARES, 0, sender=person).gas_used)


def measure_router(system: System) -> dict[str, int]:
    """Buying and selling for a thousand USDC.

    Who repeats has bought and sold before, and keeps some of what they trade.
    """
    figures: dict[str, int] = {}
    buyers, evm, mag7 = Buyers(system), system.evm, system.index("MAG7.ssi")
    with evm.isolated():
        first = buyers.person("gas buyer", mag7)
        figures["buy_exact_input_first_ever"] = buyers.exact_input(mag7, first)
        figures["buy_exact_input_repeat"] = buyers.exact_input(mag7, first)
        figures["buy_exact_input_scaled"] = buyers.exact_input(mag7, first, percent=102)
        figures["buy_exact_input_new_user"] = buyers.exact_input(mag7, buyers.person("gas second buyer"))
        figures["buy_usdc_7"] = buyers.exact_shares(mag7, first)
        figures["buy_eth_7"] = buyers.exact_shares(mag7, first, ether=True)
        buyers.sale(mag7, first)
        figures["sell_usdc_7"] = buyers.sale(mag7, first)
        for name in ("MEME.ssi", "DEFI.ssi", "USSI"):
            index = system.index(name)
            buyers.exact_input(index, first)
            figures[f"buy_exact_input_{name.removesuffix('.ssi').lower()}"] = buyers.exact_input(index, first)
    with evm.isolated():
        tokens = [
            evm.deploy(system.project.PlainToken, f"Gas {n}", f"GAS{n}", 18, sender=evm.account("gas owner"))
            for n in range(32)
        ]
        bazaar = Bazaar(system, tokens)
        person = buyers.person("gas buyer", bazaar.index)
        for _ in range(2):
            figures["buy_usdc_32"] = buyers.exact_shares(bazaar.index, person)
        for _ in range(2):
            figures["sell_usdc_32"] = buyers.sale(bazaar.index, person)
        bazaar.close()
    return figures


def main() -> int:
    """Measures, shows the figures against the committed ones and the bars, and writes the snapshot."""
    from ape import networks

    from forks.seeding import deploy
    from ssi.chain.network import quiet

    quiet()
    console = Console()
    project = fresh_project()
    with networks.parse_network_choice("ethereum:mainnet-fork:foundry"):
        evm = Evm(os.environ["APE_FOUNDRY_HOST"])
        # The wall clock would decide how much time lies between two trades, and with it what pools write.
        evm.rpc.call("anvil_setBlockTimestampInterval", BLOCK)
        with console.status("Measuring"):
            system = System(evm, project, deploy())
            figures = measure(evm, project) | gas_staking.measure_staking(evm, project)
            figures |= (
                measure_router(system) | gas_methodology.measure_methodology(system) | gas_locker.measure_locker(system)
            )
            figures |= gas_points.measure_points(evm, project) | gas_points.measure_boost(system)
            figures |= gas_recording.measure_recording(evm, project)
            figures |= gas_rebalancing.measure_rebalancing(evm, project) | gas_rebalancing.measure_filler(
                system, project
            )
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
    gas_page.PAGE.write_text(gas_page.refreshed(gas_page.PAGE.read_text(), figures, BARS))
    recording_page.PAGE.write_text(recording_page.refreshed(recording_page.PAGE.read_text(), figures))
    if over:
        console.print(f"[red]over the bar: {', '.join(over)}[/]")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
