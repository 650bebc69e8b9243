// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexSwapCallback} from "./IIndexToken.sol";
import {IMethodology} from "./IMethodology.sol";

/// @title Moves a basket to its targets by open auctions
/// @notice Governance starts a rebalance, which fixes target units per base share from the methodology and live prices. From then on anybody buys what the
/// index has too much of with what it has too little of, at the live oracle price and a premium that falls while time passes.
/// @dev Units: `{tok}` token-wei, `{base}` base-wei of the index, D18 and D27 fixed point. The arithmetic is in `docs/rebalancing-math.md`.
///
/// Sizes are per base share, so mints, redemptions, fees and donations during a rebalance move no target and make no bid revert.
/// @dev Warning: a bidder allows this contract to take `tokenIn` from him. It can be upgraded after the notice, so allow what a bid needs and no more.
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
    /// @param budget bp of NAV per base share that a rebalance may lose against the oracle, at most 100
    /// @param dust parts per million of NAV, 1 to 500: a constituent that is this close to its target is done
    struct Terms {
        uint16 premiumStart;
        uint16 discountEnd;
        uint24 duration;
        uint16 budget;
        uint16 dust;
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
    error Rebalancer_Running(address index, uint256 id);
    error Rebalancer_NotRunning(address index);
    error Rebalancer_NotOver(address index, uint256 ends);
    error Rebalancer_InvalidReceiver(address receiver);

    /// @param limit {tok} most that the bidder pays for what he would get
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
    /// @dev The nonce counts {setMethodology}, {setTerms} and starts: a start that was proposed for other rules, or is repeated, reverts.
    /// Reverts: AccessManagedUnauthorized, WrongNonce, NoPlan, NoTerms, Running, NotSeeded, TokenCount (more than 32 with those that leave), WeightsSum, UnitsOutOfRange,
    /// NavOutOfRange, whatever the methodology or the oracle refuses.
    /// @param nonce as {planOf} says
    /// @return id equal to `nonce`
    function startRebalance(address index, uint256 nonce) external returns (uint256 id);

    /// @notice Ends what is running. Restricted to the guardian, at once. Reverts: AccessManagedUnauthorized, NotRunning.
    function cancel(address index) external;

    // ---------------------------------------------------------------- everybody

    /// @notice Buys up to `amountOut` of what the index has too much of with what it has too little of.
    /// @dev Cut to what surplus, deficit and loss budget allow. Where nothing is left of it, or nothing is running, the bid moves nothing, calls nobody and returns
    /// zeros: no other bid, mint, redemption or donation makes it revert. The bidder gets `amountOut` first, then {IBidCallback.onBid} where `data` is not empty, then
    /// pays `amountIn` out of his allowance to this contract.
    /// Reverts: PriceTooHigh, InvalidReceiver, the oracle's errors for the two tokens, `IIndexToken.swap`'s for either (IndexToken_Shortfall where the index holds less
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

    /// @notice What `bid` without a limit would return in the same second. Reverts with the oracle's errors.
    function quoteBid(address index, address tokenOut, address tokenIn, uint256 amountOut)
        external
        view
        returns (uint256 filledOut, uint256 paidIn);

    /// @notice What is going on, or how the last one ended.
    function status(address index) external view returns (Status memory);

    /// @notice Everything that can be bid now, as large as possible, each by itself. Leaves out pairs without a price, with `amountOut` as `quoteBid` says.
    function bidsOf(address index) external view returns (Offer[] memory);

    /// @notice D27{tok/base}: what the running or last rebalance aims at, with the units of now. Tokens of the plan first, then others that the index holds.
    function targetsOf(address index) external view returns (address[] memory tokens, uint256[] memory units, uint256[] memory targets);

    /// @notice D27{tok/base}: what a start would aim at now. Reverts as {startRebalance} but for nonce, roles and what is running.
    function previewTargets(address index) external view returns (address[] memory tokens, uint256[] memory units, uint256[] memory targets);

    /// @notice D18 weights by live prices: as they are, and as the methodology wants them now. Tokens as in {previewTargets}. Reverts as that.
    function weightsOf(address index) external view returns (address[] memory tokens, uint256[] memory current, uint256[] memory target);

    /// @notice What the next start goes by.
    function planOf(address index) external view returns (Plan memory);
}

/// @title What a bidder answers who wants `tokenOut` before he pays
interface IBidCallback {
    /// @notice Called by the rebalancer on the bidder after `amountOut` was sent to the receiver. On return the bidder holds `amountIn` of `tokenIn` and has allowed the
    /// rebalancer to take it.
    function onBid(address index, address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, bytes calldata data) external;
}
