// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBidCallback} from "./IRebalancer.sol";

/// @title Fills bids out of Uniswap v3
/// @notice Takes `tokenOut` from the index, buys with it exactly the `tokenIn` that the bid owes, and gives what is
/// left to the receiver that the caller names. The caller needs no capital.
/// @dev Holds nothing and is trusted with nothing between transactions. It has no owner.
interface IUniswapFiller is IBidCallback {
    /// @notice A bid was filled.
    /// @param index the index
    /// @param caller the account that called {fill}
    /// @param receiver gets the profit
    /// @param tokenOut sold by the index
    /// @param tokenIn bought by the index
    /// @param amountOut {tokenOut} taken from the index
    /// @param amountIn {tokenIn} paid to the index
    /// @param profit {tokenOut} that was left
    event Filled(
        address indexed index,
        address indexed caller,
        address indexed receiver,
        address tokenOut,
        address tokenIn,
        uint256 amountOut,
        uint256 amountIn,
        uint256 profit
    );

    /// @notice An address that is needed is zero.
    error UniswapFiller_ZeroAddress();

    /// @notice There is nothing to bid for this pair now.
    /// @param index the index
    /// @param tokenOut sold by the index
    /// @param tokenIn bought by the index
    error UniswapFiller_NothingToFill(address index, address tokenOut, address tokenIn);

    /// @notice The path is not a Uniswap v3 path from `tokenIn` back to `tokenOut`.
    /// @param tokenOut where the path must end
    /// @param tokenIn where it must begin
    error UniswapFiller_InvalidPath(address tokenOut, address tokenIn);

    /// @notice Uniswap does not sell `amountIn` of `tokenIn` for all of the `amountOut` that the bid brings.
    /// @param tokenOut what the bid brings
    /// @param amountOut {tokenOut} that it brings
    /// @param tokenIn what the bid owes
    /// @param amountIn {tokenIn} that it owes
    /// @param reason what Uniswap's router reverted with
    error UniswapFiller_NotCovered(
        address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, bytes reason
    );

    /// @notice Less is left than the caller wants.
    /// @param profit {tokenOut} that is left
    /// @param minProfit {tokenOut} that the caller asked for
    error UniswapFiller_ProfitTooLow(uint256 profit, uint256 minProfit);

    /// @notice The callback is for the rebalancer alone, during {fill}.
    /// @param caller the account that tried
    error UniswapFiller_UnexpectedCallback(address caller);

    /// @notice Bids for up to `amountOut` and pays with it.
    /// @dev An `eth_call` tells what it would return. Reverts: NothingToFill, InvalidPath, NotCovered, ProfitTooLow,
    /// and as {IRebalancer.bid}.
    /// @param index the index
    /// @param tokenOut sold by the index
    /// @param tokenIn bought by the index
    /// @param amountOut {tokenOut} most to take; where the path has little liquidity, less pays better
    /// @param path Uniswap v3's for an exact output: `tokenIn`, fee (3 bytes), ..., `tokenOut`
    /// @param minProfit {tokenOut} least that is left
    /// @param receiver gets what is left of `tokenOut`, and of `tokenIn` if there is any
    /// @return filledOut {tokenOut} taken from the index
    /// @return paidIn {tokenIn} paid to the index
    /// @return profit {tokenOut} sent to the receiver
    function fill(
        address index,
        address tokenOut,
        address tokenIn,
        uint256 amountOut,
        bytes calldata path,
        uint256 minProfit,
        address receiver
    ) external returns (uint256 filledOut, uint256 paidIn, uint256 profit);
}
