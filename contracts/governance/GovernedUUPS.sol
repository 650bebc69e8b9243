// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {IFixedAuthority} from "../../interfaces/IFixedAuthority.sol";

/// @title An upgradeable contract whose upgrades wait as long as every other change
/// @dev The base of everything behind a {ProtocolProxy}. Implementations cannot be initialised; state of the heirs lies in ERC-7201 namespaces.
abstract contract GovernedUUPS is IFixedAuthority, AccessManagedUpgradeable, UUPSUpgradeable {
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
    function setAuthority(address proposed) public pure override {
        revert FixedAuthority_Fixed(proposed);
    }

    /// @dev The manager is asked about `upgradeToAndCall`, the function that the caller called.
    function _authorizeUpgrade(address) internal override restricted {}
}
