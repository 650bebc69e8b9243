// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimeWeightedERC20} from "../tokens/TimeWeightedERC20.sol";

/// @title A staked token whose shares and rate a test sets
contract StakedMock is TimeWeightedERC20 {
    struct Change {
        uint256 time;
        uint256 rate;
    }

    address public immutable asset;

    bool public broken;
    uint256 public told;
    Change[] private _changes;

    event RateSet(uint256 rate);

    error StakedMock_Broken();

    constructor(address asset_, uint256 genesis, uint256 length)
        TimeWeightedERC20("Staked mock", "sMOCK", genesis, length)
    {
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

    /// @param rate D18{asset/share} that {lowestRate} returns from now on, 0 for the true one
    function setLowestRate(uint256 rate) external {
        told = rate;
    }

    function setBroken(bool broken_) external {
        broken = broken_;
    }

    /// @notice The rate before the first change in the epoch; 1e18 at first.
    function exchangeRateAt(uint256 epoch) external view returns (uint256) {
        if (broken) revert StakedMock_Broken();

        return _rateBefore(epochGenesis + epoch * epochLength);
    }

    function exchangeRate() external view returns (uint256) {
        if (broken) revert StakedMock_Broken();

        return _rateBefore(type(uint256).max);
    }

    /// @notice The lowest of all rates from the first second of the epoch to the last, or the one that a test set.
    function lowestRate(uint256 epoch) external view returns (uint256 lowest) {
        if (broken) revert StakedMock_Broken();
        if (told != 0) return told;

        uint256 start = epochGenesis + epoch * epochLength;
        lowest = _rateBefore(start);
        for (uint256 i = 0; i < _changes.length; ++i) {
            Change memory c = _changes[i];
            if (c.time >= start && c.time < start + epochLength && c.rate < lowest) lowest = c.rate;
        }
    }

    function _rateBefore(uint256 timestamp) private view returns (uint256) {
        uint256 i = _changes.length;
        while (i != 0 && _changes[i - 1].time >= timestamp) --i;
        return i == 0 ? 1e18 : _changes[i - 1].rate;
    }
}
