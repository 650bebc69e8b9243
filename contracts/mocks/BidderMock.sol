// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IBidCallback, IRebalancer} from "../../interfaces/IRebalancer.sol";

/// @title A bidder with a callback: makes one call within it, and pays, pays too little, or does not pay
contract BidderMock is IBidCallback {
    using SafeERC20 for IERC20;

    IRebalancer public immutable rebalancer;
    uint256 public shortBy;
    address public target;
    bytes public payload;

    /// @dev The result of the call within the callback, and the arguments of the callback.
    bool public succeeded;
    bytes public answer;
    uint256 public heldOut;
    uint256 public owed;

    constructor(IRebalancer rebalancer_) {
        rebalancer = rebalancer_;
    }

    function setShortBy(uint256 shortBy_) external {
        shortBy = shortBy_;
    }

    function setCall(address target_, bytes calldata payload_) external {
        (target, payload) = (target_, payload_);
    }

    function bid(address index, address tokenOut, address tokenIn, uint256 amountOut, bytes calldata data)
        external
        returns (uint256, uint256)
    {
        return rebalancer.bid(index, tokenOut, tokenIn, amountOut, type(uint256).max, address(this), data);
    }

    function onBid(address, address tokenOut, uint256, address tokenIn, uint256 amountIn, bytes calldata) external {
        (heldOut, owed) = (IERC20(tokenOut).balanceOf(address(this)), amountIn);
        // solhint-disable-next-line avoid-low-level-calls
        if (target != address(0)) (succeeded, answer) = target.call(payload);
        IERC20(tokenIn).forceApprove(address(rebalancer), amountIn - shortBy);
    }

    function approve(address token, address spender) external {
        IERC20(token).forceApprove(spender, type(uint256).max);
    }
}
