// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IRebalancer} from "../../interfaces/IRebalancer.sol";
import {Units, UnitsLib} from "../index/Units.sol";
import {AuctionMath} from "./AuctionMath.sol";
import {Weighing, WeighingLib} from "./Weighing.sol";
import {Target, TargetLib} from "./Target.sol";

/// @title What a start of a rebalance fixes, and whether that is what was proposed
/// @notice The half of {Rebalancer} that starts need and bids do not. It has no state and no rights.
/// @dev Apart from the rebalancer because both together would be too large for one contract. The rebalancer passes the
/// rules in and stores what comes back. `docs/rebalancing-math.md` is the specification.
/// @custom:security-contact security@ssi.example
contract RebalancePlanner {
    uint256 private constant _MAX_TOKENS = 32;
    uint256 private constant _MAX_TOLERANCE = 5000;
    uint256 private constant _WAD = 1e18;
    uint256 private constant _BPS = 10_000;

    /// @notice What a start goes by.
    /// @param oracle where prices come from
    /// @param index the index
    /// @param weighing where its {Weighing} is
    /// @param drift bp that a price may be off that of the last start
    /// @param dust ppm of NAV
    /// @param id of the start
    struct Rules {
        IPriceOracle oracle;
        address index;
        address weighing;
        uint256 drift;
        uint256 dust;
        uint256 id;
    }

    /// @notice What a start fixes.
    /// @param tokens of the plan first, then the others that the index holds
    /// @param targets one for each token
    /// @param nav D27{USD/base share}
    /// @param turnover bp of NAV, rounded up
    /// @param surplus a bit for each token, by its place: to be sold
    /// @param deficit a bit for each token: to be bought
    /// @param leaving a bit for each token: without a target
    struct Start {
        address[] tokens;
        Target[] targets;
        uint256 nav;
        uint256 turnover;
        uint256 surplus;
        uint256 deficit;
        uint256 leaving;
    }

    /// @dev Tokens of the plan first. `quotes` D18{USD/whole token}, `prices` D36{USD/tok}, `value` D63{USD/base},
    /// `turnover` bp of it.
    struct Draft {
        address[] tokens;
        uint256[] units;
        uint256[] quotes;
        uint256[] decimals;
        uint256[] prices;
        Units[] targets;
        uint256 value;
        uint256 turnover;
        uint256 base;
    }

    /// @notice What a start fixes, by prices on which the oracle's sources agree.
    /// @dev Only for the rebalancer, whose references it reads. Reverts as {IRebalancer.startRebalance}.
    /// @param rules what to go by
    /// @param proposal what was proposed
    /// @return s what to store
    function start(Rules calldata rules, IRebalancer.Proposal calldata proposal)
        external
        view
        returns (Start memory s)
    {
        Weighing memory weighing = _readWeighing(rules.index, rules.weighing);
        Draft memory d = _loadDraft(rules.index, weighing);
        _writeQuotes(rules.oracle, d, weighing.tokens.length, proposal.prices, proposal.unpriced);
        _requireProposed(rules, d, proposal);
        _computeTargets(d, weighing);

        (s.tokens, s.nav, s.turnover) = (d.tokens, d.value / _WAD, d.turnover);
        _packTargets(rules, d, proposal, s);
    }

    /// @notice As {IRebalancer.previewStart}.
    /// @dev Only for the rebalancer, whose references it reads.
    /// @param oracle where prices come from
    /// @param index the index
    /// @param at where its {Weighing} is
    /// @param prices D18{USD/whole token} that the proposal gives
    /// @param unpriced a bit for each token that is priced by the proposal
    /// @param allowed bp of NAV that may be sold
    /// @return what a start would find
    function preview(
        IPriceOracle oracle,
        address index,
        address at,
        uint256[] calldata prices,
        uint256 unpriced,
        uint256 allowed
    ) external view returns (IRebalancer.Preview memory) {
        Weighing memory weighing = _readWeighing(index, at);
        Draft memory d = _loadDraft(index, weighing);
        _writeQuotes(oracle, d, weighing.tokens.length, prices, unpriced);
        _computeTargets(d, weighing);
        uint256[] memory targets = new uint256[](d.tokens.length);
        for (uint256 i = 0; i < targets.length; ++i) {
            targets[i] = d.targets[i].value();
        }
        return IRebalancer.Preview(d.tokens, d.units, targets, d.quotes, d.turnover, allowed);
    }

    /// @notice As {IRebalancer.weightsOf}, by prices that no second source has to confirm.
    /// @dev Only for the rebalancer, whose references it reads.
    /// @param oracle where prices come from
    /// @param index the index
    /// @param at where its {Weighing} is
    /// @return tokens of the plan first, then the others that the index holds
    /// @return current D18 weight of each
    /// @return target D18 weight of each
    function weights(IPriceOracle oracle, address index, address at)
        external
        view
        returns (address[] memory, uint256[] memory current, uint256[] memory target)
    {
        Weighing memory weighing = _readWeighing(index, at);
        Draft memory d = _loadDraft(index, weighing);
        d.quotes = new uint256[](d.tokens.length);
        for (uint256 i = 0; i < d.tokens.length; ++i) {
            (uint256 price,, bool given) = IRebalancer(msg.sender).referenceOf(index, d.tokens[i]);
            d.quotes[i] = given ? price : oracle.price(d.tokens[i]);
        }
        _computeTargets(d, weighing);
        (current, target) = (new uint256[](d.tokens.length), new uint256[](d.tokens.length));
        for (uint256 i = 0; i < d.tokens.length; ++i) {
            current[i] = Math.mulDiv(d.units[i] * d.prices[i], _WAD, d.value);
            target[i] = Math.mulDiv(d.targets[i].value() * d.prices[i], _WAD, d.value);
        }
        return (d.tokens, current, target);
    }

    /// @notice The tokens of a plan, then the others that the index holds.
    /// @param index the index
    /// @param planned tokens of the plan
    /// @return tokens all of them, each once
    /// @return units D27{tok/base} of each that the index holds, 0 for one that it does not
    /// @return base {base} that all shares stand for
    function union(address index, address[] memory planned)
        public
        view
        returns (address[] memory tokens, uint256[] memory units, uint256 base)
    {
        address[] memory held;
        uint256[] memory heldUnits;
        (held, heldUnits, base) = IIndexToken(index).basket();
        if (_areEqual(held, planned)) return (held, heldUnits, base);

        (uint256 count, uint256 most) = (planned.length, planned.length + held.length);
        (tokens, units) = (new address[](most), new uint256[](most));
        for (uint256 i = 0; i < count; ++i) {
            tokens[i] = planned[i];
        }
        for (uint256 k = 0; k < held.length; ++k) {
            uint256 i = 0;
            while (i < planned.length && planned[i] != held[k]) ++i;
            if (i == planned.length) i = count++;
            (tokens[i], units[i]) = (held[k], heldUnits[k]);
        }
        // Shortens both lists to what was found.
        assembly ("memory-safe") {
            mstore(tokens, count)
            mstore(units, count)
        }
    }

    // ---------------------------------------------------------------- steps

    function _readWeighing(address index, address at) private view returns (Weighing memory weighing) {
        if (at == address(0)) revert IRebalancer.Rebalancer_NoPlan(index);
        return WeighingLib.read(at);
    }

    /// @dev The tokens to weigh, with their units and decimals, without prices.
    function _loadDraft(address index, Weighing memory weighing) private view returns (Draft memory d) {
        (d.tokens, d.units, d.base) = union(index, weighing.tokens);
        if (d.base == 0) revert IRebalancer.Rebalancer_NotSeeded(index);
        uint256 count = d.tokens.length;
        if (count > _MAX_TOKENS) revert IRebalancer.Rebalancer_TokenCount(count);
        (uint256 planned, uint256 known, uint256[] memory decimals) =
            (weighing.tokens.length, weighing.decimals, new uint256[](count));
        for (uint256 i = 0; i < count; ++i) {
            decimals[i] = i < planned ? uint8(known >> 8 * i) : _decimalsOf(index, d.tokens[i]);
        }
        d.decimals = decimals;
    }

    /// @dev Decimals of a token that leaves. A token of the last start is not asked again: it may be broken by now.
    function _decimalsOf(address index, address token) private view returns (uint256) {
        (uint256 price, uint256 known,) = IRebalancer(msg.sender).referenceOf(index, token);
        if (price != 0) return known;
        (bool told, uint8 decimals) = SafeERC20.tryGetDecimals(IERC20(token));
        if (!told || decimals > 18) revert IRebalancer.Rebalancer_InvalidToken(token);
        return decimals;
    }

    /// @dev Writes D18 prices into `d`. The proposal prices a leaving token for which the oracle has no price.
    function _writeQuotes(
        IPriceOracle oracle,
        Draft memory d,
        uint256 planned,
        uint256[] calldata given,
        uint256 unpriced
    ) private view {
        uint256 count = d.tokens.length;
        if (unpriced == 0) {
            d.quotes = oracle.agreedPrices(d.tokens);
            return;
        }
        if (given.length != count) revert IRebalancer.Rebalancer_LengthMismatch(count, given.length);
        d.quotes = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            if (unpriced >> i & 1 == 0) {
                d.quotes[i] = oracle.agreedPrice(d.tokens[i]);
                continue;
            }
            // A caller cannot fake a missing price by too little gas: the oracle gets 63 parts of 64, and the last part
            // is not enough for the rest of a start.
            bool known = true;
            try oracle.agreedPrice(d.tokens[i]) {}
            catch {
                known = false;
            }
            bool allowed = !known && i >= planned && given[i] != 0 && given[i] <= type(uint128).max;
            if (!allowed) revert IRebalancer.Rebalancer_PriceNotNeeded(d.tokens[i]);
            d.quotes[i] = given[i];
        }
    }

    /// @dev Compares with prices of the past, so that no single reading of the oracle decides what is traded.
    function _requireProposed(Rules calldata rules, Draft memory d, IRebalancer.Proposal calldata proposal)
        private
        view
    {
        (uint256[] calldata prices, uint256 most) =
            (proposal.prices, Math.max(proposal.priceTolerance, proposal.targetTolerance));
        if (most > _MAX_TOLERANCE) revert IRebalancer.Rebalancer_ToleranceTooLarge(most, _MAX_TOLERANCE);
        (uint256[] memory quotes, uint256 count) = (d.quotes, d.quotes.length);
        if (prices.length != count) revert IRebalancer.Rebalancer_LengthMismatch(count, prices.length);
        if (proposal.targets.length != count) {
            revert IRebalancer.Rebalancer_LengthMismatch(count, proposal.targets.length);
        }

        for (uint256 i = 0; i < count; ++i) {
            (uint256 quote, uint256 expected, uint256 tolerance) = (quotes[i], prices[i], proposal.priceTolerance);
            if (expected == 0) {
                (expected,,) = IRebalancer(msg.sender).referenceOf(rules.index, d.tokens[i]);
                if (expected == 0) revert IRebalancer.Rebalancer_NoReference(d.tokens[i]);
                tolerance = rules.drift;
            }
            if (!AuctionMath.near(quote, expected, tolerance)) {
                revert IRebalancer.Rebalancer_PriceOff(d.tokens[i], quote, expected, tolerance);
            }
        }
    }

    /// @dev Targets by the methodology and the quotes of `d`, rounded down to what {Units} holds. A token outside the
    /// plan leaves.
    function _computeTargets(Draft memory d, Weighing memory weighing) private view {
        uint256 count = weighing.tokens.length;
        uint256[] memory list =
            weighing.methodology.weights(weighing.tokens, _prefixOf(d.quotes, count), weighing.parameters);
        if (list.length != count) revert IRebalancer.Rebalancer_LengthMismatch(count, list.length);

        _writePricesAndValue(d);
        // So that no product below overflows: D63{USD/base} under 2^172. Prices of the oracle scaled up have 188 bits.
        uint256 nav = d.value / _WAD;
        if (nav == 0 || nav > type(uint112).max) revert IRebalancer.Rebalancer_NavOutOfRange(nav);

        _writeTargets(d, list);
    }

    /// @dev Computes targets and turnover. No bid sells below a target, so a rebalance sells no more than what is over
    /// the targets.
    function _writeTargets(Draft memory d, uint256[] memory list) private pure {
        (uint256[] memory units, uint256[] memory prices, uint256 value) = (d.units, d.prices, d.value);
        (Units[] memory targets, uint256 sum, uint256 over) = (new Units[](units.length), 0, 0);
        for (uint256 i = 0; i < targets.length; ++i) {
            uint256 target = 0;
            uint256 price = prices[i];
            if (i < list.length) {
                uint256 weight = list[i];
                if (weight > _WAD) revert IRebalancer.Rebalancer_WeightsSum(weight);
                unchecked {
                    sum += weight;
                    target = weight * value / (_WAD * price);
                }
                if (target > type(uint120).max) revert IRebalancer.Rebalancer_UnitsOutOfRange(d.tokens[i], target);
                targets[i] = UnitsLib.pack(target);
                target = targets[i].value();
            }
            // A part of `value`.
            unchecked {
                over += Math.saturatingSub(units[i], target) * price;
            }
        }
        if (sum != _WAD) revert IRebalancer.Rebalancer_WeightsSum(sum);
        (d.targets, d.turnover) = (targets, Math.ceilDiv(over * _BPS, value));
    }

    /// @dev Scales the quotes of `d` to D36{USD/tok} and sums up what the index holds.
    function _writePricesAndValue(Draft memory d) private pure {
        (uint256[] memory units, uint256[] memory quotes, uint256[] memory decimals) = (d.units, d.quotes, d.decimals);
        uint256[] memory prices = new uint256[](units.length);
        uint256 value = 0;
        for (uint256 i = 0; i < prices.length; ++i) {
            uint256 price = AuctionMath.scaled(quotes[i], decimals[i]);
            prices[i] = price;
            value += units[i] * price;
        }
        (d.prices, d.value) = (prices, value);
    }

    /// @dev Packs the targets of `d` into `s`, and marks the tokens that are over, under or without a target. Reverts
    /// where a target is not near the one that was proposed.
    function _packTargets(Rules calldata rules, Draft memory d, IRebalancer.Proposal calldata proposal, Start memory s)
        private
        pure
    {
        (uint256[] calldata expected, uint256[] memory units, uint256[] memory quotes) =
            (proposal.targets, d.units, d.quotes);
        (uint256 tolerance, uint256 share, uint256 base) = (proposal.targetTolerance, d.value * rules.dust, d.base);
        (uint256 surplus, uint256 deficit, uint256 leaving) = (0, 0, 0);
        Target[] memory aims = new Target[](units.length);
        for (uint256 i = 0; i < aims.length; ++i) {
            (Units target, Units dust_) = (d.targets[i], _dustOf(share, d.prices[i]));
            (uint256 held, uint256 aim, uint256 dust) = (units[i], target.value(), dust_.value());
            if (!AuctionMath.near(aim, expected[i], tolerance)) {
                revert IRebalancer.Rebalancer_TargetOff(d.tokens[i], aim, expected[i], tolerance);
            }
            uint256 given = proposal.unpriced >> i & 1;
            aims[i] = TargetLib.make(target, dust_, UnitsLib.pack(quotes[i]), rules.id, d.decimals[i], i, given);

            if (AuctionMath.tooMuch(held, aim, dust, base)) surplus |= 1 << i;
            else if (AuctionMath.tooLittle(held, aim, dust, base)) deficit |= 1 << i;
            if (aim == 0) leaving |= 1 << i;
        }
        (s.targets, s.surplus, s.deficit, s.leaving) = (aims, surplus, deficit, leaving);
    }

    /// @dev D27{tok/base} worth a millionth of `share`.
    function _dustOf(uint256 share, uint256 price) private pure returns (Units) {
        unchecked {
            return UnitsLib.pack(Math.min(share / (1e6 * price), type(uint120).max));
        }
    }

    /// @dev The first `count` of `list`; `list` itself where that is all of it.
    function _prefixOf(uint256[] memory list, uint256 count) private pure returns (uint256[] memory first) {
        if (count == list.length) return list;
        first = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            first[i] = list[i];
        }
    }

    /// @dev Whether both lists are the same in the same order. Mostly they are, and then no list needs to be copied.
    function _areEqual(address[] memory a, address[] memory b) private pure returns (bool) {
        return a.length == b.length && _hashOf(a) == _hashOf(b);
    }

    /// @dev keccak256(abi.encodePacked(list)), without the copy. Addresses in memory have no dirty bits, because both
    /// lists were decoded.
    function _hashOf(address[] memory list) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(add(list, 32), mul(mload(list), 32))
        }
    }
}
