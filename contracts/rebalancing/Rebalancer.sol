// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IIndexSwapCallback, IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IMethodology} from "../../interfaces/IMethodology.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IBidCallback, IRebalancer} from "../../interfaces/IRebalancer.sol";
import {GovernedUUPS} from "../governance/GovernedUUPS.sol";
import {Units, UnitsLib} from "../index/Units.sol";
import {Auction, AuctionMath, Side} from "./AuctionMath.sol";
import {Target, TargetLib} from "./Target.sol";

/// @title Moves a basket to its targets by open auctions
/// @dev The rebalancer of its indexes, which alone may call {IIndexToken.swap}. Holds no token ever. Everything about an amount is in {AuctionMath}.
contract Rebalancer is IRebalancer, GovernedUUPS, ReentrancyGuardTransient {
    using AuctionMath for Auction;
    using SafeERC20 for IERC20;

    uint256 private constant _MAX_TOKENS = 32;
    uint256 private constant _WAD = 1e18;
    uint256 private constant _BP = 1e14;
    uint256 private constant _RAY = 1e27;

    /// @dev One slot: `terms:88 | book:160`. `book` is code with the methodology, the tokens and the parameters.
    struct StoredPlan {
        address book;
        uint16 premiumStart;
        uint16 discountEnd;
        uint24 duration;
        uint16 budget;
        uint16 dust;
    }

    /// @custom:storage-location erc7201:ssi.storage.Rebalancer
    struct RebalancerStorage {
        mapping(address index => StoredPlan) plans;
        mapping(address index => Auction) auctions;
        mapping(address index => mapping(address token => Target)) targets;
    }

    /// @dev What a start would fix. Tokens of the plan first; `prices` D36{USD/tok} and `value` D63{USD/base} once {_value} has run.
    struct Draft {
        address[] tokens;
        uint256[] units;
        Units[] targets;
        uint256[] prices;
        uint256[] decimals;
        uint256 value;
        uint256 base;
    }

    // keccak256(abi.encode(uint256(keccak256("ssi.storage.Rebalancer")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xbb8a8d2ca5f0fd8bc252b041241539aeeca1cbdf5436035cddbae5a6212e0400;

    /// @dev In the code, because a slot would cost every bid 2,100: another oracle is another implementation, after the notice.
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IPriceOracle public immutable oracle;

    /// @dev The index that may call back, and who pays. Set within a bid alone.
    address private transient _caller;
    address private transient _bidder;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IPriceOracle oracle_) {
        if (address(oracle_) == address(0)) revert Rebalancer_ZeroAddress();
        oracle = oracle_;
    }

    function initialize(address authority_) external initializer {
        __GovernedUUPS_init(authority_);
    }

    // ---------------------------------------------------------------- governance

    /// @inheritdoc IRebalancer
    function setMethodology(address index, IMethodology methodology, address[] calldata tokens, bytes calldata parameters)
        external
        restricted
        nonReentrant
    {
        _requireOver(index, _auction(index));
        if (index == address(0) || address(methodology) == address(0)) revert Rebalancer_ZeroAddress();
        if (tokens.length == 0 || tokens.length > _MAX_TOKENS) revert Rebalancer_TokenCount(tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (tokens[i] == tokens[j]) revert Rebalancer_DuplicateToken(tokens[i]);
            }
            if (tokens[i] == index) revert Rebalancer_InvalidToken(index);
            _decimals(tokens[i]);
        }
        methodology.validate(tokens, parameters);

        _storage().plans[index].book = SSTORE2.write(abi.encode(methodology, tokens, parameters));
        emit PlanSet(index, methodology, tokens, parameters, ++_storage().auctions[index].nonce);
    }

    /// @inheritdoc IRebalancer
    function setTerms(address index, Terms calldata terms) external restricted nonReentrant {
        bool valid = terms.premiumStart <= 1000 && terms.discountEnd <= 500 && terms.duration >= 1 hours && terms.duration <= 7 days
            && terms.budget <= 100 && terms.dust >= 1 && terms.dust <= 500;
        if (!valid) revert Rebalancer_InvalidTerms(terms);

        StoredPlan storage plan = _storage().plans[index];
        (plan.premiumStart, plan.discountEnd, plan.duration) = (terms.premiumStart, terms.discountEnd, terms.duration);
        (plan.budget, plan.dust) = (terms.budget, terms.dust);
        emit TermsSet(index, terms, ++_storage().auctions[index].nonce);
    }

    /// @inheritdoc IRebalancer
    function startRebalance(address index, uint256 nonce) external restricted nonReentrant returns (uint256 id) {
        Auction memory last = _auction(index);
        if (nonce != last.nonce) revert Rebalancer_WrongNonce(index, nonce, last.nonce);
        _requireOver(index, last);
        StoredPlan memory plan = _plan(index);
        if (plan.duration == 0) revert Rebalancer_NoTerms(index);

        Draft memory d = _draft(index, plan);
        uint256 nav = d.value / _WAD;
        Auction memory a = Auction({
            nav: uint112(nav),
            cost: 0,
            nonce: last.nonce + 1,
            started: uint32(block.timestamp),
            duration: plan.duration,
            premiumStart: plan.premiumStart,
            discountEnd: plan.discountEnd,
            budget: plan.budget,
            dust: plan.dust,
            id: last.nonce,
            phase: Phase.Running,
            surplus: 0,
            deficit: 0,
            leaving: 0
        });
        uint256[] memory aims = _aim(index, d, a);
        if (a.completed()) a.phase = Phase.Completed;
        _storage().auctions[index] = a;

        emit RebalanceStarted(index, a.id, d.tokens, aims, nav, block.timestamp + a.duration);
        if (a.phase == Phase.Completed) emit RebalanceEnded(index, a.id, Phase.Completed, 0);
        return a.id;
    }

    /// @inheritdoc IRebalancer
    function cancel(address index) external restricted nonReentrant {
        Auction memory a = _auction(index);
        if (_phase(a) != Phase.Running) revert Rebalancer_NotRunning(index);
        _end(index, a, Phase.Cancelled);
    }

    // ---------------------------------------------------------------- everybody

    /// @inheritdoc IRebalancer
    function bid(address index, address tokenOut, address tokenIn, uint256 amountOut, uint256 maxIn, address receiver, bytes calldata data)
        external
        nonReentrant
        returns (uint256 filledOut, uint256 paidIn)
    {
        if (receiver == address(0) || receiver == index || receiver == address(this)) revert Rebalancer_InvalidReceiver(receiver);
        Auction memory a = _auction(index);
        (uint112 cost, uint32 surplus, uint32 deficit) = (a.cost, a.surplus, a.deficit);
        (filledOut, paidIn) = _fill(a, index, tokenOut, tokenIn, amountOut);
        if (filledOut == 0) return (0, 0);
        if (maxIn != type(uint256).max) {
            uint256 limit = filledOut == amountOut ? maxIn : Math.mulDiv(maxIn, filledOut, amountOut, Math.Rounding.Ceil);
            if (paidIn > limit) revert Rebalancer_PriceTooHigh(paidIn, limit);
        }

        Auction storage stored = _storage().auctions[index];
        if (a.cost != cost) stored.cost = a.cost;
        if (a.surplus != surplus || a.deficit != deficit || a.phase != Phase.Running) {
            (stored.surplus, stored.deficit, stored.phase) = (a.surplus, a.deficit, a.phase);
        }
        emit BidFilled(index, a.id, msg.sender, tokenOut, tokenIn, filledOut, paidIn, a.cost);
        if (a.phase != Phase.Running) emit RebalanceEnded(index, a.id, a.phase, a.cost);

        (_caller, _bidder) = (index, msg.sender);
        IIndexToken(index).swap(tokenOut, filledOut, tokenIn, paidIn, receiver, data);
    }

    /// @inheritdoc IIndexSwapCallback
    function onIndexSwap(address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, bytes calldata data) external {
        if (msg.sender != _caller) revert Rebalancer_UnexpectedCallback(msg.sender);
        _caller = address(0);
        address bidder = _bidder;

        if (data.length != 0) IBidCallback(bidder).onBid(msg.sender, tokenOut, amountOut, tokenIn, amountIn, data);
        IERC20(tokenIn).safeTransferFrom(bidder, msg.sender, amountIn);
    }

    /// @inheritdoc IRebalancer
    function close(address index) external nonReentrant {
        Auction memory a = _auction(index);
        if (a.phase != Phase.Running) revert Rebalancer_NotRunning(index);
        if (!a.ended()) revert Rebalancer_NotOver(index, uint256(a.started) + a.duration);
        _end(index, a, Phase.Expired);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRebalancer
    function quoteBid(address index, address tokenOut, address tokenIn, uint256 amountOut)
        external
        view
        nonReentrantView
        returns (uint256 filledOut, uint256 paidIn)
    {
        return _fill(_auction(index), index, tokenOut, tokenIn, amountOut);
    }

    /// @inheritdoc IRebalancer
    function status(address index) external view returns (Status memory) {
        Auction memory a = _auction(index);
        if (a.phase == Phase.None) return Status(Phase.None, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        return Status({
            phase: _phase(a),
            id: a.id,
            started: a.started,
            ends: uint256(a.started) + a.duration,
            premium: int256(a.factor()) - int256(_WAD),
            nav: a.nav,
            cost: Math.mulDiv(a.cost, _WAD, a.nav, Math.Rounding.Ceil),
            budget: a.budget * _BP,
            surplus: _count(a.surplus),
            deficit: _count(a.deficit)
        });
    }

    /// @inheritdoc IRebalancer
    function bidsOf(address index) external view nonReentrantView returns (Offer[] memory offers) {
        Auction memory a = _auction(index);
        if (_phase(a) != Phase.Running) return new Offer[](0);
        (address[] memory tokens, uint256[] memory units, uint256 base) = _tokens(index);
        Side[] memory sides = new Side[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            Target target = _storage().targets[index][tokens[i]];
            (bool known, uint256 price) = oracle.tryPrice(tokens[i]);
            sides[i] = _side(a, target);
            if (!known) sides[i].bit = 0;
            (sides[i].units, sides[i].price) = (units[i], _scaled(price, target.decimals()));
        }

        offers = new Offer[](tokens.length * tokens.length);
        uint256 count = 0;
        for (uint256 k = 0; k < offers.length; ++k) {
            (uint256 i, uint256 j) = (k / tokens.length, k % tokens.length);
            if (a.ceiling(sides[i], sides[j]) == 0) continue;
            // A fresh copy: a bid writes into it.
            Offer memory offer = _offer(_auction(index), sides[i], sides[j], base);
            if (offer.amountOut == 0) continue;
            (offer.tokenOut, offer.tokenIn) = (tokens[i], tokens[j]);
            offers[count++] = offer;
        }
        // Shortens the list to what was found.
        assembly ("memory-safe") {
            mstore(offers, count)
        }
    }

    /// @inheritdoc IRebalancer
    function targetsOf(address index)
        external
        view
        nonReentrantView
        returns (address[] memory tokens, uint256[] memory units, uint256[] memory targets)
    {
        uint256 id = _auction(index).id;
        (tokens, units,) = _tokens(index);
        targets = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            Target t = _storage().targets[index][tokens[i]];
            if (t.id() == id) targets[i] = t.target();
        }
    }

    /// @inheritdoc IRebalancer
    function previewTargets(address index)
        external
        view
        nonReentrantView
        returns (address[] memory tokens, uint256[] memory units, uint256[] memory targets)
    {
        Draft memory d = _draft(index, _plan(index));
        targets = new uint256[](d.tokens.length);
        for (uint256 i = 0; i < targets.length; ++i) {
            targets[i] = d.targets[i].value();
        }
        return (d.tokens, d.units, targets);
    }

    /// @inheritdoc IRebalancer
    function weightsOf(address index)
        external
        view
        nonReentrantView
        returns (address[] memory tokens, uint256[] memory current, uint256[] memory target)
    {
        Draft memory d = _draft(index, _plan(index));
        (current, target) = (new uint256[](d.tokens.length), new uint256[](d.tokens.length));
        for (uint256 i = 0; i < d.tokens.length; ++i) {
            current[i] = Math.mulDiv(d.units[i] * d.prices[i], _WAD, d.value);
            target[i] = Math.mulDiv(d.targets[i].value() * d.prices[i], _WAD, d.value);
        }
        return (d.tokens, current, target);
    }

    /// @inheritdoc IRebalancer
    function planOf(address index) external view returns (Plan memory) {
        StoredPlan memory plan = _plan(index);
        Terms memory terms = Terms(plan.premiumStart, plan.discountEnd, plan.duration, plan.budget, plan.dust);
        (IMethodology methodology, address[] memory tokens, bytes memory parameters) = _read(plan);
        return Plan(methodology, _auction(index).nonce, terms, tokens, parameters);
    }

    // ---------------------------------------------------------------- a bid

    /// @dev What a bid would do now, written into `a`. Reads no price where nothing can be bid.
    function _fill(Auction memory a, address index, address tokenOut, address tokenIn, uint256 wanted)
        private
        view
        returns (uint256, uint256)
    {
        if (_phase(a) != Phase.Running || tokenOut == tokenIn) return (0, 0);
        mapping(address token => Target) storage targets = _storage().targets[index];
        Target out = targets[tokenOut];
        Target in_ = targets[tokenIn];
        Side memory sold = _side(a, out);
        Side memory bought = _side(a, in_);
        uint256 top = a.ceiling(sold, bought);
        if (top == 0) return (0, 0);

        uint256 base;
        (base, sold.units, bought.units) = IIndexToken(index).baseAndUnits(tokenOut, tokenIn);
        sold.price = _scaled(oracle.price(tokenOut), out.decimals());
        bought.price = _scaled(oracle.price(tokenIn), in_.decimals());
        return a.fill(sold, bought, base, top, wanted);
    }

    /// @dev `bit` is 0 for a token that is not part of this rebalance.
    function _side(Auction memory a, Target t) private pure returns (Side memory side) {
        if (t.id() != a.id) return side;
        (side.target, side.dust, side.bit) = (t.target(), t.dust(), 1 << t.place());
    }

    /// @dev The largest bid for a pair, which leaves the sides as they were.
    function _offer(Auction memory a, Side memory out, Side memory in_, uint256 base) private view returns (Offer memory offer) {
        (uint256 unitsOut, uint256 unitsIn) = (out.units, in_.units);
        (offer.amountOut, offer.amountIn) = a.fill(out, in_, base, a.ceiling(out, in_), type(uint256).max);
        (out.units, in_.units) = (unitsOut, unitsIn);
        offer.price = Math.mulDiv(out.price * a.factor(), _RAY, in_.price * _WAD, Math.Rounding.Ceil);
    }

    // ---------------------------------------------------------------- a start

    /// @dev Targets by the methodology and live prices, rounded down to what {Units} holds.
    function _draft(address index, StoredPlan memory plan) private view returns (Draft memory d) {
        if (plan.book == address(0)) revert Rebalancer_NoPlan(index);
        (IMethodology methodology, address[] memory planned, bytes memory parameters) = _read(plan);
        (d.tokens, d.units, d.base) = _union(index, planned);
        if (d.base == 0) revert Rebalancer_NotSeeded(index);
        if (d.tokens.length > _MAX_TOKENS) revert Rebalancer_TokenCount(d.tokens.length);

        d.prices = oracle.prices(d.tokens);
        uint256[] memory weights = methodology.weights(planned, _first(d.prices, planned.length), parameters);
        if (weights.length != planned.length) revert Rebalancer_LengthMismatch(planned.length, weights.length);

        _value(index, d);
        // So that nothing below overflows: D63{USD/base} under 2^172. Prices of the oracle scaled up have 188 bits.
        uint256 nav = d.value / _WAD;
        if (nav == 0 || nav > type(uint112).max) revert Rebalancer_NavOutOfRange(nav);

        _target(d, weights);
    }

    /// @dev Writes the targets into `d`. A token that the plan does not have is to leave.
    function _target(Draft memory d, uint256[] memory weights) private pure {
        (Units[] memory targets, uint256[] memory prices, uint256 value) = (new Units[](d.tokens.length), d.prices, d.value);
        uint256 sum = 0;
        for (uint256 i = 0; i < weights.length; ++i) {
            uint256 weight = weights[i];
            if (weight > _WAD) revert Rebalancer_WeightsSum(weight);
            uint256 target;
            unchecked {
                sum += weight;
                target = weight * value / (_WAD * prices[i]);
            }
            if (target > type(uint120).max) revert Rebalancer_UnitsOutOfRange(d.tokens[i], target);
            targets[i] = UnitsLib.pack(target);
        }
        if (sum != _WAD) revert Rebalancer_WeightsSum(sum);
        d.targets = targets;
    }

    /// @dev Scales the prices of `d` to D36{USD/tok} and sums up what the index holds.
    function _value(address index, Draft memory d) private view {
        mapping(address token => Target) storage targets = _storage().targets[index];
        (address[] memory tokens, uint256[] memory units, uint256[] memory prices) = (d.tokens, d.units, d.prices);
        uint256[] memory list = new uint256[](tokens.length);
        uint256 value = 0;
        for (uint256 i = 0; i < tokens.length; ++i) {
            Target known = targets[tokens[i]];
            uint256 decimals = known.id() == 0 ? _decimals(tokens[i]) : known.decimals();
            uint256 price = _scaled(prices[i], decimals);
            (list[i], prices[i]) = (decimals, price);
            value += units[i] * price;
        }
        (d.decimals, d.value) = (list, value);
    }

    /// @dev The first `count` of `list`: `list` itself where that is all.
    function _first(uint256[] memory list, uint256 count) private pure returns (uint256[] memory first) {
        if (count == list.length) return list;
        first = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            first[i] = list[i];
        }
    }

    /// @dev Stores the targets, returns them as D27{tok/base}, and says in `a` which tokens are to be sold, to be bought and to leave.
    function _aim(address index, Draft memory d, Auction memory a) private returns (uint256[] memory aims) {
        mapping(address token => Target) storage targets = _storage().targets[index];
        uint256 share = d.value * a.dust;
        (uint256 surplus, uint256 deficit, uint256 leaving) = (0, 0, 0);
        uint256 base = d.base;
        aims = new uint256[](d.tokens.length);
        for (uint256 i = 0; i < aims.length; ++i) {
            (Units target, Units dust) = (d.targets[i], _dust(share, d.prices[i]));
            targets[d.tokens[i]] = TargetLib.make(target, dust, a.id, d.decimals[i], i);

            (uint256 units, uint256 aim, uint256 margin) = (d.units[i], target.value(), dust.value());
            if (AuctionMath.tooMuch(units, aim, margin, base)) surplus |= 1 << i;
            else if (AuctionMath.tooLittle(units, aim, margin, base)) deficit |= 1 << i;
            if (aim == 0) leaving |= 1 << i;
            aims[i] = aim;
        }
        // At most 32 tokens.
        (a.surplus, a.deficit, a.leaving) = (uint32(surplus), uint32(deficit), uint32(leaving));
    }

    /// @dev D27{tok/base} worth a millionth of `share`.
    function _dust(uint256 share, uint256 price) private pure returns (Units) {
        unchecked {
            return UnitsLib.pack(Math.min(share / (1e6 * price), type(uint120).max));
        }
    }

    /// @dev The tokens of the plan, then what else the index holds, all with their D27{tok/base}; and {base}.
    function _union(address index, address[] memory planned)
        private
        view
        returns (address[] memory tokens, uint256[] memory units, uint256 base)
    {
        address[] memory held;
        uint256[] memory heldUnits;
        (held, heldUnits, base) = IIndexToken(index).basket();
        if (_same(held, planned)) return (held, heldUnits, base);

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
        // Both shortened to what was found.
        assembly ("memory-safe") {
            mstore(tokens, count)
            mstore(units, count)
        }
    }

    /// @dev Whether both lists are the same in the same order: mostly they are, and then nothing needs to be copied.
    function _same(address[] memory a, address[] memory b) private pure returns (bool) {
        return a.length == b.length && _hash(a) == _hash(b);
    }

    /// @dev keccak256(abi.encodePacked(list)), without the copy. Addresses in memory have no dirty bits: both lists were decoded.
    function _hash(address[] memory list) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(add(list, 32), mul(mload(list), 32))
        }
    }

    function _tokens(address index) private view returns (address[] memory, uint256[] memory, uint256) {
        (, address[] memory planned,) = _read(_plan(index));
        return _union(index, planned);
    }

    function _read(StoredPlan memory plan)
        private
        view
        returns (IMethodology methodology, address[] memory tokens, bytes memory parameters)
    {
        if (plan.book != address(0)) {
            (methodology, tokens, parameters) = abi.decode(SSTORE2.read(plan.book), (IMethodology, address[], bytes));
        }
    }

    function _decimals(address token) private view returns (uint256) {
        (bool known, uint8 decimals) = SafeERC20.tryGetDecimals(IERC20(token));
        if (!known || decimals > 18) revert Rebalancer_InvalidToken(token);
        return decimals;
    }

    /// @dev D36{USD/tok} = D18{USD/whole token} x 10^(18 - decimals)
    function _scaled(uint256 price, uint256 decimals) private pure returns (uint256) {
        // 128 and 60 bits.
        unchecked {
            return price * 10 ** (18 - decimals);
        }
    }

    // ---------------------------------------------------------------- the end

    function _end(address index, Auction memory a, Phase phase) private {
        _storage().auctions[index].phase = phase;
        emit RebalanceEnded(index, a.id, phase, a.cost);
    }

    function _requireOver(address index, Auction memory a) private view {
        if (_phase(a) == Phase.Running) revert Rebalancer_Running(index, a.id);
    }

    function _phase(Auction memory a) private view returns (Phase) {
        return a.phase == Phase.Running && a.ended() ? Phase.Expired : a.phase;
    }

    function _count(uint256 mask) private pure returns (uint256 bits) {
        for (; mask != 0; mask &= mask - 1) {
            ++bits;
        }
    }

    function _auction(address index) private view returns (Auction memory) {
        return _storage().auctions[index];
    }

    function _plan(address index) private view returns (StoredPlan memory) {
        return _storage().plans[index];
    }

    function _storage() private pure returns (RebalancerStorage storage s) {
        assembly ("memory-safe") {
            s.slot := _STORAGE
        }
    }
}
