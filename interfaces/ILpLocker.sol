// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What points need to know of locked liquidity
interface ILockedLiquidity {
    /// @notice Pools that are or were allow-listed, oldest first. At most 16.
    function pools() external view returns (address[] memory);

    /// @notice The tokens of an allow-listed pool, in the pool's order.
    function poolTokens(address pool) external view returns (address token0, address token1);

    /// @notice Liquidity-seconds that `account` had locked in `pool` from the start of `fromEpoch` to the start of `toEpoch`, or to now where that is earlier.
    /// @dev Liquidity is in the unit of Uniswap v3: the geometric mean of both amounts in token-wei, sqrt(amount0 x amount1), of a position over the whole range.
    function liquiditySeconds(address account, address pool, uint256 fromEpoch, uint256 toEpoch) external view returns (uint256);
}
