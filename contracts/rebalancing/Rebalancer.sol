// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IIndexSwapCallback, IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IMethodology} from "../../interfaces/IMethodology.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IBidCallback, IRebalancer} from "../../interfaces/IRebalancer.sol";
import {GovernedUUPS} from "../governance/GovernedUUPS.sol";
import {Auction, AuctionMath, BidPair, Side} from "./AuctionMath.sol";
import {Weighing, WeighingLib} from "./Weighing.sol";
import {RebalancePlanner} from "./RebalancePlanner.sol";
import {StoredTerms, StoredTermsLib} from "./StoredTerms.sol";
import {Target} from "./Target.sol";

/// @title Moves a basket to its targets by open auctions
/// @notice See {IRebalancer}. Never holds a token.
/// @dev The rebalancer of its indexes, which alone may call {IIndexToken.swap}. {AuctionMath} computes the amounts of a
/// bid, {RebalancePlanner} the targets of a start.
/// @custom:security-contact security@ssi.example
contract Rebalancer is IRebalancer, GovernedUUPS, ReentrancyGuardTransient {
    using AuctionMath for Auction;
    using SafeERC20 for IERC20;

    uint256 private constant _MAX_TOKENS = 32;
    uint256 private constant _WAD = 1e18;
    uint256 private constant _BP = 1e14;
    uint256 private constant _RAY = 1e27;

    /// @dev `terms:96 | weighing:160` = 256 bits, high to low. `weighing` is code with the methodology, the tokens and
    /// the parameters.
    struct StoredPlan {
        address weighing;
        StoredTerms terms;
    }

    /// @custom:storage-location erc7201:ssi.storage.Rebalancer
    struct RebalancerStorage {
        mapping(address index => StoredPlan) plans;
        mapping(address index => Auction) auctions;
        mapping(address index => mapping(address token => Target)) targets;
    }

    // keccak256(abi.encode(uint256(keccak256("ssi.storage.Rebalancer")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xbb8a8d2ca5f0fd8bc252b041241539aeeca1cbdf5436035cddbae5a6212e0400;

    /// @notice Where prices come from.
    /// @dev Immutable, because a slot would cost every bid 2,100 gas. Another oracle takes another implementation,
    /// after the notice.
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IPriceOracle public immutable oracle;

    /// @notice Computes what a start fixes.
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    RebalancePlanner public immutable planner;

    /// @dev The index that may call back, and the bidder who pays. Set within a bid alone.
    address private transient _caller;
    address private transient _bidder;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IPriceOracle oracle_, RebalancePlanner planner_) {
        if (address(oracle_) == address(0) || address(planner_) == address(0)) revert Rebalancer_ZeroAddress();
        (oracle, planner) = (oracle_, planner_);
    }

    /// @notice Sets up a proxy. Its constructor calls this, and it works once.
    /// @param authority_ AccessManager that decides on the restricted functions
    function initialize(address authority_) external initializer {
        __GovernedUUPS_init(authority_);
    }

    // ---------------------------------------------------------------- governance

    /// @inheritdoc IRebalancer
    function setMethodology(
        address index,
        IMethodology methodology,
        address[] calldata tokens,
        bytes calldata parameters
    ) external restricted nonReentrant {
        _requireNotRunning(index, _auction(index));
        if (index == address(0) || address(methodology) == address(0)) revert Rebalancer_ZeroAddress();
        if (tokens.length == 0 || tokens.length > _MAX_TOKENS) revert Rebalancer_TokenCount(tokens.length);
        uint256 decimals = 0;
        for (uint256 i = 0; i < tokens.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (tokens[i] == tokens[j]) revert Rebalancer_DuplicateToken(tokens[i]);
            }
            if (tokens[i] == index) revert Rebalancer_InvalidToken(index);
            decimals |= _decimalsOf(tokens[i]) << 8 * i;
        }
        methodology.validate(tokens, parameters);

        _storage().plans[index].weighing = WeighingLib.write(Weighing(methodology, tokens, decimals, parameters));
        emit PlanSet(index, methodology, tokens, parameters, ++_storage().auctions[index].nonce);
    }

    /// @inheritdoc IRebalancer
    function setTerms(address index, RebalanceTerms calldata terms) external restricted nonReentrant {
        if (!StoredTermsLib.valid(terms)) revert Rebalancer_InvalidTerms(terms);

        _storage().plans[index].terms = StoredTermsLib.pack(terms);
        emit TermsSet(index, terms, ++_storage().auctions[index].nonce);
    }

    /// @inheritdoc IRebalancer
    function startRebalance(address index, Proposal calldata proposal)
        external
        restricted
        nonReentrant
        returns (uint256 id)
    {
        Auction memory last = _auction(index);
        if (proposal.nonce != last.nonce) revert Rebalancer_WrongNonce(index, proposal.nonce, last.nonce);
        if (block.timestamp > proposal.latest) revert Rebalancer_TooLate(index, proposal.latest);
        _requireNotRunning(index, last);
        StoredPlan memory plan = _plan(index);
        RebalanceTerms memory terms = plan.terms.unpack();
        if (terms.duration == 0) revert Rebalancer_NoTerms(index);

        uint256 drift = last.drift(terms.band);
        RebalancePlanner.Rules memory rules =
            RebalancePlanner.Rules(oracle, index, plan.weighing, drift, terms.dust, last.nonce);
        RebalancePlanner.Start memory s = planner.start(rules, proposal);
        uint256 allowed = last.allowance(terms.turnover, terms.daily);
        if (s.turnover > allowed) revert Rebalancer_TurnoverTooLarge(s.turnover, allowed);

        // A budget is 100 at most, a turnover 10,000, and there are 32 tokens.
        Auction memory a = Auction({
            nav: uint112(s.nav),
            cost: 0,
            nonce: last.nonce + 1,
            started: uint32(block.timestamp),
            duration: terms.duration,
            premiumStart: terms.premiumStart,
            discountEnd: terms.discountEnd,
            budget: uint8(terms.budget),
            band: terms.band,
            turnover: uint16(s.turnover),
            id: last.nonce,
            phase: Phase.Running,
            surplus: uint32(s.surplus),
            deficit: uint32(s.deficit),
            leaving: uint32(s.leaving)
        });
        if (a.completed()) a.phase = Phase.Completed;
        _storage().auctions[index] = a;

        mapping(address token => Target) storage targets = _storage().targets[index];
        uint256[] memory aims = new uint256[](s.tokens.length);
        for (uint256 i = 0; i < aims.length; ++i) {
            targets[s.tokens[i]] = s.targets[i];
            aims[i] = s.targets[i].target();
        }
        emit RebalanceStarted(index, a.id, s.tokens, aims, s.nav, block.timestamp + a.duration);
        if (a.phase == Phase.Completed) emit RebalanceEnded(index, a.id, Phase.Completed, 0);
        return a.id;
    }

    /// @inheritdoc IRebalancer
    function cancel(address index) external restricted nonReentrant {
        Auction memory a = _auction(index);
        if (_phaseNow(a) != Phase.Running) revert Rebalancer_NotRunning(index);
        _endAuction(index, a, Phase.Cancelled);
    }

    // ---------------------------------------------------------------- bidders

    /// @inheritdoc IRebalancer
    function bid(
        address index,
        address tokenOut,
        address tokenIn,
        uint256 amountOut,
        uint256 maxIn,
        address receiver,
        bytes calldata data
    ) external nonReentrant returns (uint256 filledOut, uint256 paidIn) {
        if (receiver == address(0) || receiver == index || receiver == address(this)) {
            revert Rebalancer_InvalidReceiver(receiver);
        }
        Auction memory a = _auction(index);
        BidPair memory pair = _pairOf(a, index, tokenOut, tokenIn);
        bool cut;
        (filledOut, paidIn, cut) = a.quote(pair, amountOut);
        if (filledOut == 0) return (0, 0);
        if (maxIn != type(uint256).max) {
            uint256 limit =
                filledOut == amountOut ? maxIn : Math.mulDiv(maxIn, filledOut, amountOut, Math.Rounding.Ceil);
            if (paidIn > limit) revert Rebalancer_PriceTooHigh(paidIn, limit);
        }

        (uint112 cost, uint32 surplus, uint32 deficit) = (a.cost, a.surplus, a.deficit);
        a.settle(pair, filledOut, paidIn, cut);
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
    function onIndexSwap(address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, bytes calldata data)
        external
    {
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
        _endAuction(index, a, Phase.Expired);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRebalancer
    function quoteBid(address index, address tokenOut, address tokenIn, uint256 amountOut)
        external
        view
        nonReentrantView
        returns (uint256 filledOut, uint256 paidIn)
    {
        Auction memory a = _auction(index);
        (filledOut, paidIn,) = a.quote(_pairOf(a, index, tokenOut, tokenIn), amountOut);
    }

    /// @inheritdoc IRebalancer
    function status(address index) external view returns (Status memory s) {
        Auction memory a = _auction(index);
        if (a.phase == Phase.None) return s;
        s = Status({
            phase: _phaseNow(a),
            id: a.id,
            started: a.started,
            ends: uint256(a.started) + a.duration,
            premium: int256(a.factor()) - int256(_WAD),
            nav: a.nav,
            cost: Math.mulDiv(a.cost, _WAD, a.nav, Math.Rounding.Ceil),
            budget: a.budget * _BP,
            surplus: _countBits(a.surplus),
            deficit: _countBits(a.deficit),
            turnover: a.turnover * _BP,
            turnoverLeft: 0
        });
        if (s.phase == Phase.Running) s.turnoverLeft = _turnoverLeft(index, a);
    }

    /// @inheritdoc IRebalancer
    function bidsOf(address index) external view nonReentrantView returns (Offer[] memory offers) {
        Auction memory a = _auction(index);
        if (_phaseNow(a) != Phase.Running) return new Offer[](0);
        (address[] memory tokens, uint256[] memory units, uint256 base) = _planAndBasket(index);
        (Side[] memory sides, uint256[] memory moved) = (new Side[](tokens.length), new uint256[](tokens.length));
        for (uint256 i = 0; i < tokens.length; ++i) {
            Target target = _storage().targets[index][tokens[i]];
            Side memory side = sides[i];
            _setTarget(side, a, target);
            if (side.bit == 0) continue;
            (bool known, uint256 price) = target.given() ? (true, target.price()) : oracle.tryPrice(tokens[i]);
            if (!known) {
                side.bit = 0;
                continue;
            }
            (side.units, side.price) = (units[i], AuctionMath.scaled(price, target.decimals()));
            moved[i] = _changeSinceStart(target, price);
        }

        offers = new Offer[](tokens.length * tokens.length);
        uint256 count = 0;
        for (uint256 k = 0; k < offers.length; ++k) {
            (uint256 i, uint256 j) = (k / tokens.length, k % tokens.length);
            if (!AuctionMath.near(moved[i], moved[j], a.band)) continue;
            Offer memory offer = _largestBid(a, BidPair(sides[i], sides[j], base, a.ceiling(sides[i], sides[j])));
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
        (tokens, units,) = _planAndBasket(index);
        targets = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            Target t = _storage().targets[index][tokens[i]];
            if (t.id() == id) targets[i] = t.target();
        }
    }

    /// @inheritdoc IRebalancer
    function previewStart(address index, uint256[] calldata prices, uint256 unpriced)
        external
        view
        nonReentrantView
        returns (Preview memory)
    {
        StoredPlan memory plan = _plan(index);
        RebalanceTerms memory terms = plan.terms.unpack();
        uint256 allowed = _auction(index).allowance(terms.turnover, terms.daily);
        _returnAnswer(
            abi.encodeCall(RebalancePlanner.preview, (oracle, index, plan.weighing, prices, unpriced, allowed))
        );
    }

    /// @inheritdoc IRebalancer
    function weightsOf(address index)
        external
        view
        nonReentrantView
        returns (address[] memory, uint256[] memory, uint256[] memory)
    {
        _returnAnswer(abi.encodeCall(RebalancePlanner.weights, (oracle, index, _plan(index).weighing)));
    }

    /// @dev Ends a view with the planner's answer to `question`, which returns the same types, or with its revert.
    function _returnAnswer(bytes memory question) private view {
        address planner_ = address(planner);
        assembly ("memory-safe") {
            let ok := staticcall(gas(), planner_, add(question, 32), mload(question), 0, 0)
            let answer := mload(0x40)
            returndatacopy(answer, 0, returndatasize())
            if iszero(ok) { revert(answer, returndatasize()) }
            return(answer, returndatasize())
        }
    }

    /// @inheritdoc IRebalancer
    /// @dev The planner reads this within a start, so it has no guard against re-entry.
    function referenceOf(address index, address token)
        external
        view
        returns (uint256 price, uint256 decimals, bool given)
    {
        Target t = _storage().targets[index][token];
        if (t.id() == _auction(index).id) return (t.price(), t.decimals(), t.given());
    }

    /// @inheritdoc IRebalancer
    function planOf(address index) external view returns (Plan memory) {
        StoredPlan memory plan = _plan(index);
        Weighing memory weighing = WeighingLib.read(plan.weighing);
        return
            Plan(
                weighing.methodology, _auction(index).nonce, plan.terms.unpack(), weighing.tokens, weighing.parameters
            );
    }

    // ---------------------------------------------------------------- a bid

    /// @dev The two tokens of a bid as they are now. Reads no price where no bid is possible.
    function _pairOf(Auction memory a, address index, address tokenOut, address tokenIn)
        private
        view
        returns (BidPair memory pair)
    {
        if (_phaseNow(a) != Phase.Running || tokenOut == tokenIn) return pair;
        mapping(address token => Target) storage targets = _storage().targets[index];
        Target out = targets[tokenOut];
        Target in_ = targets[tokenIn];
        (Side memory sold, Side memory bought) = (pair.out, pair.in_);
        _setTarget(sold, a, out);
        _setTarget(bought, a, in_);
        pair.top = a.ceiling(sold, bought);
        if (pair.top == 0) return pair;

        (pair.base, sold.units, bought.units) = IIndexToken(index).unitsForTrade(tokenOut, tokenIn);
        (uint256 priceOut, uint256 priceIn) = (_priceOf(tokenOut, out), _priceOf(tokenIn, in_));
        (uint256 outMoved, uint256 inMoved) = (_changeSinceStart(out, priceOut), _changeSinceStart(in_, priceIn));
        if (!AuctionMath.near(outMoved, inMoved, a.band)) {
            revert Rebalancer_PriceMoved(tokenOut, tokenIn, outMoved, inMoved, a.band);
        }
        (sold.price, bought.price) =
        (AuctionMath.scaled(priceOut, out.decimals()), AuctionMath.scaled(priceIn, in_.decimals()));
    }

    /// @dev D18{USD/whole token}: the oracle's price, or the proposal's where the oracle has none.
    function _priceOf(address token, Target t) private view returns (uint256) {
        return t.given() ? t.price() : oracle.price(token);
    }

    /// @dev The price as a part of that of the start, D18. A price has 128 bits.
    function _changeSinceStart(Target t, uint256 price) private pure returns (uint256) {
        unchecked {
            return price * _WAD / t.price();
        }
    }

    /// @dev Leaves `bit` 0 for a token that is not part of this rebalance.
    function _setTarget(Side memory side, Auction memory a, Target t) private pure {
        if (t.id() == a.id) (side.target, side.dust, side.bit) = (t.target(), t.dust(), 1 << t.place());
    }

    /// @dev The largest bid for a pair.
    function _largestBid(Auction memory a, BidPair memory pair) private view returns (Offer memory offer) {
        (offer.amountOut, offer.amountIn,) = a.quote(pair, type(uint256).max);
        if (offer.amountOut == 0) return offer;
        offer.price = Math.mulDiv(pair.out.price * a.factor(), _RAY, pair.in_.price * _WAD, Math.Rounding.Ceil);
    }

    // ---------------------------------------------------------------- tokens

    /// @dev Tokens of the plan, then the others that the index holds.
    function _planAndBasket(address index) private view returns (address[] memory, uint256[] memory, uint256) {
        return planner.union(index, WeighingLib.read(_plan(index).weighing).tokens);
    }

    function _decimalsOf(address token) private view returns (uint256) {
        (bool known, uint8 decimals) = SafeERC20.tryGetDecimals(IERC20(token));
        if (!known || decimals > 18) revert Rebalancer_InvalidToken(token);
        return decimals;
    }

    // ---------------------------------------------------------------- the end

    function _endAuction(address index, Auction memory a, Phase phase) private {
        _storage().auctions[index].phase = phase;
        emit RebalanceEnded(index, a.id, phase, a.cost);
    }

    function _requireNotRunning(address index, Auction memory a) private view {
        if (_phaseNow(a) == Phase.Running) revert Rebalancer_Running(index, a.id);
    }

    /// @dev D18 of NAV that may still be sold, by the prices of the start, rounded up.
    function _turnoverLeft(address index, Auction memory a) private view returns (uint256) {
        (address[] memory tokens, uint256[] memory units,) = _planAndBasket(index);
        uint256 over = 0;
        for (uint256 i = 0; i < tokens.length; ++i) {
            Target t = _storage().targets[index][tokens[i]];
            if (t.id() != a.id || a.surplus >> t.place() & 1 == 0) continue;
            over += Math.saturatingSub(units[i], t.target()) * AuctionMath.scaled(t.price(), t.decimals());
        }
        return Math.ceilDiv(over, a.nav);
    }

    function _phaseNow(Auction memory a) private view returns (Phase) {
        return a.phase == Phase.Running && a.ended() ? Phase.Expired : a.phase;
    }

    function _countBits(uint256 mask) private pure returns (uint256 bits) {
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

    function _storage() private pure returns (RebalancerStorage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
