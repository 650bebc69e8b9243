// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of a Uniswap v2 pair
/// @notice Uniswap's own interface, cut down to the functions that the locker calls.
interface IUniswapV2Pair {
    /// @notice The pair's first token.
    /// @return the token with the lower address
    function token0() external view returns (address);

    /// @notice The pair's second token.
    /// @return the token with the higher address
    function token1() external view returns (address);

    /// @notice What the pair prices its swaps by.
    /// @return reserve0 {token0}
    /// @return reserve1 {token1}
    /// @return blockTimestampLast Unix seconds of the last update, modulo 2^32
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast);

    /// @notice reserve0 x reserve1 after the last mint or burn while the protocol's fee was on.
    /// @return the product, 0 where that fee is off
    function kLast() external view returns (uint256);

    /// @notice All LP tokens of the pair.
    /// @return {lp}
    function totalSupply() external view returns (uint256);

    /// @notice Sets the reserves to what the pair holds.
    /// @dev Reverts with "UniswapV2: LOCKED" while the pair is in the middle of a call.
    function sync() external;
}

/// @title What is used of the Uniswap v2 factory
/// @notice Uniswap's own interface, cut down to the function that the locker calls.
interface IUniswapV2Factory {
    /// @notice The pair of two tokens, given in any order.
    /// @param tokenA one token
    /// @param tokenB the other
    /// @return pair zero where there is no such pair
    function getPair(address tokenA, address tokenB) external view returns (address pair);
}
