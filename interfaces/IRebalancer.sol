// SPDX-License-Identifier: MIT
// solhint-disable use-natspec
pragma solidity 0.8.37;

import {IIndexSwapCallback} from "./IIndexToken.sol";
import {IMethodology} from "./IMethodology.sol";

/// @title Moves a basket to its targets by open auctions
/// @notice Governance starts a rebalance, which fixes target units per base share from the methodology and live prices, near those that were proposed. From
/// then on anybody buys what the index has too much of with what it has too little of, at the live oracle price and a premium that falls while time passes.
/// @dev Units: `{tok}` token-wei, `{base}` base-wei of the index, D18 and D27 fixed point. The arithmetic is in `docs/rebalancing-math.md`.
///
/// Sizes are per base share, so mints, redemptions, fees and donations during a rebalance move no target and make no bid revert.
/// @dev Warning: a bidder allows this contract to take `tokenIn` from them. It can be upgraded after the notice, so allow what a bid needs and no more.
interface IRebalancer is IIndexSwapCallback {
    /// @dev All but `Running` are over. `Expired` is what {status} says after the end even if nobody has called {close}.
    enum Phase {
        None,
        Running,
        /// Nothing is left to bid
        Completed,
        /// The loss budget is used up
        Halted,
        Cancelled,
        Expired
    }

    /// @param premiumStart bp over the oracle price at the start, at most 1,000
    /// @param discountEnd bp under the oracle price at the end, at most 500
    /// @param duration seconds, one hour to seven days
    /// @param budget bp of NAV per base share that a rebalance may lose against the oracle, 1 to 100
    /// @param dust parts per million of NAV, 1 to 500: a constituent that is this close to its target is done
    /// @param turnover bp of NAV that a rebalance may sell at most, 1 to 5,000
    /// @param daily bp of NAV, 1 to 5,000: a start may sell at most this for each day since the last start
    /// @param band bp, 1 to 2,500: how far the price of one token in another may be from that of the start for a bid to happen
    struct Terms {
        uint16 premiumStart;
        uint16 discountEnd;
        uint24 duration;
        uint16 budget;
        uint16 dust;
        uint16 turnover;
        uint16 daily;
        uint16 band;
    }

    /// @notice What a start was proposed for. Lists are in the order of {previewStart}.
    /// @param nonce as {planOf} says
    /// @param latest Unix seconds, the last second in which it may start
    /// @param priceTolerance bp, at most 5,000: how far each price may be from `prices`
    /// @param targetTolerance bp, at most 5,000: how far each target may be from `targets`
    /// @param prices D18{USD/whole token} expected; 0 for one to be compared with that of the last start instead
    /// @param targets D27{tok/base} expected; 0 for one that leaves
    /// @param unpriced a bit for each token, by its place, that the plan does not hold and the oracle has no price for: it is sold by its price in `prices`
    struct Proposal {
        uint256 nonce;
        uint256 latest;
        uint256 priceTolerance;
        uint256 targetTolerance;
        uint256[] prices;
        uint256[] targets;
        uint256 unpriced;
    }

    /// @notice What a start would do now.
    /// @param tokens those of the plan first, then others that the index holds
    /// @param units D27{tok/base} held
    /// @param targets D27{tok/base}
    /// @param prices D18{USD/whole token}
    /// @param turnover bp of NAV to be sold, rounded up
    /// @param allowed bp of NAV that may be sold
    struct Preview {
        address[] tokens;
        uint256[] units;
        uint256[] targets;
        uint256[] prices;
        uint256 turnover;
        uint256 allowed;
    }

    /// @param nonce of the next start
    /// @param terms of the next start
    /// @param tokens to be held; whatever else the index holds then is sold
    /// @param parameters of the methodology
    struct Plan {
        IMethodology methodology;
        uint256 nonce;
        Terms terms;
        address[] tokens;
        bytes parameters;
    }

    /// @param id nonce of its start
    /// @param started Unix seconds
    /// @param ends Unix seconds, the first second without bids
    /// @param premium D18 now, negative for a discount; that of the end when it is over
    /// @param nav D27{USD/base share} at the start
    /// @param cost D18, lost so far as a part of `nav`: 1e14 is a bp. Losses alone count, gains do not
    /// @param budget D18, what may be lost
    /// @param surplus constituents still to be sold
    /// @param deficit constituents still to be bought
    /// @param turnover D18, what the start allowed to sell as a part of `nav`, by the prices of the start; whole bp, rounded up
    /// @param turnoverLeft D18, what of it may still be sold, rounded up; the rest is sold, or was too little to be
    struct Status {
        Phase phase;
        uint256 id;
        uint256 started;
        uint256 ends;
        int256 premium;
        uint256 nav;
        uint256 cost;
        uint256 budget;
        uint256 surplus;
        uint256 deficit;
        uint256 turnover;
        uint256 turnoverLeft;
    }

