// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title USD prices with stated freshness, or a revert
/// @notice A token's price is the product of the one to three legs of its route, each a feed or a rate: X/USD, X/ETH x
/// ETH/USD, share rate x asset/USD. A token may have a second route to other sources. A caller that decides something
/// lasting asks for the agreed price, which exists only while both routes agree.
interface IPriceOracle {
    /// @dev One bit of a stored leg: a third kind needs room there.
    enum SourceKind {
        /// Chainlink's interface: Chainlink itself, or `UniswapV3TwapFeed`
        Aggregator,
        /// `convertToAssets` of an ERC-4626 vault for one whole share. A donation moves that rate where the vault
        /// counts its own balance, so it is believed only within what time may have added to a checkpoint.
        Erc4626Rate
    }

    /// @notice One factor of a price.
    /// @param source the feed or the vault
    /// @param kind how to ask it
    /// @param heartbeat seconds, the oldest answer allowed; 0 for a rate, which is always of now
    /// @param maxMove bp. Of a feed: how far a round may be from the one before it, up to 9,999; 0 to leave that
    /// unchecked, which costs nothing (an average has no rounds). Of a rate: how much a day may add, 1 to 100.
    /// @param min D18, the least answer allowed; at most four significant digits, as `max`, so that a leg fits one slot
    /// @param max D18, the largest answer allowed
    struct Leg {
        address source;
        SourceKind kind;
        uint32 heartbeat;
        uint16 maxMove;
        uint128 min;
        uint128 max;
    }

    /// @notice What is wrong with a route.
    enum Flaw {
        /// A route has one to three legs
        LegCount,
        /// A source has no code
        Source,
        /// A source, or the asset of a vault, has no code or more than 18 decimals
        Decimals,
        /// A feed's heartbeat is one minute to seven days; a rate has none
        Heartbeat,
        /// The bounds cross, or their product leaves 1 to 2^128 - 1
        Bounds,
        /// The token has no code or more than 18 decimals
        Token,
        /// `maxMove` is out of its range
        Move,
        /// A bound has more than four significant digits
        Digits,
        /// A second route deviates by 1 to 2,000 bp
        Deviation,
        /// A second route takes feeds only: a rate has one checkpoint
        Rate
    }

    /// @notice A token has a route.
    /// @param token the token
    /// @param legs its route
    event RouteSet(address indexed token, Leg[] legs);

    /// @notice A token has no route any more.
    /// @param token the token
    event RouteRemoved(address indexed token);

    /// @notice A token has a second route.
    /// @param token the token
    /// @param legs its second route
    /// @param maxDeviationBps bp of the lower price that both may be apart
    event SecondRouteSet(address indexed token, Leg[] legs, uint256 maxDeviationBps);

    /// @notice A token has no second route any more.
    /// @param token the token
    event SecondRouteRemoved(address indexed token);

    /// @notice The checkpoint of a rate moved to now.
    /// @param token the token whose route has the rate
    /// @param source the vault
    /// @param rate D18{asset/share}, from which on growth is counted
    event Checkpointed(address indexed token, address indexed source, uint256 rate);

    /// @notice An address that is needed is zero.
    error PriceOracle_ZeroAddress();

    /// @notice With an uptime feed, the grace period is one second to one day; without one, it is 0.
    /// @param sequencer the uptime feed
    /// @param grace seconds
    error PriceOracle_InvalidSequencer(address sequencer, uint256 grace);

    /// @notice The token has no route.
    /// @param token the token
    error PriceOracle_NoRoute(address token);

    /// @notice The token has no second route.
    /// @param token the token
    error PriceOracle_NoSecondRoute(address token);

    /// @notice The route is refused.
    /// @param token the token
    /// @param flaw what is wrong
    error PriceOracle_InvalidRoute(address token, Flaw flaw);

