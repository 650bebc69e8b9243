// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexSwapCallback} from "./IIndexToken.sol";
import {IMethodology} from "./IMethodology.sol";

/// @title Moves a basket to its targets by open auctions
/// @notice Governance starts a rebalance, which fixes target units per base share from the methodology and live prices,
/// near those that were proposed. From then on any bidder can buy what the index has too much of with what it has too
/// little of, at the live oracle price and a premium that falls while time passes.
/// @dev Units: `{tok}` token-wei, `{base}` base-wei of the index, D18 and D27 fixed point. The arithmetic is in
/// `docs/rebalancing-math.md`.
///
/// Why sizes are per base share: so mints, redemptions, fees and donations during a rebalance move no target and make
/// no bid revert. Why a loss budget: late bids pay less than the oracle's price, and the budget bounds what all bids of
/// a rebalance together may cost the index, however many they are.
/// @dev Warning: a bidder allows this contract to take `tokenIn` from them. It can be upgraded after the notice, so
/// allow what a bid needs and no more.
interface IRebalancer is IIndexSwapCallback {
    /// @dev All but `Running` are over. {status} says `Expired` after the end even if {close} was never called.
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

    /// @notice The terms of a rebalance.
    /// @param premiumStart bp over the oracle price at the start, at most 1,000
    /// @param discountEnd bp under the oracle price at the end, at most 500
    /// @param duration seconds, one hour to seven days
    /// @param budget bp of NAV per base share that a rebalance may lose against the oracle, 1 to 100
    /// @param dust parts per million of NAV, 1 to 500: a constituent that is this close to its target is done
    /// @param turnover bp of NAV that a rebalance may sell at most, 1 to 5,000
    /// @param daily bp of NAV, 1 to 5,000: a start may sell at most this for each day since the last start
    /// @param band bp, 1 to 2,500: how far the price of one token in another may be from that of the start for a bid to
    /// happen
    struct RebalanceTerms {
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
    /// @param nonce that of {planOf}
    /// @param latest Unix seconds, the last second in which it may start
    /// @param priceTolerance bp, at most 5,000: how far each price may be from `prices`
    /// @param targetTolerance bp, at most 5,000: how far each target may be from `targets`
    /// @param prices D18{USD/whole token} expected; 0 for one to be compared with that of the last start instead
    /// @param targets D27{tok/base} expected; 0 for one that leaves
    /// @param unpriced a bit for each token, by its place, that leaves and for which the oracle has no price: it is
    /// sold by its price in `prices`
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

    /// @notice How an index is to be weighed.
    /// @param methodology computes the weights
    /// @param nonce of the next start
    /// @param terms of the next start
    /// @param tokens to be held; the next start sells all others that the index holds
    /// @param parameters of the methodology
    struct Plan {
        IMethodology methodology;
        uint256 nonce;
        RebalanceTerms terms;
        address[] tokens;
        bytes parameters;
    }

    /// @notice The state of a rebalance.
    /// @param phase its phase
    /// @param id nonce of its start
    /// @param started Unix seconds
    /// @param ends Unix seconds, the first second without bids
    /// @param premium D18 now, negative for a discount; that of the end when it is over
    /// @param nav D27{USD/base share} at the start
    /// @param cost D18, lost so far as a part of `nav`: 1e14 is a bp. Losses alone count, gains do not
    /// @param budget D18, what may be lost
    /// @param surplus constituents still to be sold
    /// @param deficit constituents still to be bought
    /// @param turnover D18, what the start allowed to sell as a part of `nav`, by the prices of the start; whole bp,
    /// rounded up
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

    /// @notice A bid that can be made now.
    /// @param tokenOut sold by the index
    /// @param tokenIn bought by the index
    /// @param amountOut {tokenOut} the most that can be bought
    /// @param amountIn {tokenIn} what it costs
    /// @param price D27{tokenIn/tokenOut}, rounded up
    struct Offer {
        address tokenOut;
        address tokenIn;
        uint256 amountOut;
        uint256 amountIn;
        uint256 price;
    }

    /// @notice The plan of an index was set.
    /// @param index the index
    /// @param methodology computes the weights
    /// @param tokens to be held
    /// @param parameters of the methodology
    /// @param nonce of the next start
    event PlanSet(
        address indexed index, IMethodology indexed methodology, address[] tokens, bytes parameters, uint256 nonce
    );

    /// @notice The terms of an index were set.
    /// @param index the index
    /// @param terms of rebalances to come
    /// @param nonce of the next start
    event TermsSet(address indexed index, RebalanceTerms terms, uint256 nonce);

