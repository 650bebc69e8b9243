// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of a Uniswap v3 pool
interface IUniswapV3Pool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function fee() external view returns (uint24);
    function tickSpacing() external view returns (int24);

    /// @dev `cardinality` observations are kept, `cardinalityNext` once the pool's trades have filled those.
    function slot0()
        external
        view
        returns (
            uint160 sqrtPriceX96,
            int24 tick,
            uint16 index,
            uint16 cardinality,
            uint16 cardinalityNext,
            uint8 feeProtocol,
            bool unlocked
        );

    /// @dev `secondsAgos` oldest first. Reverts with "OLD" where the history is too short.
    function observe(uint32[] calldata secondsAgos)
        external
        view
        returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);

    /// @dev A positive `amountSpecified` is an exact input, a negative one an exact output. Calls back {IUniswapV3SwapCallback} after it has paid.
    function swap(address recipient, bool zeroForOne, int256 amountSpecified, uint160 sqrtPriceLimitX96, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1);
}

/// @title What is used of the Uniswap v3 factory
interface IUniswapV3Factory {
    /// @dev Zero where there is no such pool. The tokens may come in any order.
    function getPool(address tokenA, address tokenB, uint24 fee) external view returns (address pool);
}

/// @title What a pool calls on whoever swaps
interface IUniswapV3SwapCallback {
    /// @dev A positive delta is owed to the pool before the return, a negative one has been paid by it.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}