    /// @param amountOut {tok} the most that can be bought
    /// @param amountIn {tok} what it costs
    /// @param price D27{tokIn/tokOut}, rounded up
    struct Offer {
        address tokenOut;
        address tokenIn;
        uint256 amountOut;
        uint256 amountIn;
        uint256 price;
    }

    event PlanSet(address indexed index, IMethodology indexed methodology, address[] tokens, bytes parameters, uint256 nonce);
    event TermsSet(address indexed index, Terms terms, uint256 nonce);

    /// @param targets D27{tok/base} of each token, 0 for one that leaves
    event RebalanceStarted(address indexed index, uint256 indexed id, address[] tokens, uint256[] targets, uint256 nav, uint256 ends);

    /// @param cost D27{USD/base share} that the rebalance has lost so far
    event BidFilled(
        address indexed index,
        uint256 indexed id,
        address indexed bidder,
        address tokenOut,
        address tokenIn,
        uint256 amountOut,
        uint256 amountIn,
        uint256 cost
    );

    /// @param cost D27{USD/base share}
    event RebalanceEnded(address indexed index, uint256 indexed id, Phase phase, uint256 cost);

    error Rebalancer_ZeroAddress();
    error Rebalancer_NoPlan(address index);
    error Rebalancer_NoTerms(address index);
    error Rebalancer_InvalidTerms(Terms terms);
    error Rebalancer_TokenCount(uint256 count);
    error Rebalancer_DuplicateToken(address token);
    error Rebalancer_InvalidToken(address token);
    error Rebalancer_LengthMismatch(uint256 expected, uint256 actual);
    error Rebalancer_WeightsSum(uint256 sum);
    error Rebalancer_UnitsOutOfRange(address token, uint256 units);

    /// @notice Zero, or 2^112 D27{USD/base share} and more, which is 5.19 million USD.
    error Rebalancer_NavOutOfRange(uint256 nav);
    error Rebalancer_NotSeeded(address index);

    /// @notice What the start was proposed for is not what there is now: the plan or the terms changed, or it has happened already.
    error Rebalancer_WrongNonce(address index, uint256 nonce, uint256 expected);

    /// @param latest Unix seconds, as proposed
    error Rebalancer_TooLate(address index, uint256 latest);
    error Rebalancer_ToleranceTooLarge(uint256 tolerance, uint256 most);

    /// @notice Neither the proposal nor the last start has a price to compare with.
    error Rebalancer_NoReference(address token);

    /// @notice The price is too far from what was proposed, or from that of the last start.
    /// @param price D18{USD/whole token}
    /// @param expected D18{USD/whole token}
    /// @param tolerance bp
    error Rebalancer_PriceOff(address token, uint256 price, uint256 expected, uint256 tolerance);

    /// @notice The target is too far from what was proposed.
    /// @param target D27{tok/base}
    /// @param expected D27{tok/base}
    /// @param tolerance bp
    error Rebalancer_TargetOff(address token, uint256 target, uint256 expected, uint256 tolerance);

    /// @param turnover bp of NAV that the start would sell
    /// @param allowed bp of NAV, by `turnover` and `daily` of the terms
    error Rebalancer_TurnoverTooLarge(uint256 turnover, uint256 allowed);

    /// @notice A price may be given only for a token that leaves and that the oracle has no price for.
    error Rebalancer_PriceNotNeeded(address token);

    /// @notice The price of one in the other has moved too far since the start.
    /// @param outMoved D18, the price of `tokenOut` as a part of that of the start
    /// @param inMoved D18, that of `tokenIn`
    /// @param band bp
    error Rebalancer_PriceMoved(address tokenOut, address tokenIn, uint256 outMoved, uint256 inMoved, uint256 band);
    error Rebalancer_Running(address index, uint256 id);
    error Rebalancer_NotRunning(address index);
    error Rebalancer_NotOver(address index, uint256 ends);
    error Rebalancer_InvalidReceiver(address receiver);

    /// @param limit {tok} most that the bidder pays for what they would get
    error Rebalancer_PriceTooHigh(uint256 amountIn, uint256 limit);
    error Rebalancer_UnexpectedCallback(address caller);

    // ---------------------------------------------------------------- governance

    /// @notice How an index is to be weighed from the next start on. Restricted to the governor.
    /// @dev Asks `methodology.validate`. Reverts: AccessManagedUnauthorized, Running, ZeroAddress, TokenCount, DuplicateToken, InvalidToken, whatever `validate` refuses.
    /// @param tokens 1 to 32, all that the index is to hold
    function setMethodology(address index, IMethodology methodology, address[] calldata tokens, bytes calldata parameters) external;

    /// @notice The terms of rebalances to come. Restricted to the governor.
    /// @dev What is running keeps its own. Reverts: AccessManagedUnauthorized, InvalidTerms.
    function setTerms(address index, Terms calldata terms) external;

