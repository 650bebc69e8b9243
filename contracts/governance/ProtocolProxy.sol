// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/// @title Where an upgradeable contract lives
/// @dev OpenZeppelin's ERC1967Proxy and nothing else. Who may change what is behind it, {GovernedUUPS} says.
contract ProtocolProxy is ERC1967Proxy {
    constructor(address implementation, bytes memory initialization) payable ERC1967Proxy(implementation, initialization) {}
}
