// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of Uniswap's SwapRouter02
interface ISwapRouter02 {
    /// @param path of the exact output: the bought token, fee (3 bytes), ..., the paid token
    struct ExactOutputParams {
        bytes path;
        address recipient;
        uint256 amountOut;
        uint256 amountInMaximum;
    }

    /// @dev Takes what it needs out of the caller's allowance. Reverts with "Too much requested" where `amountInMaximum` does not do.
    function exactOutput(ExactOutputParams calldata params) external payable returns (uint256 amountIn);
}
