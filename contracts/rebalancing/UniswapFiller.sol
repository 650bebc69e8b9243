// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IBidCallback, IRebalancer} from "../../interfaces/IRebalancer.sol";
import {IUniswapFiller} from "../../interfaces/IUniswapFiller.sol";
import {ISwapRouter02} from "../../interfaces/external/ISwapRouter02.sol";

/// @title Fills bids out of Uniswap v3
/// @notice See {IUniswapFiller}.
/// @dev The caller chooses the path, and bears what a bad one costs. What the index gets does not depend on it.
/// @custom:security-contact security@ssi.example
contract UniswapFiller is IUniswapFiller, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant _ADDRESS = 20;
    uint256 private constant _HOP = 23;
    uint256 private constant _APPROVE_GAS = 100_000;

    /// @notice The contract whose bids it fills.
    IRebalancer public immutable rebalancer;

    /// @notice Uniswap's router.
    ISwapRouter02 public immutable swapRouter;

    constructor(IRebalancer rebalancer_, ISwapRouter02 swapRouter_) {
        if (address(rebalancer_) == address(0) || address(swapRouter_) == address(0)) {
            revert UniswapFiller_ZeroAddress();
        }

        rebalancer = rebalancer_;
        swapRouter = swapRouter_;
    }

    /// @inheritdoc IUniswapFiller
    function fill(
        address index,
        address tokenOut,
        address tokenIn,
        uint256 amountOut,
        bytes calldata path,
        uint256 minProfit,
        address receiver
    ) external nonReentrant returns (uint256 filledOut, uint256 paidIn, uint256 profit) {
        if (receiver == address(0)) revert UniswapFiller_ZeroAddress();
        bool whole = path.length >= _HOP + _ADDRESS && (path.length - _ADDRESS) % _HOP == 0;
        if (!whole || address(bytes20(path)) != tokenIn || address(bytes20(path[path.length - _ADDRESS:])) != tokenOut)
        {
            revert UniswapFiller_InvalidPath(tokenOut, tokenIn);
        }

        (filledOut, paidIn) =
            rebalancer.bid(index, tokenOut, tokenIn, amountOut, type(uint256).max, address(this), path);
        if (filledOut == 0) revert UniswapFiller_NothingToFill(index, tokenOut, tokenIn);

        profit = _sweep(tokenOut, receiver);
        _sweep(tokenIn, receiver);
        if (profit < minProfit) revert UniswapFiller_ProfitTooLow(profit, minProfit);
        emit Filled(index, msg.sender, receiver, tokenOut, tokenIn, filledOut, paidIn, profit);
    }

    /// @inheritdoc IBidCallback
    /// @dev Why the two checks are enough: the rebalancer calls only the bidder back, and this contract bids in `fill`
    /// only.
    function onBid(
        address,
        address tokenOut,
        uint256 amountOut,
        address tokenIn,
        uint256 amountIn,
        bytes calldata path
    ) external {
        if (msg.sender != address(rebalancer) || !_reentrancyGuardEntered()) {
            revert UniswapFiller_UnexpectedCallback(msg.sender);
        }

        IERC20(tokenOut).forceApprove(address(swapRouter), amountOut);
        ISwapRouter02.ExactOutputParams memory order =
            ISwapRouter02.ExactOutputParams(path, address(this), amountIn, amountOut);
        try swapRouter.exactOutput(order) {}
        catch (bytes memory reason) {
            revert UniswapFiller_NotCovered(tokenOut, amountOut, tokenIn, amountIn, reason);
        }
        // Takes the rest of the allowance back, where the token allows that: BNB refuses an approval of zero, and burns
        // all the gas that it is given.
        // solhint-disable-next-line avoid-low-level-calls
        (bool ignored,) = tokenOut.call{gas: _APPROVE_GAS}(abi.encodeCall(IERC20.approve, (address(swapRouter), 0)));
        ignored;
        IERC20(tokenIn).forceApprove(address(rebalancer), amountIn);
    }

    function _sweep(address token, address receiver) private returns (uint256 amount) {
        amount = IERC20(token).balanceOf(address(this));
        if (amount != 0) IERC20(token).safeTransfer(receiver, amount);
    }
}
