// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of a Uniswap v2 pair
interface IUniswapV2Pair {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast);

    /// @dev reserve0 x reserve1 after the last mint or burn while the protocol's fee was on; zero where it is off.
    function kLast() external view returns (uint256);
    function totalSupply() external view returns (uint256);

    /// @dev Makes the reserves what the pair holds. Reverts with "UniswapV2: LOCKED" while the pair is in the middle of anything.
    function sync() external;
}

/// @title What is used of the Uniswap v2 factory
interface IUniswapV2Factory {
    /// @dev Zero where there is no such pair. The tokens may come in any order.
    function getPair(address tokenA, address tokenB) external view returns (address pair);
}
