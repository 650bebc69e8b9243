// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Wrapped ether
/// @notice One WETH-wei is one wei of ether.
interface IWETH is IERC20 {
    /// @notice Wraps the ether that is sent.
    function deposit() external payable;

    /// @notice Unwraps `amount` of the caller and sends them the ether.
    /// @param amount wei
    function withdraw(uint256 amount) external;
}