    /// @notice The two routes of a token differ by more than `maxDeviationBps` of the lower price.
    /// @param token the token
    /// @param price D18{USD/whole token} of the first route
    /// @param other D18{USD/whole token} of the second route
    /// @param maxDeviationBps bp of the lower price
    error PriceOracle_Disagreement(address token, uint256 price, uint256 other, uint256 maxDeviationBps);

    /// @notice The source has no code, reverted, ran out of gas or said too little.
    /// @param token the token; zero for the sequencer's feed
    /// @param source the source
    error PriceOracle_SourceFailed(address token, address source);

    /// @notice The answer is zero or negative, its round is not finished, or it is from the future.
    /// @param token the token
    /// @param source the feed
    /// @param answer what the feed said, in its decimals
    /// @param updatedAt when, Unix seconds
    error PriceOracle_InvalidAnswer(address token, address source, int256 answer, uint256 updatedAt);

    /// @notice The answer is too old.
    /// @param token the token
    /// @param source the feed
    /// @param updatedAt Unix seconds of the answer
    /// @param heartbeat seconds, the oldest answer allowed
    error PriceOracle_Stale(address token, address source, uint256 updatedAt, uint256 heartbeat);

    /// @notice The answer is outside the bounds of its leg.
    /// @param token the token
    /// @param source the source
    /// @param answer D18
    /// @param min D18
    /// @param max D18
    error PriceOracle_OutOfBounds(address token, address source, uint256 answer, uint256 min, uint256 max);

    /// @notice The latest round is too far from the one before. The next one that stays near it confirms it.
    /// @param token the token
    /// @param source the feed
    /// @param answer D18 of the latest round
    /// @param before D18 of the round before
    /// @param maxMove bp of `before`
    error PriceOracle_Jumped(address token, address source, uint256 answer, uint256 before, uint256 maxMove);

    /// @notice The round before the latest is not there: the latest is the first of a new phase, or the feed keeps no
    /// rounds. The next round ends the first of these conditions.
    /// @param token the token
    /// @param source the feed
    /// @param roundId the latest round
    error PriceOracle_NoRoundBefore(address token, address source, uint256 roundId);

    /// @notice A vault's rate is below its checkpoint, or above what time may have added to it.
    /// @param token the token
    /// @param source the vault
    /// @param rate D18{asset/share} now
    /// @param least D18{asset/share}, the checkpoint
    /// @param most D18{asset/share}, the checkpoint and what time may have added
    error PriceOracle_RateMoved(address token, address source, uint256 rate, uint256 least, uint256 most);

    /// @notice A checkpoint moves every six hours at most.
    /// @param token the token
    /// @param source the vault
    /// @param earliest Unix seconds, when it can move again
    error PriceOracle_PokedTooSoon(address token, address source, uint256 earliest);

    /// @notice The route of the token has no rate, so there is no checkpoint to move.
    /// @param token the token
    error PriceOracle_NoRate(address token);

    /// @notice The rollup's sequencer is down, or its feed gives no status that means up.
    /// @param sequencer the uptime feed
    /// @param status what it said: 0 is up, 1 is down
    error PriceOracle_SequencerDown(address sequencer, int256 status);

    /// @notice The sequencer is up again, but users have not had time to act yet.
    /// @param sequencer the uptime feed
    /// @param since Unix seconds of the restart
    /// @param grace seconds after it without prices
    error PriceOracle_SequencerRestarted(address sequencer, uint256 since, uint256 grace);

    /// @notice Sets the route of a token, which must give a live price at once. Restricted. Rates start at a checkpoint
    /// of now.
    /// @dev The bounds, multiplied leg by leg, must stay between 1 and 2^128 - 1: so no price is 0, and none overflows.
    /// Reverts: AccessManagedUnauthorized, InvalidRoute, SourceFailed (no decimals or no asset), and as `price`.
    /// @param token the token
    /// @param legs its route
    function setRoute(address token, Leg[] calldata legs) external;

    /// @notice Removes the route of a token, and its second route: from now on it has no price. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, NoRoute.
    /// @param token the token
    function removeRoute(address token) external;

