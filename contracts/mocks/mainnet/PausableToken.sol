// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Stand-in for WBTC, whose owner can pause it
contract PausableToken is ERC20 {
    uint8 private immutable _decimals;
    address public immutable owner;
    bool public paused;

    error PausableToken_Paused();
    error PausableToken_NotOwner();

    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) {
        _decimals = decimals_;
        owner = msg.sender;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function setPaused(bool paused_) external {
        if (msg.sender != owner) revert PausableToken_NotOwner();
        paused = paused_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (paused) revert PausableToken_Paused();
        super._update(from, to, value);
    }
}
