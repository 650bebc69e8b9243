// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title USD prices with stated freshness, or a revert
/// @notice A token's price is the product of the one to three legs of its route, each a feed or a rate: X/USD, X/ETH x ETH/USD, share rate x asset/USD.
interface IPriceOracle {
    enum Kind {
        /// Chainlink's interface: Chainlink itself, or `UniswapV3TwapFeed`
        Aggregator,
        /// `convertToAssets` of an ERC-4626 vault for one whole share. A donation moves that rate where the vault counts its own balance: there the
        /// bounds are the guard. sDAI and sUSDS accumulate a rate, which no donation moves.
        Erc4626Rate
    }

    /// @param heartbeat seconds, the oldest answer allowed; 0 for a rate, which is always of now
    /// @param min D18, the least answer allowed
    /// @param max D18, the largest answer allowed
    struct Leg {
        address source;
        Kind kind;
        uint32 heartbeat;
        uint128 min;
        uint128 max;
    }

    enum Flaw {
        LegCount,
        Source,
        Decimals,
        Heartbeat,
        Bounds,
        Token
    }

    event RouteSet(address indexed token, Leg[] legs);
    event RouteRemoved(address indexed token);

    error PriceOracle_ZeroAddress();
    error PriceOracle_NoRoute(address token);
    error PriceOracle_InvalidRoute(address token, Flaw flaw);

    /// @notice The source has no code, reverted, ran out of gas or said too little.
    error PriceOracle_SourceFailed(address token, address source);

    /// @notice Zero, negative, not finished, or from the future.
    error PriceOracle_InvalidAnswer(address token, address source, int256 answer, uint256 updatedAt);
    error PriceOracle_Stale(address token, address source, uint256 updatedAt, uint256 heartbeat);

    /// @param answer D18
    error PriceOracle_OutOfBounds(address token, address source, uint256 answer, uint256 min, uint256 max);

    /// @notice Sets the route of a token, which must give a live price at once. Restricted.
    /// @dev The bounds, multiplied leg by leg, must stay between 1 and 2^128 - 1: so no price is 0, and none overflows.
    /// Reverts: AccessManagedUnauthorized, InvalidRoute, SourceFailed (no decimals or no asset), whatever `price` refuses.
    function setRoute(address token, Leg[] calldata legs) external;

    /// @notice Removes the route of a token: from now on it has no price. Restricted.
    function removeRoute(address token) external;

    /// @notice D18{USD/whole token}, each leg rounded down.
    /// @dev Reverts: NoRoute, SourceFailed, InvalidAnswer, Stale, OutOfBounds.
    function price(address token) external view returns (uint256);

    /// @notice `price` of each. Reverts where one of them does.
    function prices(address[] calldata tokens) external view returns (uint256[] memory list);

    /// @notice The same without ever reverting, whatever a source does. `ok` is false where `price` reverts.
    /// @dev It is false as well where the caller leaves too little gas, so let nothing act on it whose gas a stranger chooses.
    function tryPrice(address token) external view returns (bool ok, uint256 price_);

    /// @notice D18{USD} of `amount` {tok}, rounded down. Reverts as `price`, and with Panic(0x11) beyond 256 bits.
    function value(address token, uint256 amount) external view returns (uint256);

    /// @notice The legs of a token's route, empty where it has none.
    function route(address token) external view returns (Leg[] memory legs);
}
