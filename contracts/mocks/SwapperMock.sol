// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IIndexSwapCallback, IIndexToken} from "../../interfaces/IIndexToken.sol";

/// @title A rebalancer for tests: pays what the callback asks for, or `shortBy` less
contract SwapperMock is IIndexSwapCallback {
    using SafeERC20 for IERC20;

    uint256 public shortBy;

    function setShortBy(uint256 shortBy_) external {
        shortBy = shortBy_;
    }

    function swap(IIndexToken index, address tokenOut, uint256 amountOut, address tokenIn, uint256 amountIn) external {
        index.swap(tokenOut, amountOut, tokenIn, amountIn, address(this), "");
    }

    function onIndexSwap(address, uint256, address tokenIn, uint256 amountIn, bytes calldata) external {
        IERC20(tokenIn).safeTransfer(msg.sender, amountIn - shortBy);
    }
}