    /// @notice Auctions are open.
    /// @param index the index
    /// @param id nonce of the start
    /// @param tokens of the plan first, then others that the index holds
    /// @param targets D27{tok/base} of each token, 0 for one that leaves
    /// @param nav D27{USD/base share}
    /// @param ends Unix seconds, the first second without bids
    event RebalanceStarted(
        address indexed index, uint256 indexed id, address[] tokens, uint256[] targets, uint256 nav, uint256 ends
    );

    /// @notice A bid was filled.
    /// @param index the index
    /// @param id of the rebalance
    /// @param bidder paid `tokenIn`
    /// @param tokenOut sold by the index
    /// @param tokenIn bought by the index
    /// @param amountOut {tokenOut}
    /// @param amountIn {tokenIn}
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

    /// @notice A rebalance is over.
    /// @param index the index
    /// @param id of the rebalance
    /// @param phase how it ended
    /// @param cost D27{USD/base share} that it lost
    event RebalanceEnded(address indexed index, uint256 indexed id, Phase phase, uint256 cost);

    /// @notice An address that is needed is zero.
    error Rebalancer_ZeroAddress();

    /// @notice The index has no plan.
    /// @param index the index
    error Rebalancer_NoPlan(address index);

    /// @notice The index has no terms.
    /// @param index the index
    error Rebalancer_NoTerms(address index);

    /// @notice One of the terms is out of its range.
    /// @param terms what was given
    error Rebalancer_InvalidTerms(RebalanceTerms terms);

    /// @notice A plan has 1 to 32 tokens, and a start 32 at most with those that leave.
    /// @param count tokens there would be
    error Rebalancer_TokenCount(uint256 count);

    /// @notice The token is listed twice.
    /// @param token the token
    error Rebalancer_DuplicateToken(address token);

    /// @notice The token is the index itself, does not tell its decimals, or has more than 18.
    /// @param token the token
    error Rebalancer_InvalidToken(address token);

    /// @notice A list does not have one entry for each token.
    /// @param expected its length should be
    /// @param actual its length is
    error Rebalancer_LengthMismatch(uint256 expected, uint256 actual);

    /// @notice The methodology's weights do not sum to 1e18.
    /// @param sum D18
    error Rebalancer_WeightsSum(uint256 sum);

    /// @notice A target does not fit in 120 bits.
    /// @param token the token
    /// @param units D27{tok/base}
    error Rebalancer_UnitsOutOfRange(address token, uint256 units);

    /// @notice The NAV is zero, or 2^112 and more, which is 5.19 million USD for a share.
    /// @param nav D27{USD/base share}
    error Rebalancer_NavOutOfRange(uint256 nav);

    /// @notice The index has no shares.
    /// @param index the index
    error Rebalancer_NotSeeded(address index);

    /// @notice The start was proposed for another state: the plan or the terms have changed, or it has happened
    /// already.
    /// @param index the index
    /// @param nonce as proposed
    /// @param expected the nonce now
    error Rebalancer_WrongNonce(address index, uint256 nonce, uint256 expected);

    /// @notice The start comes later than proposed.
    /// @param index the index
    /// @param latest Unix seconds, as proposed
    error Rebalancer_TooLate(address index, uint256 latest);

    /// @notice A tolerance of the proposal is too large.
    /// @param tolerance bp, the larger of the two
    /// @param most bp allowed
    error Rebalancer_ToleranceTooLarge(uint256 tolerance, uint256 most);

    /// @notice Neither the proposal nor the last start has a price to compare with.
    /// @param token the token
    error Rebalancer_NoReference(address token);

    /// @notice The price is too far from what was proposed, or from that of the last start.
    /// @param token the token
    /// @param price D18{USD/whole token}
    /// @param expected D18{USD/whole token}
    /// @param tolerance bp
    error Rebalancer_PriceOff(address token, uint256 price, uint256 expected, uint256 tolerance);

    /// @notice The target is too far from what was proposed.
    /// @param token the token
    /// @param target D27{tok/base}
    /// @param expected D27{tok/base}
    /// @param tolerance bp
    error Rebalancer_TargetOff(address token, uint256 target, uint256 expected, uint256 tolerance);

    /// @notice The start would sell too much.
    /// @param turnover bp of NAV that it would sell
    /// @param allowed bp of NAV, by `turnover` and `daily` of the terms
    error Rebalancer_TurnoverTooLarge(uint256 turnover, uint256 allowed);

    /// @notice A proposal may give a price only for a token that leaves and for which the oracle has no price.
    /// @param token the token
    error Rebalancer_PriceNotNeeded(address token);