    /// @notice Fixes the targets and opens the auctions. Restricted to the governor, so it is a call that was scheduled for all to see.
    /// @dev A holder of the signed call chooses the moment. So the proposal says what must come of it, and until when.
    ///
    /// The nonce counts {setMethodology}, {setTerms} and starts: a start that was proposed for other rules, or is repeated, reverts.
    /// Every price is compared with one that is not of now: the proposal's, or where that is 0 the last start's, which may be off by the band for each day
    /// since and one more, up to a factor of seven.
    /// Reverts: AccessManagedUnauthorized, WrongNonce, TooLate, ToleranceTooLarge, NoPlan, NoTerms, Running, NotSeeded, LengthMismatch, PriceNotNeeded,
    /// NoReference, PriceOff, TargetOff, TurnoverTooLarge, TokenCount (more than 32 with those that leave), WeightsSum, UnitsOutOfRange, NavOutOfRange,
    /// whatever the methodology or the oracle refuses.
    /// @param proposal what was proposed
    /// @return id equal to the nonce
    function startRebalance(address index, Proposal calldata proposal) external returns (uint256 id);

    /// @notice Ends what is running. Restricted to the guardian, at once. Reverts: AccessManagedUnauthorized, NotRunning.
    function cancel(address index) external;

    // ---------------------------------------------------------------- everybody

    /// @notice Buys up to `amountOut` of what the index has too much of with what it has too little of.
    /// @dev Cut to what surplus, deficit and loss budget allow. Where nothing is left of it, or nothing is running, the bid moves nothing, calls nobody and returns
    /// zeros: no other bid, mint, redemption or donation makes it revert. The bidder gets `amountOut` first, then {IBidCallback.onBid} where `data` is not empty, then
    /// pays `amountIn` out of their allowance to this contract.
    /// Reverts: PriceTooHigh, PriceMoved, InvalidReceiver, the oracle's errors for the two tokens, `IIndexToken.swap`'s for either (IndexToken_Shortfall where the index holds less
    /// than its books say, IndexToken_NotRebalancer where it has named another meanwhile), ERC-20 errors of the two tokens.
    /// @param tokenOut {tok} bought by the bidder
    /// @param tokenIn {tok} paid by the bidder
    /// @param amountOut {tok} most to buy
    /// @param maxIn {tok} most to pay for the whole `amountOut`; a smaller fill pays pro rata at most, rounded up. The largest uint256 is no limit
    /// @param receiver gets `tokenOut`
    /// @param data handed to the callback; empty for none
    /// @return filledOut {tok} sent to the receiver
    /// @return paidIn {tok} taken from the bidder, rounded up
    function bid(address index, address tokenOut, address tokenIn, uint256 amountOut, uint256 maxIn, address receiver, bytes calldata data)
        external
        returns (uint256 filledOut, uint256 paidIn);

    /// @notice Records that the time of a rebalance is over. Nothing depends on it. Reverts: NotRunning, NotOver.
    function close(address index) external;

    // ---------------------------------------------------------------- views

    /// @notice What `bid` without a limit would return in the same second. Reverts with the oracle's errors and PriceMoved.
    function quoteBid(address index, address tokenOut, address tokenIn, uint256 amountOut)
        external
        view
        returns (uint256 filledOut, uint256 paidIn);

    /// @notice What is going on, or how the last one ended.
    function status(address index) external view returns (Status memory);

    /// @notice Everything that can be bid now, as large as possible, each by itself. Leaves out pairs without a price or out of the band, with `amountOut` as `quoteBid` says.
    function bidsOf(address index) external view returns (Offer[] memory);

    /// @notice D27{tok/base}: what the running or last rebalance aims at, with the units of now. Tokens of the plan first, then others that the index holds.
    function targetsOf(address index) external view returns (address[] memory tokens, uint256[] memory units, uint256[] memory targets);

    /// @notice What a start would do now. Reverts as {startRebalance} but for nonce, moment, what was proposed, roles and what is running.
    /// @param prices and `unpriced` as in {Proposal}; no prices where nothing is unpriced
    function previewStart(address index, uint256[] calldata prices, uint256 unpriced) external view returns (Preview memory);

    /// @notice D18 weights by live prices: as they are, and as the methodology wants them now. Tokens as in {previewStart}. Reverts as that, but asks no
    /// second source; what the last start priced by its proposal counts with that price.
    function weightsOf(address index) external view returns (address[] memory tokens, uint256[] memory current, uint256[] memory target);

    /// @notice What the last start went by for a token: D18{USD/whole token}, its decimals, and whether the proposal gave the price. Zeros for one that was not in
    /// it. The next start compares with it where nothing else is proposed.
    function referenceOf(address index, address token) external view returns (uint256 price, uint256 decimals, bool given);

    /// @notice What the next start goes by.
    function planOf(address index) external view returns (Plan memory);
}

/// @title What a bidder answers who wants `tokenOut` before they pay
interface IBidCallback {
    /// @notice Called by the rebalancer on the bidder after `amountOut` was sent to the receiver. On return the bidder holds `amountIn` of `tokenIn` and has allowed the
    /// rebalancer to take it.
    function onBid(address index, address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, bytes calldata data) external;
}
