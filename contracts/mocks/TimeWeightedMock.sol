// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimeWeightedERC20} from "../tokens/TimeWeightedERC20.sol";

/// @title TimeWeightedERC20 with an open mint and an open burn
contract TimeWeightedMock is TimeWeightedERC20 {
    constructor(uint256 genesis, uint256 length) TimeWeightedERC20("Mock", "MOCK", genesis, length) {}

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }

    function burn(address from, uint256 value) external {
        _burn(from, value);
    }
}