    /// @notice The price of one in the other has moved too far since the start.
    /// @param tokenOut sold by the index
    /// @param tokenIn bought by the index
    /// @param outMoved D18, the price of `tokenOut` as a part of that of the start
    /// @param inMoved D18, that of `tokenIn`
    /// @param band bp
    error Rebalancer_PriceMoved(address tokenOut, address tokenIn, uint256 outMoved, uint256 inMoved, uint256 band);

    /// @notice A rebalance is running.
    /// @param index the index
    /// @param id of the rebalance
    error Rebalancer_Running(address index, uint256 id);

    /// @notice No rebalance is running.
    /// @param index the index
    error Rebalancer_NotRunning(address index);

    /// @notice The time of the rebalance is not over.
    /// @param index the index
    /// @param ends Unix seconds, when it is
    error Rebalancer_NotOver(address index, uint256 ends);

    /// @notice The receiver is zero, the index or this contract.
    /// @param receiver the receiver
    error Rebalancer_InvalidReceiver(address receiver);

    /// @notice The bid costs more than the bidder allows.
    /// @param amountIn {tokenIn} that it costs
    /// @param limit {tokenIn} most that the bidder pays for what they would get
    error Rebalancer_PriceTooHigh(uint256 amountIn, uint256 limit);

    /// @notice Only the index of the running bid may call back.
    /// @param caller the account that tried
    error Rebalancer_UnexpectedCallback(address caller);

    // ---------------------------------------------------------------- governance

    /// @notice Sets how an index is to be weighed from the next start on. Restricted to the governor.
    /// @dev Asks `methodology.validate`. Reverts: AccessManagedUnauthorized, Running, ZeroAddress, TokenCount,
    /// DuplicateToken, InvalidToken, every error of `validate`.
    /// @param index the index
    /// @param methodology computes the weights
    /// @param tokens 1 to 32, all that the index is to hold
    /// @param parameters of the methodology
    function setMethodology(
        address index,
        IMethodology methodology,
        address[] calldata tokens,
        bytes calldata parameters
    ) external;

    /// @notice Sets the terms of rebalances to come. Restricted to the governor.
    /// @dev A running rebalance keeps its own. Reverts: AccessManagedUnauthorized, InvalidTerms.
    /// @param index the index
    /// @param terms the terms
    function setTerms(address index, RebalanceTerms calldata terms) external;

    /// @notice Fixes the targets and opens the auctions. Restricted to the governor, so it is a call that was scheduled
    /// in public.
    /// @dev Why a proposal: a holder of the signed call chooses the moment. So the proposal fixes what must come of it,
    /// and until when.
    ///
    /// The nonce counts {setMethodology}, {setTerms} and starts: a start that was proposed for other rules, or is
    /// repeated, reverts. Every price is compared with one of the past: the proposal's, or where that is 0 the last
    /// start's, which may be off by the band for each day since and one more, up to a factor of seven.
    /// Reverts: AccessManagedUnauthorized, WrongNonce, TooLate, ToleranceTooLarge, NoPlan, NoTerms, Running, NotSeeded,
    /// LengthMismatch, PriceNotNeeded, NoReference, PriceOff, TargetOff, TurnoverTooLarge, TokenCount, WeightsSum,
    /// UnitsOutOfRange, NavOutOfRange, every error of the methodology and the oracle.
    /// @param index the index
    /// @param proposal what was proposed
    /// @return id equal to the nonce
    function startRebalance(address index, Proposal calldata proposal) external returns (uint256 id);

    /// @notice Ends a running rebalance. Restricted to the guardian, at once.
    /// @dev Reverts: AccessManagedUnauthorized, NotRunning.
    /// @param index the index
    function cancel(address index) external;

    // ---------------------------------------------------------------- bidders and keepers

