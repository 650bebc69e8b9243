// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The aggregator behind a Chainlink proxy, with an answer that any account can set
contract SettableAggregator {
    /// @dev One slot, as Chainlink's own aggregators keep it.
    struct SettableRound {
        int192 answer;
        uint64 updatedAt;
    }

    uint8 public immutable decimals;
    string public description;
    uint256 public constant version = 4;

    uint256 public latestRound;
    mapping(uint256 id => SettableRound) private _rounds;

    error SettableAggregator_NoData(uint256 id);

    constructor(string memory description_, uint8 decimals_, int256 answer) {
        description = description_;
        decimals = decimals_;
        set(answer, block.timestamp);
    }

    function set(int256 answer, uint256 updatedAt) public {
        _rounds[++latestRound] = SettableRound(int192(answer), uint64(updatedAt));
    }

    function latestAnswer() external view returns (int256) {
        return _rounds[latestRound].answer;
    }

    function latestTimestamp() external view returns (uint256) {
        return _rounds[latestRound].updatedAt;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(uint80(latestRound));
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        SettableRound memory round = _rounds[id];
        if (round.updatedAt == 0) revert SettableAggregator_NoData(id);
        return (id, round.answer, round.updatedAt, round.updatedAt, id);
    }
}
