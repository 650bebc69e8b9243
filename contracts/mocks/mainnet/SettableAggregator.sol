// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The aggregator behind a Chainlink proxy, with an answer that anybody can set
contract SettableAggregator {
    uint8 public immutable decimals;
    string public description;
    uint256 public constant version = 4;

    uint256 public latestRound;
    int256 public latestAnswer;
    uint256 public latestTimestamp;

    constructor(string memory description_, uint8 decimals_, int256 answer) {
        description = description_;
        decimals = decimals_;
        set(answer, block.timestamp);
    }

    function set(int256 answer, uint256 updatedAt) public {
        ++latestRound;
        latestAnswer = answer;
        latestTimestamp = updatedAt;
    }

    function latestRoundData() public view returns (uint80, int256, uint256, uint256, uint80) {
        return (uint80(latestRound), latestAnswer, latestTimestamp, latestTimestamp, uint80(latestRound));
    }

    function getRoundData(uint80) external view returns (uint80, int256, uint256, uint256, uint80) {
        return latestRoundData();
    }
}
