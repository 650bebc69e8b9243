// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimeWeightedERC20} from "../tokens/TimeWeightedERC20.sol";

/// @title A staked token whose shares and rate are whatever somebody says
contract StakedMock is TimeWeightedERC20 {
    struct Change {
        uint256 time;
        uint256 rate;
    }

    address public immutable asset;

    bool public broken;
    Change[] private _changes;

    event RateSet(uint256 rate);

    error StakedMock_Broken();

    constructor(address asset_, uint256 genesis, uint256 length) TimeWeightedERC20("Staked mock", "sMOCK", genesis, length) {
        asset = asset_;
    }

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }

    function burn(address from, uint256 value) external {
        _burn(from, value);
    }

    /// @param rate D18{asset/share} from now on
    function setRate(uint256 rate) external {
        _changes.push(Change(block.timestamp, rate));
        emit RateSet(rate);
    }

    function setBroken(bool broken_) external {
        broken = broken_;
    }

    /// @notice The rate before the first change in the epoch; 1e18 at first.
    function exchangeRateAt(uint256 epoch) external view returns (uint256) {
        if (broken) revert StakedMock_Broken();

        uint256 start = epochGenesis + epoch * epochLength;
        uint256 i = _changes.length;
        while (i != 0 && _changes[i - 1].time >= start) --i;
        return i == 0 ? 1e18 : _changes[i - 1].rate;
    }
}
