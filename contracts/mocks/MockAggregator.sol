// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorHistory, IAggregatorV3} from "../../interfaces/external/IAggregatorV3.sol";

/// @title A feed that returns what a test sets, and misbehaves on demand
contract MockAggregator is IAggregatorV3, IAggregatorHistory {
    enum Misbehaviour {
        Honest,
        /// Reverts with a reason
        Refusing,
        /// Reverts with `_LONG` bytes
        RefusingAtLength,
        /// Answers with one byte less than a round needs
        Short,
        /// Answers with no bytes
        Silent,
        /// Answers honestly, with `_LONG` bytes in all
        Verbose,
        /// Spends all the gas that it gets
        Greedy
    }

    struct Round {
        uint256 roundId;
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
        uint256 answeredInRound;
    }

    /// @dev Bytes. They cost some 200,000 gas of memory here, and as much again in a caller that copies them.
    uint256 private constant _LONG = 300_000;

    uint8 public immutable decimals;
    string public description;

    Misbehaviour public mode;
    Misbehaviour public pastMode;
    Round private _round;
    mapping(uint256 roundId => Round) private _past;

    error MockAggregator_Refused();
    error MockAggregator_NoSuchRound(uint256 roundId);

    constructor(string memory description_, uint8 decimals_, int256 answer) {
        description = description_;
        decimals = decimals_;
        setAnswer(answer, block.timestamp);
    }

    /// @notice The next round, finished at once.
    function setAnswer(int256 answer, uint256 updatedAt) public {
        uint256 roundId = _round.roundId + 1;
        setRound(Round(roundId, answer, updatedAt, updatedAt, roundId));
    }

    /// @notice A round word by word. Returns values that do not fit the ABI's types as well.
    function setRound(Round memory round) public {
        _round = round;
        _past[round.roundId] = round;
    }

    /// @notice Rewrites an earlier round. The latest stays the latest.
    function setPast(Round calldata round) external {
        _past[round.roundId] = round;
    }

    function setMode(Misbehaviour mode_) external {
        mode = mode_;
    }

    /// @notice Sets how it misbehaves on a question for an earlier round.
    function setPastMode(Misbehaviour mode_) external {
        pastMode = mode_;
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        _say(mode, _round);
    }

    /// @inheritdoc IAggregatorHistory
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = _past[roundId];
        if (round.roundId != roundId || round.answeredInRound == 0) revert MockAggregator_NoSuchRound(roundId);
        _say(pastMode, round);
    }

    function _say(Misbehaviour mode_, Round memory round) private view {
        if (mode_ == Misbehaviour.Refusing) revert MockAggregator_Refused();

        // The answer is at the head of unused memory, which is zero behind it.
        assembly ("memory-safe") {
            let head := mload(0x40)
            mcopy(head, round, 160)
            switch mode_
            case 2 { revert(head, _LONG) }
            case 3 { return(head, 159) }
            case 4 { return(head, 0) }
            case 5 { return(head, _LONG) }
            case 6 { invalid() }
            default { return(head, 160) }
        }
    }
}
