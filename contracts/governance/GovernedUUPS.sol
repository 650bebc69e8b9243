// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {IFixedAuthority} from "../../interfaces/IFixedAuthority.sol";

/// @title An upgradeable contract whose upgrades wait as long as every other change
/// @notice The base of everything behind a {ProtocolProxy}.
/// @dev Implementations cannot be initialised. The contracts that inherit this keep their state in ERC-7201 namespaces.
abstract contract GovernedUUPS is IFixedAuthority, AccessManagedUpgradeable, UUPSUpgradeable {
    /// @notice The authority is zero.
    error GovernedUUPS_ZeroAuthority();

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    // solhint-disable-next-line func-name-mixedcase
    function __GovernedUUPS_init(address authority_) internal onlyInitializing {
        if (authority_ == address(0)) revert GovernedUUPS_ZeroAuthority();
        __AccessManaged_init(authority_);
    }

    /// @notice Always reverts with `FixedAuthority_Fixed`, as everywhere in the protocol.
    /// @param proposed the authority that was to take over
    function setAuthority(address proposed) public pure override {
        revert FixedAuthority_Fixed(proposed);
    }

    /// @dev `restricted` asks the manager about `upgradeToAndCall`, the function that the caller called.
    function _authorizeUpgrade(address) internal override restricted {}
}
