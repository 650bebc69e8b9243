// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of Uniswap's SwapRouter02
/// @notice Uniswap's own interface, cut down to the function that the filler calls.
interface ISwapRouter02 {
    /// @param path of the exact output: the bought token, fee (3 bytes), ..., the paid token
    /// @param recipient gets the bought token
    /// @param amountOut {bought token} to buy, exactly
    /// @param amountInMaximum {paid token} most to pay
    struct ExactOutputParams {
        bytes path;
        address recipient;
        uint256 amountOut;
        uint256 amountInMaximum;
    }

    /// @notice Buys an exact amount along a path.
    /// @dev Takes what it needs out of the caller's allowance. Reverts with "Too much requested" where that is more
    /// than `amountInMaximum`.
    /// @param params what to buy, where to, and for how much at most
    /// @return amountIn {paid token} paid
    function exactOutput(ExactOutputParams calldata params) external payable returns (uint256 amountIn);
}
