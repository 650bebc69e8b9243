// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IFixedAuthority} from "../../interfaces/IFixedAuthority.sol";

/// @title AccessManaged by one manager for ever
/// @notice The base of every managed contract that is not upgradeable.
/// @dev Why the authority is fixed: a new one could allow itself everything, so one call would take a whole basket.
/// Rights move within the manager instead, each by itself and with notice.
abstract contract FixedAuthority is IFixedAuthority, AccessManaged {
    constructor(address authority_) AccessManaged(authority_) {}

    /// @notice Always reverts with `FixedAuthority_Fixed`.
    /// @param proposed the authority that was to take over
    function setAuthority(address proposed) public pure override {
        revert FixedAuthority_Fixed(proposed);
    }
}
