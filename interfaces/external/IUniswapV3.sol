// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of a Uniswap v3 pool
/// @notice Uniswap's own interface, cut down to the functions that the protocol calls.
interface IUniswapV3Pool {
    /// @notice The pool's first token.
    /// @return the token with the lower address
    function token0() external view returns (address);

    /// @notice The pool's second token.
    /// @return the token with the higher address
    function token1() external view returns (address);

    /// @notice The fee of every swap.
    /// @return hundredths of a bp
    function fee() external view returns (uint24);

    /// @notice Positions begin and end at multiples of this.
    /// @return ticks
    function tickSpacing() external view returns (int24);

    /// @notice The price now, and the size of the pool's memory.
    /// @return sqrtPriceX96 X96 root of {token1/token0}
    /// @return tick of that price, rounded down
    /// @return index of the newest observation
    /// @return cardinality observations that are kept now
    /// @return cardinalityNext observations that are kept once the pool's trades have filled `cardinality`
    /// @return feeProtocol Uniswap's part of the fees
    /// @return unlocked false while the pool is in the middle of a call
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

    /// @notice Integrals over time at past moments.
    /// @dev Reverts with "OLD" where the history is too short.
    /// @param secondsAgos how long ago each moment was, oldest first
    /// @return tickCumulatives ticks x seconds
    /// @return secondsPerLiquidityCumulativeX128s X128{seconds/L}
    function observe(uint32[] calldata secondsAgos)
        external
        view
        returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);

    /// @notice Swaps one token for the other. Pays first, then calls {IUniswapV3SwapCallback} back and expects its
    /// payment.
    /// @param recipient gets the bought token
    /// @param zeroForOne true to sell token0
    /// @param amountSpecified positive: an exact input; negative: an exact output
    /// @param sqrtPriceLimitX96 the swap stops at this price
    /// @param data handed on to the callback
    /// @return amount0 {token0} paid to the pool, negative where the pool paid
    /// @return amount1 {token1} paid to the pool, negative where the pool paid
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}

/// @title What is used of the Uniswap v3 factory
/// @notice Uniswap's own interface, cut down to the function that the protocol calls.
interface IUniswapV3Factory {
    /// @notice The pool of two tokens, given in any order, and a fee.
    /// @param tokenA one token
    /// @param tokenB the other
    /// @param fee hundredths of a bp
    /// @return pool zero where there is no such pool
    function getPool(address tokenA, address tokenB, uint24 fee) external view returns (address pool);
}

/// @title What a pool calls on the caller of `swap`
/// @notice The caller pays the pool within this call.
interface IUniswapV3SwapCallback {
    /// @notice Asks the caller of `swap` for its payment.
    /// @param amount0Delta {token0} owed to the pool, negative where the pool has paid
    /// @param amount1Delta {token1} owed to the pool, negative where the pool has paid
    /// @param data what the caller of `swap` passed
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}
