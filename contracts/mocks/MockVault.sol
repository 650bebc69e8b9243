// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The part of an ERC-4626 vault that a price needs, with a rate that any account can set
contract MockVault {
    address public immutable asset;
    uint8 public immutable decimals;

    /// @notice {asset-wei} of one whole share.
    uint256 public rate;

    /// @notice `convertToAssets` reverts.
    bool public refusing;

    error MockVault_Refused();

    constructor(address asset_, uint8 decimals_, uint256 rate_) {
        asset = asset_;
        decimals = decimals_;
        rate = rate_;
    }

    function setRate(uint256 rate_) external {
        rate = rate_;
    }

    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    function convertToAssets(uint256 shares) external view returns (uint256) {
        if (refusing) revert MockVault_Refused();
        return Math.mulDiv(shares, rate, 10 ** decimals);
    }
}
