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

from ssi.build import ROOT

INDEX, ROUTER = "contracts/index/IndexToken.sol", "contracts/index/IndexRouter.sol"
MANAGED, COUNTED = "contracts/index/ManagedIndex.sol", "contracts/index/IndexBase.sol"
SWAPS = "contracts/index/RouterSwaps.sol"
CLAIMS, STATE_OF_LIST = "contracts/index/Claims.sol", "contracts/index/BasketLib.sol"
MACHINE, UNIT, QUIRKS = (
    "tests/stateful/test_index_machine.py",
    "tests/unit/test_index_token.py",
    "tests/attacks/test_quirk_tokens.py",
)
STAKED, BOOKS = "contracts/staking/StakedToken.sol", "contracts/staking/Books.sol"
STAKES, STAKING = "tests/stateful/test_staking_machine.py", "tests/unit/test_staked_token.py"
GRIEF, EIP4626 = "tests/attacks/test_staking_griefing.py", "tests/unit/test_erc4626_properties.py"
UUPS, LAYOUTS, LIB = "contracts/governance/GovernedUUPS.sol", "ssi/governance/storage.js", "ssi/governance"
UPGRADES, LAYOUT = "tests/upgrade/test_upgrade.py", "tests/upgrade/test_storage_layout.py"
COMMANDS, KEEPER = "tests/scripts/test_proposals.py", "tests/integration/test_rebalance_commands.py"
AUCTION, REBALANCER = "contracts/rebalancing/AuctionMath.sol", "contracts/rebalancing/Rebalancer.sol"
REBALANCES, ON_REBALANCES = "tests/stateful/test_rebalancing_machine.py", "tests/attacks/test_rebalancing_attacks.py"
FEED, AVERAGES = "contracts/oracle/UniswapV3TwapFeed.sol", "tests/unit/test_price_averages.py"
HELD_POOLS, SILENCED = "tests/attacks/test_pool_heists.py", "tests/attacks/test_silenced_feeds.py"
LATE = "tests/attacks/test_late_redemptions.py"
PLANNER, UNION = "contracts/rebalancing/RebalancePlanner.sol", "tests/unit/test_rebalancer.py"
WRONG_FEEDS = "tests/attacks/test_wrong_feeds.py"
MANAGER, VETO, STATUS = (
    "contracts/governance/ProtocolManager.sol",
    "tests/integration/test_veto.py",
    "tests/scripts/test_status.py",
)
CUSTODY = "ssi/governance/custody.py"
HOPS, ROUTER_EXACT = "contracts/index/HopTree.sol", "tests/integration/test_router_exact.py"
ROUTER_ATTACKS = "tests/integration/test_router_attacks.py"
TRADES, RULES = "tests/integration/test_router.py", "tests/integration/test_governance.py"

ORACLE, REGISTRY = "contracts/oracle/PriceOracle.sol", "contracts/methodology/SupplyRegistry.sol"
GUARDS, DONATIONS, ROUTES = (
    "tests/unit/test_price_guards.py",
    "tests/attacks/test_oracle.py",
    "tests/unit/test_price_oracle.py",
)
WEIGHTS, SUPPLIES = "tests/unit/test_weights.py", "tests/unit/test_supply_registry.py"
LOCKER, LOCKER_UNIT = "contracts/points/LpLocker.sol", "tests/unit/test_lp_locker.py"
LOCKER_ATTACKS = "tests/attacks/test_locked_liquidity.py"
REFERRALS, REFERRAL_UNIT = "contracts/points/ReferralRegistry.sol", "tests/unit/test_referral_registry.py"
LEDGER, PRICES, POINTS = (
    "contracts/points/PointsLedger.sol",
    "contracts/points/ReferencePrices.sol",
    "contracts/points/PointsMath.sol",
)
PRICES_UNIT, PRICES_ATTACKS = "tests/unit/test_reference_prices.py", "tests/attacks/test_reference_price_attacks.py"
LEDGER_UNIT, LEDGER_MACHINE = "tests/unit/test_points_ledger.py", "tests/stateful/test_points_machine.py"


