// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of Uniswap v3's position manager
/// @notice Uniswap's own interface, cut down to the functions that the locker calls.
interface INonfungiblePositionManager {
    /// @param tokenId the position
    /// @param recipient gets both amounts
    /// @param amount0Max {token0} most to collect
    /// @param amount1Max {token1} most to collect
    struct CollectParams {
        uint256 tokenId;
        address recipient;
        uint128 amount0Max;
        uint128 amount1Max;
    }

    /// @notice The factory of the pools that the positions are in.
    /// @return the factory
    function factory() external view returns (address);

    /// @notice A position as it is stored.
    /// @dev Reverts with "Invalid token ID" where there is no such position.
    /// @param tokenId the position
    /// @return nonce for permits
    /// @return operator approved for this position
    /// @return token0 the pool's first token
    /// @return token1 the pool's second token
    /// @return fee hundredths of a bp
    /// @return tickLower lower end of the range
    /// @return tickUpper upper end of the range
    /// @return liquidity {L}
    /// @return feeGrowthInside0LastX128 X128{token0/L} at the last update
    /// @return feeGrowthInside1LastX128 X128{token1/L} at the last update
    /// @return tokensOwed0 {token0} to collect, as of the last update
    /// @return tokensOwed1 {token1} to collect, as of the last update
    function positions(uint256 tokenId)
        external
        view
        returns (
            uint96 nonce,
            address operator,
            address token0,
            address token1,
            uint24 fee,
            int24 tickLower,
            int24 tickUpper,
            uint128 liquidity,
            uint256 feeGrowthInside0LastX128,
            uint256 feeGrowthInside1LastX128,
            uint128 tokensOwed0,
            uint128 tokensOwed1
        );

    /// @notice Pays what the position has earned, and nothing of its liquidity.
    /// @param params which position, to whom, and how much at most
    /// @return amount0 {token0} paid
    /// @return amount1 {token1} paid
    function collect(CollectParams calldata params) external payable returns (uint256 amount0, uint256 amount1);

    /// @notice Moves a position without calling the receiver back.
    /// @param from its owner
    /// @param to its next owner
    /// @param tokenId the position
    function transferFrom(address from, address to, uint256 tokenId) external;
}