    /// @notice Sets the second route of a token that has a first. Both must agree at once. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, NoRoute, InvalidRoute, and as `agreedPrice`.
    /// @param token the token
    /// @param legs feeds only; bounded as in `setRoute`
    /// @param maxDeviationBps how far the prices of both routes may be apart, bp of the lower one, 1 to 2,000
    function setSecondRoute(address token, Leg[] calldata legs, uint256 maxDeviationBps) external;

    /// @notice Removes the second route of a token: its agreed price is its price. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, NoSecondRoute.
    /// @param token the token
    function removeSecondRoute(address token) external;

    /// @notice Moves the checkpoints of a token's rates to now, at most to what time may have added. Any account may,
    /// every six hours.
    /// @dev Why: growth is counted over 30 days at most, so a keeper should do it now and then. Reverts: NoRoute,
    /// NoRate (no leg is a rate), PokedTooSoon, RateMoved (below the checkpoint: that takes governance), SourceFailed,
    /// OutOfBounds.
    /// @param token the token
    function poke(address token) external;

    /// @notice The price of a token, each leg rounded down.
    /// @dev Reverts: NoRoute, SourceFailed, InvalidAnswer, Stale, OutOfBounds, Jumped, NoRoundBefore, RateMoved,
    /// SequencerDown, SequencerRestarted.
    /// @param token the token
    /// @return D18{USD/whole token}
    function price(address token) external view returns (uint256);

    /// @notice `price` of each. Reverts where one of them does.
    /// @param tokens the tokens
    /// @return list D18{USD/whole token} of each
    function prices(address[] calldata tokens) external view returns (uint256[] memory list);

    /// @notice `price` where the token has one route; where it has two, the price of the first, provided that the
    /// second is live and within its deviation.
    /// @dev Reverts as `price`, for either route, and with Disagreement.
    /// @param token the token
    /// @return D18{USD/whole token}, each leg rounded down
    function agreedPrice(address token) external view returns (uint256);

    /// @notice `agreedPrice` of each. Reverts where one of them does.
    /// @param tokens the tokens
    /// @return list D18{USD/whole token} of each
    function agreedPrices(address[] calldata tokens) external view returns (uint256[] memory list);

    /// @notice `price` that never reverts, even where a source misbehaves.
    /// @dev Warning: `ok` is false as well where the caller leaves too little gas. Decide nothing by it where a
    /// stranger chooses the gas.
    /// @param token the token
    /// @return ok false where `price` reverts
    /// @return price_ D18{USD/whole token}, 0 where it reverts
    function tryPrice(address token) external view returns (bool ok, uint256 price_);

    /// @notice The worth of an amount, rounded down.
    /// @dev Reverts as `price`, and with Panic(0x11) beyond 256 bits.
    /// @param token the token
    /// @param amount {tok}
    /// @return D18{USD}
    function value(address token, uint256 amount) external view returns (uint256);

    /// @notice The route of a token.
    /// @param token the token
    /// @return legs empty where it has none
    function route(address token) external view returns (Leg[] memory legs);

    /// @notice The second route of a token and its bound.
    /// @param token the token
    /// @return legs empty where it has none
    /// @return maxDeviationBps bp of the lower price, 0 where it has none
    function secondRoute(address token) external view returns (Leg[] memory legs, uint256 maxDeviationBps);

    /// @notice The checkpoint of a rate in a token's route.
    /// @param token the token
    /// @param source the vault
    /// @return rate D18{asset/share}, 0 where there is none
    /// @return at Unix seconds, 0 where there is none
    function checkpoint(address token, address source) external view returns (uint256 rate, uint256 at);

    /// @notice Chainlink's uptime feed of the rollup's sequencer.
    /// @return zero where blocks need no sequencer
    function sequencer() external view returns (address);

    /// @notice The time after a restart of the sequencer without prices.
    /// @return seconds
    function grace() external view returns (uint256);
}
