// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title USD prices with stated freshness, or a revert
/// @notice A token's price is the product of the one to three legs of its route, each a feed or a rate: X/USD, X/ETH x ETH/USD, share rate x asset/USD.
/// A token may have a second route to other sources. Whoever decides something lasting asks for the agreed price, which
/// exists only while both routes agree.
interface IPriceOracle {
    /// @dev One bit of a stored leg: a third kind needs room there.
    enum Kind {
        /// Chainlink's interface: Chainlink itself, or `UniswapV3TwapFeed`
        Aggregator,
        /// `convertToAssets` of an ERC-4626 vault for one whole share. A donation moves that rate where the vault counts its own balance, so it is
        /// believed only within what time may have added to a checkpoint.
        Erc4626Rate
    }

    /// @param heartbeat seconds, the oldest answer allowed; 0 for a rate, which is always of now
    /// @param min D18, the least answer allowed; at most four significant digits, as `max`, so that a leg fits one slot
    /// @param max D18, the largest answer allowed
    /// @param maxMove bp. Of a feed: how far a round may be from the one before it, up to 9,999; 0 for not looking (that costs nothing; an average
    /// has no rounds). Of a rate: how much a day may add, 1 to 100.
    struct Leg {
        address source;
        Kind kind;
        uint32 heartbeat;
        uint16 maxMove;
        uint128 min;
        uint128 max;
    }

    enum Flaw {
        LegCount,
        Source,
        Decimals,
        Heartbeat,
        Bounds,
        Token,
        Move,
        /// A bound of more than four significant digits
        Digits,
        /// A second route deviates by 1 to 2,000 bp
        Deviation,
        /// A second route takes feeds only: a rate has one checkpoint
        Rate
    }

    event RouteSet(address indexed token, Leg[] legs);
    event RouteRemoved(address indexed token);
    event SecondRouteSet(address indexed token, Leg[] legs, uint256 maxDeviationBps);
    event SecondRouteRemoved(address indexed token);

    /// @param rate D18{asset/share}, from which on growth is counted
    event Checkpointed(address indexed token, address indexed source, uint256 rate);

    error PriceOracle_ZeroAddress();

    /// @notice An uptime feed needs a grace period of at most a day, and none needs none.
    error PriceOracle_InvalidSequencer(address sequencer, uint256 grace);
    error PriceOracle_NoRoute(address token);
    error PriceOracle_NoSecondRoute(address token);
    error PriceOracle_InvalidRoute(address token, Flaw flaw);

    /// @notice The two routes of a token differ by more than `maxDeviationBps` of the lower price.
    /// @param price D18{USD/whole token} of the first route
    /// @param other D18{USD/whole token} of the second route
    error PriceOracle_Disagreement(address token, uint256 price, uint256 other, uint256 maxDeviationBps);

    /// @notice The source has no code, reverted, ran out of gas or said too little.
    error PriceOracle_SourceFailed(address token, address source);

    /// @notice Zero, negative, not finished, or from the future.
    error PriceOracle_InvalidAnswer(address token, address source, int256 answer, uint256 updatedAt);
    error PriceOracle_Stale(address token, address source, uint256 updatedAt, uint256 heartbeat);

    /// @param answer D18
    error PriceOracle_OutOfBounds(address token, address source, uint256 answer, uint256 min, uint256 max);

    /// @notice The latest round is too far from the one before. The next one that stays near it confirms it.
    /// @param answer D18
    /// @param before D18
    /// @param maxMove bp of `before`
    error PriceOracle_Jumped(address token, address source, uint256 answer, uint256 before, uint256 maxMove);

    /// @notice The round before the latest is not there: the latest is the first of a new phase, or the feed keeps no rounds. The next round heals it.
    error PriceOracle_NoRoundBefore(address token, address source, uint256 roundId);

    /// @notice A vault's rate is below its checkpoint, or above what time may have added to it.
    /// @param rate D18, as `least` and `most`
    error PriceOracle_RateMoved(address token, address source, uint256 rate, uint256 least, uint256 most);

    /// @param earliest Unix seconds
    error PriceOracle_PokedTooSoon(address token, address source, uint256 earliest);
    error PriceOracle_NoRate(address token);

