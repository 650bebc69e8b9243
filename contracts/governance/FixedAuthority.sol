// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IFixedAuthority} from "../../interfaces/IFixedAuthority.sol";

/// @title AccessManaged by one manager for ever
/// @dev The base of every managed contract that is not upgradeable. A new authority could allow itself everything, so one call would take a whole
/// basket; rights move within the manager instead, each by itself and with notice.
abstract contract FixedAuthority is IFixedAuthority, AccessManaged {
    constructor(address authority_) AccessManaged(authority_) {}

    /// @notice Always reverts with `FixedAuthority_Fixed`.
    function setAuthority(address proposed) public pure override {
        revert FixedAuthority_Fixed(proposed);
    }
}
