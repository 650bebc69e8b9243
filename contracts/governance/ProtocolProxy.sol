// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/// @title Where an upgradeable contract lives
/// @notice OpenZeppelin's ERC1967Proxy and nothing else.
/// @dev {GovernedUUPS}, which every implementation inherits, decides who may upgrade.
/// @custom:security-contact security@ssi.example
contract ProtocolProxy is ERC1967Proxy {
    constructor(address implementation, bytes memory initialization)
        payable
        ERC1967Proxy(implementation, initialization)
    {}
}
