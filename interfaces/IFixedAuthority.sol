// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A contract that obeys one manager for ever
/// @notice `setAuthority`, which OpenZeppelin's AccessManaged brings along, always fails: nobody can put another authority in charge.
interface IFixedAuthority {
    /// @param proposed the authority that was to take over
    error FixedAuthority_Fixed(address proposed);
}
