// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The roles, and the notice of every change
/// @notice Roles of the AccessManager, by their numbers there.
/// @dev Why 16 days: the notice is longer than the way out of staking (14 days), so a staker who dislikes a change can
/// leave before it happens.
library Roles {
    /// @dev The AccessManager's own administrator: grants roles, maps functions to roles. The Safe holds it, with the
    /// notice.
    uint64 internal constant ADMIN = 0;

    /// @dev May touch assets and rules. The Safe holds it, with the notice; the guardian may cancel what it schedules.
    uint64 internal constant GOVERNOR = 1;

    /// @dev Acts at once but can only stop things: minting, a rebalance, and what is scheduled.
    uint64 internal constant GUARDIAN = 2;

    /// @dev seconds
    uint32 internal constant NOTICE = 16 days;
}
