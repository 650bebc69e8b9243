// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who there is, and how long everybody has to wait
/// @dev The notice is longer than the way out of staking (14 days), so whoever dislikes a change has left before it happens.
library Roles {
    /// @dev The AccessManager's own administrator: grants roles, maps functions to roles. Held by the Safe, with the notice.
    uint64 internal constant ADMIN = 0;

    /// @dev Whatever can touch assets or rules. Held by the Safe, with the notice; what it schedules, the guardian may cancel.
    uint64 internal constant GOVERNOR = 1;

    /// @dev Acts at once but can only stop: minting, and what is scheduled.
    uint64 internal constant GUARDIAN = 2;

    /// @dev seconds
    uint32 internal constant NOTICE = 16 days;
}