class Mutant(NamedTuple):
    """`old` occurs in `file` and becomes `new`; `tests` must fail."""

    what: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS = (
    Mutant("anybody upgrades", UUPS, "internal override restricted {}", "internal override {}", UPGRADES),
    Mutant("implementations can be initialised", UUPS, "        _disableInitializers();\n", "", UPGRADES),
    Mutant("storage may move", LAYOUTS, "report.ok ? null : report.explain(false)", "report ? null : null", LAYOUT),
    Mutant("a namespace may be a lie", LAYOUTS, ".filter((name) => !texts", ".filter((name) => false && !texts", LAYOUT),
    Mutant("the trial passes a short notice", f"{LIB}/proposal.py", "if ready_at - evm.now < notice:", "if ready_at < notice:", COMMANDS),
    Mutant("the trial accepts another outcome", f"{LIB}/proposal.py", "if after.get(label) != wanted:", "if wanted is None:", COMMANDS),
    Mutant("unsorted signatures", f"{LIB}/safe.py", "for owner in sorted(signatures, key=_number)", "for owner in signatures", COMMANDS),
    Mutant("the checksum counts the name", f"{LIB}/safe.py", '{**batch["meta"], "name": None}', 'batch["meta"]', COMMANDS),
    Mutant("what is void looks ready", f"{LIB}/scheduled.py", "if now < self.expires_at else", "if self.expires_at else", COMMANDS),
    Mutant("a keeper forgets the gas", "ssi/keeper/rebalance.py", "gain - gas, path)", "gain, path)", KEEPER),
    Mutant("any code is an upgrade", f"{LIB}/proposals.py", "if len(selves) > 1 or", "if len(selves) > 99 and", KEEPER),
    Mutant("a mint rounds down", INDEX, "amount = _up(unit, added);", "amount = _down(unit, added);", MACHINE),
    Mutant("a redemption burns a wei less", INDEX, "_burn(owner, shares);", "_burn(owner, shares - 1);", MACHINE),
    Mutant(
        "a short basket can be minted", INDEX, "if (held < owed) _revertShort(token, books, held, owed);\n            IERC20",
        "if (held < owed - books) _revertShort(token, books, held, owed);\n            IERC20", QUIRKS,
    ),
    Mutant("short delivery is accepted", COUNTED, "if (received < amount) revert", "if (received + amount < amount) revert", QUIRKS),
    Mutant("paid claims stay segregated", CLAIMS, "self.parts -= parts;", "self.parts -= 0;", MACHINE),
    Mutant("a claim goes to the receiver", INDEX, "token, owner, unpaid)", "token, receiver, unpaid)", MACHINE),
    Mutant("a signature has no end", INDEX, "if (block.timestamp > deadline) revert", "if (deadline == 0) revert", LATE),
    Mutant(
        "claims are senior", INDEX, "paid = _shared(amount, held, _booksOf(c, i) + claims.total());",
        "paid = _shared(amount, held, claims.total());", QUIRKS,
    ),
    Mutant("what rejoins forgets its claims", MANAGED, "append(token, _claims[token].total() != 0)", "append(token, false)", MACHINE),
    Mutant("what moves loses its claims", STATE_OF_LIST, "withClaims(i, c.state.hasClaims(last))", "withClaims(i, false)", MACHINE),
    Mutant("a claim forgets the losses", CLAIMS, "2 ** _LOSS_BITS + self.losses.length;", "2 ** _LOSS_BITS;", MACHINE),
    Mutant("a total loss leaves the claims", CLAIMS, "if (self.parts == 0) return;", "if (self.parts == 0 || held == 0) return;", MACHINE),
    Mutant("claims outlive a loss", MANAGED, "            _claims[token].writeOff(held, books + claims);\n", "", QUIRKS),
    Mutant("a surplus is booked at once", STATE_OF_LIST, "return time >= end ? units :", "return time >= start ? units :", UNIT),
    Mutant(
        "mints pay for what has vested only", INDEX, "_basket.load(block.timestamp + _SURPLUS_VESTING)",
        "_basket.load(block.timestamp)", UNIT,
    ),
    Mutant("what moves and answers no is owed too", INDEX, "readable && left < held ? held - left : 0", "0", QUIRKS),
    Mutant("what cannot be read is paid", INDEX, "if (readable) {\n                gasBefore", "{\n                gasBefore", QUIRKS),
    Mutant("a swap pays others' loss", MANAGED, "_requireWhole(tokenIn, booksIn,", "_requireWhole(tokenIn, 0,", QUIRKS),
    Mutant("bounds go by place", INDEX, "if (c.hash() != expected) revert", "if (c.hash() == 0) revert", UNIT),
    Mutant(
        "too little gas makes a handover", SWAPS, "        if (!sold) _requireLegGas(gasBefore);\n", "",
        "tests/attacks/test_starved_sales.py",
    ),
    Mutant("a maximum is refused within a call", STAKED, "if (_reentrancyGuardEntered() || receiver", "if (receiver", "tests/unit/test_standards.py"),
    Mutant("too little gas makes a claim", INDEX, "        _requireGas(gasBefore, TolerantERC20.TRANSFER_GAS);\n", "", QUIRKS),
    Mutant("a swap trusts the payment", MANAGED, "Arrived(tokenIn, amountIn, heldIn);", "Arrived(tokenIn, 0, heldIn);", UNIT),
    Mutant("anybody trades constituents", MANAGED, "msg.sender != c.rebalancer()) revert", "msg.sender == address(0)) revert", UNIT),
    Mutant("dead shares are forgotten", INDEX, "if (c.base == 0) _mint(_DEAD, _DEAD_SHARES);\n", "", UNIT),
    Mutant("anybody can pause", MANAGED, "function pauseMinting() external restricted", "function pauseMinting() external", RULES),
    Mutant(
        "the guardian sets fees", "contracts/governance/RoleTable.sol", "IIndexToken.setMintFee.selector, Roles.GOVERNOR",
        "IIndexToken.setMintFee.selector, Roles.GUARDIAN", RULES,
    ),
    Mutant("only what is listed can be vetoed", MANAGER, "return _isGuardian(msg.sender) || super", "return super", VETO),
    Mutant("a stolen guardian stays for ever", MANAGER, ">= runsOutAt) {", ">= returnsAt) {", VETO),
    Mutant("the guardian has one veto", MANAGER, ">= runsOutAt) {", ">= _contestedAt) {", VETO),
    Mutant("a lost veto is lost for ever", MANAGER, "_contestedAt == 0 || block.timestamp >= returnsAt", "_contestedAt == 0", VETO),
    Mutant("anybody replaces the guardian", MANAGER, "address to) external onlyAuthorized {", "address to) external {", VETO),
    Mutant("the Safe may guard itself", MANAGER, " || _isMember(Roles.ADMIN, to)", "", VETO),
    Mutant(
        "another authority takes over", "contracts/governance/FixedAuthority.sol",
        "pure override {\n        revert FixedAuthority_Fixed(proposed);", "override {\n        _setAuthority(proposed);", RULES,
    ),
    Mutant("one key votes and vetoes", CUSTODY, "if shared := shared_owners(actual):", "if False and (shared := []):", STATUS),
    Mutant("modules are not looked at", CUSTODY, '"modules": _modules(multisig)}', '"modules": []}', STATUS),
    Mutant("the notice is as short as the cooldown", "ssi/constants.py", "NOTICE = 16 * DAY", "NOTICE = 14 * DAY", RULES),
    Mutant("buys have no maximum", SWAPS, "revert IndexRouter_TooExpensive(amount, p.maxIn);", "p.maxIn;", TRADES),
    Mutant("sales have no minimum", ROUTER, "if (amountOut < minOut) revert IndexRouter_TooLittle(amountOut, minOut);\n", "", TRADES),
    Mutant("anybody can call back", SWAPS, "if (msg.sender != _pool) revert", "if (msg.sender == address(0)) revert", TRADES),
    Mutant(
        "the rest of the ether stays", ROUTER,
        "            Address.sendValue(payable(msg.sender), msg.value - amountIn);\n", "", TRADES,
    ),
    Mutant(
        "gifts of ether are swept", ROUTER, "Address.sendValue(payable(msg.sender), msg.value - amountIn);",
        "Address.sendValue(payable(msg.sender), address(this).balance);", ROUTER_ATTACKS,
    ),
    Mutant("any contract mints through the router", SWAPS, "if (msg.sender != _index) revert", "if (_index == address(1)) revert", TRADES),
    Mutant(
        "what arrives is what the index says", ROUTER,
        "amounts[i] = answers ? Math.min(amounts[i], Math.saturatingSub(held, before[i])) : 0;",
        "if (!answers || held < before[i]) amounts[i] = 0;", ROUTER_ATTACKS,
    ),
    Mutant("claims are sold too", ROUTER, "                amounts[i] = 0;\n", "                before[i] = 0;\n", ROUTER_ATTACKS),
    Mutant(
        "a bad constituent stops a sale", ROUTER, "else _handOver(t,", "else if (!sold) assert(false); else _handOver(t,",
        ROUTER_ATTACKS,
    ),
    Mutant("the router may receive", ROUTER, "if (receiver == address(this) || receiver", "if (receiver", ROUTER_ATTACKS),
    Mutant("rounding is forgotten", ROUTER, "Math.saturatingSub(amountIn, slack)", "amountIn", ROUTER_EXACT),
    Mutant("rounding of a sale is forgotten", ROUTER, "amountOut + slack, most", "amountOut, most", ROUTER_EXACT),
    Mutant("a wei of a constituent weighs nothing", HOPS, "off[n] += each;", "off[n] += each - each;", ROUTER_EXACT),
    Mutant("the cap leaves a share more", ROUTER, "(terms.supplyCap * _WAD + 1)", "(terms.supplyCap * _WAD + 3)", ROUTER_EXACT),
    Mutant(
        "what pays for others goes to the index", SWAPS, "return node.inner() ? address(this) : _index;", "return _index;", TRADES,
    ),
    Mutant(
        "prices live a second longer", "contracts/oracle/PriceOracle.sol", "block.timestamp - updatedAt > leg.heartbeat()",
        "block.timestamp - updatedAt > leg.heartbeat() + 1", ROUTES,
    ),
    Mutant(
        "the boundary second belongs to the old epoch", "contracts/tokens/TimeWeightedERC20.sol", "live.time() < epochStart",
        "live.time() <= epochStart", "tests/unit/test_time_weighted.py",
    ),
    Mutant(
        "any code is an index", "contracts/index/IndexFactory.sol", "if (keccak256(indexCode) != indexCodeHash)",
        "if (indexCode.length == 0)", "tests/integration/test_factory.py",
    ),
    Mutant("a jump passes by a fraction of a bp", ORACLE, "before, Math.Rounding.Ceil) >", "before, Math.Rounding.Floor) >", GUARDS),
    Mutant("unfinished rounds count as the past", ORACLE, "if (past <= 0 || updatedAt == 0) revert", "if (past <= 0) revert", GUARDS),
    Mutant(
        "a feed is a mean", FEED, "answer = int256(_price(int24(_settled())));",
        "(int56[] memory t,) = _observe();\n        answer = int256(_price(int24((t[_PARTS] - t[0]) / int256(window))));", HELD_POOLS,
    ),
    Mutant("any spread is settled", FEED, "if (spread > _MAX_SPREAD) revert", "if (spread > type(int24).max) revert", AVERAGES),
    Mutant(
        "a jump is followed late", FEED, "if (last > median + _MAX_DRIFT || last < median - _MAX_DRIFT) {",
        "if (last > type(int24).max) {", AVERAGES,
    ),
    Mutant("a short memory is enough", FEED, "if (cardinality < needed) revert", "if (cardinality == 0) revert", SILENCED),
    Mutant("two thin parts are too many", FEED, "if (thin > _TOUCHED) revert", "if (thin >= _TOUCHED) revert", AVERAGES),
    Mutant("a poke launders a donation", ORACLE, "leg.source(), Math.min(rate, most));", "leg.source(), rate);", DONATIONS),
    Mutant("a rate may fall", ORACLE, "if (rate < least || rate > most) revert", "if (rate > most) revert", GUARDS),
    Mutant(
        "a rate grows for ever", ORACLE, "Math.min(block.timestamp - at, _MAX_GROWING) + 1 days", "block.timestamp - at + 1 days",
        DONATIONS,
    ),
    Mutant(
        "bounds lose digits", ORACLE, "if (!BoundLib.exact(leg.min) || !BoundLib.exact(leg.max)) revert", "if (leg.max == 0) revert",
        ROUTES,
    ),
    Mutant("a sequencer is believed a second early", ORACLE, "timestamp - since <= grace", "timestamp - since < grace", GUARDS),
    Mutant(
        "small capitalisations vanish beside giants", "contracts/methodology/MarketCaps.sol", "Math.ceilDiv(caps[i], 32)", "caps[i] / 32",
        WEIGHTS,
    ),
    Mutant(
        "a cap binds a wei late", "contracts/methodology/CappedMarketCap.sol", "Math.Rounding.Ceil) <= cap", "Math.Rounding.Floor) <= cap",
        WEIGHTS,
    ),
    Mutant(
        "any price is believed", "contracts/methodology/MarketCaps.sol", "price == 0 || price > type(uint128).max", "price == 0",
        WEIGHTS,
    ),
    Mutant("the remainder breaks a cap", "contracts/methodology/CappedMarketCap.sol", "Math.min(rest, cap - list[i])", "rest", WEIGHTS),
    Mutant("what rounding leaves is lost", "contracts/methodology/FloorAndMarketCap.sol", "        list[0] += rest;\n", "", WEIGHTS),
    Mutant(
        "weights may sum to the whole modulo 2^256", "contracts/methodology/FixedWeights.sol", "sum = Math.saturatingAdd(sum, list[i]);",
        "unchecked { sum += list[i]; }", WEIGHTS,
    ),
    Mutant(
        "a token listed twice is weighed twice", "contracts/methodology/Constituents.sol", "if (tokens[j] == token) revert",
        "if (tokens[j] == token && j == 0) revert", WEIGHTS,
    ),
    Mutant("supplies move by a third", REGISTRY, "last.amount * MAX_STEP) {", "last.amount * MAX_STEP * 4 / 3) {", SUPPLIES),
    Mutant("supplies live a second longer", REGISTRY, "last.at > MAX_AGE)", "last.at > MAX_AGE + 1)", SUPPLIES),
    Mutant(
        "anybody starts anybody's cooldown", STAKED, "revert StakedToken_ZeroAddress();\n        _authorize(controller);",
        "revert StakedToken_ZeroAddress();", GRIEF,
    ),
    Mutant("a later request locks what has matured", STAKED, "if (allAssets != 0 && _matured(r)) {", "if (allAssets == 1) {", GRIEF),
    Mutant("a cooldown ends a second early", STAKED, "block.timestamp >= r.time() +", "block.timestamp + 1 >= r.time() +", STAKING),
    Mutant("a raise is retroactive", STAKED, "block.timestamp >= r.time() + r.cooldown() ||", "", STAKING),
    Mutant("a raise need not wait", STAKED, "if (block.timestamp < earliest) revert StakedToken_RaiseTooSoon(earliest);", "", GRIEF),
    Mutant("rewards vest at once", BOOKS, "uint256 private constant _VESTING = 1 days;", "uint256 private constant _VESTING = 1;", GRIEF),
    Mutant(
        "shares round up", STAKED, "b.toShares(supply, assets, Math.Rounding.Floor);\n        _deposit(b,",
        "b.toShares(supply, assets, Math.Rounding.Ceil);\n        _deposit(b,", EIP4626,
    ),
    Mutant("time runs on with nobody staking", BOOKS, "left_ == 0 || supply.balance() < VIRTUAL", "left_ == 0", STAKING),
    Mutant("a wei restarts the day", BOOKS, "left_ = old == 0 ?", "left_ = fresh != 0 ?", GRIEF),
    Mutant("the first second of an epoch is forgotten", STAKED, "while (slot.time() >= boundary", "while (slot.time() > boundary", STAKING),
    Mutant("rewards leave the clock alone", STAKED, "        _touchSupply();\n", "", STAKING),
    Mutant(
        "what is left of a claim has no share", STAKED, "allAssets), allShares - 1);", "allAssets), allShares);",
        "tests/unit/test_erc7540.py",
    ),
    Mutant("requested assets stay staked", STAKED, "_books = b.minus(assets);", "_books = b;", STAKES),
    Mutant("virtual shares are one", BOOKS, "uint256 internal constant VIRTUAL = 1e9;", "uint256 internal constant VIRTUAL = 1;", GRIEF),
    Mutant(
        "the rate starts anew", STAKED, "_books = b.minus(assets);",
        "_books = supply == shares ? BooksLib.make(0, b.staked() - assets, 1 days, b.cooldown()) : b.minus(assets);", STAKING,
    ),
    Mutant(
        "few shares are few assets", "contracts/staking/FeeDistributor.sol", "staked.convertToAssets(staked.totalSupply())",
        "staked.totalSupply()", "tests/integration/test_fee_distributor.py",
    ),
    Mutant("weight goes on after a request", LOCKER, "_removeWeight(owner, pool, p.liquidity);", "", LOCKER_UNIT),
    Mutant("a pair is believed in the middle of a burn", LOCKER, "        pair.sync();\n", "", LOCKER_ATTACKS),
    Mutant("what v2's fee will take weighs", LOCKER, "if (last != 0 && root > last)", "if (last != 0 && root < last)", LOCKER_UNIT),
    Mutant(
        "what stays locked is rounded up", LOCKER, "Math.ceilDiv(_weights[owner][pool].live.balance() * amount, t.locked)",
        "_weights[owner][pool].live.balance() * amount / t.locked", LOCKER_UNIT,
    ),
    Mutant(
        "matured tokens cool again", LOCKER,
        "if (_hasMatured(t)) (t.matured, t.cooling, t.coolingLiquidity) = (t.matured + t.cooling, 0, 0);", "", LOCKER_UNIT,
    ),
    Mutant("a removed pool goes on weighing", LOCKER, "if (removedAt != 0) (start", "if (removedAt == 1) (start", LOCKER_UNIT),
    Mutant("a removed pool's histories change", LOCKER, "if (_isRemoved(pool)) return;", "", LOCKER_UNIT),
    Mutant("leaving a removed pool can overflow", LOCKER, "_isRemoved(pool) ? 0 : Math", "Math", LOCKER_UNIT),
    Mutant("one end of the range is free", LOCKER, "lower != -maxTick || upper", "upper", LOCKER_ATTACKS),
    Mutant("what calls itself a pool is one", LOCKER, "if (!genuine) revert", "if (token0 == token1) revert", LOCKER_ATTACKS),
    Mutant("a position matures a second early", LOCKER, "block.timestamp < p.maturesAt", "block.timestamp + 1 < p.maturesAt", LOCKER_UNIT),
    Mutant("anybody moves anybody's timer", LOCKER, "!isOperator[owner][msg.sender]", "owner == address(0)", LOCKER_ATTACKS),
    Mutant(
        "any transfer hook locks", LOCKER, "if (msg.sender != address(positionManager)) revert", "if (from == address(0)) revert",
        LOCKER_ATTACKS,
    ),
    Mutant("referrers may be younger", REFERRALS, "rank != 0 && rank < _accounts", "rank == 1 && rank > _accounts", REFERRAL_UNIT),
    Mutant("anybody binds anybody", REFERRALS, "if (msg.sender != ledger) revert", "if (ledger == address(0)) revert", REFERRAL_UNIT),
    Mutant("codes may have spaces inside", REFERRALS, "code << (8 * length) == 0", "code != 0", REFERRAL_UNIT),
    Mutant("SOSO lifts less of what is locked", POINTS, "Math.min(p.locked, p.soso);", "Math.min(p.locked, p.soso / 2);", LEDGER_UNIT),
    Mutant("SOSO counts once for every class", POINTS, "Math.min(p.staked, p.soso - locked)", "Math.min(p.staked, p.soso)", LEDGER_UNIT),
    Mutant("values round up", POINTS, "price, _WAD);", "price, _WAD, Math.Rounding.Ceil);", LEDGER_MACHINE),
    Mutant("a slot is sampled again", PRICES, "state != 0 && missing + 1 >= state", "state != 0 && missing >= state", PRICES_UNIT),
    Mutant("old prices live for ever", PRICES, "medianOf(epoch - 1, token);", "medianOf(0, token);", PRICES_UNIT),
    Mutant("a sample is enough", PRICES, "epoch == currentEpoch() ? 1 : LEAST_SAMPLES", "1", PRICES_UNIT),
    Mutant("the higher of two is the median", PRICES, "found[(samples - 1) / 2]", "found[samples / 2]", PRICES_UNIT),
    Mutant("settled before the end", PRICES, "if (block.timestamp < end) revert", "if (block.timestamp + 1 < end) revert", PRICES_UNIT),
    Mutant("what is busy has no price", PRICES, "            _requireNotBusy(index, reason);\n", "", PRICES_UNIT),
    Mutant(
        "the first second prices an epoch", PRICES, "try IStakedToken(staked).lowestRate(epoch)",
        "try IStakedToken(staked).exchangeRateAt(epoch)", PRICES_ATTACKS,
    ),
    Mutant("a staked token is believed", PRICES, "Math.min(rate, ~_lowRates[epoch][staked])", "rate", PRICES_ATTACKS),
    Mutant(
        "a low rate is seen once", PRICES, "if (rate >= _lowestRate(", "if (_lowRates[epoch][staked] != 0 || rate >= _lowestRate(",
        PRICES_ATTACKS,
    ),
    Mutant("sources change at once", PRICES, "_begun ? currentEpoch() + 1 : 0", "_begun ? currentEpoch() : 0", PRICES_UNIT),
    Mutant(
        "an index without a price is worth the rest", PRICES, "if (value == type(uint256).max) return 0;",
        "if (value == type(uint256).max) continue;", PRICES_UNIT,
    ),
    Mutant("liquidity is worth half", PRICES, "2 * Math.sqrt(product)", "Math.sqrt(product)", PRICES_UNIT),
    Mutant("whoever joins late counts", LEDGER, "joined != 0 && joined < _endOf(epoch)", "joined != 0", LEDGER_UNIT),
    Mutant("anybody is the router", LEDGER, "if (msg.sender != _ledger().router) revert", "if (buyer == address(0)) revert", LEDGER_UNIT),
    Mutant("a referrer has no cap", LEDGER, "Math.min(own, t.credit)", "(own == 0 ? 0 : t.credit)", LEDGER_UNIT),
    Mutant("a referrer must be recorded first", LEDGER, "return _sum(tally) - before;", "return 0;", LEDGER_UNIT),
    Mutant("bonuses compound", LEDGER, "points / _REFERRER_PART)", "gain / _REFERRER_PART)", LEDGER_UNIT),
    Mutant("later referrals count", LEDGER, "boundAt < end", "boundAt <= end", LEDGER_UNIT),
    Mutant("recording goes on a second longer", LEDGER, "block.timestamp >= closes)", "block.timestamp > closes)", LEDGER_UNIT),
    Mutant("claims repeat", LEDGER, "        $.claimed[epoch][token][msg.sender] = before + amount;\n", "", LEDGER_UNIT),
    Mutant("a pot counts what was promised", LEDGER, "_addToPot(epoch, token, received);", "_addToPot(epoch, token, amount);", LEDGER_UNIT),
    Mutant("a pot rolls over twice", LEDGER, "        pot.paid = pot.funded;\n", "", LEDGER_UNIT),
    Mutant(
        "tokens may re-enter claims", LEDGER, "function claim(uint256 epoch, address token) external nonReentrant",
        "function claim(uint256 epoch, address token) external", LEDGER_UNIT,
    ),
    Mutant(
        "bids round down", AUCTION,
        "amountIn = Math.ceilDiv(amountOut * out.price * factor_, in_.price * _WAD);",
        "amountIn = amountOut * out.price * factor_ / (in_.price * _WAD);", REBALANCES,
    ),
    Mutant(
        "gains pay for losses", AUCTION,
        "if (later < before) a.cost += uint112(Math.ceilDiv(before - later, _WAD));",
        "a.cost = later < before ? a.cost + uint112(Math.ceilDiv(before - later, _WAD)) : 0;", REBALANCES,
    ),
    Mutant(
        "the budget is no limit", AUCTION,
        "cut = affordable < amountOut;",
        "cut = affordable + 1 == 0;", ON_REBALANCES,
    ),
    Mutant(
        "what was bought can be bought again", AUCTION,
        "if (!tooLittle(in_.units, in_.target, in_.dust, base)) a.deficit &= ~uint32(in_.bit);",
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
        "nonce: last.nonce + 1,",
        "nonce: last.nonce,", ON_REBALANCES,
    ),
    Mutant(
        "a basket in another order is the plan", PLANNER,
        "a.length == b.length && _hash(a) == _hash(b)",
        "a.length == b.length", UNION,
    ),
    Mutant(
        "a share of any worth has room", PLANNER,
        "nav == 0 || nav > type(uint112).max",
        "nav == 0", UNION,
    ),
    Mutant(
        "a pair may leave its band", REBALANCER,
        "if (!AuctionMath.near(outMoved, inMoved, a.band)) {",
        "if (outMoved == 0) {", WRONG_FEEDS,
    ),
    Mutant("turnover has no limit", REBALANCER, "if (s.turnover > allowed)", "if (s.turnover > 10_000)", UNION),
    Mutant(
        "a start takes any price", PLANNER,
        "if (!AuctionMath.near(quote, expected, tolerance))",
        "if (quote == 0)", UNION,
    ),
    Mutant(
        "a start takes any target", PLANNER,
        "if (!AuctionMath.near(aim, expected[i], tolerance))",
        "if (expected[i] == 1 << 200)", UNION,
    ),
    Mutant("a start is never too late", REBALANCER, "if (block.timestamp > proposal.latest)", "if (proposal.latest == 0)", UNION),
    Mutant("a price is given although there is one", PLANNER, "bool allowed = !known && ", "bool allowed = ", UNION),
    Mutant(
        "a spent budget goes on", AUCTION,
        "(later < before && _affordable",
        "(later == 0 && _affordable", UNION,
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
        environment = {
            **os.environ, "PYTHONPATH": str(folder), "SOLCX_BINARY_PATH": str(folder / "tools/solc"), "HYPOTHESIS_PROFILE": "unshrunk",
        }  # fmt: skip

        def run(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )

        built = run("-m", "ssi.build")
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
        files = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
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