    /// @notice The rollup's sequencer is down, or its feed says nothing that means up.
    error PriceOracle_SequencerDown(address sequencer, int256 status);

    /// @notice The sequencer is up again, but others have not had time to act yet.
    /// @param since Unix seconds
    error PriceOracle_SequencerRestarted(address sequencer, uint256 since, uint256 grace);

    /// @notice Sets the route of a token, which must give a live price at once. Restricted. Rates start at a checkpoint of now.
    /// @dev The bounds, multiplied leg by leg, must stay between 1 and 2^128 - 1: so no price is 0, and none overflows.
    /// Reverts: AccessManagedUnauthorized, InvalidRoute, SourceFailed (no decimals or no asset), whatever `price` refuses.
    function setRoute(address token, Leg[] calldata legs) external;

    /// @notice Removes the route of a token, and its second route: from now on it has no price. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, NoRoute.
    function removeRoute(address token) external;

    /// @notice Sets the second route of a token that has a first. Both must agree at once. Restricted.
    /// @param legs feeds only; bounded as in `setRoute`
    /// @param maxDeviationBps how far the prices of both routes may be apart, bp of the lower one, 1 to 2,000
    /// @dev Reverts: AccessManagedUnauthorized, NoRoute, InvalidRoute, whatever `agreedPrice` refuses.
    function setSecondRoute(address token, Leg[] calldata legs, uint256 maxDeviationBps) external;

    /// @notice Removes the second route of a token: its agreed price is its price. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, NoSecondRoute.
    function removeSecondRoute(address token) external;

    /// @notice Moves the checkpoints of a token's rates to now, at most to what time may have added. Anybody may, every six hours.
    /// @dev Growth is counted over 30 days at most, so somebody should now and then. Reverts: NoRoute, NoRate (no leg is a rate), PokedTooSoon, RateMoved
    /// (below the checkpoint: that takes governance), SourceFailed, OutOfBounds.
    function poke(address token) external;

    /// @notice D18{USD/whole token}, each leg rounded down.
    /// @dev Reverts: NoRoute, SourceFailed, InvalidAnswer, Stale, OutOfBounds, Jumped, NoRoundBefore, RateMoved, SequencerDown, SequencerRestarted.
    function price(address token) external view returns (uint256);

    /// @notice `price` of each. Reverts where one of them does.
    function prices(address[] calldata tokens) external view returns (uint256[] memory list);

    /// @notice `price` where the token has one route; where it has two, the price of the first, provided that the second
    /// is live and within its deviation.
    /// @return D18{USD/whole token}, each leg rounded down
    /// @dev Reverts as `price`, for either route, and with Disagreement.
    function agreedPrice(address token) external view returns (uint256);

    /// @notice `agreedPrice` of each. Reverts where one of them does.
    function agreedPrices(address[] calldata tokens) external view returns (uint256[] memory list);

    /// @notice `price` without ever reverting, whatever a source does. `ok` is false where `price` reverts.
    /// @dev It is false as well where the caller leaves too little gas, so let nothing act on it whose gas a stranger chooses.
    function tryPrice(address token) external view returns (bool ok, uint256 price_);

    /// @notice D18{USD} of `amount` {tok}, rounded down. Reverts as `price`, and with Panic(0x11) beyond 256 bits.
    function value(address token, uint256 amount) external view returns (uint256);

    /// @notice The legs of a token's route, empty where it has none.
    function route(address token) external view returns (Leg[] memory legs);

    /// @notice The legs of a token's second route and its bound; empty and 0 where it has none.
    function secondRoute(address token) external view returns (Leg[] memory legs, uint256 maxDeviationBps);

    /// @notice The checkpoint of a rate in a token's route: D18{asset/share} and Unix seconds; zeros where there is none.
    function checkpoint(address token, address source) external view returns (uint256 rate, uint256 at);

    /// @notice Chainlink's uptime feed of the rollup's sequencer; zero where blocks need no sequencer.
    function sequencer() external view returns (address);

    /// @notice seconds after a restart of the sequencer without prices.
    function grace() external view returns (uint256);
}