    /// @notice Buys up to `amountOut` of what the index has too much of with what it has too little of.
    /// @dev Cut to what surplus, deficit and loss budget allow. Where nothing is left of them, or no rebalance is
    /// running, the bid moves nothing, makes no callback and returns zeros: no other bid, mint, redemption or donation
    /// makes it revert. The bidder gets `amountOut` first, then {IBidCallback.onBid} where `data` is not empty, then
    /// pays `amountIn` out of their allowance to this contract. Reverts: PriceTooHigh, PriceMoved, InvalidReceiver, the
    /// oracle's errors for the two tokens, `IIndexToken.swap`'s for either (IndexToken_Shortfall where the index holds
    /// less than its accounted balances say, IndexToken_NotRebalancer where it has named another rebalancer meanwhile),
    /// ERC-20 errors of the two tokens.
    /// @param index the index
    /// @param tokenOut bought by the bidder
    /// @param tokenIn paid by the bidder
    /// @param amountOut {tokenOut} most to buy
    /// @param maxIn {tokenIn} most to pay for the whole `amountOut`; a smaller fill pays pro rata at most, rounded up.
    /// The largest uint256 is no limit
    /// @param receiver gets `tokenOut`
    /// @param data handed to the callback; empty for none
    /// @return filledOut {tokenOut} sent to the receiver
    /// @return paidIn {tokenIn} taken from the bidder, rounded up
    function bid(
        address index,
        address tokenOut,
        address tokenIn,
        uint256 amountOut,
        uint256 maxIn,
        address receiver,
        bytes calldata data
    ) external returns (uint256 filledOut, uint256 paidIn);

    /// @notice Records that the time of a rebalance is over. Any account may; no function depends on it.
    /// @dev Reverts: NotRunning, NotOver.
    /// @param index the index
    function close(address index) external;

    // ---------------------------------------------------------------- views

    /// @notice What `bid` without a limit would return in the same second.
    /// @dev Reverts with the oracle's errors and PriceMoved.
    /// @param index the index
    /// @param tokenOut sold by the index
    /// @param tokenIn bought by the index
    /// @param amountOut {tokenOut} most to buy
    /// @return filledOut {tokenOut}
    /// @return paidIn {tokenIn}
    function quoteBid(address index, address tokenOut, address tokenIn, uint256 amountOut)
        external
        view
        returns (uint256 filledOut, uint256 paidIn);

    /// @notice The running rebalance, or how the last one ended.
    /// @param index the index
    /// @return its state
    function status(address index) external view returns (Status memory);

    /// @notice Every bid that can be made now, as large as possible, each by itself. Leaves out pairs without a price
    /// or out of the band, and pairs of which a bid would move nothing.
    /// @param index the index
    /// @return one for each pair
    function bidsOf(address index) external view returns (Offer[] memory);

    /// @notice What the running or last rebalance aims at, with the units of now.
    /// @param index the index
    /// @return tokens of the plan first, then others that the index holds
    /// @return units D27{tok/base} held
    /// @return targets D27{tok/base}
    function targetsOf(address index)
        external
        view
        returns (address[] memory tokens, uint256[] memory units, uint256[] memory targets);

    /// @notice What a start would do now.
    /// @dev Reverts as {startRebalance}, but does not check nonce, moment, proposal, roles, and whether a rebalance is
    /// running.
    /// @param index the index
    /// @param prices as in {Proposal}; none where no token is unpriced
    /// @param unpriced as in {Proposal}
    /// @return what a start would find
    function previewStart(address index, uint256[] calldata prices, uint256 unpriced)
        external
        view
        returns (Preview memory);

    /// @notice Weights by live prices: as they are, and as the methodology wants them now. A token that the last start
    /// priced by its proposal counts with that price.
    /// @dev Tokens as in {previewStart}. Reverts as that, but asks no second source.
    /// @param index the index
    /// @return tokens of the plan first, then others that the index holds
    /// @return current D18
    /// @return target D18
    function weightsOf(address index)
        external
        view
        returns (address[] memory tokens, uint256[] memory current, uint256[] memory target);

    /// @notice What the last start went by for a token. The next start compares with it where its proposal has no
    /// price. Zeros for a token that was not in the last start.
    /// @param index the index
    /// @param token the token
    /// @return price D18{USD/whole token}
    /// @return decimals of the token
    /// @return given whether the proposal gave the price
    function referenceOf(address index, address token)
        external
        view
        returns (uint256 price, uint256 decimals, bool given);

    /// @notice What the next start goes by.
    /// @param index the index
    /// @return its plan
    function planOf(address index) external view returns (Plan memory);
}

/// @title The callback of {IRebalancer.bid}
/// @notice Implemented by bidders that want to receive `tokenOut` before they pay.
interface IBidCallback {
    /// @notice Called by the rebalancer on the bidder after `amountOut` was sent to the receiver. On return the bidder
    /// holds `amountIn` of `tokenIn` and has allowed the rebalancer to take it.
    /// @param index the index
    /// @param tokenOut sold by the index
    /// @param amountOut {tokenOut} sent
    /// @param tokenIn bought by the index
    /// @param amountIn {tokenIn} to be taken
    /// @param data what the bidder passed
    function onBid(
        address index,
        address tokenOut,
        uint256 amountOut,
        address tokenIn,
        uint256 amountIn,
        bytes calldata data
    ) external;
}
