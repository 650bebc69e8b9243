// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title OpenZeppelin's ERC-20 and nothing else: the yardstick for gas
contract SupplyToken is ERC20 {
    constructor() ERC20("Supply", "SUP") {
        _mint(msg.sender, type(uint128).max);
    }
}
