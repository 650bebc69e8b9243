// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The contract that the router tells about purchases
/// @notice The points ledger implements it.
interface IBuyHook {
    /// @notice `buyer` has bought shares, for their own account or for another, and named a referral code.
    /// @dev The router calls this after the purchase, with bounded gas, and ignores every revert: a hook cannot stop a
    /// purchase.
    /// @param buyer the caller of the router, who is not always the receiver of the shares
    /// @param referralCode a code of {IReferralRegistry}, zero for none
    function onBuy(address buyer, bytes32 referralCode) external;
}
