"""Breaks the code on purpose and demands that the tests notice: `make mutants`.

Each mutant is one change in a copy of the repository. It must compile, and the tests named with it must turn red.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from scripts._lib.build import ROOT

INDEX, ROUTER = "contracts/index/IndexToken.sol", "contracts/index/IndexRouter.sol"
MACHINE, UNIT, QUIRKS = "tests/stateful/test_index_machine.py", "tests/unit/test_index_token.py", "tests/attacks/test_quirk_tokens.py"
AUCTION, REBALANCER = "contracts/rebalancing/AuctionMath.sol", "contracts/rebalancing/Rebalancer.sol"
REBALANCES, ON_REBALANCES = "tests/stateful/test_rebalancing_machine.py", "tests/attacks/test_rebalancing_attacks.py"
TRADES, RULES = "tests/integration/test_router.py", "tests/integration/test_governance.py"


class Mutant(NamedTuple):
    """`old` occurs in `file` and becomes `new`; `tests` must fail."""

    what: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS = (
    Mutant("a mint rounds down", INDEX, "amount = _up(unit, added)", "amount = _down(unit, added)", MACHINE),
    Mutant("a redemption burns a wei less", INDEX, "_burn(owner, shares);", "_burn(owner, shares - 1);", MACHINE),
    Mutant("a short basket can be minted", INDEX, "if (held < books + claims) revert", "if (held < claims) revert", QUIRKS),
    Mutant("short delivery is accepted", INDEX, "if (received < amount) revert", "if (received + amount < amount) revert", QUIRKS),
    Mutant("paid claims stay segregated", INDEX, "_segregated[token] = total - amount;", "_segregated[token] = total;", MACHINE),
    Mutant("a claim goes to the receiver", INDEX, "_claims[token][owner] += amount;", "_claims[token][receiver] += amount;", MACHINE),
    Mutant("too little gas makes a claim", INDEX, "        _requireGas(gasBefore, TolerantERC20.TRANSFER_GAS);\n", "", QUIRKS),
    Mutant("a swap trusts the payment", INDEX, "if (received < t.amountIn) revert", "if (received + t.amountIn < t.amountIn) revert", UNIT),
    Mutant("dead shares are forgotten", INDEX, "if (c.base == 0) _mint(_DEAD, _DEAD_SHARES);\n", "", UNIT),
    Mutant("anybody can pause", INDEX, "function pauseMinting() external restricted", "function pauseMinting() external", RULES),
    Mutant(
        "the guardian sets fees", "contracts/governance/RoleTable.sol", "IIndexToken.setMintFee.selector, Roles.GOVERNOR",
        "IIndexToken.setMintFee.selector, Roles.GUARDIAN", RULES,
    ),
    Mutant("the notice is as short as the cooldown", "scripts/_lib/deployer.py", "NOTICE = 16 * 24", "NOTICE = 14 * 24", RULES),
    Mutant("buys have no maximum", ROUTER, "if (amount > w.maxIn) revert", "if (amount + 1 == 0) revert", TRADES),
    Mutant("sales have no minimum", ROUTER, "if (amountOut < minOut) revert IndexRouter_TooLittle(amountOut, minOut);\n", "", TRADES),
    Mutant("anybody can call back", ROUTER, "if (msg.sender != _pool) revert", "if (msg.sender == address(0)) revert", TRADES),
    Mutant(
        "the rest of the ether stays", ROUTER,
        "if (address(this).balance != 0) Address.sendValue(payable(msg.sender), address(this).balance);\n", "", TRADES,
    ),
    Mutant(
        "prices live a second longer", "contracts/oracle/PriceOracle.sol", "block.timestamp - updatedAt > leg.heartbeat",
        "block.timestamp - updatedAt > leg.heartbeat + 1", "tests/unit/test_price_oracle.py",
    ),
    Mutant(
        "the boundary second belongs to the old epoch", "contracts/tokens/TimeWeightedERC20.sol", "live.time() < epochStart",
        "live.time() <= epochStart", "tests/unit/test_time_weighted.py",
    ),
    Mutant(
        "any code is an index", "contracts/index/IndexFactory.sol", "if (keccak256(indexCode) != indexCodeHash)",
        "if (indexCode.length == 0)", "tests/integration/test_factory.py",
    ),
    Mutant(
        "bids round down", AUCTION,
        "amountIn = Math.ceilDiv(amountOut * out.price * factor_, in_.price * _WAD);",
        "amountIn = amountOut * out.price * factor_ / (in_.price * _WAD);", REBALANCES,
    ),
    Mutant(
        "gains pay for losses", AUCTION,
        "if (later < before) a.cost += uint128(Math.ceilDiv(before - later, _WAD));",
        "a.cost = later < before ? a.cost + uint128(Math.ceilDiv(before - later, _WAD)) : 0;", REBALANCES,
    ),
    Mutant(
        "the budget is no limit", AUCTION,
        "bool cut = affordable < amountOut;",
        "bool cut = affordable + 1 == 0;", ON_REBALANCES,
    ),
    Mutant(
        "what was bought can be bought again", AUCTION,
        "if (!tooLittle(in_, base)) a.deficit &= ~uint32(in_.bit);",
        "", REBALANCES,
    ),
    Mutant(
        "targets can be passed", AUCTION,
        "if (a.deficit & in_.bit != 0) return in_.target;",
        "if (a.deficit & in_.bit != 0) return in_.target * 2;", REBALANCES,
    ),
    Mutant(
        "a bid of a wei is a bid", AUCTION,
        "(amountOut < surplus && amountOut < _down(out.dust, base) / 2)",
        "amountOut > surplus", ON_REBALANCES,
    ),
    Mutant(
        "a start can be repeated", REBALANCER,
        "_storage().plans[index].nonce = plan.nonce + 1;",
        "", ON_REBALANCES,
    ),
    Mutant(
        "limits are not asked for", REBALANCER,
        "if (paidIn > limit) revert Rebalancer_PriceTooHigh(paidIn, limit);",
        "", REBALANCES,
    ),
    Mutant(
        "anybody calls back on the rebalancer", REBALANCER,
        "if (msg.sender != _caller) revert",
        "if (msg.sender == address(0)) revert", ON_REBALANCES,
    ),
    Mutant(
        "time does not end it", REBALANCER,
        "return a.phase == Phase.Running && a.ended() ? Phase.Expired : a.phase;",
        "return a.phase;", REBALANCES,
    ),
)  # fmt: skip


def survives(mutant: Mutant, folder: Path) -> bool:
    """True when the tests stay green. Raises RuntimeError when there is nothing to change or it does not compile."""
    path = folder / mutant.file
    text = path.read_text()
    if text.count(mutant.old) < 1:
        raise RuntimeError(f"{mutant.what}: {mutant.file} has no {mutant.old!r}")
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        environment = {**os.environ, "PYTHONPATH": str(folder), "SOLCX_BINARY_PATH": str(folder / "tools/solc")}

        def run(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False)

        built = run("-m", "scripts._lib.build")
        if built.returncode:
            raise RuntimeError(f"{mutant.what}: does not compile\n{built.stderr[-2000:]}")
        return run("tools/with_chain.py", "ape", "test", mutant.tests, "-x", "--tb=no").returncode == 0
    finally:
        path.write_text(text)


def main(words: list[str]) -> int:
    """All mutants, or those whose description contains one of the words."""
    console = Console()
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.what for word in words)]
    alive = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        for file in filter(None, files):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes((ROOT / file).read_bytes())
            (folder / file).chmod((ROOT / file).stat().st_mode)
        for shared in ("node_modules", ".venv"):
            (folder / shared).symlink_to(ROOT / shared)
        for mutant in chosen:
            with console.status(mutant.what):
                survived = survives(mutant, folder)
            alive += [mutant.what] if survived else []
            console.print(f"{'[red]survived' if survived else '[green]noticed'}[/]  {mutant.what}")
    console.print(f"{len(chosen) - len(alive)} of {len(chosen)} noticed")
    return 1 if alive or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
