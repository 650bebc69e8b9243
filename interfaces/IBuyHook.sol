// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who is told about purchases through the router
interface IBuyHook {
    /// @notice `buyer` has bought for himself or somebody else, and passed `referralCode`, zero for none.
    /// @dev Called by the router with bounded gas after the purchase. What it reverts with is ignored: nobody can stop a purchase.
    function onBuy(address buyer, bytes32 referralCode) external;
}
