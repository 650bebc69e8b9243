// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A contract that obeys one manager for ever
/// @notice OpenZeppelin's AccessManaged brings `setAuthority` along. Here it always fails, so the authority can never
/// change.
interface IFixedAuthority {
    /// @notice The authority of this contract cannot be replaced.
    /// @param proposed the authority that was to take over
    error FixedAuthority_Fixed(address proposed);
}
