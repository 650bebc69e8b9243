// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title The one authority of the protocol
/// @dev OpenZeppelin's AccessManager and nothing else. `RoleTable` says what it is set up with.
contract ProtocolManager is AccessManager {
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
