// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Stand-in for tokens whose owner can block addresses: PEPE
contract BlocklistToken is ERC20 {
    address public immutable owner;
    mapping(address => bool) public blacklists;

    error BlocklistToken_Blocked();
    error BlocklistToken_NotOwner();

    constructor(string memory name_, string memory symbol_) ERC20(name_, symbol_) {
        owner = msg.sender;
    }

    function blacklist(address account, bool blocked) external {
        if (msg.sender != owner) revert BlocklistToken_NotOwner();
        blacklists[account] = blocked;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (blacklists[from] || blacklists[to]) revert BlocklistToken_Blocked();
        super._update(from, to, value);
    }
}
