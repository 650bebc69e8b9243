// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBidCallback} from "./IRebalancer.sol";

/// @title Fills bids out of Uniswap v3
/// @notice Takes `tokenOut` from the index, buys exactly the `tokenIn` that it owes with it, and gives what is left to the caller, who needs no capital for it.
/// @dev Holds nothing and is trusted with nothing between transactions. It has no owner.
interface IUniswapFiller is IBidCallback {
    /// @param profit {tokenOut} what was left
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

    error UniswapFiller_ZeroAddress();

    /// @notice There is nothing to bid for this pair now.
    error UniswapFiller_NothingToFill(address index, address tokenOut, address tokenIn);

    /// @notice The path is not a Uniswap v3 path from `tokenIn` back to `tokenOut`.
    error UniswapFiller_InvalidPath(address tokenOut, address tokenIn);

    /// @notice Uniswap does not sell `amountIn` of `tokenIn` for all of the `amountOut` that the bid brings. `reason` is what it said.
    error UniswapFiller_NotCovered(address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn, bytes reason);
    error UniswapFiller_ProfitTooLow(uint256 profit, uint256 minProfit);
    error UniswapFiller_UnexpectedCallback(address caller);

    /// @notice Bids for up to `amountOut` and pays with it.
    /// @dev Find out what it would return with an `eth_call`. Reverts: NothingToFill, InvalidPath, NotCovered, ProfitTooLow, whatever {IRebalancer.bid} reverts with.
    /// @param amountOut {tok} most to take; with less liquidity on the way, less pays better
    /// @param path Uniswap v3's for an exact output: `tokenIn`, fee (3 bytes), ..., `tokenOut`
    /// @param minProfit {tokenOut} least that is left
    /// @param receiver gets what is left of `tokenOut`, and of `tokenIn` if there is any
    /// @return filledOut {tok} taken from the index
    /// @return paidIn {tok} paid to the index
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
