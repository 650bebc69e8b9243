// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What points need to know of referrals
interface IReferrals {
    /// @notice Who referred `account`, and when it was bound, Unix seconds; zeros where nobody did. Never changes once set.
    function referrerOf(address account) external view returns (address referrer, uint256 boundAt);

    /// @notice Binds `account` to the owner of `code` on behalf of its own first purchase. Only for the points ledger.
    function bindFor(address account, bytes32 code) external;
}
